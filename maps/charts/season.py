"""How many are at work in each sector group, month by month, against the season's peak."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from geo.reference.tables import read_columns
from maps.charts.base import ChartTable, ChartWords, Column, Question, Value, month_names
from maps.charts.canvas import Labels, Sheet, render
from maps.charts.style import SIZES, SMALL_PX, Size, Theme, role_colour
from maps.i18n import format_date, translate

__all__ = ["SeasonFigures", "collect_season", "describe_season", "draw_season"]

_ROW_PX: dict[Size, int] = {"wide": 32, "narrow": 46}
_STRIP_PX, _LEFT_PX, _TOP_PX, _FOOT_PX = 24, 190, 28, 24
_MONTHS = range(12)
_NO_RISK = "denominator"
# Months from either end within which a label stands beside its line and not over it.
_NEAR_EDGE = 1.5


@dataclass(frozen=True)
class SeasonFigures:
    """Seasons of the sector groups.

    Attributes
    ----------
    at : scoring date
    sectors : code to (English title, Swedish title), those that carry risk
    factors : code to twelve factors, January first
    """

    at: date
    sectors: dict[str, tuple[str, str]]
    factors: dict[str, tuple[float, ...]]


def collect_season(question: Question) -> SeasonFigures:
    """Seasons as the reference tables hold them, of the sectors that the surface counts."""
    rows, chosen = read_columns("sectors", "sector", "title", "title_sv", "role"), question.surface.sectors
    titles = {
        str(sector): (str(title), str(swedish))
        for sector, title, swedish, role in rows
        if role != _NO_RISK and (chosen is None or sector in chosen)
    }
    factors = {sector: [0.0] * 12 for sector in titles}
    for sector, month, factor in read_columns("sector_seasons", "sector", "month", "factor"):
        if sector in factors:
            factors[sector][int(month) - 1] = float(factor)
    return SeasonFigures(question.at, titles, {sector: tuple(found) for sector, found in factors.items()})


def describe_season(lang: str, figures: SeasonFigures) -> ChartWords:
    """Title, summary and table."""
    month = figures.at.month - 1
    at_peak = [
        _title(lang, names)
        for sector, names in figures.sectors.items()
        if figures.factors[sector][month] >= 1.0 > min(figures.factors[sector])
    ]
    if at_peak:
        now = translate(
            lang,
            "In the month of the scoring date, {date}, these of the sector groups with a season are at their peak: "
            "{sectors}.",
            date=figures.at,
            sectors=", ".join(at_peak),
        )
    else:
        now = translate(
            lang,
            "In the month of the scoring date, {date}, no sector group with a season is at its peak.",
            date=figures.at,
        )
    own = translate(
        lang, "1 is the peak of the sector group. Some industries within a group have a season of their own."
    )
    columns = (
        Column("sector", translate(lang, "Sector group")),
        *(Column(str(number), name, 1) for number, name in enumerate(month_names(lang), 1)),
    )
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (_title(lang, names), *figures.factors[sector]) for sector, names in figures.sectors.items()
    )
    return ChartWords(translate(lang, "Seasons of the sector groups"), now, (own,), ChartTable(columns, rows))


def draw_season(lang: str, figures: SeasonFigures, size: Size = "wide", theme: Theme = "light") -> str:
    """One strip for each sector group, the scoring date across all of them."""
    words = describe_season(lang, figures)
    width = SIZES[size]
    row_px = _ROW_PX[size]
    height = _TOP_PX + row_px * len(figures.sectors) + _FOOT_PX

    def paint(sheet: Sheet) -> None:
        left = _LEFT_PX if size == "wide" else 12
        n_rows = len(figures.sectors)
        axes = sheet.axes(left, _TOP_PX, width - left - 12, row_px * n_rows)
        axes.set_xlim(0, 12)
        axes.set_ylim(n_rows, 0)
        axes.set_yticks([])
        axes.vlines(range(13), 0, n_rows, color=role_colour("line"), linewidth=0.8)
        strip = _STRIP_PX / row_px
        fills = [role_colour("main" if month == figures.at.month - 1 else "muted") for month in _MONTHS]
        for row, (sector, names) in enumerate(figures.sectors.items(), start=1):
            base = row - 2 / row_px
            heights = [factor * strip for factor in figures.factors[sector]]
            tops = [base - height for height in heights]
            axes.bar(_MONTHS, heights, width=1, bottom=tops, align="edge", color=fills, linewidth=0)
            axes.stairs(tops, range(13), baseline=None, color=role_colour("main"), linewidth=1.4, clip_on=False)
            axes.hlines(base, 0, 12, color=role_colour("soft"), linewidth=0.8)
            if size == "wide":
                sheet.write(axes, -0.15, base - strip / 2, _title(lang, names), ha="right")
            else:
                sheet.write(axes, 0, base - strip, _title(lang, names), va="bottom", fontsize=SMALL_PX)
        shown = [name if size == "wide" else name[:1].upper() for name in month_names(lang)]
        axes.set_xticks([month + 0.5 for month in range(12)], [sheet.say(name) for name in shown])
        at = figures.at
        x = at.month - 1 + (at.day - 0.5) / monthrange(at.year, at.month)[1]
        side = "left" if x < _NEAR_EDGE else "right" if x > 12 - _NEAR_EDGE else "center"
        sheet.mark_day(axes, x, format_date(lang, at), ha=side)

    labels = Labels("season", lang, words.title, words.summary)
    return render(paint, labels, width, height, theme)


def _title(lang: str, names: tuple[str, str]) -> str:
    return names[1] if lang == "sv" else names[0]
