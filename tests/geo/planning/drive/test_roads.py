"""Shortest paths over imported roads, held against one that tries every way, link by link."""

from __future__ import annotations

import heapq
import math
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point

from geo.errors import ParameterError
from geo.planning.drive import RoadDrive
from geo.planning.drive.network import build_network

EAST, NORTH = 700_000.0, 7_100_000.0
STEP = 1_000.0
ACCESS_KMH, SNAP_M = 15.0, 5_000.0


def make_roads(lines: list[Any], speeds: list[float | None] | None = None, classes: list[str] | None = None) -> Any:
    return gpd.GeoDataFrame(
        {
            "road_id": [f"r{k}" for k in range(len(lines))],
            "road_class": classes or ["primary"] * len(lines),
            "speed_kmh": speeds or [60.0] * len(lines),
        },
        geometry=lines,
        crs="EPSG:3006",
    )


def at(col: float, row: float) -> tuple[float, float]:
    return EAST + col * STEP, NORTH + row * STEP


def line(*places: tuple[float, float]) -> LineString:
    return LineString([at(*place) for place in places])


def drive(roads: Any, *places: tuple[float, float]) -> Any:
    provider = RoadDrive(build_network(roads, 1.0), SNAP_M, ACCESS_KMH)
    return provider.drive(*np.array([at(*place) for place in places]).T)


def minutes_by_hand(segments: list[tuple[Any, Any, float]], places: list[Any]) -> list[list[float]]:
    """Every place joined to the nearest point of the nearest segment, then Dijkstra's algorithm as in a textbook."""
    links: dict[Any, dict[Any, float]] = {}

    def join(a: Any, b: Any, minutes: float) -> None:
        for one, other in ((a, b), (b, a)):
            known = links.setdefault(one, {})
            known[other] = min(minutes, known.get(other, math.inf))

    feet: list[list[tuple[float, Any]]] = [[] for _ in segments]
    for name, place in enumerate(places):
        point = Point(at(*place))
        away, k = min((LineString([at(*a), at(*b)]).distance(point), k) for k, (a, b, _) in enumerate(segments))
        if away <= SNAP_M:
            a, b, _ = segments[k]
            feet[k].append((LineString([at(*a), at(*b)]).project(point), ("foot", name)))
            join(("place", name), ("foot", name), away / 1000 / ACCESS_KMH * 60)
    for (a, b, speed), on in zip(segments, feet, strict=True):
        length = math.dist(at(*a), at(*b))
        stops = [(0.0, a), *sorted(on, key=lambda each: each[0]), (length, b)]
        for (begin, one), (end, other) in pairwise(stops):
            join(one, other, (end - begin) / 1000 / speed * 60)
    answer = []
    for start in range(len(places)):
        best = {("place", start): 0.0}
        queue: list[tuple[float, int, Any]] = [(0.0, 0, ("place", start))]
        count = 0
        while queue:
            taken, _, here = heapq.heappop(queue)
            if taken > best.get(here, math.inf):
                continue
            for there, minutes in links.get(here, {}).items():
                if taken + minutes < best.get(there, math.inf):
                    best[there] = taken + minutes
                    count += 1
                    heapq.heappush(queue, (taken + minutes, count, there))
        answer.append([best.get(("place", end), math.inf) for end in range(len(places))])
    return answer


NODES = st.tuples(st.integers(0, 3), st.integers(0, 3))
SEGMENTS = st.lists(
    st.tuples(NODES, NODES, st.sampled_from([30.0, 50.0, 80.0])).filter(lambda each: each[0] != each[1]),
    min_size=1,
    max_size=8,
)
# off the lattice, so that no place lies as near to one road as to another
WHERE = st.tuples(st.floats(-1, 4), st.floats(-1, 4)).map(lambda each: (each[0] + 0.0137, each[1] + 0.00731))


@settings(max_examples=150, deadline=None)
@given(SEGMENTS, st.lists(WHERE, min_size=1, max_size=4))
def test_every_pair_takes_the_quickest_way(segments: list[Any], places: list[Any]) -> None:
    # a segment through a third node's place does not meet it there unless it has a point of its own, as in a layer
    roads = make_roads([line(a, b) for a, b, _ in segments], [speed for *_, speed in segments])
    answer = drive(roads, *places)
    expected = np.array(minutes_by_hand(segments, places))
    nearest = [sorted(LineString([at(*a), at(*b)]).distance(Point(at(*p))) for a, b, _ in segments) for p in places]
    if all(len(each) < 2 or each[1] - each[0] > 1e-6 for each in nearest):
        # metres are rounded to the millimetre at worst where a place lies beyond a line's end
        np.testing.assert_allclose(answer.minutes, expected, rtol=1e-9, atol=1e-6)
        assert np.array_equal(np.isfinite(answer.distance_m), np.isfinite(answer.minutes))


