"""GeoJSON without GDAL: parsed as JSON, shapes through GEOS, nothing followed.

GDAL's own reader fetches web addresses that a ``crs`` member names (see `geo.reading.gdal`); here a ``crs`` member is
a name out of a short list of forms, or it is not used. Standard: RFC 7946, and the ``crs`` member of GeoJSON 2008.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

from geo.errors import InputError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers
from geo.reading.source import Source
from geo.reading.table import RawTable, check_height, check_width, make_columns, split_columns

__all__ = ["read_geojson_chunks"]

_EPSG_NAME = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:|EPSG:)(\d{4,6})", re.IGNORECASE)
_WGS84_NAME = re.compile(r"urn:ogc:def:crs:OGC:(?:1\.3|2)?:CRS84|OGC:CRS84", re.IGNORECASE)
_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
_ABSENT = object()
# in place of what no cell holds; its inside may be anything, and is not looked at
_NESTED = "[…]"
_SHOWN_LETTERS = 40
_EMPTY: dict[str, Any] = {}


@dataclass
class _Form:
    """What holds for the whole file, gathered feature by feature."""

    crs: Any = _ABSENT
    kind: Any = None
    start: int | None = None
    names: dict[str, str] = field(default_factory=dict)
    nested: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    n_rows: int = 0

    def look_at(self, feature: Any) -> None:
        """Take another feature into account."""
        self.n_rows += 1
        if _find_problem(feature):
            return
        for name, value in (feature.get("properties") or {}).items():
            if name not in self.names:
                self.names[name] = _printable(name)
            if isinstance(value, dict | list):
                self.nested.add(name)
            elif value is not None:
                self.plain.add(name)


def read_geojson_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of a GeoJSON feature collection, of which one feature at a time is in memory as Python objects.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0

    Yields
    ------
    RawTable, at least one
        Members of the collection that are no features are among the bad rows.

    Raises
    ------
    InputError
        Not JSON, cut off, not a feature collection, too wide or too long.
    """
    text = _decode(source)
    form = _guard(source, lambda: _find_form(source, text))
    kept, refused = split_columns(layer, form.names.values())
    nested = {form.names[name] for name in form.nested - form.plain}.difference(refused)
    mixed = sorted({form.names[name] for name in form.nested & form.plain}.difference(refused))
    notes = (f"Lists and objects in {', '.join(mixed)} were read as {_NESTED}.",) if mixed else ()
    names = {name: plain for name, plain in form.names.items() if plain in kept and plain not in nested}
    crs, crs_problem = _read_crs(form.crs)
    table = RawTable(
        columns=make_columns({name: [] for name in names.values()}, 0),
        refused=refused,
        left_out=tuple(sorted(nested)),
        geometry=np.empty(0, dtype=object),
        bad_geometry={},
        crs=crs,
        crs_problem=crs_problem,
        notes=notes,
    )
    features = (feature for feature, _ in _read_features(text, form.start or 0))
    first_row = 0
    while chunk := list(islice(features, rows_per_chunk)):
        bad_rows = {row: problem for row, feature in enumerate(chunk) if (problem := _find_problem(feature))}
        whole = [_EMPTY if row in bad_rows else feature for row, feature in enumerate(chunk)]
        properties = [feature.get("properties") or {} for feature in whole]
        columns = {plain: [_flatten(each.get(name)) for each in properties] for name, plain in names.items()}
        geometry, bad_geometry = _read_shapes([feature.get("geometry") for feature in whole])
        yield replace(
            table,
            columns=make_columns(columns, len(chunk)),
            geometry=geometry,
            bad_geometry=bad_geometry,
            first_row=first_row,
            bad_rows=bad_rows,
        )
        first_row += len(chunk)
    if not first_row:
        yield table


def _flatten(value: Any) -> Any:
    return _NESTED if isinstance(value, dict | list) else value


def _decode(source: Source) -> str:
    try:
        return source.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{source.name}: is not UTF-8 text (byte {error.start + 1}); save it as UTF-8."
        raise InputError(message) from error


