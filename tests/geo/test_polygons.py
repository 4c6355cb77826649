"""Polygons laid over a grid: every centre in its polygon, none twice, none lost, whatever the window."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.polygons import Polygons, row_bands, window_slices

# centres on whole metres, so that borders between whole metres run right through them
GRID = Grid(-0.5, -0.5, 1, n_rows=12, n_cols=16)
WHOLE = window_slices(GRID)

whole_metres = st.tuples(st.integers(-3, 18), st.integers(-3, 14))
anywhere = st.tuples(st.floats(-3, 18), st.floats(-3, 14))


def paint(*polygons: shapely.Geometry, rows: slice = WHOLE[0], cols: slice = WHOLE[1]) -> NDArray[np.int64]:
    raster = np.full((rows.stop - rows.start, cols.stop - cols.start), -1)
    Polygons(np.array(polygons, dtype=object)).paint(raster, GRID, rows, cols)
    return raster


def cover(polygon: shapely.Geometry) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells whose centre lies inside for sure, and those that lie on the border or nearly."""
    centres = shapely.points(*np.meshgrid(GRID.easting, GRID.northing))
    return shapely.contains(polygon, centres), shapely.distance(shapely.boundary(polygon), centres) < 1e-9


@given(st.lists(anywhere, min_size=3, max_size=6), st.lists(anywhere, min_size=3, max_size=6))
def test_a_cell_is_painted_when_its_centre_lies_inside(
    outer: list[tuple[float, float]], inner: list[tuple[float, float]]
) -> None:
    # with holes, in parts, cut by the edge of the grid
    shell, hole = (shapely.MultiPoint(places).convex_hull.buffer(0) for places in (outer, inner))
    polygon = shapely.symmetric_difference(shell, hole).buffer(0)

    painted = paint(polygon) == 0
    inside, border = cover(polygon)

    np.testing.assert_array_equal(painted[~border], inside[~border])


def test_a_centre_on_a_border_belongs_to_the_polygon_east_and_north_of_it() -> None:
    painted = paint(shapely.box(2, 3, 5, 7))

    rows, cols = np.nonzero(painted == 0)
    assert (GRID.easting[cols].min(), GRID.easting[cols].max()) == (2, 4)
    assert (GRID.northing[rows].min(), GRID.northing[rows].max()) == (3, 6)
    assert len(rows) == 12


@given(st.sets(whole_metres, min_size=3, max_size=12))
def test_neighbours_never_share_a_centre_and_never_leave_one_out(places: set[tuple[int, int]]) -> None:
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(sorted(places))))
    times = np.zeros(GRID.shape, dtype=int)
    for triangle in triangles:
        times += paint(triangle) == 0
    together = shapely.union_all(triangles)
    inside, border = cover(together)

    assert times.max() <= 1
    assert (times[inside & ~border] == 1).all()


@given(st.lists(anywhere, min_size=3, max_size=8))
def test_where_polygons_overlap_the_last_one_stays(places: list[tuple[float, float]]) -> None:
    polygons = [shapely.Point(place).buffer(2.3) for place in places]

    expected = np.full(GRID.shape, -1)
    for position, polygon in enumerate(polygons):
        expected[paint(polygon) == 0] = position

    np.testing.assert_array_equal(paint(*polygons), expected)


@given(
    st.lists(st.one_of(whole_metres, anywhere), min_size=3, max_size=8),
    st.builds(slice, st.integers(0, 12), st.integers(0, 12)),
    st.builds(slice, st.integers(0, 16), st.integers(0, 16)),
)
def test_a_window_holds_the_slice_of_the_whole(places: list[tuple[float, float]], rows: slice, cols: slice) -> None:
    polygons = [shapely.MultiPoint(places).convex_hull.buffer(0), shapely.Point(places[0]).buffer(4)]
    rows, cols = window_slices(GRID, rows, cols)

    np.testing.assert_array_equal(paint(*polygons, rows=rows, cols=cols), paint(*polygons)[rows, cols])


def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = [shapely.Point(5, 5).buffer(4), shapely.Point(9, 6).buffer(5)]
    expected = paint(*polygons)

    monkeypatch.setattr("geo.polygons._BAND_CELLS", 40)

    assert list(row_bands(slice(1, 6), 16)) == [slice(1, 3), slice(3, 5), slice(5, 6)]
    np.testing.assert_array_equal(paint(*polygons), expected)


def test_codes_stand_for_the_polygons() -> None:
    raster = np.zeros(GRID.shape, dtype=np.uint16)
    polygons = np.array([shapely.box(0, 0, 2, 2), shapely.box(4, 0, 6, 2)], dtype=object)

    Polygons(polygons).paint(raster, GRID, *WHOLE, codes=np.array([7, 65_535]))

    assert np.unique(raster).tolist() == [0, 7, 65_535]


def test_nothing_to_paint() -> None:
    assert (paint() == -1).all()
    assert (paint(shapely.Polygon()) == -1).all()
    assert (paint(shapely.box(100, 100, 120, 120)) == -1).all()
    # so small that it holds no centre
    assert (paint(shapely.box(2.1, 2.1, 2.4, 2.4)) == -1).all()


def test_slices_are_cut_to_the_grid() -> None:
    assert window_slices(GRID) == (slice(0, 12), slice(0, 16))
    assert window_slices(GRID, slice(-2, None), slice(10, 99)) == (slice(10, 12), slice(10, 16))
    assert window_slices(GRID, slice(5, 2), slice(40, 50)) == (slice(5, 5), slice(16, 16))
    with pytest.raises(ParameterError, match="cols of a window must be a slice without a step"):
        window_slices(GRID, None, slice(0, 4, 2))
