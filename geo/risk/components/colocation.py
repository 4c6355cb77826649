"""Housing not meant for living, close to a workplace in a risk sector: the first sign of trafficking for labour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import shapely

from geo.layers import accommodation, workplaces
from geo.layers.base import Points
from geo.reference import are_meant_for_living
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source
from geo.risk.words import Sentence

__all__ = ["COMPONENT", "find_pairs"]


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
        housing, ``group`` the sector group of the workplace.
    """
    if not len(housing) or not len(work):
        return Points.empty()
    tree = shapely.STRtree(shapely.points(work.easting, work.northing))
    house, job = tree.query(shapely.points(housing.easting, housing.northing), "dwithin", within_m)
    order = np.lexsort((job, house))
    house, job = house[order], job[order]
    distance = np.hypot(housing.easting[house] - work.easting[job], housing.northing[house] - work.northing[job])
    closeness = np.maximum(1 - (distance / within_m) ** 2, 0) ** 2
    weight = (housing.weight / housing.size)[house] * (work.weight / work.size)[job] * closeness
    return Points(
        ids=housing.ids[house],
        group=work.group[job],
        easting=housing.easting[house],
        northing=housing.northing[house],
        weight=weight,
        size=np.ones(len(house)),
        bandwidth_m=np.full(len(house), bandwidth_m),
    )


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Pairs within ``colocation_m`` on the scoring date."""
    housing = accommodation.to_arrays(_not_for_living(layers["accommodation"]), at, sectors, parameters)
    work = workplaces.to_arrays(layers["workplaces"], at, sectors, parameters)
    pairs = find_pairs(housing, work, parameters["colocation_m"], parameters["colocation_bandwidth_m"])
    return PointSource("accommodation", pairs)


def _not_for_living(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[~are_meant_for_living(frame["housing_type"])]


def describe(value: float, drivers: tuple[Driver, ...]) -> tuple[Sentence, ...]:  # noqa: ARG001
    """How many housing sites, and with how many workplaces beside them."""
    if not drivers:
        return ()
    values = {
        "sites": len(drivers),
        "pairs": round(sum(driver.size for driver in drivers)),
        "km": max(driver.distance_m for driver in drivers) / 1000,
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
