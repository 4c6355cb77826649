"""Where rows are: shapes from a CSV's columns, the CRS they are in, and the way to EPSG:3006."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM
from geo.errors import CRSError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers
from geo.reading.columns import COORDINATES
from geo.reading.stated_crs import read_stated_crs
from geo.reading.table import RawTable

__all__ = [
    "build_shapes",
    "describe_crs",
    "find_bad_coordinates",
    "find_coordinates",
    "parse_crs",
    "project_shapes",
    "say_stated_crs",
]

# Sweden with a margin in degrees: longitude, then latitude; neither range reaches into the other
_SWEDEN_DEGREES = ((8.0, 26.0), (54.0, 71.0))
# GEOS reads a shape inside a shape by calling itself, and a million of them end the process, not the reading
_MAX_NESTING = 100
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def find_coordinates(table: RawTable, rename: Mapping[str, str]) -> tuple[tuple[str, ...], CRS | None] | None:
    """Columns of a table that hold coordinates, and the CRS that their names alone mean.

    Parameters
    ----------
    table : RawTable
    rename : column in the file to ``geometry``, ``easting``, ``northing``, ``lon`` or ``lat``, among others

    Returns
    -------
    columns and CRS (None where the names mean none); None where no columns hold coordinates
    """
    by_name = {str(name).lower(): str(name) for name in table.columns.columns if name not in rename}
    by_name |= {new: old for old, new in rename.items()}
    for names, crs in COORDINATES.items():
        if all(name in by_name for name in names):
            return tuple(by_name[name] for name in names), None if crs is None else CRS(crs)
    return None


def build_shapes(table: RawTable, rename: Mapping[str, str]) -> tuple[NDArray[np.object_], dict[int, str]]:
    """Shapes of rows from their coordinate columns.

    Parameters
    ----------
    table : RawTable with such columns (`find_coordinates`)
    rename : as in `find_coordinates`

    Returns
    -------
    shapes : (n,) shapely objects, None where a row has none
    problems : row position to what is wrong with it
    """
    found = find_coordinates(table, rename)
    columns = found[0] if found else ()
    cells = [table.columns[column] for column in columns]
    return _read_wkt(cells[0]) if len(cells) == 1 else _read_points(columns, cells)


def parse_crs(given: str) -> CRS:
    """The CRS that a user named.

    Raises
    ------
    CRSError
        PROJ knows none of that name, or it is neither projected nor geographic.
    """
    crs, _ = read_stated_crs(given)
    if crs is None:
        message = f"--crs {given}: is no coordinate reference system that PROJ knows; write one such as EPSG:3006."
        raise CRSError(message)
    if not (crs.is_projected or crs.is_geographic):
        message = f"--crs {given}: is neither projected nor geographic; write one such as EPSG:3006."
        raise CRSError(message)
    return crs


def say_stated_crs(stated: CRS | None, given: CRS | None) -> tuple[str, ...]:
    """A note for the report where the user's CRS is not the one that the file states."""
    if given is None or stated is None or stated.equals(given, ignore_axis_order=True):
        return ()
    return (f"The file says {describe_crs(stated)}; it was read as {describe_crs(given)}, as told.",)


def find_bad_coordinates(shapes: NDArray[np.object_], crs: CRS) -> dict[int, tuple[str, bool]]:
    """Rows whose coordinates cannot be in the CRS.

    Parameters
    ----------
    shapes : (n,) shapely objects
    crs : CRS

    Returns
    -------
    dict of row position to (what is wrong, whether it is about the CRS)
    """
    bounds = shapely.bounds(shapes)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    finite = np.isfinite(bounds).all(axis=1) & _all_finite(shapes)
    bad = {
        int(row): ("has coordinates that are not finite numbers; mend them", False)
        for row in np.flatnonzero(there & ~finite)
    }
    if crs.is_projected:
        return bad
    good = there & finite
    metres = good & (np.abs(bounds) > [180, 90, 180, 90]).any(axis=1)
    swapped = good & _lie_in_sweden(bounds[:, [1, 0, 3, 2]])
    elsewhere = good & ~metres & ~swapped & ~_lie_in_sweden(bounds)
    unit = f"holds metres, but its CRS is in degrees ({describe_crs(crs)}); say the right one with --crs"
    bad |= {int(row): (unit, True) for row in np.flatnonzero(metres)}
    bad |= {int(row): ("has latitude before longitude; swap them", True) for row in np.flatnonzero(swapped)}
    return bad | {int(row): ("lies outside Sweden; check the coordinates", False) for row in np.flatnonzero(elsewhere)}


