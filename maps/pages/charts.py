"""The page of charts: each picture with what it shows in words and its numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from urllib.parse import urlencode

from geo.reference import certainty_classes, county_names, model_components, read_table, score_classes
from geo.risk.filters import CellFilter
from maps.charts.base import ChartWords, format_cell, name_place
from maps.charts.registry import Chart
from maps.filter_choices import STATE_WORDS
from maps.i18n import format_date, format_number, translate
from maps.pages.base import Query, render_page

__all__ = ["Choice", "MapChart", "ShownChart", "render_charts_page"]


@dataclass(frozen=True)
class ShownChart:
    """A chart on a page: its name, its words, the addresses of its picture for wide and for narrow screens."""

    name: str
    words: ChartWords
    wide: str
    narrow: str


@dataclass(frozen=True)
class MapChart(ShownChart):
    """A chart of what the map shows, which may follow more or less of the map's choice."""

    chart: Chart


@dataclass(frozen=True)
class Choice:
    """What the map shows and the charts follow.

    Attributes
    ----------
    chosen : CellFilter with one county and one municipality at most
    sectors : codes, None for all
    weights : component to its points in the published model and here, where they differ
    is_published : whether the surface is the published one
    is_waiting : whether a filter by certainty waits until that is drawn
    """

    chosen: CellFilter
    sectors: frozenset[str] | None
    weights: Mapping[str, tuple[float, float]]
    is_published: bool
    is_waiting: bool

    @property
    def place(self) -> str | None:
        """Code of the municipality, else of the county."""
        return next(iter(self.chosen.municipalities or self.chosen.counties), None)

    @property
    def has_filters(self) -> bool:
        """Whether more than a place narrows the cells."""
        return CellFilter(counties=self.chosen.counties, municipalities=self.chosen.municipalities) != self.chosen


def render_charts_page(
    lang: str,
    charts: Sequence[MapChart],
    *,
    at: date,
    choice: Choice,
    cell: str | None,
    synthetic: bool,
    query: Query = (),
    root: str = "",
) -> str:
    """Render the page of charts, served at ``/charts``.

    Parameters
    ----------
    lang : str
    charts : sequence of MapChart
    at : scoring date
    choice : Choice
    cell : id of the marked cell, None for none
    synthetic : whether the surface rests on made-up records
    query : pairs of str
        The map's, which leads back to what it showed.
    root : str

    Returns
    -------
    str
    """
    kept = [(name, value) for name, value in query if name != "lang" and value]
    return render_page(
        "charts.html",
        lang,
        root,
        query,
        charts=charts,
        at=format_date(lang, at),
        county=next(iter(choice.chosen.counties), ""),
        place=None if choice.place is None else name_place(choice.place),
        choice=choice,
        facts=list(_describe_choice(lang, choice)),
        to_map=urlencode([("lang", lang), *kept]),
        counties=county_names(),
        cell=cell,
        # another county has other municipalities
        kept=[(name, value) for name, value in kept if name not in {"county", "municipality"}],
        synthetic=synthetic,
        cell_text=partial(format_cell, lang),
    )


def _describe_choice(lang: str, choice: Choice) -> Iterator[tuple[str, str]]:
    """What is chosen besides date and place, by the names that the map's own controls have."""
    if choice.sectors is not None:
        title = "title_sv" if lang == "sv" else "title"
        rows = read_table("sectors")
        chosen = rows[rows["sector"].isin(choice.sectors)]
        yield translate(lang, "Sectors"), ", ".join(chosen[title])
    if choice.weights:
        titles = {one.component: one.title_sv if lang == "sv" else one.title for one in model_components()}
        changed = [
            translate(
                lang,
                "{component} {points} (published {before})",
                component=titles.get(name, name),
                points=format_number(lang, points, 0),
                before=format_number(lang, before, 0),
            )
            for name, (before, points) in choice.weights.items()
        ]
        yield translate(lang, "Your own weights"), ", ".join(changed)
    chosen_filter = choice.chosen
    if chosen_filter.state is not None:
        yield translate(lang, "Inspected or not"), translate(lang, STATE_WORDS[chosen_filter.state])
    if chosen_filter.agencies:
        agencies = dict(read_table("agencies")[["agency", "title"]].to_numpy().tolist())
        names = [translate(lang, agencies[agency]) for agency in sorted(chosen_filter.agencies)]
        yield translate(lang, "Agency with powers on site"), ", ".join(names)
    if chosen_filter.certainty is not None:
        names = [translate(lang, one.name) for one in certainty_classes() if one.code == chosen_filter.certainty]
        yield translate(lang, "Among the 20 highest"), names[0]
    if chosen_filter.min_class is not None:
        names = [translate(lang, one.name) for one in score_classes() if one.code == chosen_filter.min_class]
        yield translate(lang, "Lowest class"), names[0]
