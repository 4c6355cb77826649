"""The parts every layer is made of: weighted points, activity, fading."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ShapeError
from geo.layers.base import Points, active_on, decay
from tests.oracles import is_active

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def make_points(n: int) -> Points:
    names = np.array([f"p{i}" for i in range(n)], dtype=object)
    numbers = np.arange(n, dtype=np.float64)
    return Points(names, names, numbers, numbers, numbers, numbers, numbers + 1)


def test_points_need_one_length() -> None:
    three, two = make_points(3), make_points(2)

    with pytest.raises(ShapeError, match="one common length"):
        Points(three.ids, three.group, three.easting, two.northing, three.weight, three.size, three.bandwidth_m)
    with pytest.raises(ShapeError):
        Points(*[np.zeros((2, 2))] * 7)


def test_some_points_of_many() -> None:
    points = make_points(4)

    assert points.take(np.array([True, False, False, True])).ids.tolist() == ["p0", "p3"]
    assert points.take(np.array([2, 1])).weight.tolist() == [2, 1]
    assert len(points.take(np.zeros(4, dtype=bool))) == 0


def test_no_points() -> None:
    assert len(Points.empty()) == 0


@given(st.lists(st.tuples(st.none() | days, st.none() | days), min_size=1), days)
def test_activity_includes_both_ends(periods: list[tuple[date | None, date | None]], at: date) -> None:
    frame = pd.DataFrame(periods, columns=["active_from", "active_to"]).astype("datetime64[us]")

    expected = [is_active({"active_from": start, "active_to": end}, at) for start, end in periods]

    assert active_on(frame, at).tolist() == expected


@given(st.lists(st.integers(-3_000, 5_000), min_size=1), st.floats(1, 2_000))
def test_fading_halves_with_each_half_life_and_knows_no_future(ages: list[int], half_life: float) -> None:
    at = date(2026, 7, 15)
    series = pd.Series([at - timedelta(days=age) for age in ages]).astype("datetime64[us]")

    found = decay(series, at, half_life)

    expected = [0.5 ** (age / half_life) if age >= 0 else 0.0 for age in ages]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_fading_by_hand() -> None:
    series = pd.to_datetime(pd.Series(["2026-07-15", "2025-07-15", "2024-07-15", "2026-07-16", None]))

    found = decay(series, date(2026, 7, 15), 365.0)

    # 2024 was a leap year, but its February lies before July
    np.testing.assert_allclose(found, [1, 0.5, 0.25, 0, 0], rtol=1e-15)
