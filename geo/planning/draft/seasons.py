"""In which months a site has anybody to visit: berries are picked in late summer, and not in March."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geo.layers.bundle import Layers
from geo.planning.plan import PlannedStop
from geo.planning.targets import SiteKey
from geo.planning.targets.sites import read_sites
from geo.reference import housing_season_factors, season_factors
from geo.risk.components.workplaces import recall_columns
from geo.risk.words import Sentence

__all__ = ["find_open_days", "tell_closed"]


def find_open_days(layers: Layers, keys: Sequence[SiteKey], days: Sequence[date]) -> NDArray[np.bool_]:
    """Whether sites are in season on some days: (n_sites, n_days) bool.

    A site is out of season where the factor of its month in ``sector_seasons``, ``sni_seasons`` or ``housing_seasons``
    is 0.

    Parameters
    ----------
    layers : Layers that have all the sites
    keys : of sites
    days : of the plan
    """
    sites, columns = read_sites(layers), recall_columns(layers)
    at = sites.find_all(keys)
    is_work = sites.layer[at] == "workplaces"
    work, homes = at[is_work] - sites.rows["workplaces"].start, at[~is_work]
    is_open = np.ones((len(at), len(days)), dtype=bool)
    for position, day in enumerate(days):
        is_open[is_work, position] = season_factors(*columns.industries, day)[columns.industry[work]] > 0
        is_open[~is_work, position] = housing_season_factors(sites.group[homes].astype(str), day) > 0
    return is_open


def tell_closed(layers: Layers, stops: Sequence[PlannedStop]) -> tuple[Sentence, ...]:
    """Which stops are out of season on their day: they are there because a planner asks for them."""
    days = sorted({stop.on for stop in stops})
    is_open = find_open_days(layers, [stop.key for stop in stops], days)
    return tuple(
        Sentence("{title} is out of season on {day}.", {"title": stop.title, "day": stop.on})
        for stop, row in zip(stops, is_open, strict=True)
        if not row[days.index(stop.on)]
    )
