"""Points in time, however a table holds them, as one clock without a zone.

A zone is taken as the name of the clock: an event at 00:30 in Stockholm belongs to the day that Stockholm has, in
summer and in winter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Times", "read_times"]

Moments = NDArray[np.datetime64]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}.*)?", re.ASCII)
_NO_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Times:
    """What was read.

    Attributes
    ----------
    moments : (n,) datetime64[us], wall clock without a zone; NaT where there is none
    missing, unreadable, clashing : (n,) bool
        Empty; not a point in time; has a zone where others have none.
    zones : tuple
        The zones or offsets met, None for a clock without one; empty where nothing was read.
    """

    moments: Moments
    missing: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    clashing: NDArray[np.bool_]
    zones: tuple[Any, ...]


def read_times(values: pd.Series | Sequence[Any], zone: tzinfo | None = None) -> Times:
    """Read dates and times: of NumPy, pandas or Arrow, Python's own, or ISO 8601 text.

    Parameters
    ----------
    values : Series or sequence
        Numbers are no times: what they count from is not written on them.
    zone : tzinfo, optional
        Clock that values with a zone are moved to. Default: each keeps its own.

    Returns
    -------
    Times
    """
    series = pd.Series(values, dtype=object) if not isinstance(values, pd.Series) else values.reset_index(drop=True)
    if isinstance(series.dtype, pd.PeriodDtype):
        series = pd.Series(series.dt.to_timestamp())
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "M":
        found = series.to_numpy().astype("datetime64[us]")
        return _of_one_zone(found, None)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        moved = series.dt.tz_convert(zone) if zone is not None else series
        return _of_one_zone(moved.dt.tz_localize(None).to_numpy().astype("datetime64[us]"), moved.dt.tz)
    return _read_one_by_one(series.astype(object).to_numpy(), zone)


def _of_one_zone(values: Moments, zone: tzinfo | None) -> Times:
    missing, none = np.isnat(values), np.zeros(len(values), dtype=np.bool_)
    return Times(values, missing, none, none, () if missing.all() else (zone,))


def _read_one_by_one(values: NDArray[np.object_], zone: tzinfo | None) -> Times:
    found = np.full(len(values), _NO_TIME)
    missing, unreadable, aware = (np.zeros(len(values), dtype=np.bool_) for _ in range(3))
    zones: dict[Any, None] = {}
    known: dict[Any, tuple[np.datetime64, Any] | None] = {}
    for i, value in enumerate(values):
        if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            missing[i] = True
            continue
        # few days, many rows
        key = value if isinstance(value, str) else (type(value), value, getattr(value, "tzinfo", None))
        try:
            moment = known[key]
        except KeyError:
            moment = known[key] = _read_one(value, zone)
        except TypeError:  # what cannot be a key is no time either
            moment = None
        if moment is None:
            missing[i] = isinstance(value, str) and value == ""
            unreadable[i] = not missing[i]
            continue
        found[i], of_row = moment
        aware[i] = of_row is not None
        zones[of_row] = None
    read = ~(missing | unreadable)
    is_mixed = None in zones and len(zones) > 1
    # the fewer are the ones that clash
    rare = aware if 2 * np.count_nonzero(aware) <= np.count_nonzero(read) else ~aware
    clashing = read & rare if is_mixed else np.zeros(len(values), dtype=np.bool_)
    return Times(found, missing, unreadable, clashing, tuple(zones))


def _read_one(value: Any, zone: tzinfo | None) -> tuple[np.datetime64, Any] | None:
    """Wall clock and zone of one value, None where it is no point in time."""
    if isinstance(value, pd.Period):
        value = value.to_timestamp()
    if isinstance(value, str):
        text = value.strip()
        if not _ISO.fullmatch(text):
            return None
        value = pd.to_datetime(text, format="ISO8601", errors="coerce")
    elif isinstance(value, (datetime, date, np.datetime64)):
        value = pd.Timestamp(value)
    if not isinstance(value, pd.Timestamp) or value is pd.NaT:
        return None
    if value.tzinfo is not None and zone is not None:
        value = value.tz_convert(zone)
    return value.tz_localize(None).to_datetime64().astype("datetime64[us]"), value.tzinfo
