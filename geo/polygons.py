"""Polygons laid over a grid: which cells have their centre in which polygon.

Row by row: each border that crosses the line through a row's centres gives a column, and the cells between an odd and
the next even crossing lie inside. Only the coordinates of borders and of centres decide, never where a window begins,
so a window holds the very cells of the same slice of the whole grid. (GDAL's ``rasterize`` works in pixels of the
window, rounded anew for each window, and warns when two threads call it at once.)

A centre right on a border belongs to the polygon east or north of it, as a point on the edge of a cell belongs to the
cell east or north of it: neighbours that share a border never both take a centre, nor leave one out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid

__all__ = ["Polygons", "polygon_edges", "row_bands", "window_slices"]

# Work is done on so many cells at a time: a few MB, whatever the grid.
_BAND_CELLS = 1_000_000


def window_slices(grid: Grid, rows: slice | None = None, cols: slice | None = None) -> tuple[slice, slice]:
    """Rows and columns of a window, with start and stop within the grid.

    Parameters
    ----------
    grid : Grid
    rows, cols : slice without a step, optional
        As Python slices a list: None is all of them, ends beyond the grid are cut.

    Returns
    -------
    rows, cols : slices with 0 <= start <= stop

    Raises
    ------
    ParameterError
    """
    found = []
    for name, given, n in (("rows", rows, grid.n_rows), ("cols", cols, grid.n_cols)):
        window = slice(None) if given is None else given
        if not isinstance(window, slice) or window.step not in (None, 1):
            message = f"{name} of a window must be a slice without a step, got {given!r}."
            raise ParameterError(message)
        start, stop, _ = window.indices(n)
        found.append(slice(start, max(start, stop)))
    return found[0], found[1]


def row_bands(rows: slice, n_cols: int) -> Iterator[slice]:
    """Cut the rows of a window into bands of about a million cells."""
    height = max(1, _BAND_CELLS // max(1, n_cols))
    for start in range(rows.start, rows.stop, height):
        yield slice(start, min(start + height, rows.stop))


def polygon_edges(polygons: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Straight pieces of the polygons' borders, holes included.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon

    Returns
    -------
    edges : (n_edges, 2, 2) float64: start and end, each easting and northing
    polygon : (n_edges,) int64, position of the polygon
    """
    parts, part_polygon = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero(ring[1:] == ring[:-1])
    edges = np.stack([places[joined], places[joined + 1]], axis=1)
    return edges, part_polygon[ring_part[ring[joined]]].astype(np.int64)


class Polygons:
    """Polygons made ready to be painted on grids.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon, valid, CRS of the grids
    """

    def __init__(self, polygons: NDArray[Any]) -> None:
        edges, polygon = polygon_edges(polygons)
        # from south to north, so that neighbours find the same crossing on the border that they share
        south, north = edges[:, 0], edges[:, 1]
        swap = south[:, 1] > north[:, 1]
        south[swap], north[swap] = north[swap], south[swap]
        # level edges cross no line of centres
        rising = np.flatnonzero(south[:, 1] < north[:, 1])
        self._x_south, self._y_south = south[rising].T.copy()
        self._x_north, self._y_north = north[rising].T.copy()
        self._polygon = polygon[rising]

    def paint(
        self,
        raster: NDArray[Any],
        grid: Grid,
        rows: slice,
        cols: slice,
        codes: NDArray[np.integer[Any]] | None = None,
    ) -> None:
        """Write each polygon's code into the cells whose centre it holds; where polygons overlap, the last one stays.

        Parameters
        ----------
        raster : (rows, cols) of the window, contiguous; changed in place
        grid : Grid
        rows, cols : slices as `window_slices` gives them
        codes : (n,) int, optional
            The polygons' positions when left out.
        """
        # the process that reads a file paints nothing: without the compiler it starts a quarter sooner
        from geo.kernels import paint_runs  # noqa: PLC0415

        for band in row_bands(rows, cols.stop - cols.start):
            part = raster[band.start - rows.start : band.stop - rows.start].reshape(-1)
            polygon, start, stop = self._find_runs(grid, band, cols)
            code = polygon if codes is None else codes[polygon]
            paint_runs(part, start, stop, code.astype(np.int64, copy=False))

    def _find_runs(
        self, grid: Grid, rows: slice, cols: slice
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Runs of cells inside each polygon, by polygon: polygon, first and last + 1 cell of the flat window."""
        northing, easting = grid.northing[rows][::-1], grid.easting[cols]
        n_rows, n_cols = len(northing), len(easting)
        if not n_rows or not n_cols:
            none = np.empty(0, dtype=np.int64)
            return none, none, none
        near = np.flatnonzero((self._y_north > northing[0]) & (self._y_south <= northing[-1]))
        low = np.searchsorted(northing, self._y_south[near])
        n_crossed = np.searchsorted(northing, self._y_north[near]) - low
        edge = np.repeat(near, n_crossed)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(n_crossed) - n_crossed - low, n_crossed)
        x, y = self._x_south[edge], self._y_south[edge]
        x += (northing[row] - y) / (self._y_north[edge] - y) * (self._x_north[edge] - x)
        col = np.searchsorted(easting, x)
        # one number to sort by polygon, row and column; a row's end is the next row's start
        n_places = n_rows * n_cols + 1
        crossing = self._polygon[edge] * n_places + (n_rows - 1 - row) * n_cols + col
        crossing.sort()
        polygon, place = np.divmod(crossing, n_places)
        start, stop = place[0::2], place[1::2]
        some = start < stop
        return polygon[0::2][some], start[some], stop[some]
