"""From a layer's frame to rows of its table, and back, in bulk."""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely
import sqlalchemy as sa

from geo.crs import SWEREF99_TM, SWEREF99_TM_EPSG
from geo.errors import SchemaError, StoreError
from geo.layers.base import Layer
from geo.layers.hashes import hash_rows
from geo.layers.validate import empty_frame
from geo.store.database import has_postgis, is_postgres
from geo.store.tables import RECORDS, column_kind

__all__ = [
    "check_canonical",
    "column_names",
    "decode_rows",
    "fill_table",
    "read_frame",
    "record_keys",
    "stream_versions",
]

_STREAMED = 20_000
_CSV_BLOCK_BYTES = 2**20
_NUL = "\0"
_ARROW = {"text": pa.large_string(), "number": pa.float64(), "date": pa.date32(), "flag": pa.bool_()}


def column_names(layer: Layer) -> list[str]:
    """Columns that an incoming row has: those it is known by, then the layer's own, geometry last."""
    return ["record_key", "row_hash", "easting", "northing", *layer.columns]


def record_keys(layer: Layer, frame: gpd.GeoDataFrame) -> list[str]:
    """One text that names each record; a JSON array where an id has several columns.

    Parameters
    ----------
    layer : Layer
    frame : GeoDataFrame in the layer's canonical form

    Returns
    -------
    (n,) list of str
    """
    parts = [_as_texts(frame[name], column_kind(layer.schema.columns[name])) for name in layer.id_columns]
    if len(parts) == 1:
        return parts[0].to_pylist()  # type: ignore[no-any-return]
    rows = zip(*(part.to_pylist() for part in parts), strict=True)
    return [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]


