"""What cannot be planned is told, all at once: what, where and what to do, in the reader's words. Nothing is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.ops import substring

from geo.store.files import Provenance, save_layers
from tests.api.made import WRITING, import_workplaces
from tests.api.plans import CREW, DAYS, ask, call, list_stops, make_request
from tests.frames import TOWN, make_frame


def cut(line: shapely.LineString, start: float, end: float) -> shapely.LineString:
    """Part of a line, by shares of its length."""
    return substring(line, start, end, normalized=True)


@pytest.fixture(scope="module")
def planner(client: TestClient) -> TestClient:
    """A client of the shared data folder, in which nothing of this is kept."""
    return client


def refuse(planner: TestClient, lang: str = "sv", *, has_fields: bool = True, **changes: Any) -> list[str]:
    """Lines of what is told of a request that cannot be planned, of which nothing may be kept."""
    before = planner.get("/api/plans").json()
    problem = ask(planner, 422, lang, **changes)
    assert problem["type"] == "urn:norrsyn:problem:parameter"
    assert planner.get("/api/plans").json() == before
    # said once as a whole, and once by field
    assert [one["detail"] for one in problem.get("errors", ())] == problem["detail"].split("\n") * has_fields
    return problem["detail"].split("\n")


BAD = {
    "no crew": ({"crews": []}, ["Det finns inget arbetslag"]),
    "zero seats": ({"crews": [{**CREW, "car_seats": [0, 5, 9]}]}, ["varje bil behöver minst en sittplats"]),
    "no cars": ({"crews": [{**CREW, "car_seats": []}]}, ["varje bil behöver minst en sittplats"]),
    "fewer seats than people": ({"crews": [{**CREW, "car_seats": [5]}]}, ["11 personer och 5 sittplatser"]),
    "a depot in the sea": ({"crews": [{**CREW, "depot": [830_000, 7_060_000]}]}, ["till havs eller utanför"]),
    "a depot in another country": (
        {"crews": [{**CREW, "depot": {"lon": 24.9, "lat": 60.2}}]},
        ["till havs eller utanför"],
    ),
    "a depot in Stockholm": ({"crews": [{**CREW, "depot": [674_000, 6_580_000]}]}, ["km från land i Region Nord"]),
    "a depot the wrong way round": ({"crews": [{**CREW, "depot": {"lon": 63.8, "lat": 20.3}}]}, ["har bytt plats"]),
    "no depot": ({"crews": [{**CREW, "depot": None}]}, ["saknar koordinater"]),
    "hours that end before they begin": ({"hours": [1020, 480]}, ["den är 17:00 till 08:00"]),
    "an unknown agency": ({"crews": [{**CREW, "people": {"tullverket": 4}}]}, ["ingen myndighet 'tullverket'"]),
    "an agency that stays at its desk": ({"crews": [{**CREW, "people": {"migrationsverket": 4}}]}, ["på distans"]),
    "a site that is not there": ({"pinned": [{"layer": "workplaces", "record_id": "gone"}]}, ["workplaces gone"]),
    "a cell for a site": ({"pinned": [{"layer": "cells", "record_id": "7580007088000"}]}, ["ange lagret"]),
    "5 000 candidates": ({"n_candidates": 5_000}, ["bland 1 till 200 kandidater, inte 5000"]),
    "no day": ({"days": []}, ["minst en dag"]),
    "a day twice": ({"days": [DAYS[0], DAYS[0]]}, ["varje dag bara en gång"]),
    "a day long ago": ({"days": ["0001-01-01"]}, ["0001-01-01"]),
    "no name": ({"name": " \u200b"}, ["tom"]),
    "a long name": ({"name": "x" * 201}, ["201 tecken"]),
    "too many days": ({"days": [f"2026-07-{day:02d}" for day in range(1, 32)]}, ["högst 14 dagar, inte 31"]),
    "too many crews": ({"crews": [{**CREW, "name": f"L{k}"} for k in range(21)]}, ["högst 20 arbetslag, inte 21"]),
    "too many routes": (
        {"crews": [{**CREW, "name": f"L{k}"} for k in range(20)], "days": [f"2026-07-0{day}" for day in range(1, 8)]},
        ["140 rutter"],
    ),
    "an area at sea": (
        {
            "filter": {
                "area": {"type": "Polygon", "coordinates": [[[22, 63.1], [22.2, 63.1], [22.2, 63.2], [22, 63.1]]]}
            }
        },
        ["Området"],
    ),
    "an unknown county": ({"filter": {"counties": ["99"]}}, ["okänt län '99'"]),
    "excluded without a reason": (
        {"excluded": [{"layer": "workplaces", "record_id": "w001", "reason": "because"}]},
        ["okänt skäl"],
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_told_in_swedish(planner: TestClient, what: str) -> None:
    changes, told = BAD[what]
    said = "\n".join(refuse(planner, **changes))
    for words in told:
        assert words in said, said
    assert refuse(planner, "en", **changes) != said.split("\n")


def test_all_of_it_is_told_at_once(planner: TestClient) -> None:
    bad = {**CREW, "name": "Syd", "people": {"tullverket": 3}, "car_seats": [0], "depot": [830_000, 7_060_000]}
    lines = refuse(
        planner,
        name="",
        crews=[bad, {**CREW, "depot": None}],
        hours=[900, 300],
        days=[],
        n_candidates=5_000,
        filter={"counties": ["99"], "min_days_since_visit": -1},
        pinned=[{"layer": "workplaces", "record_id": "gone"}],
    )
    assert len(lines) == 9
    for words in (
        "namn",
        "dag",
        "ingen myndighet",
        "sittplats",
        "till havs",
        "koordinater",
        "börja",
        "5000",
        "99",
        "gone",
    ):
        assert any(words in line for line in lines), words


FIELDS = {
    "no crew": "crews",
    "zero seats": "crews.0.car_seats",
    "fewer seats than people": "crews.0.car_seats",
    "a depot in the sea": "crews.0.depot",
    "no depot": "crews.0.depot",
    "hours that end before they begin": "hours",
    "an unknown agency": "crews.0.people",
    "an agency that stays at its desk": "crews.0.people",
    "a site that is not there": "pinned",
    "5 000 candidates": "n_candidates",
    "no day": "days",
    "a day long ago": "days",
    "no name": "name",
    "a long name": "name",
    "too many days": "days",
    "too many crews": "crews",
    "too many routes": "crews",
    "an area at sea": "filter.area",
    "an unknown county": "filter",
    "excluded without a reason": "excluded",
}


@pytest.mark.parametrize("what", FIELDS)
def test_the_field_that_is_wrong_is_named(planner: TestClient, what: str) -> None:
    problem = ask(planner, 422, "sv", **BAD[what][0])
    assert FIELDS[what] in {one["parameter"] for one in problem["errors"]}


def test_the_crew_that_is_wrong_is_named(planner: TestClient) -> None:
    crews = [
        CREW,
        {**CREW, "name": "Syd", "car_seats": [1]},
        {**CREW, "name": "Öst'", "depot": None},
        {**CREW, "name": ""},
    ]
    problem = ask(planner, 422, crews=crews)
    assert [one["parameter"] for one in problem["errors"]] == ["crews.1.car_seats", "crews.2.depot", "crews.3.name"]


def test_types_are_told_too(planner: TestClient) -> None:
    """What no form can send: a field that is unknown, text for numbers."""
    problem = ask(planner, 422, crews=[{**CREW, "car_seats": ["5"], "driver": "Anna"}], days=["tomorrow"], seed=True)
    assert {one["parameter"] for one in problem["errors"]} == {
        "crews.0.car_seats.0",
        "crews.0.driver",
        "days.0",
        "seed",
    }


def test_a_site_without_coordinates(home: Path, serve: Callable[..., TestClient]) -> None:
    """It waits in quarantine, and whoever pins it is told that no such site has a place."""
    planner = serve(home)
    rows = (
        "cfar;firma;antal anställda;sni;x;y\n71234567;Utan läge;12;41200;;\n71234568;Med läge;12;41200;759100;7088100\n"
    )
    job = import_workplaces(planner, rows)
    assert job["status"] == "done"
    problem = ask(planner, 422, "sv", pinned=[{"layer": "workplaces", "record_id": "71234567"}])
    assert "inget arbetsställe eller boende workplaces 71234567 med känt läge" in problem["detail"]
    pinned = ask(planner, pinned=[{"layer": "workplaces", "record_id": "71234568"}])
    assert "71234568" in {stop["record_id"] for stop in list_stops(pinned)}


class TestDaylight:
    def test_midwinter_has_short_days(self, home: Path, serve: Callable[..., TestClient]) -> None:
        plan = ask(serve(home), days=["2026-12-21"], explores=False)
        for stop in list_stops(plan):
            light = plan["routes"][0]["light"]
            assert light["start_minute"] - 15 <= stop["start_minute"]
            assert stop["end_minute"] <= light["end_minute"] + 15
        assert plan["routes"][0]["light"]["end_minute"] < 16 * 60

    def test_hours_without_light_are_told_by_the_sites_names(self, planner: TestClient) -> None:
        pinned = [{"layer": "workplaces", "record_id": "w001"}]
        lines = refuse(planner, has_fields=False, days=["2026-12-21"], hours=[0, 300], pinned=pinned, explores=False)
        assert lines == [
            "Stopp ”Firma 1” är aldrig öppet under ett arbetspass, på grund av säsong, dagsljus eller öppettider."
        ]

    def test_a_plan_without_stops_says_why(self, home: Path, serve: Callable[..., TestClient]) -> None:
        plan = call(
            serve(home),
            "POST",
            "",
            make_request(days=["2026-12-21"], hours=[0, 300], explores=False),
            201,
            lang="sv",
        )
        assert list_stops(plan) == []
        assert plan["notes"][0].startswith("Inget stopp går ihop")
        assert plan["blocks"]["ready"] == ["Planen har inga stopp."]


Table = Callable[[int, int], Any]


@pytest.fixture
def osrm() -> Iterator[Callable[[Table | None], str]]:
    """A routing server with such a table of seconds; None for one that answers nonsense. Gives its address."""
    running = []

    def start(table: Table | None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = dict(part.split("=") for part in self.path.partition("?")[2].split("&"))
                rows, cols = (len(query[name].replace("%3B", ";").split(";")) for name in ("sources", "destinations"))
                values = [[table(i, j) if table else "soon" for j in range(cols)] for i in range(rows)]
                body = json.dumps({"code": "Ok", "durations": values, "distances": values}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


class TestRoutingServer:
    def test_it_is_asked_where_there_is_one(self, home: Path, serve: Callable[..., TestClient], osrm: Any) -> None:
        plan = ask(serve(home, osrm_url=osrm(lambda *_: 600.0)), lang="sv")
        assert (plan["drive"]["provider"], plan["drive"]["is_estimate"]) == ("osrm", False)
        assert {stop["drive_minutes"] for stop in list_stops(plan)} <= {10}

    @pytest.mark.parametrize(
        "table",
        [lambda *_: float("nan"), lambda *_: -5.0, None],
        ids=["not a number", "negative", "no numbers"],
    )
    def test_one_that_lies_is_left_and_told(
        self, home: Path, serve: Callable[..., TestClient], osrm: Any, table: Table | None
    ) -> None:
        plan = ask(serve(home, osrm_url=osrm(table)), lang="sv")
        assert plan["drive"]["is_estimate"]
        assert list_stops(plan)
        assert any("rutt" in note.lower() for note in plan["drive"]["notes"])

    def test_one_that_is_down_is_left_and_told(self, home: Path, serve: Callable[..., TestClient]) -> None:
        plan = ask(serve(home, osrm_url="http://127.0.0.1:9"), lang="sv")
        assert plan["drive"]["is_estimate"]
        assert len(plan["drive"]["notes"]) == 2


def test_roads_stand_in_for_a_server_that_is_down(home: Path, serve: Callable[..., TestClient]) -> None:
    """And an estimate for roads, so that a plan is made in any case; the plan says which it was."""
    x, y = TOWN
    lines = [
        shapely.LineString([(x + dx, y - 30_000), (x + dx, y + 30_000)]) for dx in range(-20_000, 20_001, 4_000)
    ] + [shapely.LineString([(x + dx, y), (x + dx + 4_000, y)]) for dx in range(-20_000, 20_000, 4_000)]
    halves = [part for line in lines[:11] for part in (cut(line, 0, 0.5), cut(line, 0.5, 1))]
    roads = [
        {"road_id": f"r{k}", "road_class": "motorway", "speed_kmh": 70.0, "geometry": line}
        for k, line in enumerate([*halves, *lines[11:]])
    ]
    save_layers(home, {"roads": (make_frame(roads), Provenance("roads"))})
    plan = ask(serve(home, osrm_url="http://127.0.0.1:9"), lang="sv")
    assert (plan["drive"]["provider"], plan["drive"]["is_estimate"]) == ("roads", False)
    assert list_stops(plan)
    assert plan["drive"]["notes"][0].startswith("Körtiderna kommer från en annan källa")


def test_a_body_that_is_too_large(planner: TestClient) -> None:
    pinned = [{"layer": "workplaces", "record_id": "w" * 400}] * 400
    response = planner.post("/api/plans?lang=sv", json=make_request(pinned=pinned), headers=WRITING)
    assert response.status_code == 413
    assert response.json()["detail"].startswith("En fråga här tar högst 100")


def test_as_many_plans_as_there_may_be(
    home: Path, serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.plans.bounds.MOST_OPEN", 1)
    planner = serve(home)
    plan = ask(planner)
    problem = ask(planner, 422, "sv")
    assert problem["detail"] == (
        "Det finns 1 planer som varken är avslutade eller inställda, så många som får finnas; avsluta några."
    )
    body = {"version": 1, "to_state": "cancelled", "reason": "weather"}
    call(planner, "POST", f"/{plan['plan_id']}/moves", body)
    ask(planner)


def test_a_plan_becomes_no_larger_than_it_may(
    home: Path, serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = serve(home)
    plan = ask(planner)
    monkeypatch.setattr("api.plans.bounds.MOST_COMMENTS", 1)
    comment = f"/{plan['plan_id']}/comments"
    call(planner, "POST", comment, {"version": 1, "reason": "weather"})
    problem = call(planner, "POST", comment, {"version": 2, "reason": "weather"}, 422, lang="sv")
    assert problem["detail"] == "Planen har 1 kommentarer, så många som en plan får ha."
    monkeypatch.setattr("api.plans.bounds.MOST_BYTES", 1_000)
    problem = call(planner, "PUT", f"/{plan['plan_id']}/checklist/interpreters", {"version": 2, "is_ready": False}, 422)
    assert "has grown" in problem["detail"]
