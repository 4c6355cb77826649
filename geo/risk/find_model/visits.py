"""Tables of visits and candidates, checked and turned into arrays; every failure is told at once."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import CRSError, ParameterError, SchemaError

__all__ = [
    "Columns",
    "Failures",
    "Positions",
    "check_columns",
    "check_table",
    "code_values",
    "drop_repeats",
    "name_rows",
    "order_rows",
    "read_days",
    "read_outcome",
    "read_positions",
    "require_columns",
    "to_numbers",
]

UNKNOWN = "(unknown)"
_NAMED = 5
_US_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Columns:
    """Which column of a table means what.

    Attributes
    ----------
    outcome, time : str
    features : tuple of str
    agency, place : str or None
    """

    outcome: str
    time: str
    features: tuple[str, ...]
    agency: str | None
    place: str | None


@dataclass(frozen=True)
class Positions:
    """Where the rows of a table stand.

    Attributes
    ----------
    xy : (n, 2) float64, m in the axes of the model's CRS; NaN where a row has no geometry
    crs : CRS, projected
    """

    xy: NDArray[np.float64]
    crs: CRS


class Failures:
    """Failures of one table, collected to be raised as one error."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Keep one more; it ends with what to do."""
        self.lines.append(line)

    def raise_any(self) -> None:
        """Raise SchemaError with all of them, if there are any."""
        if self.lines:
            message = f"{self.table} cannot be used:\n" + "\n".join(f"- {line}" for line in self.lines)
            raise SchemaError(message, tuple(self.lines))


def name_rows(table: pd.DataFrame, is_bad: NDArray[np.bool_]) -> str:
    """How many rows, and the index of the first few."""
    first = ", ".join(repr(each) for each in table.index[is_bad][:_NAMED].tolist())
    count = int(is_bad.sum())
    return f"{count} row{'s' if count > 1 else ''} (index {first}{', …' if count > _NAMED else ''})"


def check_columns(outcome: Any, time: Any, features: Any, agency: Any, place: Any) -> Columns:
    """The names of the columns, each with one meaning only.

    Raises
    ------
    ParameterError
    """
    failures = []
    if isinstance(features, str) or not isinstance(features, Sequence | pd.Index | np.ndarray):
        failures.append(f"features must be a list of column names, got {features!r}")
        features = []
    features = list(features)
    named: list[tuple[str, Any]] = [("outcome", outcome), ("time", time)]
    named += [(what, name) for what, name in (("agency", agency), ("place", place)) if name is not None]
    failures += [
        f"{what} must be the name of a column, got {name!r}"
        for what, name in [*named, *(("a feature", name) for name in features)]
        if not isinstance(name, str)
    ]
    for what, name in named:
        if name in features:
            failures.append(f"{name!r} is the {what}: take it out of features, or the model would learn it by heart")
    for i, (what, name) in enumerate(named):
        failures += [f"{name!r} cannot be both {other} and {what}" for other, same in named[:i] if same == name]
    twice = sorted({name for name in features if isinstance(name, str) and features.count(name) > 1})
    failures += [f"feature {name!r} is listed twice: list it once" for name in twice]
    if failures:
        raise ParameterError("; ".join(failures) + ".")
    return Columns(outcome, time, tuple(features), agency, place)


def require_columns(table: pd.DataFrame, names: Sequence[str], failures: Failures) -> bool:
    """Whether all columns are there, once each."""
    before = len(failures.lines)
    for name in names:
        count = int((table.columns == name).sum())
        if count == 0:
            there = ", ".join(map(repr, table.columns[:20]))
            failures.add(f"column {name!r} is missing (there are {there}): add it or name another")
        elif count > 1:
            failures.add(f"column {name!r} is there {count} times: keep one")
    return len(failures.lines) == before


