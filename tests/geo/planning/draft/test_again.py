"""A plan drafted again keeps its id, its draw and what a planner put in; an own order has the optimiser's times."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError, StoreError
from geo.planning.daylight import find_light
from geo.planning.draft import (
    Arrangement,
    arrange_stops,
    draft_again,
    draft_changed,
    draft_plan,
    pinned_in,
    request_of,
    write_request,
)
from geo.planning.draft.places import service_minutes
from geo.planning.drive import DriveMatrix, EstimatedDrive
from geo.planning.plan import Plan, read_plan, replace_stops, write_plan
from geo.planning.routes import InfeasibleError
from geo.planning.targets import find_targets
from geo.reference import read_table
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY
from tests.geo.planning.draft.test_draft import DAYS, FULL, NO_HOMES, Cut, ask, make_layers

SITES = [*(("workplaces", f"w00{i}") for i in range(1, 7)), ("accommodation", "a001")]
SECOND = replace(FULL, name="second")
Key = tuple[str, str]
NOTHING: dict[str, Any] = {"candidates": [], "solution": {"stops": []}}


@pytest.fixture(scope="module")
def surface() -> RiskSurface:
    return geo.score(make_layers(), GRID, at=SCORING_DAY)


@pytest.fixture(scope="module")
def plan(surface: RiskSurface) -> Plan:
    draft = draft_plan(surface, ask(FULL, SECOND, days=DAYS, explores=True, seed=3))
    return replace(draft.plan, plan_id="p1", history=())


def orders_of(plan: Plan) -> dict[tuple[str, date], list[Key]]:
    orders: dict[tuple[str, date], list[Key]] = defaultdict(list)
    for stop in plan.stops:
        orders[stop.crew, stop.on].append(stop.key)
    return dict(orders)


def test_arranging_the_optimiser_s_own_order_gives_its_times(surface: RiskSurface, plan: Plan) -> None:
    arranged = arrange_stops(surface, plan, orders_of(plan))
    assert plan.stops
    assert arranged.stops == plan.stops
    assert arranged.problems == ()
    assert arranged.manifest["arranged"]["added"] == []
    assert {**arranged.manifest, "arranged": None} == {**plan.manifest, "arranged": None}


def test_another_request_gives_what_a_new_plan_of_it_would(surface: RiskSurface, plan: Plan) -> None:
    """Under the plan's own id, state and history; of its locks those whose crew and day are still there."""
    kept, lost = plan.stops[0], plan.stops[-1]
    locks = {kept.key: (FULL.name, DAYS[0]), lost.key: ("second", DAYS[0])}
    locked = draft_again(surface, plan, locks=locks).plan
    wanted = replace(request_of(plan), name="Other", days=(DAYS[0],), crews=(FULL,), hours=(480, 900), seed=4)
    changed = draft_changed(surface, locked, wanted).plan
    new = draft_plan(surface, replace(wanted, locks={kept.key: locks[kept.key]})).plan
    assert (changed.name, changed.days, changed.crews) == ("Other", (DAYS[0],), (FULL,))
    assert changed.stops == new.stops
    assert changed.manifest == new.manifest
    assert (changed.plan_id, changed.state, changed.history) == (plan.plan_id, plan.state, plan.history)


def test_a_lock_of_a_site_that_is_left_out_now_is_given_up(surface: RiskSurface, plan: Plan) -> None:
    stop = plan.stops[0]
    locked = draft_again(surface, plan, locks={stop.key: (stop.crew, stop.on)}).plan
    changed = draft_changed(surface, locked, replace(request_of(plan), excluded={stop.key: "safety"})).plan
    assert changed.manifest["locks"] == []
    assert stop.key not in {one.key for one in changed.stops}


