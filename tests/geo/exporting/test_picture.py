"""What leaves the circle of a year: nobody can be worked out, all tables together, and no spreadsheet runs anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.tables import Rule
from geo.errors import ParameterError
from geo.exporting.picture import SharedTable, share_picture
from geo.exporting.tables import FORMS, Sheet, write_csv, write_xlsx
from geo.planning.yearly import Period, YearRecords
from tests.geo.disclosure.tables.attacker import Key, list_atoms, make_row

RULE = Rule(3, 0.85)
SECTORS, COUNTIES, MONTHS = ("green", "construction", "cleaning"), ("24", "25"), ("01", "02")
OUTCOMES = ("nothing_found", "ban")
ROWS = st.lists(
    st.tuples(*(st.sampled_from(codes) for codes in (SECTORS, COUNTIES, MONTHS, OUTCOMES)), st.integers(0, 9).map(str)),
    max_size=40,
)


def make_records(rows: list[tuple[str, ...]], period: Period | None = None) -> YearRecords:
    names = ["sector", "county", "month", "outcome", "firm"]
    visits = pd.DataFrame(rows, columns=names, dtype=object)
    findings = visits.assign(indicator="very_long_hours", grade="S").drop(columns="outcome")
    return YearRecords(period or Period.of_year(2025), visits, findings, {}, 0, 0, 0, 0)


def read_numbers(tables: tuple[SharedTable, ...]) -> list[tuple[str, str, str, int]]:
    """What a reader sees: table, row, column and number of every cell that is not empty."""
    return [
        (str(table.title), str(name), str(column), value)
        for table in tables
        for name, values in table.rows
        for column, value in zip(table.columns[1:], values, strict=True)
        if value is not None
    ]


def headings(counts: Mapping[Key, int | None]) -> dict[str, tuple[str, ...]]:
    """Codes of each dimension, as the headings of all tables give them."""
    codes: dict[str, dict[str, None]] = {}
    for key in counts:
        for name, code in key:
            codes.setdefault(name, {})[code] = None
    return {name: tuple(some) for name, some in codes.items()}


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_nobody_works_out_a_small_cell_of_any_table(rows: list[tuple[str, ...]]) -> None:
    """All tables of visits together, by least squares over every combination of the headings."""
    counts = share_picture(make_records(rows), RULE).visits.counts
    atoms = list_atoms(headings(counts))
    system = {key: np.array(make_row(key, atoms), dtype=np.float64) for key in counts}
    shown = [key for key, n in counts.items() if n is not None]
    if not shown:
        return
    known = np.array([system[key] for key in shown]).T
    names = ("sector", "county", "month", "outcome")
    for key, n in counts.items():
        firms = {row[4] for row in rows if all(row[names.index(name)] == code for name, code in key)}
        if n is None and len(firms) < RULE.min_firms:
            factors, *_ = np.linalg.lstsq(known, system[key], rcond=None)
            assert np.abs(known @ factors - system[key]).max() > 1e-3, key


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_what_is_shown_is_true_and_of_enough_firms(rows: list[tuple[str, ...]]) -> None:
    titles = {"green": "Green industries", "construction": "Construction", "cleaning": "Cleaning"}
    names = {"24": "Västerbottens län", "25": "Norrbottens län"}
    shared = share_picture(make_records(rows), RULE)
    seen = {(row, column): n for t, row, column, n in read_numbers(shared.tables) if t == "Visits by sector and county"}
    for sector in SECTORS:
        for county in COUNTIES:
            firms = [row[4] for row in rows if row[:2] == (sector, county)]
            told = seen.get((titles[sector], names[county]))
            assert told in {None, len(firms)}
            assert told is None or len(set(firms)) >= RULE.min_firms


@given(ROWS)
@settings(max_examples=25, deadline=None)
def test_firms_are_shown_only_beside_their_visits(rows: list[tuple[str, ...]]) -> None:
    for table in share_picture(make_records(rows), RULE).tables:
        if len(table.columns) == 3 and str(table.columns[2]) == "Firms":
            for _, (visits, firms) in table.rows:
                assert (visits is None) == (firms is None)
                assert firms is None or RULE.min_firms <= firms <= (visits or 0)


def test_only_calendar_years_are_shared() -> None:
    period = Period(date(2026, 1, 1), date(2026, 12, 30))
    with pytest.raises(ParameterError, match="calendar year"):
        share_picture(make_records([], period))


def test_only_years_that_have_ended_are_shared() -> None:
    records = make_records([])
    for today in (date(2025, 6, 1), date(2025, 12, 31)):
        with pytest.raises(ParameterError, match="Share 2025 from 2026-01-01 on, or an earlier year now"):
            share_picture(records, today=today)
    assert share_picture(records, today=date(2026, 1, 1)).year == 2025
    running = Period.of_year(datetime.now(UTC).year)
    with pytest.raises(ParameterError, match="have ended"):
        share_picture(make_records([], running))


def test_a_year_without_visits_is_empty_and_no_other_year_looks_so() -> None:
    shared = share_picture(make_records([]))
    assert read_numbers(shared.tables) == []
    few = share_picture(make_records([("green", "24", "01", "ban", str(k)) for k in range(9)]))
    # nothing and too little look alike
    assert [table.rows for table in few.tables] == [table.rows for table in shared.tables]


DANGEROUS = ("=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "\uff1d1", "https://example.test/")
CELLS = (
    st.none()
    | st.integers(-(10**9), 10**9)
    | st.sampled_from(DANGEROUS)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=4), st.lists(st.sampled_from(DANGEROUS), min_size=2, max_size=2))
def test_no_spreadsheet_runs_anything(rows: list[tuple[str | int | None, ...]], heads: list[str]) -> None:
    sheet = Sheet("Table", tuple(heads), tuple(rows))
    read = list(csv.reader(io.StringIO(write_csv([sheet]).decode("utf-8-sig"), newline="")))
    assert read[0] == ["Table"]
    for cells, values in zip(read[1:], (tuple(heads), *rows), strict=True):
        for cell, value in zip(cells, values, strict=True):
            assert (
                isinstance(value, int)
                or not cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
                or cell.lstrip("+-").isdigit()
            )
    page = openpyxl.load_workbook(io.BytesIO(write_xlsx([sheet])))["Table"]
    for cell in (cell for row in page.iter_rows() for cell in row):
        assert cell.data_type in {"s", "n", "inlineStr"}
        assert cell.hyperlink is None
    for at, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            if isinstance(value, int):
                assert page.cell(at, column).value == value


def test_sheets_have_names_of_their_own() -> None:
    sheets = [Sheet(name, ("a",), ((1,),)) for name in ("A: b/c?" * 9, "A: b/c?" * 9, "Same", "same", "''", "")]
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(sheets)))
    assert len(book.sheetnames) == len(sheets)
    assert all(0 < len(name) <= 31 for name in book.sheetnames)
    assert set(FORMS) == {"csv", "xlsx"}
    assert np.all([form.write(sheets) for form in FORMS.values()])
