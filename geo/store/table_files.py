"""Tables as Parquet files, from either kind of database and into either."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa

from geo.crs import SWEREF99_TM_EPSG
from geo.store.database import has_postgis, is_postgres
from geo.store.geometry import Geometry

__all__ = ["read_table", "write_table"]

_BATCH = 20_000


def write_table(connection: sa.Connection, table: sa.Table, target: Any, left_out: Collection[str] = ()) -> int:
    """Write a table's rows, by its key, to a file that is open, and say how many there are.

    Parameters
    ----------
    connection : Connection
    table : Table
    target : file that is open for writing
    left_out : collection of str, columns that are written empty
    """
    n_rows = 0
    schema = pa.schema([(column.name, _arrow_type(column)) for column in table.columns])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for rows in _stream(connection, table, left_out):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(values, each.type) for values, each in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            n_rows += len(rows)
    return n_rows


def read_table(connection: sa.Connection, table: sa.Table, source: IO[bytes]) -> None:
    """Put the rows of a file that `write_table` wrote into a table."""
    for batch in pq.ParquetFile(source).iter_batches(_BATCH):
        _insert(connection, table, pa.Table.from_batches([batch]))
    if not is_postgres(connection):
        return
    for column in table.primary_key.columns:
        if isinstance(column.type, sa.Integer) and column.autoincrement is not False:
            connection.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608  our own names
                    f"(SELECT max({column.name}) FROM {table.name}))"
                )
            )


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    kinds: list[tuple[type[Any], pa.DataType]] = [
        (Geometry, pa.large_binary()),
        (sa.LargeBinary, pa.large_binary()),
        (sa.JSON, pa.large_string()),
        (sa.Boolean, pa.bool_()),
        (sa.Date, pa.date32()),
        (sa.Double, pa.float64()),
        (sa.Integer, pa.int64()),
    ]
    return next((arrow for kind, arrow in kinds if isinstance(column.type, kind)), pa.large_string())


def _stream(connection: sa.Connection, table: sa.Table, left_out: Collection[str]) -> Iterator[list[tuple[Any, ...]]]:
    chosen = [
        sa.null().label(column.name) if column.name in left_out else _plain_column(connection, column)
        for column in table.columns
    ]
    is_json = [isinstance(column.type, sa.JSON) for column in table.columns]
    query = sa.select(*chosen).order_by(*table.primary_key.columns)
    for batch in connection.execute(query, execution_options={"yield_per": _BATCH}).partitions(_BATCH):
        yield [
            tuple(
                json.dumps(value, ensure_ascii=False) if packed and value is not None else value
                for value, packed in zip(row, is_json, strict=True)
            )
            for row in batch
        ]


def _plain_column(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    if not isinstance(column.type, Geometry):
        return column
    if has_postgis(connection):
        return sa.func.ST_AsBinary(column, type_=sa.LargeBinary)
    return sa.type_coerce(column, sa.LargeBinary)


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    names = rows.column_names
    cursor = connection.connection.cursor()
    try:
        if not is_postgres(connection):
            marks = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  our own names
            plain = [_as_sqlite(rows[name]).to_pylist() for name in names]
            values: Any = zip(*plain, strict=True)
            cursor.executemany(statement, values)
            return
        texts = [_as_copied(connection, table.columns[name], rows[name]) for name in names]
        buffer = io.BytesIO()
        options = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
        pa_csv.write_csv(pa.table(texts, names=names), buffer, options)
        with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(buffer.getbuffer())
    finally:
        cursor.close()


def _as_sqlite(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date32(values.type):
        return values.cast(pa.large_string())
    return values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values


def _as_copied(connection: sa.Connection, column: sa.Column[Any], values: pa.ChunkedArray) -> Any:
    if isinstance(column.type, Geometry) and has_postgis(connection):
        shapes = shapely.from_wkb(np.array(values.to_pylist(), dtype=object))
        return shapely.to_wkb(shapely.set_srid(shapes, SWEREF99_TM_EPSG), hex=True, include_srid=True)
    if pa.types.is_large_binary(values.type):
        return [None if each is None else "\\x" + each.hex() for each in values.to_pylist()]
    return values
