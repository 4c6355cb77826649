"""The grid is a value: where its cells lie, what they are called, and which of them owns a point."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError, InputError, NotFoundError, ParameterError
from geo.grid import Grid

SMALL = Grid(759_000, 7_072_000, 1_000, n_rows=3, n_cols=4)
ODD = Grid(12.5, -3.25, 0.75, n_rows=5, n_cols=2, crs="EPSG:32610")

aligned_grids = st.builds(
    lambda size, x, y, rows, cols, crs: Grid(x * size, y * size, size, rows, cols, crs),
    st.sampled_from([1, 50, 100, 250, 1_000, 10_000]),
    st.integers(-900, 900),
    st.integers(0, 7_000),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["EPSG:3006", "EPSG:32610", "EPSG:3035"]),
)
any_grids = st.one_of(
    aligned_grids,
    st.builds(
        Grid,
        st.floats(-1e6, 1e6),
        st.floats(-1e6, 1e7),
        st.floats(0.01, 1e5),
        st.integers(1, 30),
        st.integers(1, 30),
        st.sampled_from(["EPSG:3006", "EPSG:32610"]),
    ),
)


@st.composite
def grid_and_cell(draw: st.DrawFn, grids: st.SearchStrategy[Grid] = any_grids) -> tuple[Grid, int, int]:
    grid = draw(grids)
    return grid, draw(st.integers(0, grid.n_rows - 1)), draw(st.integers(0, grid.n_cols - 1))


# ---- geometry --------------------------------------------------------------------------------------------------


def test_rows_count_from_the_north() -> None:
    assert SMALL.easting.tolist() == [759_500, 760_500, 761_500, 762_500]
    assert SMALL.northing.tolist() == [7_074_500, 7_073_500, 7_072_500]
    assert SMALL.bounds == (759_000, 7_072_000, 763_000, 7_075_000)
    assert SMALL.shape == (3, 4)
    assert SMALL.n_cells == 12
    assert SMALL.cell_km2 == 1
    assert Grid(0, 0, 250, 1, 1).cell_km2 == 0.0625


@given(grid_and_cell())
def test_transform_takes_pixel_corners_to_the_cell(given_cell: tuple[Grid, int, int]) -> None:
    grid, row, col = given_cell
    a, b, c, d, e, f = grid.transform
    west, north = a * col + b * row + c, d * col + e * row + f
    slack = 1e-9 * max(1, abs(grid.y_max), abs(grid.x_max))

    assert grid.corner(row, col) == pytest.approx((west, north - grid.cell_m), abs=slack)
    assert grid.centre(row, col) == pytest.approx((west + grid.cell_m / 2, north - grid.cell_m / 2), abs=slack)
    assert grid.centre(row, col) == (grid.easting[col], grid.northing[row])


def test_centres_and_corners_off_the_grid_are_not_found() -> None:
    for row, col in ((-1, 0), (0, -1), (3, 0), (0, 4)):
        for ask in (SMALL.centre, SMALL.corner, SMALL.cell_id, SMALL.scb_id):
            with pytest.raises(NotFoundError, match="off the grid"):
                ask(row, col)


# ---- which cell owns a point -----------------------------------------------------------------------------------


def test_a_cell_owns_its_western_and_southern_edge() -> None:
    x = [759_000, 760_000, 759_999.999, 763_000, 758_999.999, 761_000, 761_000, 761_000]
    y = [7_072_000, 7_073_000, 7_072_999.999, 7_073_000, 7_073_000, 7_075_000, 7_071_999.999, 7_074_999.999]

    rows, cols = SMALL.cell_at(x, y)

    assert rows.tolist() == [2, 1, 2, -1, -1, -1, -1, 0]
    assert cols.tolist() == [0, 1, 0, -1, -1, -1, -1, 2]


@given(st.lists(st.tuples(st.integers(-4, 28), st.integers(-4, 24)), max_size=30))
def test_ownership_is_exact_arithmetic(steps: list[tuple[int, int]]) -> None:
    # a quarter of a cell is a power of two times the cell, so edges are hit exactly
    grid = Grid(100.0, 50.0, 8.0, n_rows=5, n_cols=6)
    x, y = [100.0 + 2.0 * i for i, _ in steps], [50.0 + 2.0 * j for _, j in steps]

    rows, cols = grid.cell_at(x, y)

    for row, col, (i, j) in zip(rows, cols, steps, strict=True):
        col_exact, up = Fraction(i, 4) // 1, Fraction(j, 4) // 1
        inside = 0 <= col_exact < 6 and 0 <= up < 5
        assert (row, col) == ((4 - up, col_exact) if inside else (-1, -1))


@given(grid_and_cell())
def test_a_centre_belongs_to_its_cell(given_cell: tuple[Grid, int, int]) -> None:
    grid, row, col = given_cell
    x, y = grid.centre(row, col)

    rows, cols = grid.cell_at([x], [y])

    assert (rows[0], cols[0]) == (row, col)


def test_places_that_are_none_are_off_the_grid() -> None:
    rows, cols = SMALL.cell_at([np.nan, np.inf, -np.inf, 759_500], [7_072_500, 7_072_500, 7_072_500, np.nan])

    assert rows.tolist() == cols.tolist() == [-1] * 4
    assert rows.dtype == cols.dtype == np.int64


def test_no_places_give_no_cells() -> None:
    rows, cols = SMALL.cell_at([], [])

    assert rows.shape == cols.shape == (0,)


# ---- names -----------------------------------------------------------------------------------------------------


def test_names_on_an_aligned_grid() -> None:
    assert SMALL.is_aligned
    assert SMALL.cell_id(2, 0) == "CRS3006RES1000mN7072000E759000"
    assert SMALL.scb_id(2, 0) == "7590007072000"
    assert SMALL.parse_cell_id("SE_CRS3006RES1000mN7072000E759000") == (2, 0)
    assert SMALL.parse_cell_id("  7590007072000 ") == (2, 0)


def test_the_published_example_of_scb() -> None:
    grid = Grid(394_000, 6_133_000, 1_000, 1, 1)

    assert grid.scb_id(0, 0) == "3940006133000"
    assert "SE_" + grid.cell_id(0, 0) == "SE_CRS3006RES1000mN6133000E394000"


@pytest.mark.parametrize(
    "grid",
    [
        Grid(759_100, 7_072_000, 1_000, 3, 4),
        Grid(759_000, 7_072_000.5, 1_000, 3, 4),
        Grid(0, 0, 0.5, 3, 4),
        ODD,
    ],
)
def test_names_on_an_unaligned_grid(grid: Grid) -> None:
    assert not grid.is_aligned
    assert grid.cell_id(1, 1) == "r1c1"
    assert grid.scb_id(1, 1) is None
    assert grid.parse_cell_id("r1c1") == (1, 1)


def test_other_systems_have_no_scb_id() -> None:
    grid = Grid(500_000, 4_000_000, 1_000, 2, 2, crs="EPSG:32610")

    assert grid.cell_id(1, 0) == "CRS32610RES1000mN4000000E500000"
    assert grid.scb_id(1, 0) is None
    with pytest.raises(ParameterError, match="not a cell id"):
        grid.parse_cell_id("5000004000000")


def test_a_place_with_more_digits_than_scb_writes_has_no_scb_id() -> None:
    assert Grid(-1_000, 7_000_000, 1_000, 1, 1).scb_id(0, 0) is None
    assert Grid(1_000_000, 7_000_000, 1_000, 1, 1).scb_id(0, 0) is None
    assert Grid(1_000, 0, 1_000, 1, 1).scb_id(0, 0) == "0010000000000"


@given(grid_and_cell())
def test_every_name_leads_back_to_its_cell(given_cell: tuple[Grid, int, int]) -> None:
    grid, row, col = given_cell

    assert grid.parse_cell_id(grid.cell_id(row, col)) == (row, col)
    assert grid.parse_cell_id(f"r{row}c{col}") == (row, col)
    if grid.is_aligned:
        assert grid.parse_cell_id("SE_" + grid.cell_id(row, col)) == (row, col)
    if (scb_id := grid.scb_id(row, col)) is not None:
        assert len(scb_id) == 13
        assert grid.parse_cell_id(scb_id) == (row, col)


@given(any_grids)
def test_names_are_different_and_the_same_one_by_one_or_together(grid: Grid) -> None:
    rows, cols = (axis.ravel() for axis in np.indices(grid.shape))

    together = grid.cell_ids(rows, cols)

    assert len(set(together)) == grid.n_cells
    assert together == [grid.cell_id(int(row), int(col)) for row, col in zip(rows, cols, strict=True)]
    assert grid.scb_ids(rows, cols) == [grid.scb_id(int(row), int(col)) for row, col in zip(rows, cols, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Umeå",
        "CRS3006RES1000mE759000N7072000",
        "crs3006res1000mn7072000e759000",
        "r-1c0",
        "r1",
        "r1c1.5",
        "759000707200",
        "CRS3006RES1000mN7072000E759000;drop",
        "CRS3006RES250mN7072000E759000",
        "CRS3035RES1000mN7072000E759000",
        "CRS3006RES1000mN7072500E759000",
        "7592507072000",
        "r" + "9" * 5_000 + "c1",
        "CRS3006RES1000mN" + "9" * 5_000 + "E1",
        "CRS3006RES1000mN" + "9" * 400 + "000E0",
        "r\u0661c\u0661",
        None,
        7.5,
    ],
)
def test_what_is_no_cell_of_this_grid_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        SMALL.parse_cell_id(text)

    assert "CRS3006RES1000m" in str(caught.value) or "1000 m cell" in str(caught.value)


@pytest.mark.parametrize("text", ["CRS3006RES1000mN7075000E759000", "7630007072000", "r3c0", "r0c4", "r99999c0"])
def test_a_cell_off_the_grid_is_not_found(text: str) -> None:
    with pytest.raises(NotFoundError, match="off the grid"):
        SMALL.parse_cell_id(text)


@given(st.text(max_size=40))
def test_any_text_is_a_cell_or_one_of_our_errors(text: str) -> None:
    try:
        row, col = SMALL.parse_cell_id(text)
    except (ParameterError, NotFoundError):
        return
    assert 0 <= row < 3
    assert 0 <= col < 4


# ---- windows ---------------------------------------------------------------------------------------------------


def overlapping(grid: Grid, bounds: tuple[float, float, float, float]) -> set[tuple[int, int]]:
    """Cells that share more than an edge with a rectangle, cell by cell; a point counts where it is inside."""
    x_min, y_min, x_max, y_max = bounds
    cells = set()
    for row in range(grid.n_rows):
        for col in range(grid.n_cols):
            west, south = grid.corner(row, col)
            east, north = west + grid.cell_m, south + grid.cell_m
            if x_min < east and x_max > west and y_min < north and y_max > south:
                cells.add((row, col))
    return cells


steps = st.integers(-12, 60)


@given(steps, steps, steps, steps)
def test_windows_hold_exactly_the_cells_that_overlap(x0: int, x1: int, y0: int, y1: int) -> None:
    grid = Grid(1_000, 2_000, 8, n_rows=5, n_cols=6)
    # steps of a quarter cell, so that edges meet
    bounds = (
        1_000 + 2.0 * min(x0, x1), 2_000 + 2.0 * min(y0, y1), 1_000 + 2.0 * max(x0, x1), 2_000 + 2.0 * max(y0, y1)
    )  # fmt: skip

    rows, cols = grid.window(bounds)
    chosen = {(row, col) for row in range(5)[rows] for col in range(6)[cols]}

    assert chosen == overlapping(grid, bounds)


@pytest.mark.parametrize(
    "bounds",
    [
        (0, 0, float("nan"), 1),
        (0, 0, float("inf"), 1),
        (2, 0, 1, 1),
        (0, 2, 1, 1),
    ],
)
def test_bounds_that_are_none_are_refused(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(ParameterError, match="bounds must be finite"):
        SMALL.window(bounds)


# ---- a value ---------------------------------------------------------------------------------------------------


def test_equal_arguments_make_equal_grids() -> None:
    same = Grid(759_000.0, np.float64(7_072_000), np.int64(1_000), np.int64(3), 4, crs="epsg:3006")

    assert same == SMALL
    assert hash(same) == hash(SMALL)
    assert {SMALL: "found"}[same] == "found"
    assert repr(same) == repr(SMALL)


@pytest.mark.parametrize(
    "other",
    [
        Grid(760_000, 7_072_000, 1_000, 3, 4),
        Grid(759_000, 7_073_000, 1_000, 3, 4),
        Grid(759_000, 7_072_000, 500, 3, 4),
        Grid(759_000, 7_072_000, 1_000, 4, 4),
        Grid(759_000, 7_072_000, 1_000, 3, 3),
        Grid(759_000, 7_072_000, 1_000, 3, 4, crs="EPSG:3035"),
    ],
)
def test_any_other_argument_makes_another_grid(other: Grid) -> None:
    assert other != SMALL


def test_a_grid_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SMALL.cell_m = 2_000  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        SMALL.easting[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        SMALL.northing[0] = 0


@pytest.mark.parametrize("grid", [SMALL, ODD])
def test_copies_are_as_good_and_as_frozen(grid: Grid) -> None:
    before = grid.northing.copy()

    for twin in (pickle.loads(pickle.dumps(grid)), copy.copy(grid), copy.deepcopy(grid)):  # noqa: S301  our own bytes
        assert twin == grid
        assert hash(twin) == hash(grid)
        np.testing.assert_array_equal(twin.northing, before)
        assert not twin.northing.flags.writeable


# ---- bad input -------------------------------------------------------------------------------------------------


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Grid(float("nan"), "north", 0, n_rows=0, n_cols=2.5)  # type: ignore[arg-type]

    for name in ("x_min", "y_min", "cell_m", "n_rows", "n_cols"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x_min", float("inf")),
        ("x_min", None),
        ("y_min", "7 072 000"),
        ("cell_m", -1_000),
        ("cell_m", 0.0),
        ("cell_m", float("nan")),
        ("n_rows", -1),
        ("n_rows", True),
        ("n_rows", "3"),
        ("n_cols", 3.0),
        ("n_cols", 10**9),
    ],
)
def test_each_bad_argument_is_named_with_its_value(name: str, value: object) -> None:
    arguments = {"x_min": 0, "y_min": 0, "cell_m": 1, "n_rows": 1, "n_cols": 1} | {name: value}

    with pytest.raises(ParameterError, match=f"{name} must be"):
        Grid(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263", "nowhere", None])
def test_only_projected_metric_systems(crs: str) -> None:
    with pytest.raises(CRSError):
        Grid(0, 0, 1, 1, 1, crs=crs)


def test_errors_of_a_grid_are_bad_input() -> None:
    with pytest.raises(InputError):
        Grid(0, 0, -1, 1, 1)
