"""Documented shapes of files of temporary workplaces: building sites, fellings, postings, road works.

Such a file seldom says everything that the layer needs. A shape says what its columns are called, what is assumed where
it is silent, how its days become a period, and where an area becomes a point; every assumption is said.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import NotFoundError
from geo.reference.tables import read_columns

__all__ = ["ImportShape", "apply_shape", "get_shape", "import_shapes", "split_ids", "to_points"]

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")
# milliseconds since 1970, as map services write days; smaller numbers are years or YYYYMMDD
_SMALLEST_STAMP = 10**11
_HASH_LETTERS = 8


@dataclass(frozen=True)
class ImportShape:
    """One documented shape of a file.

    Attributes
    ----------
    name : str, code in ``import_shapes``
    title : str, English
    sni : edition to the industry of rows that state none
    employees : float, of rows that state none
    lead_days : int, days from the day in the file to the first day of work
    valid_days : int, days from the day in the file to the last day of work, where it gives no end
    synonyms : name in the file to column of the layer workplaces, for `geo.reading.synonyms.match_columns`
    """

    name: str
    title: str
    sni: Mapping[str, str]
    employees: float
    lead_days: int
    valid_days: int
    synonyms: Mapping[str, str]


@lru_cache(maxsize=1)
def import_shapes() -> Mapping[str, ImportShape]:
    """All documented shapes by name, read-only."""
    names: dict[str, dict[str, str]] = {}
    for shape, column, synonym in read_columns("import_shape_columns", "shape", "column", "synonym"):
        names.setdefault(shape, {})[synonym] = column
    columns = ("shape", "title", "sni_2007", "sni_2025", "employees", "lead_days", "valid_days")
    return MappingProxyType(
        {
            shape: ImportShape(
                shape,
                title,
                MappingProxyType({"2007": sni_2007, "2025": sni_2025}),
                employees,
                lead_days,
                valid_days,
                MappingProxyType(names.get(shape, {})),
            )
            for shape, title, sni_2007, sni_2025, employees, lead_days, valid_days in read_columns(
                "import_shapes", *columns
            )
        }
    )


def get_shape(name: str) -> ImportShape:
    """The documented shape of that name.

    Raises
    ------
    NotFoundError
    """
    shapes = import_shapes()
    if name not in shapes:
        near = difflib.get_close_matches(name, shapes, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        message = f"There is no shape {name!r}; the shapes are {', '.join(shapes)}{hint}"
        raise NotFoundError(message)
    return shapes[name]


def apply_shape(
    shape: ImportShape, frame: pd.DataFrame, *, taken: Collection[str] = (), sni_version: str = "2007"
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill in what a file of this shape does not say.

    Parameters
    ----------
    shape : ImportShape
    frame : DataFrame of objects, n rows
        Columns matched to the layer workplaces already, days as they stand in the file.
    taken : columns that all rows get one value for, as told; nothing is assumed for them
    sni_version : edition that the assumed industry is written in

    Returns
    -------
    frame : DataFrame of n rows, a copy
        ``kind`` is ``temporary``; ``sni`` with its ``sni_version`` and ``employees`` where they were missing;
        ``active_from`` and ``active_to`` as days (YYYY-MM-DD) where they could be read, else as they are.
    notes : each assumption with the number of its rows, for the report
    """
    out = frame.copy()
    notes: list[str] = []
    if "kind" not in taken and "kind" not in out.columns:
        out["kind"] = pd.Series("temporary", index=out.index, dtype=object)
        notes.append(f"kind: temporary, as in every {shape.title.lower()}")
    if "sni" not in taken:
        empty = _fill(out, "sni", shape.sni[sni_version])
        if empty.any():
            _fill(out, "sni_version", sni_version, only=empty)
            notes.append(
                f"sni: {int(empty.sum())} row(s) state no industry and got {shape.sni[sni_version]}, an assumption"
            )
    if "employees" not in taken:
        empty = _fill(out, "employees", shape.employees)
        if empty.any():
            notes.append(f"employees: {int(empty.sum())} row(s) state none and got {shape.employees:g}, an assumption")
    _make_periods(shape, out, taken, notes)
    return out, tuple(notes)


