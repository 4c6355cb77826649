"""Planted truth: where exploitation is, month by month; known to the generator and to later measurements only.

How it is planted stands in ``tables/environments.csv`` and docs/adr/0004-demo-region.md: environments first, a
site of that environment second, badly behaving employers rather than well behaving ones. No weight, bandwidth or
season of the risk model is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.crs import SWEREF99_TM
from geo.demo.assumptions import find_coded, is_in_months, read_rows
from geo.demo.places import SMALL_PLACE_M
from geo.demo.sites import Sites
from geo.demo.temporary import first_of_month
from geo.demo.workplaces import share_out
from geo.reference import establishments

__all__ = ["COMING_MONTHS", "PAST_MONTHS", "Truth", "plant_truth", "truth_frame"]

PAST_MONTHS = 36
COMING_MONTHS = 24
_N_SITES = (100, 120)
_CONDUCT_PULL = 1.0
_NEAR_ESTABLISHMENT_M = 25_000.0
# A quiet place has at most so many workplaces in the 5 km × 5 km around.
_QUIET = 25
_MOST_VICTIMS = 30
_WHOLE_YEAR = 12


@dataclass(frozen=True, eq=False)
class Truth:
    """Places where exploitation is.

    Attributes
    ----------
    site : (n,) int64, position among the sites
    sector : (n,) str objects, what the people work in
    first, last : (n,) int64, months from that of the demo's date, both included
    n_victims : (n,) int64
    environment : (n,) str objects, ``known`` or ``new``
    """

    site: NDArray[np.int64]
    sector: NDArray[np.object_]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    n_victims: NDArray[np.int64]
    environment: NDArray[np.object_]

    def victims_in(self, month: int, n_sites: int) -> NDArray[np.int64]:
        """Victims at each site in a month counted from the demo's date, (n_sites,) int64."""
        now = (self.first <= month) & (month <= self.last)
        victims = np.zeros(n_sites, dtype=np.int64)
        victims[self.site[now]] = self.n_victims[now]
        return victims


def plant_truth(rng: np.random.Generator, sites: Sites, at: date) -> Truth:
    """Choose sites, months and numbers of victims.

    Parameters
    ----------
    rng : Generator
    sites : Sites
    at : date

    Returns
    -------
    Truth
        No site twice; sorted by first month.
    """
    environments = read_rows("environments")
    shares = np.array([float(environment.share) for environment in environments])
    counts = share_out(int(rng.integers(*_N_SITES)), shares)
    free = np.ones(len(sites), dtype=bool)
    rows: list[tuple[int, str, int, int, int, str]] = []
    for environment, count in zip(environments, counts.tolist(), strict=True):
        fits = free & _fits(sites, environment)
        for _ in range(count):
            first, last = _draw_months(rng, environment, at)
            ready = fits & free & sites.exists_between(*_days_of(at, first, last))
            if not ready.any():
                continue
            weight = np.where(ready, np.exp(_CONDUCT_PULL * sites.conduct), 0.0)
            site = int(rng.choice(len(sites), p=weight / weight.sum()))
            free[site] = False
            victims = _draw_victims(rng, float(environment.victims_median), float(sites.size[site]))
            rows.append(
                (site, environment.sector, *_cut(sites, site, at, first, last), victims, environment.environment)
            )
    rows.sort(key=lambda row: (row[2], row[0]))
    site_, sector, begin, end, n_victims, known = (list(column) for column in zip(*rows, strict=True))
    return Truth(
        site=np.array(site_, dtype=np.int64),
        sector=np.array(sector, dtype=object),
        first=np.array(begin, dtype=np.int64),
        last=np.array(end, dtype=np.int64),
        n_victims=np.array(n_victims, dtype=np.int64),
        environment=np.array(known, dtype=object),
    )


