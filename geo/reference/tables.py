"""Finding, reading and checking the reference tables.

A table is read once, checked whole, and handed out as a copy: nobody can change what the others see.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import ConfigError, NotFoundError
from geo.reference.schema import TABLES, Column, Table

__all__ = ["find_reference_folder", "list_tables", "load_table", "read_columns", "read_table"]

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class _Rows:
    """A table as it stands in the file: header, and each row with its line number."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def find_reference_folder() -> Path:
    """Folder of the reference tables: inside the installed package, else beside it in a checkout.

    Returns
    -------
    Path

    Raises
    ------
    ConfigError
        If neither folder holds tables.
    """
    package = Path(str(files("geo.reference"))).parent
    candidates = (package / "data" / "reference", package.parent / "data" / "reference")
    for folder in candidates:
        if (folder / "sectors.csv").is_file():
            return folder
    message = (
        f"The reference tables are missing: neither {candidates[0]} nor {candidates[1]} holds sectors.csv. "
        "Install Norrsyn again, or run it from a complete checkout."
    )
    raise ConfigError(message)


def list_tables() -> tuple[str, ...]:
    """Names of all reference tables, in the order of the data dictionary."""
    return tuple(TABLES)


def read_table(name: str) -> pd.DataFrame:
    """A reference table, checked and typed.

    Parameters
    ----------
    name : str, one of `list_tables`

    Returns
    -------
    DataFrame
        Codes and titles are text (an empty cell is ``""``), numbers float64 (an empty cell is NaN), whole numbers
        int64 (float64 where a cell may be empty), flags bool, dates datetime64. The frame is the caller's own copy.

    Raises
    ------
    NotFoundError
        If there is no such table.
    ConfigError
        If the file is missing or broken; the message lists every failure.
    """
    return _load_cached(name, find_reference_folder()).copy()


