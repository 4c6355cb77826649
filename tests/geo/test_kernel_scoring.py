"""The pass over tiles, without layers: by hand, and window by window."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ShapeError
from geo.grid import Grid
from geo.kernels import TILE_COLS, TILE_ROWS, Outputs, Weighing, score_tiles
from geo.points import Group, index_points, sort_points, touched_cols

# b in cells, wide enough that rows with many points are swept and those with few are scattered
B = 60.3
GRID = Grid(0, 0, 1.0, n_rows=2 * TILE_ROWS, n_cols=2 * TILE_COLS)


def weighing(**changes: object) -> Weighing:
    """One component with a kernel; the effort has no points."""
    return Weighing(
        first_group=np.array([0, 1, 1]),
        areal=np.array([-1]),
        code_points=np.zeros((0, 0)),
        max_points=np.array([100.0]),
        level=np.array([10.0]),
        is_exposure=np.array([True]),
        is_rate=np.array([False]),
        prior=(1.0, 1.0),
        effort_km2=1.0,
        effort_threshold=0.1,
    )._replace(**changes)


def make_outputs(n_components: int, shape: tuple[int, int]) -> Outputs:
    return Outputs(np.empty(shape, np.float32), np.empty(shape, np.uint8), np.empty((n_components, *shape), np.float32))


def score(group: Group, rows: slice, cols: slice, **options: int) -> Outputs:
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    out = make_outputs(1, shape)
    score_tiles(
        index_points([group], GRID, (rows, cols), max_segment=TILE_COLS),
        weighing(),
        np.zeros(shape, np.int16),
        np.zeros((0, *shape), np.uint16),
        out,
        first_cell=(rows.start, cols.start),
        grid_cols=GRID.n_cols,
        **options,
    )
    return out


def group_at(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Group:
    """Points at columns and rows of the grid, whole numbers at centres."""
    return Group(*sort_points(x + 0.5, GRID.n_rows - 0.5 - y, weight), B)


@pytest.mark.parametrize("beyond", ["columns", "rows above", "rows below", "nothing"])
@pytest.mark.parametrize("n_points", range(30, 46))
def test_a_window_is_the_slice_of_the_whole_to_the_bit(beyond: str, n_points: int) -> None:
    """One more point, that reaches no cell of the window, must not change how its rows are summed."""
    rng = np.random.default_rng(n_points)
    x, y = rng.uniform(TILE_COLS - 80, TILE_COLS - 20, n_points), rng.uniform(20, 44, n_points)
    extra = {
        "columns": (TILE_COLS - 0.5 + B, 16.0),
        "rows above": (TILE_COLS - 40.0, TILE_ROWS - 0.5 - B),
        "rows below": (TILE_COLS - 40.0, TILE_ROWS - 0.5 + B),
        "nothing": (TILE_COLS - 40.0, 1e4),
    }[beyond]
    # a heavy point, so that rounding where the light ones lie is seen in float32
    weight = np.append(np.where(np.arange(n_points) == 0, 1e6, 1e-3), 1.0)
    group = group_at(np.append(x, extra[0]), np.append(y, extra[1]), weight)
    whole = score(group, slice(0, GRID.n_rows), slice(0, GRID.n_cols))

    for rows in (slice(0, TILE_ROWS), slice(TILE_ROWS, GRID.n_rows)):
        for cols in (slice(0, TILE_COLS), slice(TILE_COLS, GRID.n_cols)):
            part = score(group, rows, cols, n_threads=1)
            assert part.score.tobytes() == whole.score[rows, cols].tobytes()
            assert part.state.tobytes() == whole.state[rows, cols].tobytes()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_two_components_by_hand(dtype: type) -> None:
    grid = Grid(0, 0, 1_000, n_rows=1, n_cols=4)
    # a quartic of weight π/3 and 2 km has (1 − u²)²/4 per km²; a visit of the same kind stands on the last cell but one
    kernel = Group(np.array([500.0]), np.array([500.0]), np.array([np.pi / 3]), 2_000.0)
    visit = Group(np.array([1_500.0]), np.array([500.0]), np.array([np.pi / 3]), 1_000.0)
    out = make_outputs(2, grid.shape)

    score_tiles(
        index_points([kernel, visit], grid),
        weighing(
            first_group=np.array([0, 1, 1, 2]),
            areal=np.array([-1, 0]),
            code_points=np.array([[0.0, 7.0, 11.0]]),
            max_points=np.array([80.0, 20.0]),
            level=np.array([0.25, 1.0]),
            is_exposure=np.array([True, False]),
            is_rate=np.array([False, False]),
            effort_threshold=0.5,
        ),
        np.array([[3, 0, 1, -1]], np.int16),
        np.array([[[1, 2, 0, 2]]], dtype),
        out,
    )

    near = (3 / 4) ** 2 / 4
    expected = [80 / 2, 80 * near / (near + 0.25), 0.0, np.nan]
    np.testing.assert_allclose(out.contributions[0], [expected], rtol=1e-6)
    np.testing.assert_array_equal(out.contributions[1], np.array([[7, 11, 0, np.nan]], np.float32))
    np.testing.assert_allclose(out.score, [np.add(expected, [7, 11, 0, np.nan])], rtol=1e-6)
    # never inspected; inspected; nothing known, 2 km off, on the rim; outside
    assert out.state.tolist() == [[2, 3, 1, 0]]


def test_a_rate_by_hand() -> None:
    """One finding on the first cell, one visit on the second; a bandwidth of 2 km is an area of 4 km²."""
    grid = Grid(0, 0, 1_000, n_rows=1, n_cols=4)
    finding = Group(np.array([500.0]), np.array([500.0]), np.array([np.pi / 3]), 2_000.0)
    visit = Group(np.array([1_500.0]), np.array([500.0]), np.array([np.pi / 3]), 2_000.0)
    out = make_outputs(1, grid.shape)

    score_tiles(
        index_points([finding, visit], grid),
        weighing(
            first_group=np.array([0, 1, 2]),
            level=np.array([0.5]),
            is_rate=np.array([True]),
            prior=(1.0, 2.0),
            effort_km2=4.0,
            effort_threshold=0.6,
        ),
        np.array([[0, 0, 0, 0]], np.int16),
        np.zeros((0, 1, 4), np.uint16),
        out,
    )

    # (1 − u²)², a cell away 9/16; nothing on the rim, two cells away
    found, visited = np.array([1, 9 / 16, 0, 0]), np.array([9 / 16, 1, 9 / 16, 0])
    rate = (1 + found) / (2 + visited)
    np.testing.assert_allclose(out.contributions[0], [100 * rate / (rate + 0.5)], rtol=1e-6)
    np.testing.assert_allclose(out.score, out.contributions[0])
    # never inspected, for the effort is below 0.6; inspected; and what was only inspected holds nothing
    assert out.state.tolist() == [[2, 3, 1, 1]]


COLUMNS = [slice(0, 8), slice(3, 100), slice(100, 300), slice(500, 530), slice(512, 700), slice(900, 1024)]


@pytest.mark.parametrize("cols", COLUMNS)
@pytest.mark.parametrize("n_points", [30, 600])
def test_a_window_may_begin_and_end_at_any_column(cols: slice, n_points: int) -> None:
    rng = np.random.default_rng(n_points)
    x, y = rng.uniform(-B, GRID.n_cols + B, n_points), rng.uniform(-B, GRID.n_rows + B, n_points)
    group = group_at(x, y, rng.lognormal(0, 2, n_points))
    whole = score(group, slice(0, GRID.n_rows), slice(0, GRID.n_cols))

    for rows in (slice(0, TILE_ROWS), slice(TILE_ROWS, GRID.n_rows)):
        part = score(group, rows, cols)
        assert part.score.tobytes() == whole.score[rows, cols].tobytes()
        assert part.contributions.tobytes() == whole.contributions[:, rows, cols].tobytes()
        assert part.state.tobytes() == whole.state[rows, cols].tobytes()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="takes minutes as plain Python")
@pytest.mark.parametrize("bandwidth", [4.2, 20.0, B, 255.0])
@given(st.floats(-0.4, 1.4), st.floats(-0.4, 1.4))
def test_one_point_changes_no_bit_beyond_the_columns_it_touches(bandwidth: float, across: float, down: float) -> None:
    """Where many points are swept, one more changes the last bits of cells that it does not reach.

    It is heavy and the others light, so that those bits are seen in float32.
    """
    rng = np.random.default_rng(1)
    n_points = 700
    x, y = rng.uniform(-B, GRID.n_cols + B, n_points), rng.uniform(-B, GRID.n_rows + B, n_points)
    weight = rng.uniform(1e-3, 2e-3, n_points)
    col, row = across * GRID.n_cols, down * GRID.n_rows
    whole = slice(0, GRID.n_rows), slice(0, GRID.n_cols)

    before = score(group_at(x, y, weight)._replace(bandwidth_m=bandwidth), *whole)
    more = group_at(np.append(x, col), np.append(y, row), np.append(weight, 1e7))._replace(bandwidth_m=bandwidth)
    after = score(more, *whole)

    rows, cols = np.nonzero(after.score.view(np.uint32) != before.score.view(np.uint32))
    first, last = touched_cols(col, bandwidth)
    assert ((cols >= first) & (cols < last)).all()
    assert (np.abs(rows - row) < bandwidth + 2).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": np.zeros((4, 7), np.uint8)}, r"out.state must be a writeable \(4, 8\) uint8 array"),
        ({"score": np.zeros((4, 8))}, r"out.score .* float32 array in C order, got \(4, 8\) float64"),
        ({"contributions": np.zeros((8, 4, 1), np.float32).T}, r"out.contributions .* not in C order"),
    ],
)
def test_rasters_that_do_not_fit_are_named(changes: dict[str, np.ndarray], words: str) -> None:
    grid = Grid(0, 0, 1.0, n_rows=4, n_cols=8)
    index = index_points([Group(*np.zeros((3, 1)), 2.0)], grid)
    out = make_outputs(1, grid.shape)._replace(**changes)

    with pytest.raises(ShapeError, match=words):
        score_tiles(index, weighing(), np.zeros((4, 8), np.int16), np.zeros((0, 4, 8), np.uint16), out)


@pytest.mark.parametrize(("first_cell", "n_codes"), [((1, 0), 0), ((0, 0), 2)])
def test_windows_that_are_none_are_refused(first_cell: tuple[int, int], n_codes: int) -> None:
    grid = Grid(0, 0, 1.0, n_rows=4, n_cols=8)
    index = index_points([Group(*np.zeros((3, 1)), 2.0)], grid)
    codes = np.zeros((n_codes, 4, 8), np.uint16)

    with pytest.raises(ShapeError, match="codes must be"):
        score_tiles(
            index, weighing(), np.zeros((4, 8), np.int16), codes, make_outputs(1, grid.shape), first_cell=first_cell
        )
