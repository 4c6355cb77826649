"""Bars of a year beside those of the year before: visits by month, sector, county or outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.planning.yearly import Picture
from geo.planning.yearly.picture import DIMENSIONS
from geo.risk.words import Sentence
from maps.charts.base import ChartTable, ChartWords, Column
from maps.charts.canvas import Labels, Sheet, render
from maps.charts.style import LABEL_PX, SIZES, SMALL_PX, Size, Theme, role_colour
from maps.i18n import format_number, say, translate
from maps.yearly.words import name_group, name_within_sentence, say_period, say_persons

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["YEARLY_CHARTS", "BarFigures", "collect_bars", "describe_bars", "draw_bars"]

YEARLY_CHARTS = DIMENSIONS
_ROW_PX: dict[Size, int] = {"wide": 34, "narrow": 52}
_TOP_PX, _FOOT_PX, _SIDE_PX = 40, 10, 14
_NAMES_PX, _NUMBER_PX = 200, 66
_LETTER_PX, _LEGEND_PX = 6.6, 20
_BAR_PX, _BEFORE_PX = 13, 8


@dataclass(frozen=True)
class BarFigures:
    """Rows of a table of the picture.

    Attributes
    ----------
    dimension : one of `YEARLY_CHARTS`
    picture : Picture
    """

    dimension: str
    picture: Picture


def collect_bars(dimension: str, picture: Picture) -> BarFigures:
    """Figures of a chart."""
    return BarFigures(dimension, picture)


def describe_bars(lang: str, figures: BarFigures) -> ChartWords:
    """Title, summary and table."""
    picture, groups = figures.picture, figures.picture.groups[figures.dimension]
    title = say(lang, _titles()[figures.dimension])
    most = max(groups, key=lambda group: group.now.visits)
    values = {
        "visits": picture.total.now.visits,
        "period": say_period(lang, picture.counted),
        "before": picture.total.before.visits,
        "period_before": say_period(lang, picture.before),
    }
    if picture.total.now.visits:
        summary = translate(
            lang,
            "Visits in {period}: {visits}; in {period_before}: {before}. Most: {name}, {most}.",
            name=name_within_sentence(lang, figures.dimension, most),
            most=most.now.visits,
            **values,
        )
    else:
        summary = translate(lang, "Visits in {period}: none; in {period_before}: {before}.", **values)
    notes = []
    if figures.dimension == "outcome" and picture.total.now.visits:
        notes.append(
            translate(
                lang,
                "Visits with another outcome than “Nothing found”: {remarked}. That is not the same as visits that "
                "found something ({found}): those have at least one finding of an indicator of exploitation on record, "
                "whatever their outcome. A deficiency or a ban alone is no such finding.",
                remarked=picture.total.now.remarked,
                found=picture.total.now.found,
            )
        )
    columns = (
        Column("name", say(lang, _heads()[figures.dimension])),
        Column("visits", translate(lang, "Visits, {period}", period=values["period"]), 0),
        Column("before", translate(lang, "Visits, {period}", period=values["period_before"]), 0),
        Column("found", translate(lang, "Found something"), 0),
        Column("firms", translate(lang, "Firms"), 0),
        Column("findings", translate(lang, "Findings"), 0),
        Column("persons", translate(lang, "Persons met")),
    )
    rows = tuple(
        (
            name_group(lang, figures.dimension, group),
            group.now.visits,
            group.before.visits,
            group.now.found,
            group.now.firms,
            group.now.findings,
            say_persons(lang, group.now),
        )
        for group in (*groups, picture.total)
    )
    return ChartWords(title, summary, tuple(notes), ChartTable(columns, rows))


def draw_bars(lang: str, figures: BarFigures, size: Size = "wide", theme: Theme = "light") -> str:
    """A bar for each row, with a thinner one of the year before below it; numbers beside both."""
    words, groups = describe_bars(lang, figures), figures.picture.groups[figures.dimension]
    width, row_px = SIZES[size], _ROW_PX[size]
    # of two long periods, the second stands below the first where there is no room beside it
    legend = [text for text, _ in _list_periods(lang, figures.picture)]
    is_stacked = 2 * (20 + _SIDE_PX) + _LETTER_PX * sum(len(text) for text in legend) > width
    top_px = _TOP_PX + (_LEGEND_PX if is_stacked else 0)
    height = top_px + row_px * len(groups) + _FOOT_PX
    left = _NAMES_PX if size == "wide" else _SIDE_PX
    most = max((n for group in groups for n in (group.now.visits, group.before.visits)), default=0)
    px_per_visit = (width - left - _NUMBER_PX - _SIDE_PX) / max(most, 1)

    def paint(sheet: Sheet) -> None:
        over = sheet.overlay()
        _draw_legend(sheet, over, lang, figures.picture, is_stacked=is_stacked)
        for number, group in enumerate(groups):
            top = top_px + number * row_px
            name = name_group(lang, figures.dimension, group)
            if size == "wide":
                sheet.write(over, left - 10, top + row_px / 2, _shorten(name, 27), ha="right", fontsize=LABEL_PX)
            else:
                sheet.write(over, left, top + 9, _shorten(name, 48), fontsize=LABEL_PX)
                top += row_px - _ROW_PX["wide"] + 2
            _draw_bar(sheet, over, (left, top + 4, _BAR_PX), group.now.visits * px_per_visit, "main")
            _draw_bar(sheet, over, (left, top + 4 + _BAR_PX, _BEFORE_PX), group.before.visits * px_per_visit, "muted")
            now, before = (format_number(lang, one.visits, 0) for one in (group.now, group.before))
            x = left + max(group.now.visits, group.before.visits) * px_per_visit + 6
            sheet.write(over, x, top + 4 + (_BAR_PX + _BEFORE_PX) / 2, f"{now} ({before})", fontsize=SMALL_PX)
        if size == "narrow":
            # names stand above the bars here, and a line would cross them
            return
        over.plot([left, left], [top_px, height - _FOOT_PX], color=role_colour("soft"), linewidth=0.8)

    labels = Labels(f"year-{figures.dimension}", lang, words.title, words.summary)
    return render(paint, labels, width, height, theme)


def _draw_bar(sheet: Sheet, over: Axes, at: tuple[float, float, float], length: float, role: str) -> None:
    left, top, thick = at
    if length > 0:
        sheet.box(over, (left, left + length), (top, top + thick), role_colour(role))


def _list_periods(lang: str, picture: Picture) -> tuple[tuple[str, str], tuple[str, str]]:
    """What the legend calls both periods, and the roles of their colours."""
    return (say_period(lang, picture.counted), "main"), (f"({say_period(lang, picture.before)})", "muted")


def _draw_legend(sheet: Sheet, over: Axes, lang: str, picture: Picture, *, is_stacked: bool) -> None:
    x, y = float(_SIDE_PX), 11.0
    for text, role in _list_periods(lang, picture):
        sheet.box(over, (x, x + 14), (y, y + 12), role_colour(role))
        sheet.write(over, x + 20, y + 6.5, text, fontsize=SMALL_PX)
        if is_stacked:
            y += _LEGEND_PX
        else:
            x += 20 + _LETTER_PX * len(text) + 22


def _shorten(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _titles() -> dict[str, Sentence]:
    return {
        "sector": Sentence("Visits by sector"),
        "county": Sentence("Visits by county"),
        "month": Sentence("Visits by month"),
        "outcome": Sentence("Visits by outcome"),
    }


def _heads() -> dict[str, Sentence]:
    return {
        "sector": Sentence("Sector"),
        "county": Sentence("County"),
        "month": Sentence("Month"),
        "outcome": Sentence("Outcome"),
    }
