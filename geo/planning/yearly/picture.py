"""Tables of a period and of the same days a year earlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd

from geo.layers.bundle import Layers
from geo.planning.plan import Plan
from geo.planning.yearly.records import HOUSING, UNKNOWN, Period, YearRecords, read_records
from geo.reference import county_names
from geo.reference.tables import read_columns
from geo.risk.words import Sentence

__all__ = ["DIMENSIONS", "Amounts", "Group", "Picture", "draw_picture", "list_codes"]

DIMENSIONS = ("sector", "county", "month", "outcome")
# the band that has no upper end
_OPEN_BAND = "10+"
# the outcome that is no remark
_NOTHING = "nothing_found"


@dataclass(frozen=True)
class Amounts:
    """What is counted, each by itself: a visit is no check, no firm and no person.

    Attributes
    ----------
    visits : int
    found : int, visits with a finding on record, whatever their outcome
    remarked : int, visits with another outcome than that nothing was found, whether or not a finding is on record
    firms : int, distinct employers; a site without a known one is a firm of its own, and sites that are not known are
        none
    sites : int, distinct workplaces and accommodation
    findings : int
    persons_low : int, the least that may have been met, from the bands
    persons_high : int, the most; None where a band has no upper end
    """

    visits: int
    found: int
    remarked: int
    firms: int
    sites: int
    findings: int
    persons_low: int
    persons_high: int | None


@dataclass(frozen=True)
class Group:
    """A row of a table.

    Attributes
    ----------
    code : str
    title : Sentence, what the code stands for; a month's number for a month
    now, before : Amounts of the period, and of the same days a year earlier, as far as the period has come
    """

    code: str
    title: Sentence
    now: Amounts
    before: Amounts


@dataclass(frozen=True, eq=False)
class Picture:
    """A period in tables.

    Attributes
    ----------
    period : Period
    counted : Period, the same as far as it has come: to the last visit on record, where visits end before it does
    total : Group
    groups : dimension (`DIMENSIONS`) to its rows; every code has one, with records or without, but for sites that are
        not known, and for months that have not come, which have one where there are any
    indicators : indicator to grade (S, M, W) to findings, indicators with any
    bands : band of persons met to visits
    attendance : agency to visits that it was on site at
    checks : agency and check to visits that it was made at
    n_planned : int, visits of which plans record the checks
    unknown : what is not known
    unfinished : that visits on record end before the period does; None where they do not
    synthetic : whether the records are made up for demonstration
    """

    period: Period
    counted: Period
    total: Group
    groups: Mapping[str, tuple[Group, ...]]
    indicators: Mapping[str, Mapping[str, int]]
    bands: Mapping[str, int]
    attendance: Mapping[str, int]
    checks: Mapping[tuple[str, str], int]
    n_planned: int
    unknown: tuple[Sentence, ...]
    unfinished: Sentence | None
    synthetic: bool

    @property
    def before(self) -> Period:
        """What stands beside: the days counted, a year earlier."""
        return self.counted.before

    @property
    def n_checks(self) -> int:
        """Checks on record."""
        return sum(self.checks.values())

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""

        def row(group: Group) -> dict[str, Any]:
            return {
                "code": group.code,
                "title": str(group.title),
                "now": vars(group.now),
                "before": vars(group.before),
            }

        return {
            "first": self.period.first.isoformat(),
            "last": self.period.last.isoformat(),
            "counted_to": self.counted.last.isoformat(),
            "before": {"first": self.before.first.isoformat(), "last": self.before.last.isoformat()},
            "total": row(self.total),
            "groups": {name: [row(group) for group in rows] for name, rows in self.groups.items()},
            "indicators": {code: dict(grades) for code, grades in self.indicators.items()},
            "bands": dict(self.bands),
            "attendance": dict(self.attendance),
            "checks": [{"agency": a, "check": c, "visits": n} for (a, c), n in self.checks.items()],
            "n_checks": self.n_checks,
            "n_planned": self.n_planned,
            "unknown": [str(one) for one in self.unknown],
            "unfinished": None if self.unfinished is None else str(self.unfinished),
            "synthetic": self.synthetic,
        }


def draw_picture(layers: Layers, period: Period, plans: Iterable[Plan] = ()) -> Picture:
    """Count what is on record of a period and of the same days a year earlier.

    Where visits end before the period does, the year earlier ends on the same day: a part is not held against a whole.

    Parameters
    ----------
    layers : Layers, what the sharing circle may see
    period : Period
    plans : of the same circle
    """
    some = list(plans)
    counted = _cut(layers, period)
    now, before = read_records(layers, period, some), read_records(layers, counted.before, some)
    groups = {name: _group(name, now, before) for name in DIMENSIONS}
    return Picture(
        period=period,
        counted=counted,
        total=Group("", Sentence("Total"), _count(now), _count(before)),
        groups=groups | {"month": _drop_months_to_come(groups["month"], counted)},
        indicators=_cross(now.findings),
        bands={band: int((now.visits["persons_met"] == band).sum()) for band in _bands()},
        attendance=_attend(now.visits),
        checks=now.checks,
        n_planned=now.n_planned,
        unknown=_tell_unknown(now),
        unfinished=_tell_end(layers, period, counted),
        synthetic=layers.is_synthetic,
    )


def list_codes(dimension: str) -> dict[str, Sentence]:
    """All codes of a dimension in their order, with what they stand for."""
    if dimension == "month":
        return {f"{month:02d}": Sentence(f"{month:02d}") for month in range(1, 13)}
    if dimension == "outcome":
        rows = sorted(read_columns("visit_outcomes", "rank", "outcome", "title"))
        return {str(code): Sentence(str(title)) for _, code, title in rows}
    if dimension == "county":
        return {code: Sentence(name) for code, name in county_names().items()} | {UNKNOWN: Sentence("Not known")}
    sectors = {str(code): Sentence(str(title)) for code, title in read_columns("sectors", "sector", "title")}
    return sectors | {HOUSING: Sentence("Accommodation"), UNKNOWN: Sentence("Not known")}


def _group(dimension: str, now: YearRecords, before: YearRecords) -> tuple[Group, ...]:
    rows = [
        Group(code, title, _count(now, dimension, code), _count(before, dimension, code))
        for code, title in list_codes(dimension).items()
    ]
    return tuple(row for row in rows if row.code != UNKNOWN or _has_records(row))


def _has_records(row: Group) -> bool:
    empty = Amounts(0, 0, 0, 0, 0, 0, 0, 0)
    return (row.now, row.before) != (empty, empty)


def _drop_months_to_come(rows: tuple[Group, ...], counted: Period) -> tuple[Group, ...]:
    """Months of the days counted, and others with records: of a month to come, 0 would be no number."""
    first, last = counted.first, counted.last
    reached = {f"{1 + at % 12:02d}" for at in range(12 * first.year + first.month - 1, 12 * last.year + last.month)}
    return tuple(row for row in rows if row.code in reached or _has_records(row))


def _count(records: YearRecords, dimension: str = "", code: str = "") -> Amounts:
    visits, findings = records.visits, records.findings
    if dimension:
        visits = visits[visits[dimension] == code]
        if dimension == "outcome":
            findings = findings[findings["visit_id"].isin(visits["visit_id"])]
        else:
            findings = findings[findings[dimension] == code]
    low, high = _sum_bands(visits["persons_met"].tolist())
    return Amounts(
        visits=len(visits),
        found=int(visits["found"].sum()),
        remarked=int((visits["outcome"] != _NOTHING).sum()),
        firms=int(visits.loc[visits["firm"] != "", "firm"].nunique()),
        sites=int(visits.loc[visits["site"] != "", "site"].nunique()),
        findings=len(findings),
        persons_low=low,
        persons_high=high,
    )


@lru_cache(maxsize=1)
def _bands() -> Mapping[str, tuple[int, int | None]]:
    """Least and most persons of each band; None where it has no upper end."""
    rows = read_columns("persons_bands", "band", "low", "high")
    # an empty cell is read as a number that equals nothing
    return {str(band): (int(low), None if high is None or high != high else int(high)) for band, low, high in rows}  # noqa: PLR0124


def _sum_bands(bands: Sequence[str]) -> tuple[int, int | None]:
    ends = [_bands()[band] for band in bands]
    highs = [high for _, high in ends]
    return sum(low for low, _ in ends), None if None in highs else sum(high for high in highs if high is not None)


def _cross(findings: pd.DataFrame) -> dict[str, dict[str, int]]:
    grades = [str(grade) for (grade,) in read_columns("finding_grades", "grade")]
    table = {}
    for (code,) in read_columns("indicators", "indicator"):
        some = findings[findings["indicator"] == code]
        if len(some):
            table[str(code)] = {grade: int((some["grade"] == grade).sum()) for grade in grades}
    return table


def _attend(visits: pd.DataFrame) -> dict[str, int]:
    named = [set(crew.split("+")) for crew in visits["agencies"]]
    counts = {str(code): sum(code in crew for crew in named) for (code,) in read_columns("agencies", "agency")}
    return {code: n for code, n in counts.items() if n}


def _last_visit(layers: Layers) -> date | None:
    days = layers["visits"]["visited_on"]
    return None if days.empty else days.max().date()


def _cut(layers: Layers, period: Period) -> Period:
    """The period to the last visit on record, where that lies in it; else all of it."""
    last = _last_visit(layers)
    return period if last is None or not period.first <= last < period.last else Period(period.first, last)


def _tell_end(layers: Layers, period: Period, counted: Period) -> Sentence | None:
    last = _last_visit(layers)
    if last is None or last >= period.last:
        return None
    if counted == period:
        return Sentence(
            "The last visit on record is of {day}: the period is not over, or its visits are not in yet. Figures "
            "beside are of the whole period a year earlier.",
            {"day": last},
        )
    return Sentence(
        "The last visit on record is of {day}: the period is not over, or its visits are not in yet. Figures beside "
        "are of the same days a year earlier, to {day_before}; the rest of that year is left out.",
        {"day": last, "day_before": counted.before.last},
    )


def _tell_unknown(records: YearRecords) -> tuple[Sentence, ...]:
    visits = records.visits
    at_sites = visits["site"] != ""
    n_unchecked = len(visits) - records.n_planned
    n_nowhere = int((~at_sites).sum())
    n_unowned = int((at_sites & ~visits["has_employer"].astype(bool)).sum())
    n_nobody, n_many = int((visits["agencies"] == "").sum()), int((visits["persons_met"] == _OPEN_BAND).sum())
    n_loose, n_dismissed, n_tips = records.n_loose_findings, records.n_dismissed, records.n_tips
    told = (
        (
            n_unchecked,
            Sentence(
                "Visits of which no plan records the checks: {n}. What was checked there is not known.",
                {"n": n_unchecked},
            ),
        ),
        (
            n_nowhere,
            Sentence("Visits that name no site of the registers: {n}. Their firm is not known.", {"n": n_nowhere}),
        ),
        (
            n_unowned,
            Sentence(
                "Visits at sites without a known employer: {n}. Each such site counts as a firm of its own.",
                {"n": n_unowned},
            ),
        ),
        (n_nobody, Sentence("Visits that name no agency: {n}.", {"n": n_nobody})),
        (
            n_many,
            Sentence(
                "Visits that met ten persons or more: {n}. How many more is not known, so that there is no highest "
                "number.",
                {"n": n_many},
            ),
        ),
        (
            n_loose,
            Sentence("Findings that name no visit of the period: {n}. Their firm is not known.", {"n": n_loose}),
        ),
        (n_dismissed, Sentence("Findings that were dismissed: {n}. They are not counted.", {"n": n_dismissed})),
        (
            n_tips,
            Sentence("Tips among the findings: {n}. They are not counted: nobody saw them on site.", {"n": n_tips}),
        ),
    )
    return (
        *(one for n, one in told if n > 0),
        Sentence("Persons met are known in bands only; a person met twice is counted twice."),
        Sentence("What inspections find mirrors where they go, and is no measure of how much there is."),
    )
