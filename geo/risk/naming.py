"""Names for places: the locality a cell lies in, or how far and which way from the nearest one."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import shapely

from geo.risk.words import Sentence

__all__ = ["name_place"]

_IN_PLACE_M = 2_000.0
_COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def name_place(localities: gpd.GeoDataFrame, easting: float, northing: float) -> Sentence:
    """Say where a point is, by the nearest locality.

    Parameters
    ----------
    localities : GeoDataFrame with ``name`` and points, EPSG:3006
    easting, northing : float, m, EPSG:3006

    Returns
    -------
    Sentence
        The locality's name within 2 km of its centre, else ``"12 km north-west of Lycksele"``.
    """
    if localities.empty:
        return Sentence("{easting} E, {northing} N", {"easting": round(easting), "northing": round(northing)})
    # straight from the points: twenty names are made for every new filter
    points = localities.geometry.to_numpy()
    dx, dy = easting - shapely.get_x(points), northing - shapely.get_y(points)
    distance = np.hypot(dx, dy)
    nearest = int(distance.argmin())
    name = str(localities["name"].iloc[nearest])
    if distance[nearest] <= _IN_PLACE_M:
        return Sentence("{locality}", {"locality": name})
    bearing = math.degrees(math.atan2(dx[nearest], dy[nearest])) % 360
    direction = _COMPASS[round(bearing / 45) % 8]
    values = {"km": round(float(distance[nearest]) / 1000), "direction": Sentence(direction), "locality": name}
    return Sentence("{km} km {direction} of {locality}", values)
