"""A plan as CSV and as XLSX, in which no cell is ever run as a formula.

Numbers are numbers; every other cell is text, with an apostrophe in front where a spreadsheet could take it for a
formula (`geo.reading.formulas`), also in XLSX, whose text cells are saved as CSV by many.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from geo.planning.plan import Plan
from geo.reading.formulas import escape_formula
from maps.i18n import translate
from maps.plan_files.sheets import PlanSheets, lay_out
from maps.plan_files.stamp import Stamp, say_classification, say_watermark
from maps.plan_files.tables import CREW_COLUMNS, STOP_COLUMNS, Column, Value, crew_rows, stop_rows

__all__ = ["write_csv", "write_xlsx"]

_ABOUT = ("classification", "watermark", "made_at")
# what a cell of XLSX holds at most
_MOST_IN_CELL = 32_767
_WIDE = frozenset({"reasons", "agencies", "how", "site", "problems"})
_WIDTH, _WIDE_WIDTH, _NAME_WIDTH = 12, 48, 26


def write_csv(plan: Plan, stamp: Stamp, lang: str) -> bytes:
    """A plan's stops as CSV (UTF-8 with a mark): a row for each, which says whom it is for and who made the file."""
    about = [say_classification(plan, lang), say_watermark(plan, stamp, lang), stamp.made_utc.isoformat()]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    names = [column.name for column in STOP_COLUMNS]
    writer.writerow([*names, *_ABOUT])
    # a plan without stops still says whose it is
    for row in stop_rows(lay_out(plan, lang)) or [dict.fromkeys(names)]:
        writer.writerow([_as_text(value) for value in (*(row[name] for name in names), *about)])
    return stream.getvalue().encode("utf-8-sig")


def write_xlsx(plan: Plan, stamp: Stamp, lang: str) -> bytes:
    """A plan as a workbook: stops, crews, the checklist for victims' support, and what the file is."""
    sheets = lay_out(plan, lang, stamp.now)
    stream = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        classification, watermark = say_classification(plan, lang), say_watermark(plan, stamp, lang)
        made = stamp.made_utc.replace(tzinfo=None)
        book.set_properties({"title": escape_formula(sheets.name)[:255], "comments": classification, "created": made})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        pages = (
            (translate(lang, "Stops"), _table(STOP_COLUMNS, stop_rows(sheets), lang)),
            (translate(lang, "Crews"), _table(CREW_COLUMNS, crew_rows(sheets, lang), lang)),
            (translate(lang, "Support checklist"), _checklist(sheets, lang)),
            (translate(lang, "About the file"), _about(sheets, (classification, watermark, stamp), lang)),
        )
        for title, (widths, rows) in pages:
            page = book.add_worksheet(title)
            _print_setup(page, classification, watermark)
            for position, width in enumerate(widths):
                page.set_column(position, position, width)
            # the first line of every sheet tells whom it is for
            _write(page, 0, [f"{classification} {watermark}"], book.add_format({"bold": True}))
            for number, row in enumerate(rows, start=1):
                _write(page, number, row, bold if number == 1 else wrapped)
            page.freeze_panes(2, 0)
    return stream.getvalue()


def _table(
    columns: Sequence[Column], rows: Iterable[Mapping[str, Value]], lang: str
) -> tuple[list[int], list[list[Value]]]:
    widths = [_WIDE_WIDTH if one.name in _WIDE else _WIDTH for one in columns]
    return widths, [[one.say(lang) for one in columns], *([row[one.name] for one in columns] for row in rows)]


def _checklist(sheets: PlanSheets, lang: str) -> tuple[list[int], list[list[Value]]]:
    heads: list[Value] = [translate(lang, "Item"), translate(lang, "Ready"), translate(lang, "Languages")]
    ready = {True: translate(lang, "Yes"), False: translate(lang, "No")}
    rows: list[list[Value]] = [[one.title, ready[one.is_ready], one.languages] for one in sheets.checklist]
    return [_WIDE_WIDTH, _WIDTH, _NAME_WIDTH], [heads, *rows]


def _about(sheets: PlanSheets, told: tuple[str, str, Stamp], lang: str) -> tuple[list[int], list[list[Value]]]:
    classification, watermark, stamp = told
    rows: list[list[Value]] = [
        [translate(lang, "What"), translate(lang, "Says")],
        [translate(lang, "Plan"), sheets.name],
        [translate(lang, "State"), sheets.state],
        [translate(lang, "Classification"), classification],
        [translate(lang, "Watermark"), watermark],
        [translate(lang, "Made at (UTC)"), stamp.made_utc.isoformat()],
    ]
    rows += [[translate(lang, "Problem"), one] for one in sheets.problems]
    rows += [[translate(lang, "Note"), one] for one in sheets.notes]
    return [_NAME_WIDTH, 2 * _WIDE_WIDTH], rows


def _print_setup(page: Worksheet, classification: str, watermark: str) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    # an ampersand begins a code there
    head, foot = (text.replace("&", "&&")[:200] for text in (classification, watermark))
    page.set_header(f"&L{head}")
    page.set_footer(f"&L{foot}&R&P / &N")


def _write(page: Worksheet, number: int, row: Sequence[Value], style: Format) -> None:
    for position, value in enumerate(row):
        if value is None or value == "":
            page.write_blank(number, position, None, style)
        elif isinstance(value, bool):
            page.write_boolean(number, position, value, style)
        elif isinstance(value, (int, float)):
            page.write_number(number, position, value, style)
        else:
            page.write_string(number, position, escape_formula(value)[:_MOST_IN_CELL], style)


def _as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_formula(value) if isinstance(value, str) else str(value)
