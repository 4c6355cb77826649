"""Saved views and the shortlist over HTTP: whose they are, what they tell, and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.settings import Settings
from geo.layers.circles import INNER_CIRCLE
from geo.store.files import Provenance, load_layers, save_layer
from geo.store.people.users import change_user
from tests.accounts import ROLES, cheap_passwords, enter
from tests.api.made import BASE_URL, WRITING, fill_home
from tests.frames import GRID
from tests.maps.corpus import HOSTILE, PAYLOADS
from tests.promises.test_circles import add_secret, shared_frames

CELL = GRID.cell_id(4, 9)
# what a name cannot hold; the rest of the corpus comes back as it is
REFUSED = [one for one in PAYLOADS if "\x00" in one or "\u2028" in one]
KEPT = [one for one in PAYLOADS if one not in REFUSED]

Ask = Callable[..., TestClient]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("saved")
    fill_home(home, {name: add_secret(name, frame) for name, frame in shared_frames().items()})
    return home


@pytest.fixture(scope="module")
def ask(made: Path) -> Iterator[Ask]:
    """A client for a user of a circle; each test uses users of its own."""
    app = create_app(Settings(home=made, check_seconds=0), passwords=cheap_passwords())
    with TestClient(app, base_url=BASE_URL):
        yield lambda name, circle=INNER_CIRCLE, roles=ROLES: enter(
            app, name, roles, circle=circle, base_url=BASE_URL, raise_server_exceptions=False
        )


def send(client: TestClient, method: str, path: str, body: Any = None, status: int = 200, **params: str) -> Any:
    response = client.request(method, path, json=body, params=params, headers=WRITING)
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def save(client: TestClient, name: str, query: str = "at=2026-07-15&lang=en", **more: Any) -> dict[str, Any]:
    return dict(send(client, "POST", "/api/views", {"name": name, "query": query, **more}, 201))


def names_of(client: TestClient) -> list[str]:
    return [view["name"] for view in send(client, "GET", "/api/views")["views"]]


class TestViews:
    def test_a_view_is_saved_renamed_shared_and_deleted(self, ask: Ask) -> None:
        anna = ask("Anna")
        view = save(anna, "Vecka 30")
        assert view["query"] == "at=2026-07-15"
        assert (view["is_own"], view["is_shared"], view["owner"]) == (True, False, "Anna")
        path = f"/api/views/{view['view_id']}"
        changed = send(anna, "PUT", path, {"name": "Vecka 31", "is_shared": True, "query": "?list=cells"})
        assert (changed["name"], changed["is_shared"], changed["query"]) == ("Vecka 31", True, "list=cells")
        assert send(anna, "DELETE", path, status=204) is None
        for method, body in (("DELETE", None), ("PUT", {"name": "again"})):
            problem = send(anna, method, path, body, 404)
            assert "another tab" in problem["detail"]

    def test_a_view_that_is_another_by_now_is_told_of_as_it_is(self, ask: Ask) -> None:
        anna = ask("Two tabs")
        view = save(anna, "first")
        path = f"/api/views/{view['view_id']}"
        theirs = send(anna, "PUT", path, {"name": "theirs", "version": view["version"]})
        problem = send(anna, "PUT", path, {"name": "mine", "version": view["version"]}, 409)
        assert problem["type"] == "urn:norrsyn:problem:changed"
        assert problem["current"] == theirs
        assert send(anna, "PUT", path, {"query": "list=cells", "version": theirs["version"]})["query"] == "list=cells"
        for bad in ("1", 0, 1.5, 2**40):
            send(anna, "PUT", path, {"name": "mine", "version": bad}, 422)
        send(ask("Third tab"), "PUT", path, {"name": "mine", "version": 1}, 404)

    def test_a_name_that_one_has_is_refused_in_the_readers_language(self, ask: Ask) -> None:
        anna = ask("Same names")
        save(anna, "Vecka 30")
        other = save(anna, "Vecka 31")
        for method, path in (("POST", "/api/views"), ("PUT", f"/api/views/{other['view_id']}")):
            body = {"name": "vecka 30", "query": "list=cells"}
            answer = anna.request(method, path, json=body, headers={**WRITING, "accept-language": "sv"})
            assert answer.status_code == 422, answer.text
            assert "redan en vy med det namnet" in answer.json()["detail"]
        assert names_of(anna) == ["Vecka 31", "Vecka 30"]

    def test_two_users_of_two_circles(self, ask: Ask) -> None:
        anna, bo, eva = ask("A of inner"), ask("B of inner"), ask("E of public", "public")
        own, shared = save(anna, "own"), save(anna, "shared", is_shared=True)
        theirs = save(eva, "open to the public", is_shared=True)
        assert names_of(anna) == ["shared", "own"]
        assert "shared" in names_of(bo)
        assert "own" not in names_of(bo)
        assert names_of(eva) == ["open to the public"]
        seen = next(view for view in send(bo, "GET", "/api/views")["views"] if view["name"] == "shared")
        assert (seen["is_own"], seen["owner"]) == (False, "A of inner")
        for client, view in ((bo, own), (bo, shared), (eva, own), (eva, shared), (anna, theirs)):
            for method, body in (("PUT", {"name": "mine"}), ("DELETE", None)):
                send(client, method, f"/api/views/{view['view_id']}", body, 404)
        assert names_of(anna) == ["shared", "own"]

    @pytest.mark.parametrize("name", KEPT)
    def test_names_come_back_as_they_are(self, ask: Ask, name: str) -> None:
        assert save(ask("Corpus"), name)["name"] == name

    @pytest.mark.parametrize("name", [*REFUSED, "", "å" * 10_000, "\u202eabc", "a\nb"], ids=range(len(REFUSED) + 4))
    def test_names_that_cannot_be_kept(self, ask: Ask, name: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        problem = send(ask("Corpus"), "POST", "/api/views", {"name": name, "query": ""}, 422)
        assert problem["type"] == "urn:norrsyn:problem:parameter"
        assert problem["detail"].startswith("The view cannot be saved: the name")
        assert len(problem["detail"]) < 200
        assert not name or name not in caplog.text

    @pytest.mark.parametrize(
        "body",
        [
            None, [], {}, {"name": "a"}, {"name": 1, "query": ""}, {"name": "a", "query": None},
            {"name": ["a"], "query": ""},
            {"name": "a", "query": "", "is_shared": "yes"}, {"name": "a", "query": "", "user_id": "x"},
            {"name": "a", "query": "next=//evil.example"}, {"name": "a", "query": "at=1&at=2"},
            {"name": "a", "query": "cell=" + "x" * 3_000},
        ],
    )  # fmt: skip
    def test_other_bodies_are_refused(self, ask: Ask, body: Any) -> None:
        send(ask("Bodies", "municipality"), "POST", "/api/views", body, 422)
        assert names_of(ask("Bodies", "municipality")) == []

    def test_half_a_character_and_too_much_are_refused(self, ask: Ask) -> None:
        kind = {**WRITING, "content-type": "application/json"}
        client = ask("Bodies")
        half = client.post("/api/views", content='{"name": "a\\ud800", "query": ""}', headers=kind)
        assert half.status_code == 422
        much = client.post("/api/views", json={"name": "a" * 200_000, "query": ""}, headers=kind)
        assert much.status_code == 413

    def test_another_site_saves_nothing(self, ask: Ask) -> None:
        response = ask("Bodies").post("/api/views", json={"name": "a", "query": ""})
        assert response.status_code == 403

    def test_who_may_not_see_the_map_has_none(self, ask: Ask) -> None:
        for role in ("admin", "auditor"):
            client = ask(f"only {role}", roles=[role])
            for path in ("/api/views", "/api/shortlist"):
                assert client.get(path).status_code == 403


class TestShortlist:
    def test_a_cell_and_a_site_with_their_scores(self, ask: Ask) -> None:
        anna = ask("Anna")
        cell = send(anna, "GET", f"/api/cells/{CELL}", lang="sv")
        added = send(anna, "POST", "/api/shortlist", {"kind": "cell", "cell_id": CELL}, 201, lang="sv")
        assert (added["title"], added["score"], added["lon"]) == (cell["place"], cell["score"], cell["lon"])
        assert added["reason"] in cell["reasons"]
        # by another of its names it is the same cell
        same = send(anna, "POST", "/api/shortlist", {"kind": "cell", "cell_id": cell["scb_id"], "note": "x"}, 200)
        assert (same["entry_id"], same["note"]) == (added["entry_id"], "")
        site = {"kind": "site", "layer": "workplaces", "record_id": "w001"}
        added = send(anna, "POST", "/api/shortlist", {**site, "note": "Först hit"}, 201)
        panel = send(anna, "GET", "/api/sites/workplaces/w001")
        assert (added["title"], added["cell_id"], added["lon"]) == (panel["title"], panel["cell_id"], panel["lon"])
        entries = send(anna, "GET", "/api/shortlist")["entries"]
        assert [one["kind"] for one in entries] == ["cell", "site"]
        moved = send(anna, "PUT", f"/api/shortlist/{entries[1]['entry_id']}", {"position": 1, "note": "Sedan"})
        assert moved["note"] == "Sedan"
        assert [one["kind"] for one in send(anna, "GET", "/api/shortlist")["entries"]] == ["site", "cell"]

    def test_a_note_that_is_another_by_now_is_told_of_as_it_is(self, ask: Ask) -> None:
        anna = ask("Two notes")
        entry = send(anna, "POST", "/api/shortlist", {"kind": "cell", "cell_id": CELL}, 201)
        path = f"/api/shortlist/{entry['entry_id']}"
        theirs = send(anna, "PUT", path, {"note": "theirs", "version": entry["version"]})
        problem = send(anna, "PUT", path, {"note": "mine", "version": entry["version"]}, 409)
        assert problem["current"] == theirs
        assert send(anna, "GET", "/api/shortlist")["entries"] == [theirs]
        assert send(anna, "PUT", path, {"note": "mine", "version": theirs["version"]})["note"] == "mine"

    def test_it_is_nobody_elses(self, ask: Ask) -> None:
        anna, bo = ask("Shortlister"), ask("Colleague")
        entry = send(anna, "POST", "/api/shortlist", {"kind": "cell", "cell_id": CELL}, 201)
        path = f"/api/shortlist/{entry['entry_id']}"
        assert send(bo, "GET", "/api/shortlist") == {"entries": []}
        send(bo, "PUT", path, {"note": "mine"}, 404)
        send(bo, "DELETE", path, status=404)
        send(anna, "DELETE", path, status=204)
        assert "another tab" in send(anna, "DELETE", path, status=404)["detail"]
        assert "another tab" in send(anna, "PUT", path, {"position": 1}, 404)["detail"]

    def test_a_record_that_the_circle_may_not_see_is_not_told_of(self, ask: Ask, made: Path) -> None:
        site = {"kind": "site", "layer": "workplaces", "record_id": "hemligx7"}
        send(ask("Outsider", "public"), "POST", "/api/shortlist", site, 404)
        entry = send(ask("Insider"), "POST", "/api/shortlist", {**site, "note": "my words"}, 201)
        assert entry["title"] == "Hemligx7"
        change_user(made, send(ask("Insider"), "GET", "/api/me")["user_id"], circle="public")
        response = ask("Insider").get("/api/shortlist")
        (left,) = response.json()["entries"]
        assert (left["is_there"], left["note"]) == (False, "my words")
        assert {
            value for key, value in left.items() if key not in {"entry_id", "kind", "note", "added_at", "version"}
        } == {
            None,
            False,
        }
        assert "hemligx7" not in response.text.lower()

    def test_a_record_that_is_gone(self, serve: Callable[..., TestClient], home: Path) -> None:
        client = serve(home)
        site = {"kind": "site", "layer": "workplaces", "record_id": HOSTILE}
        assert send(client, "POST", "/api/shortlist", site, 201)["title"] == HOSTILE
        workplaces = load_layers(home)["workplaces"]
        kept = workplaces[workplaces["workplace_id"] != HOSTILE]
        assert len(kept) == len(workplaces) - 1
        save_layer(home, "workplaces", kept, Provenance("b.csv"))
        (entry,) = send(client, "GET", "/api/shortlist")["entries"]
        assert (entry["is_there"], entry["title"]) == (False, None)
        save_layer(
            home, "workplaces", pd.concat([kept, workplaces]).drop_duplicates("workplace_id"), Provenance("c.csv")
        )
        (entry,) = send(client, "GET", "/api/shortlist")["entries"]
        assert (entry["is_there"], entry["title"]) == (True, HOSTILE)

    @pytest.mark.parametrize("note", KEPT)
    def test_notes_come_back_as_they_are(self, ask: Ask, note: str) -> None:
        client = ask("Noter")
        entry = client.post("/api/shortlist", json={"kind": "cell", "cell_id": CELL}, headers=WRITING).json()
        assert send(client, "PUT", f"/api/shortlist/{entry['entry_id']}", {"note": note})["note"] == note

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422), ({"kind": "cell"}, 422), ({"kind": "site", "layer": "workplaces"}, 422),
            ({"kind": "cell", "cell_id": CELL, "layer": "workplaces", "record_id": "w001"}, 422),
            ({"kind": "site", "cell_id": CELL, "layer": "workplaces", "record_id": "w001"}, 422),
            ({"kind": "site", "layer": "findings", "record_id": "f001"}, 422),
            ({"kind": "site", "layer": "workplaces", "record_id": "\x00"}, 404),
            ({"kind": "site", "layer": "workplaces", "record_id": "' OR 1=1 --"}, 404),
            ({"kind": "cell", "cell_id": "abc"}, 422), ({"kind": "cell", "cell_id": 7}, 422),
            ({"kind": "cell", "cell_id": CELL, "note": "x" * 1_001}, 422),
            ({"kind": "cell", "cell_id": CELL, "title": "mine"}, 422),
        ],
    )  # fmt: skip
    def test_what_cannot_be_put_on_it(self, ask: Ask, body: Any, status: int) -> None:
        send(ask("Nothing"), "POST", "/api/shortlist", body, status)
        assert send(ask("Nothing"), "GET", "/api/shortlist") == {"entries": []}

    @pytest.mark.parametrize("body", [{"position": 0}, {"position": "1"}, {"position": 1.5}, {"note": 1}, {"other": 1}])
    def test_what_cannot_be_changed(self, ask: Ask, body: Any) -> None:
        send(ask("Nothing"), "PUT", "/api/shortlist/x", body, 422)
