"""The yearly picture as tables that can be shared outside: no firm can be seen in them, nor worked out from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from geo.disclosure.tables import (
    CellKey,
    Cells,
    Protected,
    Rule,
    TablePlan,
    count_cells,
    disclosure_rule,
    protect_tables,
)
from geo.errors import ParameterError
from geo.planning.yearly import Period, YearRecords
from geo.planning.yearly.picture import list_codes
from geo.planning.yearly.records import UNKNOWN
from geo.reference.tables import read_columns
from geo.risk.words import Sentence

__all__ = ["SharedPicture", "SharedTable", "can_share", "list_notes", "share_picture"]

Counts = Mapping[CellKey, int | None]

# All tables of each kind of record that leave the circle; those of one kind are audited together.
_OF_VISITS = (
    TablePlan("visits by sector and county", ("sector", "county")),
    TablePlan("visits by month", ("month",)),
    TablePlan("visits by outcome", ("outcome",)),
)
_OF_FINDINGS = (
    TablePlan("findings by indicator and grade", ("indicator", "grade")),
    TablePlan("findings by sector", ("sector",)),
    TablePlan("findings by county", ("county",)),
)


@dataclass(frozen=True)
class SharedTable:
    """A table to share.

    Attributes
    ----------
    title : Sentence
    columns : headings
    rows : what the row is, and its numbers; None where a number is left out
    """

    title: Sentence
    columns: tuple[Sentence, ...]
    rows: tuple[tuple[Sentence, tuple[int | None, ...]], ...]


@dataclass(frozen=True)
class SharedPicture:
    """Tables of a year that can be shared, and how they were protected.

    Attributes
    ----------
    year : int
    tables : tuple of SharedTable
    visits, findings : Protected
    """

    year: int
    tables: tuple[SharedTable, ...]
    visits: Protected
    findings: Protected


def can_share(period: Period, today: date | None = None) -> bool:
    """Whether tables of a period may be shared: of a calendar year that has ended.

    Parameters
    ----------
    period : Period
    today : date in UTC; left out, that of the clock
    """
    return period.year is not None and period.last < (datetime.now(UTC).date() if today is None else today)


def share_picture(records: YearRecords, rule: Rule | None = None, *, today: date | None = None) -> SharedPicture:
    """Protect the tables of a calendar year that has ended.

    Parameters
    ----------
    records : YearRecords of a whole calendar year: of other periods, two files would tell what happened on a day, and
        so would files of two days of a year that is not over
    rule : Rule; left out, that of the reference table
    today : date in UTC; left out, that of the clock

    Returns
    -------
    SharedPicture

    Raises
    ------
    ParameterError
        The period is no calendar year, or has not ended.
    """
    year = records.period.year
    if year is None:
        message = (
            f"Only whole calendar years are shared, not {records.period.first} to {records.period.last}: of two "
            "periods that overlap, the difference would tell of single days."
        )
        raise ParameterError(message)
    if not can_share(records.period, today):
        message = (
            f"Only years that have ended are shared, and {year} has not: of files of two days, the difference would "
            f"tell of what came between them. Share {year} from {year + 1}-01-01 on, or an earlier year now."
        )
        raise ParameterError(message)
    rule = disclosure_rule() if rule is None else rule
    visits = _count(_OF_VISITS, records.visits, "sector", "county", "month", "outcome")
    findings = _count(_OF_FINDINGS, records.findings, "indicator", "grade", "sector", "county")
    shown, found = protect_tables(visits, rule), protect_tables(findings, rule)
    firms = {key: None if count is None else visits.cells[key].n_firms for key, count in shown.counts.items()}
    tables = (
        _cross(Sentence("Visits by sector and county"), shown.counts, "sector", "county"),
        _list(Sentence("Visits and firms by sector"), "sector", Sentence("Visits"), shown.counts, firms),
        _list(Sentence("Visits and firms by county"), "county", Sentence("Visits"), shown.counts, firms),
        _list(Sentence("Visits and firms by month"), "month", Sentence("Visits"), shown.counts, firms),
        _list(Sentence("Visits and firms by outcome"), "outcome", Sentence("Visits"), shown.counts, firms),
        _cross(Sentence("Findings by indicator and grade"), found.counts, "indicator", "grade"),
        _list(Sentence("Findings by sector"), "sector", Sentence("Findings"), found.counts),
        _list(Sentence("Findings by county"), "county", Sentence("Findings"), found.counts),
    )
    return SharedPicture(year, tables, shown, found)


def _count(plans: Sequence[TablePlan], frame: pd.DataFrame, *dimensions: str) -> Cells:
    # where everything is known, nothing stands beside it
    codes = {
        name: tuple(code for code in _codes(name) if code != UNKNOWN or (frame[name] == UNKNOWN).any())
        for name in dimensions
    }
    return count_cells(plans, codes, {name: frame[name].tolist() for name in dimensions}, frame["firm"].tolist())


def _codes(dimension: str) -> Mapping[str, Sentence]:
    if dimension == "indicator":
        rows = read_columns("indicators", "indicator", "title")
    elif dimension == "grade":
        rows = read_columns("finding_grades", "grade", "title")
    else:
        return list_codes(dimension)
    return {str(code): Sentence(str(title)) for code, title in rows}


def _list(
    title: Sentence, dimension: str, counted: Sentence, counts: Counts, firms: Counts | None = None
) -> SharedTable:
    """A row for each code and for the sum; visits with the firms behind them."""
    titles = {code: name for code, name in _codes(dimension).items() if ((dimension, code),) in counts}
    keys = [*(((dimension, code),) for code in titles), ()]
    names = [*titles.values(), Sentence("Total")]
    columns = (_head(dimension), counted, *((Sentence("Firms"),) if firms is not None else ()))
    rows = tuple(
        (name, (counts[key], *((firms[key],) if firms is not None else ())))
        for name, key in zip(names, keys, strict=True)
    )
    return SharedTable(title, columns, rows)


def _cross(title: Sentence, counts: Counts, down: str, across: str) -> SharedTable:
    """A row for each code of one dimension and a column for each of the other, with sums; sums of rows last."""
    columns, lines = (
        [*((code, name) for code, name in _codes(one).items() if ((one, code),) in counts), ("", Sentence("Total"))]
        for one in (across, down)
    )

    def find(line: str, column: str) -> int | None:
        key = tuple(sorted((name, code) for name, code in ((down, line), (across, column)) if code))
        return counts[key]

    rows = tuple((name, tuple(find(code, column) for column, _ in columns)) for code, name in lines)
    return SharedTable(title, (_head(down), *(name for _, name in columns)), rows)


def _head(dimension: str) -> Sentence:
    heads = {
        "sector": Sentence("Sector"),
        "county": Sentence("County"),
        "month": Sentence("Month"),
        "outcome": Sentence("Outcome"),
        "indicator": Sentence("Indicator"),
    }
    return heads[dimension]


def list_notes(shared: SharedPicture, *, synthetic: bool) -> Iterable[Sentence]:
    """What must be known of the tables, wherever they go."""
    values = {"firms": shared.visits.rule.min_firms, "percent": round(100 * shared.visits.rule.max_share)}
    if synthetic:
        yield Sentence("Made up for demonstration: no workplace, person or finding here is real.")
    yield Sentence(
        "An empty cell means too few or none: a number is shown only with at least {firms} employers behind it, no two "
        "of which have more than {percent} % of it; more cells are left out so that those cannot be worked out.",
        values,
    )
    yield Sentence("A visit is no check, no firm and no person. What inspections find mirrors where they go.")
