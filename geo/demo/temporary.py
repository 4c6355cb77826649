"""Temporary workplaces: building sites, road works, project sites at establishments, work in the forest."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.demo.assumptions import is_in_months, read_assumptions
from geo.demo.identity import FIRST_TEMPORARY, number_names
from geo.demo.land import Land
from geo.demo.placement import place_many
from geo.demo.places import Places
from geo.demo.roads import walk_roads
from geo.demo.workplaces import draw_sizes, draw_sni
from geo.reference import establishments

__all__ = ["PROJECT_PHASES", "draw_near_establishments", "first_of_month", "make_temporary_workplaces"]

PROJECT_PHASES = ("groundworks", "construction_peak", "commissioning")
_PROJECT_SPREAD_M = 900.0
_ROAD_SPREAD_M = 60.0
_PAST_MONTHS = 36
_COMING_MONTHS = 12
# Notices are known a few months ahead, and old ones are cleared away.
_COMING_FADE_MONTHS = 4.0
_PAST_FADE_MONTHS = 26.0
_DAYS_PER_MONTH = 30.4
_RECODED_SHARE = 0.5
# Where a building site lies: town centre, industrial area, neighbourhood, countryside, tourist place
_TOWN_MIX = (18.0, 17.0, 47.0, 8.0, 10.0)


def make_temporary_workplaces(
    rng: np.random.Generator, places: Places, registered: pd.DataFrame, at: date
) -> pd.DataFrame:
    """Draft of the temporary workplaces of the last three years and the coming one.

    Parameters
    ----------
    rng : Generator
    places : Places
    registered : DataFrame
        Draft of the registered workplaces; their employers run the temporary ones.
    at : date

    Returns
    -------
    DataFrame
        As `geo.demo.workplaces.make_workplaces` gives them; ``active_from`` and ``active_to`` are always set.
    """
    kinds = read_assumptions("temporary_kinds")
    of_each = kinds.loc[kinds.index.repeat(kinds["n_sites"])].reset_index(drop=True)
    active_from, active_to = _draw_periods(rng, of_each, at)
    xy = np.zeros((len(of_each), 2))
    where = of_each["where"].to_numpy(dtype=object)
    near = np.flatnonzero(where == "establishment")
    xy[near], active_from[near], active_to[near] = draw_near_establishments(
        rng, places.land, active_from[near], active_to[near], _PROJECT_SPREAD_M
    )
    for name, draw in (("town", _draw_in_towns), ("road", _draw_on_roads), ("forest", _draw_in_forest)):
        rows = np.flatnonzero(where == name)
        xy[rows] = draw(rng, places, len(rows))
    sni, sni_version = draw_sni(rng, of_each, _RECODED_SHARE)
    return pd.DataFrame(
        {
            "workplace_id": (FIRST_TEMPORARY + np.arange(len(of_each))).astype(str).astype(object),
            "name": number_names(of_each["title"].to_numpy(dtype=object)),
            "employer_id": _pick_employers(rng, of_each, registered),
            "kind": "temporary",
            "sni": sni,
            "sni_version": sni_version,
            "employees": draw_sizes(rng, of_each),
            "active_from": pd.Series(active_from.astype("datetime64[us]")),
            "active_to": pd.Series(active_to.astype("datetime64[us]")),
            "profile": of_each["kind"].to_numpy(dtype=object),
            "group": of_each["group"].to_numpy(dtype=object),
            "setting": where,
            "circle": of_each["circle"].to_numpy(dtype=object),
            "easting": xy[:, 0],
            "northing": xy[:, 1],
        }
    )


def draw_near_establishments(
    rng: np.random.Generator,
    land: Land,
    active_from: NDArray[np.datetime64],
    active_to: NDArray[np.datetime64],
    spread_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Places near establishments that are being built, and the given periods moved into the building time.

    Parameters
    ----------
    rng : Generator
    land : Land
    active_from, active_to : (n,) datetime64[D]
    spread_m : float, m

    Returns
    -------
    xy : (n, 2) float64, m
    active_from, active_to : (n,) datetime64[D]
        Cut to the phase that the place belongs to; the nearest phase where none is going on.
    """
    phases = establishments()
    phases = phases[phases["phase"].isin(PROJECT_PHASES)].reset_index(drop=True)
    begins = phases["active_from"].to_numpy().astype("datetime64[D]")
    ends = phases["active_to"].to_numpy().astype("datetime64[D]")
    shapes = shapely.from_wkt(phases["geometry"].to_numpy(dtype=object))
    overlap = np.minimum(active_to[:, np.newaxis], ends) - np.maximum(active_from[:, np.newaxis], begins)
    going_on = overlap.astype(np.int64) > 0
    weight = np.where(going_on, phases["workforce"].to_numpy(dtype=np.float64), 0.0) + 1e-9
    chances = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    phase = (rng.random(len(active_from))[:, np.newaxis] > chances[:, :-1]).sum(axis=1)
    along = shapely.line_interpolate_point(
        np.where(shapely.get_dimensions(shapes) == 1, shapes, None)[phase], rng.random(len(phase)), normalized=True
    )
    points = np.where(shapely.is_missing(along), shapes[phase], along)
    xy = land.scatter(rng, shapely.get_coordinates(points), np.full(len(phase), spread_m))
    first = np.minimum(np.maximum(active_from, begins[phase]), ends[phase])
    return xy, first, np.maximum(np.minimum(active_to, ends[phase]), first)


