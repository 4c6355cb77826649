"""Large establishments and their phases over the quarters around the scoring date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.reference import read_table
from maps.charts.base import ChartTable, ChartWords, Column, Question, name_place
from maps.charts.canvas import Labels, Sheet, render
from maps.charts.style import SIZES, SMALL_PX, Size, Theme, ink_on, role_colour
from maps.i18n import format_date, translate

__all__ = ["Establishment", "Phase", "TimelineFigures", "collect_timeline", "describe_timeline", "draw_timeline"]

# From the beginning of last year to the end of the year after next but one: three years ahead is what is planned for.
_YEARS_BACK, _YEARS_AHEAD = 1, 3
_NEAREST, _LARGEST = 5, 12
_ROW_PX, _BAR_PX, _TOP_PX = 44, 20, 44
_PX_PER_LETTER = 6.4
# Share of the width within which a label begins at its line instead of standing over it.
_NEAR_START = 0.2
_TITLE_LETTERS: dict[Size, int] = {"wide": 70, "narrow": 40}
# In the order of the phases table, lighter and darker by turns, so that neighbours differ in grey as well; each bar
# carries the number of its phase, so that nothing rests on colour.
_FILLS = ("#e6edef", "#c3d5db", "#7fa9b5", "#104b5d", "#5b93a5", "#c5d3b4", "#f2c879", "#e3a58e")


@dataclass(frozen=True)
class Phase:
    """One phase of an establishment; None for a start or an end that is open."""

    code: str
    starts: date | None
    ends: date | None
    workforce: float
    beds: float


@dataclass(frozen=True)
class Establishment:
    """A large establishment; `distance_km` from the chosen cell, None where none is chosen."""

    name: str
    distance_km: float | None
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class TimelineFigures:
    """Establishments near a cell or of a county.

    Attributes
    ----------
    at : scoring date
    place : code of a municipality or a county, None for all four counties
    near_cell : whether they are the nearest to a cell, nearest first; else by name
    establishments : at most 5 near a cell, the 12 largest otherwise
    n_all : how many there are
    synthetic : whether any of them is made up
    """

    at: date
    place: str | None
    near_cell: bool
    establishments: tuple[Establishment, ...]
    n_all: int
    synthetic: bool

    @property
    def first(self) -> date:
        """First day shown."""
        return date(self.at.year - _YEARS_BACK, 1, 1)

    @property
    def last(self) -> date:
        """First day that is no longer shown."""
        return date(self.at.year + _YEARS_AHEAD, 1, 1)


def collect_timeline(question: Question) -> TimelineFigures:
    """The establishments nearest to the cell, or those of the county."""
    frame = question.layers["establishments"]
    groups = [group for _, group in frame.groupby("establishment_id", sort=True)]
    if question.place is not None and question.cell is None:
        groups = [group for group in groups if _touches(question, group)]
    if question.cell is not None:
        point = shapely.Point(*question.grid.centre(*question.cell))
        found = [_describe(group, float(group.distance(point).min()) / 1_000) for group in groups]
        kept = sorted(found, key=lambda one: (one.distance_km or 0, one.name))[:_NEAREST]
    else:
        found = [_describe(group, None) for group in groups]
        largest = sorted(found, key=lambda one: -max(phase.workforce for phase in one.phases))[:_LARGEST]
        kept = sorted(largest, key=lambda one: one.name)
    synthetic = bool(frame["synthetic"].any()) if len(frame) else False
    return TimelineFigures(question.at, question.place, question.cell is not None, tuple(kept), len(found), synthetic)


def describe_timeline(lang: str, figures: TimelineFigures) -> ChartWords:
    """Title, summary and table."""
    place = name_place(figures.place)
    count = len(figures.establishments)
    if count == 0:
        summary = translate(lang, "{place}: no large establishment is known.", place=place)
    elif figures.near_cell:
        summary = translate(
            lang,
            "The {count} large establishments nearest to the cell, and their phases; scoring date {date}.",
            count=count,
            date=figures.at,
        )
    else:
        summary = translate(
            lang,
            "{place}: {count} of {all} large establishments and their phases; scoring date {date}.",
            place=place,
            count=count,
            all=figures.n_all,
            date=figures.at,
        )
    titles = phase_titles(lang)
    columns = [
        Column("establishment", translate(lang, "Establishment")),
        Column("phase", translate(lang, "Phase")),
        Column("starts", translate(lang, "First day")),
        Column("ends", translate(lang, "Last day")),
        Column("workforce", translate(lang, "Workers"), 0),
        Column("beds", translate(lang, "Beds"), 0),
    ]
    if figures.near_cell:
        columns.append(Column("distance_km", translate(lang, "Distance, km"), 0))
    rows = tuple(
        (
            one.name,
            titles.get(phase.code, phase.code),
            phase.starts,
            phase.ends,
            phase.workforce,
            phase.beds,
            *([one.distance_km] if figures.near_cell else []),
        )
        for one in figures.establishments
        for phase in one.phases
    )
    notes = [translate(lang, "Phases to come are plans and assumptions. The number in a bar is that of its phase.")]
    if figures.synthetic:
        notes.insert(0, translate(lang, "Synthetic data: made up for demonstration."))
    title = translate(lang, "Large establishments and their phases")
    return ChartWords(title, summary, tuple(notes), ChartTable(tuple(columns), rows))


def draw_timeline(lang: str, figures: TimelineFigures, size: Size = "wide", theme: Theme = "light") -> str:
    """A row of bars for each establishment, the scoring date across all of them, and a key of the phases."""
    words = describe_timeline(lang, figures)
    width = SIZES[size]
    n_rows = max(1, len(figures.establishments))
    titles = phase_titles(lang)
    per_line = 4 if size == "wide" else 2
    key_px = 20 * -(-len(titles) // per_line) + 10
    height = _TOP_PX + _ROW_PX * n_rows + 24 + key_px

    def paint(sheet: Sheet) -> None:
        left, right = 12, 14
        axes = sheet.axes(left, _TOP_PX, width - left - right, _ROW_PX * n_rows)
        first, last = figures.first.toordinal(), figures.last.toordinal()
        axes.set_xlim(first, last)
        axes.set_ylim(n_rows, 0)
        axes.set_yticks([])
        for quarter in pd.date_range(figures.first, figures.last, freq="QS"):
            is_year = quarter.month == 1
            axes.axvline(
                quarter.toordinal(), color=role_colour("soft" if is_year else "line"), linewidth=0.9 if is_year else 0.7
            )
        years = [date(year, 7, 1) for year in range(figures.first.year, figures.last.year)]
        axes.set_xticks([day.toordinal() for day in years], [sheet.say(str(day.year)) for day in years])
        px_per_day = (width - left - right) / (last - first)
        for row, one in enumerate(figures.establishments):
            sheet.write(axes, first + 2 / px_per_day, row + 0.2, _title(lang, one, size), fontsize=SMALL_PX)
            for phase in one.phases:
                _draw_phase(sheet, axes, phase, row, (first, last, px_per_day), titles)
        share = (figures.at.toordinal() - first) / (last - first)
        sheet.mark_day(
            axes, figures.at.toordinal(), format_date(lang, figures.at), ha="left" if share < _NEAR_START else "center"
        )
        _draw_key(sheet, titles, height - key_px + 6, per_line)

    return render(paint, Labels("establishments", lang, words.title, words.summary), width, height, theme)


def phase_titles(lang: str) -> dict[str, str]:
    """Phases and what they are called, in their order."""
    table = read_table("establishment_phases")
    return dict(zip(table["phase"], table["title_sv" if lang == "sv" else "title"], strict=True))


def _draw_phase(
    sheet: Sheet, axes: Any, phase: Phase, row: int, scale: tuple[int, int, float], titles: dict[str, str]
) -> None:
    first, last, px_per_day = scale
    starts = first if phase.starts is None else max(first, phase.starts.toordinal())
    ends = last if phase.ends is None else min(last, (phase.ends + timedelta(days=1)).toordinal())
    if starts >= ends:
        return
    fill = _fill_of(phase.code, titles)
    low = row + 1 - (_BAR_PX + 4) / _ROW_PX
    sheet.box(axes, (starts, ends), (low, low + _BAR_PX / _ROW_PX), fill, zorder=3)
    number = str(list(titles).index(phase.code) + 1) if phase.code in titles else "?"
    text = f"{number} {titles.get(phase.code, phase.code)}"
    room = (ends - starts) * px_per_day - 8
    shown = text if len(text) * _PX_PER_LETTER <= room else number
    if len(shown) * _PX_PER_LETTER <= room + 6:
        sheet.write(
            axes,
            (starts + ends) / 2,
            low + _BAR_PX / _ROW_PX / 2,
            shown,
            ha="center",
            fontsize=SMALL_PX,
            color=ink_on(fill),
            zorder=5,
        )


def _draw_key(sheet: Sheet, titles: dict[str, str], top: float, per_line: int) -> None:
    over = sheet.overlay()
    step = (sheet.width - 24) / per_line
    for position, (code, title) in enumerate(titles.items()):
        x, y = 12 + position % per_line * step, top + position // per_line * 20
        fill = _fill_of(code, titles)
        sheet.box(over, (x, x + 16), (y, y + 14), fill)
        sheet.write(over, x + 8, y + 7.4, str(position + 1), ha="center", fontsize=SMALL_PX, color=ink_on(fill))
        sheet.write(over, x + 22, y + 7.4, title, fontsize=SMALL_PX)


def _fill_of(code: str, titles: dict[str, str]) -> str:
    codes = list(titles)
    return _FILLS[codes.index(code)] if code in codes and codes.index(code) < len(_FILLS) else "#dddddd"


def _title(lang: str, one: Establishment, size: Size) -> str:
    most = _TITLE_LETTERS[size]
    name = one.name if len(one.name) <= most else f"{one.name[: most - 1]}…"
    if one.distance_km is None:
        return name
    return translate(lang, "{name}, {km} km away", name=name, km=round(one.distance_km))


def _describe(group: gpd.GeoDataFrame, distance_km: float | None) -> Establishment:
    rows = group.sort_values("active_from", na_position="first")
    name = next(
        (text for text in rows["name"] if isinstance(text, str) and text), str(rows["establishment_id"].iloc[0])
    )
    phases = tuple(
        Phase(str(row.phase), _day(row.active_from), _day(row.active_to), float(row.workforce), float(row.beds))
        for row in rows.itertuples()
    )
    return Establishment(name, distance_km, phases)


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _touches(question: Question, group: gpd.GeoDataFrame) -> bool:
    """Whether any vertex of an establishment lies in the county or municipality: a railway may run through several."""
    corners = shapely.get_coordinates(group.geometry.to_numpy())
    codes = question.surface.region.municipality_at(*np.unique(corners, axis=0).T)
    return any(question.is_within(str(code)) for code in codes)