def to_points(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Points for areas and lines: one that lies inside the area, or on the line.

    Parameters
    ----------
    shapes : (n,) shapely objects in any CRS, or None

    Returns
    -------
    points : (n,) shapely objects; points, empty and missing shapes as they are
    notes : how many were turned, for the report
    """
    out = shapes.copy()
    turn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes) | (shapely.get_type_id(shapes) == 0))
    turn &= np.isfinite(shapely.bounds(shapes)).all(axis=1)
    if not turn.any():
        return out, ()
    sound = shapes[turn]
    broken = ~shapely.is_valid(sound)
    sound[broken] = shapely.make_valid(sound[broken])
    out[turn] = shapely.point_on_surface(sound)
    return out, (
        f"geometry: {int(turn.sum())} area(s) or line(s) became a point inside them, as a workplace is a point",
    )


def split_ids(ids: pd.Series, shapes: NDArray[np.object_]) -> tuple[pd.Series, tuple[str, ...]]:
    """Ids of their own for the places of one notice: a notice of three areas has three rows of one number.

    Parameters
    ----------
    ids : (n,) objects, numbers of notices, None where missing
    shapes : (n,) shapely objects, or None

    Returns
    -------
    ids : (n,) objects
        An id that stands on several rows with different shapes is followed by a hash of the shape, so that it is the
        same in every file and in any order; rows that repeat each other stay repeats.
    notes : how many rows, for the report
    """
    keys = [hashlib.sha256(wkb or b"").hexdigest()[:_HASH_LETTERS] for wkb in shapely.to_wkb(shapes, byte_order=1)]
    places = pd.Series(keys, index=ids.index).groupby(ids, sort=False).transform("nunique")
    split = (ids.notna() & (places > 1)).to_numpy(dtype=bool)
    if not split.any():
        return ids, ()
    values = [
        f"{each}-{key}" if several else each for each, key, several in zip(ids.tolist(), keys, split, strict=True)
    ]
    note = f"workplace_id: {int(split.sum())} row(s) are places of notices with several; each got an id of its own"
    return pd.Series(values, index=ids.index, dtype=object), (note,)


def _fill(frame: pd.DataFrame, column: str, value: object, only: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Put a value where a column is empty; which rows got it."""
    values = frame[column].tolist() if column in frame.columns else [None] * len(frame)
    empty = np.array([_is_empty(each) for each in values], dtype=bool)
    if only is not None:
        empty &= only
    filled = [value if is_empty else each for each, is_empty in zip(values, empty.tolist(), strict=True)]
    frame[column] = pd.Series(filled, index=frame.index, dtype=object)
    return empty


def _make_periods(shape: ImportShape, frame: pd.DataFrame, taken: Collection[str], notes: list[str]) -> None:
    if "active_from" not in frame.columns:
        return
    given = frame["active_from"].tolist()
    days = [_read_day(cell) for cell in given]
    if "active_from" not in taken:
        first = [cell if day is None else _later(day, shape.lead_days) for cell, day in zip(given, days, strict=True)]
        frame["active_from"] = pd.Series(first, index=frame.index, dtype=object)
        if shape.lead_days and any(day is not None for day in days):
            notes.append(f"active_from: {shape.lead_days} days after the day in the file")
    if "active_to" in taken:
        return
    ends = frame["active_to"].tolist() if "active_to" in frame.columns else [None] * len(frame)
    read = [cell if (day := _read_day(cell)) is None else day.isoformat() for cell in ends]
    missing = [_is_empty(cell) and day is not None for cell, day in zip(read, days, strict=True)]
    last = [
        _later(day, shape.valid_days) if is_missing and day is not None else cell
        for cell, day, is_missing in zip(read, days, missing, strict=True)
    ]
    frame["active_to"] = pd.Series(last, index=frame.index, dtype=object)
    if any(missing):
        notes.append(
            f"active_to: {sum(missing)} row(s) state no end and got {shape.valid_days} days after the day in the file"
        )


def _is_empty(cell: object) -> bool:
    # a missing number, like a missing timestamp, differs from itself
    return cell is None or cell != cell or str(cell).strip() == ""  # noqa: PLR0124


def _later(day: date, days: int) -> str:
    return (day + timedelta(days=days)).isoformat()


def _read_day(cell: object) -> date | None:
    """The day that a cell holds: a date, text that begins with one, or milliseconds since 1970."""
    if isinstance(cell, datetime):
        return None if cell != cell else cell.date()  # noqa: PLR0124  a missing timestamp differs from itself
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        whole = float(cell).is_integer() and _SMALLEST_STAMP <= abs(cell) < 100 * _SMALLEST_STAMP
        return datetime.fromtimestamp(cell / 1000, UTC).date() if whole else None
    found = _DAY.fullmatch(cell.strip()) if isinstance(cell, str) else None
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
