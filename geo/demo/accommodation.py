"""Accommodation: ordinary lodging where people and tourists are, and beds that follow the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.demo.assumptions import calibrated_range, find_coded, read_assumptions, read_rows
from geo.demo.identity import number_names
from geo.demo.placement import SETTINGS, place_many
from geo.demo.places import Places
from geo.demo.temporary import draw_near_establishments
from geo.demo.workplaces import draw_sizes

__all__ = ["make_accommodation"]

_GREEN_GROUPS = "forestry berries horticulture"
_INDUSTRIAL_GROUPS = "construction vehicle_service transport_parcel recycling_laundry cleaning"
_PROJECT_SHARE = 0.75
_CAMP_SPREAD_M = 3_500.0
_REMOTE_CAMP_SPREAD_M = 1_500.0
_SAME_PREMISES_M = 60.0
_BESIDE_M = 120.0
_GREEN_COMMUTE_M = 9_000.0
_HAMLET_SPREAD_M = 180.0
_CAMP_STAYS_SHARE = 0.25
_SIZE_NOISE = 0.5
# Houses for berry pickers that stand empty since the permits stopped
_SEASONAL_CLOSED_SHARE = 0.35
_SEASONAL_LAST_DAY = np.datetime64("2024-10-15", "D")
_NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, eq=False)
class _Sites:
    """Points with the time they are in use: (n, 2) float64 m, (n,) and (n,) datetime64[D]."""

    xy: NDArray[np.float64]
    active_from: NDArray[np.datetime64]
    active_to: NDArray[np.datetime64]


def make_accommodation(rng: np.random.Generator, places: Places, workplaces: pd.DataFrame, at: date) -> pd.DataFrame:
    """Draft of the accommodation.

    Parameters
    ----------
    rng : Generator
    places : Places
    workplaces : DataFrame
        Draft of registered and temporary workplaces: some beds stand beside them.
    at : date

    Returns
    -------
    DataFrame
        The layer's columns, and ``easting``, ``northing``.
    """
    kinds = read_assumptions("housing_kinds")
    drafts = []
    for row, kind in enumerate(read_rows("housing_kinds")):
        of_each = kinds.iloc[np.full(_count(kind.housing_type, kind.n_sites), row)].reset_index(drop=True)
        sites = _place(rng, places, workplaces, of_each, at)
        draft = pd.DataFrame(
            {
                "name": number_names(of_each["title"].to_numpy(dtype=object)),
                "housing_type": of_each["housing_type"].to_numpy(dtype=object),
                "beds": draw_sizes(rng, of_each),
                "active_from": sites.active_from.astype("datetime64[us]"),
                "active_to": sites.active_to.astype("datetime64[us]"),
                "easting": sites.xy[:, 0],
                "northing": sites.xy[:, 1],
            }
        )
        drafts.append(_move_to_trade(rng, draft, workplaces[(workplaces["profile"] == kind.host).to_numpy()]))
    joined = pd.concat(drafts, ignore_index=True)
    joined.insert(0, "accommodation_id", [f"demo-a{number:05d}" for number in range(1, len(joined) + 1)])
    return joined


def _count(housing_type: str, n_sites: float) -> int:
    """How many of a kind: as calibrated, unless the kind has a number of its own."""
    return round(calibrated_range("accommodation", housing_type)[0] if np.isnan(n_sites) else n_sites)


def _move_to_trade(rng: np.random.Generator, draft: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    """Let the first rows be the lodging of workplaces of that trade: same name and place, beds by employees."""
    n = min(len(draft), len(hosts))
    hosts = hosts.iloc[np.sort(rng.choice(len(hosts), size=n, replace=False))]
    beds = draft["beds"].to_numpy(dtype=np.float64).copy()
    like_employees = np.log(hosts["employees"].to_numpy(dtype=np.float64)) + rng.normal(0, _SIZE_NOISE, size=n)
    beds[np.argsort(like_employees)] = np.sort(beds[:n])
    moved = {
        column: np.concatenate([hosts[column].to_numpy(), draft[column].to_numpy()[n:]])
        for column in ("name", "active_from", "active_to", "easting", "northing")
    }
    return draft.assign(beds=beds, **moved)


def _place(
    rng: np.random.Generator, places: Places, workplaces: pd.DataFrame, of_each: pd.DataFrame, at: date
) -> _Sites:
    near, n = str(of_each["near"].iloc[0]), len(of_each)
    if near == "project":
        return _place_camps(rng, places, workplaces, n, at)
    if near == "green_workplace":
        return _place_near_green(rng, places, workplaces, n, at)
    if near == "industrial_workplace":
        hosts = workplaces[
            find_coded(workplaces["group"].to_numpy(dtype=object), _INDUSTRIAL_GROUPS)
            & (workplaces["setting"] == "industrial").to_numpy()
        ]
        return _always(_beside(rng, places, hosts, n, _SAME_PREMISES_M))
    if near == "temporary_workplace":
        hosts = workplaces[(workplaces["kind"] == "temporary").to_numpy()]
        host = rng.choice(len(hosts), size=n, replace=False)
        xy = _beside(rng, places, hosts.iloc[host], n, _BESIDE_M, shuffle=False)
        return _Sites(xy, *(_days(hosts[column])[host] for column in ("active_from", "active_to")))
    mix = of_each[list(SETTINGS)].to_numpy(dtype=np.float64)
    return _always(place_many(rng, places, mix, of_each["town_exponent"].to_numpy(dtype=np.float64)).xy)


def _place_camps(rng: np.random.Generator, places: Places, workplaces: pd.DataFrame, n: int, at: date) -> _Sites:
    """Work camps at establishments being built, the rest at remote sites; some stay when the work is over."""
    n_project = round(n * _PROJECT_SHARE)
    today = np.datetime64(at, "D")
    begin = today - rng.integers(-300, 3 * 365, size=n_project).astype("timedelta64[D]")
    end = begin + rng.integers(200, 900, size=n_project).astype("timedelta64[D]")
    xy, begin, end = draw_near_establishments(rng, places.land, begin, end, _CAMP_SPREAD_M)
    remote = workplaces[(workplaces["profile"] == "wind_or_power_line").to_numpy()]
    host = rng.choice(len(remote), size=n - n_project, replace=False)
    beside = _beside(rng, places, remote.iloc[host], n - n_project, _REMOTE_CAMP_SPREAD_M, shuffle=False)
    active_from = np.concatenate([begin, _days(remote["active_from"])[host]])
    active_to = np.concatenate([end, _days(remote["active_to"])[host]])
    stays = rng.random(n) < _CAMP_STAYS_SHARE
    return _Sites(np.concatenate([xy, beside]), active_from, np.where(stays, _NEVER, active_to))


def _place_near_green(rng: np.random.Generator, places: Places, workplaces: pd.DataFrame, n: int, at: date) -> _Sites:
    """Houses in hamlets within a drive of forestry, berry or vegetable firms; some closed with the 2024 season."""
    hosts = workplaces[
        find_coded(workplaces["group"].to_numpy(dtype=object), _GREEN_GROUPS)
        & (workplaces["kind"] == "registered").to_numpy()
    ]
    around = _beside(rng, places, hosts, n, _GREEN_COMMUTE_M)
    _, hamlet = cKDTree(places.hamlets.xy).query(around)
    xy = places.land.scatter(rng, places.hamlets.xy[hamlet], np.full(n, _HAMLET_SPREAD_M))
    closed = (rng.random(n) < _SEASONAL_CLOSED_SHARE) & (np.datetime64(at, "D") > _SEASONAL_LAST_DAY)
    return _Sites(xy, np.full(n, _NEVER), np.where(closed, _SEASONAL_LAST_DAY, _NEVER))


def _beside(
    rng: np.random.Generator,
    places: Places,
    hosts: pd.DataFrame,
    n: int,
    spread_m: float,
    *,
    shuffle: bool = True,
) -> NDArray[np.float64]:
    xy = hosts[["easting", "northing"]].to_numpy(dtype=np.float64)
    chosen = rng.choice(len(xy), size=n, replace=False) if shuffle else np.arange(n)
    return places.land.scatter(rng, xy[chosen], np.full(n, spread_m))


def _always(xy: NDArray[np.float64]) -> _Sites:
    return _Sites(xy, np.full(len(xy), _NEVER), np.full(len(xy), _NEVER))


def _days(column: pd.Series) -> NDArray[np.datetime64]:
    return column.to_numpy().astype("datetime64[D]")
