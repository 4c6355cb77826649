"""Housing not meant for living, close to a workplace in a risk sector: the first sign of trafficking for labour.

Unit: weighted pairs/km². Source: the coordinators' first sign of trafficking for labour (``indicators``,
``lives_at_workplace``). The reasons in docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.layers import accommodation
from geo.layers.base import Points
from geo.reference import are_meant_for_living
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.components.closeness import expect_closeness
from geo.risk.components.workplaces import recall_points
from geo.risk.words import Sentence

__all__ = ["COMPONENT", "Pairs", "find_ends", "find_pairs", "match_pairs"]

# of a pair wall to wall
_LEAST_CLOSENESS = 1e-3


class Pairs(NamedTuple):
    """Housing and workplaces that are close to each other.

    Attributes
    ----------
    house, job : (n,) int64, positions among the housing and among the workplaces
    closeness : (n,) float64, 0 to 1, ``(1 − (d / within)²)²``; the mean where an end is known to a circle only
    probability : (n,) float64, 0 to 1, that the two are within reach; 1 where both positions are known
    weight : (n,) float64, unsuitability × sector risk × seasons × closeness
    """

    house: NDArray[np.int64]
    job: NDArray[np.int64]
    closeness: NDArray[np.float64]
    probability: NDArray[np.float64]
    weight: NDArray[np.float64]


def match_pairs(housing: Points, work: Points, within_m: float) -> Pairs:
    """Which housing site and which workplace are a pair, by housing.

    Parameters
    ----------
    housing : Points of accommodation not meant for living
    work : Points of workplaces in risk sectors
    within_m : float, m, > 0; pairs further apart weigh nothing

    Returns
    -------
    Pairs
        Those of which an end is known to a circle only, and whose mean closeness is below a thousandth, are left out.
    """
    if not len(housing) or not len(work):
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
        return Pairs(none, none, nothing, nothing, nothing)
    house, job = _meet(housing, work, within_m)
    closeness, probability = _compare(housing.take(house), work.take(job), within_m)
    vague = np.maximum(housing.spread_m[house], work.spread_m[job]) > 0
    kept = np.flatnonzero(~vague | (closeness >= _LEAST_CLOSENESS))
    house, job, closeness, probability = house[kept], job[kept], closeness[kept], probability[kept]
    weight = (housing.weight / housing.size)[house] * (work.weight / work.size)[job] * closeness
    return Pairs(house, job, closeness, probability, weight)


def find_pairs(housing: Points, work: Points, within_m: float, bandwidth_m: float) -> Points:
    """Pairs of a housing site and a workplace, placed at the housing.

    Parameters
    ----------
    housing : Points of accommodation not meant for living
    work : Points of workplaces in risk sectors
    within_m : float, m, > 0; pairs further apart weigh nothing
    bandwidth_m : float, m

    Returns
    -------
    Points
        One per pair: ``weight`` = unsuitability × sector risk × season × (1 − (d / within)²)², ``size`` 1, ``ids`` the
        housing, ``group`` the sector group of the workplace. Where an end is known to a circle only, the mean over the
        circle is taken, ``size`` is the probability that the two are within reach, and the pair stands at the end that
        is known better; pairs with a mean below a thousandth are left out.
    """
    if not len(housing) or not len(work):
        return Points.empty()
    house, job, _, probability, weight = match_pairs(housing, work, within_m)
    spread, other = housing.spread_m[house], work.spread_m[job]
    # a pair stands at the end that is known better
    at_work = other < spread
    return Points(
        ids=housing.ids[house],
        group=work.group[job],
        easting=np.where(at_work, work.easting[job], housing.easting[house]),
        northing=np.where(at_work, work.northing[job], housing.northing[house]),
        weight=weight,
        size=probability,
        bandwidth_m=np.full(len(house), bandwidth_m),
        spread_m=np.minimum(spread, other),
    )


def _compare(homes: Points, jobs: Points, within_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Closeness of each pair and the probability that it is one; the means where an end is known to a circle only."""
    distance = np.hypot(homes.easting - jobs.easting, homes.northing - jobs.northing)
    closeness = np.maximum(1 - (distance / within_m) ** 2, 0) ** 2
    probability = np.ones(len(homes))
    small, large = np.minimum(homes.spread_m, jobs.spread_m), np.maximum(homes.spread_m, jobs.spread_m)
    vague = np.flatnonzero(large > 0)
    if vague.size:
        means = expect_closeness(distance[vague], small[vague], large[vague], within_m)
        closeness[vague], probability[vague] = means
    return closeness, probability


def _meet(housing: Points, work: Points, within_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of housing and workplaces that may be within a distance of each other, by housing."""
    # beyond this radius the two are hardly ever side by side
    widest_m = within_m / math.sqrt(3 * _LEAST_CLOSENESS)
    homes = np.flatnonzero(housing.spread_m <= widest_m)
    points = shapely.points(housing.easting[homes], housing.northing[homes])
    found = []
    for of_kind in (work.spread_m == 0, (work.spread_m > 0) & (work.spread_m <= widest_m)):
        jobs = np.flatnonzero(of_kind)
        if not jobs.size:
            continue
        tree = shapely.STRtree(shapely.points(work.easting[jobs], work.northing[jobs]))
        reach = within_m + housing.spread_m[homes] + work.spread_m[jobs].max()
        house, job = tree.query(points, "dwithin", reach)
        found.append((homes[house], jobs[job]))
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    house, job = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((job, house))
    return house[order], job[order]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Pairs within ``colocation_m`` on the scoring date."""
    housing, work = find_ends(layers, at, sectors, parameters)
    pairs = find_pairs(housing, work, parameters["colocation_m"], parameters["colocation_bandwidth_m"])
    return PointSource("accommodation", pairs)


def find_ends(
    layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]
) -> tuple[Points, Points]:
    """Housing not meant for living, and workplaces in risk sectors, of a day: what pairs are made of."""
    housing = accommodation.to_arrays(_not_for_living(layers["accommodation"]), at, sectors, parameters)
    return housing, recall_points(layers, at, sectors)


def _not_for_living(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[~are_meant_for_living(frame["housing_type"])]


def describe(
    value: float,  # noqa: ARG001
    drivers: tuple[Driver, ...],
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """How many housing sites, and with how many workplaces beside them."""
    if not drivers:
        return ()
    values = {
        "sites": count_records(drivers),
        "pairs": round(sum(driver.size for driver in drivers)),
        "km": reach_of(drivers),
    }
    return (
        Sentence(
            "Unsuitable housing next to workplaces in risk sectors, within {km} km: {sites} "
            "(housing and workplace pairs: {pairs}).",
            values,
        ),
    )


COMPONENT = Component(
    "colocation", reads=("accommodation", "workplaces"), is_exposure=True, prepare=prepare, describe=describe
)
