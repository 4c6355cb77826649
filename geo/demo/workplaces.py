"""Registered workplaces: as many per trade as calibrated, where such trades are found, heavy-tailed in size."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.demo.assumptions import calibrated_range, read_assumptions
from geo.demo.identity import FIRST_REGISTERED, invalid_organisation_numbers, number_names
from geo.demo.placement import SETTINGS, place_many, share_addresses
from geo.demo.places import Places

__all__ = ["draw_sizes", "draw_sni", "make_workplaces", "share_out"]

_SHARED_ADDRESSES = 0.22
_RECODED_SHARE = 0.3
_SAME_EMPLOYER_SHARE = 0.14
_STARTED_SHARE = 0.3
_CLOSED_SHARE = 0.02
_HISTORY_DAYS = 12 * 365
_CLOSED_DAYS = 2 * 365
# Permits for wild-berry pickers fell from thousands to 89 in 2025; with the 2024 season a part of the trade was over.
_BERRY_CLOSED_SHARE = 0.4
_BERRY_LAST_DAY = "2024-10-31"


def make_workplaces(rng: np.random.Generator, identity: np.random.Generator, places: Places, at: date) -> pd.DataFrame:
    """Draft of the registered workplaces.

    Parameters
    ----------
    rng, identity : Generator
        For what and where, and for who.
    places : Places
    at : date
        Nothing starts or ends later.

    Returns
    -------
    DataFrame
        The layer's columns, ``easting`` and ``northing`` for the geometry, and ``profile``, ``group``, ``setting``.
    """
    profiles = read_assumptions("profiles")
    profile = np.repeat(np.arange(len(profiles)), _count_by_profile(profiles))
    rng.shuffle(profile)
    of_each = profiles.iloc[profile].reset_index(drop=True)
    placed = place_many(
        rng, places, of_each[list(SETTINGS)].to_numpy(dtype=np.float64), of_each["town_exponent"].to_numpy()
    )
    placed = share_addresses(rng, placed, _SHARED_ADDRESSES)
    sni, sni_version = draw_sni(rng, of_each, _RECODED_SHARE)
    employees = draw_sizes(rng, of_each)
    active_from, active_to = _draw_periods(rng, of_each, at)
    return pd.DataFrame(
        {
            "workplace_id": (FIRST_REGISTERED + np.arange(len(profile))).astype(str).astype(object),
            "name": number_names(of_each["title"].to_numpy(dtype=object)),
            "employer_id": _draw_employers(identity, of_each["profile"].to_numpy(dtype=object)),
            "kind": "registered",
            "sni": sni,
            "sni_version": sni_version,
            "employees": employees,
            "active_from": active_from,
            "active_to": active_to,
            "profile": of_each["profile"].to_numpy(dtype=object),
            "group": of_each["group"].to_numpy(dtype=object),
            "setting": np.array(SETTINGS, dtype=object)[placed.setting],
            # registers of workplaces are open to all
            "circle": "public",
            "easting": placed.xy[:, 0],
            "northing": placed.xy[:, 1],
        }
    )


def share_out(total: int, share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    exact = total * share / share.sum()
    counts = np.floor(exact).astype(np.int64)
    largest = np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]
    counts[largest] += 1
    return np.asarray(counts)


def draw_sizes(rng: np.random.Generator, of_each: pd.DataFrame) -> NDArray[np.float64]:
    """Log-normal whole sizes of at least 1 from columns ``median``, ``sigma``, ``cap``, (n,) float64."""
    median, sigma, cap = (of_each[name].to_numpy(dtype=np.float64) for name in ("median", "sigma", "cap"))
    return np.asarray(np.clip(np.round(median * np.exp(sigma * rng.normal(size=len(of_each)))), 1, cap))


def draw_sni(
    rng: np.random.Generator, of_each: pd.DataFrame, recoded_share: float
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Industry codes and their editions; a share is written in SNI 2025 already, where that code is known."""
    recoded = (rng.random(len(of_each)) < recoded_share) & of_each["sni_2025"].notna().to_numpy()
    sni = np.where(recoded, of_each["sni_2025"].to_numpy(dtype=object), of_each["sni_2007"].to_numpy(dtype=object))
    return sni, np.where(recoded, "2025", "2007").astype(object)


def _count_by_profile(profiles: pd.DataFrame) -> NDArray[np.int64]:
    counts = np.zeros(len(profiles), dtype=np.int64)
    group = profiles["group"].to_numpy(dtype=object)
    for name in dict.fromkeys(group.tolist()):
        rows = np.flatnonzero(group == name)
        total = round(calibrated_range("workplaces", str(name))[0])
        counts[rows] = share_out(total, profiles["share"].to_numpy(dtype=np.float64)[rows])
    return counts


def _draw_employers(rng: np.random.Generator, profile: NDArray[np.object_]) -> NDArray[np.object_]:
    """One organisation number per employer; some workplaces share theirs with another one of the same profile."""
    employer = np.arange(len(profile))
    order = np.lexsort((rng.random(len(profile)), profile.astype(str)))
    joins = rng.random(len(profile)) < _SAME_EMPLOYER_SHARE
    joins[0] = False
    joins[1:] &= profile[order][1:] == profile[order][:-1]
    first = np.maximum.accumulate(np.where(joins, 0, np.arange(len(profile))))
    employer[order] = order[first]
    return invalid_organisation_numbers(employer)


def _draw_periods(rng: np.random.Generator, of_each: pd.DataFrame, at: date) -> tuple[pd.Series, pd.Series]:
    n, today = len(of_each), np.datetime64(at, "D")
    started = today - rng.integers(0, _HISTORY_DAYS, size=n).astype("timedelta64[D]")
    active_from = np.where(rng.random(n) < _STARTED_SHARE, started, np.datetime64("NaT", "D"))
    closed = today - rng.integers(1, _CLOSED_DAYS, size=n).astype("timedelta64[D]")
    active_to = np.where(rng.random(n) < _CLOSED_SHARE, closed, np.datetime64("NaT", "D"))
    berry_over = (of_each["group"] == "berries").to_numpy() & (rng.random(n) < _BERRY_CLOSED_SHARE)
    last_berry_day = np.datetime64(_BERRY_LAST_DAY, "D")
    if today > last_berry_day:
        active_to = np.where(berry_over, last_berry_day, active_to)
    active_from = np.where(active_from > active_to, np.datetime64("NaT", "D"), active_from)
    return pd.Series(active_from.astype("datetime64[us]")), pd.Series(active_to.astype("datetime64[us]"))
