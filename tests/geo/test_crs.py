"""EPSG:3006 is guarded: units, extent and the order of the axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from geo.crs import WGS84, classify_sweref, name_crs, parse_metric_crs, project
from geo.errors import CRSError

# Umeå's town hall, from two public gazetteers: degrees and SWEREF 99 TM, to a few hundred metres
UMEA_DEGREES = (20.263, 63.826)
UMEA_METRES = (758_600.0, 7_088_600.0)


def classify_one(easting: float, northing: float) -> str:
    return str(classify_sweref(np.array([easting]), np.array([northing]))[0])


@pytest.mark.parametrize("crs", ["EPSG:3006", "EPSG:32610", "EPSG:3035", "EPSG:25833", "ESRI:54030"])
def test_projected_metric_systems_are_taken(crs: str) -> None:
    assert parse_metric_crs(crs) == CRS(crs)


@pytest.mark.parametrize(
    ("crs", "because"),
    [
        ("EPSG:4326", "not projected"),
        ("EPSG:4619", "not projected"),
        ("EPSG:4978", "not projected"),
        ("EPSG:2263", "US survey foot"),
        ("EPSG:999999", "not a coordinate reference system"),
        ("", "not a coordinate reference system"),
        ("Sweden", "not a coordinate reference system"),
        (None, "not a coordinate reference system"),
        ({}, "not a coordinate reference system"),
        ([3006], "not a coordinate reference system"),
    ],
)
def test_other_systems_are_refused_with_a_way_out(crs: str, because: str) -> None:
    with pytest.raises(CRSError, match=because) as caught:
        parse_metric_crs(crs)

    assert "EPSG:3006" in str(caught.value)


@pytest.mark.parametrize("spelling", ["EPSG:3006", "epsg:3006", "urn:ogc:def:crs:EPSG::3006", 3006, CRS(3006)])
def test_one_system_has_one_name(spelling: str) -> None:
    assert name_crs(spelling) == "EPSG:3006"


def test_a_spelled_out_system_keeps_a_name_that_reads_back() -> None:
    local = "+proj=tmerc +lat_0=0 +lon_0=17 +k=1 +x_0=123 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs"

    assert parse_metric_crs(name_crs(local)) == CRS(local)


def test_projecting_keeps_x_before_y() -> None:
    easting, northing = project(np.array([UMEA_DEGREES[0]]), np.array([UMEA_DEGREES[1]]), WGS84, "EPSG:3006")

    assert easting[0] == pytest.approx(UMEA_METRES[0], abs=500)
    assert northing[0] == pytest.approx(UMEA_METRES[1], abs=500)


@given(st.floats(12, 24), st.floats(60, 69))
def test_projecting_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    there = project(np.array([lon]), np.array([lat]), WGS84, "EPSG:3006")
    back = project(*there, "EPSG:3006", WGS84)

    np.testing.assert_allclose(np.ravel(back), [lon, lat], atol=1e-9)


def test_projecting_nothing_gives_nothing() -> None:
    easting, northing = project(np.empty(0), np.empty(0), WGS84, "EPSG:3006")

    assert easting.shape == northing.shape == (0,)


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        (UMEA_METRES, "inside"),
        (UMEA_METRES[::-1], "swapped axes"),
        (UMEA_DEGREES, "degrees"),
        (UMEA_DEGREES[::-1], "degrees"),
        ((-180.0, 90.0), "degrees"),
        ((0.0, 0.0), "degrees"),
        ((np.nan, 7e6), "non-finite"),
        ((7e5, np.inf), "non-finite"),
        ((-np.inf, np.nan), "non-finite"),
        # Oslo, Helsinki, the false origin
        ((262_000.0, 5_000_000.0), "outside Sweden"),
        ((1_050_000.0, 6_700_000.0), "outside Sweden"),
        ((500_000.0, 0.0), "outside Sweden"),
        ((1e300, -1e300), "outside Sweden"),
    ],
)
def test_every_place_gets_its_verdict(place: tuple[float, float], verdict: str) -> None:
    assert classify_one(*place) == verdict


# Corners of the four counties, Treriksröset and Smygehuk among them (approximate, m)
@pytest.mark.parametrize(
    "place", [(719_000, 7_670_000), (386_000, 6_133_000), (917_000, 7_282_000), (270_000, 6_500_000)]
)
def test_the_ends_of_sweden_are_in_sweden(place: tuple[float, float]) -> None:
    assert classify_one(*place) == "inside"
    assert classify_one(*place[::-1]) == "swapped axes"


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_each_place_is_judged_by_itself(places: list[tuple[float, float]]) -> None:
    x, y = np.array(places, dtype=float).reshape(-1, 2).T

    together = classify_sweref(x, y)

    assert together.tolist() == [classify_one(*place) for place in places]