def check_canonical(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A frame with exactly a layer's columns; what is beside them is left out.

    Raises
    ------
    SchemaError
        A column is missing or of another type, or a text holds the character U+0000, which PostgreSQL cannot keep.
    """
    wanted = empty_frame(layer).dtypes
    failures = [f"{name}: the column is missing" for name in wanted.index if name not in frame.columns]
    failures += [
        f"{name}: is {frame[name].dtype}, not {dtype}"
        for name, dtype in wanted.items()
        if name in frame.columns and frame[name].dtype != dtype
    ]
    if not failures and frame.crs != SWEREF99_TM:
        failures.append("geometry: is not in EPSG:3006")
    if failures:
        failures = [f"{each}; check the frame with geo.layers.validate first" for each in failures]
    else:
        for name in (each for each, column in layer.schema.columns.items() if column_kind(column) == "text"):
            bad = frame[name].str.contains(_NUL, regex=False, na=False)
            if bad.any():
                failures.append(f"{name}: holds the character U+0000 in {int(bad.sum())} row(s); take it out")
    if failures:
        message = "\n".join([f"Layer {layer.name} cannot be stored.", *(f"  - {each}" for each in failures)])
        raise SchemaError(message, tuple(failures))
    return frame[list(layer.columns)]


def fill_table(connection: sa.Connection, table: sa.Table, layer: Layer, frame: gpd.GeoDataFrame) -> None:
    """Put a canonical frame's rows into a table with the columns of `column_names`."""
    arrays = _encode(layer, frame, as_text=is_postgres(connection), as_ewkb=has_postgis(connection))
    names = column_names(layer)
    if is_postgres(connection):
        _copy_in(connection, table, pa.table([arrays[name] for name in names], names=names))
        return
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  names of our own
    # sqlite3 takes any iterable, and so never holds all rows as tuples
    rows: Any = zip(*(_to_list(arrays[name]) for name in names), strict=True)
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(statement, rows)
    finally:
        cursor.close()


def read_frame(connection: sa.Connection, layer: Layer, condition: sa.ColumnElement[bool]) -> gpd.GeoDataFrame:
    """Versions of a layer's rows as its canonical frame.

    Parameters
    ----------
    connection : Connection
    layer : Layer
    condition : which versions

    Returns
    -------
    GeoDataFrame, EPSG:3006, sorted by id
    """
    table = RECORDS[layer.name]
    columns = {name: table.c[name] for name in layer.columns}
    if is_postgres(connection):
        found = _copy_out(connection, layer, columns, condition)
    else:
        found = _fetch_all(connection, layer, columns, condition)
    frame = _decode(layer, found)
    return frame.sort_values(list(layer.id_columns), kind="stable").reset_index(drop=True)


def stream_versions(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], condition: sa.ColumnElement[bool] | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a records table in order of their number, in batches; geometries as well-known binary."""
    chosen = [_as_wkb(connection, table) if name == "geometry" else table.c[name] for name in names]
    query = sa.select(*chosen).order_by(table.c.version_id)
    if condition is not None:
        query = query.where(condition)
    result = connection.execute(query, execution_options={"yield_per": _STREAMED})
    for batch in result.partitions(_STREAMED):
        yield [tuple(row) for row in batch]


def _as_wkb(connection: sa.Connection, table: sa.Table) -> sa.ColumnElement[Any]:
    column = table.c.geometry
    plain: sa.ColumnElement[Any] = sa.type_coerce(column, sa.LargeBinary)
    return sa.func.ST_AsBinary(column, type_=sa.LargeBinary) if has_postgis(connection) else plain


def _encode(layer: Layer, frame: gpd.GeoDataFrame, *, as_text: bool, as_ewkb: bool) -> dict[str, Any]:
    """Columns of incoming rows; bytes as hexadecimal digits where they travel as text."""
    geometry = frame.geometry.to_numpy()
    middle = geometry if layer.geometry_types == {"Point"} else shapely.centroid(geometry)
    hashes = hash_rows(frame)
    arrays: dict[str, Any] = {
        "record_key": pa.array(record_keys(layer, frame), pa.large_string()),
        "row_hash": ["\\x" + each.hex() for each in hashes] if as_text else hashes,
        "easting": pa.array(shapely.get_x(middle)),
        "northing": pa.array(shapely.get_y(middle)),
    }
    for name, column in layer.schema.columns.items():
        kind = column_kind(column)
        if kind in {"text", "date"}:
            arrays[name] = _as_texts(frame[name], kind)
        else:
            arrays[name] = pa.array(frame[name].to_numpy(), from_pandas=True)
    if as_ewkb:
        geometry = shapely.set_srid(geometry, SWEREF99_TM_EPSG)
    shapes = shapely.to_wkb(geometry, hex=as_text, include_srid=as_ewkb)
    arrays["geometry"] = pa.array(shapes, pa.large_string() if as_text else pa.large_binary())
    if as_text and not as_ewkb:
        prefix, between = (pa.scalar(text, pa.large_string()) for text in ("\\x", ""))
        arrays["geometry"] = pc.binary_join_element_wise(prefix, arrays["geometry"], between)
    return arrays


def _as_texts(values: pd.Series, kind: str) -> pa.Array:
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if kind == "date":
        array = array.cast(pa.date32())
    return array.cast(pa.large_string())


def _to_list(array: Any) -> list[Any]:
    if isinstance(array, list):
        return array
    if pa.types.is_floating(array.type):
        # SQLite takes NaN for an empty value
        return array.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]
    return array.to_pylist()  # type: ignore[no-any-return]


def _copy_in(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    buffer = io.BytesIO()
    # a text is quoted even where it is empty: what is not quoted is no value
    pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    columns = ", ".join(rows.column_names)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(buffer.getbuffer())
    finally:
        cursor.close()


def _copy_out(
    connection: sa.Connection,
    layer: Layer,
    columns: dict[str, sa.Column[Any]],
    condition: sa.ColumnElement[bool],
) -> dict[str, Any]:
    shape = sa.func.encode(_as_wkb(connection, RECORDS[layer.name]), "hex")
    chosen = [shape if name == "geometry" else column for name, column in columns.items()]
    query = sa.select(*chosen).where(condition)
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    buffer = io.BytesIO()
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)") as copy:
            for chunk in copy:
                buffer.write(chunk)
    finally:
        cursor.close()
    kinds = {name: _ARROW[column_kind(column)] for name, column in layer.schema.columns.items()}
    kinds["geometry"] = pa.large_string()
    if buffer.tell() == 0:
        return {name: pa.array([], kind) for name, kind in kinds.items()}
    buffer.seek(0)
    # a row may not be longer than a block
    block = max(_CSV_BLOCK_BYTES, 2 * buffer.getbuffer().nbytes)
    table = pa_csv.read_csv(
        buffer,
        pa_csv.ReadOptions(column_names=list(columns), block_size=min(block, 2**31 - 1)),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=kinds,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return {name: table[name].combine_chunks() for name in table.column_names}


def _fetch_all(
    connection: sa.Connection,
    layer: Layer,
    columns: dict[str, sa.Column[Any]],
    condition: sa.ColumnElement[bool],
) -> dict[str, Any]:
    query = sa.select(*columns.values()).where(condition)
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text)
        with _without_collecting():
            rows = cursor.fetchall()
    finally:
        cursor.close()
    return _to_arrays(layer, list(columns), rows)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage, again and again, among rows that are only just made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _to_arrays(layer: Layer, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Columns from rows; days as text or dates, truths as 0 and 1 or as such."""
    values: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    found: dict[str, Any] = dict(zip(names, values, strict=True))
    for name, column in layer.schema.columns.items():
        kind = column_kind(column)
        if kind == "date" and isinstance(next(filter(None, found[name]), None), str):
            found[name] = pa.array(found[name], pa.large_string()).cast(pa.date32())
        elif kind == "flag":
            found[name] = pa.array([None if each is None else bool(each) for each in found[name]], pa.bool_())
        else:
            found[name] = pa.array(found[name], _ARROW[kind])
    return found


def decode_rows(layer: Layer, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> gpd.GeoDataFrame:
    """Rows as `stream_versions` gives them, as a frame of the layer in the same order."""
    return _decode(layer, _to_arrays(layer, names, rows))


def _decode(layer: Layer, found: dict[str, Any]) -> gpd.GeoDataFrame:
    wanted = empty_frame(layer).dtypes
    columns: dict[str, Any] = {}
    for name, column in layer.schema.columns.items():
        array = found[name]
        if array.null_count and column_kind(column) == "flag":
            array = array.fill_null(value=bool(column.default))
        if column_kind(column) == "date":
            array = array.cast(pa.timestamp("us"))
        if column_kind(column) == "text":
            columns[name] = pd.Series(array, dtype=wanted[name])
        else:
            columns[name] = pd.Series(array.to_numpy(zero_copy_only=False)).astype(wanted[name])
    shapes = found["geometry"]
    raw = shapes.to_pylist() if isinstance(shapes, pa.Array) else list(shapes)
    try:
        geometry = shapely.from_wkb(np.array(raw, dtype=object))
    except shapely.errors.ShapelyError as error:
        message = f"A shape of layer {layer.name} is damaged; restore the store with `norrsyn db restore`."
        raise StoreError(message) from error
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=SWEREF99_TM)
