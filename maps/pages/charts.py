"""The page of charts: each picture with what it shows in words and its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from geo.reference import county_names
from maps.charts.base import ChartWords, format_cell
from maps.i18n import format_date
from maps.pages.base import Query, render_page

__all__ = ["ShownChart", "render_charts_page"]


@dataclass(frozen=True)
class ShownChart:
    """A chart on a page: its name, its words, and the addresses of its picture for wide and for narrow screens."""

    name: str
    words: ChartWords
    wide: str
    narrow: str


def render_charts_page(
    lang: str,
    charts: Sequence[ShownChart],
    *,
    at: date,
    county: str | None,
    cell: str | None,
    synthetic: bool,
    query: Query = (),
    root: str = "",
) -> str:
    """Render the page of charts, served at ``/charts``.

    Parameters
    ----------
    lang : str
    charts : sequence of ShownChart
    at : scoring date
    county : code, None for all four
    cell : id of the marked cell, None for none
    synthetic : whether the surface rests on made-up records
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    kept = [(name, value) for name, value in query if name not in {"county", "lang"} and value]
    return render_page(
        "charts.html",
        lang,
        root,
        query,
        charts=charts,
        at=format_date(lang, at),
        county=county or "",
        counties=county_names(),
        cell=cell,
        kept=kept,
        synthetic=synthetic,
        cell_text=partial(format_cell, lang),
    )
