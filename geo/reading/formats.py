"""Every kind of file to the same raw tables, a run of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from geo.errors import ParameterError, SchemaError
from geo.layers.base import Layer
from geo.layers.persons import holds_personal_number
from geo.reading.delimited import read_csv_chunks
from geo.reading.geojson import read_geojson_chunks
from geo.reading.geopackage import read_geopackage_chunks
from geo.reading.parquet import read_parquet_chunks
from geo.reading.source import Source
from geo.reading.spreadsheet import read_xlsx_chunks
from geo.reading.table import RawTable, join_tables, list_rows
from geo.reading.vector import read_flatgeobuf_chunks, read_shapefile_chunks

__all__ = ["ROWS_PER_CHUNK", "read_chunks", "read_table"]

ROWS_PER_CHUNK = 20_000

_READERS: Mapping[str, Callable[[Source, Layer, int], Iterator[RawTable]]] = {
    "geojson": read_geojson_chunks,
    "gpkg": read_geopackage_chunks,
    "fgb": read_flatgeobuf_chunks,
    "shp": read_shapefile_chunks,
    "parquet": read_parquet_chunks,
    "csv": read_csv_chunks,
    "xlsx": read_xlsx_chunks,
}


def read_chunks(source: Source, layer: Layer, rows_per_chunk: int = ROWS_PER_CHUNK) -> Iterator[RawTable]:
    """Rows of a file, a run of them at a time, in the file's order.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0; the size of the runs has no influence on what is in them

    Yields
    ------
    RawTable
        At least one; it is empty where the file holds no rows. All have the same columns, refusals, CRS and notes.

    Raises
    ------
    InputError
        Damaged, too large, or holding what is never read. Some damage shows only in a later run, so nothing should be
        taken over before the last one has come.
    SchemaError
        A header that cannot be used.
    """
    if rows_per_chunk < 1:
        message = f"rows_per_chunk is {rows_per_chunk}; read at least one row at a time."
        raise ParameterError(message)
    return _check_names(source, _READERS[source.kind](source, layer, rows_per_chunk))


def _check_names(source: Source, tables: Iterator[RawTable]) -> Iterator[RawTable]:
    """Refuse a header that is a row: names of columns go into reports, where a person's number must not stand."""
    for position, table in enumerate(tables):
        if not position:
            names = pd.Series([*table.columns.columns, *table.refused, *table.left_out], dtype="str")
            if n_persons := int(holds_personal_number(names).sum()):
                line = f"header: {n_persons} of {len(names)} names of columns hold a personal identity number"
                message = (
                    f"{source.name}: the header cannot be used.\n  - {line}; put a header above the rows if it has "
                    "none, or rename the columns"
                )
                raise SchemaError(message, (line,))
        yield table


def read_table(source: Source, layer: Layer) -> RawTable:
    """All rows of a file as one table, none of them bad.

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
        As `read_chunks`.
    SchemaError
        Rows that cannot be trusted as they stand, all of them named.
    """
    table = join_tables(list(read_chunks(source, layer)))
    if table.bad_rows:
        by_problem: dict[str, list[int]] = {}
        for row, problem in table.bad_rows.items():
            by_problem.setdefault(problem, []).append(row)
        failures = tuple(f"{list_rows(rows)}: {problem}" for problem, rows in by_problem.items())
        message = "\n".join([f"{source.name}: not every row can be read.", *(f"  - {line}" for line in failures)])
        raise SchemaError(message, failures)
    return table
