"""What a plan was drafted from can be had again, and a draft can be made from something else instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from geo.store.replay import replay_plan
from tests.api.plans import CREW, DAYS, ask, call, complete, key_of, list_stops, make_request, move

# Around Umeå, degrees; counter-clockwise as RFC 7946 has it.
RING = [[19.5, 63.5], [21.0, 63.5], [21.0, 64.3], [19.5, 64.3], [19.5, 63.5]]
AREA = {"type": "Polygon", "coordinates": [RING]}


@pytest.fixture
def planner(home: Path, serve: Callable[..., TestClient]) -> TestClient:
    """A client of a data folder of its own."""
    return serve(home)


def asked_of(planner: TestClient, plan: dict[str, Any]) -> dict[str, Any]:
    response = planner.get(f"/api/plans/{plan['plan_id']}/request")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def redraft(planner: TestClient, plan: dict[str, Any], status: int = 200, **changes: Any) -> Any:
    """Draft a plan from what it was drafted from, with some of that changed."""
    asked = asked_of(planner, plan)
    kept = {name: value for name, value in asked.items() if name not in {"plan_id", "state"}}
    for crew in kept["crews"]:
        crew["depot"] = [crew["depot"]["easting"], crew["depot"]["northing"]]
    body = {**kept, "version": plan["version"], **changes}
    return call(planner, "PUT", f"/{plan['plan_id']}/request", body, status, lang="sv")


def test_it_is_what_was_asked_for(planner: TestClient) -> None:
    site = key_of(list_stops(ask(planner, explores=False))[0])
    wanted = make_request(
        filter={"counties": ["24"], "layers": ["workplaces"], "min_days_since_visit": 30, "area": AREA},
        pinned=[site],
        hours=[420, 1080],
        explores=False,
    )
    plan = call(planner, "POST", "", wanted, 201)
    told = asked_of(planner, plan)
    for name in ("name", "days", "pinned", "hours", "explores", "seed", "n_candidates"):
        assert told[name] == wanted[name], name
    assert (told["plan_id"], told["version"], told["state"]) == (plan["plan_id"], 1, "draft")
    (crew,) = told["crews"]
    depot = crew.pop("depot")
    assert [depot["easting"], depot["northing"]] == CREW["depot"]
    assert crew == {name: value for name, value in CREW.items() if name != "depot"}
    area = told["filter"].pop("area")
    assert len(area["coordinates"][0]) == len(RING)
    assert shapely.hausdorff_distance(shapely.geometry.shape(area), shapely.Polygon(RING)) < 1e-4
    empty = {"sectors": [], "municipalities": [], "agencies": [], "min_certainty": None}
    assert told["filter"] == {**empty, "counties": ["24"], "layers": ["workplaces"], "min_days_since_visit": 30}


def test_what_was_put_in_by_hand_is_pinned_in_it(planner: TestClient) -> None:
    plan = ask(planner, explores=False)
    other = {name: plan["candidates"][0][name] for name in ("layer", "record_id")}
    body = {"version": 1, "routes": [{"crew": "Nord", "on": DAYS[0], "stops": [other]}]}
    assert asked_of(planner, call(planner, "PUT", f"/{plan['plan_id']}/routes", body))["pinned"] == [other]


def test_nothing_changed_gives_the_same_plan(planner: TestClient) -> None:
    plan = ask(planner)
    again = redraft(planner, plan)
    told = [[(key_of(stop), stop["on"], stop["start_minute"]) for stop in list_stops(one)] for one in (plan, again)]
    assert told[0]
    assert told[0] == told[1]
    assert (again["plan_id"], again["version"], again["state"]) == (plan["plan_id"], 2, "draft")
    assert (again["history"][-1]["what"], again["history"][0]["what"]) == ("redrafted", "made")
    assert again["history"][-1]["what_text"].startswith("Ändrade förutsättningarna")


def test_other_days_crews_and_hours_and_what_is_ready_stays_so(planner: TestClient, home: Path) -> None:
    plan = complete(planner, ask(planner, explores=False))
    first = list_stops(plan)[0]
    body = {"version": plan["version"], **key_of(first), "reason": "new_tip"}
    plan = call(planner, "PUT", f"/{plan['plan_id']}/justifications", body)
    second = {**CREW, "name": "Syd", "people": {"arbetsmiljoverket": 3, "polismyndigheten": 4}}
    days = [DAYS[1], "2026-07-22"]
    again = redraft(
        planner, plan, name="Vecka 30, ny", days=days, crews=[CREW, second], hours=[480, 960], pinned=[key_of(first)]
    )
    assert (again["name"], again["days"], again["hours"]) == ("Vecka 30, ny", days, [480, 960])
    assert [(one["crew"], one["on"]) for one in again["routes"]] == [(c, d) for d in days for c in ("Nord", "Syd")]
    assert {stop["on"] for stop in list_stops(again)} <= set(days)
    assert all(item["is_ready"] for item in again["checklist"])
    (kept,) = [stop for stop in list_stops(again) if key_of(stop) == key_of(first)]
    assert kept["revisit_reason"] == "new_tip"
    (listed,) = planner.get("/api/plans").json()["plans"]
    assert (listed["name"], listed["days"], listed["n_crews"]) == ("Vecka 30, ny", days, 2)
    assert replay_plan(home, plan["plan_id"]).is_same


def test_locks_stay_where_their_crew_and_day_do(planner: TestClient) -> None:
    plan = ask(planner, explores=False)
    one, two = list_stops(plan)[:2]
    locks = [{**key_of(one), "crew": "Nord", "on": DAYS[0]}, {**key_of(two), "crew": "Nord", "on": DAYS[1]}]
    locked = call(planner, "POST", f"/{plan['plan_id']}/optimise", {"version": 1, "locks": locks})
    again = redraft(planner, locked, days=[DAYS[1]])
    assert again["locks"] == [locks[1]]
    assert {**locks[1]} in [{**key_of(stop), "crew": "Nord", "on": stop["on"]} for stop in list_stops(again)]


def test_what_is_wrong_is_told_at_its_field_and_nothing_changes(planner: TestClient) -> None:
    plan = ask(planner)
    told = redraft(planner, plan, 422, days=[], hours=[900, 480], name=" ")
    assert {error["parameter"] for error in told["errors"]} == {"name", "days", "hours"}
    assert planner.get(f"/api/plans/{plan['plan_id']}").json() == plan


def test_only_a_draft_and_only_the_newest(planner: TestClient) -> None:
    plan = ask(planner)
    told = redraft(planner, {**plan, "version": 7}, 409)
    assert told["current"]["version"] == 1
    ready = move(planner, plan, "ready")
    assert "utkast" in redraft(planner, ready, 422)["detail"]
    assert asked_of(planner, ready)["state"] == "ready"


def test_the_form_of_a_draft_is_a_page(planner: TestClient) -> None:
    plan = ask(planner)
    page = planner.get(f"/plans/new?plan={plan['plan_id']}&lang=sv").text
    assert f'data-plan="{plan["plan_id"]}"' in page
    assert "Ändra vad planen görs av" in page
    assert planner.get("/plans/new?plan=nothing").status_code == 404
