"""The plan is the best of all there are, can be driven, and is the same whenever and wherever it is made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from geo.planning.routes import Answer, InfeasibleError, Limits, Problem, Shift, Stop, plan_routes
from tests.geo.planning.routes.oracle import best_by_trying, check_answer, problems

# so little that routes cannot be listed
SEARCH = Limits(labels=1, search_visits=200)


def make_town(n_stops: int, n_shifts: int = 2, seed: int = 0) -> Problem:
    """Stops a few minutes apart, all day."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 12, (n_stops + 1, 2))
    drive = np.abs(at[:, None] - at[None]).sum(axis=2)
    stops = tuple(Stop(i + 1, float(rng.integers(1, 50)), int(rng.integers(10, 40))) for i in range(n_stops))
    shape = (n_stops, n_shifts)
    open_, closed = np.full(shape, 480), np.full(shape, 900)
    return Problem(drive, (Shift(0, 0, 480, 960),) * n_shifts, stops, np.ones(shape, bool), open_, closed, 0.01)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_no_plan_is_better(problem: Problem) -> None:
    best = best_by_trying(problem)
    if best is None:
        with pytest.raises(InfeasibleError):
            plan_routes(problem)
        return
    answer = plan_routes(problem)
    check_answer(problem, answer)
    assert answer.objective == pytest.approx(best, abs=1e-3)
    assert (answer.method, answer.stopped_by, answer.gap) == ("exact", None, 0)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_search_finds_plans_that_hold_and_bounds_them(problem: Problem) -> None:
    best = best_by_trying(problem)
    if best is None:
        with pytest.raises(InfeasibleError):
            plan_routes(problem, SEARCH)
        return
    answer = plan_routes(problem, SEARCH)
    check_answer(problem, answer)
    assert answer.objective <= best + 1e-9
    assert answer.bound >= best - 1e-3
    assert (answer.gap == 0) == (answer.bound <= answer.objective)


@settings(max_examples=30, deadline=None)
@given(problems(max_stops=5))
def test_routes_within_the_gap_hold_the_best_plan(problem: Problem) -> None:
    """A budget between: too small to list all routes, large enough for those that prices leave."""
    best = best_by_trying(problem)
    if best is None:
        return
    for labels in (4, 8, 16, 32, 64):
        answer = plan_routes(problem, Limits(labels=labels, search_visits=200))
        check_answer(problem, answer)
        if answer.method == "exact":
            assert answer.objective == pytest.approx(best, abs=1e-3)


def test_nothing_to_visit_and_nobody_to_go() -> None:
    town = make_town(3)
    nothing = Problem(town.drive_minutes, town.shifts, (), *np.zeros((3, 0, 2), int), 0.01)
    assert [route.visits for route in plan_routes(nothing).routes] == [(), ()]
    nobody = Problem(town.drive_minutes, (), town.stops, *np.zeros((3, 3, 0), int), 0.01)
    assert plan_routes(nobody) == Answer((), 0, 0, 0, "exact", None)
    with pytest.raises(InfeasibleError, match="No crew"):
        plan_routes(replace_stops(nobody, is_mandatory=True))


def replace_stops(problem: Problem, **changes: object) -> Problem:
    stops = tuple(replace(stop, **changes) for stop in problem.stops)
    return rebuild(problem, stops=stops)


def rebuild(problem: Problem, **changes: object) -> Problem:
    return replace(problem, **changes)


def test_without_prizes_nobody_drives_unless_somebody_must() -> None:
    town = replace_stops(make_town(4), prize=0.0)
    assert plan_routes(town).drive_minutes == 0
    must = rebuild(town, stops=(replace(town.stops[0], is_mandatory=True), *town.stops[1:]))
    assert [stop for route in plan_routes(must).routes for stop in route.stops] == [0]


