"""Small tables of numbers and words as CSV or XLSX, in which no spreadsheet runs anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from geo.reading.formulas import escape_formula

__all__ = ["FORMS", "Form", "Sheet", "write_csv", "write_xlsx"]

Value = str | int | None
_MAX_SHEET_NAME = 31
_NOT_IN_SHEET_NAMES = "[]:*?/\\"
_WIDEST = 60


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes
    ----------
    name : str, of the sheet
    columns : headings
    rows : as many values each; None for an empty cell
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Form:
    """A form of file.

    Attributes
    ----------
    suffix, media_type : str
    write : sheets to the file's bytes
    """

    suffix: str
    media_type: str
    write: Callable[[Sequence[Sheet]], bytes]


def write_csv(sheets: Sequence[Sheet]) -> bytes:
    """All tables in one file, one below the other, each below its name; UTF-8 with a mark, as spreadsheets expect."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, sheet in enumerate(sheets):
        if number:
            writer.writerow([])
        rows = ((sheet.name,), sheet.columns, *sheet.rows)
        writer.writerows([_as_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Each table on a sheet of its own; words are written as words, whatever they begin with."""
    import xlsxwriter  # noqa: PLC0415  for this form only

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for sheet, name in zip(sheets, _name_sheets(sheets), strict=True):
            page = book.add_worksheet(name)
            for column, heading in enumerate(sheet.columns):
                page.write_string(0, column, heading, bold)
                shown = [heading, *(str(row[column]) for row in sheet.rows)]
                page.set_column(column, column, min(_WIDEST, 2 + max(map(len, shown))))
            for at, row in enumerate(sheet.rows, start=1):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(at, column, value)
                    elif value is not None:
                        page.write_number(at, column, value)
            page.freeze_panes(1, 1)
    return out.getvalue()


def _as_cell(value: Value) -> str:
    if value is None:
        return ""
    return escape_formula(value) if isinstance(value, str) else str(value)


def _name_sheets(sheets: Sequence[Sheet]) -> list[str]:
    """Names that a workbook takes: short, without some characters, each once."""
    names: list[str] = []
    for number, sheet in enumerate(sheets, start=1):
        plain = "".join(" " if sign in _NOT_IN_SHEET_NAMES else sign for sign in sheet.name).strip("' ")
        name = plain[:_MAX_SHEET_NAME].rstrip()
        taken = {other.casefold() for other in names}
        names.append(name if name and name.casefold() not in taken else f"{plain[:26].rstrip()} {number}".strip())
    return names


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "csv": Form(".csv", "text/csv; charset=utf-8", write_csv),
        "xlsx": Form(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    }
)
