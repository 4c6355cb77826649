"""Estimated drive times are the geodesic's length times a factor, at a speed that rises along the way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geo.errors import ParameterError, ShapeError
from geo.planning.drive import EstimatedDrive

EASTINGS = st.floats(450_000, 920_000)
NORTHINGS = st.floats(6_850_000, 7_650_000)
PLACES = st.lists(st.tuples(EASTINGS, NORTHINGS), min_size=1, max_size=6)
PLAIN = EstimatedDrive(1.25, (0.0, 10.0, 50.0), (30.0, 60.0, 90.0))


def minutes_by_hand(way_km: float) -> float:
    """Metre by metre would be the same; here stretch by stretch, as one would with a pencil."""
    left, minutes = way_km, 0.0
    for length, speed in ((10.0, 30.0), (40.0, 60.0), (math.inf, 90.0)):
        here = min(left, length)
        minutes += here / speed * 60
        left -= here
    return minutes


@given(PLACES)
def test_every_pair_is_the_geodesic_with_a_detour(places: list[tuple[float, float]]) -> None:
    x, y = (np.array(column) for column in zip(*places, strict=True))
    answer = PLAIN.drive(x, y)
    to_degrees = Transformer.from_crs("EPSG:3006", "EPSG:4326", always_xy=True)
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            straight = Geod(ellps="GRS80").line_length(
                *zip(to_degrees.transform(*a), to_degrees.transform(*b), strict=True)
            )
            way_km = 1.25 * straight / 1000
            assert answer.distance_m[i, j] == pytest.approx(way_km * 1000, abs=1e-5)
            assert answer.minutes[i, j] == pytest.approx(minutes_by_hand(way_km), abs=1e-6)
    assert np.array_equal(answer.minutes, answer.minutes.T)


@given(st.floats(0, 900_000), st.floats(0, 1_000))
def test_a_longer_way_takes_longer(way_m: float, more_m: float) -> None:
    drive = EstimatedDrive.from_reference()
    shorter, longer = drive._minutes(np.array([way_m, way_m + more_m]))
    assert longer >= shorter


def test_the_reference_tables_give_times_that_one_knows_from_the_road() -> None:
    """Umeå to Skellefteå is some 135 km by road and takes a car a little under two hours."""
    answer = EstimatedDrive.from_reference().drive([758_000, 793_000], [7_087_000, 7_203_000])
    assert 100 < answer.minutes[0, 1] < 140
    assert answer.provider == "estimate"
    assert "estimates" in str(answer.notes[0])


def test_nobody_can_write_into_an_answer() -> None:
    answer = PLAIN.drive([600_000.0], [7_100_000.0])
    with pytest.raises(ValueError, match="read-only"):
        answer.minutes[0, 0] = 5


@pytest.mark.parametrize(
    ("detour", "from_km", "speed_kmh", "named"),
    [
        (0.9, (0.0,), (50.0,), "detour"),
        (math.nan, (0.0,), (50.0,), "detour"),
        (1.2, (1.0,), (50.0,), "from_km"),
        (1.2, (0.0, 0.0), (50.0, 60.0), "from_km"),
        (1.2, (), (), "from_km"),
        (1.2, (0.0,), (0.0,), "speed_kmh"),
        (1.2, (0.0,), (math.inf,), "speed_kmh"),
    ],
)
def test_what_makes_no_sense_is_refused(
    detour: float, from_km: tuple[float, ...], speed_kmh: tuple[float, ...], named: str
) -> None:
    with pytest.raises(ParameterError, match=named):
        EstimatedDrive(detour, from_km, speed_kmh)


def test_places_must_be_finite_and_of_one_length() -> None:
    with pytest.raises(ParameterError, match="positions 1"):
        PLAIN.drive([600_000.0, math.nan], [7_100_000.0, 7_100_000.0])
    with pytest.raises(ShapeError, match="one length"):
        PLAIN.drive([600_000.0, 610_000.0], [7_100_000.0])
