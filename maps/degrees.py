"""From metres to degrees, for everything that is told in both."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pyproj import Transformer

from geo.crs import SWEREF99_TM, WGS84, project

__all__ = ["bounds_in_degrees", "bounds_in_metres", "to_degrees", "to_metres"]

Bounds = tuple[float, float, float, float]
# Points per edge that are looked at: the edges of a rectangle are bent in the other system.
_DENSIFY = 21


def to_degrees(easting: float, northing: float) -> tuple[float, float]:
    """Longitude and latitude of a point in EPSG:3006."""
    return _project_one(easting, northing, SWEREF99_TM, WGS84)


def to_metres(lon: float, lat: float) -> tuple[float, float]:
    """Easting and northing, EPSG:3006, of a point; infinite where the projection does not reach."""
    return _project_one(lon, lat, WGS84, SWEREF99_TM)


def bounds_in_degrees(bounds: Bounds, crs: str = SWEREF99_TM) -> list[float]:
    """West, south, east, north of the smallest box of degrees around a rectangle of metres."""
    return list(_transformer(crs, WGS84).transform_bounds(*bounds, densify_pts=_DENSIFY))


def bounds_in_metres(bounds: Bounds) -> Bounds:
    """The smallest rectangle in EPSG:3006 around a box of degrees."""
    x_min, y_min, x_max, y_max = _transformer(WGS84, SWEREF99_TM).transform_bounds(*bounds, densify_pts=_DENSIFY)
    return x_min, y_min, x_max, y_max


@lru_cache(maxsize=16)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _project_one(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    out_x, out_y = project(np.array([x]), np.array([y]), source, target)
    return float(out_x[0]), float(out_y[0])
