"""What a reader hands on: columns as they stand in the file, shapes, and what went wrong row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import InputError
from geo.layers.base import Layer
from geo.reference import refused_reason

__all__ = ["MAX_COLUMNS", "RawTable", "check_width", "list_rows", "make_columns", "split_columns"]

# as many as a table of SQLite, and so of a GeoPackage, has by default
MAX_COLUMNS = 2000
_SHOWN_ROWS = 5
# larger whole numbers do not fit into any column
_MAX_INT = 2**63 - 1


@dataclass(frozen=True, eq=False)
class RawTable:
    """Rows as a reader found them; row 1 is the first feature, or the first line below the header.

    Attributes
    ----------
    columns : DataFrame of objects, index 0 … n-1, None where a cell is empty; no refused column is in it
    refused : column to the reason why it was not read
    left_out : columns that hold lists or objects, which no layer has
    geometry : (n,) shapely objects in two dimensions, None where missing; None for a CSV, whose columns say where
    bad_geometry : row position to what is wrong with its shape
    crs : CRS that the file states, None where it states none
    crs_problem : why what the file says of its CRS cannot be used
    notes : what a reader of the report should know
    first_row : position of the first row in the file
    bad_rows : row position to what is wrong with the row as a whole
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


def check_width(source_name: str, n_columns: int) -> None:
    """Refuse a table of so many columns that a small file would fill the memory: every row has a cell in each.

    Raises
    ------
    InputError
    """
    if n_columns > MAX_COLUMNS:
        message = (
            f"{source_name}: has {n_columns} columns, more than the {MAX_COLUMNS} that are read; export the ones that "
            "the layer needs."
        )
        raise InputError(message)


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