def first_of_month(at: date, months: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """First day of the month so many months from that of a day, (n,) datetime64[D]."""
    return np.asarray((np.datetime64(at, "M") + months.astype("timedelta64[M]")).astype("datetime64[D]"))


def _draw_periods(
    rng: np.random.Generator, of_each: pd.DataFrame, at: date
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Start in the trade's season, the denser the nearer to the demo's date; end after the usual time."""
    n = len(of_each)
    seasons = zip(of_each["first_month"].tolist(), of_each["last_month"].tolist(), strict=True)
    months = np.arange(-_PAST_MONTHS, _COMING_MONTHS)
    calendar = [(at.year * 12 + at.month - 1 + int(month)) % 12 + 1 for month in months]
    allowed = {
        season: months[[is_in_months(month, *season) for month in calendar]] for season in dict.fromkeys(seasons)
    }
    month = np.zeros(n, dtype=np.int64)
    for (first, last), options in allowed.items():
        rows = np.flatnonzero((of_each["first_month"] == first) & (of_each["last_month"] == last))
        recent = np.exp(-np.abs(options) / np.where(options > 0, _COMING_FADE_MONTHS, _PAST_FADE_MONTHS))
        month[rows] = rng.choice(options, size=len(rows), p=recent / recent.sum())
    begin = first_of_month(at, month) + rng.integers(0, 28, size=n).astype("timedelta64[D]")
    days = of_each["months_median"].to_numpy(dtype=np.float64) * _DAYS_PER_MONTH * rng.lognormal(0, 0.5, size=n)
    return begin, begin + np.maximum(days, 5).astype(np.int64).astype("timedelta64[D]")


def _draw_in_towns(rng: np.random.Generator, places: Places, n: int) -> NDArray[np.float64]:
    return place_many(rng, places, np.tile(_TOWN_MIX, (n, 1)), np.full(n, 1.0)).xy


def _draw_on_roads(rng: np.random.Generator, places: Places, n: int) -> NDArray[np.float64]:
    points, _ = walk_roads(rng, places.roads, 20 * n)
    points = points[places.land.holds(points[:, 0], points[:, 1])][:n]
    return places.land.scatter(rng, points, np.full(len(points), _ROAD_SPREAD_M))


def _draw_in_forest(rng: np.random.Generator, places: Places, n: int) -> NDArray[np.float64]:
    """Points anywhere below the mountains."""
    line = read_assumptions("mountain_line")
    points = places.land.draw_uniform(rng, 6 * n + 200)
    border = np.interp(points[:, 1], line["northing"], line["easting"])
    return np.asarray(points[points[:, 0] > border][:n])


def _pick_employers(rng: np.random.Generator, of_each: pd.DataFrame, registered: pd.DataFrame) -> NDArray[np.object_]:
    employers = np.empty(len(of_each), dtype=object)
    for group in dict.fromkeys(of_each["group"].tolist()):
        rows = np.flatnonzero(of_each["group"] == group)
        firms = registered.loc[registered["group"] == group, ["employer_id", "employees"]]
        size = firms["employees"].to_numpy(dtype=np.float64)
        employers[rows] = rng.choice(firms["employer_id"].to_numpy(dtype=object), len(rows), p=size / size.sum())
    return employers