def truth_frame(truth: Truth, sites: Sites, at: date) -> gpd.GeoDataFrame:
    """The truth as a frame of its own, EPSG:3006, one row per site.

    Returns
    -------
    GeoDataFrame
        ``truth_id``, ``site_id``, ``site_layer``, ``sector``, ``active_from``, ``active_to``, ``n_victims``,
        ``environment``, ``synthetic``, point geometry.
    """
    site = truth.site
    return gpd.GeoDataFrame(
        {
            "truth_id": [f"demo-t{number:05d}" for number in range(1, len(site) + 1)],
            "site_id": pd.Series(sites.ids[site], dtype="str"),
            "site_layer": pd.Series(sites.layer[site], dtype="str"),
            "sector": pd.Series(truth.sector, dtype="str"),
            "active_from": first_of_month(at, truth.first).astype("datetime64[us]"),
            "active_to": (first_of_month(at, truth.last + 1) - np.timedelta64(1, "D")).astype("datetime64[us]"),
            "n_victims": truth.n_victims,
            "environment": pd.Series(truth.environment, dtype="str"),
            "synthetic": True,
        },
        geometry=gpd.points_from_xy(sites.xy[site, 0], sites.xy[site, 1]),
        crs=SWEREF99_TM,
    )


def _fits(sites: Sites, environment: Any) -> NDArray[np.bool_]:
    """Which sites are of an environment's kind and in its kind of place."""
    fits = (sites.layer == environment.site_layer) & find_coded(sites.code, environment.codes)
    if environment.where == "small":
        fits &= sites.to_large_town_m > SMALL_PLACE_M
    elif environment.where == "quiet":
        fits &= (sites.to_large_town_m > SMALL_PLACE_M) & (sites.n_neighbours <= _QUIET)
    elif environment.where == "town":
        fits &= sites.to_large_town_m <= SMALL_PLACE_M
    elif environment.where == "establishment":
        fits &= _near_establishments(sites.xy)
    return np.asarray(fits)


def _near_establishments(xy: NDArray[np.float64]) -> NDArray[np.bool_]:
    shapes = gpd.GeoSeries.from_wkt(establishments()["geometry"].unique())
    corners = shapes.segmentize(_NEAR_ESTABLISHMENT_M / 10).get_coordinates().to_numpy()
    return np.asarray(cKDTree(corners).query(xy)[0] <= _NEAR_ESTABLISHMENT_M)


def _draw_months(rng: np.random.Generator, environment: Any, at: date) -> tuple[int, int]:
    """First and last month, from the demo's date; cut to one season where the work has one."""
    months = max(1, round(float(environment.months_median) * rng.lognormal(0, 0.6)))
    first = int(rng.integers(-PAST_MONTHS - months + 1, COMING_MONTHS))
    last = min(first + months - 1, COMING_MONTHS - 1)
    first = max(first, -PAST_MONTHS)
    season = (int(environment.first_month), int(environment.last_month))
    if season == (1, _WHOLE_YEAR):
        return first, last

    def in_season(month: int) -> bool:
        return is_in_months((at.month - 1 + month) % 12 + 1, *season)

    step = 1 if first < COMING_MONTHS - _WHOLE_YEAR else -1
    while not in_season(first):
        first += step
    last = first
    while last - first + 1 < months and last + 1 < COMING_MONTHS and in_season(last + 1):
        last += 1
    return first, last


def _days_of(at: date, first: int, last: int) -> tuple[np.datetime64, np.datetime64]:
    begin, end = first_of_month(at, np.array([first, last + 1]))
    return begin, end - np.timedelta64(1, "D")


def _cut(sites: Sites, site: int, at: date, first: int, last: int) -> tuple[int, int]:
    """Months in which the site itself exists."""
    here = np.datetime64(at, "M")
    begin, end = sites.active_from[site], sites.active_to[site]
    if not np.isnat(begin):
        first = max(first, int((begin.astype("datetime64[M]") - here).astype(np.int64)))
    if not np.isnat(end):
        last = min(last, int((end.astype("datetime64[M]") - here).astype(np.int64)))
    return first, last


def _draw_victims(rng: np.random.Generator, median: float, size: float) -> int:
    """Victims at a site: heavy-tailed, and not many more than the place has employees or beds."""
    return int(np.clip(round(median * rng.lognormal(0, 0.6)), 1, min(_MOST_VICTIMS, max(2.0, 1.5 * size))))
