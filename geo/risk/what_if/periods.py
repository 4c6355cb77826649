"""The periods of an establishment: which one holds on a day, and what is left of them beside a new one."""

from __future__ import annotations

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd

__all__ = ["cut_periods", "find_period", "in_seconds"]

_DAY = timedelta(days=1)


def in_seconds(periods: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same with days that may be any: an empty column of pandas counts in nanoseconds, which end in 2262."""
    days = ("active_from", "active_to")
    return periods.assign(**{name: periods[name].astype("datetime64[s]") for name in days})


def find_period(periods: gpd.GeoDataFrame, day: pd.Timestamp) -> gpd.GeoDataFrame:
    """The period that a day falls into, else the last one before it, else the first of all; one row."""
    ordered = periods.sort_values("active_from", na_position="first", kind="stable")
    begun = ordered[ordered["active_from"].isna() | (ordered["active_from"] <= day)]
    return ordered.iloc[:1] if begun.empty else begun.iloc[-1:]


def cut_periods(
    periods: gpd.GeoDataFrame, first: pd.Timestamp, last: pd.Timestamp | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """What is left of periods before a day and after another; nothing comes after none."""
    starts, ends = periods["active_from"], periods["active_to"]
    # nothing is before the first of all days, nor after the last
    before, after = periods.iloc[:0], periods.iloc[:0]
    if first.date() > date.min:
        before = periods[starts.isna() | (starts < first)]
        before = before.assign(active_to=before["active_to"].where(before["active_to"] < first, first - _DAY))
    if last is None or last.date() == date.max:
        return before, after
    after = periods[ends.isna() | (ends > last)]
    after = after.assign(active_from=after["active_from"].where(after["active_from"] > last, last + _DAY))
    return before, after
