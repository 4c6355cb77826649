"""Places of a gazetteer as circles: where the middle is, and how far from it the place reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.reference import read_table

__all__ = ["Extents", "measure_places"]


@dataclass(frozen=True, eq=False)
class Extents:
    """Places as their table has them.

    Attributes
    ----------
    kind, key, municipality : (n,) str objects; key is normalised, municipality a code or ``""``
    geometry : (n,) points or polygons, EPSG:3006
    extent_m : (n,) float64, m, radius that the table gives; NaN where it gives none
    population : (n,) float64, inhabitants; NaN where they are not known
    """

    kind: NDArray[np.object_]
    key: NDArray[np.object_]
    municipality: NDArray[np.object_]
    geometry: NDArray[np.object_]
    extent_m: NDArray[np.float64]
    population: NDArray[np.float64]


def measure_places(places: Extents) -> pd.DataFrame:
    """Each place once, as a circle.

    The radius is the one given, else that of a circle as large as the polygon. Rows of one name in one municipality are
    one place, as wide as they lie apart. A postcode that is a single point reaches half the way to the nearest other
    one; a locality is as wide as those of so many inhabitants are; else what is usual for its kind is taken. Table
    ``precisions`` has the figures, and the limits that hold for all of these.

    Parameters
    ----------
    places : Extents

    Returns
    -------
    DataFrame
        Columns ``place_kind``, ``key``, ``municipality``, ``easting``, ``northing`` (m, EPSG:3006), ``spread_m``; in
        the order in which the places first come.
    """
    ids = pd.MultiIndex.from_arrays([places.kind, places.key, places.municipality])
    group, names = pd.factorize(ids)
    n = len(names)
    area = shapely.area(places.geometry)
    centre = shapely.get_coordinates(shapely.centroid(places.geometry))
    own = np.where(np.isnan(places.extent_m), np.sqrt(area / np.pi), places.extent_m)
    # polygons weigh by their area, points alike
    weight = np.where(area > 0, area, 1.0)
    total = np.bincount(group, weight, n)
    middle = np.column_stack([np.bincount(group, weight * centre[:, axis], n) / total for axis in (0, 1)])
    away = np.hypot(*(centre - middle[group]).T)
    reach = np.zeros(n)
    np.maximum.at(reach, group, away + own)
    is_area = np.bincount(group, (area > 0) & np.isnan(places.extent_m), n) == np.bincount(group, minlength=n)
    reach[is_area] = np.sqrt(np.bincount(group, area, n)[is_area] / np.pi)
    kind = np.array([name[0] for name in names], dtype=object)
    population = np.bincount(group, np.nan_to_num(places.population), n).astype(np.float64)
    reach = _fill(kind, middle, reach, population)
    return pd.DataFrame(
        {
            "place_kind": kind,
            "key": np.array([name[1] for name in names], dtype=object),
            "municipality": np.array([name[2] for name in names], dtype=object),
            "easting": middle[:, 0],
            "northing": middle[:, 1],
            "spread_m": reach,
        }
    )


def _fill(
    kind: NDArray[np.object_],
    middle: NDArray[np.float64],
    reach: NDArray[np.float64],
    population: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Radii where the table gives none."""
    unknown = reach == 0
    filled = reach.copy()
    for code, (low, usual, high, factor_km2, exponent) in _limits().items():
        rows = np.flatnonzero((kind == code) & unknown)
        guess = np.full(len(rows), usual)
        if code == "postcode":
            guess = _half_way(middle[kind == code], middle[rows], usual)
        elif np.isfinite(factor_km2):
            peopled = population[rows] > 0
            guess[peopled] = np.sqrt(factor_km2 * population[rows][peopled] ** exponent / np.pi) * 1_000
        filled[rows] = np.clip(guess, low, high)
    return filled


def _half_way(all_places: NDArray[np.float64], places: NDArray[np.float64], usual_m: float) -> NDArray[np.float64]:
    """Half the distance to the nearest other place; those at the same spot are not other."""
    spots = np.unique(all_places, axis=0)
    if len(spots) < 2 or not len(places):  # noqa: PLR2004  there is no other
        return np.full(len(places), usual_m)
    tree = shapely.STRtree(shapely.points(spots))
    (place, _), distance = tree.query_nearest(
        shapely.points(places), exclusive=True, all_matches=False, return_distance=True
    )
    half = np.full(len(places), usual_m)
    half[place] = distance / 2
    return half


@lru_cache(maxsize=1)
def _limits() -> dict[str, tuple[float, ...]]:
    columns = ["spread_low_m", "spread_m", "spread_high_m", "area_factor_km2", "area_exponent"]
    table = read_table("precisions").set_index("precision")[columns]
    return {str(code): tuple(row) for code, row in zip(table.index, table.to_numpy(dtype=float), strict=True)}
