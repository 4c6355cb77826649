"""GeoJSON without GDAL: parsed as JSON, shapes through GEOS, nothing followed.

GDAL's own reader fetches web addresses that a ``crs`` member names (see `geo.reading.gdal`); here a ``crs`` member is
a name out of a short list of forms, or it is not used. Standard: RFC 7946, and the ``crs`` member of GeoJSON 2008.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.reading.source import Source
from geo.reading.table import RawTable, check_width, list_rows, make_columns, split_columns

__all__ = ["read_geojson"]

_EPSG_NAME = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:|EPSG:)(\d{4,6})", re.IGNORECASE)
_WGS84_NAME = re.compile(r"urn:ogc:def:crs:OGC:(?:1\.3|2)?:CRS84|OGC:CRS84", re.IGNORECASE)


def read_geojson(source: Source, layer: Layer) -> RawTable:
    """Rows of a GeoJSON feature collection.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused

    Returns
    -------
    RawTable

    Raises
    ------
    InputError
        Not JSON, cut off, not a feature collection, or too wide.
    SchemaError
        Members of the collection that are not features, all of them named.
    """
    document = _parse(source)
    features = _check_features(source, document)
    geometry, bad_geometry = _read_shapes([feature.get("geometry") for feature in features])
    properties = [feature.get("properties") or {} for feature in features]
    names = {name: _printable(name) for each in properties for name in each}
    check_width(source.name, len(names))
    kept, refused = split_columns(layer, names.values())
    nested = {
        names[name] for each in properties for name, value in each.items() if isinstance(value, dict | list)
    }.difference(refused)
    columns = {
        plain: [each.get(name) for each in properties]
        for name, plain in names.items()
        if plain in kept and plain not in nested
    }
    crs, crs_problem = _read_crs(document)
    return RawTable(
        columns=make_columns(columns, len(features)),
        refused=refused,
        left_out=tuple(sorted(nested)),
        geometry=geometry,
        bad_geometry=bad_geometry,
        crs=crs,
        crs_problem=crs_problem,
    )


def _parse(source: Source) -> dict[str, Any]:
    try:
        document = json.loads(source.content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{source.name}: is not UTF-8 text (byte {error.start + 1}); save it as UTF-8."
        raise InputError(message) from error
    except json.JSONDecodeError as error:
        end = "is cut off" if error.pos >= len(error.doc.rstrip()) - 1 else "is not JSON"
        message = f"{source.name}: {end}: line {error.lineno}, column {error.colno}: {error.msg}; export it again."
        raise InputError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{source.name}: holds numbers or nesting that no GeoJSON needs ({error}); export it again."
        raise InputError(message) from error
    kind = document.get("type") if isinstance(document, dict) else type(document).__name__
    if kind != "FeatureCollection":
        message = f"{source.name}: is JSON, but no GeoJSON feature collection (its type is {kind!r}); export it again."
        raise InputError(message)
    return dict(document)


def _check_features(source: Source, document: dict[str, Any]) -> list[dict[str, Any]]:
    features = document.get("features")
    if not isinstance(features, list):
        message = f"{source.name}: the feature collection has no list of features; export it again."
        raise InputError(message)
    broken: dict[str, list[int]] = {}
    for row, feature in enumerate(features):
        if problem := _find_problem(feature):
            broken.setdefault(problem, []).append(row)
    failures = [f"{list_rows(rows)}: {problem}; mend or leave out" for problem, rows in broken.items()]
    if failures:
        message = "\n".join([f"{source.name}: not every member is a feature.", *(f"  - {line}" for line in failures)])
        raise SchemaError(message, tuple(failures))
    return features


def _find_problem(feature: object) -> str:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "is not a GeoJSON feature"
    if not isinstance(feature.get("properties"), dict | None):
        return "has properties that are no object"
    if not isinstance(feature.get("geometry"), dict | None):
        return "has a geometry that is no object"
    return ""


def _read_shapes(geometries: list[dict[str, Any] | None]) -> tuple[NDArray[np.object_], dict[int, str]]:
    texts = np.array([None if geometry is None else json.dumps(geometry) for geometry in geometries], dtype=object)
    with np.errstate(all="ignore"):
        shapes = np.atleast_1d(shapely.force_2d(shapely.from_geojson(texts, on_invalid="ignore")))
    problems = {}
    for row in np.flatnonzero(shapely.is_missing(shapes)):
        if texts[row] is None:
            continue
        not_finite = "NaN" in texts[row] or "Infinity" in texts[row]
        problems[int(row)] = (
            "has coordinates that are not finite numbers; mend them"
            if not_finite
            else "cannot be read as GeoJSON; mend its type and coordinates"
        )
    return shapes, problems


def _read_crs(document: dict[str, Any]) -> tuple[CRS | None, str]:
    if "crs" not in document:
        return CRS("OGC:CRS84"), ""
    member = document["crs"]
    if member is None:
        return None, ""
    name = None
    if isinstance(member, dict) and member.get("type") == "name" and isinstance(member.get("properties"), dict):
        name = member["properties"].get("name")
    if isinstance(name, str) and _WGS84_NAME.fullmatch(name):
        return CRS("OGC:CRS84"), ""
    if isinstance(name, str) and (match := _EPSG_NAME.fullmatch(name)):
        try:
            return CRS.from_epsg(int(match[1])), ""
        except ProjCRSError:
            return None, f"its crs member names EPSG:{match[1]}, which PROJ does not know"
    return None, "its crs member is not a plain name such as EPSG:3006, and is never followed"


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
