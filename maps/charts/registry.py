"""The charts there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from maps.charts.activity import collect_activity, describe_activity, draw_activity
from maps.charts.base import ChartWords, Question
from maps.charts.distribution import collect_distribution, describe_distribution, draw_distribution
from maps.charts.season import collect_season, describe_season, draw_season
from maps.charts.style import Size, Theme
from maps.charts.timeline import collect_timeline, describe_timeline, draw_timeline

__all__ = ["CHARTS", "Chart"]


@dataclass(frozen=True)
class Chart:
    """A chart: figures from a question, and words and a picture from figures alone.

    Attributes
    ----------
    name : str, part of its address
    collect : question to figures
    describe : language and figures to words and table
    draw : language, figures, size and theme to SVG
    takes_county, takes_cell : whether it looks at them; at a municipality as at a county
    takes_filter : whether it looks at filters of cells, and at the sectors and weights of the surface
    takes_sectors : whether it looks at the sectors of the surface
    """

    name: str
    collect: Callable[[Question], Any]
    describe: Callable[[str, Any], ChartWords]
    draw: Callable[[str, Any, Size, Theme], str]
    takes_county: bool = True
    takes_cell: bool = False
    takes_filter: bool = False
    takes_sectors: bool = False


CHARTS: Mapping[str, Chart] = MappingProxyType(
    {
        chart.name: chart
        for chart in (
            Chart("season", collect_season, describe_season, draw_season, takes_county=False, takes_sectors=True),
            Chart("activity", collect_activity, describe_activity, draw_activity),
            Chart(
                "distribution",
                collect_distribution,
                describe_distribution,
                draw_distribution,
                takes_cell=True,
                takes_filter=True,
                takes_sectors=True,
            ),
            Chart("establishments", collect_timeline, describe_timeline, draw_timeline, takes_cell=True),
        )
    }
)
