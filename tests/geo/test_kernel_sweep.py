"""The segment sweep by itself, beside a sum over every point at every centre; elsewhere the kernel chooses the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import kernels
from geo.density import kernel_density
from geo.grid import Grid
from geo.kernels import TILE_ROWS, PointIndex
from geo.points import KERNELS, Group, index_points, sort_points
from tests.oracles import brute_density

# three segments and a piece that ends within a cache line
N_ROWS, N_COLS = 20, 3 * 32 + 5
GRID = Grid(0, 0, 1.0, N_ROWS, N_COLS)
RIM = 1e-7

Cell = tuple[float, float, float]

places = st.one_of(st.floats(-15, N_COLS + 15), st.integers(-2, N_COLS + 2).map(float), st.floats(40.0, 40.01))
heights = st.one_of(st.floats(-15, N_ROWS + 15), st.integers(-2, N_ROWS + 2).map(lambda i: i + 0.5))
weights = st.builds(lambda power: 10.0**power, st.floats(-6, 6))
points = st.lists(st.tuples(places, heights, weights), max_size=25).map(
    lambda cells: cells + cells[: len(cells) // 4]  # some of them twice
)
# below 5.4 cells a segment is longer than three bandwidths, and nothing is swept
bandwidths = st.one_of(st.floats(5.4, 16.0), st.integers(6, 16).map(float))


def index_of(cells: Sequence[Cell], bandwidth: float, kernel: str = "quartic", grid: Grid = GRID) -> PointIndex:
    x, y, w = np.array(cells, dtype=float).reshape(-1, 3).T
    return index_points([Group(*sort_points(x, y, w), bandwidth)], grid, kernel=kernel)


def sweep_all(index: PointIndex, swept: np.ndarray, grid: Grid = GRID) -> tuple[np.ndarray, np.ndarray]:
    """Density of one band with nothing but sweeps, in the rows that are `swept`, and the events left behind."""
    bandwidth, segment = float(index.bandwidth[0]), int(index.segment[0])
    near = kernels._gather(index, 0, 0, 0, grid.n_cols)
    room = kernels._make_room(index, grid.n_cols)
    out = kernels._make_rows(TILE_ROWS, grid.n_cols)[: grid.n_rows]
    for left in range(0, grid.n_cols, segment):
        length = min(segment, grid.n_cols - left)
        some = kernels._near(near, bandwidth, left, left + length)
        for top in range(0, grid.n_rows, kernels._SWEEP_ROWS):
            rows = slice(top, top + kernels._SWEEP_ROWS)
            settings = bandwidth, float(index.scale[0]), 1e-300, index.is_quartic, swept[rows]
            kernels._sweep(some, *settings, top, left, length, room, out[rows, left:])
    return out[:, : grid.n_cols], room.events


def brute(cells: Sequence[Cell], bandwidth: float, kernel: str, grid: Grid = GRID) -> np.ndarray:
    weighted = [(x, y, w, bandwidth) for x, y, w in cells]
    return brute_density(weighted, grid.easting.tolist(), grid.northing.tolist(), kernel)


def is_off_rim(cells: Sequence[Cell], bandwidth: float) -> np.ndarray:
    easting, northing = np.meshgrid(GRID.easting, GRID.northing)
    off = np.full(GRID.shape, True)
    for x, y, _ in cells:
        off &= np.abs(np.hypot(easting - x, northing - y) - bandwidth) > RIM
    return off


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@given(cells=points, bandwidth=bandwidths)
def test_sweeps_agree_with_every_point_at_every_centre(kernel: str, cells: list[Cell], bandwidth: float) -> None:
    expected = brute(cells, bandwidth, kernel)
    highest = sum(w for *_, w in cells) * (KERNELS[kernel][1] / bandwidth**2 * 1e6)

    found, events = sweep_all(index_of(cells, bandwidth, kernel), np.ones(N_ROWS, np.bool_))

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * highest)
    assert found.min() >= 0
    off_rim = is_off_rim(cells, bandwidth)
    np.testing.assert_array_equal((found == 0)[off_rim], (expected == 0)[off_rim])
    assert not events.any(), "what a sweep leaves behind would count in the next one"


@given(points, bandwidths, st.lists(st.booleans(), min_size=N_ROWS, max_size=N_ROWS))
def test_rows_that_are_not_swept_stay_as_they_are(cells: list[Cell], bandwidth: float, chosen: list[bool]) -> None:
    swept, index = np.array(chosen), index_of(cells, bandwidth)
    whole, _ = sweep_all(index, np.ones(N_ROWS, np.bool_))

    found, events = sweep_all(index, swept)

    np.testing.assert_array_equal(found[swept], whole[swept])
    assert not found[~swept].any()
    assert not events.any()


@given(
    st.one_of(st.floats(1.0, 400.0), st.integers(1, 400).map(float), st.floats(1.0, 1e6)),
    st.floats(-1.1, 1.1),
    st.sampled_from([16, 48, 256, 517]),
    st.integers(0, kernels._SWEEP_ROWS - 1),
    st.one_of(
        st.just(0.0), st.builds(lambda sign, power: sign * 10.0**power, st.sampled_from([-1, 1]), st.floats(-10, -3))
    ),
    st.sampled_from([-1.0, 1.0]),
    st.integers(0, 600),
)
def test_chords_hold_the_cells_whose_centres_lie_in_the_disc(
    bandwidth: float, dy: float, length: int, near_row: int, aside: float, side: float, cell: int
) -> None:
    """Also where an end lies so close to a centre that a root in float32 falls on the wrong side of it."""
    first_row, left, shift, slot, n_rows = 64, 1024, 3, 5, kernels._SWEEP_ROWS
    y = first_row + near_row - dy * bandwidth
    # in one row, the chord ends just beside the centre of a cell
    reach = np.sqrt(max(bandwidth**2 - (first_row + near_row - y) ** 2, 0.0))
    x = left + cell % length + side * reach + aside * min(bandwidth, 1.0)
    height, start = np.zeros(n_rows * kernels._AHEAD), np.zeros(n_rows * kernels._AHEAD, np.int32)
    stop, first = start.copy(), np.arange(n_rows, dtype=np.int32) * 8 * (length + 8)

    kernels._find_chords(x, y, bandwidth, first_row, left, length, first, np.int32(shift), slot, height, start, stop)

    cells, lines = np.arange(length), slice(n_rows * slot, n_rows * (slot + 1))
    a = bandwidth**2 - (first_row + np.arange(n_rows) - y) ** 2
    t = a[:, None] - (left + cells - x) ** 2
    begin, end = ((places[lines] - first) / 2**shift for places in (start, stop))
    is_held = (cells >= begin[:, None]) & (cells < end[:, None])
    # beyond that, float64 decides
    is_clear = np.abs(t) > 1e-12 * (bandwidth**2 + (left - x) ** 2)
    np.testing.assert_array_equal(is_held[is_clear], (t > 0)[is_clear])
    reached = (t > 0).any(axis=1)
    p = x - (left + length // 2)
    np.testing.assert_allclose(
        height[lines][reached], (a - p * p)[reached], rtol=0, atol=1e-12 * (bandwidth**2 + p * p)
    )
    assert not height[: n_rows * slot].any(), "only the slot's own lines are written"
    assert not start[n_rows * (slot + 1) :].any()


@given(
    st.lists(st.floats(-20.0, 60.0), max_size=40),
    st.floats(0.5, 30.0),
    st.floats(0.1, 20.0),
    st.floats(0.1, 200.0),
    st.integers(0, 20),
    st.integers(1, TILE_ROWS),
)
def test_rows_are_swept_where_enough_points_reach(
    y: list[float], bandwidth: float, saved: float, cost: float, first_row: int, n_rows: int
) -> None:
    near = np.array([each for each in y if first_row - bandwidth < each < first_row + n_rows - 1 + bandwidth])
    swept = np.zeros(n_rows, np.bool_)

    n_swept = kernels._choose_rows(near, bandwidth, saved, cost, first_row, swept)

    # a point counts in the rows from that of its disc's upper end, rounded up, to that of its lower end
    expected = [
        sum(np.floor(each - bandwidth) <= row <= np.floor(each + bandwidth) for each in near) * saved > cost
        for row in range(first_row, first_row + n_rows)
    ]
    assert swept.tolist() == expected
    assert n_swept == sum(expected)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_crowds_are_as_exact_as_single_points(kernel: str) -> None:
    """Many points of one weight within a few cells, whose errors add up, and others all around; several bandwidths."""
    grid = Grid(0, 0, 1.0, n_rows=20, n_cols=75)
    rng = np.random.default_rng(1)
    for bandwidth in (21.3, 30.0, 42.6):
        x = np.append(rng.normal(40, 2, 500), rng.uniform(-20, 95, 200))
        y = np.append(rng.normal(10, 2, 500), rng.uniform(-20, 40, 200))
        weight = np.full(len(x), 0.3)
        expected = brute(list(zip(x, y, weight, strict=True)), bandwidth, kernel, grid)

        found = kernel_density(x, y, weight, grid, bandwidth, kernel)

        assert np.abs(found - expected).max() <= 1e-12 * expected.max()
