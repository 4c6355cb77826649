"""Promise: nobody else's page can change anything here, on any route that there is or will be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api import create_app
from api.origin import READING, is_own_write
from api.settings import Settings
from geo.store.history import list_imports
from tests.accounts import allow_routes, enter, sign_in, token_of
from tests.api.made import BASE_URL, BROKEN_ROWS, WRITING

METHODS = ("POST", "PUT", "PATCH", "DELETE")
FOREIGN = [
    {},
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "http://localhost:8000"},
    {"origin": "http://127.0.0.1:8000.elsewhere.example"},
    {"origin": "http://127.0.0.1:8000/"},
    {"origin": "ftp://127.0.0.1:8000"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"x-requested-with": "XMLHttpRequest"},
    # a page that was allowed to send the header after all is still another site's page
    {"origin": "https://elsewhere.example", **WRITING},
    {"origin": "null", **WRITING},
    {"origin": "null", "sec-fetch-site": "same-site"},
    {"origin": "null", "sec-fetch-site": "cross-site", **WRITING},
    {"sec-fetch-site": "same-site", **WRITING},
]
OWN = [
    {"origin": BASE_URL},
    {"origin": BASE_URL, "sec-fetch-site": "same-origin"},
    {"origin": BASE_URL.upper()},
    {"sec-fetch-site": "same-origin"},
    # what browsers send with the form of a page that sends no Referer; an opaque origin's Sec-Fetch-Site is cross-site
    {"origin": "null", "sec-fetch-site": "same-origin"},
    WRITING,
    {"x-requested-with": "Norrsyn"},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machine") / "home"


@pytest.fixture(scope="module")
def app(home: Path) -> FastAPI:
    app = create_app(Settings(home=home))
    # a route of tomorrow
    app.add_api_route("/api/future", lambda: {"changed": True}, methods=[*METHODS, "PURGE"])
    return app


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    rows = [f"{method} /api/future" for method in (*METHODS, "PURGE")]
    with allow_routes(*rows), enter(app, base_url=BASE_URL, raise_server_exceptions=False) as started:
        yield started


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_every_route_refuses_writes_of_others(app: FastAPI, client: TestClient, headers: dict[str, str]) -> None:
    paths = {route.path for route in iter_route_contexts(app.routes) if route.path}
    assert {"/api/imports", "/api/future", "/"} <= paths
    for path in sorted(paths):
        for method in METHODS:
            response = client.request(method, path, headers=headers)
            assert response.status_code == 403, f"{method} {path}"
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["type"] in {"urn:norrsyn:problem:origin", "urn:norrsyn:problem:cross-site"}


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_our_own_pages_and_programs_that_say_so_may(client: TestClient, headers: dict[str, str]) -> None:
    for method in (*METHODS, "PURGE"):
        assert client.request(method, "/api/future", headers=headers).json() == {"changed": True}


def test_methods_that_nobody_has_thought_of_are_writes(client: TestClient) -> None:
    assert client.request("PURGE", "/api/future").status_code == 403
    assert {"GET", "HEAD", "OPTIONS", "TRACE"} == READING


def test_nothing_of_a_refused_upload_is_taken(client: TestClient, home: Path) -> None:
    upload = {"files": [("files", ("a.csv", BROKEN_ROWS.encode()))], "data": {"layer": "workplaces"}}
    response = client.post("/api/imports", headers={"origin": "https://elsewhere.example"}, **upload)
    assert response.status_code == 403
    assert client.get("/api/imports").json() == {"total": 0, "imports": []}
    assert not (home / "uploads").exists()


def test_other_names_of_the_server_are_its_own_only_where_they_are_asked_for(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, allowed_hosts="norrsyn.example, other.example")
    app = create_app(settings)
    app.add_api_route("/api/future", lambda: {"changed": True}, methods=["POST"])
    sign_in(tmp_path)
    headers = {"cookie": f"__Host-norrsyn={token_of()}"}
    with (
        allow_routes("POST /api/future"),
        TestClient(app, base_url="http://norrsyn.example", headers=headers) as client,
    ):
        # a proxy in front has taken TLS away
        for origin in ("http://norrsyn.example", "https://norrsyn.example"):
            assert client.post("/api/future", headers={"origin": origin}).status_code == 200
        for origin in ("https://other.example", "https://norrsyn.example:8443", "http://127.0.0.1"):
            assert client.post("/api/future", headers={"origin": origin}).status_code == 403
        assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421


def test_two_origins_are_none() -> None:
    host = (b"host", b"127.0.0.1:8000")
    scope = {"scheme": "http", "headers": [host, (b"origin", BASE_URL.encode())]}
    assert is_own_write(scope)
    assert not is_own_write({**scope, "headers": [*scope["headers"], (b"origin", b"https://elsewhere.example")]})


def test_an_upload_from_our_own_page_is_taken(client: TestClient, home: Path) -> None:
    upload = {
        "files": [("files", ("a.csv", BROKEN_ROWS.encode()))],
        "data": {"layer": "workplaces", "set": "kind=registered"},
    }
    response = client.post("/api/imports", headers={"origin": BASE_URL}, **upload)
    assert response.status_code == 202
    assert "event: done" in client.get(f"{response.headers['location']}/events").text
    assert len(list_imports(home, "workplaces")) == 1