def read_columns(name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a reference table as plain tuples of the columns asked for.

    Raises
    ------
    NotFoundError, ConfigError
    """
    table = _load_cached(name, find_reference_folder())
    return zip(*(table[column].tolist() for column in columns), strict=True)


@lru_cache(maxsize=256)
def _load_cached(name: str, folder: Path) -> pd.DataFrame:
    return load_table(name, folder)


def load_table(name: str, folder: Path) -> pd.DataFrame:
    """Read and check one table from a folder, without the cache.

    Parameters
    ----------
    name : str, one of `list_tables`
    folder : Path that holds ``<name>.csv`` and the tables it refers to

    Returns
    -------
    DataFrame, as `read_table`

    Raises
    ------
    NotFoundError, ConfigError
    """
    if name not in TABLES:
        message = f"There is no reference table {name!r}; there are {', '.join(TABLES)}."
        raise NotFoundError(message)
    table = TABLES[name]
    content, failures = _read_rows(folder / f"{name}.csv")
    failures += _check_header(table, content)
    if not failures:
        failures += _check_cells(table, content, folder) + _check_key(table, content)
    frame = pd.DataFrame()
    if not failures:
        frame = _to_frame(table, content)
        failures += table.rules(frame)
    if failures:
        listed = "\n".join(f"  {failure}" for failure in failures)
        message = (
            f"Reference table {name} ({folder / f'{name}.csv'}) is broken, {len(failures)} failure(s):\n{listed}\n"
            "Mend these cells (docs/reference.md describes each column) or install Norrsyn again."
        )
        raise ConfigError(message)
    return frame


def _read_rows(path: Path) -> tuple[_Rows, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(next(reader, []))
            rows = tuple((reader.line_num, tuple(row)) for row in reader if row)
    except FileNotFoundError:
        return _Rows((), ()), ["the file is missing"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return _Rows((), ()), [f"the file cannot be read as UTF-8 CSV: {error}"]
    return _Rows(header, rows), [] if rows else ["the table has no rows"]


def _check_header(table: Table, content: _Rows) -> list[str]:
    if not content.header:
        return []
    known = [column.name for column in table.columns]
    failures = [f"line 1: column {name} is missing" for name in known if name not in content.header]
    failures += [f"line 1: column {name} is not in the data dictionary" for name in content.header if name not in known]
    failures += [
        f"line 1: column {name} stands twice"
        for name in dict.fromkeys(content.header)
        if content.header.count(name) > 1
    ]
    return failures + [
        f"line {line}: {len(row)} cells, the header has {len(content.header)}"
        for line, row in content.rows
        if len(row) != len(content.header)
    ]


def _column_cells(content: _Rows, name: str) -> Iterator[tuple[int, str]]:
    position = content.header.index(name)
    return ((line, row[position]) for line, row in content.rows)


def _check_cells(table: Table, content: _Rows, folder: Path) -> list[str]:
    failures = []
    for column in table.columns:
        allowed = _allowed_codes(column, folder)
        for line, cell in _column_cells(content, column.name):
            failure = _check_cell(column, cell, allowed)
            if failure:
                failures.append(f"line {line}, column {column.name}: {failure}")
    return failures


def _allowed_codes(column: Column, folder: Path) -> frozenset[str] | None:
    """Codes that a cell may refer to; None where it refers to nothing."""
    if not column.refers_to:
        return None
    table, _, key = column.refers_to.partition(".")
    content, _ = _read_rows(folder / f"{table}.csv")
    if key not in content.header:
        return frozenset()
    position = content.header.index(key)
    codes = {row[position] for _, row in content.rows if len(row) > position}
    return frozenset(codes | {"any"} if column.wildcard else codes)


def _check_cell(column: Column, cell: str, allowed: frozenset[str] | None) -> str:
    """What is wrong with a cell, or an empty text."""
    if not cell:
        return "" if column.optional else "is empty"
    if cell != cell.strip():
        return f"{cell!r} begins or ends with a space"
    if allowed is not None and cell not in allowed:
        return f"{cell!r} is not in {column.refers_to}"
    if column.pattern and re.fullmatch(column.pattern, cell) is None:
        return f"{cell!r} does not have the form {column.pattern}"
    return _KIND_CHECKS[column.kind](column, cell)


def _check_number(column: Column, cell: str) -> str:
    try:
        number = float(cell)
    except ValueError:
        return f"{cell!r} is not a number"
    if not math.isfinite(number):
        return f"{cell!r} is not a finite number"
    if column.kind == "integer" and not number.is_integer():
        return f"{cell!r} is not a whole number"
    if number < column.low:
        return f"{cell} is below {column.low:g}"
    return f"{cell} is above {column.high:g}" if number > column.high else ""


def _parse_date(cell: str) -> date | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) is None:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def _compile(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


_KIND_CHECKS: Mapping[str, Callable[[Column, str], str]] = {
    "text": lambda _column, _cell: "",
    "number": _check_number,
    "integer": _check_number,
    "flag": lambda _column, cell: "" if cell in _FLAGS else f"{cell!r} is neither true nor false",
    "date": lambda _column, cell: "" if _parse_date(cell) else f"{cell!r} is not a date as YYYY-MM-DD",
    "regex": lambda _column, cell: "" if _compile(cell) else f"{cell!r} is not a regular expression",
}


def _check_key(table: Table, content: _Rows) -> list[str]:
    failures = []
    first_line: dict[tuple[str, ...], int] = {}
    keys = zip(*(_column_cells(content, name) for name in table.key), strict=True)
    for cells in keys:
        line, key = cells[0][0], tuple(cell for _, cell in cells)
        if key in first_line:
            failures.append(
                f"line {line}, column {'+'.join(table.key)}: {'+'.join(key)} stands on line {first_line[key]} already"
            )
        else:
            first_line[key] = line
    return failures


def _to_frame(table: Table, content: _Rows) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: _to_series(column, [cell for _, cell in _column_cells(content, column.name)])
            for column in table.columns
        }
    )


def _to_series(column: Column, cells: list[str]) -> pd.Series:
    if column.kind == "integer" and not column.optional:
        return pd.Series([int(float(cell)) for cell in cells], dtype=np.int64)
    if column.kind in {"number", "integer"}:
        return pd.Series([float(cell) if cell else math.nan for cell in cells], dtype=np.float64)
    if column.kind == "flag":
        return pd.Series([_FLAGS[cell] for cell in cells], dtype=bool)
    if column.kind == "date":
        return pd.Series(np.array(cells, dtype="datetime64[us]"))
    return pd.Series(cells, dtype=str)
