"""What a component is: prepared inputs that give a raster, an exact value at one place, and the records behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.density import kernel_density, kernel_values
from geo.grid import Grid
from geo.layers.base import Points
from geo.points import Group, sort_points
from geo.risk.words import Sentence

__all__ = ["Component", "Driver", "PointSource", "Source"]

Layers = Mapping[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Driver:
    """A record behind a component's value at one place.

    Attributes
    ----------
    record_id, layer, group : str
    size : float, plain quantity of the record (employees, beds, findings, workers, pairs)
    distance_m : float, m, from the place to the nearest part of the record
    easting, northing : float, m, EPSG:3006
    share : float, 0 to 1, part of the component's value that this record makes
    """

    record_id: str
    layer: str
    group: str
    size: float
    distance_m: float
    easting: float
    northing: float
    share: float


class Source(Protocol):
    """A component's inputs, prepared for one date and choice of sectors."""

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """(n_rows, n_cols) float64, component unit."""

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """The same value in one cell, recomputed in float64."""

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """Every record that adds to the value of a cell, the largest share first."""


@dataclass(frozen=True)
class Component:
    """A component of the score.

    Attributes
    ----------
    name : str
    reads : the layers that it is made of
    is_exposure : whether a value above 0 means that there is something here to visit
    prepare : (layers, at, sectors, parameters) → Source
    describe : (value, drivers) → sentences that say in words what stands behind the value
    """

    name: str
    reads: tuple[str, ...]
    is_exposure: bool
    prepare: Callable[[Layers, date, frozenset[str] | None, Mapping[str, float]], Source]
    describe: Callable[[float, tuple[Driver, ...]], tuple[Sentence, ...]]


@dataclass(frozen=True, eq=False)
class PointSource:
    """Weighted points of one layer, spread by a quartic kernel with each point's own bandwidth."""

    layer: str
    points: Points

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The points by bandwidth, smallest first."""
        points = self.points
        chosen = [(float(b), points.take(points.bandwidth_m == b)) for b in np.unique(points.bandwidth_m)]
        return tuple(Group(*sort_points(some.easting, some.northing, some.weight), b) for b, some in chosen)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Density at every cell centre."""
        total = np.zeros(grid.shape)
        for group in self.groups:
            total += kernel_density(group.easting, group.northing, group.weight, grid, group.bandwidth_m)
        return total

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """Density at one cell's centre."""
        return float(self._amounts(*grid.centre(row, col)).sum())

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """Records within reach, the largest share first; a line's points count as one record."""
        easting, northing = grid.centre(row, col)
        amounts = self._amounts(easting, northing)
        near = np.flatnonzero(amounts > 0)
        if not near.size:
            return ()
        points, amounts = self.points.take(near), amounts[near]
        distance = np.hypot(points.easting - easting, points.northing - northing)
        ids, record = np.unique(points.ids.astype(str), return_inverse=True)
        amount = np.bincount(record, amounts)
        size = np.bincount(record, points.size)
        nearest = np.lexsort((distance, record))
        first = nearest[np.searchsorted(record[nearest], np.arange(len(ids)))]
        order = np.lexsort((ids, -amount))
        total = amount.sum()
        return tuple(
            Driver(
                record_id=str(ids[i]),
                layer=self.layer,
                group=str(points.group[first[i]]),
                size=float(size[i]),
                distance_m=float(distance[first[i]]),
                easting=float(points.easting[first[i]]),
                northing=float(points.northing[first[i]]),
                share=float(amount[i] / total),
            )
            for i in order
        )

    def _amounts(self, easting: float, northing: float) -> NDArray[np.float64]:
        points = self.points
        return kernel_values(points.easting, points.northing, points.weight, points.bandwidth_m, (easting, northing))