def read_days(table: pd.DataFrame, name: str, failures: Failures, *, latest: pd.Timestamp | None = None) -> Any:
    """Days since 1970 of a column of dates, date-times or ISO text; with a time zone, in UTC.

    Parameters
    ----------
    table : DataFrame with the column
    name : str
    failures : Failures, added to
    latest : Timestamp, optional
        Later than this is a failure: an outcome of the future is not known.

    Returns
    -------
    (n,) float64, days
    """
    column = table[name]
    none = np.zeros(len(table))
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind):
        failures.add(f"time column {name!r} holds numbers: make dates of them with pandas.to_datetime(…, unit=…)")
        return none
    if isinstance(kind, pd.PeriodDtype | pd.CategoricalDtype) or pd.api.types.is_timedelta64_dtype(kind):
        failures.add(f"time column {name!r} holds {kind}: make dates of them with pandas.to_datetime")
        return none
    missing = column.isna().to_numpy()
    is_number = column.map(lambda value: isinstance(value, numbers.Number)).to_numpy(dtype=bool) & ~missing
    try:
        # a number among texts is no time
        column = column.mask(is_number) if is_number.any() else column
        times = pd.to_datetime(column, errors="coerce", utc=True, format=None if _is_dates(column) else "ISO8601")
    except (TypeError, ValueError, OverflowError) as error:
        failures.add(f"time column {name!r} holds no dates ({error}): use dates or text like 2026-07-15")
        return none
    unread = times.isna().to_numpy() & ~missing
    if missing.any():
        failures.add(f"{name!r} is empty in {name_rows(table, missing)}: fill it or leave them out")
    if unread.any():
        failures.add(f"{name!r} is no date in {name_rows(table, unread)}: use text like 2026-07-15")
    if latest is not None:
        late = (times > latest).fillna(False).to_numpy(dtype=bool)
        if late.any():
            failures.add(
                f"{name!r} is in the future in {name_rows(table, late)}: the outcome of a visit that has not been "
                "made is not known; mend the date or leave them out"
            )
    if missing.any() or unread.any():
        return none
    return times.astype("datetime64[us, UTC]").astype("int64").to_numpy() / _US_PER_DAY


def _is_dates(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column.dtype) or not (
        pd.api.types.is_string_dtype(column.dtype) or column.map(lambda value: isinstance(value, str)).any()
    )