def test_what_was_put_in_by_hand_is_wanted_too(surface: RiskSurface, plan: Plan) -> None:
    stop = plan.stops[0]
    without = draft_again(surface, plan, excluded={stop.key: "safety"}).plan
    other = next(site for site in SITES if site != stop.key)
    arranged = arrange_stops(surface, without, {(FULL.name, DAYS[0]): [stop.key, other]})
    by_hand = replace(without, stops=arranged.stops, manifest=arranged.manifest)
    added = [tuple(key) for key in arranged.manifest["arranged"]["added"]]
    assert stop.key in added
    assert pinned_in(plan) == request_of(plan).pinned
    # left out by the request, whatever was done by hand
    assert pinned_in(by_hand) == tuple(key for key in added if key != stop.key)
    assert set(pinned_in(by_hand, excluded=())) == set(added)


class Detour:
    """Drive times by which some ways are quicker through another place."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def drive(self, easting: Any, northing: Any) -> DriveMatrix:
        estimate = EstimatedDrive.from_reference().drive(easting, northing).minutes
        # of the places and of nothing else, so that a place keeps its ways whoever is there beside it
        factor = np.array([1 + (int(x + y + self.seed) % 7) for x, y in zip(easting, northing, strict=True)])
        minutes = estimate * np.abs(factor[:, None] - factor[None, :]) + 1.0
        np.fill_diagonal(minutes, 0.0)
        return DriveMatrix(minutes, minutes, "osrm")


@pytest.mark.parametrize("seed", range(4))
def test_a_way_through_a_place_that_nobody_visits_is_still_one(surface: RiskSurface, seed: int) -> None:
    drive = Detour(seed)
    draft = draft_plan(surface, ask(FULL, days=DAYS, hours=(480, 700)), drive=drive)
    arranged = arrange_stops(surface, draft.plan, orders_of(draft.plan), drive=drive)
    assert arranged.stops == draft.plan.stops


def light_hours(site: Any, day: date) -> tuple[int, int]:
    light = find_light(site.easting, site.northing, day)
    return light.start_minute, light.end_minute


@settings(max_examples=40, deadline=None)
@given(data=st.data(), winter=st.booleans(), hours=st.tuples(st.integers(300, 700), st.integers(701, 1300)))
def test_any_order_has_the_times_of_a_simple_clock(
    surface: RiskSurface, data: st.DataObject, winter: bool, hours: tuple[int, int]
) -> None:
    days = (date(2026, 12, 21), date(2026, 12, 22)) if winter else DAYS
    request = ask(FULL, SECOND, days=days, hours=hours)
    base = Plan("p1", "Week", days, request.crews, manifest={"request": write_request(request), **NOTHING})
    sites = data.draw(st.lists(st.sampled_from(SITES), unique=True, max_size=7))
    shifts = [(crew.name, day) for day in days for crew in request.crews]
    orders: dict[tuple[str, date], list[Key]] = {shift: [] for shift in shifts}
    for site in sites:
        orders[data.draw(st.sampled_from(shifts))].append(site)
    arranged = arrange_stops(surface, base, orders)
    targets = {one.key: one for one in find_targets(surface, n=7, pinned=SITES).targets}
    by_key = {stop.key: stop for stop in arranged.stops}
    estimate = EstimatedDrive.from_reference()
    is_late = False
    assert sorted(by_key) == sorted(sites)
    for (crew, day), order in orders.items():
        clock, here = hours[0], FULL.depot
        for number, key in enumerate(order, start=1):
            site, stop = targets[key], by_key[key]
            there = (site.easting, site.northing)
            drive = int(
                np.ceil(estimate.minutes_between(*zip(here, strict=True), *zip(there, strict=True))[0, 0] - 1e-6)
            )
            dawn, dusk = light_hours(site, day)
            start = max(clock + drive, hours[0], dawn)
            size = site.employees if site.employees is not None else site.beds
            assert (stop.crew, stop.on, stop.order, stop.drive_minutes) == (crew, day, number, drive)
            assert stop.arrive_minute == (start if number == 1 else clock + drive)
            assert stop.start_minute == start
            clock, here = start + service_minutes(size or 0.0), there
            assert stop.end_minute == clock
            is_late |= clock > min(hours[1], dusk)
        shift = [one for one in arranged.manifest["shifts"] if (one["crew"], one["on"]) == (crew, day.isoformat())]
        assert len(shift) == bool(order)
        if order:
            home = int(
                np.ceil(estimate.minutes_between(*zip(here, strict=True), *zip(FULL.depot, strict=True))[0, 0] - 1e-6)
            )
            is_late |= clock + home > hours[1]
            first = by_key[order[0]]
            driven = sum(by_key[key].drive_minutes for key in order)
            assert shift[0]["return_minute"] == clock + home
            assert shift[0]["depart_minute"] == first.start_minute - first.drive_minutes
            assert shift[0]["drive_minutes"] == driven + home
    # all crews may go everywhere in July and December, so that time is all that can go wrong
    assert bool(arranged.problems) == is_late
    assert [stop.how for stop in arranged.stops] == ["pinned"] * len(sites)


def says(arranged: Arrangement) -> str:
    return "\n".join(map(str, arranged.problems))


def test_what_does_not_hold_is_told_and_the_order_stands(surface: RiskSurface) -> None:
    winter = (date(2026, 12, 21),)
    request = ask(NO_HOMES, days=winter, hours=(480, 900), pinned=(), n_candidates=1)
    base = Plan("p", "Week", winter, request.crews, manifest={"request": write_request(request), **NOTHING})
    orders = {("no-homes", winter[0]): [*SITES[:5], ("accommodation", "a001")]}
    arranged = arrange_stops(surface, base, orders)
    assert orders_of(replace(base, stops=arranged.stops)) == orders
    told = says(arranged)
    for words in ("it is dark from", "after its day ends at 15:00", "lacks the powers", "is back at"):
        assert words in told
    problems = arranged.manifest["arranged"]["problems"]
    json.dumps(problems, allow_nan=False)
    assert [one["template"] for one in problems] == [one.template for one in arranged.problems]


def test_a_drive_without_a_road_is_estimated_and_told(surface: RiskSurface) -> None:
    target = next(one for one in find_targets(surface, n=20).targets if one.key == ("workplaces", "w005"))
    request = ask()
    base = Plan("p", "W", request.days, request.crews, manifest={"request": write_request(request), **NOTHING})
    orders = {("full", DAYS[0]): [("workplaces", "w001"), target.key]}
    cut = arrange_stops(surface, base, orders, drive=Cut((target.easting, target.northing)))
    assert cut.stops == arrange_stops(surface, base, orders).stops
    assert "No road leads to" in says(cut)
    assert "No road leads back from" in says(cut)


def test_an_order_at_odds_with_what_was_asked_for_is_told(surface: RiskSurface) -> None:
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    pinned, locked, excluded = SITES[0], SITES[1], SITES[2]
    request = ask(
        FULL, SECOND, pinned=(pinned,), locks={locked: ("second", DAYS[0])}, excluded={excluded: reason}, n_candidates=2
    )
    draft = draft_plan(surface, request)
    arranged = arrange_stops(surface, draft.plan, {("full", DAYS[0]): [locked, excluded]})
    told = says(arranged)
    assert "workplaces/w001 must be visited, and is on no route" in told
    assert "fixed to crew second on 20 July 2026" in told
    assert "was excluded, and is visited" in told
    assert {stop.key: stop.how for stop in arranged.stops} == {locked: "pinned", excluded: "pinned"}
    assert arranged.manifest["arranged"]["added"] == [list(excluded)]


def test_an_order_that_cannot_be_read_is_refused_at_once(surface: RiskSurface, plan: Plan) -> None:
    orders = {
        ("nobody", DAYS[0]): [("workplaces", "w001")],
        ("full", date(2027, 1, 1)): [("workplaces", "w001"), ("workplaces", "nowhere")],
    }
    with pytest.raises(ParameterError) as refused:
        arrange_stops(surface, plan, orders)
    told = str(refused.value).split("\n")
    assert len(told) == 4
    for words in ("'nobody'", "2027-01-01", "workplaces/w001 stands 2 times", "workplaces/nowhere"):
        assert sum(words in line for line in told) == 1, words


def test_a_plan_made_before_its_request_was_kept_is_refused(surface: RiskSurface, plan: Plan) -> None:
    old = replace(plan, manifest={name: value for name, value in plan.manifest.items() if name != "request"})
    for again in (lambda: draft_again(surface, old), lambda: arrange_stops(surface, old, {})):
        with pytest.raises(StoreError, match="before plans kept that"):
            again()


def test_drafting_again_with_nothing_changed_gives_the_same_plan(surface: RiskSurface, plan: Plan) -> None:
    again = draft_again(surface, plan)
    assert again.plan.stops == plan.stops
    assert again.plan.manifest == plan.manifest
    assert again.plan.plan_id == "p1"
    assert write_plan(read_plan(json.loads(json.dumps(write_plan(again.plan))))) == write_plan(plan)


def test_pins_locks_and_exclusions_are_taken_in(surface: RiskSurface, plan: Plan) -> None:
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    locks = {("workplaces", "w001"): ("second", DAYS[1])}
    again = draft_again(
        surface, plan, pinned=[("workplaces", "w006")], locks=locks, excluded={("accommodation", "a001"): reason}
    )
    stops = {stop.key: stop for stop in again.plan.stops}
    assert (stops["workplaces", "w001"].crew, stops["workplaces", "w001"].on) == ("second", DAYS[1])
    assert "w006" in {record for _, record in stops}
    assert ("accommodation", "a001") not in stops
    later = draft_again(surface, again.plan)
    assert later.plan.stops == again.plan.stops
    assert later.plan.manifest == again.plan.manifest


def test_a_stop_that_was_drawn_stays_drawn_whatever_is_pinned_locked_or_excluded(surface: RiskSurface) -> None:
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    plans = (draft_plan(surface, ask(explores=True, seed=seed, days=DAYS, n_candidates=1)).plan for seed in range(40))
    plan = next(plan for plan in plans if plan.manifest["exploration"]["keys"])
    log = plan.manifest["exploration"]
    drawn: Key = tuple(log["keys"][0])
    others = [site for site in SITES if list(site) not in log["keys"]]
    for changes in (
        {"pinned": others[:3]},
        {"pinned": [drawn]},
        {"locks": {drawn: ("full", DAYS[1])}},
        {"excluded": {others[0]: reason}},
    ):
        again = draft_again(surface, plan, **changes).plan
        assert again.manifest["exploration"] == log
        stop = again.find_stop(drawn)
        assert stop is not None
        assert (stop.how, stop.propensity) == ("exploration", log["chance"])
    without = draft_again(surface, plan, excluded={drawn: reason}).plan
    assert without.find_stop(drawn) is None
    assert without.manifest["exploration"] == {**log, "removed": [list(drawn)]}
    back = draft_again(surface, without, excluded={}).plan
    assert back.stops == plan.stops
    moved = arrange_stops(surface, plan, {("full", DAYS[0]): [drawn]})
    assert (moved.stops[0].how, moved.stops[0].propensity) == ("exploration", log["chance"])


def test_what_a_planner_put_in_by_hand_stays_in(surface: RiskSurface) -> None:
    plan = draft_plan(surface, ask(hours=(480, 660), n_candidates=2)).plan
    added = next(site for site in SITES if plan.find_stop(site) is None)
    arranged = arrange_stops(surface, plan, {("full", DAYS[0]): [added]})
    who = {"by": "planner", "at": "2026-07-15T08:00:00+00:00"}
    by_hand = replace_stops(plan, arranged.stops, manifest=arranged.manifest, **who)
    assert by_hand.manifest["arranged"]["added"] == [list(added)]
    assert [change.what for change in by_hand.history] == ["arranged"]
    again = draft_again(surface, by_hand)
    stop = again.plan.find_stop(added)
    assert stop is not None
    assert stop.how == "pinned"
    assert "arranged" not in again.plan.manifest
    assert draft_again(surface, by_hand, pinned=[]).plan.stops == plan.stops


def test_what_cannot_be_is_told_by_name(surface: RiskSurface, plan: Plan) -> None:
    with pytest.raises(InfeasibleError, match="Firma"):
        draft_again(surface, plan, locks=dict.fromkeys(SITES, ("full", DAYS[0])))
    with pytest.raises(ParameterError, match="which is none of this plan"):
        draft_again(surface, plan, locks={SITES[0]: ("nobody", DAYS[0])})
