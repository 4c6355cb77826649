"""CSV: every cell is text until the layer's schema says otherwise, and codes keep their leading zeros."""

from __future__ import annotations

import csv
import io
from collections import Counter

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.reading.source import Source
from geo.reading.table import RawTable, check_width, list_rows, make_columns, split_columns

__all__ = ["read_csv"]

_DELIMITERS = ",;\t|"
# a municipality's border as WKT is one cell of several hundred kilobytes
csv.field_size_limit(64 * 2**20)


def read_csv(source: Source, layer: Layer) -> RawTable:
    """Rows of a CSV file with a header; comma, semicolon, tab or bar between cells; UTF-8 or Windows-1252.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused

    Returns
    -------
    RawTable
        Without shapes: the caller's choice of columns says where they are.

    Raises
    ------
    InputError
        Not text, not CSV, or too wide.
    SchemaError
        Unnamed or repeated columns, rows with too few or too many cells; all of them named.
    """
    text, notes = _decode(source)
    header_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        message = f"{source.name}: is not CSV ({error}); check its quotation marks and export it again."
        raise InputError(message) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        message = f"{source.name}: holds nothing but white space; export it again."
        raise InputError(message)
    header, rows = [name.strip() for name in rows[0]], rows[1:]
    check_width(source.name, len(header))
    _check_shape(source, header, rows)
    kept, refused = split_columns(layer, header)
    columns = {name: [row[position] for row in rows] for position, name in enumerate(header) if name in kept}
    return RawTable(columns=make_columns(columns, len(rows)), refused=refused, notes=notes)


def _decode(source: Source) -> tuple[str, tuple[str, ...]]:
    try:
        return source.content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return source.content.decode("cp1252"), ("The text was read as Windows-1252, because it is not UTF-8.",)
    except UnicodeDecodeError as error:
        message = f"{source.name}: is neither UTF-8 nor Windows-1252 text (byte {error.start + 1}); save it as UTF-8."
        raise InputError(message) from error


def _check_shape(source: Source, header: list[str], rows: list[list[str]]) -> None:
    failures = []
    if unnamed := [str(position + 1) for position, name in enumerate(header) if not name]:
        failures.append(f"header: column {', '.join(unnamed)} has no name; name it")
    if repeated := sorted(name for name, n_times in Counter(header).items() if name and n_times > 1):
        failures.append(f"header: {', '.join(repeated)} stands more than once; keep one")
    for n_cells in sorted({len(row) for row in rows} - {len(header)}):
        where = list_rows(position for position, row in enumerate(rows) if len(row) == n_cells)
        failures.append(f"{where}: {n_cells} cells, but the header has {len(header)}; check its quotation marks")
    if failures:
        message = "\n".join([f"{source.name}: rows and header do not fit together.", *(f"  - {x}" for x in failures)])
        raise SchemaError(message, tuple(failures))
