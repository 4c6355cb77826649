"""XLSX: looked through as an archive of XML first, then one of its sheets read by calamine.

calamine gets an archive made here, unpacked and without anything but the sheets' own parts, so that nothing it meets is
larger than what was looked at.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import python_calamine

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers
from geo.reading.archive import open_archive, read_member
from geo.reading.source import Source
from geo.reading.table import RawTable, check_height, check_width, make_columns, split_columns

__all__ = ["read_xlsx_chunks"]

_XML = (".xml", ".rels")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# where a cell or a row says it is, in whatever element: a tag is not so easily told from what looks like its end
_PLACE = re.compile(rb"""\br\s*=\s*["']\s*\$?([A-Za-z]{0,3})\$?(\d{1,9})\s*["']""")
# an error value, which calamine would give as an empty cell, made the text that it shows
_ERROR = re.compile(rb"""(<(?:\w+:)?c\b[^>]*?\bt\s*=\s*["'])e(["'])""")
_ERRORS = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
    }
)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEADER_CELLS = 2
_LETTERS = 26
# beyond it a float no longer tells one whole number from the next
_MAX_WHOLE = 2**53


# what a Swedish workbook may call the layer
_SWEDISH = {
    "workplaces": ("arbetsställen", "arbetsplatser"),
    "accommodation": ("boende", "boenden", "logi"),
    "sectors": ("branscher", "branschstatistik"),
    "visits": ("besök", "kontroller"),
    "findings": ("iakttagelser", "fynd", "brister"),
    "reported": ("anmälda", "anmälningar"),
    "establishments": ("etableringar",),
    "borders": ("gränser", "kommuner"),
    "roads": ("vägar",),
    "localities": ("orter", "tätorter"),
}


def read_xlsx_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of the sheet that has the layer's name, or of the first one that holds rows.

    The header is the first row with two or more cells filled. Whole numbers become int, dates ISO text, error values
    such as ``#N/A`` empty cells; formulas give the value that was last computed.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0

    Yields
    ------
    RawTable, at least one
        Without shapes: the caller's choice of columns says where they are.

    Raises
    ------
    InputError
        Damaged, holding what no sheet needs, too wide or too long.
    SchemaError
        Repeated columns, all of them named.
    """
    workbook = _open_workbook(source)
    sheet, notes = _choose_sheet(source, layer, workbook)
    header, names = _find_header(source, sheet)
    n_rows, errors, unnamed = _look_through(sheet, header, names)
    check_height(source.name, n_rows, source.limits)
    if errors:
        notes += (f"Cells with an error value ({', '.join(sorted(errors))}) were read as empty.",)
    if unnamed:
        columns = ", ".join(_name_column(place) for place in sorted(unnamed))
        notes += (f"Columns without a name were left out: {columns}.",)
    kept, refused = split_columns(layer, names.values())
    places = {name: place for place, name in names.items() if name in kept}
    rows = _list_rows(sheet, header)
    table = RawTable(columns=make_columns({name: [] for name in places}, 0), refused=refused, notes=notes)
    first_row = 0
    while chunk := list(islice(rows, rows_per_chunk)):
        cells = {name: [_plain(row[place]) for row in chunk] for name, place in places.items()}
        yield replace(table, columns=make_columns(cells, len(chunk)), first_row=first_row)
        first_row += len(chunk)
    if not first_row:
        yield table


def _open_workbook(source: Source) -> python_calamine.CalamineWorkbook:
    archive, members = open_archive(source.name, source.content, source.limits)
    clean = io.BytesIO()
    with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as copy:
        for member in members:
            content = read_member(source.name, archive, member)
            if member.filename.lower().endswith(_XML):
                _check_xml(source, member.filename, content)
                if _SHEET.fullmatch(member.filename):
                    content = _ERROR.sub(rb"\1str\2", content)
                copy.writestr(member.filename, content)
    clean.seek(0)
    workbook: python_calamine.CalamineWorkbook = _ask_calamine(
        source, python_calamine.CalamineWorkbook.from_filelike, clean
    )
    return workbook


def _check_xml(source: Source, name: str, content: bytes) -> None:
    what = ""
    # any part of a workbook may call itself a sheet
    if b"\0" in content or content.startswith(_WIDE_MARKS):
        what = "is not UTF-8 text"
    elif _DECLARATION.search(content):
        what = "declares a document type or entities, which can make a reader open other files or fill its memory"
    else:
        n_rows, n_columns = _measure(content)
        if n_columns > source.limits.columns or n_rows * n_columns > source.limits.cells:
            what = (
                f"reaches to column {_name_column(n_columns - 1)} and row {n_rows}, more than the "
                f"{source.limits.columns} columns and {source.limits.cells} cells that are read; delete what is not "
                "part of the table"
            )
    if what:
        message = f"{source.name}: {name!r} in it {what}; save the sheet anew."
        raise InputError(message)


def _measure(content: bytes) -> tuple[int, int]:
    """Rows and columns from the sheet's first cell to its farthest: calamine makes room for all of them."""
    n_rows, letters = 0, set()
    for match in _PLACE.finditer(content):
        letters.add(match[1])
        n_rows = max(n_rows, int(match[2]))
    return n_rows, max((_number_column(each.decode()) for each in letters), default=0)


