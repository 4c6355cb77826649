"""Points in place of a circle: how many, where, and how far the sum of their kernels is from the circle's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.errors import MemoryLimitError
from geo.layers import spread
from geo.layers.spread import MAX_ERROR, count_rings, disc_pattern, spread_points
from tests.oracles import quartic

Floats = NDArray[np.float64]


def integrate_disc(spread_m: float, bandwidth_m: float, away: Floats) -> Floats:
    """Mean kernel over a circle, per m²: a fine square raster over the disc, one kernel per square, nothing clever."""
    n = 400 if spread_m < 4 * bandwidth_m else 1_200
    axis = (np.arange(n) + 0.5) / n * 2 - 1
    x, y = (each.ravel() for each in np.meshgrid(axis, axis))
    inside = np.hypot(x, y) < 1
    x, y = x[inside] * spread_m, y[inside] * spread_m
    means = []
    for d in away.tolist():
        u2 = ((x - d) ** 2 + y**2) / bandwidth_m**2
        means.append(3 / math.pi * (np.maximum(1 - u2, 0) ** 2).mean() / bandwidth_m**2)
    return np.array(means)


def sum_points(spread_m: float, bandwidth_m: float, x: Floats, y: Floats) -> Floats:
    """Sum of kernels of the points that a unit weight is spread over, per m²."""
    one = np.ones(1)
    px, py, w = spread_points(0 * one, 0 * one, one, spread_m * one, bandwidth_m)
    u2 = ((x[:, np.newaxis] - px) ** 2 + (y[:, np.newaxis] - py) ** 2) / bandwidth_m**2
    sums: Floats = (3 / math.pi * np.maximum(1 - u2, 0) ** 2 / bandwidth_m**2) @ w
    return sums


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 6.0), st.sampled_from([500.0, 2_500.0, 5_000.0]))
def test_the_points_are_as_close_to_the_circle_as_promised(share: float, bandwidth_m: float) -> None:
    spread_m = share * bandwidth_m
    away = np.linspace(0, spread_m + bandwidth_m, 25)
    expected = integrate_disc(spread_m, bandwidth_m, away)
    for angle in np.linspace(0, math.pi / 3, 7):
        found = sum_points(spread_m, bandwidth_m, away * math.cos(angle), away * math.sin(angle))
        assert np.abs(found - expected).max() <= (MAX_ERROR + 0.002) * expected.max(), "0.2 % is the oracle's own"


@pytest.mark.parametrize("share", [1 / 6, 0.1667, 0.25, 0.5, 0.75, 1.0, 1.25, 2.0, 12.0, 24.0])
def test_where_the_number_of_rings_changes_too(share: float) -> None:
    away = np.concatenate([np.linspace(0, 1.5, 12), np.linspace(max(share - 1.2, 0), share + 1, 24)])
    expected = integrate_disc(share, 1.0, away)
    for angle in (0.0, 0.2, 0.5):
        found = sum_points(share, 1.0, away * math.cos(angle), away * math.sin(angle))
        assert np.abs(found - expected).max() <= (MAX_ERROR + 0.002) * expected.max()


def test_the_peak_by_hand() -> None:
    """In the middle of a wide circle every place is alike: 1 / area. Of a point it is the kernel's own."""
    zero = np.zeros(1)
    assert sum_points(30_000.0, 2_000.0, zero, zero)[0] == pytest.approx(1 / (math.pi * 30_000**2), rel=0.03)
    assert sum_points(100.0, 2_000.0, zero, zero)[0] == quartic(0) / 2_000**2


@pytest.mark.parametrize("n_rings", [0, 1, 2, 3, 10, 40])
def test_a_pattern_is_a_disc(n_rings: int) -> None:
    points = disc_pattern(n_rings)
    assert len(points) == 1 + sum(6 * ring for ring in range(1, n_rings + 1))
    assert np.hypot(*points.T).max(initial=0) < 1
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    # the mean square of the distance from the middle of a disc is 1/2; pieces lack their own spread
    if n_rings:
        assert 0.5 - 1 / n_rings**2 < (points**2).sum(axis=1).mean() < 0.5
    with pytest.raises(ValueError, match="read-only"):
        points[0] = 1


def test_every_point_stands_for_as_much_of_the_disc() -> None:
    """Of random places in the disc, each point is the nearest one of about as many."""
    points = disc_pattern(6)
    draw = np.random.default_rng(3)
    places = draw.uniform(-1, 1, (40_000, 2))
    places = places[np.hypot(*places.T) < 1][:20_000]
    nearest = np.argmin(((places[:, np.newaxis] - points) ** 2).sum(axis=2), axis=1)
    counts = np.bincount(nearest, minlength=len(points)) / (20_000 / len(points))
    assert counts.min() > 0.5
    assert counts.max() < 1.5


def test_exact_points_are_the_very_arrays() -> None:
    x, y, w = np.arange(3.0), np.arange(3.0), np.ones(3)
    found = spread_points(x, y, w, np.array([0.0, 0.0, 100.0]), 1_000.0)
    assert [a is b for a, b in zip(found, (x, y, w), strict=True)] == [True] * 3


records = st.lists(
    st.tuples(st.sampled_from([0.0, 500.0]), st.floats(0.1, 99.0), st.sampled_from([0.0, 3_000.0, 9_000.0])),
    min_size=1,
    max_size=12,
)


@given(records, st.randoms())
def test_weight_is_kept_and_the_order_of_records_changes_no_bit(
    rows: list[tuple[float, float, float]], random: np.random.Generator
) -> None:
    def run(some: list[tuple[float, float, float]]) -> set[tuple[float, float, float]]:
        x, w, s = np.array(some).T.copy()
        return set(zip(*(each.tolist() for each in spread_points(x, -x, w, s, 2_000.0)), strict=True))

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert run(rows) == run(shuffled)
    x, w, s = np.array(rows).T.copy()
    px, _, pw = spread_points(x, -x, w, s, 2_000.0)
    assert pw.sum() == pytest.approx(w.sum(), rel=1e-12)
    assert (px * pw).sum() == pytest.approx((x * w).sum(), rel=1e-9, abs=1e-6)


def test_many_records_in_one_circle_take_no_more_points_than_one() -> None:
    one, many = np.ones(1), np.ones(5_000)
    few = spread_points(one, one, one, 40_000 * one, 2_000.0)
    lots = spread_points(many, many, many, 40_000 * many, 2_000.0)
    assert len(few[0]) == len(lots[0]) == 1 + 3 * 41 * 42
    assert lots[2][0] == pytest.approx(5_000 * few[2][0])


def test_a_circle_needs_rings_by_its_share_of_the_bandwidth() -> None:
    assert [count_rings(share * 1_000, 1_000.0) for share in (0, 0.16, 0.17, 0.25, 0.26, 1, 10)] == [
        0,
        0,
        1,
        1,
        2,
        3,
        21,
    ]


def test_more_circles_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_BYTES_PER_POINT", 10**12)
    x = np.arange(500.0) * 10
    with pytest.raises(
        MemoryLimitError, match=r"Spreading 500 places over \d+ points needs .*give more precise places"
    ):
        spread_points(x, x, x + 1, np.full(500, 200_000.0), 5_000.0)
