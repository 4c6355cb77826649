"""A year of scores at a glance: the fifteenth of every month, counted by class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from api.turns import Turns
from geo.grid import Grid
from geo.recent import Recent
from geo.reference import read_table, score_classes
from geo.region import region_grid
from geo.risk.manifest import count_states, name_states
from geo.risk.surface import RiskSurface
from maps.i18n import translate
from maps.palette import classify, count_classes

__all__ = ["Month", "Seasons", "YearKey", "choose_year_grid", "describe_season"]

_DAY_OF_MONTH = 15
_KEPT = 32
# Twelve scores of more cells than these take too long for a picture beside a slider.
_MOST_CELLS = 2_000_000
_COARSE_M = 1_000.0


@dataclass(frozen=True)
class YearKey:
    """What makes two years the same; see `api.shelf.ScoreKey`."""

    layers: str
    year: int
    sectors: frozenset[str] | None
    model: str
    grid: Grid
    circle: str


@dataclass(frozen=True)
class Month:
    """What the map shows on one day.

    Attributes
    ----------
    at : date
    highest : float, None where nothing is ranked
    n_cells : cells of each class, lowest first
    states : cells by state
    """

    at: date
    highest: float | None
    n_cells: tuple[int, ...]
    states: dict[str, int]


class Seasons:
    """Years that were asked for lately, each scored once, in turn with other long questions.

    Parameters
    ----------
    turns : Turns
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._years: Recent[YearKey, tuple[Month, ...]] = Recent(_KEPT)

    def find(self, key: YearKey, score: Callable[[date], RiskSurface]) -> tuple[Month, ...]:
        """The twelve months of a year.

        Parameters
        ----------
        key : YearKey
        score : scores a day

        Raises
        ------
        BusyError
            It would have to be scored, and too many wait already.
        """
        known = self._years.get(key)
        if known is not None:
            return known
        with self._turns.take():
            known = self._years.get(key)
            if known is None:
                days = (date(key.year, month, _DAY_OF_MONTH) for month in range(1, 13))
                known = self._years.put(key, tuple(_count(score(day)) for day in days))
            return known


def choose_year_grid(grid: Grid) -> Grid:
    """The grid that a year is counted on: a surface's own, or one of 1 km where that has too many cells."""
    return grid if grid.n_cells <= _MOST_CELLS else region_grid(_COARSE_M)


def _count(surface: RiskSurface) -> Month:
    ranked = surface.score[surface.ranked]
    return Month(
        surface.at,
        float(np.max(ranked)) if ranked.size else None,
        tuple(count_classes(classify(surface.score, surface.state))),
        name_states(count_states(surface.state)),
    )


def describe_season(lang: str, months: tuple[Month, ...], sectors: frozenset[str] | None) -> dict[str, Any]:
    """Months and seasons of sectors, as in `api.live_schemas.SeasonAnswer`."""
    return {
        "sectors": _describe_sectors(lang, sectors),
        "months": [
            {
                "month": month.at.month,
                "at": month.at,
                "highest": month.highest,
                "n_ranked": sum(month.n_cells),
                "classes": [
                    {
                        "code": one.code,
                        "name": translate(lang, one.name),
                        "colour": one.colour,
                        "low": one.low,
                        "high": one.high,
                        "n_cells": n,
                    }
                    for one, n in zip(score_classes(), month.n_cells, strict=True)
                ],
                "states": month.states,
            }
            for month in months
        ],
    }


def _describe_sectors(lang: str, sectors: frozenset[str] | None) -> list[dict[str, Any]]:
    """Sector groups that count, in the order of the reference table, with their factor in each month."""
    table = read_table("sector_seasons").sort_values("month")
    seasons: dict[str, list[float]] = {}
    for code, factor in zip(table["sector"], table["factor"], strict=True):
        seasons.setdefault(str(code), []).append(float(factor))
    titles = read_table("sectors").set_index("sector")["title_sv" if lang == "sv" else "title"]
    return [
        {"sector": str(code), "title": str(title), "factors": seasons[str(code)]}
        for code, title in titles.items()
        if code in seasons and (sectors is None or code in sectors)
    ]
