"""How much more common risk sectors are here than in the region: a location quotient from areal statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers import sectors as sectors_layer
from geo.layers.sectors import Areas
from geo.risk.components.base import Component, Driver, Layers, Source
from geo.risk.words import Sentence

__all__ = ["COMPONENT", "AreaSource", "Spread", "spread_mass"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Areas' employees brought to cells.

    Attributes
    ----------
    employees, risk_employees : (n_rows, n_cols) float64, per cell
    owner : (n_rows, n_cols) int32, position of the area that owns the cell, -1 for none
    per_cell : (n_areas,) float64, share of an area's people that each of its cells gets
    single_row, single_col : (n_areas,) int64, the one cell that holds an area which owns none, else -1
    """

    employees: NDArray[np.float64]
    risk_employees: NDArray[np.float64]
    owner: NDArray[np.int32]
    per_cell: NDArray[np.float64]
    single_row: NDArray[np.int64]
    single_col: NDArray[np.int64]

    def areas_in(self, row: int, col: int) -> NDArray[np.int64]:
        """Positions of the areas that have people in a cell."""
        singles = np.flatnonzero((self.single_row == row) & (self.single_col == col))
        owner = self.owner[row, col]
        return singles if owner < 0 else np.append(owner, singles)


def spread_mass(areas: Areas, grid: Grid) -> Spread:
    """Bring areas' employees to cells, mass conserved.

    An area's people are spread evenly over the cells whose centre it owns; an area that owns none puts them into the
    cell under its representative point. Where areas overlap, the one that comes last owns the cell.

    Parameters
    ----------
    areas : Areas
    grid : Grid, EPSG:3006

    Returns
    -------
    Spread
    """
    n_areas = len(areas.ids)
    owner = np.full(grid.shape, -1, dtype=np.int32)
    if n_areas:
        shapes = [(geometry, position) for position, geometry in enumerate(areas.geometry)]
        owner = rasterio.features.rasterize(
            shapes, out_shape=grid.shape, transform=rasterio.Affine(*grid.transform), fill=-1, dtype="int32"
        )
    owned = owner >= 0
    n_cells = np.bincount(owner[owned], minlength=n_areas)
    single_row, single_col = np.full(n_areas, -1), np.full(n_areas, -1)
    small = np.flatnonzero(n_cells == 0)
    points = shapely.point_on_surface(areas.geometry[small])
    single_row[small], single_col[small] = grid.cell_at(shapely.get_x(points), shapely.get_y(points))
    per_cell = np.divide(1.0, n_cells, out=np.zeros(n_areas), where=n_cells > 0)
    per_cell[single_row >= 0] = 1.0

    def bring(people: NDArray[np.float64]) -> NDArray[np.float64]:
        cells = np.zeros(grid.shape)
        cells[owned] = (people * per_cell)[owner[owned]]
        on_grid = single_row >= 0
        np.add.at(cells, (single_row[on_grid], single_col[on_grid]), people[on_grid])
        return cells

    return Spread(bring(areas.employees), bring(areas.risk_employees), owner, per_cell, single_row, single_col)


@dataclass(frozen=True, eq=False)
class AreaSource:
    """Areal statistics, and the quotient they give in each cell."""

    areas: Areas
    _spreads: dict[Grid, Spread] = field(default_factory=dict)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Share of risk employees in the cell over the frozen share in the region; 0 where nobody is counted."""
        spread = self._spread(grid)
        expected = spread.employees * self.areas.share
        return np.divide(spread.risk_employees, expected, out=np.zeros(grid.shape), where=expected > 0)

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """The quotient in one cell."""
        spread = self._spread(grid)
        expected = float(spread.employees[row, col]) * self.areas.share
        return float(spread.risk_employees[row, col]) / expected if expected > 0 else 0.0

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """The areas whose people are counted in the cell, the largest share of risk employees first."""
        spread = self._spread(grid)
        total = float(spread.risk_employees[row, col])
        if total <= 0:
            return ()
        easting, northing = grid.centre(row, col)
        drivers = [
            Driver(
                record_id=str(self.areas.ids[position]),
                layer="sectors",
                group="area",
                size=float(self.areas.employees[position]),
                distance_m=0.0,
                easting=easting,
                northing=northing,
                share=float(self.areas.risk_employees[position] * spread.per_cell[position] / total),
            )
            for position in spread.areas_in(row, col)
        ]
        return tuple(sorted(drivers, key=lambda driver: (-driver.share, driver.record_id)))

    def _spread(self, grid: Grid) -> Spread:
        if grid not in self._spreads:
            self._spreads[grid] = spread_mass(self.areas, grid)
        return self._spreads[grid]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Areas with their employees, all and in the sectors asked for."""
    return AreaSource(sectors_layer.to_arrays(layers["sectors"], at, sectors, parameters))


def describe(value: float, drivers: tuple[Driver, ...]) -> tuple[Sentence, ...]:  # noqa: ARG001
    """The quotient in words, where it speaks for the place and not against it."""
    if value <= 1:
        return ()
    return (Sentence("Risk sectors are {ratio} times as common here as in the whole region.", {"ratio": value}),)


COMPONENT = Component("sector_density", is_exposure=False, prepare=prepare, describe=describe)
