"""A draft's stops are planned anew with locks, or put in an order by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.plans import CREW, DAYS, ask, call, key_of, list_stops, move


@pytest.fixture
def planner(home: Path, serve: Callable[..., TestClient]) -> TestClient:
    """A client of a data folder of its own."""
    return serve(home)


def optimise(planner: TestClient, plan: dict[str, Any], status: int = 200, **changes: Any) -> Any:
    body = {"version": plan["version"], **changes}
    return call(planner, "POST", f"/{plan['plan_id']}/optimise", body, status, lang="sv")


def arrange(planner: TestClient, plan: dict[str, Any], routes: list[dict[str, Any]], status: int = 200) -> Any:
    body = {"version": plan["version"], "routes": routes}
    return call(planner, "PUT", f"/{plan['plan_id']}/routes", body, status, lang="sv")


def routes_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"crew": one["crew"], "on": one["on"], "stops": [key_of(stop) for stop in one["stops"]]}
        for one in plan["routes"]
    ]


class TestOptimise:
    def test_nothing_changed_gives_the_same_stops(self, planner: TestClient) -> None:
        plan = ask(planner)
        again = optimise(planner, plan)
        assert routes_of(again) == routes_of(plan)
        assert again["version"] == 2
        assert again["history"][-1]["what"] == "optimised"

    def test_a_lock_holds_and_the_rest_is_planned_anew(self, planner: TestClient) -> None:
        plan = ask(planner, explores=False)
        stop = list_stops(plan)[0]
        other = next(day for day in DAYS if day != stop["on"])
        lock = {**key_of(stop), "crew": "Nord", "on": other}
        again = optimise(planner, plan, locks=[lock])
        moved = next(one for one in list_stops(again) if key_of(one) == key_of(stop))
        assert moved["on"] == other
        assert again["locks"] == [lock]
        assert list_stops(optimise(planner, again))  # the lock stays
        freed = optimise(planner, {**again, "version": again["version"] + 1}, locks=[])
        assert freed["locks"] == []

    def test_what_is_excluded_goes(self, planner: TestClient) -> None:
        plan = ask(planner, explores=False)
        site = key_of(list_stops(plan)[0])
        again = optimise(planner, plan, excluded=[{**site, "reason": "closed"}])
        assert site not in [key_of(stop) for stop in list_stops(again)]
        assert again["exclusions"][0]["reason_title"] == "Verksamheten har upphört"

    def test_what_is_wrong_is_told_at_once_and_nothing_changes(self, planner: TestClient) -> None:
        plan = ask(planner)
        site = key_of(list_stops(plan)[0])
        problem = optimise(
            planner,
            plan,
            422,
            locks=[{**site, "crew": "Syd", "on": "2026-12-24"}],
            pinned=[{"layer": "workplaces", "record_id": "nowhere"}],
            excluded=[{**site, "reason": "because"}],
        )
        assert problem["detail"].count("\n") == 2
        for told in ("'Syd'", "2026-12-24", "workplaces nowhere", "okänt skäl", "både måste besökas"):
            assert told in problem["detail"]
        assert planner.get(f"/api/plans/{plan['plan_id']}").json() == plan

    def test_what_cannot_be_together_is_told_by_name(self, planner: TestClient) -> None:
        plan = ask(planner, explores=False)
        stops = list_stops(plan)
        locks = [{**key_of(stop), "crew": "Nord", "on": DAYS[0]} for stop in stops]
        problem = optimise(planner, plan, 422, locks=locks)
        assert any(stop["title"] in problem["detail"] for stop in stops)
        assert problem["title"] == "En uppgift kan inte användas"


class TestOrder:
    def test_an_order_by_hand_stands(self, planner: TestClient) -> None:
        plan = ask(planner)
        wanted = routes_of(plan)
        for route in wanted:
            route["stops"].reverse()
        told = arrange(planner, plan, wanted)
        assert routes_of(told) == wanted
        assert told["optimised"] is None
        for route in told["routes"]:
            clock = [minute for stop in route["stops"] for minute in (stop["arrive_minute"], stop["end_minute"])]
            assert clock == sorted(clock)
        assert told["version"] == 2

    def test_all_stops_in_one_day_are_told_to_be_too_late(self, planner: TestClient) -> None:
        plan = ask(planner)
        stops = [key_of(stop) for stop in list_stops(plan)]
        told = arrange(planner, plan, [{"crew": "Nord", "on": DAYS[0], "stops": stops}])
        assert [len(route["stops"]) for route in told["routes"]] == [len(stops), 0]
        assert told["routes"][1]["depart_minute"] is None
        assert any("arbetstidens slut" in problem for problem in told["problems"])
        assert told["drive"]["is_estimate"]

    def test_a_site_is_put_in_and_taken_out(self, planner: TestClient) -> None:
        plan = ask(planner, explores=False)
        first = list_stops(plan)[0]
        without = arrange(planner, plan, [])
        assert list_stops(without) == []
        back = arrange(planner, without, [{"crew": "Nord", "on": DAYS[1], "stops": [key_of(first)]}])
        (stop,) = list_stops(back)
        assert key_of(stop) == key_of(first)
        # it is what the draft chose; what the draft did not choose is there by the planner's word
        assert stop["how"] == "chosen"
        other = {name: plan["candidates"][0][name] for name in ("layer", "record_id")}
        put_in = arrange(planner, back, [{"crew": "Nord", "on": DAYS[1], "stops": [other]}])
        (stop,) = list_stops(put_in)
        assert (key_of(stop), stop["how"]) == (other, "pinned")

    def test_what_is_wrong_is_told_at_once(self, planner: TestClient) -> None:
        plan = ask(planner)
        gone = {"layer": "workplaces", "record_id": "gone"}
        site = key_of(list_stops(plan)[0])
        routes = [
            {"crew": "Syd", "on": DAYS[0], "stops": [gone]},
            {"crew": "Nord", "on": "2026-12-24", "stops": [site, site]},
        ]
        problem = arrange(planner, plan, routes, 422)
        assert problem["detail"].count("\n") == 3
        for told in ("inget arbetslag 'Syd'", "2026-12-24", "gone", "2 gånger"):
            assert told in problem["detail"]
        twice = [{"crew": "Nord", "on": DAYS[0], "stops": []}] * 2
        assert "två gånger" in arrange(planner, plan, twice, 422)["detail"]


def test_only_drafts_are_changed(planner: TestClient) -> None:
    plan = move(planner, ask(planner), "ready")
    for problem in (optimise(planner, plan, 422), arrange(planner, plan, [], 422)):
        assert (
            problem["detail"] == "Ingen kan ändra stoppen medan planen är klar för godkännande; den måste vara utkast."
        )


def test_who_comes_second_is_told(planner: TestClient) -> None:
    plan = ask(planner)
    now = arrange(planner, plan, routes_of(plan))
    for problem in (optimise(planner, plan, 409), arrange(planner, plan, [], 409)):
        assert problem["current"]["version"] == now["version"] == 2
        assert problem["current"]["routes"] == now["routes"]


def test_crews_keep_their_own_stops(planner: TestClient) -> None:
    south = {**CREW, "name": "Syd"}
    plan = ask(planner, crews=[CREW, south], days=DAYS[:1])
    assert [(one["crew"], one["on"]) for one in plan["routes"]] == [("Nord", DAYS[0]), ("Syd", DAYS[0])]
    first, second = plan["routes"]
    swapped = arrange(
        planner,
        plan,
        [
            {"crew": "Nord", "on": DAYS[0], "stops": [key_of(stop) for stop in second["stops"]]},
            {"crew": "Syd", "on": DAYS[0], "stops": [key_of(stop) for stop in first["stops"]]},
        ],
    )
    assert [[key_of(s) for s in one["stops"]] for one in swapped["routes"]] == [
        [key_of(s) for s in one["stops"]] for one in (second, first)
    ]
