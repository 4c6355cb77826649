"""Rows that break a rule: kept with what is wrong, written for people to mend, and read again.

What is kept has been masked: refused columns are not in it, and personal identity numbers are blotted out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.layers.failures import Failure
from geo.layers.persons import hide_personal_numbers
from geo.reading.exports import restore_export
from geo.reading.formulas import escape_formula, restore_formula

__all__ = [
    "MARKS",
    "QuarantinedRow",
    "RowFailure",
    "build_rows",
    "read_quarantine",
    "restore_table",
    "write_quarantine_csv",
    "write_quarantine_part",
]

# Columns that a quarantine file has beside those of its source.
MARKS = ("norrsyn_import", "norrsyn_row", "norrsyn_column", "norrsyn_value", "norrsyn_rule", "norrsyn_remedy")
_SCHEMA = pa.schema([("source", pa.string()), ("row", pa.int64()), ("failures", pa.string()), ("cells", pa.string())])


@dataclass(frozen=True)
class RowFailure:
    """What is wrong with a row: column (empty: the row as a whole), the value there, the rule, and what to do."""

    column: str
    value: str
    rule: str
    remedy: str


@dataclass(frozen=True)
class QuarantinedRow:
    """A row that breaks a rule.

    Attributes
    ----------
    source : str, name of the file
    row : int, number in the file, the first being 1
    failures : what is wrong with it
    cells : column to text as it stood in the file, empty cells left out; a shape as WKT in ``geometry``
    """

    source: str
    row: int
    failures: tuple[RowFailure, ...]
    cells: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The row as plain dicts, lists and text."""
        failures = tuple(dict(vars(failure)) for failure in self.failures)
        return {"source": self.source, "row": self.row, "failures": failures, "cells": dict(self.cells)}


def build_rows(
    source_name: str,
    first_row: int,
    columns: pd.DataFrame,
    shapes: NDArray[Any] | None,
    failures: Iterable[Failure],
) -> list[QuarantinedRow]:
    """Rows of a table that failures name, in the table's order.

    Parameters
    ----------
    source_name : str
    first_row : int, position in the file of the table's first row
    columns : DataFrame of objects, without refused columns
    shapes : (n,) shapely objects as the file has them; None where columns say where the rows are
    failures : with positions in the table

    Returns
    -------
    list of QuarantinedRow
    """
    found: dict[int, list[RowFailure]] = {}
    for failure in failures:
        values = failure.got or ("",) * len(failure.rows)
        for row, value in zip(failure.rows, values, strict=True):
            told = RowFailure(failure.column, hide_personal_numbers(value), failure.rule, failure.remedy)
            found.setdefault(row, []).append(told)
    positions = sorted(found)
    wkts = None if shapes is None else shapely.to_wkt(shapes[positions], rounding_precision=-1)
    names = [str(name) for name in columns.columns]
    taken = columns.iloc[positions].to_numpy(dtype=object).tolist()
    rows = []
    for order, (position, stood) in enumerate(zip(positions, taken, strict=True)):
        cells = {name: _mask(value) for name, value in zip(names, stood, strict=True) if value is not None}
        if wkts is not None and wkts[order] is not None:
            cells["geometry"] = wkts[order]
        rows.append(QuarantinedRow(source_name, first_row + position + 1, tuple(found[position]), cells))
    return rows


def write_quarantine_part(path: Path, rows: Sequence[QuarantinedRow]) -> None:
    """Write rows to a Parquet file of their own."""
    table = {
        "source": [row.source for row in rows],
        "row": [row.row for row in rows],
        "failures": [json.dumps(list(map(vars, row.failures)), ensure_ascii=False) for row in rows],
        "cells": [json.dumps(dict(row.cells), ensure_ascii=False) for row in rows],
    }
    pq.write_table(pa.table(table, schema=_SCHEMA), path, compression="zstd")


def read_quarantine(paths: Iterable[Path]) -> Iterator[QuarantinedRow]:
    """Rows of files that `write_quarantine_part` wrote, file by file."""
    for path in paths:
        for row in pq.read_table(path).to_pylist():
            failures = tuple(RowFailure(**failure) for failure in json.loads(row["failures"]))
            yield QuarantinedRow(row["source"], row["row"], failures, json.loads(row["cells"]))


def restore_table(columns: pd.DataFrame) -> pd.DataFrame:
    """The rows of a quarantine file as they were in its source, and those of an export as they were in the layer.

    Any other table is left as it is. Quarantined rows of an export are both.

    Parameters
    ----------
    columns : DataFrame of objects, as they stand in the file
    """
    if not set(MARKS) <= set(columns.columns):
        return restore_export(columns)
    cells = columns.drop(columns=list(MARKS))
    restored = {
        restore_formula(str(name)): [restore_formula(cell) if isinstance(cell, str) else cell for cell in cells[name]]
        for name in cells.columns
    }
    return restore_export(pd.DataFrame(restored, index=columns.index, dtype=object))


def write_quarantine_csv(
    path: Path, rows: Iterable[QuarantinedRow], columns: Iterable[str], import_id: str = ""
) -> int:
    """A CSV file for people to mend rows in, and to import again: what is wrong first, then the row as it was.

    Cells that a spreadsheet would run as a formula are shown as text (`geo.reading.formulas`).

    Parameters
    ----------
    path : Path
    rows : QuarantinedRow
    columns : of the file that the rows come from; with those of several files, each once
    import_id : str, of the import whose options hold for these rows

    Returns
    -------
    int, rows written
    """
    names = list(dict.fromkeys(columns))
    n_rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*MARKS, *map(escape_formula, names)])
        for row in rows:
            told = [
                " | ".join(getattr(failure, name) for failure in row.failures)
                for name in ("column", "value", "rule", "remedy")
            ]
            cells = [row.cells.get(name, "") for name in names]
            n_rows += 1
            writer.writerow([import_id, row.row, *(escape_formula(text) for text in (*told, *cells))])
    return n_rows


def _mask(value: object) -> str:
    return hide_personal_numbers(str(value))