@settings(max_examples=50, deadline=None)
@given(SEGMENTS, st.lists(WHERE, min_size=2, max_size=4))
def test_the_way_is_as_long_as_its_time_says_where_all_speeds_are_one(segments: list[Any], places: list[Any]) -> None:
    roads = make_roads([line(a, b) for a, b, _ in segments], [ACCESS_KMH] * len(segments))
    answer = drive(roads, *places)
    np.testing.assert_allclose(answer.distance_m, answer.minutes / 60 * ACCESS_KMH * 1000, rtol=1e-9, atol=1e-6)


def test_a_line_meets_another_where_it_ends_at_one_of_its_points_and_nowhere_else() -> None:
    through = line((0, 0), (1, 0), (2, 0))
    side = line((1, 0), (1, 2))
    bridge = line((0.5, -1), (0.5, 1))
    answer = drive(make_roads([through, side, bridge]), (0, 0), (1, 2), (0.5, 1))
    assert answer.distance_m[0, 1] == pytest.approx(3_000)
    assert math.isinf(answer.minutes[0, 2])
    assert answer.unreachable_from(0).tolist() == [2]


def test_the_quickest_way_may_be_the_longer_one() -> None:
    slow, fast = line((0, 0), (4, 0)), line((0, 0), (2, 2), (4, 0))
    answer = drive(make_roads([slow, fast], [20.0, 100.0]), (0, 0), (4, 0))
    assert answer.distance_m[0, 1] == pytest.approx(2 * math.dist((0, 0), (2, 2)) * STEP)


def test_two_places_on_one_road_need_not_go_to_its_end() -> None:
    answer = drive(make_roads([line((0, 0), (4, 0))]), (1, 0), (2.5, 0))
    assert answer.distance_m[0, 1] == pytest.approx(1_500)
    assert answer.minutes[0, 1] == pytest.approx(1.5)


def test_two_places_at_one_point_are_no_way_apart() -> None:
    answer = drive(make_roads([line((0, 0), (4, 0))]), (1, 0), (1, 0))
    assert answer.minutes.tolist() == [[0, 0], [0, 0]]


def test_a_place_far_from_every_road_is_reached_by_none() -> None:
    answer = drive(make_roads([line((0, 0), (4, 0))]), (0, 0), (2, 5.1), (2, 4.9))
    assert answer.unreachable_from(0).tolist() == [1]
    assert np.isfinite(answer.minutes[0, 2])


def test_parts_of_a_road_and_loops_are_driven() -> None:
    parts = MultiLineString([line((0, 0), (1, 0)), line((1, 0), (2, 0))])
    loop = line((2, 0), (3, 0), (3, 1), (2, 0))
    answer = drive(make_roads([parts, loop]), (0, 0), (3, 1))
    assert answer.distance_m[0, 1] == pytest.approx(2_000 + math.sqrt(2) * STEP)


def test_a_road_without_a_speed_has_that_of_its_class() -> None:
    both = make_roads([line((0, 0), (1, 0)), line((0, 1), (1, 1))], [None, 30.0], ["motorway", "motorway"])
    network = build_network(both, 1.0)
    assert network.minutes.tolist() == pytest.approx([60 / 110, 2.0])


def test_no_roads_and_senseless_numbers_are_refused() -> None:
    with pytest.raises(ParameterError, match="empty"):
        build_network(make_roads([]), 1.0)
    with pytest.raises(ParameterError, match="tolerance_m"):
        build_network(make_roads([line((0, 0), (1, 0))]), 0.0)
    network = build_network(make_roads([line((0, 0), (1, 0))]), 1.0)
    with pytest.raises(ParameterError, match=r"snap_m.*access_kmh"):
        RoadDrive(network, math.nan, 0.0)


def test_the_reference_tables_know_what_a_road_needs() -> None:
    answer = RoadDrive.from_layer(make_roads([line((0, 0), (4, 0))])).drive(*np.array([at(0, 0), at(4, 0)]).T)
    assert answer.minutes[0, 1] == pytest.approx(4.0)
    assert answer.provider == "roads"