def project_shapes(layer: Layer, shapes: NDArray[np.object_], crs: CRS) -> tuple[gpd.GeoSeries, NDArray[np.bool_]]:
    """Shapes in EPSG:3006, areas repaired where they are not valid.

    Parameters
    ----------
    layer : Layer
    shapes : (n,) shapely objects with finite coordinates
    crs : CRS of the shapes; x is easting or longitude, whatever order the CRS names its axes in

    Returns
    -------
    GeoSeries, EPSG:3006
    (n,) bool, which were repaired
    """
    is_there = crs.equals(SWEREF99_TM, ignore_axis_order=True)
    series = gpd.GeoSeries(shapes, crs=SWEREF99_TM) if is_there else gpd.GeoSeries(shapes, crs=crs).to_crs(SWEREF99_TM)
    values = series.to_numpy(dtype=object).copy()
    repaired = np.isin(shapely.get_type_id(values), _POLYGONS) & ~shapely.is_valid(values)
    if not {"Polygon", "MultiPolygon"} & layer.geometry_types or not repaired.any():
        return series, np.zeros(len(values), dtype=bool)
    values[repaired] = shapely.make_valid(values[repaired], method="structure", keep_collapsed=False)
    return gpd.GeoSeries(values, crs=SWEREF99_TM), repaired


def describe_crs(crs: CRS) -> str:
    """A CRS in a few letters: its code where it has one, else its name."""
    authority: Any = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _read_points(columns: tuple[str, ...], cells: list[pd.Series]) -> tuple[NDArray[np.object_], dict[int, str]]:
    numbers = [pd.to_numeric(each, errors="coerce").to_numpy(dtype=np.float64) for each in cells]
    problems: dict[int, str] = {}
    for column, values, given in zip(columns, numbers, cells, strict=True):
        for row in np.flatnonzero(~np.isfinite(values)):
            if given.iloc[row] is not None:
                shown = hide_personal_numbers(str(given.iloc[row]))[:40]
                what = f"{column} {shown!r} is no finite number; write it with a decimal point"
                problems.setdefault(int(row), what)
    for row in np.flatnonzero(cells[0].isna().to_numpy() ^ cells[1].isna().to_numpy()):
        problems.setdefault(int(row), f"has only one of {columns[0]} and {columns[1]}; fill in both")
    shapes = np.full(len(cells[0]), None, dtype=object)
    whole = np.isfinite(numbers[0]) & np.isfinite(numbers[1])
    shapes[whole] = shapely.points(numbers[0][whole], numbers[1][whole])
    return shapes, problems


def _read_wkt(cells: pd.Series) -> tuple[NDArray[np.object_], dict[int, str]]:
    given = [None if cell is None else str(cell) for cell in cells]
    texts = np.array([None if text is None or _is_too_deep(text) else text for text in given], dtype=object)
    with np.errstate(all="ignore"):
        shapes = np.atleast_1d(shapely.force_2d(shapely.from_wkt(texts, on_invalid="ignore")))
    unread = shapely.is_missing(shapes) & np.array([text is not None for text in given], dtype=bool)
    what = "cannot be read as WKT; write for instance POINT (759000 7072000)"
    return shapes, {int(row): what for row in np.flatnonzero(unread)}


def _is_too_deep(text: str) -> bool:
    if text.count("(") <= _MAX_NESTING:
        return False
    steps = np.frombuffer(text.encode(), dtype=np.uint8)
    depth = np.cumsum((steps == ord("(")).astype(np.int32) - (steps == ord(")")))
    return bool(depth.max() > _MAX_NESTING)


def _lie_in_sweden(bounds: NDArray[np.float64]) -> NDArray[np.bool_]:
    (west, east), (south, north) = _SWEDEN_DEGREES
    x_min, y_min, x_max, y_max = bounds.T
    inside: NDArray[np.bool_] = (x_min >= west) & (y_min >= south) & (x_max <= east) & (y_max <= north)
    return inside


def _all_finite(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    coordinates, rows = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[rows[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite
