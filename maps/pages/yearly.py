"""The page of the yearly picture: key figures, charts with their tables, what is not known, expected against found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from geo.planning.followup import CalibrationReport, Tally
from geo.planning.yearly import Picture
from geo.planning.yearly.picture import list_codes
from geo.reference.tables import read_columns
from geo.risk.words import title_sentence
from maps.charts.base import ChartTable, Column, Value, format_cell
from maps.i18n import format_date, format_number, say, translate
from maps.pages.base import Query, render_page
from maps.pages.charts import ShownChart
from maps.yearly import say_period, say_persons

__all__ = ["render_picture_page"]


def render_picture_page(  # noqa: PLR0913  every option is one
    lang: str,
    picture: Picture,
    report: CalibrationReport,
    charts: Sequence[ShownChart],
    *,
    years: Sequence[int],
    sees_all: bool,
    has_ended: bool,
    query: Query = (),
    root: str = "",
) -> str:
    """Render the page, served at ``/picture``.

    Parameters
    ----------
    lang : str
    picture : Picture
    report : CalibrationReport over all plans of the circle
    charts : one of each dimension, in their order
    years : calendar years to choose from, the latest first
    sees_all : whether the reader's circle sees every record; only then there are tables to share
    has_ended : whether the period is a calendar year that is over; no other is shared
    query : pairs of str
    root : str
    """
    period = picture.period
    return render_page(
        "picture.html",
        lang,
        root,
        query,
        picture=picture,
        period=say_period(lang, picture.counted),
        period_before=say_period(lang, picture.before),
        days=translate(
            lang,
            "{first} to {last}",
            first=format_date(lang, picture.counted.first),
            last=format_date(lang, picture.counted.last),
        ),
        unfinished=None if picture.unfinished is None else say(lang, picture.unfinished),
        years=years,
        charts=charts,
        indicators=_tabulate_indicators(lang, picture),
        checks=_tabulate_checks(lang, picture),
        attendance=_tabulate_attendance(lang, picture),
        bands=_tabulate_bands(lang, picture),
        unknown=[say(lang, one) for one in picture.unknown],
        persons=say_persons(lang, picture.total.now),
        persons_before=say_persons(lang, picture.total.before),
        warnings=[say(lang, one) for one in report.warnings],
        report=report,
        report_notes=[say(lang, one) for one in report.notes],
        report_facts=_list_facts(lang, report),
        bins=_tabulate_bins(lang, report),
        groups=_tabulate_groups(lang, report),
        may_share=sees_all and period.year is not None,
        has_ended=has_ended,
        sees_all=sees_all,
        cell_text=partial(format_cell, lang),
        synthetic=picture.synthetic,
    )


def _title(lang: str, table: str, column: str, code: str) -> str:
    return say(lang, title_sentence(table, column, code))


def _tabulate_indicators(lang: str, picture: Picture) -> ChartTable:
    grades = [str(grade) for (grade,) in read_columns("finding_grades", "grade")]
    columns = (
        Column("indicator", translate(lang, "Indicator")),
        *(Column(grade, _title(lang, "finding_grades", "grade", grade), 0) for grade in grades),
        Column("total", translate(lang, "Total"), 0),
    )
    rows: list[tuple[Value, ...]] = [
        (_title(lang, "indicators", "indicator", code), *counts.values(), sum(counts.values()))
        for code, counts in picture.indicators.items()
    ]
    sums = [sum(counts[grade] for counts in picture.indicators.values()) for grade in grades]
    return ChartTable(columns, (*rows, (translate(lang, "Total"), *sums, sum(sums))))


def _tabulate_checks(lang: str, picture: Picture) -> ChartTable:
    columns = (
        Column("agency", translate(lang, "Agency")),
        Column("check", translate(lang, "Check")),
        Column("visits", translate(lang, "Visits"), 0),
    )
    rows = tuple(
        (_title(lang, "agencies", "agency", agency), _title(lang, "capabilities", "check", check), n)
        for (agency, check), n in picture.checks.items()
    )
    return ChartTable(columns, rows)


def _tabulate_attendance(lang: str, picture: Picture) -> ChartTable:
    columns = (Column("agency", translate(lang, "Agency")), Column("visits", translate(lang, "Visits on site"), 0))
    rows = tuple((_title(lang, "agencies", "agency", agency), n) for agency, n in picture.attendance.items())
    return ChartTable(columns, rows)


def _tabulate_bands(lang: str, picture: Picture) -> ChartTable:
    columns = (Column("band", translate(lang, "Persons met")), Column("visits", translate(lang, "Visits"), 0))
    return ChartTable(columns, tuple((band.replace("-", "–"), n) for band, n in picture.bands.items()))


def _list_facts(lang: str, report: CalibrationReport) -> list[tuple[str, str]]:
    """What the report says in one number each."""
    total, frame = report.overall, report.frame_rate
    facts = [
        (translate(lang, "Plans with outcomes"), format_number(lang, report.n_plans, 0)),
        (translate(lang, "Visits held against what was expected"), format_number(lang, total.n, 0)),
        (
            translate(lang, "Found something, and expected"),
            translate(
                lang,
                "{found}; {expected} (by chance {low} to {high})",
                found=total.found,
                expected=format_number(lang, total.expected, 1),
                low=total.low,
                high=total.high,
            ),
        ),
    ]
    if report.ratio is not None:
        facts.append((translate(lang, "Found over expected"), format_number(lang, report.ratio, 2)))
    if report.brier is not None and report.brier_if_right is not None and report.brier_of_share is not None:
        facts.append(
            (
                translate(lang, "How close the chances came (Brier score; 0 is best)"),
                translate(
                    lang,
                    "{score}; {right} if the chances were right, {share} with one share for all",
                    score=format_number(lang, report.brier, 3),
                    right=format_number(lang, report.brier_if_right, 3),
                    share=format_number(lang, report.brier_of_share, 3),
                ),
            )
        )
    if report.exploration_share is not None:
        facts.append((translate(lang, "Share of visits drawn by lot"), _percent(lang, report.exploration_share)))
    if frame is not None:
        facts.append(
            (
                translate(lang, "Finds per visit of all sites that stops were drawn from"),
                translate(
                    lang,
                    "{rate} ({low} to {high})",
                    rate=_percent(lang, frame.rate),
                    low=_percent(lang, frame.low),
                    high=_percent(lang, frame.high),
                ),
            )
        )
    counts = (
        (report.n_not_reached, translate(lang, "Stops that were not reached")),
        (report.n_closed, translate(lang, "Places that were closed")),
        (report.n_not_recorded, translate(lang, "Stops without an outcome yet")),
        (report.n_not_expected, translate(lang, "Visits planned before plans said what they expect")),
    )
    return [*facts, *((name, format_number(lang, n, 0)) for n, name in counts if n)]


def _tabulate_bins(lang: str, report: CalibrationReport) -> ChartTable:
    rows = tuple((_range(lang, one.low, one.high), *_tell(lang, one.visits)) for one in report.bins)
    return ChartTable((Column("bin", translate(lang, "Expected of a visit")), *_tally_columns(lang)), rows)


def _tabulate_groups(lang: str, report: CalibrationReport) -> ChartTable:
    sectors, layers = list_codes("sector"), {"workplaces": "Workplaces", "accommodation": "Accommodation"}
    ways = {
        "chosen": translate(lang, "Stops chosen by priority"),
        "pinned": translate(lang, "Stops pinned by a planner"),
        "exploration": translate(lang, "Stops drawn by lot"),
    }
    named: list[tuple[str, Tally]] = [
        *((ways.get(code, code), one) for code, one in report.by_how.items()),
        *((translate(lang, layers.get(code, code)), one) for code, one in report.by_layer.items()),
        *((say(lang, sectors[code]), one) for code, one in report.by_sector.items() if code in sectors),
    ]
    rows = tuple((name, *_tell(lang, one)) for name, one in named)
    return ChartTable((Column("group", translate(lang, "Visits to")), *_tally_columns(lang)), rows)


def _tally_columns(lang: str) -> tuple[Column, ...]:
    return (
        Column("n", translate(lang, "Visits"), 0),
        Column("expected", translate(lang, "Expected finds"), 1),
        Column("by_chance", translate(lang, "By chance")),
        Column("found", translate(lang, "Found something"), 0),
        Column("share", translate(lang, "Share found, with interval")),
    )


def _tell(lang: str, one: Tally) -> tuple[Any, ...]:
    share = f"{_percent(lang, one.share or 0.0)} ({_range(lang, one.share_low, one.share_high)})"
    return one.n, one.expected, _span(str(one.low), str(one.high)), one.found, share


def _range(lang: str, low: float, high: float) -> str:
    return f"{_span(*(_percent(lang, share).removesuffix(' %') for share in (low, high)))} %"


def _span(low: str, high: str) -> str:
    """From one number to another, as they are written; one number where they are the same."""
    return low if low == high else f"{low}–{high}"


def _percent(lang: str, share: float) -> str:
    return f"{format_number(lang, 100 * share, 0 if share >= 0.1 else 1)} %"  # noqa: PLR2004  two digits that say something
