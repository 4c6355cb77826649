"""From the GeoJSON of a drawn area (RFC 7946) to a polygon in EPSG:3006, or to what is wrong with it in words.

Edges are straight in degrees, as GeoJSON has them, and bent in metres; they are cut into short pieces before they are
projected, so that a long edge runs where it was drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM, WGS84, project
from geo.errors import CRSError, GeometryError, NotFoundError, ParameterError
from geo.grid import Grid
from geo.polygons import Polygons
from geo.region import Region
from geo.risk.naming import name_place

__all__ = ["MAX_VERTICES", "DrawnArea", "parse_area"]

MAX_VERTICES = 2_000
# Sweden with a margin, degrees: west, south, east, north. Beyond, SWEREF 99 TM is not defined well.
_AROUND_SWEDEN = (5.0, 54.0, 30.0, 72.0)
# About 1 km from west to east and 2 km from south to north: edges between are straight to some metres.
_STEP_DEGREES = 0.02
_DEGREES_MAX = 180.0
# of the side of a cell, and a little more, because a buffer's arcs are drawn from within
_HALF_DIAGONAL = 0.72
_LEAST_RING = 4
_MOST_TOLD = 5
# What GEOS says of a geometry that is none, and what it means for somebody who drew it.
_TROUBLES = {
    "Self-intersection": "its lines cross",
    "Ring Self-intersection": "its line touches or crosses itself",
    "Hole lies outside shell": "a hole lies outside the area",
    "Holes are nested": "a hole lies in another hole",
    "Nested holes": "a hole lies in another hole",
    "Nested shells": "a part lies inside another part",
    "Interior is disconnected": "holes cut the area in two",
    "Duplicate Rings": "a ring is there twice",
    "Too few points in geometry component": "a ring has no area",
}
_WHERE = re.compile(r"(?P<what>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)\]")


@dataclass(frozen=True, eq=False)
class DrawnArea:
    """An area on the ground.

    Attributes
    ----------
    polygon : Polygon or MultiPolygon, EPSG:3006
    rows, cols : slices, the window of the grid that it reaches
    inside : bool, of the window: cells of the region whose centre lies in it; those it reaches into where it holds none
    holds_centres : whether `inside` goes by centres
    """

    polygon: shapely.Geometry
    rows: slice
    cols: slice
    inside: NDArray[np.bool_]
    holds_centres: bool = True

    @property
    def km2(self) -> float:
        """Its area on the map plane, km²."""
        return float(self.polygon.area) / 1e6


def parse_area(geojson: Mapping[str, Any], region: Region, grid: Grid) -> DrawnArea:
    """Read a Polygon or MultiPolygon in WGS84 degrees, or a Feature that has one.

    Parameters
    ----------
    geojson : mapping
    region : Region
    grid : Grid, EPSG:3006

    Returns
    -------
    DrawnArea

    Raises
    ------
    ParameterError
        It is no polygon of GeoJSON; names the first few places where it is not.
    CRSError
        Its numbers are metres, or latitude stands before longitude.
    GeometryError
        Its lines cross, or holes and parts do not fit together; says where.
    NotFoundError
        It reaches into no cell of Region Nord: it lies elsewhere or at sea.
    """
    parts = list(_read_parts(geojson))
    _check_degrees(np.array([position for rings in parts for ring in rings for position in ring]))
    drawn = [shapely.Polygon(rings[0], rings[1:]) for rings in parts]
    shape = drawn[0] if len(drawn) == 1 else shapely.MultiPolygon(drawn)
    _check_shape(shape, region.localities)
    polygon = shapely.transform(shapely.segmentize(shape, _STEP_DEGREES), _to_metres)
    rows, cols = grid.window(polygon.bounds)
    inside = _paint(polygon, region, grid, rows, cols)
    if inside.any():
        return DrawnArea(polygon, rows, cols, inside)
    rows, cols, inside = _find_reached(polygon, region, grid)
    if not inside.any():
        raise NotFoundError(_say_empty(polygon, grid))
    return DrawnArea(polygon, rows, cols, inside, holds_centres=False)


def _paint(polygon: shapely.Geometry, region: Region, grid: Grid, rows: slice, cols: slice) -> NDArray[np.bool_]:
    """Cells of the region whose centre lies in a polygon, of a window."""
    inside = np.zeros((rows.stop - rows.start, cols.stop - cols.start), dtype=bool)
    Polygons(np.array([polygon], dtype=object)).paint(inside, grid, rows, cols, codes=np.ones(1, dtype=np.int64))
    known: NDArray[np.bool_] = inside & (region.municipality_raster(grid, rows, cols) >= 0)
    return known


def _find_reached(polygon: shapely.Geometry, region: Region, grid: Grid) -> tuple[slice, slice, NDArray[np.bool_]]:
    """Cells of the region that share any area with a polygon that holds no centre of them, and their window.

    Whatever it reaches into has its centre within half a diagonal of it; only those are looked at one by one.
    """
    near = shapely.buffer(polygon, _HALF_DIAGONAL * grid.cell_m)
    rows, cols = grid.window(near.bounds)
    inside = _paint(near, region, grid, rows, cols)
    at = np.argwhere(inside)
    x = grid.x_min + (at[:, 1] + cols.start) * grid.cell_m
    y = grid.y_max - (at[:, 0] + rows.start + 1) * grid.cell_m
    shapely.prepare(polygon)
    cells = shapely.box(x, y, x + grid.cell_m, y + grid.cell_m)
    reached = shapely.relate_pattern(polygon, cells, "T********")
    inside[tuple(at[~reached].T)] = False
    return rows, cols, inside


def _read_parts(geojson: Mapping[str, Any]) -> Iterator[list[list[tuple[float, float]]]]:
    """Rings of each polygon, checked to be rings of numbers."""
    if geojson.get("type") == "Feature" and isinstance(geojson.get("geometry"), Mapping):
        geojson = geojson["geometry"]
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"}:
        message = f"The area must be a GeoJSON Polygon or MultiPolygon, got {str(kind)[:50]!r}."
        raise ParameterError(message)
    polygons: Any = [coordinates] if kind == "Polygon" else coordinates
    if not _is_list(polygons) or not all(_is_list(rings) and all(map(_is_list, rings)) for rings in polygons):
        message = f"coordinates of a {kind} must be lists of rings, each a list of [lon, lat], and hold at least one."
        raise ParameterError(message)
    n_vertices = sum(len(ring) for rings in polygons for ring in rings)
    if n_vertices > MAX_VERTICES:
        message = f"The area has {n_vertices:,} vertices; at most {MAX_VERTICES:,} are taken, so draw it more simply."
        raise ParameterError(message)
    failures = [
        f"ring {number} {problem}"
        for number, ring in enumerate((ring for rings in polygons for ring in rings), start=1)
        for problem in _find_problems(ring)
    ]
    if failures:
        message = f"The area cannot be used: {'; '.join(failures[:_MOST_TOLD])}."
        raise ParameterError(message)
    for rings in polygons:
        yield [[(float(lon), float(lat)) for lon, lat, *_ in ring] for ring in rings]


def _find_problems(ring: Sequence[Any]) -> Iterator[str]:
    for place, position in enumerate(ring, start=1):
        if not (_is_list(position) and len(position) >= 2 and all(map(_is_number, position))):  # noqa: PLR2004
            yield f"has no [lon, lat] of two finite numbers at position {place}, got {str(position)[:50]}"
            return
    if len(ring) < _LEAST_RING:
        yield f"has {len(ring)} positions; a ring has at least four, the last one being the first again"
    elif list(ring[0][:2]) != list(ring[-1][:2]):
        yield "is not closed; repeat its first position at the end"


def _check_degrees(places: NDArray[np.float64]) -> None:
    west, south, east, north = _AROUND_SWEDEN
    (lon_min, lat_min), (lon_max, lat_max) = places.min(axis=0), places.max(axis=0)
    if np.abs(places).max() > _DEGREES_MAX:
        message = "The area is not in degrees; GeoJSON is in WGS84: [lon, lat], such as [20.26, 63.83]."
        raise CRSError(message)
    if west <= lon_min and lon_max <= east and south <= lat_min and lat_max <= north:
        return
    if west <= lat_min and lat_max <= east and south <= lon_min and lon_max <= north:
        message = "The area has latitude before longitude; GeoJSON has [lon, lat], such as [20.26, 63.83]."
        raise CRSError(message)
    message = (
        f"The area reaches from {lon_min:.4g}° to {lon_max:.4g}° E and from {lat_min:.4g}° to {lat_max:.4g}° N; keep "
        f"within {west:g}–{east:g}° E and {south:g}–{north:g}° N, around Region Nord."
    )
    raise ParameterError(message)


def _check_shape(shape: shapely.Geometry, localities: gpd.GeoDataFrame) -> None:
    """Refuse lines that cross: which side of them is meant cannot be known."""
    told = shapely.is_valid_reason(shape)
    if told == "Valid Geometry":
        return
    match = _WHERE.fullmatch(told)
    what = _TROUBLES.get(match["what"].strip() if match else told, "it is no proper polygon")
    where = ""
    if match and all(math.isfinite(float(match[axis])) for axis in "xy"):
        lon, lat = float(match["x"]), float(match["y"])
        easting, northing = project(np.array([lon]), np.array([lat]), WGS84, SWEREF99_TM)
        place = name_place(localities, float(easting[0]), float(northing[0]))
        where = f" at {lat:.4f}° N, {lon:.4f}° E ({place})"
    message = f"The area cannot be used: {what}{where}. Draw it anew, so that its line meets itself only at its end."
    raise GeometryError(message)


def _say_empty(polygon: shapely.Geometry, grid: Grid) -> str:
    x_min, y_min, x_max, y_max = polygon.bounds
    if x_max < grid.x_min or x_min > grid.x_max or y_max < grid.y_min or y_min > grid.y_max:
        return "The area lies outside Region Nord; draw it in one of the four counties."
    return "The area holds no land of Region Nord: it lies at sea or outside the four counties; draw it over land."


def _to_metres(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(project(places[:, 0], places[:, 1], WGS84, SWEREF99_TM))


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