def _choose_sheet(
    source: Source, layer: Layer, workbook: python_calamine.CalamineWorkbook
) -> tuple[python_calamine.CalamineSheet, tuple[str, ...]]:
    names = [each.name for each in workbook.sheets_metadata if each.typ == python_calamine.SheetTypeEnum.WorkSheet]
    wanted = {layer.name, layer.title.casefold(), *_SWEDISH.get(layer.name, ())}
    named = [name for name in names if name.strip().casefold() in wanted]
    for name in [*named, *(name for name in names if name not in named)]:
        sheet = _ask_calamine(source, workbook.get_sheet_by_name, name)
        if sheet.height and any(_is_filled(cell) for row in sheet.iter_rows() for cell in row):
            others = ", ".join(repr(each) for each in names if each != name)
            return sheet, (f"Sheet {name!r} was read" + (f", and not {others}." if others else "."),)
    message = f"{source.name}: no sheet holds any rows; save it again."
    raise InputError(message)


def _ask_calamine(source: Source, ask: Callable[[Any], Any], what: Any) -> Any:
    try:
        return ask(what)
    except BaseException as error:
        # what Rust calls a panic is no Exception in Python
        is_panic = type(error).__name__ == "PanicException"
        if isinstance(error, MemoryError) or not (isinstance(error, Exception) or is_panic):
            raise
        message = f"{source.name}: is damaged, or no spreadsheet ({str(error)[:200]}); save it again."
        raise InputError(message) from error


def _find_header(source: Source, sheet: python_calamine.CalamineSheet) -> tuple[int, dict[int, str]]:
    """Number of the header's row among the sheet's, and the names of its columns by their place."""
    first, header = -1, -1
    cells: list[Any] = []
    for number, row in enumerate(sheet.iter_rows()):
        n_filled = sum(map(_is_filled, row))
        if n_filled and first < 0:
            first, cells = number, row
        if n_filled >= _HEADER_CELLS:
            header, cells = number, row
            break
    names = {place: str(_plain(cell)).strip() for place, cell in enumerate(cells) if _is_filled(cell)}
    check_width(source.name, len(names), source.limits)
    if repeated := sorted(name for name, n_times in Counter(names.values()).items() if n_times > 1):
        failure = f"header: {hide_personal_numbers(', '.join(repeated))} stands more than once; keep one"
        message = f"{source.name}: the header cannot be used.\n  - {failure}"
        raise SchemaError(message, (failure,))
    return (header if header >= 0 else first), names


def _look_through(
    sheet: python_calamine.CalamineSheet, header: int, names: dict[int, str]
) -> tuple[int, set[str], set[int]]:
    """How many rows there are, the error values in them, and the places of columns that hold cells but have no name."""
    n_rows, errors, unnamed = 0, set(), set()
    for row in _list_rows(sheet, header):
        n_rows += 1
        errors |= {cell for cell in row if isinstance(cell, str) and cell in _ERRORS}
        unnamed |= {place for place, cell in enumerate(row) if place not in names and _is_filled(cell)}
    return n_rows, errors, unnamed


def _list_rows(sheet: python_calamine.CalamineSheet, header: int) -> Iterator[list[Any]]:
    for row in islice(sheet.iter_rows(), header + 1, None):
        if any(map(_is_filled, row)):
            yield row


def _is_filled(cell: Any) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return None if cell in _ERRORS else cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) <= _MAX_WHOLE else cell
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(timespec="seconds")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, dt.time):
        return cell.isoformat(timespec="seconds")
    return str(cell) if isinstance(cell, dt.timedelta) else cell


def _number_column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number


def _name_column(place: int) -> str:
    number, letters = place + 1, ""
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
