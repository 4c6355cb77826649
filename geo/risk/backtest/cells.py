"""Cells of a study: which of a grid's cells count, and how many of them cover an area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.memory import require_memory

__all__ = ["INSIDE_SHARE", "StudyCells", "count_cells", "keep_cells", "read_region"]

# A cell is of the region from this share of its area on.
INSIDE_SHARE = 0.99
# What rounding may take from the share, or from an area that is a whole number of cells.
_ROUNDING = 1e-9
_CELL_BYTES = 64
# Boxes are made for so many cells at a time.
_BAND_CELLS = 100_000


@dataclass(frozen=True)
class StudyCells:
    """The cells that are ranked, row by row from the north-west.

    Attributes
    ----------
    grid : Grid
    row, col : (n_cells,) int64
    number : (n_rows, n_cols) int64
        Position of each of the grid's cells among them, -1 where it does not count.
    """

    grid: Grid
    row: NDArray[np.int64]
    col: NDArray[np.int64]
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def easting(self) -> NDArray[np.float64]:
        """(n_cells,) float64, m: of each cell's centre."""
        return self.grid.easting[self.col]

    @property
    def northing(self) -> NDArray[np.float64]:
        """(n_cells,) float64, m: of each cell's centre."""
        return self.grid.northing[self.row]

    @property
    def area_km2(self) -> float:
        """Area of all of them, km²."""
        return len(self) * self.grid.cell_km2

    def number_at(self, easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.int64]:
        """Which cell holds each point, -1 where none of them does.

        Parameters
        ----------
        easting, northing : (n,) float64, m, grid CRS
        """
        row, col = self.grid.cell_at(easting, northing)
        return np.where(row >= 0, self.number[row, col], -1)


def read_region(region: Any, grid: Grid) -> shapely.Geometry:
    """One polygon or multipolygon in the grid's CRS.

    Parameters
    ----------
    region : shapely polygon or multipolygon in the grid's CRS, or GeoSeries or GeoDataFrame of them
        What names its CRS is projected.
    grid : Grid

    Returns
    -------
    shapely.Polygon or shapely.MultiPolygon

    Raises
    ------
    ParameterError
    """
    if isinstance(region, gpd.GeoDataFrame):
        if region.active_geometry_name is None:
            message = "region is a GeoDataFrame without geometry: set one with set_geometry."
            raise ParameterError(message)
        region = region.geometry
    if isinstance(region, gpd.GeoSeries):
        region = _join_shapes(region, grid)
    if not isinstance(region, shapely.Geometry):
        message = f"region must be a polygon, a GeoSeries or a GeoDataFrame, got {type(region).__name__}."
        raise ParameterError(message)
    if region.geom_type not in {"Polygon", "MultiPolygon"} or region.is_empty:
        what = f"an empty {region.geom_type}" if region.is_empty else f"a {region.geom_type}"
        message = f"region must be a polygon or multipolygon with an area, got {what}."
        raise ParameterError(message)
    if not region.is_valid:
        message = f"region is not valid ({shapely.is_valid_reason(region)}); mend it with shapely.make_valid."
        raise ParameterError(message)
    if not region.intersects(shapely.box(*grid.bounds)):
        bounds = ", ".join(f"{value:g}" for value in region.bounds)
        message = (
            f"region ({bounds}) does not touch the grid ({', '.join(f'{value:g}' for value in grid.bounds)}, "
            f"{grid.crs}); give it in the grid's CRS, or as a GeoSeries that names its own."
        )
        raise ParameterError(message)
    return region


def _join_shapes(shapes: gpd.GeoSeries, grid: Grid) -> shapely.Geometry:
    if shapes.crs is not None and shapes.crs != grid.crs:
        shapes = shapes.to_crs(grid.crs)
    broken = shapes.notna() & ~shapes.is_valid
    if broken.any():
        first = shapes[broken].iloc[0]
        message = (
            f"region is not valid in {int(broken.sum())} of its shapes (index {shapes.index[broken][0]!r}: "
            f"{shapely.is_valid_reason(first)}); mend it with make_valid()."
        )
        raise ParameterError(message)
    return shapes.union_all()


def keep_cells(grid: Grid, region: shapely.Geometry | None = None) -> StudyCells:
    """The cells that are at least 99 % inside a region, or all of a grid.

    Parameters
    ----------
    grid : Grid
    region : shapely polygon, grid CRS, optional

    Returns
    -------
    StudyCells

    Raises
    ------
    ParameterError
        No cell is inside.
    MemoryLimitError
    """
    require_memory(grid.n_cells * _CELL_BYTES, "A back-test on this grid", "choose larger cells")
    kept = np.ones(grid.shape, dtype=np.bool_) if region is None else _find_inside(grid, region)
    row, col = np.nonzero(kept)
    if not len(row):
        message = (
            f"No cell of {grid.cell_m:g} m is at least {INSIDE_SHARE:.0%} inside the region; choose smaller cells or "
            f"a larger region."
        )
        raise ParameterError(message)
    number = np.full(grid.shape, -1, dtype=np.int64)
    number[row, col] = np.arange(len(row))
    for array in (row, col, number):
        array.flags.writeable = False
    return StudyCells(grid, row, col, number)


def _find_inside(grid: Grid, region: shapely.Geometry) -> NDArray[np.bool_]:
    shapely.prepare(region)
    half, inside = grid.cell_m / 2, np.zeros(grid.shape, dtype=np.bool_)
    height = max(1, _BAND_CELLS // grid.n_cols)
    for top in range(0, grid.n_rows, height):
        rows = slice(top, top + height)
        easting, northing = np.meshgrid(grid.easting, grid.northing[rows])
        boxes = shapely.box(easting - half, northing - half, easting + half, northing + half)
        whole = shapely.contains(region, boxes)
        cut = shapely.intersects(region, boxes) & ~whole
        share = shapely.area(shapely.intersection(boxes[cut], region)) / grid.cell_m**2
        whole[cut] = share >= INSIDE_SHARE - _ROUNDING
        inside[rows] = whole
    return inside


def count_cells(area_km2: float, grid: Grid) -> int:
    """How many whole cells an area holds, rounded down."""
    return math.floor(area_km2 / grid.cell_km2 * (1 + _ROUNDING))
