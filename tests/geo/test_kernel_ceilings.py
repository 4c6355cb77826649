"""What a crew can still gain: against trying every way on, and never below what any route gains."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError, ShapeError
from geo.kernels import fill_ceilings

N_MINUTES = 40


@st.composite
def days(draw: st.DrawFn) -> dict[str, Any]:
    m = draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    service, back = rng.integers(1, 12, m), rng.integers(0, 10, m)
    early = rng.integers(0, 25, m)
    late = np.minimum(early + rng.integers(0, 25, m), N_MINUTES - 1 - service - back)
    return {
        "go": rng.integers(0, 12, (m, m)),
        "window": (early, late),
        "service": service,
        "back": back,
        "worth": rng.integers(-3, 20, m).astype(float),
        "minute_cost": float(rng.choice([0.0, 0.5])),
        "n_minutes": N_MINUTES,
    }


def go_on(day: dict[str, Any], i: int, minute: int, before: int) -> dict[int, float]:
    """The most that can be gained by each next stop, -1 for the way back, but not by the stop before."""

    @cache
    def gains(i: int, minute: int, before: int) -> dict[int, float]:
        found = {-1: -day["minute_cost"] * day["back"][i]} if minute + day["back"][i] < N_MINUTES else {}
        for j in range(len(day["service"])):
            start = max(minute + day["go"][i, j], day["window"][0][j])
            if j not in {i, before} and start <= day["window"][1][j]:
                more = max(gains(j, start + day["service"][j], i).values(), default=-inf)
                found[j] = day["worth"][j] - day["minute_cost"] * day["go"][i, j] + more
        return found

    return gains(i, minute, before)


@given(days())
def test_ceilings_are_the_most_of_all_ways_on(day: dict[str, Any]) -> None:
    best, next_stop, second = fill_ceilings(**day)
    for i in range(len(day["service"])):
        for minute in range(0, N_MINUTES, 3):
            ways = go_on(day, i, minute, -2)
            assert best[i, minute] == pytest.approx(max(ways.values(), default=-inf))
            if best[i, minute] > -inf:
                others = [gain for j, gain in ways.items() if j != next_stop[i, minute]]
                assert ways[next_stop[i, minute]] == pytest.approx(best[i, minute])
                assert second[i, minute] == pytest.approx(max(others, default=-inf))


@given(days())
def test_no_route_gains_more(day: dict[str, Any]) -> None:
    best, _, _ = fill_ceilings(**day)
    early, late = day["window"]
    m = len(day["service"])
    for length in range(1, m + 1):
        for stops in permutations(range(m), length):
            minute = early[stops[0]] + day["service"][stops[0]]
            ceiling, gain = (best[stops[0], minute] if early[stops[0]] <= late[stops[0]] else inf), 0.0
            for i, j in pairwise(stops):
                start = max(minute + day["go"][i, j], early[j])
                if start > late[j]:
                    break
                minute = start + day["service"][j]
                gain += day["worth"][j] - day["minute_cost"] * day["go"][i, j]
            else:
                if minute + day["back"][stops[-1]] < N_MINUTES:
                    assert gain - day["minute_cost"] * day["back"][stops[-1]] <= ceiling + 1e-9


def test_what_does_not_fit_is_refused() -> None:
    some = np.ones(2, np.int64)
    day = (np.ones((2, 2), np.int64), (some, some), some, some, np.ones(2), 1.0)
    fill_ceilings(*day, 4)
    with pytest.raises(ParameterError, match="back from every stop"):
        fill_ceilings(*day, 3)
    with pytest.raises(ParameterError, match="take a minute"):
        fill_ceilings(*day[:2], some - 1, *day[3:], 4)
    with pytest.raises(ShapeError, match="worth"):
        fill_ceilings(*day[:4], np.ones(3), 1.0, 4)
