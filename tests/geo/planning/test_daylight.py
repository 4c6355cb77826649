"""When it is light, held against the sun's height minute by minute, from textbook formulas."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geo.errors import ParameterError
from geo.planning.daylight import ALL_DAY, LOCAL_TIME, find_light

KIRUNA, UMEA, SUNDSVALL = (719_000.0, 7_535_000.0), (758_000.0, 7_087_000.0), (620_000.0, 6_920_000.0)
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
# the formulas are good to a hundredth of a degree or two, and the sun climbs a degree in 5 to 15 minutes here; where it
# only grazes 6 degrees below the horizon, minutes say nothing
GRAZING_DEG = 0.1


def height_deg(lon: float, lat: float, moment: datetime) -> float:
    """The sun's height without refraction: Astronomical Almanac, low-precision formulas for the sun."""
    n = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    mean = math.radians((280.460 + 0.9856474 * n) % 360)
    anomaly = math.radians((357.528 + 0.9856003 * n) % 360)
    along = mean + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.0000004 * n)
    ascension = math.atan2(math.cos(tilt) * math.sin(along), math.cos(along))
    declination = math.asin(math.sin(tilt) * math.sin(along))
    sidereal = math.radians((280.46061837 + 360.98564736629 * n) % 360 + lon)
    hour = sidereal - ascension
    p = math.radians(lat)
    return math.degrees(
        math.asin(math.sin(p) * math.sin(declination) + math.cos(p) * math.cos(declination) * math.cos(hour))
    )


@settings(max_examples=60, deadline=None)
@example((719_000.0, 7_535_000.0), date(2026, 12, 21))
@example((719_000.0, 7_535_000.0), date(2026, 6, 21))
@example((758_000.0, 7_087_000.0), date(2026, 3, 29))
@example((758_000.0, 7_087_000.0), date(2026, 10, 25))
@given(st.tuples(st.floats(450_000, 920_000), st.floats(6_850_000, 7_650_000)), DAYS)
def test_it_is_light_while_the_sun_is_less_than_six_degrees_down(place: tuple[float, float], on: date) -> None:
    lon, lat = Transformer.from_crs("EPSG:3006", "EPSG:4326", always_xy=True).transform(*place)
    light = find_light(*place, on)
    midnight = datetime(on.year, on.month, on.day, tzinfo=LOCAL_TIME)
    for minute in range(0, ALL_DAY, 7):
        # by the clock on the wall
        wall = midnight + timedelta(minutes=minute)
        height = height_deg(lon, lat, wall.astimezone(UTC))
        if abs(height + 6) < GRAZING_DEG:
            continue
        is_light = light.start_minute <= minute <= light.end_minute
        # before its first twilight a day may still have some of the evening before, after its last some of the next
        if height < -6:
            assert not is_light, (wall, height)
        elif 6 * 60 < minute < 18 * 60:
            assert is_light, (wall, height)


def test_midwinter_in_the_far_north_has_hours_of_twilight_and_no_sun() -> None:
    light = find_light(*KIRUNA, date(2026, 12, 21))
    # the almanac's 8.56 to 14.18
    assert abs(light.start_minute - (8 * 60 + 56)) <= 2
    assert abs(light.end_minute - (14 * 60 + 18)) <= 2


@pytest.mark.parametrize("place", [KIRUNA, UMEA])
def test_midsummer_is_light_all_night(place: tuple[float, float]) -> None:
    light = find_light(*place, date(2026, 6, 21))
    assert (light.start_minute, light.end_minute) == (0, ALL_DAY)


def test_further_south_there_is_less_night_in_winter_and_more_in_spring() -> None:
    def hours(place: tuple[float, float], on: date) -> float:
        light = find_light(*place, on)
        return (light.end_minute - light.start_minute) / 60

    assert hours(SUNDSVALL, date(2026, 12, 21)) > hours(KIRUNA, date(2026, 12, 21))
    assert hours(SUNDSVALL, date(2026, 5, 5)) < hours(KIRUNA, date(2026, 5, 5))


def test_the_clocks_going_forward_moves_the_light_by_an_hour() -> None:
    before, after = (find_light(*UMEA, on) for on in (date(2026, 3, 28), date(2026, 3, 29)))
    assert 50 <= after.start_minute - before.start_minute <= 60


def test_a_pole_has_days_without_light() -> None:
    """Far from every place that is planned for: what the definition says there."""
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:3006", always_xy=True).transform(15.0, 85.0)
    assert find_light(x, y, date(2026, 12, 21)).is_never


def test_a_place_needs_coordinates() -> None:
    with pytest.raises(ParameterError, match="finite"):
        find_light(math.nan, 7_100_000.0, date(2026, 6, 1))
