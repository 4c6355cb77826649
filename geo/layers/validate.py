"""From any frame to a layer's frame, or one error that names every failure.

Dtypes are parsed first (a value that cannot be read is a failure like any other), then pandera checks the columns,
then the geometries are checked for type, finiteness, axis order and place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Number
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM, SWEREF99_TM_EPSG, classify_sweref
from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers, holds_personal_number
from geo.reference import refused_reason
from geo.region import NEAREST_MUNICIPALITY_M, load_region

__all__ = ["empty_frame", "find_misplaced", "validate"]

_SHOWN_IDS = 5
_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "ja", "sant"), True),
    **dict.fromkeys(("false", "0", "no", "nej", "falskt"), False),
}
# a day, with or without a time of day and its offset
_DAY = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}[\d:.]*\s?(?:Z|[+-]\d{2}:?\d{2})?)?$"


@dataclass(frozen=True)
class _Failure:
    column: str
    rule: str
    rows: tuple[int, ...]
    kind: type[InputError] = SchemaError


def validate(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Check a frame against a layer and return it in the layer's canonical form.

    Parameters
    ----------
    layer : Layer
    frame : GeoDataFrame, EPSG:3006, any column order; optional columns may be missing

    Returns
    -------
    GeoDataFrame, EPSG:3006
        Exactly the layer's columns, sorted by id; a copy.

    Raises
    ------
    CRSError
        Not in EPSG:3006, or every failure is one of axis order or unit.
    GeometryError
        Every failure concerns geometries.
    SchemaError
        Anything else; the message lists all failures with the first ids.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        message = f"Layer {layer.name} needs a GeoDataFrame, got {type(frame).__name__}."
        raise SchemaError(message)
    _check_frame(layer, frame)
    failures = [
        _Failure(str(column), f"{reason}; leave the column out", ())
        for column in frame.columns
        if column != "geometry" and (reason := refused_reason(str(column), layer.name))
    ]
    parsed, parse_failures = _parse(layer, frame)
    failures += parse_failures
    absent = {name for name, column in layer.schema.columns.items() if column.required and name not in frame.columns}
    # a column that is missing or a value that cannot be read is told once, not once more as an empty cell
    unreadable = {(failure.column, row) for failure in parse_failures for row in failure.rows}
    unreadable |= {(name, row) for name in absent for row in range(len(parsed))}
    failures += _check_columns(layer, parsed, unreadable)
    failures += _check_persons(layer, parsed)
    failures += _check_geometries(layer, parsed)
    if not absent:
        failures += [_Failure("", rule, ()) for rule in layer.rules(parsed)]
    if failures:
        raise _one_error(layer, parsed, failures, frame.index)
    return parsed.sort_values(list(layer.id_columns), kind="stable").reset_index(drop=True)


def empty_frame(layer: Layer) -> gpd.GeoDataFrame:
    """A frame of the layer with no rows."""
    columns = {name: _empty(column) for name, column in layer.schema.columns.items()}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=SWEREF99_TM), crs=SWEREF99_TM)


def find_misplaced(layer: Layer, geometry: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Which geometries lie in Sweden but more than 15 km outside Region Nord.

    Parameters
    ----------
    layer : Layer
    geometry : GeoSeries, EPSG:3006

    Returns
    -------
    (n,) bool; all False for layers that are not bound to the region
    """
    if not layer.in_region or geometry.empty:
        return np.zeros(len(geometry), dtype=bool)
    misplaced: NDArray[np.bool_] = _off_region(geometry) & (_places(geometry) == "inside")
    return misplaced


def _check_frame(layer: Layer, frame: gpd.GeoDataFrame) -> None:
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        message = f"Layer {layer.name}: column {', '.join(map(str, twice.unique()))} stands twice; keep one."
        raise SchemaError(message)
    if frame.active_geometry_name is None:
        message = f"Layer {layer.name} has no geometry column; say which one it is (frame.set_geometry)."
        raise GeometryError(message)
    if frame.crs is None:
        message = f"Layer {layer.name} has no CRS; say which one its coordinates are in, for instance EPSG:3006."
        raise CRSError(message)
    if frame.crs.to_epsg() != SWEREF99_TM_EPSG:
        message = f"Layer {layer.name} is in {frame.crs.to_string()}; project it to EPSG:3006 (frame.to_crs(3006))."
        raise CRSError(message)


def _parse(layer: Layer, frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[_Failure]]:
    columns: dict[str, Any] = {}
    failures = []
    for name, column in layer.schema.columns.items():
        if name not in frame.columns:
            if column.required:
                failures.append(_Failure(name, f"the column is missing; it holds: {column.description}", ()))
            columns[name] = _missing(column, len(frame))
            continue
        values, bad = _parse_column(column, frame[name].reset_index(drop=True))
        columns[name] = values
        if bad.any():
            shown = ", ".join(repr(value) for value in frame[name].reset_index(drop=True)[bad].head(3))
            rule = f"cannot be read as {_kind(column)} ({shown}){_remedy(column)}"
            failures.append(_Failure(name, rule, tuple(np.flatnonzero(bad))))
    geometry = frame.geometry.reset_index(drop=True).force_2d()
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=frame.crs), failures


