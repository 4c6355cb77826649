"""When it is light enough to work at a place: between the beginning and the end of civil twilight.

Civil twilight is while the sun's centre is less than 6° below the horizon: one sees faces, signs and ground without a
lamp. Sunrise would be no rule here: north of the polar circle the sun stays down for weeks in midwinter, while the
twilight around noon lasts for hours; in midsummer it is light all night.

Source: U.S. Naval Observatory, "Rise, set, and twilight definitions"; positions of the sun by PyEphem
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ephem
import numpy as np

from geo.crs import SWEREF99_TM, project
from geo.errors import ParameterError

__all__ = ["ALL_DAY", "LOCAL_TIME", "Light", "find_light"]

LOCAL_TIME = ZoneInfo("Europe/Stockholm")
ALL_DAY = 24 * 60
_WGS84 = "EPSG:4326"
_TWILIGHT_DEG = -6.0
_NOON = 12


@dataclass(frozen=True)
class Light:
    """The light part of a day, in minutes after local midnight by the clock on the wall.

    Attributes
    ----------
    start_minute, end_minute : int, 0 to 1440; equal where it never becomes light
    """

    start_minute: int
    end_minute: int

    @property
    def is_never(self) -> bool:
        """Whether it never becomes light."""
        return self.start_minute >= self.end_minute


def find_light(easting: float, northing: float, on: date) -> Light:
    """When it is light at a place on a day, whole minutes within civil twilight.

    Parameters
    ----------
    easting, northing : float, m, EPSG:3006
    on : date

    Raises
    ------
    ParameterError
        The place has no finite coordinates.

    Notes
    -----
    Where twilight lasts past midnight, the light of the first minutes of a day belongs to the evening before.
    """
    if not (math.isfinite(easting) and math.isfinite(northing)):
        message = f"A place needs finite coordinates in metres, EPSG:3006, not {easting!r} and {northing!r}."
        raise ParameterError(message)
    lon, lat = project(np.array([float(easting)]), np.array([float(northing)]), SWEREF99_TM, _WGS84)
    observer = ephem.Observer()
    observer.lat, observer.lon = math.radians(lat[0]), math.radians(lon[0])
    # the definition knows no refraction
    observer.pressure, observer.horizon = 0.0, math.radians(_TWILIGHT_DEG)
    observer.date = datetime(on.year, on.month, on.day, _NOON, tzinfo=LOCAL_TIME).astimezone(UTC).replace(tzinfo=None)
    sun = ephem.Sun()
    noon = min(observer.previous_transit(sun), observer.next_transit(sun), key=lambda at: abs(at - observer.date))
    observer.date = noon
    try:
        begin = _find(observer.previous_rising, on, math.ceil, 0)
        end = _find(observer.next_setting, on, math.floor, ALL_DAY)
    except ephem.NeverUpError:
        return Light(0, 0)
    return Light(begin, max(begin, end))


def _find(event: Callable[..., Any], on: date, whole: Callable[[float], int], always: int) -> int:
    """Minute of the day of an event, within the day; `always` where the sun does not go so low."""
    try:
        moment = event(ephem.Sun(), use_center=True).datetime().replace(tzinfo=UTC)
    except ephem.AlwaysUpError:
        return always
    midnight = datetime(on.year, on.month, on.day, tzinfo=LOCAL_TIME)
    next_midnight = datetime.combine(on + timedelta(days=1), datetime.min.time(), LOCAL_TIME)
    if moment <= midnight:
        return 0
    if moment >= next_midnight:
        return ALL_DAY
    wall = moment.astimezone(LOCAL_TIME)
    return min(ALL_DAY, whole(wall.hour * 60 + wall.minute + wall.second / 60))