def test_of_plans_alike_the_one_with_less_driving_wins() -> None:
    drive = [[0, 10, 30], [10, 0, 30], [30, 30, 0]]
    stops = (Stop(2, 5.0, 30), Stop(1, 5.0, 30))
    one = Problem(
        drive, (Shift(0, 0, 0, 90),), stops, np.ones((2, 1)), np.zeros((2, 1), int), np.full((2, 1), 90), 0.01
    )
    assert plan_routes(one).routes[0].stops == (1,)


def test_a_crew_drives_through_where_that_is_quicker() -> None:
    drive = [[0, 5, np.inf], [5, 0, 5.5], [np.inf, 5.5, 0]]
    one = Problem(drive, (Shift(0, 0, 0, 60),), (Stop(2, 5.0, 30),), [[1]], [[0]], [[60]], 0.01)
    route = plan_routes(one).routes[0]
    assert (route.visits[0].drive_minutes, route.back_minutes) == (11, 11)


def test_locks_and_orders_hold_in_a_town() -> None:
    town = make_town(14)
    stops = list(town.stops)
    stops[3] = replace(stops[3], fixed_shift=1, is_mandatory=True)
    stops[5] = replace(stops[5], is_mandatory=True)
    locked = rebuild(town, stops=tuple(stops), orders=((5, 3), (3, 7)))
    for limits in (Limits(labels=10**6), SEARCH):
        answer = plan_routes(locked, limits)
        check_answer(locked, answer)
        order = answer.routes[1].stops
        assert order.index(5) < order.index(3) < order.index(7)


@pytest.mark.parametrize(
    "limits", [pytest.param(Limits(), id="exact"), pytest.param(SEARCH, id="search", marks=pytest.mark.long)]
)
def test_the_same_plan_again_and_in_another_process(limits: Limits) -> None:
    program = (
        "import sys, json\n"
        "from geo.planning.routes import Limits, plan_routes\n"
        "from tests.geo.planning.routes.test_plans import make_town\n"
        f"limits = Limits(labels={limits.labels}, search_visits={limits.search_visits}, wall_clock_s=60)\n"
        "answer = plan_routes(make_town(12), limits)\n"
        "print(json.dumps([route.stops for route in answer.routes]))\n"
    )
    here = plan_routes(make_town(12), replace(limits, wall_clock_s=60))
    assert here == plan_routes(make_town(12), replace(limits, wall_clock_s=60))
    for seed in ("1", "2"):
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", program],
            cwd=Path(__file__).resolve().parents[4],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [list(route.stops) for route in here.routes]


def test_who_stopped_is_said() -> None:
    town = make_town(20)
    by_work = plan_routes(town, Limits(labels=1, search_visits=200, wall_clock_s=100))
    assert (by_work.method, by_work.stopped_by) == ("search", "work")
    check_answer(town, by_work)
    by_clock = plan_routes(town, Limits(wall_clock_s=1e-6))
    assert (by_clock.method, by_clock.stopped_by) == ("search", "clock")
    check_answer(town, by_clock)


def test_a_plan_that_the_clock_stopped_still_holds_what_it_must() -> None:
    town = make_town(20)
    must = rebuild(town, stops=tuple(replace(stop, is_mandatory=i < 3) for i, stop in enumerate(town.stops)))
    for seconds in (1e-6, 0.3):
        answer = plan_routes(must, Limits(labels=1, search_visits=10**6, wall_clock_s=seconds))
        assert answer.stopped_by == "clock"
        check_answer(must, answer)


def test_more_stops_than_bits_in_a_word() -> None:
    """Two of 70 fit into the day."""
    n = 70
    drive = np.full((n + 1, n + 1), 200.0)
    stops = tuple(Stop(i + 1, 10.0 + (i in {5, 69}), 30) for i in range(n))
    shape = (n, 1)
    one = Problem(drive, (Shift(0, 0, 0, 700),), stops, np.ones(shape), np.zeros(shape, int), np.full(shape, 700), 0.01)
    answer = plan_routes(one)
    assert sorted(answer.routes[0].stops) == [5, 69]
    assert answer.method == "exact"
