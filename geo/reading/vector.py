"""What the restricted GDAL reads: a table of a GeoPackage, a FlatGeobuf, and a Shapefile packed into a ZIP."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.layers.base import Layer
from geo.reading.archive import open_archive, read_member
from geo.reading.arrow import check_cells, holds_plain_values, make_arrow_columns, read_wkb
from geo.reading.gdal import list_fields, read_batches
from geo.reading.source import Source
from geo.reading.stated_crs import read_stated_crs
from geo.reading.table import RawTable, check_height, check_width, split_columns

__all__ = ["read_flatgeobuf_chunks", "read_gdal_chunks", "read_shapefile_chunks"]

_NEEDED = (".shp", ".shx", ".dbf")
_ALSO_READ = (".prj", ".cpg")
# nobody's coordinate system or code page takes more
_MAX_SIDE_BYTES = 64 * 1024
_LANGUAGE_BYTE = 29
_HEADER_LENGTH = slice(8, 10)
_SHAPE_START = b"\x00\x00\x27\x0a"
_SHAPE_HEADER_BYTES = 100
_IN_MEMORY = re.compile(r"'?/vsi[^\s']*'?")
_SHOWN_LETTERS = 200


def read_gdal_chunks(
    source: Source,
    layer: Layer,
    rows_per_chunk: int,
    content: bytes,
    table: str | None = None,
    notes: tuple[str, ...] = (),
) -> Iterator[RawTable]:
    """Rows of one table that GDAL reads, from bytes.

    Parameters
    ----------
    source : Source, for its name and limits
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0
    content : bytes that GDAL gets
    table : name of the table, None where there is but one
    notes : what a reader of the report should know

    Yields
    ------
    RawTable, at least one

    Raises
    ------
    InputError
        Damaged, too wide or too long.
    """
    what = "" if table is None else f"table {table!r} "
    try:
        names, n_said = list_fields(content, table)
        check_width(source.name, len(names), source.limits)
        kept, refused = split_columns(layer, names)
        n_rows = 0
        for each in _make_tables(source, read_batches(content, kept, rows_per_chunk, table), kept, refused, notes):
            n_rows += len(each)
            yield each
    except (InputError, MemoryError):
        raise
    except (RuntimeError, ValueError, LookupError, OSError, pa.ArrowException) as error:
        # pyogrio's own errors are RuntimeErrors, and OSErrors where it is in the middle of the rows; names that are no
        # UTF-8 and impossible dates are ValueErrors, and a file without any table a LookupError
        message = f"{source.name}: {what}cannot be read ({_explain(error)}); copy or export it again."
        raise InputError(message) from error
    # GDAL reads what is left of a FlatGeobuf that was cut off, and says nothing
    if source.kind == "fgb" and n_said >= 0 and n_rows != n_said:
        message = f"{source.name}: says {n_said} rows and holds {n_rows}, so it is cut off; copy or export it again."
        raise InputError(message)


def read_flatgeobuf_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of a FlatGeobuf file, `read_gdal_chunks`."""
    return read_gdal_chunks(source, layer, rows_per_chunk, source.content)


