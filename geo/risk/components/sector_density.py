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

__all__ = ["COMPONENT", "AreaSource", "spread_mass"]


def spread_mass(areas: Areas, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Bring areas' employees to cells, mass conserved.

    An area's people are spread evenly over the cells whose centre it owns; an area that owns none puts them into the
    cell under its representative point.

    Parameters
    ----------
    areas : Areas
    grid : Grid, EPSG:3006

    Returns
    -------
    employees, risk_employees : (n_rows, n_cols) float64, per cell
    owner : (n_rows, n_cols) int64, position of the area that owns the cell, -1 for none
    """
    owner = np.full(grid.shape, -1, dtype=np.int64)
    if len(areas.ids):
        shapes = [(geometry, position) for position, geometry in enumerate(areas.geometry)]
        owner = rasterio.features.rasterize(
            shapes, out_shape=grid.shape, transform=rasterio.Affine(*grid.transform), fill=-1, dtype="int32"
        ).astype(np.int64)
    owned = owner >= 0
    n_cells = np.bincount(owner[owned], minlength=len(areas.ids))
    per_cell = np.divide(1.0, n_cells, out=np.zeros(len(areas.ids)), where=n_cells > 0)
    employees, risk = np.zeros(grid.shape), np.zeros(grid.shape)
    employees[owned] = (areas.employees * per_cell)[owner[owned]]
    risk[owned] = (areas.risk_employees * per_cell)[owner[owned]]
    small = np.flatnonzero(n_cells == 0)
    points = shapely.point_on_surface(areas.geometry[small])
    rows, cols = grid.cell_at(shapely.get_x(points), shapely.get_y(points))
    on_grid = rows >= 0
    np.add.at(employees, (rows[on_grid], cols[on_grid]), areas.employees[small][on_grid])
    np.add.at(risk, (rows[on_grid], cols[on_grid]), areas.risk_employees[small][on_grid])
    return employees, risk, owner


@dataclass(frozen=True, eq=False)
class AreaSource:
    """Areal statistics, and the quotient they give in each cell."""

    areas: Areas
    _rasters: dict[Grid, NDArray[np.float64]] = field(default_factory=dict)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Share of risk employees in the cell over the frozen share in the region; 0 where nobody is counted."""
        if grid not in self._rasters:
            employees, risk, _ = spread_mass(self.areas, grid)
            scale = self.areas.share
            quotient = np.divide(risk, employees * scale, out=np.zeros(grid.shape), where=(employees > 0) & (scale > 0))
            self._rasters[grid] = quotient
        return self._rasters[grid]

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """The quotient in one cell."""
        return float(self.raster(grid)[row, col])

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """The area around the cell's centre."""
        easting, northing = grid.centre(row, col)
        around = shapely.intersects_xy(self.areas.geometry, easting, northing)
        total = self.areas.risk_employees[around].sum()
        return tuple(
            Driver(
                record_id=str(self.areas.ids[position]),
                layer="sectors",
                group="area",
                size=float(self.areas.employees[position]),
                distance_m=0.0,
                easting=easting,
                northing=northing,
                share=float(self.areas.risk_employees[position] / total),
            )
            for position in np.flatnonzero(around)
            if total > 0
        )


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Areas with their employees, all and in the sectors asked for."""
    return AreaSource(sectors_layer.to_arrays(layers["sectors"], at, sectors, parameters))


def describe(value: float, drivers: tuple[Driver, ...]) -> tuple[Sentence, ...]:  # noqa: ARG001
    """The quotient in words."""
    if value <= 0:
        return ()
    return (Sentence("Risk sectors are {ratio} times as common here as in the whole region.", {"ratio": value}),)


COMPONENT = Component("sector_density", is_exposure=False, prepare=prepare, describe=describe)
