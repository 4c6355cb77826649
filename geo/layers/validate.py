"""From any frame to a layer's frame, or one error that names every failure.

Dtypes are parsed first (a value that cannot be read is a failure like any other), then pandera checks the columns,
then the geometries are checked for type, finiteness, axis order and place.
"""

from __future__ import annotations

from functools import lru_cache
from numbers import Number
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM, SWEREF99_TM_EPSG, classify_sweref
from geo.errors import CRSError, GeometryError, SchemaError
from geo.layers.base import Layer
from geo.layers.failures import Failure, as_error, fail_where, find_failed_rows
from geo.layers.persons import HIDDEN, hide_personal_numbers, holds_personal_number
from geo.reference import refused_reason
from geo.region import NEAREST_MUNICIPALITY_M, load_region

__all__ = [
    "OUTSIDE_REGION",
    "empty_frame",
    "find_clashes",
    "find_failures",
    "find_misplaced",
    "sort_records",
    "validate",
]

OUTSIDE_REGION = f"lies more than {NEAREST_MUNICIPALITY_M / 1000:.0f} km outside Region Nord"
_MISPLACED = (
    ("non-finite", "has coordinates that are not finite numbers", "give metres in EPSG:3006", GeometryError),
    ("degrees", "looks like degrees, not metres", "say which CRS the file is in (EPSG:4326?)", CRSError),
    ("swapped axes", "has northing before easting", "swap the axes", CRSError),
    ("outside Sweden", "lies outside Sweden", "check the CRS and the coordinates", GeometryError),
)
_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "ja", "sant"), True),
    **dict.fromkeys(("false", "0", "no", "nej", "falskt"), False),
}
# what pandas calls columns of nothing but numbers
_NUMBERS = {"integer", "floating", "mixed-integer-float"}
# a day, with or without a time of day and its offset
_SHOWN_LETTERS = 60
_ROUGH_M = 1_000.0
_DAY = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}[\d:.]*\s?(?:Z|[+-]\d{2}:?\d{2})?)?$"


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
    parsed, failures = find_failures(layer, frame)
    failures += find_clashes(layer, parsed)
    if failures:
        n_rows = int(find_failed_rows(failures, len(parsed)).sum())
        head = f"Layer {layer.name}: {len(failures)} rule(s) failed"
        head += f" in {n_rows} of {len(parsed)} rows." if n_rows else "."
        raise as_error(head, failures, _row_names(layer, parsed, frame.index))
    return sort_records(layer, parsed)


def find_failures(layer: Layer, frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Failure]]:
    """A frame in the layer's columns and dtypes, and what is wrong with its rows, each looked at by itself.

    Parameters
    ----------
    layer : Layer
    frame : GeoDataFrame, EPSG:3006, any column order; optional columns may be missing

    Returns
    -------
    GeoDataFrame, EPSG:3006
        All rows in the order given, index 0 … n-1; cells that cannot be read are empty.
    list of Failure
        Those without rows concern the frame as a whole.

    Raises
    ------
    CRSError, GeometryError, SchemaError
        It is no frame of places in EPSG:3006 at all.
    """
    _check_frame(layer, frame)
    failures = [
        Failure(str(column), reason, "leave the column out")
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
        failures += layer.rules(parsed)
    return parsed, failures


def find_clashes(layer: Layer, frame: gpd.GeoDataFrame) -> list[Failure]:
    """What is wrong with rows that are each right by themselves: ids that stand twice, and the layer's own rules.

    Parameters
    ----------
    layer : Layer
    frame : GeoDataFrame as `find_failures` gives it

    Returns
    -------
    list of Failure
    """
    ids = list(layer.id_columns)
    repeated = frame.duplicated(ids, keep=False).to_numpy()
    # an empty cell that may be empty is part of the id: two phases of one establishment that are both "always"
    needed = [name for name in ids if not layer.schema.columns[name].nullable]
    named = frame[needed].notna().all(axis=1).to_numpy()
    failures = fail_where(
        " + ".join(ids), "the same id stands on several rows", "give each record its own", repeated & named
    )
    return failures + (layer.frame_rules(frame) if layer.frame_rules else [])


def sort_records(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A layer's frame in its canonical order, by id."""
    return frame.sort_values(list(layer.id_columns), kind="stable").reset_index(drop=True)


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


def _parse(layer: Layer, frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Failure]]:
    columns: dict[str, Any] = {}
    failures = []
    for name, column in layer.schema.columns.items():
        if name not in frame.columns:
            if column.required:
                failures.append(Failure(name, "the column is missing", f"it holds: {column.description}"))
            columns[name] = _missing(column, len(frame))
            continue
        values, bad = _parse_column(column, frame[name].reset_index(drop=True))
        columns[name] = values
        shown = (_show(repr(value)) if is_bad else "" for value, is_bad in zip(frame[name], bad, strict=True))
        failures += fail_where(name, _unreadable(column), _remedy(column), bad, shown)
    geometry = frame.geometry.reset_index(drop=True)
    if shapely.has_z(geometry).any() or shapely.has_m(geometry).any():
        geometry = geometry.force_2d()
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=frame.crs), failures


