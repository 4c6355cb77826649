"""What a reader hands on: columns as they stand in the file, shapes, and what went wrong row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import InputError
from geo.layers.base import Layer
from geo.reading.limits import DEFAULT_LIMITS, Limits
from geo.reference import refused_reason

__all__ = [
    "MAX_COLUMNS",
    "RawTable",
    "check_height",
    "check_width",
    "join_tables",
    "list_rows",
    "make_columns",
    "split_columns",
]

MAX_COLUMNS = DEFAULT_LIMITS.columns
_SHOWN_ROWS = 5
# larger whole numbers do not fit into any column
_MAX_INT = 2**63 - 1


@dataclass(frozen=True, eq=False)
class RawTable:
    """Rows as a reader found them, all of a file's or a run of them; positions count from 0 at the table's first row.

    A table's position p is the file's row ``first_row + p + 1`` for people, row 1 being the first feature, or the first
    line below the header that holds anything. Of several tables from one file, only `columns`, `geometry`,
    `bad_geometry`, `bad_rows` and `first_row` differ.

    Attributes
    ----------
    columns : DataFrame of objects, index 0 … n-1, None where a cell is empty; no refused column is in it
    refused : column to the reason why it was not read
    left_out : columns that hold lists or objects, which no layer has
    geometry : (n,) shapely objects in two dimensions, None where missing; None for a table of cells alone (CSV, XLSX,
        plain Parquet), whose columns say where
    bad_geometry : row position to what is wrong with its shape
    crs : CRS that the file states, None where it states none
    crs_problem : why what the file says of its CRS cannot be used
    notes : what a reader of the report should know
    first_row : position of the table's first row in the file
    bad_rows : row position to why the row cannot be trusted as it stands; its cells are kept as far as they go
    """

    columns: pd.DataFrame
    refused: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    geometry: NDArray[np.object_] | None = None
    bad_geometry: Mapping[int, str] | None = None
    crs: CRS | None = None
    crs_problem: str = ""
    notes: tuple[str, ...] = ()
    first_row: int = 0
    bad_rows: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns)


def check_width(source_name: str, n_columns: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse a table of so many columns that a small file would fill the memory: every row has a cell in each.

    Raises
    ------
    InputError
    """
    if n_columns > limits.columns:
        message = (
            f"{source_name}: has {n_columns} columns, more than the {limits.columns} that are read; export the ones "
            "that the layer needs."
        )
        raise InputError(message)


def check_height(source_name: str, n_rows: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse a table of more rows than are read.

    Raises
    ------
    InputError
    """
    if n_rows > limits.rows:
        message = f"{source_name}: has more than the {limits.rows} rows that are read; split it into several files."
        raise InputError(message)


def join_tables(tables: Sequence[RawTable]) -> RawTable:
    """The tables of one file, in order, as one.

    Parameters
    ----------
    tables : at least one, each beginning where the one before it ends

    Returns
    -------
    RawTable
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    bad_rows: dict[int, str] = {}
    bad_geometry: dict[int, str] = {}
    for table in tables:
        offset = table.first_row - first.first_row
        bad_rows |= {offset + row: what for row, what in table.bad_rows.items()}
        bad_geometry |= {offset + row: what for row, what in (table.bad_geometry or {}).items()}
    shapes = [table.geometry for table in tables if table.geometry is not None]
    return replace(
        first,
        columns=pd.concat([table.columns for table in tables], ignore_index=True),
        geometry=np.concatenate(shapes) if shapes else None,
        bad_geometry=None if first.bad_geometry is None else bad_geometry,
        bad_rows=bad_rows,
    )


def split_columns(layer: Layer, names: Iterable[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Columns that may be read into a layer, and the others with the reason why not.

    Parameters
    ----------
    layer : Layer
    names : column names as they stand in the file

    Returns
    -------
    tuple of str, dict of str to str
    """
    names = tuple(names)
    refused = {name: reason for name in names if (reason := refused_reason(name, layer.name))}
    return tuple(name for name in names if name not in refused), refused


def make_columns(values: Mapping[str, list[Any]], n_rows: int) -> pd.DataFrame:
    """A frame of Python objects: text stays text, and blank text is nothing at all.

    Parameters
    ----------
    values : column name to n_rows values
    n_rows : int

    Returns
    -------
    DataFrame of objects, index 0 … n_rows-1
    """
    columns = {
        name: pd.Series([_clean(value) for value in cells], dtype=object, index=range(n_rows))
        for name, cells in values.items()
    }
    return pd.DataFrame(columns, index=range(n_rows), dtype=object)


def list_rows(rows: Iterable[int]) -> str:
    """Row numbers for people: ``row 3, 7 and 2 more``."""
    rows = list(rows)
    shown = ", ".join(str(row + 1) for row in rows[:_SHOWN_ROWS])
    more = len(rows) - _SHOWN_ROWS
    return f"row {shown}" + (f" and {more} more" if more > 0 else "")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if not value.strip():
            return None
        # half of a surrogate pair is no character and cannot be stored
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) > _MAX_INT:
        return str(value)
    return None if isinstance(value, float) and np.isnan(value) else value
