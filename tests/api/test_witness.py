"""Views are noted once for each session, thing and hour, before they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app, witness
from api.settings import Settings
from api.witness import Sightings, Witness
from geo.errors import StoreError
from geo.store.people.events import list_events
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL

NOW = 1_790_000_400.0
HOUR_S = 3_600.0


def test_once_for_each_session_thing_and_hour(tmp_path: Path) -> None:
    sightings = Sightings()

    def see(session: str, about: str, now: float) -> None:
        Witness(tmp_path, "u1", session, "planner; public", now, sightings).see("cell-viewed", about)

    views = [("s1", "a", 0), ("s1", "a", 60), ("s1", "b", 60), ("s2", "a", 60), ("s1", "a", HOUR_S)]
    for session, about, later in views:
        see(session, about, NOW + later)
    told = [(each.about, each.at - NOW, each.basis) for each in reversed(list_events(tmp_path)[1])]
    assert told == [(about, at, "planner; public") for about, at in [("a", 0), ("b", 60), ("a", 60), ("a", HOUR_S)]]


def test_what_is_done_is_noted_each_time(tmp_path: Path) -> None:
    noting = Witness(tmp_path, "u1", "s1", "", NOW, Sightings())
    noting.note("quarantine-exported", "x")
    noting.note("quarantine-exported", "x")
    assert list_events(tmp_path)[0] == 2


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "_MAX_REMEMBERED", 2)
    sightings = Sightings()
    for name in "abc":
        sightings.add(name)
    assert [sightings.has(name) for name in "abc"] == [False, True, True]


def test_what_cannot_be_noted_is_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(home=home, check_seconds=0), passwords=cheap_passwords())
    with TestClient(app, base_url=BASE_URL):
        client = enter(app, "Läsare", ["planner"], base_url=BASE_URL, raise_server_exceptions=False)
        cell = client.get("/api/top?n=1").json()["cells"][0]["cell_id"]

        def fail(*_: object, **__: object) -> None:
            message = "people.sqlite cannot be written: disk full; check disk space and who may write there."
            raise StoreError(message)

        monkeypatch.setattr(witness, "note_events", fail)
        answer = client.get(f"/api/cells/{cell}")
        assert answer.status_code >= 500
        assert "drivers" not in answer.text
        monkeypatch.undo()
        assert client.get(f"/api/cells/{cell}").status_code == 200
        # and a failure is not taken for noted
        assert list_events(home, limit=1)[1][0].what == "cell-viewed"
