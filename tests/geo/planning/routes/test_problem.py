"""What makes no sense is refused, all of it at once; what is made cannot be changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geo.errors import ParameterError, ShapeError
from geo.planning.routes import Limits, Problem, Shift, Stop, default_minute_cost
from geo.planning.routes.limits import Clock

GOOD: dict[str, Any] = {
    "drive_minutes": np.array([[0.0, 10.2], [np.inf, 0.0]]),
    "shifts": (Shift(0, 0, 480, 960),),
    "stops": (Stop(1, 5.0, 30), Stop(1, 5.0, 30)),
    "may_visit": np.ones((2, 1), bool),
    "earliest": np.zeros((2, 1), int),
    "latest": np.full((2, 1), 900),
    "minute_cost": 0.01,
}


def test_minutes_are_whole_and_rounded_up() -> None:
    problem = Problem(**GOOD)
    assert problem.minutes[0, 1] == 11
    assert problem.minutes[1, 0] >= 1440
    with pytest.raises(ValueError, match="read-only"):
        problem.minutes[0, 1] = 5
    with pytest.raises(AttributeError):
        problem.minute_cost = 5


def test_a_drive_of_no_minutes_is_one() -> None:
    problem = Problem(**{**GOOD, "drive_minutes": np.array([[0.0, 0.0], [0.0, 0.0]])})
    assert problem.minutes.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"drive_minutes": [[0, np.nan], [1, 0]]}, "drive_minutes must be 0 or more"),
        ({"drive_minutes": [[0, -1], [1, 0]]}, "from place 0 to 1"),
        ({"earliest": np.zeros((2, 1))}, "earliest must be whole minutes"),
        ({"latest": np.full((2, 1), np.nan)}, "latest must be whole minutes"),
        ({"minute_cost": np.nan}, "minute_cost"),
        ({"minute_cost": -1.0}, "minute_cost"),
        ({"shifts": (Shift(2, 0, 480, 960),)}, "start_place 2 is none of 2 places"),
        ({"shifts": (Shift(0, -1, 480, 960),)}, "end_place -1"),
        ({"shifts": (Shift(0, 0, 960, 480),)}, "must begin before it ends"),
        ({"shifts": (Shift(0, 0, 960, 1500),)}, "within minutes 0 to 1440"),
        ({"stops": (Stop(1, -1.0, 30), Stop(1, 5.0, 30))}, "stop 0: prize"),
        ({"stops": (Stop(1, np.nan, 30), Stop(1, 5.0, 30))}, "stop 0: prize"),
        ({"stops": (Stop(1, 1.0, 0), Stop(1, 5.0, 30))}, "stop 0: service_minutes"),
        ({"stops": (Stop(1, 1.0, 30), Stop(7, 5.0, 30))}, "stop 1: place 7"),
        ({"stops": (Stop(1, 1.0, 30), Stop(1, 5.0, 30, fixed_shift=1))}, "stop 1: fixed_shift 1"),
        ({"orders": ((0, 0),)}, "orders"),
        ({"orders": ((0, 2),)}, "orders"),
        ({"orders": ((0, 1), (0, 1))}, "given 2 times"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        Problem(**{**GOOD, **changes})


def test_all_failures_come_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Problem(**{**GOOD, "minute_cost": -1.0, "shifts": (Shift(5, 0, 960, 480),), "orders": ((0, 9),)})
    assert all(word in str(caught.value) for word in ("minute_cost", "start_place 5", "begin before", "(0, 9)"))


def test_arrays_fit_stops_and_shifts() -> None:
    with pytest.raises(ShapeError) as caught:
        Problem(**{**GOOD, "drive_minutes": np.zeros((2, 3)), "may_visit": np.ones(2)})
    assert "square" in str(caught.value)
    assert "may_visit" in str(caught.value)


def test_limits_are_above_0() -> None:
    with pytest.raises(ParameterError, match="labels, wall_clock_s"):
        Limits(labels=0, wall_clock_s=np.inf)


def test_the_clock_keeps_that_it_stopped_somebody() -> None:
    clock = Clock(1000.0)
    assert (clock.is_left(), clock.name_stop()) == (True, "work")
    clock = Clock(0.0)
    assert (clock.is_left(), clock.name_stop(), clock.left_s()) == (False, "clock", 0.0)


def test_a_minute_of_driving_costs_little() -> None:
    assert 0 < default_minute_cost() < 0.1
