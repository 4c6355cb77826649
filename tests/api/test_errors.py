"""The status table, and what stays inside."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import geo
import geo.errors
from api import create_app
from api.errors import STATUS_TABLE, BusyError, find_kind, problem_document
from api.settings import Settings
from geo.errors import ConfigError, MemoryLimitError, NorrsynError, NotFoundError, ParameterError, StoreError
from geo.store.files import load_layers, save_surface
from tests.accounts import allow_routes, enter
from tests.api.made import BASE_URL
from tests.frames import GRID

ALL = [kind for _, kind in inspect.getmembers(geo.errors, inspect.isclass) if issubclass(kind, NorrsynError)]


def test_every_error_of_the_library_has_its_row() -> None:
    assert set(ALL) - set(STATUS_TABLE) == set()
    names = [kind.name for kind in STATUS_TABLE.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ParameterError("n"), 422),
        (MemoryLimitError("bytes"), 503),
        (NotFoundError("cell"), 404),
        (BusyError("later"), 503),
        (StoreError("disk"), 503),
        (ConfigError("setting"), 500),
        (NorrsynError("any"), 500),
        (ZeroDivisionError("none of ours"), 500),
    ],
)
def test_statuses(error: Exception, status: int) -> None:
    assert find_kind(error).status == status
    assert problem_document(error)["status"] == status


def test_a_new_error_takes_the_row_of_its_ancestor() -> None:
    class OddNumberError(ParameterError):
        pass

    assert find_kind(OddNumberError("3")) == STATUS_TABLE[ParameterError]


class TestInside:
    @pytest.fixture
    def failing(self, home: Path) -> FastAPI:
        app = create_app(Settings(home=home))

        def fail_with(error: Exception) -> Callable[[], None]:
            def route() -> None:
                raise error

            return route

        app.add_api_route("/api/crash", fail_with(RuntimeError("the secret is 4711")))
        app.add_api_route("/api/disk", fail_with(StoreError("/secret/4711 cannot be read")))
        app.add_api_route("/crash", fail_with(RuntimeError("the secret is 4711")))
        return app

    @pytest.mark.parametrize(("path", "status"), [("/api/crash", 500), ("/api/disk", 503)])
    def test_internals_go_to_the_log_only(
        self, failing: FastAPI, path: str, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        with (
            allow_routes("GET /api/crash", "GET /api/disk"),
            enter(failing, base_url=BASE_URL, raise_server_exceptions=False) as client,
            caplog.at_level(logging.WARNING, "norrsyn"),
        ):
            response = client.get(path)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert "4711" not in response.text
        assert "4711" in caplog.text

    def test_a_browser_gets_a_page_without_internals(self, failing: FastAPI) -> None:
        with (
            allow_routes("GET /crash"),
            enter(failing, base_url=BASE_URL, raise_server_exceptions=False) as client,
        ):
            response = client.get("/crash", headers={"accept": "text/html"})
        assert response.status_code == 500
        assert "Något gick fel" in response.text
        assert "4711" not in response.text

    def test_a_damaged_surface_is_503_without_its_path(self, serve: Callable[..., TestClient], home: Path) -> None:
        other = geo.score(load_layers(home), GRID, at="2026-12-24")
        save_surface(home, other)
        (home / "surfaces" / other.id / "score.npy").write_bytes(b"half")
        response = serve(home).get(f"/api/surfaces/{other.id}")
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert str(home) not in response.text


@pytest.mark.parametrize(
    ("path", "english", "swedish"),
    [
        ("/api/cells/at?lon=12&lat=56", "lies off the grid", "ligger utanför rutnätet"),
        ("/api/top?surface=none", "reload the page for the current one", "ladda om sidan för den aktuella"),
        ("/api/shortlist?surface=none", "reload the page for the current one", "ladda om sidan för den aktuella"),
    ],
)
def test_a_failure_is_told_in_the_readers_language(client: TestClient, path: str, english: str, swedish: str) -> None:
    for headers, more, words, lang in (
        ({}, "", english, "en"),
        ({"accept-language": "de-DE, fr;q=0.5"}, "", english, "en"),
        ({"accept-language": "sv-SE,sv;q=0.9,en;q=0.8"}, "", swedish, "sv"),
        ({"accept-language": "sv"}, "&lang=en", english, "en"),
        ({}, "&lang=sv", swedish, "sv"),
    ):
        answer = client.get(path + more, headers=headers)
        assert words in answer.json()["detail"]
        assert answer.headers["content-language"] == lang
    # the kind is a program's to read, whatever the language
    assert client.get(f"{path}&lang=sv").json()["type"] == client.get(path).json()["type"]
    assert client.get(f"{path}&lang=sv").json()["title"] != client.get(path).json()["title"]


def test_what_only_a_program_causes_stays_english_and_says_so(client: TestClient) -> None:
    answer = client.get("/api/top?n=0&lang=sv")
    assert answer.status_code == 422
    assert answer.headers["content-language"] == "en"
