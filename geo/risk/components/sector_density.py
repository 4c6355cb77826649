"""How much more common risk sectors are here than in the region: a location quotient from areal statistics.

Unit: ratio. Source: Isserman (1977), The location quotient approach to estimating regional economic impacts, Journal of
the American Institute of Planners 43; people stay where they are counted, as Tobler (1979) has it, Journal of the
American Statistical Association 74. The reasons in docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers import sectors as sectors_layer
from geo.layers.sectors import Areas
from geo.polygons import Polygons, row_bands, window_slices
from geo.recent import Recent
from geo.risk.components.base import Component, Driver, Layers, Source
from geo.risk.words import Sentence

__all__ = ["COMPONENT", "AreaSource", "Coded", "Spread"]

_N_GRIDS = 4
_N_SMALL_CODES = 65_536


@dataclass(frozen=True, eq=False)
class Coded:
    """A raster in which many cells are alike: ``values[codes]`` is the raster itself.

    Attributes
    ----------
    codes : (n_rows, n_cols) uint16, int32 where there are too many codes for that
    values : (n_codes,) float64
    """

    codes: NDArray[np.uint16] | NDArray[np.int32]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spread:
    """How areas' people come to a grid's cells: kinds of cells, and the people in a cell of each kind.

    Code 0 is a cell without people, code 1 + i a cell that area i owns alone; the codes above are one for each cell
    that holds areas which own no cell.

    Attributes
    ----------
    employees, risk_employees : (n_codes,) float64, per cell
    values : (n_codes,) float64, the quotient; read-only
    per_cell : (n_areas,) float64, share of an area's people that each of its cells gets
    single_cells : (n_areas,) int64, the one cell that holds an area which owns none, as row × columns + column, else -1
    shared_cells : (n,) int64, the cells that have a code of their own, ascending
    """

    employees: NDArray[np.float64]
    risk_employees: NDArray[np.float64]
    values: NDArray[np.float64]
    per_cell: NDArray[np.float64]
    single_cells: NDArray[np.int64]
    shared_cells: NDArray[np.int64]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type that holds every code."""
        return np.dtype(np.uint16 if len(self.values) <= _N_SMALL_CODES else np.int32)

    @property
    def first_shared(self) -> int:
        """Code of the first of the `shared_cells`."""
        return 1 + len(self.per_cell)


