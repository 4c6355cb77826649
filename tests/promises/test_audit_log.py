"""The promise: who saw what stands in a log in which altering one row fails `norrsyn audit verify`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import create_app
from api.cli import app as command_line
from api.settings import Settings
from api.witness import Sightings
from geo.store.files import load_layers
from geo.store.people.appending import unguard_events
from geo.store.people.database import write_people
from geo.store.people.events import list_events, note_event
from geo.store.people.management import By
from geo.store.people.shares.life import approve_share, create_share, issue_share, revoke_share
from geo.store.people.tables import EVENTS, SHARE_LINKS
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL, WRITING, fill_home
from tests.databases import database
from tests.shares import make_new

__all__ = ["database"]

NOW = 1_790_000_000.0
# a window of 1 600 km, as the log tells it
SEEN = "N 4096–8192 km, E 0–2048 km; workplaces, accommodation, establishments"


def verify(home: Path, *options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(command_line, ["audit", "verify", "--json", "--home", str(home), *options])
    return result.exit_code, json.loads(result.stdout)


def alter(home: Path, statement: str) -> None:
    with write_people(home) as connection:
        unguard_events(connection)
        connection.execute(sa.text(statement))


@pytest.fixture
def log(tmp_path: Path, database: str) -> Path:
    for number in range(5):
        note_event(tmp_path, "u1", "plan-viewed", f"plan {number}", now=NOW + number, name="Anna", basis="planner")
    assert database
    return tmp_path


ALTERED = {
    "event_id": "= 50",
    "at": "= at - 3600",
    "user_id": "= 'u2'",
    "user_name": "= 'Bo'",
    "what": "= 'plan-closed'",
    "about": "= ''",
    "basis": "= 'auditor'",
    "salt": "= NULL",
    "content_hash": "= hash",
    "hash": "= content_hash",
}


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("column", [column.name for column in EVENTS.columns])
def test_altering_one_audit_row_fails(log: Path, column: str, number: int) -> None:
    assert verify(log)[0] == 0
    (log / "audit.head").unlink()
    alter(log, f"UPDATE events SET {column} {ALTERED[column]} WHERE event_id = {number}")  # noqa: S608
    code, told = verify(log)
    assert (code, told["ok"]) == (4, False)
    assert isinstance(told["fault"], dict)
    assert told["fault"]["event"] == number


@pytest.mark.parametrize("number", [1, 3, 5])
def test_deleting_one_fails(log: Path, number: int) -> None:
    alter(log, f"DELETE FROM events WHERE event_id = {number}")  # noqa: S608
    assert verify(log)[0] == 4


def test_cutting_off_the_end_with_its_traces_fails_against_a_head(log: Path) -> None:
    head = verify(log)[1]["head"]
    alter(log, "DELETE FROM events WHERE event_id > 3")
    alter(log, "UPDATE event_head SET number = 3, hash = (SELECT hash FROM events WHERE event_id = 3)")
    # the head beside the database tells, and one that was kept elsewhere
    assert verify(log)[0] == 4
    (log / "audit.head").unlink()
    assert verify(log)[0] == 0
    assert isinstance(head, dict)
    assert verify(log, "--head", head["hash"])[0] == 4


WIDENED = {
    "what is shown": {"release_id": "fedcba9876543210"},
    "how finely": {"finest_m": 1_000},
    "where": {"area": None},
    "which sectors": {"sectors": ["all", "construction"]},
    "which layers": {"layers": ["workplaces", "accommodation"]},
    "for how long": {"expires_at": 2 * NOW},
    "for whom": {"recipient": "Somebody else"},
    "on which basis": {"basis": "public-interest"},
    "without approval": {"needs_approval": False, "approved_at": None, "approved_by": None},
    "approved by another": {"approved_by": "u3"},
    "without its password": {"has_password": False},
    "more often": {"max_openings": None},
    "again": {"ended_at": None, "ended_by": None, "ended_why": None},
}


@pytest.mark.parametrize("values", WIDENED.values(), ids=WIDENED)
def test_a_share_link_widened_in_the_database_fails(log: Path, values: dict[str, object]) -> None:
    anna, bo, limits = By("u1", NOW, "Anna"), By("u2", NOW, "Bo"), {"password_hash": "$x", "max_openings": 2}
    scope = replace(make_new(NOW).scope, area=("RES4000mN7084000E756000",))
    new = make_new(NOW, scope=scope, needs_approval=True, **limits)
    link_id = create_share(log, new, anna, among={new.circle}).link.link_id
    approve_share(log, link_id, bo, among={new.circle})
    issue_share(log, link_id, anna, among={new.circle})
    revoke_share(log, link_id, anna)
    assert verify(log)[0] == 0
    with write_people(log) as connection:
        connection.execute(SHARE_LINKS.update().values(**values))
    code, told = verify(log)
    assert (code, told["ok"], told["fault"]) == (4, False, None)
    assert [(each["link"], each["way"]) for each in cast("list[dict[str, str]]", told["links"])] == [
        (link_id, "changed")
    ]


class TestWhoSawWhat:
    @pytest.fixture
    def own_home(self, tmp_path: Path) -> Path:
        home = tmp_path / "home"
        fill_home(home)
        return home

    @pytest.fixture
    def reader(self, own_home: Path) -> Iterator[TestClient]:
        app = create_app(Settings(home=own_home, check_seconds=0), passwords=cheap_passwords())
        with TestClient(app):
            yield enter(app, "Läsare", ["planner", "auditor"], base_url=BASE_URL)

    def test_records_of_a_shortlist_are_looked_at(self, reader: TestClient, own_home: Path) -> None:
        sites = reader.get("/api/sites", params={"bbox": "10,55,25,70"}).json()["sites"][:2]
        cell = reader.get("/api/top", params={"n": 1}).json()["cells"][0]["cell_id"]
        asked = [{"kind": "site", "layer": site["layer"], "record_id": site["id"]} for site in sites]
        for body in (*asked, {"kind": "cell", "cell_id": cell}):
            assert reader.post("/api/shortlist", json=body, headers=WRITING).status_code == 201
        records = [f"{site['layer']}/{site['id']}" for site in sites]

        def list_seen() -> list[str]:
            found = reversed(list_events(own_home)[1])
            return [each.about for each in found if each.what == "site-viewed"]

        assert list_seen() == records
        # as after an hour: all of them at once, and once
        cast("FastAPI", reader.app).state.sightings = Sightings()
        for _ in range(2):
            assert len(reader.get("/api/shortlist").json()["entries"]) == 3
        assert list_seen() == records * 2

    def test_each_view_is_noted_once_an_hour(self, reader: TestClient, own_home: Path) -> None:
        def tell() -> list[tuple[str, str, str]]:
            return [(each.what, each.about, each.basis) for each in reversed(list_events(own_home)[1])]

        before = len(tell())
        cell = reader.get("/api/top", params={"n": 1}).json()["cells"][0]["cell_id"]
        for _ in range(3):
            assert reader.get(f"/api/cells/{cell}").status_code == 200
        sites = reader.get("/api/sites", params={"bbox": "10,55,25,70"}).json()["sites"]
        # dragged a little
        reader.get("/api/sites", params={"bbox": "10.1,55,25.1,70"})
        for site in sites[:2]:
            assert reader.get(f"/api/sites/{site['layer']}/{site['id']}").status_code == 200
        assert reader.get("/", headers={"accept": "text/html"}).status_code == 200
        # what is not there was not seen, and what was asked for does not get into the log
        assert reader.get("/api/sites/workplaces/geheim").status_code == 404
        assert reader.get("/api/cells/geheim").status_code in {404, 422}
        basis = "planner; joint-inspection"
        seen = tell()[before:]
        assert seen[:-1] == [
            ("cell-viewed", f"cells/{cell}", basis),
            # where, roughly, and which layers
            ("sites-listed", SEEN, basis),
            *(("site-viewed", f"{site['layer']}/{site['id']}", basis) for site in sites[:2]),
        ]
        assert seen[-1][0] == "map-viewed"
        # the auditor's own looking, too
        reader.get("/audit")
        assert tell()[-1] == ("audit-viewed", "", "auditor; joint-inspection")
        told = " ".join(about for _, about, _ in seen)
        names = set(load_layers(own_home)["workplaces"]["name"].dropna())
        assert names
        assert not [name for name in names if name in told]
        assert verify(own_home)[0] == 0