def _guard(source: Source, read: Callable[[], _Form]) -> _Form:
    try:
        return read()
    except json.JSONDecodeError as error:
        end = "is cut off" if error.pos >= len(error.doc.rstrip()) - 1 else "is not JSON"
        message = f"{source.name}: {end}: line {error.lineno}, column {error.colno}: {error.msg}; export it again."
        raise InputError(message) from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        what = "lists inside lists without end" if isinstance(error, RecursionError) else error
        message = f"{source.name}: holds numbers or nesting that no GeoJSON needs ({what}); export it again."
        raise InputError(message) from error


def _find_form(source: Source, text: str) -> _Form:
    form = _Form()
    start = _skip_blanks(text, 0)
    if text[start : start + 1] != "{":
        document, end = _DECODER.raw_decode(text, start)
        _check_end(text, end)
        form.kind = type(document).__name__
    else:
        _read_members(source, text, start + 1, form)
    if form.kind != "FeatureCollection":
        kind = form.kind if isinstance(form.kind, str | None) else type(form.kind).__name__
        kind = kind and hide_personal_numbers(kind)[:_SHOWN_LETTERS]
        message = f"{source.name}: is JSON, but no GeoJSON feature collection (its type is {kind!r}); export it again."
        raise InputError(message)
    if form.start is None:
        message = f"{source.name}: the feature collection has no list of features; export it again."
        raise InputError(message)
    return form


def _read_members(source: Source, text: str, position: int, form: _Form) -> None:
    """Go through the document's members; of two with one name the later holds, as everywhere in Python."""
    position = _skip_blanks(text, position)
    if text[position : position + 1] == "}":
        return _check_end(text, position + 1)
    while True:
        if text[position : position + 1] != '"':
            message = "Expecting property name enclosed in double quotes"
            raise json.JSONDecodeError(message, text, position)
        name, position = _DECODER.raw_decode(text, position)
        position = _expect(text, position, ":", "Expecting ':' delimiter")
        if name == "features" and text[position : position + 1] == "[":
            form.start, form.names, form.nested, form.plain, form.n_rows = position, {}, set(), set(), 0
            position += 1
            for feature, end in _read_features(text, form.start):
                position = end
                form.look_at(feature)
                check_width(source.name, len(form.names), source.limits)
                check_height(source.name, form.n_rows, source.limits)
            position = _skip_blanks(text, position) + 1
        else:
            value, position = _DECODER.raw_decode(text, position)
            if name == "features":
                form.start = None
            elif name == "type":
                form.kind = value
            elif name == "crs":
                form.crs = value
        position = _skip_blanks(text, position)
        if text[position : position + 1] == "}":
            return _check_end(text, position + 1)
        position = _expect(text, position, ",", "Expecting ',' delimiter")


def _read_features(text: str, start: int) -> Iterator[tuple[Any, int]]:
    """The list's items and where each ends; `start` is the position of the opening bracket."""
    position = _skip_blanks(text, start + 1)
    if text[position : position + 1] == "]":
        return
    while True:
        value, position = _DECODER.raw_decode(text, position)
        yield value, position
        position = _skip_blanks(text, position)
        if text[position : position + 1] == "]":
            return
        position = _expect(text, position, ",", "Expecting ',' delimiter")


def _skip_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _expect(text: str, position: int, sign: str, message: str) -> int:
    position = _skip_blanks(text, position)
    if text[position : position + 1] != sign:
        raise json.JSONDecodeError(message, text, position)
    return _skip_blanks(text, position + 1)


def _check_end(text: str, position: int) -> None:
    position = _skip_blanks(text, position)
    if position != len(text):
        message = "Extra data"
        raise json.JSONDecodeError(message, text, position)


def _find_problem(feature: object) -> str:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "is not a GeoJSON feature; mend or leave it out"
    if not isinstance(feature.get("properties"), dict | None):
        return "has properties that are no object; mend or leave it out"
    if not isinstance(feature.get("geometry"), dict | None):
        return "has a geometry that is no object; mend or leave it out"
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


def _read_crs(member: Any) -> tuple[CRS | None, str]:
    if member is _ABSENT:
        return CRS("OGC:CRS84"), ""
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
