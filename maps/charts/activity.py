"""What inspections did and found, month by month: visits that found nothing are half of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from maps.charts.base import ChartTable, ChartWords, Column, Question, month_names, name_place
from maps.charts.canvas import Labels, Sheet, render
from maps.charts.style import SIZES, SMALL_PX, Size, Theme, role_colour
from maps.i18n import format_number, translate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ActivityFigures", "collect_activity", "describe_activity", "draw_activity"]

_N_MONTHS = 36
_NOTHING_FOUND, _DISMISSED = "nothing_found", "dismissed"
_HEIGHT_PX = 300


@dataclass(frozen=True)
class ActivityFigures:
    """Visits and findings by month, the oldest first, up to the scoring date.

    Attributes
    ----------
    at : scoring date
    place : code of a municipality or a county, None for all four counties
    months : (year, month)
    found, nothing_found : visits with and without anything found
    findings : recorded at visits, those that were dismissed left out
    synthetic : whether any of these records is made up
    """

    at: date
    place: str | None
    months: tuple[tuple[int, int], ...]
    found: tuple[int, ...]
    nothing_found: tuple[int, ...]
    findings: tuple[int, ...]
    synthetic: bool


def collect_activity(question: Question) -> ActivityFigures:
    """Count the visits and the findings of each of the 36 months that end with the scoring date."""
    last = pd.Period(question.at, "M")
    months = pd.period_range(last - (_N_MONTHS - 1), last)
    visits = _within(question, question.layers["visits"], "visited_on", months[0])
    findings = _within(question, question.layers["findings"], "observed_on", months[0])
    findings = findings[findings["verification"] != _DISMISSED]
    has_nothing = visits["outcome"] == _NOTHING_FOUND
    return ActivityFigures(
        question.at,
        question.place,
        tuple((month.year, month.month) for month in months),
        _count(visits.loc[~has_nothing, "visited_on"], months),
        _count(visits.loc[has_nothing, "visited_on"], months),
        _count(findings["observed_on"], months),
        bool(visits["synthetic"].any() or findings["synthetic"].any()),
    )


def describe_activity(lang: str, figures: ActivityFigures) -> ChartWords:
    """Title, summary and table."""
    n_found, n_nothing = sum(figures.found), sum(figures.nothing_found)
    place = name_place(figures.place)
    if n_found + n_nothing:
        summary = translate(
            lang,
            "{place}, 36 months up to {date}: {visits} visits, of which {nothing} found nothing, and {findings} "
            "findings.",
            place=place,
            date=figures.at,
            visits=n_found + n_nothing,
            nothing=n_nothing,
            findings=sum(figures.findings),
        )
    else:
        summary = translate(
            lang, "{place}, 36 months up to {date}: no visits are recorded.", place=place, date=figures.at
        )
    notes = [
        translate(
            lang,
            "One visit can give several findings. Few findings where there are few visits say nothing about the place.",
        ),
        translate(lang, "The last month ends on the scoring date."),
    ]
    if figures.synthetic:
        notes.insert(0, translate(lang, "Synthetic data: made up for demonstration."))
    columns = (
        Column("month", translate(lang, "Month")),
        Column("visits", translate(lang, "Visits"), 0),
        Column("found", translate(lang, "Something found"), 0),
        Column("nothing_found", translate(lang, "Nothing found"), 0),
        Column("findings", translate(lang, "Findings"), 0),
    )
    names = month_names(lang, "wide")
    rows = tuple(
        (f"{names[month - 1]} {year}", found + nothing, found, nothing, findings)
        for (year, month), found, nothing, findings in zip(
            figures.months, figures.found, figures.nothing_found, figures.findings, strict=True
        )
    )
    title = translate(lang, "Visits and findings per month")
    return ChartWords(title, summary, tuple(notes), ChartTable(columns, rows))


def draw_activity(lang: str, figures: ActivityFigures, size: Size = "wide", theme: Theme = "light") -> str:
    """Visits as stacked columns, and under them findings, on one scale of months."""
    words = describe_activity(lang, figures)
    width = SIZES[size]

    def paint(sheet: Sheet) -> None:
        left, right = 40, 10
        visits = sheet.axes(left, 46, width - left - right, 118)
        findings = sheet.axes(left, 196, width - left - right, 70)
        positions = np.arange(len(figures.months))
        style: dict[str, Any] = {"width": 0.78, "edgecolor": role_colour("soft"), "linewidth": 0.6, "clip_on": False}
        visits.bar(positions, figures.nothing_found, color=role_colour("muted"), **style)
        visits.bar(positions, figures.found, bottom=figures.nothing_found, color=role_colour("main"), **style)
        findings.bar(positions, figures.findings, color=role_colour("main"), **style)
        highest = max(1, *np.add(figures.found, figures.nothing_found))
        for axes, top in ((visits, highest), (findings, max(1, *figures.findings))):
            _set_scale(sheet, lang, axes, int(top), len(positions))
        visits.set_xticks([])
        step = 6 if size == "wide" else 12
        shown = [
            number
            for number, (_, month) in enumerate(figures.months)
            if (month - 1) % step == 0 and number < len(figures.months) - 2
        ]
        names = month_names(lang)
        labels = [f"{names[figures.months[number][1] - 1]} {figures.months[number][0]}" for number in shown]
        findings.set_xticks(shown, [sheet.say(label) for label in labels])
        _write_key(sheet, lang, synthetic=figures.synthetic)

    return render(paint, Labels("activity", lang, words.title, words.summary), width, _HEIGHT_PX, theme)


def _within(question: Question, frame: gpd.GeoDataFrame, column: str, first: pd.Period) -> gpd.GeoDataFrame:
    """Records of the county from a month up to the scoring date."""
    days = frame[column]
    kept = frame[(days >= first.start_time) & (days <= pd.Timestamp(question.at))]
    if question.place is None or kept.empty:
        return kept
    codes = question.surface.region.municipality_at(kept.geometry.x, kept.geometry.y)
    return kept[[question.is_within(str(code)) for code in codes]]


def _count(days: pd.Series, months: pd.PeriodIndex) -> tuple[int, ...]:
    counted = days.dt.to_period("M").value_counts()
    return tuple(int(counted.get(month, 0)) for month in months)


def _set_scale(sheet: Sheet, lang: str, axes: Axes, highest: int, n_months: int) -> None:
    """A scale of counts with three or four lines, all of them whole numbers."""
    step = next(step for step in _round_steps() if highest / step <= 4)  # noqa: PLR2004
    top = step * -(-highest // step)
    axes.set_xlim(-0.7, n_months - 0.3)
    axes.set_ylim(0, top)
    ticks = list(range(0, top + 1, step))
    axes.set_yticks(ticks, [sheet.say(format_number(lang, tick, 0)) for tick in ticks])
    axes.grid(axis="y", color=role_colour("line"), linewidth=0.8)
    axes.axhline(0, color=role_colour("soft"), linewidth=0.8, clip_on=False)


def _round_steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _write_key(sheet: Sheet, lang: str, *, synthetic: bool) -> None:
    """Headings of the two scales, what the two parts of a column are, and the mark of made-up data."""
    over = sheet.overlay()
    sheet.write(over, 12, 14, translate(lang, "Visits"), fontweight="bold")
    sheet.write(over, 12, 184, translate(lang, "Findings"), fontweight="bold")
    x = 12.0
    for role, text in (
        ("main", translate(lang, "Something found")),
        ("muted", translate(lang, "Nothing found")),
    ):
        sheet.box(over, (x, x + 14), (28, 38), role_colour(role))
        sheet.write(over, x + 20, 33, text, fontsize=SMALL_PX)
        x += 20 + 7 * len(text) + 22
    if synthetic:
        sheet.write(
            over, sheet.width - 10, 14, translate(lang, "Synthetic data"), ha="right", color=role_colour("mark")
        )