def _parse_column(column: pa.Column, values: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Values in the column's dtype, and which of those given could not be read; blank text counts as missing."""
    kind, default = _kind(column), column.default
    texts = _as_texts(values)
    given = texts.notna()
    parsed: pd.Series
    if kind == "text":
        parsed = texts
    elif kind == "a number":
        parsed = pd.to_numeric(values.where(given), errors="coerce").astype("float64")
    elif kind == "a date (YYYY-MM-DD)":
        parsed = _parse_dates(texts)
    else:
        parsed = texts.str.lower().map(_FLAGS)
    bad = given & (parsed.isna() | _has_lost_digits(column, values, texts))
    if default is not None:
        parsed = parsed.where(given | parsed.notna(), default)
    if kind == "yes or no":
        parsed = parsed.where(parsed.notna(), False).astype(bool)
    return parsed, bad.to_numpy(dtype=bool)


def _as_texts(values: pd.Series) -> pd.Series:
    """Every value as stripped text; whole numbers without decimals, blanks as missing."""
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.astype(object).map(_as_text, na_action="ignore")
    texts = values.astype("str").str.strip()
    return texts.mask(texts == "")


def _as_text(value: object) -> str:
    # one missing value makes a column of whole numbers a column of floats
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _has_lost_digits(column: pa.Column, values: pd.Series, texts: pd.Series) -> pd.Series:
    n_digits = (column.metadata or {}).get("n_digits")
    if n_digits is None:
        return pd.Series(data=False, index=values.index)
    numbers = values.map(lambda value: isinstance(value, Number)).astype(bool)
    return numbers & ~texts.str.fullmatch(rf"\d{{{n_digits}}}", na=False)


def _parse_dates(texts: pd.Series) -> pd.Series:
    # the day as it was written: turning a time with an offset into UTC could change it
    days = texts.str.extract(_DAY, expand=False)
    return pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")


def _remedy(column: pa.Column) -> str:
    if (column.metadata or {}).get("n_digits"):
        return "; a number may have lost its leading 0, so give the code as text"
    return ""


def _kind(column: pa.Column) -> str:
    dtype = str(column.dtype)
    if dtype.startswith("datetime"):
        return "a date (YYYY-MM-DD)"
    if dtype.startswith("float"):
        return "a number"
    return "yes or no" if dtype.startswith("bool") else "text"


def _empty(column: pa.Column) -> pd.Series:
    return _missing(column, 0)


def _missing(column: pa.Column, n_rows: int) -> pd.Series:
    kind = _kind(column)
    dtype = {"text": "str", "a number": "float64", "yes or no": "bool"}.get(kind, "datetime64[us]")
    fill: Any = column.default
    if fill is None:
        fill = pd.NaT if kind.startswith("a date") else None if kind == "text" else np.nan
    return pd.Series([fill] * n_rows, dtype=dtype)


def _check_columns(layer: Layer, frame: gpd.GeoDataFrame, unreadable: set[tuple[str, int]]) -> list[_Failure]:
    present = pd.DataFrame(frame.drop(columns="geometry"))
    failures = []
    try:
        layer.schema.validate(present, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        for (column, check), group in cases.groupby(["column", "check"], sort=False, dropna=False):
            rows = tuple(int(row) for row in group["index"].dropna() if (column, int(row)) not in unreadable)
            if rows:
                failures.append(_Failure(str(column), _rule_text(str(check), group), rows))
    repeated = frame.duplicated(list(layer.id_columns), keep=False).to_numpy()
    named = frame[list(layer.id_columns)].notna().all(axis=1).to_numpy()
    if (repeated & named).any():
        rule = "the same id stands on several rows; give each record its own"
        failures.append(_Failure(" + ".join(layer.id_columns), rule, tuple(np.flatnonzero(repeated & named))))
    return failures


def _rule_text(check: str, cases: pd.DataFrame) -> str:
    if check == "not_nullable":
        return "must not be empty; fill it in"
    shown = ", ".join(dict.fromkeys(str(value) for value in cases["failure_case"].head(3)))
    return f"{check} (got {shown})"


def _check_persons(layer: Layer, frame: gpd.GeoDataFrame) -> list[_Failure]:
    """Text that holds a personal identity number, whatever the column is meant for."""
    rule = "holds a personal identity number; Norrsyn scores places, never persons, so take it out"
    texts = [name for name, column in layer.schema.columns.items() if _kind(column) == "text"]
    found = {name: holds_personal_number(frame[name]) for name in texts}
    return [_Failure(name, rule, tuple(np.flatnonzero(rows))) for name, rows in found.items() if rows.any()]


def _check_geometries(layer: Layer, frame: gpd.GeoDataFrame) -> list[_Failure]:
    geometry = frame.geometry
    if geometry.empty:
        return []
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    failures = []
    if missing.any():
        failures.append(_geometry_failure("is missing or empty; give a place", missing))
    wrong = ~missing & ~geometry.geom_type.isin(layer.geometry_types).to_numpy()
    if wrong.any():
        rule = f"must be {' or '.join(sorted(layer.geometry_types))} (got {geometry[wrong].geom_type.iloc[0]})"
        failures.append(_geometry_failure(rule, wrong))
    rest = ~(missing | wrong)
    broken = np.zeros(len(frame), dtype=bool)
    broken[rest] = ~_is_sound(geometry[rest])
    if broken.any():
        failures.append(_geometry_failure("is not a valid shape; repair it (shapely.make_valid)", broken))
    rest &= ~broken
    places = np.full(len(frame), "inside", dtype=object)
    places[rest] = _places(geometry[rest])
    for problem, rule, kind in (
        ("non-finite", "has coordinates that are not finite numbers; give metres in EPSG:3006", GeometryError),
        ("degrees", "looks like degrees, not metres; say which CRS the file is in (EPSG:4326?)", CRSError),
        ("swapped axes", "has northing before easting; swap the axes", CRSError),
        ("outside Sweden", "lies outside Sweden; check the CRS and the coordinates", GeometryError),
    ):
        if (places == problem).any():
            failures.append(_Failure("geometry", rule, tuple(np.flatnonzero(places == problem)), kind))
    misplaced = np.zeros(len(frame), dtype=bool)
    inside = rest & (places == "inside")
    misplaced[inside] = find_misplaced(layer, geometry[inside])
    if misplaced.any():
        rule = f"lies more than {NEAREST_MUNICIPALITY_M / 1000:.0f} km outside Region Nord; leave the row out"
        failures.append(_geometry_failure(rule, misplaced))
    return failures


def _geometry_failure(rule: str, rows: NDArray[np.bool_]) -> _Failure:
    return _Failure("geometry", rule, tuple(np.flatnonzero(rows)), GeometryError)


def _is_sound(geometry: gpd.GeoSeries) -> NDArray[np.bool_]:
    values = geometry.to_numpy()
    # shapely calls a point with NaN invalid; that case has a message of its own
    return np.asarray(shapely.is_valid(values) | (shapely.get_type_id(values) == shapely.GeometryType.POINT))


def _places(geometry: gpd.GeoSeries) -> NDArray[np.str_]:
    bounds = shapely.bounds(geometry.to_numpy())
    # one bad vertex is enough: look at both corners of each geometry's box
    low, high = classify_sweref(bounds[:, 0], bounds[:, 1]), classify_sweref(bounds[:, 2], bounds[:, 3])
    return np.where(low != "inside", low, high)


def _off_region(geometry: gpd.GeoSeries) -> NDArray[np.bool_]:
    municipalities = load_region().municipalities.geometry.to_numpy()
    near = np.zeros(len(geometry), dtype=bool)
    tree = shapely.STRtree(municipalities)
    near[np.unique(tree.query(geometry.to_numpy(), "dwithin", NEAREST_MUNICIPALITY_M)[0])] = True
    return ~near


def _one_error(layer: Layer, frame: gpd.GeoDataFrame, failures: Iterable[_Failure], labels: pd.Index) -> InputError:
    failures = tuple(failures)
    ids = _row_names(layer, frame, labels)
    # a value or an id that is somebody's number must not come back in the message
    lines = tuple(hide_personal_numbers(_line(failure, ids)) for failure in failures)
    n_rows = len({row for failure in failures for row in failure.rows})
    head = f"Layer {layer.name}: {len(lines)} rule(s) failed"
    head += f" in {n_rows} of {len(frame)} rows." if n_rows else "."
    message = "\n".join([head, *(f"  - {line}" for line in lines)])
    kinds = {failure.kind for failure in failures}
    if kinds == {CRSError}:
        return CRSError(message)
    if kinds <= {CRSError, GeometryError}:
        return GeometryError(message)
    return SchemaError(message, lines)


def _row_names(layer: Layer, frame: gpd.GeoDataFrame, labels: pd.Index) -> list[str]:
    """Id and row of each record; a frame that kept its index after rows were left out keeps its row numbers."""
    parts = [frame[column].astype("str").fillna("?") for column in layer.id_columns]
    rows = [label + 1 if isinstance(label, int) else label for label in labels.tolist()]
    return [f"{'/'.join(ids)} (row {row})" for *ids, row in zip(*parts, rows, strict=True)]


def _line(failure: _Failure, ids: list[str]) -> str:
    where = ""
    if failure.rows:
        shown = ", ".join(ids[row] for row in failure.rows[:_SHOWN_IDS])
        more = len(failure.rows) - _SHOWN_IDS
        where = f" — {len(failure.rows)} row(s): {shown}" + (f" and {more} more" if more > 0 else "")
    column = f"{failure.column}: " if failure.column else ""
    return f"{column}{failure.rule}{where}"
