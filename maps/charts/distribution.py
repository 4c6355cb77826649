"""How many cells have which score, and where the chosen cell stands among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from geo.reference import ScoreClass, score_classes
from geo.risk.states import NEVER_INSPECTED
from geo.risk.words import Sentence
from maps.charts.base import ChartTable, ChartWords, Column, Question, name_place
from maps.charts.canvas import Labels, Sheet, render
from maps.charts.style import SIZES, SMALL_PX, Size, Theme, ink_on, role_colour
from maps.i18n import format_number, translate

__all__ = ["DistributionFigures", "collect_distribution", "describe_distribution", "draw_distribution"]

_BIN_POINTS = 2.5
_SCALE_END = 100.0
# Where the logarithmic scale begins: one cell is still seen.
_FLOOR = 0.6
_HEIGHT_PX = 250


@dataclass(frozen=True)
class DistributionFigures:
    """Ranked cells by score.

    Attributes
    ----------
    at : scoring date
    place : code of a municipality or a county, None for all four counties
    edges : (n + 1,) points, in even steps
    counts : (n,) ranked cells from one edge up to the next
    n_ranked : all of them
    score : that of the chosen cell, None where none is chosen or it is not ranked
    n_higher : ranked cells that score more than it
    is_filtered : whether more than a place narrows the cells that are counted
    """

    at: date
    place: str | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    n_ranked: int
    score: float | None
    n_higher: int
    is_filtered: bool = False


def collect_distribution(question: Question) -> DistributionFigures:
    """Count the ranked cells, a few rows at a time."""
    surface = question.surface
    edges = np.arange(0.0, _SCALE_END + _BIN_POINTS, _BIN_POINTS)
    chosen = None
    if question.cell is not None and surface.state[question.cell] >= NEVER_INSPECTED:
        chosen = float(surface.score[question.cell])
    counts = np.zeros(len(edges) - 1, dtype=np.int64)
    n_higher = 0
    for rows in surface.row_bands():
        kept = surface.state[rows] >= NEVER_INSPECTED
        if question.shown is not None:
            kept &= question.shown.includes(rows)
        elif question.county is not None:
            kept &= surface.county_mask(question.county, rows)
        scores = surface.score[rows][kept]
        counts += np.histogram(scores, edges)[0]
        if chosen is not None:
            n_higher += int(np.count_nonzero(scores > np.float32(chosen)))
    return DistributionFigures(
        question.at,
        question.place,
        tuple(edges.tolist()),
        tuple(counts.tolist()),
        int(counts.sum()),
        chosen,
        n_higher,
        is_filtered=question.is_filtered,
    )


def describe_distribution(lang: str, figures: DistributionFigures) -> ChartWords:
    """Title, summary and table."""
    place = name_place(figures.place)
    highest = score_classes()[-1]
    if figures.n_ranked == 0:
        summary = translate(lang, "{place}, {date}: no cell is ranked.", place=place, date=figures.at)
    elif figures.score is None:
        summary = translate(
            lang,
            "{place}, {date}: {count} ranked cells, {top} of them in the class {class_name}.",
            place=place,
            date=figures.at,
            count=figures.n_ranked,
            top=sum(count for low, count in zip(figures.edges, figures.counts, strict=False) if low >= highest.low),
            class_name=Sentence(highest.name),
        )
    else:
        summary = translate(
            lang,
            "{place}, {date}: the chosen cell has {score} points; {higher} of {count} ranked cells have more.",
            place=place,
            date=figures.at,
            score=format_number(lang, figures.score, 1),
            higher=figures.n_higher,
            count=figures.n_ranked,
        )
    columns = (
        Column("class", translate(lang, "Class")),
        Column("low", translate(lang, "From, points"), 1),
        Column("high", translate(lang, "To, points"), 1),
        Column("cells", translate(lang, "Number of cells"), 0),
    )
    rows = tuple(
        (translate(lang, _class_at(low).name), low, high, count)
        for low, high, count in zip(figures.edges[:-1], figures.edges[1:], figures.counts, strict=True)
        if count
    )
    notes = [
        translate(
            lang, "Each line up means ten times as many cells: high scores are rare, and would not be seen otherwise."
        )
    ]
    if figures.is_filtered:
        notes.insert(0, translate(lang, "Only the cells that the filters show are counted."))
    return ChartWords(translate(lang, "Distribution of the scores"), summary, tuple(notes), ChartTable(columns, rows))


def draw_distribution(lang: str, figures: DistributionFigures, size: Size = "wide", theme: Theme = "light") -> str:
    """Columns of cells by score in the colours of the classes, the chosen cell's score marked."""
    words = describe_distribution(lang, figures)
    width = SIZES[size]

    def paint(sheet: Sheet) -> None:
        axes = sheet.axes(52, 52, width - 52 - 14, 140)
        colours = [_class_at(low).colour for low in figures.edges[:-1]]
        top = 10.0 ** max(1, int(np.ceil(np.log10(max(2, *figures.counts)))))
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(_FLOOR, top)
        axes.set_xlim(0, _SCALE_END)
        axes.bar(
            figures.edges[:-1],
            [max(0.0, count - _FLOOR) for count in figures.counts],
            bottom=_FLOOR,
            width=_BIN_POINTS,
            align="edge",
            color=colours,
            edgecolor=role_colour("soft"),
            linewidth=0.7,
            clip_on=False,
        )
        powers = [10**power for power in range(int(np.log10(top)) + 1)]
        axes.set_yticks(powers, [sheet.say(format_number(lang, power, 0)) for power in powers])
        axes.set_yticks([], minor=True)
        axes.grid(axis="y", color=role_colour("line"), linewidth=0.8)
        axes.axhline(_FLOOR, color=role_colour("soft"), linewidth=0.8, clip_on=False)
        breaks = [*(one.low for one in score_classes()), _SCALE_END]
        axes.set_xticks(breaks, [sheet.say(format_number(lang, one, 0)) for one in breaks])
        _name_classes(sheet, lang)
        if figures.score is not None:
            share = figures.score / _SCALE_END
            side = "left" if share < 0.3 else "right" if share > 0.7 else "center"  # noqa: PLR2004  room for the words
            text = translate(lang, "The chosen cell: {score}", score=format_number(lang, figures.score, 1))
            sheet.mark_day(axes, figures.score, text, ha=side)
        over = sheet.overlay()
        sheet.write(over, 12, 14, translate(lang, "Number of cells"), fontsize=SMALL_PX, color=role_colour("soft"))
        sheet.write(
            over,
            width - 14,
            _HEIGHT_PX - 10,
            translate(lang, "Risk score"),
            fontsize=SMALL_PX,
            color=role_colour("soft"),
            ha="right",
        )

    return render(paint, Labels("distribution", lang, words.title, words.summary), width, _HEIGHT_PX, theme)


def _name_classes(sheet: Sheet, lang: str) -> None:
    """A band in the colour of each class below the columns, with its name where there is room, else its number."""
    axes = sheet.axes(52, 212, sheet.width - 52 - 14, 16)
    axes.set_axis_off()
    axes.set_xlim(0, _SCALE_END)
    axes.set_ylim(0, 1)
    px_per_point = (sheet.width - 66) / _SCALE_END
    for one in score_classes():
        sheet.box(axes, (one.low, one.high), (0, 1), one.colour)
        name = translate(lang, one.name)
        fits = len(name) * 6.5 < (one.high - one.low) * px_per_point
        sheet.write(
            axes,
            (one.low + one.high) / 2,
            0.46,
            name if fits else one.code,
            ha="center",
            fontsize=SMALL_PX,
            color=ink_on(one.colour),
        )


def _class_at(score: float) -> ScoreClass:
    return next(one for one in reversed(score_classes()) if score >= one.low)
