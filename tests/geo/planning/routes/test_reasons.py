"""What breaks a problem is named: one stop by itself, or a few demands, each of which is needed to break it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from geo.planning.routes import InfeasibleError, Limits, Problem, Reason, Shift, Stop, plan_routes
from tests.geo.planning.routes.oracle import best_by_trying, problems

ONE = Stop(1, 10.0, 60, is_mandatory=True)


def make(stops: tuple[Stop, ...], minutes: float = 30, n_shifts: int = 1, **changes: object) -> Problem:
    """A place for each stop, all equally far from each other; shifts of five hours."""
    n = len(stops)
    drive = np.full((n + 1, n + 1), minutes)
    placed = tuple(replace(stop, place=i + 1) for i, stop in enumerate(stops))
    shape = (n, n_shifts)
    shifts = (Shift(0, 0, 0, 300),) * n_shifts
    one = Problem(drive, shifts, placed, np.ones(shape), np.zeros(shape, int), np.full(shape, 300), 0.01)
    return replace(one, **changes)


def find_reasons(problem: Problem, limits: Limits | None = None) -> tuple[Reason, ...]:
    with pytest.raises(InfeasibleError) as caught:
        plan_routes(problem, limits)
    assert str(caught.value) == " ".join(str(reason.sentence) for reason in caught.value.reasons)
    return caught.value.reasons


@pytest.mark.parametrize(
    ("problem", "code", "words"),
    [
        (make((ONE,), np.inf), "no_road", "No road leads to stop 0"),
        (make((ONE,), may_visit=[[False]]), "no_crew", "No crew may go to stop 0"),
        (make((ONE,), latest=np.array([[-1]])), "closed", "never open within a shift"),
        (make((ONE,), earliest=np.array([[310]]), latest=np.array([[400]])), "closed", "daylight"),
        (make((ONE,), 121), "too_far", "too far away"),
        (make((ONE,), latest=np.array([[29]])), "too_far", "too far away"),
        (make((ONE,), earliest=np.array([[211]])), "too_far", "too far away"),
    ],
)
def test_a_stop_that_cannot_be_visited_by_itself(problem: Problem, code: str, words: str) -> None:
    (reason,) = find_reasons(problem)
    assert (reason.code, reason.stops, reason.fixed, reason.orders) == (code, (0,), (), ())
    assert words in str(reason.sentence)


def test_the_reason_is_where_one_comes_furthest() -> None:
    """The first crew has no powers, the second finds it closed."""
    two = make((ONE,), n_shifts=2, may_visit=[[False, True]], latest=np.array([[300, -1]]))
    assert [reason.code for reason in find_reasons(two)] == ["closed"]


def test_each_stop_has_its_reason() -> None:
    two = make((ONE, Stop(0, 1.0, 10), ONE), may_visit=[[False], [True], [True]], latest=np.array([[300], [300], [-1]]))
    assert [(reason.code, reason.stops) for reason in find_reasons(two)] == [("no_crew", (0,)), ("closed", (2,))]


def test_stops_that_do_not_fit_into_one_day() -> None:
    """Two of the long ones fit, three do not; the short one has no part in it."""
    short = Stop(0, 1.0, 1, is_mandatory=True)
    (reason,) = find_reasons(make((ONE, short, ONE, ONE), 31))
    assert (reason.code, reason.stops) == ("together", (0, 2, 3))
    assert "0, 2, 3" in str(reason.sentence)


def test_locks_and_orders_that_exclude_each_other() -> None:
    crossed = make((ONE, ONE), n_shifts=2)
    fixed = tuple(replace(stop, fixed_shift=i) for i, stop in enumerate(crossed.stops))
    (reason,) = find_reasons(replace(crossed, stops=fixed, orders=((0, 1),)))
    assert (reason.code, reason.orders, reason.fixed) == ("together", ((0, 1),), (0, 1))
    assert reason.stops in {(0,), (1,)}
    assert "0 → 1" in str(reason.sentence)
    (reason,) = find_reasons(replace(crossed, orders=((0, 1), (1, 0))))
    assert (len(reason.stops), reason.fixed, reason.orders) == (1, (), ((0, 1), (1, 0)))


def test_a_lock_to_a_day_without_powers() -> None:
    one = make((replace(ONE, fixed_shift=0),), n_shifts=2, may_visit=[[False, True]])
    (reason,) = find_reasons(one)
    assert (reason.code, reason.stops, reason.fixed) == ("together", (0,), (0,))


def test_what_is_not_proven_is_not_claimed() -> None:
    (reason,) = find_reasons(make((ONE, ONE, ONE), 31), Limits(labels=1))
    assert reason.code == "not_found"
    assert "there may be one" in str(reason.sentence)


@settings(max_examples=150, deadline=None)
@given(problems(max_stops=5))
def test_a_reason_breaks_the_problem_and_needs_all_its_parts(problem: Problem) -> None:
    try:
        plan_routes(problem)
    except InfeasibleError as error:
        reasons = error.reasons
    else:
        return
    for reason in reasons:
        assert best_by_trying(keep(problem, reason)) is None
        if reason.code == "together":
            parts = [
                *(replace(reason, stops=tuple(set(reason.stops) - {stop})) for stop in reason.stops),
                *(replace(reason, fixed=tuple(set(reason.fixed) - {stop})) for stop in reason.fixed),
                *(replace(reason, orders=tuple(set(reason.orders) - {pair})) for pair in reason.orders),
            ]
            assert all(best_by_trying(keep(problem, part)) is not None for part in parts)


def keep(problem: Problem, reason: Reason) -> Problem:
    """The problem with the demands of a reason only."""
    stops = tuple(
        replace(
            stop,
            is_mandatory=i in reason.stops,
            fixed_shift=stop.fixed_shift if i in reason.fixed else None,
        )
        for i, stop in enumerate(problem.stops)
    )
    return replace(problem, stops=stops, orders=reason.orders)
