"""Parquet and GeoParquet: read by Arrow, a run of rows at a time, and of its columns only those that may be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as at
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import InputError
from geo.layers.base import Layer
from geo.reading.arrow import check_cells, holds_plain_values, make_arrow_columns, read_wkb
from geo.reading.source import Source
from geo.reading.stated_crs import read_stated_crs
from geo.reading.table import RawTable, check_height, check_width, split_columns

__all__ = ["read_parquet_chunks"]

_POINT_PARTS = {"x", "y"}
# what pandas adds to a file for itself
_ROW_LABELS = "__index_level_"


@dataclass(frozen=True)
class _Shapes:
    """Which column holds the shapes, how they are written, and what they are in."""

    column: str | None
    encoding: str = ""
    crs: CRS | None = None
    crs_problem: str = ""


def read_parquet_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of a Parquet file; with shapes where its ``geo`` metadata names a column of them.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0

    Yields
    ------
    RawTable, at least one

    Raises
    ------
    InputError
        Damaged, too wide, too long, or with metadata that does not fit its columns.
    """
    try:
        yield from _make_tables(source, layer, rows_per_chunk)
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, InputError | MemoryError):
            raise
        message = f"{source.name}: is damaged, or no Parquet ({str(error)[:200]}); copy or export it again."
        raise InputError(message) from error


def _make_tables(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    content = pa.py_buffer(source.content)
    about = pq.read_metadata(pa.BufferReader(content))
    schema = about.schema.to_arrow_schema()
    check_width(source.name, about.num_columns, source.limits)
    check_height(source.name, about.num_rows, source.limits)
    _check_size(source, about)
    shapes = _find_shapes(source, schema)
    names = [name for name in schema.names if name != shapes.column and not name.startswith(_ROW_LABELS)]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        message = f"{source.name}: columns {', '.join(repeated)} stand more than once; keep one of each."
        raise InputError(message)
    allowed, refused = split_columns(layer, names)
    kept = [name for name in allowed if holds_plain_values(schema.field(name).type)]
    table = RawTable(
        columns=make_arrow_columns({name: pa.array([], schema.field(name).type) for name in kept}, 0),
        refused=refused,
        left_out=tuple(name for name in allowed if name not in kept),
        geometry=None if shapes.column is None else np.empty(0, dtype=object),
        bad_geometry=None if shapes.column is None else {},
        crs=shapes.crs,
        crs_problem=shapes.crs_problem,
    )
    asked = [*kept, *([] if shapes.column is None else [shapes.column])]
    # text that repeats stays a number into a list of texts: faster, and a long text that repeats is there once
    texts = [
        name for name in kept if at.is_string(schema.field(name).type) or at.is_large_string(schema.field(name).type)
    ]
    file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    n_rows = 0
    for batch in file.iter_batches(batch_size=rows_per_chunk, columns=asked, use_threads=False):
        if not batch.num_rows:
            continue
        check_height(source.name, n_rows + batch.num_rows, source.limits)
        arrays = {name: batch.column(name) for name in kept}
        check_cells(source.name, arrays, source.limits)
        columns = make_arrow_columns(arrays, batch.num_rows)
        table = replace(table, columns=columns, first_row=n_rows)
        if shapes.column is not None:
            geometry, bad_geometry = _read_shapes(batch.column(shapes.column), shapes)
            table = replace(table, geometry=geometry, bad_geometry=bad_geometry)
        yield table
        n_rows += batch.num_rows
    if n_rows != about.num_rows:
        message = f"{source.name}: says {about.num_rows} rows and holds {n_rows}; copy or export it again."
        raise InputError(message)
    if not n_rows:
        yield table


def _check_size(source: Source, about: pq.FileMetaData) -> None:
    n_bytes = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if n_bytes > source.limits.unpacked_bytes:
        limit = source.limits.unpacked_bytes / 2**20
        message = f"{source.name}: unpacks to more than {limit:.0f} MiB, the most that is read; split it."
        raise InputError(message)


def _find_shapes(source: Source, schema: pa.Schema) -> _Shapes:
    metadata = schema.metadata or {}
    if b"geo" not in metadata:
        return next(
            (_Shapes(field.name, "WKB", *read_stated_crs(_extension_crs(field))) for field in schema if _is_wkb(field)),
            _Shapes(None),
        )
    try:
        geo: Any = json.loads(metadata[b"geo"])
        column = geo["primary_column"]
        described = geo["columns"][column]
        encoding = described["encoding"]
        field = schema.field(column)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{source.name}: its geo metadata does not describe a column of it ({error!s:.100}); export it again."
        raise InputError(message) from error
    if not _fits(field.type, encoding):
        message = (
            f"{source.name}: its geo metadata says that {column!r} holds {str(encoding)[:40]!r}, but it holds "
            f"{field.type!s:.60}; export it again with WKB."
        )
        raise InputError(message)
    # GeoParquet: without the key, degrees; null, unknown
    return _Shapes(column, encoding, *read_stated_crs(described.get("crs", "OGC:CRS84")))


def _is_wkb(field: pa.Field) -> bool:
    name = (
        getattr(field.type, "extension_name", "") or (field.metadata or {}).get(b"ARROW:extension:name", b"").decode()
    )
    return bool(name == "geoarrow.wkb")


def _extension_crs(field: pa.Field) -> Any:
    text = (field.metadata or {}).get(b"ARROW:extension:metadata", b"{}")
    try:
        described = json.loads(text)
        return described.get("crs")
    except (ValueError, AttributeError, RecursionError):
        return None


def _fits(kind: pa.DataType, encoding: object) -> bool:
    if encoding == "WKB":
        return bool(at.is_binary(kind) or at.is_large_binary(kind) or at.is_binary_view(kind))
    return bool(
        encoding == "point"
        and at.is_struct(kind)
        and {field.name for field in kind} >= _POINT_PARTS
        and all(at.is_float64(field.type) for field in kind if field.name in _POINT_PARTS)
    )


def _read_shapes(array: pa.Array, shapes: _Shapes) -> tuple[NDArray[np.object_], dict[int, str]]:
    if shapes.encoding == "WKB":
        return read_wkb(getattr(array, "storage", array))
    # a null point has null parts as well, and a shape without coordinates is none
    x, y = (array.field(name).to_numpy(zero_copy_only=False) for name in ("x", "y"))
    there = array.is_valid().to_numpy(zero_copy_only=False) & ~(np.isnan(x) & np.isnan(y))
    points: NDArray[np.object_] = np.full(len(array), None, dtype=object)
    points[there] = shapely.points(x[there], y[there])
    return points, {}