def read_shapefile_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of the one Shapefile in a ZIP archive, `read_gdal_chunks`.

    GDAL gets an archive made here, which holds the Shapefile's own parts and nothing else.
    """
    parts = _unpack_shapefile(source)
    notes: tuple[str, ...] = ()
    if ".cpg" not in parts and not parts[".dbf"][_LANGUAGE_BYTE : _LANGUAGE_BYTE + 1].strip(b"\0"):
        parts[".cpg"], notes = _guess_code_page(parts[".dbf"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for ending, part in parts.items():
            archive.writestr(f"rows{ending}", part)
    return read_gdal_chunks(source, layer, rows_per_chunk, packed.getvalue(), notes=notes)


def _make_tables(
    source: Source,
    batches: Iterator[tuple[pa.RecordBatch, str, str | None]],
    kept: tuple[str, ...],
    refused: dict[str, str],
    notes: tuple[str, ...],
) -> Iterator[RawTable]:
    empty, shape_column, crs_text = next(batches)
    plain = [name for name in kept if holds_plain_values(empty.schema.field(name).type)]
    crs, crs_problem = read_stated_crs(crs_text)
    table = RawTable(
        columns=make_arrow_columns({name: empty.column(name) for name in plain}, 0),
        refused=refused,
        left_out=tuple(name for name in kept if name not in plain),
        geometry=np.empty(0, dtype=object),
        bad_geometry={},
        crs=crs,
        crs_problem=crs_problem,
        notes=notes,
    )
    n_rows = 0
    for batch, _, _ in batches:
        if not batch.num_rows:
            continue
        check_height(source.name, n_rows + batch.num_rows, source.limits)
        shapes, bad_geometry = read_wkb(batch.column(shape_column))
        arrays = {name: batch.column(name) for name in plain}
        check_cells(source.name, arrays, source.limits)
        columns = make_arrow_columns(arrays, batch.num_rows)
        yield replace(table, columns=columns, geometry=shapes, bad_geometry=bad_geometry, first_row=n_rows)
        n_rows += batch.num_rows
    if not n_rows:
        yield table


def _unpack_shapefile(source: Source) -> dict[str, bytes]:
    archive, members = open_archive(source.name, source.content, source.limits)
    paths = {member.filename: PurePosixPath(member.filename) for member in members}
    # what a Mac writes beside every file
    real = [member for member in members if not paths[member.filename].name.startswith("._")]
    shapes = [paths[member.filename] for member in real if paths[member.filename].suffix.lower() == ".shp"]
    if len(shapes) != 1:
        names = ", ".join(str(path) for path in shapes)
        what = (
            f"holds {len(shapes)} Shapefiles ({names}); pack one alone"
            if shapes
            else "holds no Shapefile; pack a .shp with its .shx and .dbf"
        )
        message = f"{source.name}: {what}."
        raise InputError(message)
    stem = shapes[0].with_suffix("")
    parts: dict[str, bytes] = {}
    for member in real:
        path = paths[member.filename]
        ending = path.suffix.lower()
        if path.with_suffix("") != stem or ending not in (*_NEEDED, *_ALSO_READ) or ending in parts:
            continue
        if ending in _ALSO_READ and member.file_size > _MAX_SIDE_BYTES:
            message = f"{source.name}: {member.filename!r} in it is too large for what it is; export it again."
            raise InputError(message)
        parts[ending] = read_member(source.name, archive, member)
    if missing := [ending for ending in _NEEDED if not parts.get(ending)]:
        message = f"{source.name}: {shapes[0].name} lacks its {' and '.join(missing)}; pack all parts of the Shapefile."
        raise InputError(message)
    _check_parts(source, parts)
    return parts


def _check_parts(source: Source, parts: dict[str, bytes]) -> None:
    """Refuse parts that are shorter than their own headers say: GDAL would read what is left and say nothing."""
    for ending in (".shp", ".shx"):
        said = 2 * int.from_bytes(parts[ending][24:28], "big")
        if not parts[ending].startswith(_SHAPE_START) or said > len(parts[ending]):
            message = f"{source.name}: its {ending} is cut off, or no part of a Shapefile; export it again."
            raise InputError(message)
    table = parts[".dbf"]
    n_rows, n_header, n_row = struct.unpack_from("<IHH", table.ljust(12, b"\0"), 4)
    n_shapes = (len(parts[".shx"]) - _SHAPE_HEADER_BYTES) // 8
    if n_header + n_rows * n_row > len(table) or n_rows != n_shapes:
        message = (
            f"{source.name}: its .dbf has {n_rows} rows for {n_shapes} shapes in {len(table)} bytes, so it is cut off "
            "or belongs to another Shapefile; export it again."
        )
        raise InputError(message)


def _explain(error: Exception) -> str:
    """An error in few words, without names of files that only GDAL's memory has."""
    if isinstance(error, LookupError):
        return "it is damaged or cut off, and no whole table is left"
    return _IN_MEMORY.sub("it", str(error))[:_SHOWN_LETTERS]


def _guess_code_page(table: bytes) -> tuple[bytes, tuple[str, ...]]:
    text = table[int.from_bytes(table[_HEADER_LENGTH], "little") :]
    if text.isascii():
        return b"UTF-8", ()
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return b"1252", ("The Shapefile does not say its code page; its text was read as Windows-1252.",)
    return b"UTF-8", ("The Shapefile does not say its code page; its text was read as UTF-8.",)
