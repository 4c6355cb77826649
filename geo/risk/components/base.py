"""What a component is: prepared inputs that give a raster, an exact value at one place, and the records behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple, Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.density import kernel_density, kernel_values
from geo.grid import Grid
from geo.layers.base import Points
from geo.layers.spread import count_rings, disc_pattern, spread_points
from geo.points import Group, sort_points
from geo.risk.words import Sentence

__all__ = ["Component", "Driver", "PointSource", "Source", "count_records", "reach_of"]

Layers = Mapping[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Driver:
    """A record behind a component's value at one place.

    Attributes
    ----------
    record_id, layer, group : str
    size : float, plain quantity of the record within reach (employees, beds, findings, workers, pairs)
    distance_m : float, m, from the place to the nearest part of the record
    easting, northing : float, m, EPSG:3006
    share : float, 0 to 1, part of the component's value that this record makes
    spread_m : float, m, radius within which the record lies; 0 where its position is known
    presence : float, 0 to 1, how much of that circle is within reach; 1 where the position is known
    farthest_m : float, m, from the place to the farthest part of that circle within reach; 0 where it is no circle
    on : day of the record, YYYY-MM-DD; "" where it has none
    """

    record_id: str
    layer: str
    group: str
    size: float
    distance_m: float
    easting: float
    northing: float
    share: float
    spread_m: float = 0.0
    presence: float = 1.0
    farthest_m: float = 0.0
    on: str = ""


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
    is_exposure : whether a density of records above 0 means that there is something here to visit
    prepare : (layers, at, sectors, parameters) → Source
    describe : (value, drivers, parameters) → sentences that say in words what stands behind the value
    is_dated : whether it depends on the scoring date
    describe_in_sectors : the same as `describe` where sectors are chosen; None where nothing else is to be said
    """

    name: str
    reads: tuple[str, ...]
    is_exposure: bool
    prepare: Callable[[Layers, date, frozenset[str] | None, Mapping[str, float]], Source]
    describe: Callable[[float, tuple[Driver, ...], Mapping[str, float]], tuple[Sentence, ...]]
    is_dated: bool = True
    describe_in_sectors: Callable[[float, tuple[Driver, ...], Mapping[str, float]], tuple[Sentence, ...]] | None = None


def count_records(drivers: Iterable[Driver]) -> int:
    """How many records are within reach, those with a vague position by how much of them is; at least one."""
    return max(1, round(sum(min(1.0, driver.presence) for driver in drivers)))


def reach_of(drivers: Iterable[Driver]) -> float:
    """How far away the farthest of some records may be, km."""
    return max(max(driver.distance_m, driver.farthest_m) for driver in drivers) / 1000


@dataclass(frozen=True, eq=False)
class PointSource:
    """Weighted points of one layer, some over a circle, spread by a quartic kernel with each point's own bandwidth."""

    layer: str
    points: Points

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The points by bandwidth, smallest first."""
        points = self.points
        chosen = [(float(b), points.take(points.bandwidth_m == b)) for b in np.unique(points.bandwidth_m)]
        spread = ((spread_points(some.easting, some.northing, some.weight, some.spread_m, b), b) for b, some in chosen)
        return tuple(Group(*sort_points(*pieces), b) for pieces, b in spread)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Density at every cell centre."""
        total = np.zeros(grid.shape)
        for group in self.groups:
            total += kernel_density(group.easting, group.northing, group.weight, grid, group.bandwidth_m)
        return total

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """Density at one cell's centre."""
        return float(self._amounts(*grid.centre(row, col)).value.sum())

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """Records within reach, the largest share first; a line's points count as one record."""
        easting, northing = grid.centre(row, col)
        everywhere = self._amounts(easting, northing)
        near = np.flatnonzero(everywhere.value > 0)
        if not near.size:
            return ()
        amounts, presence, farthest = (each[near] for each in everywhere)
        points = self.points.take(near)
        distance = np.hypot(points.easting - easting, points.northing - northing)
        distance = np.maximum(distance - points.spread_m, 0)
        ids, record = np.unique(points.ids.astype(str), return_inverse=True)
        amount = np.bincount(record, amounts)
        size = np.bincount(record, points.size * presence)
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
                spread_m=float(points.spread_m[first[i]]),
                presence=float(presence[first[i]]),
                farthest_m=float(farthest[first[i]]),
                on="" if np.isnat(points.on[first[i]]) else str(points.on[first[i]]),
            )
            for i in order
        )

    def _amounts(self, easting: float, northing: float) -> _Amounts:
        """What each point adds at a place."""
        points = self.points
        value = kernel_values(points.easting, points.northing, points.weight, points.bandwidth_m, (easting, northing))
        presence, farthest = np.ones(len(points)), np.zeros(len(points))
        wide = np.flatnonzero(points.spread_m > 0)
        if wide.size:
            away = np.hypot(points.easting[wide] - easting, points.northing[wide] - northing)
            is_near = away < points.spread_m[wide] + points.bandwidth_m[wide]
            value[wide[~is_near]] = 0.0
            wide = wide[is_near]
            circles = np.column_stack([points.easting, points.northing, points.spread_m, points.bandwidth_m])[wide]
            distinct, which = np.unique(circles, axis=0, return_inverse=True)
            parts = [_circle_at(circle, (easting, northing)) for circle in distinct.tolist()]
            density, presence[wide], farthest[wide] = np.array(parts).reshape(-1, 3)[which.reshape(-1)].T
            value[wide] = points.weight[wide] * density
        return _Amounts(value, presence, farthest)


class _Amounts(NamedTuple):
    """What points add at a place; how much of each is within reach, and how far away that is, where it is a circle."""

    value: NDArray[np.float64]
    presence: NDArray[np.float64]
    farthest_m: NDArray[np.float64]


def _circle_at(circle: Sequence[float], at: tuple[float, float]) -> tuple[float, float, float]:
    """Density at a place of a unit weight spread over a circle, the share of its pieces within reach, and their reach.

    A circle is the easting and northing of its middle, its radius and the bandwidth, m.
    """
    x, y, spread_m, bandwidth_m = circle
    pieces = disc_pattern(count_rings(spread_m, bandwidth_m)) * spread_m + (x, y)
    weight = np.full(len(pieces), 1 / len(pieces))
    values = kernel_values(pieces[:, 0], pieces[:, 1], weight, bandwidth_m, at)
    away = np.hypot(pieces[:, 0] - at[0], pieces[:, 1] - at[1])[values > 0]
    return float(values.sum()), len(away) / len(pieces), float(away.max(initial=0.0))