def to_numbers(column: pd.Series) -> NDArray[np.float64]:
    """(n,) float64 of a column of any kind; NaN where it is empty, or no real number."""
    if pd.api.types.is_complex_dtype(column.dtype):
        return np.full(len(column), np.nan)
    known = pd.to_numeric(column, errors="coerce").astype("Float64")
    return np.asarray(known.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def read_outcome(table: pd.DataFrame, name: str, failures: Failures) -> NDArray[np.float64]:
    """Outcomes as 0.0 and 1.0; anything else is a failure.

    Returns
    -------
    (n,) float64
    """
    column = table[name]
    missing = column.isna().to_numpy()
    if missing.any():
        failures.add(f"outcome {name!r} is empty in {name_rows(table, missing)}: leave out visits without an outcome")
    values = to_numbers(column)
    bad = ~np.isin(values, (0.0, 1.0)) & ~missing
    if bad.any():
        example = column[bad].iloc[0]
        failures.add(
            f"outcome {name!r} is neither 0 nor 1 in {name_rows(table, bad)}, such as {example!r}: "
            "1 (or True) is something found, 0 nothing found; counts become table[…] > 0"
        )
    return values


def read_positions(table: pd.DataFrame, failures: Failures, crs: CRS | None = None) -> Positions | None:
    """Points in metres; None if the table has no geometry.

    Lines and areas are taken at a point inside them. Rows without geometry are allowed, and get NaN.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
    failures : Failures, added to
    crs : CRS, optional
        Of the model; the table is transformed to it.

    Raises
    ------
    CRSError
        No CRS, or degrees.
    """
    if not isinstance(table, gpd.GeoDataFrame) or table._geometry_column_name not in table.columns:
        return None
    shapes = table.geometry
    if shapes.crs is None:
        message = f"{failures.table} has a geometry without CRS: say which it is with set_crs(…)."
        raise CRSError(message)
    if crs is not None and shapes.crs != crs:
        shapes = shapes.to_crs(crs)
    own = CRS(shapes.crs)
    if not own.is_projected:
        message = (
            f"{failures.table} is in {own.name}, which is in degrees: distances need metres. "
            "Transform it with to_crs(3006) in Sweden, or to_crs(table.estimate_utm_crs()) elsewhere."
        )
        raise CRSError(message)
    metres = own.axis_info[0].unit_conversion_factor
    empty = (shapes.isna() | shapes.is_empty).to_numpy()
    xy = _take_points(shapes) * metres
    bad = ~np.isfinite(xy).all(axis=1) & ~empty
    if bad.any():
        failures.add(f"the geometry of {name_rows(table, bad)} is not finite: mend or remove it")
    return Positions(xy, own)


def _take_points(shapes: gpd.GeoSeries) -> NDArray[np.float64]:
    """(n, 2) a point in each shape; NaN where there is none."""
    is_point = (shapes.geom_type == "Point").to_numpy()
    drawn = (shapes.notna() & ~shapes.is_empty).to_numpy()
    xy = np.full((len(shapes), 2), np.nan)
    # broken coordinates are told by the caller
    with np.errstate(invalid="ignore"):
        for rows, within in ((is_point & drawn, False), (drawn & ~is_point, True)):
            points = shapes[rows].representative_point() if within else shapes[rows]
            xy[rows] = np.column_stack([points.x.to_numpy(), points.y.to_numpy()])
    return xy


def check_table(table: Any, what: str) -> None:
    """Raise ParameterError unless it is a frame."""
    if not isinstance(table, pd.DataFrame):
        message = f"{what} must be a DataFrame or GeoDataFrame, got {type(table).__name__}."
        raise ParameterError(message)


def code_values(column: pd.Series) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Codes of a column's values as text, in order of the text; gaps share a code of their own, named ``(unknown)``."""
    text = column.astype(object).map(str).where(column.notna(), UNKNOWN)
    names = sorted(set(text))
    codes: NDArray[np.intp] = pd.Index(names).get_indexer(pd.Index(text)).astype(np.intp)
    return codes, tuple(names)


def order_rows(
    table: pd.DataFrame, names: Sequence[str], day: NDArray[np.float64], xy: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Order of time; rows of one moment by where they were and what they hold, so that the table's order never matters.

    Parameters
    ----------
    table : DataFrame
    names : sequence of str
        Columns that are used.
    day : (n,) float64
    xy : (n, 2) float64, NaN where unknown
    """
    held = [pd.factorize(table[name].astype(object).map(str), sort=True)[0] for name in reversed(names)]
    order: NDArray[np.intp] = np.lexsort((*held, xy[:, 1], xy[:, 0], day))
    return order


def drop_repeats(
    table: pd.DataFrame, columns: Columns, xy: NDArray[np.float64], has_positions: bool
) -> tuple[NDArray[np.bool_], list[str]]:
    """Rows to keep, and a note if a visit stood in the table more than once.

    Rows alike in every column used are one visit, provided that a place column or a geometry says where it was.
    """
    if not has_positions and columns.place is None:
        return np.ones(len(table), dtype=np.bool_), []
    names = [columns.time, columns.outcome, *columns.features]
    names += [name for name in (columns.agency, columns.place) if name is not None]
    used = pd.DataFrame({name: table[name].astype(object).map(str).to_numpy() for name in names})
    used["easting"], used["northing"] = xy.T
    repeated = used.duplicated().to_numpy()
    count = int(repeated.sum())
    note = f"{count} row{'s repeat' if count > 1 else ' repeats'} an earlier one in every column used: counted once."
    return ~repeated, [note] if count else []