@dataclass(frozen=True, eq=False)
class AreaSource:
    """Areal statistics, and the quotient they give in each cell.

    An area's people are spread evenly over the cells whose centre it owns; an area that owns none puts them into the
    cell under its representative point. Where areas overlap, the one that comes last owns the cell.
    """

    areas: Areas
    _spreads: Recent[Grid, Spread] = field(default_factory=lambda: Recent(_N_GRIDS))

    def coded(self, grid: Grid, rows: slice | None = None, cols: slice | None = None) -> Coded:
        """The quotients as codes and a table, much smaller than `raster`.

        Parameters
        ----------
        grid : Grid, EPSG:3006
        rows, cols : slice without a step, optional
            A window of the grid; all of it when left out. A code means the same in every window.

        Returns
        -------
        Coded

        Raises
        ------
        ParameterError
        """
        rows, cols = window_slices(grid, rows, cols)
        spread = self.spread(grid)
        codes = self._paint_owners(grid, rows, cols, spread.dtype)
        row, col = np.divmod(spread.shared_cells, grid.n_cols)
        here = np.flatnonzero((row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop))
        codes[row[here] - rows.start, col[here] - cols.start] = spread.first_shared + here
        return Coded(codes, spread.values)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Share of risk employees in the cell over the frozen share in the region; 0 where nobody is counted."""
        coded = self.coded(grid)
        return coded.values[coded.codes]

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """The quotient in one cell."""
        coded = self.coded(grid, *_one_cell(row, col))
        return float(coded.values[coded.codes[0, 0]])

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """The areas whose people are counted in the cell, the largest share of risk employees first."""
        spread = self.spread(grid)
        total = float(spread.risk_employees[self.coded(grid, *_one_cell(row, col)).codes[0, 0]])
        if total <= 0:
            return ()
        owner = int(self._paint_owners(grid, *_one_cell(row, col))[0, 0])
        singles = np.flatnonzero(spread.single_cells == row * grid.n_cols + col)
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
            for position in (*([owner - 1] if owner else []), *singles)
        ]
        return tuple(sorted(drivers, key=lambda driver: (-driver.share, driver.record_id)))

    def spread(self, grid: Grid) -> Spread:
        """Bring the areas' people to the cells of a grid, mass conserved.

        ``spread(grid).employees[coded(grid).codes]`` are the employees in each cell. Counting an area's cells takes a
        pass over the whole grid; what it found is kept for the grids used last.

        Parameters
        ----------
        grid : Grid, EPSG:3006

        Returns
        -------
        Spread
        """
        spread = self._spreads.get(grid)
        return self._spreads.put(grid, self._bring_people(grid)) if spread is None else spread

    def _bring_people(self, grid: Grid) -> Spread:
        areas, n_areas = self.areas, len(self.areas.ids)
        n_cells = self._count_cells(grid)[1:]
        per_cell = np.divide(1.0, n_cells, out=np.zeros(n_areas), where=n_cells > 0)
        small = np.flatnonzero(n_cells == 0)
        points = shapely.point_on_surface(areas.geometry[small])
        row, col = grid.cell_at(shapely.get_x(points), shapely.get_y(points))
        single_cells = np.full(n_areas, -1, dtype=np.int64)
        single_cells[small] = np.where(row >= 0, row * grid.n_cols + col, -1)
        singles = np.flatnonzero(single_cells >= 0)
        shared_cells, shared = np.unique(single_cells[singles], return_inverse=True)
        owners = self._owners_of(grid, *np.divmod(shared_cells, grid.n_cols))

        def bring(people: NDArray[np.float64]) -> NDArray[np.float64]:
            alone = np.concatenate([[0.0], people * per_cell])
            together = alone[owners]
            np.add.at(together, shared, people[singles])
            return np.concatenate([alone, together])

        employees, risk_employees = bring(areas.employees), bring(areas.risk_employees)
        expected = employees * areas.share
        values = np.divide(risk_employees, expected, out=np.zeros(len(expected)), where=expected > 0)
        values.flags.writeable = False
        per_cell[singles] = 1.0
        return Spread(employees, risk_employees, values, per_cell, single_cells, shared_cells)

    def _count_cells(self, grid: Grid) -> NDArray[np.int64]:
        """(1 + n_areas,) int64: how many cells have which owner's code, the first one nobody's."""
        n_cells = np.zeros(1 + len(self.areas.ids), dtype=np.int64)
        for band in row_bands(slice(0, grid.n_rows), grid.n_cols):
            owners = self._paint_owners(grid, band, slice(0, grid.n_cols))
            n_cells += np.bincount(owners.reshape(-1), minlength=len(n_cells))
        return n_cells

    def _owners_of(self, grid: Grid, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) int64: code of the owner of each cell."""
        found = np.zeros(len(row), dtype=np.int64)
        for band in row_bands(slice(0, grid.n_rows), grid.n_cols):
            here = np.flatnonzero((row >= band.start) & (row < band.stop))
            if here.size:
                owners = self._paint_owners(grid, band, slice(0, grid.n_cols))
                found[here] = owners[row[here] - band.start, col[here]]
        return found

    def _paint_owners(
        self, grid: Grid, rows: slice, cols: slice, dtype: np.dtype[Any] | type = np.int32
    ) -> NDArray[Any]:
        """Codes of a window's owners: 1 + the area's position, 0 for none."""
        owners = np.zeros((rows.stop - rows.start, cols.stop - cols.start), dtype=dtype)
        self._polygons.paint(owners, grid, rows, cols, codes=np.arange(1, 1 + len(self.areas.ids)))
        return owners

    @cached_property
    def _polygons(self) -> Polygons:
        return Polygons(self.areas.geometry)


def _one_cell(row: int, col: int) -> tuple[slice, slice]:
    return slice(row, row + 1), slice(col, col + 1)


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Areas with their employees, all and in the sectors asked for."""
    return AreaSource(sectors_layer.to_arrays(layers["sectors"], at, sectors, parameters))


def describe(
    value: float,
    drivers: tuple[Driver, ...],  # noqa: ARG001
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """The quotient in words, where it speaks for the place and not against it."""
    if value <= 1:
        return ()
    return (Sentence("Risk sectors are {ratio} times as common here as in the whole region.", {"ratio": value}),)


COMPONENT = Component(
    "sector_density", reads=("sectors",), is_exposure=False, prepare=prepare, describe=describe, is_dated=False
)
