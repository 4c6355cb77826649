"""Our own base map: counties, municipalities and place names as compact GeoJSON, no tiles from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM, WGS84
from geo.errors import CRSError, SchemaError

__all__ = ["build_basemap"]

# 4 decimals of a degree: 11 m north-south, 5 m east-west here; a pixel at the zoom where one reads borders is 20 m.
DECIMALS = 4
SIMPLIFY_M = 40.0


def build_basemap(
    municipalities: gpd.GeoDataFrame,
    localities: gpd.GeoDataFrame,
    county_names: Mapping[str, str],
    simplify_m: float = SIMPLIFY_M,
) -> dict[str, Any]:
    """Borders and place names for the map page.

    Parameters
    ----------
    municipalities : GeoDataFrame, EPSG:3006
        Columns ``municipality`` (4-digit code), ``name``, polygons.
    localities : GeoDataFrame, EPSG:3006
        Columns ``name``, ``population``, points.
    county_names : mapping
        Name by 2-digit county code.
    simplify_m : float, m
        How far a border may be moved; 0 leaves it as it is.

    Returns
    -------
    dict
        ``counties`` and ``municipalities``: GeoJSON FeatureCollections in WGS84 with properties ``code`` and ``name``;
        ``localities``: list of ``{name, population, lon, lat}``, most inhabitants first.

    Raises
    ------
    CRSError, SchemaError
    """
    _check("municipalities", municipalities, ("municipality", "name"))
    _check("localities", localities, ("name", "population"))
    shapes = _simplify(municipalities.geometry.to_numpy(), simplify_m)
    codes = municipalities["municipality"].astype(str).to_numpy()
    counties = sorted({code[:2] for code in codes})
    # Counties are made of the simplified municipalities, so that both lines lie on each other.
    county_shapes = [shapely.union_all(shapes[[code[:2] == county for code in codes]]) for county in counties]
    return {
        "counties": _collection(counties, [county_names.get(code, code) for code in counties], county_shapes),
        "municipalities": _collection(codes, municipalities["name"], shapes),
        "localities": _places(localities),
    }


def _check(what: str, frame: gpd.GeoDataFrame, columns: tuple[str, ...]) -> None:
    if frame.crs is None or frame.crs.to_epsg() != 3006:  # noqa: PLR2004
        message = f"{what} must be in {SWEREF99_TM}, got {frame.crs}; project them first."
        raise CRSError(message)
    missing = [column for column in columns if column not in frame]
    if missing:
        message = f"{what} lack the column(s) {', '.join(missing)}."
        raise SchemaError(message)


def _simplify(shapes: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    if tolerance_m <= 0:
        return shapes
    # Shared borders stay shared only where polygons meet exactly; borders from elsewhere may not.
    if shapely.coverage_is_valid(shapes):
        simplified: NDArray[np.object_] = shapely.coverage_simplify(shapes, tolerance_m)
        return simplified
    return np.asarray(shapely.simplify(shapes, tolerance_m, preserve_topology=True), dtype=object)


def _collection(codes: Any, names: Any, shapes: Any) -> dict[str, Any]:
    in_degrees = gpd.GeoSeries(np.asarray(shapes, dtype=object), crs=SWEREF99_TM).to_crs(WGS84)
    features = [
        {
            "type": "Feature",
            "properties": {"code": str(code), "name": str(name)},
            "geometry": {"type": "MultiPolygon", "coordinates": _rings(shape)},
        }
        for code, name, shape in zip(codes, names, in_degrees, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _rings(shape: shapely.Geometry) -> list[list[list[list[float]]]]:
    polygons = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    rounded = ([_ring(ring) for ring in (part.exterior, *part.interiors)] for part in polygons)
    # An outline that rounding reduces to a point or a line encloses nothing; a hole of that kind is left out.
    return [[rings[0], *filter(None, rings[1:])] for rings in rounded if rings[0]]


def _ring(ring: shapely.LinearRing) -> list[list[float]]:
    points = np.round(shapely.get_coordinates(ring), DECIMALS)
    keep = np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]
    kept: list[list[float]] = points[keep].tolist()
    return kept if len(kept) >= 4 else []  # noqa: PLR2004  a ring is a triangle and its first point again


def _places(localities: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    frame = localities.sort_values(["population", "name"], ascending=[False, True])
    points = frame.geometry.to_crs(WGS84)
    return [
        {"name": str(name), "population": int(population), "lon": round(lon, DECIMALS), "lat": round(lat, DECIMALS)}
        for name, population, lon, lat in zip(frame["name"], frame["population"], points.x, points.y, strict=True)
    ]