def _parse_column(column: pa.Column, values: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Values in the column's dtype, and which of those given could not be read; blank text counts as missing."""
    kind, default = _kind(column), column.default
    holds = pd.api.types.infer_dtype(values, skipna=True)
    is_numeric = kind == "a number" and holds in _NUMBERS
    texts = values if is_numeric else _as_texts(values, is_text=holds == "string")
    given = texts.notna()
    parsed: pd.Series
    if kind == "text":
        parsed = texts
    elif kind == "a number":
        if values.dtype == object and not (is_numeric or holds == "string"):
            # yes is no number, although Python counts with it
            values = values.where(~values.map(lambda value: isinstance(value, bool)).astype(bool))
        parsed = pd.to_numeric(values.where(given), errors="coerce").astype("float64")
    elif kind == "a date (YYYY-MM-DD)":
        parsed = _parse_dates(texts)
    else:
        parsed = texts.str.lower().map(_FLAGS)
    bad = given & parsed.isna()
    if holds != "string":
        bad |= given & _has_lost_digits(column, values, texts)
    if default is not None:
        parsed = parsed.where(given | parsed.notna(), default)
    if kind == "yes or no":
        parsed = parsed.where(parsed.notna(), False).astype(bool)
    return parsed, bad.to_numpy(dtype=bool)


def _as_texts(values: pd.Series, *, is_text: bool) -> pd.Series:
    """Every value as stripped text; whole numbers without decimals, blanks as missing."""
    if not is_text:
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
    place, distinct = pd.factorize(texts)
    days = pd.Series(distinct, dtype=texts.dtype).str.extract(_DAY, expand=False)
    parsed = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    # an empty cell has the place -1, at which there is no day
    return parsed.reindex(place).set_axis(texts.index)


def _show(text: str) -> str:
    # masked before it is cut: nobody recognises half a number any more
    return hide_personal_numbers(text)[:_SHOWN_LETTERS]


def _unreadable(column: pa.Column) -> str:
    is_code = (column.metadata or {}).get("n_digits")
    return "is a number, not a code" if is_code else f"cannot be read as {_kind(column)}"


def _remedy(column: pa.Column) -> str:
    if (column.metadata or {}).get("n_digits"):
        return "a number may have lost its leading 0, so give the code as text"
    return {
        "a number": "write digits with a decimal point, or leave the cell empty",
        "a date (YYYY-MM-DD)": "write it as 2026-07-15, or leave the cell empty",
        "yes or no": "write yes or no",
    }.get(_kind(column), "write it as text")


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


def _check_columns(layer: Layer, frame: gpd.GeoDataFrame, unreadable: set[tuple[str, int]]) -> list[Failure]:
    present = pd.DataFrame(frame.drop(columns="geometry"))
    failures = []
    try:
        layer.schema.validate(present, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        for (column, check), group in cases.groupby(["column", "check"], sort=False, dropna=False):
            cells = [
                (int(row), _show(str(value)))
                for row, value in zip(group["index"], group["failure_case"], strict=True)
                if not pd.isna(row) and (column, int(row)) not in unreadable
            ]
            if cells:
                rows, values = zip(*cells, strict=True)
                failures.append(_rule_failure(str(column), str(check), rows, values))
    return failures


def _rule_failure(column: str, check: str, rows: tuple[int, ...], values: tuple[str, ...]) -> Failure:
    if check == "not_nullable":
        return Failure(column, "must not be empty", "fill it in", rows)
    rule, _, remedy = check.partition("; ")
    return Failure(column, rule, remedy or "mend the value", rows, values)


def _check_persons(layer: Layer, frame: gpd.GeoDataFrame) -> list[Failure]:
    """Text that holds a personal identity number, whatever the column is meant for."""
    rule, remedy = "holds a personal identity number", "Norrsyn scores places, never persons, so take it out"
    texts = [name for name, column in layer.schema.columns.items() if _kind(column) == "text"]
    found = {name: holds_personal_number(frame[name]) for name in texts}
    hidden = {name: frame[name].str.contains(HIDDEN, regex=False).fillna(value=False).to_numpy(bool) for name in texts}
    blotted = "holds a blotted-out identity number", "write something else, or leave the cell empty"
    return [
        *(failure for name, rows in found.items() for failure in fail_where(name, rule, remedy, rows)),
        *(failure for name, rows in hidden.items() for failure in fail_where(name, *blotted, rows)),
    ]


def _check_geometries(layer: Layer, frame: gpd.GeoDataFrame) -> list[Failure]:
    geometry = frame.geometry
    if geometry.empty:
        return []
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    wrong = ~missing & ~geometry.geom_type.isin(layer.geometry_types).to_numpy()
    rest = ~(missing | wrong)
    broken = np.zeros(len(frame), dtype=bool)
    broken[rest] = ~_is_sound(geometry[rest])
    rest &= ~broken
    places = np.full(len(frame), "inside", dtype=object)
    places[rest] = _places(geometry[rest])
    misplaced = np.zeros(len(frame), dtype=bool)
    inside = rest & (places == "inside")
    misplaced[inside] = find_misplaced(layer, geometry[inside])
    kinds = " or ".join(sorted(layer.geometry_types))
    failures = [
        *_fail_geometry("is missing or empty", "give a place", missing),
        *_fail_geometry(f"must be {kinds}", "export the shapes that the layer holds", wrong, geometry.geom_type),
        *_fail_geometry("is not a valid shape", "repair it (shapely.make_valid)", broken),
    ]
    for problem, rule, remedy, kind in _MISPLACED:
        failures += _fail_geometry(rule, remedy, places == problem, kind=kind)
    return failures + _fail_geometry(OUTSIDE_REGION, "leave the row out", misplaced)


def _fail_geometry(
    rule: str,
    remedy: str,
    bad: NDArray[np.bool_],
    values: pd.Series | None = None,
    kind: type[GeometryError] | type[CRSError] = GeometryError,
) -> list[Failure]:
    return fail_where("geometry", rule, remedy, bad, values, kind)


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
    shapes = geometry.to_numpy()
    near: NDArray[np.bool_] = shapely.intersects(_surely_near(), shapes)
    rest = np.flatnonzero(~near)
    tree = shapely.STRtree(load_region().municipalities.geometry.to_numpy())
    near[rest[np.unique(tree.query(shapes[rest], "dwithin", NEAREST_MUNICIPALITY_M)[0])]] = True
    return ~near


@lru_cache(maxsize=1)
def _surely_near() -> shapely.Geometry:
    """An area that is drawn roughly, but no point of which is too far off; it answers for nearly all rows, quickly."""
    # a buffer's corners are cut, never rounded outward, and simplifying moves its edge by the tolerance at most
    rough = shapely.union_all(load_region().municipalities.geometry.to_numpy())
    near = rough.buffer(NEAREST_MUNICIPALITY_M - 2 * _ROUGH_M).simplify(_ROUGH_M)
    shapely.prepare(near)
    return near


def _row_names(layer: Layer, frame: gpd.GeoDataFrame, labels: pd.Index) -> list[str]:
    """Id and row of each record; a frame that kept its index after rows were left out keeps its row numbers."""
    parts = [frame[column].astype("str").fillna("?") for column in layer.id_columns]
    rows = [label + 1 if isinstance(label, int) else label for label in labels.tolist()]
    return [f"{'/'.join(ids)} (row {row})" for *ids, row in zip(*parts, rows, strict=True)]
