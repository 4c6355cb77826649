"""What scoring leaves behind: rasters, the manifest they were made by, and what follows from them at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.polygons import row_bands
from geo.reference import county_names
from geo.region import Region
from geo.risk.components.base import Source
from geo.risk.manifest import identify, make_manifest, surface_id
from geo.risk.model import ComponentModel, Model, saturate, unsaturate
from geo.risk.order import count_higher, sort_cells
from geo.risk.rasters import Rasters
from geo.risk.states import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, STATE_NAMES
from geo.risk.tiles import Inputs, prepare_inputs

__all__ = [
    "INSPECTED",
    "NEVER_INSPECTED",
    "NOTHING_KNOWN",
    "OUTSIDE",
    "STATE_NAMES",
    "ScoredSurface",
]


class ComponentValues(Mapping[str, NDArray[np.float32]]):
    """Rasters of a surface's components in their own units, computed one at a time, when asked for.

    From the layers; where those have changed since, back from the points, which leaves fewer digits.
    """

    def __init__(self, surface: ScoredSurface) -> None:
        self._surface = surface

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        surface = self._surface
        if surface.stale_layers:
            values = surface.unweigh(name, surface.contributions[name])
        else:
            values = surface.sources[name].raster(surface.grid)
        raster = values.astype(np.float32)
        raster[surface.state == OUTSIDE] = np.nan
        raster.flags.writeable = False
        return raster

    def __iter__(self) -> Iterator[str]:
        return iter(self._surface.model.weights)

    def __len__(self) -> int:
        return len(self._surface.model.weights)


@dataclass(frozen=True, eq=False)
class ScoredSurface:
    """Scores of every cell at one date.

    Attributes
    ----------
    grid : Grid, EPSG:3006
    at : date
    sectors : sector groups that were kept; None for all
    model : Model, with the weights used
    layers : Layers scored
    rasters : Rasters ``score``, ``state`` and one by each component's name
    recorded : the manifest of a surface that comes out of a store; None where it follows from the rest
    """

    grid: Grid
    at: date
    sectors: frozenset[str] | None
    model: Model
    layers: Layers
    rasters: Rasters
    recorded: Mapping[str, Any] | None = None

    @property
    def region(self) -> Region:
        """Region that was scored, from the layers' borders and localities."""
        return self.layers.region

    @property
    def score(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, 0 to 100, NaN outside the region, row 0 northmost."""
        return self.rasters["score"]

    @property
    def state(self) -> NDArray[np.uint8]:
        """(n_rows, n_cols) uint8, 0 outside, 1 nothing known here, 2 never inspected, 3 inspected."""
        return self.rasters["state"]

    @cached_property
    def contributions(self) -> Mapping[str, NDArray[np.float32]]:
        """Component name to (n_rows, n_cols) float32, points; they add up to the score."""
        return self.rasters.choose(self.model.weights)

    @property
    def components(self) -> Mapping[str, NDArray[np.float32]]:
        """Component name to (n_rows, n_cols) float32, component unit; each is computed when it is asked for."""
        return ComponentValues(self)

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """JSON-able, everything needed to make the same surface again, and what it looks like in figures."""
        return make_manifest(self) if self.recorded is None else self.recorded

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits from what makes two surfaces the same: equal inputs give equal ids."""
        return surface_id(identify(self) if self.recorded is None else self.recorded)

    @cached_property
    def inputs(self) -> Inputs:
        """What the rasters were computed from, prepared again when the surface comes out of a store."""
        return prepare_inputs(self.layers, self.at, self.sectors, self.model)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The components' inputs."""
        return self.inputs.sources

    @cached_property
    def stale_layers(self) -> tuple[str, ...]:
        """Layers whose content is no longer what was scored."""
        if self.recorded is None:
            return ()
        scored = {name: entry["sha256"] for name, entry in self.recorded["layers"].items()}
        names = sorted(set(scored) | set(self.layers.hashes))
        return tuple(name for name in names if scored.get(name) != self.layers.hashes.get(name))

    @property
    def ranked(self) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells with something to visit; only these are ranked and drawn.

        Made anew each time, because it is as large as the state: whoever walks over the rows reads that instead.
        """
        return self.state >= NEVER_INSPECTED

    @cached_property
    def n_ranked(self) -> int:
        """Number of cells with something to visit."""
        state = self.state
        return sum(int(np.count_nonzero(state[rows] >= NEVER_INSPECTED)) for rows in self.row_bands())

    @cached_property
    def best_first(self) -> NDArray[np.uint32]:
        """Flat positions of all ranked cells, the highest first; made for the first filter, and kept."""
        return sort_cells(self.score, self.state, self.row_bands())

    def rank_at(self, row: int, col: int) -> int:
        """Rank of a ranked cell: one more than the number of those with a higher score."""
        height = self.score[row, col]
        if "best_first" in self.__dict__:
            return count_higher(self.best_first, self.score, height) + 1
        # one rank is no reason to sort them all
        bands = self.row_bands()
        return 1 + sum(
            int(np.count_nonzero((self.score[at] > height) & (self.state[at] >= NEVER_INSPECTED))) for at in bands
        )

    def row_bands(self) -> Iterator[slice]:
        """Rows a few at a time: what is made for a million cells is small, whatever the grid."""
        return row_bands(slice(0, self.grid.n_rows), self.grid.n_cols)

    def value_at(self, component: str, row: int, col: int) -> float:
        """A component's value in one cell, recomputed in float64; from its points when the layers have changed."""
        if self.stale_layers:
            return float(self.unweigh(component, np.array(self.rasters.value(component, row, col))))
        return self.sources[component].value_at(self.grid, row, col)

    def unweigh(self, component: str, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """The value that gave a component its points; NaN for one without weight."""
        level = next(each.reference_level for each in self.model.components if each.name == component)
        return unsaturate(points, self.model.max_points[component], level)

    def points_at(self, component: ComponentModel, row: int, col: int) -> float:
        """Points that a component gives one cell, from `value_at`."""
        value = self.value_at(component.name, row, col)
        return self.model.max_points[component.name] * saturate(value, component.reference_level)

    def county_mask(self, county: str, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells of a county, in all rows or in some.

        Raises
        ------
        ParameterError
            Region Nord has no such county.
        """
        first, end = self.county_codes(county)
        raster = self.region.municipality_raster(self.grid)[rows]
        return (raster >= first) & (raster < end)

    def county_codes(self, county: str) -> tuple[int, int]:
        """First and last + 1 of a county's positions in the municipality raster; municipalities stand by code.

        Raises
        ------
        ParameterError
            Region Nord has no such county.
        """
        if county not in county_names():
            message = f"{county!r} is not a county of Region Nord; use one of {', '.join(county_names())}."
            raise ParameterError(message)
        counties = [code[:2] for code in self.region.codes]
        return bisect_left(counties, county), bisect_right(counties, county)

    def municipality_codes(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> list[str]:
        """Municipality of each cell; where borders were replaced since scoring, the nearest one, or ``""``."""
        position = self.region.municipality_raster(self.grid)[row, col]
        codes = np.append(np.array(self.region.codes, dtype=object), "")[position]
        lost = position < 0
        if lost.any():
            codes[lost] = self.region.municipality_at(self.grid.easting[col[lost]], self.grid.northing[row[lost]])
        return [str(code) for code in codes]
