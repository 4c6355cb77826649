"""A reference system is guessed only where one is left, and then it is the right one."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS, Transformer, network

from geo.errors import CRSError
from geo.reading.axes import place_in
from geo.reading.crs_guess import CANDIDATES, Candidate, fit_candidates, guess_crs
from geo.region import load_region

Pairs = NDArray[np.float64]
ALWAYS = {3006, 4326}
UMEA_M = (758_600.0, 7_088_600.0)


def scatter(n_points: int) -> Pairs:
    """Points of Region Nord, evenly spread over its municipalities."""
    draw = np.random.default_rng(7)
    outline = load_region().municipalities.geometry.to_numpy()
    found: list[list[float]] = []
    for polygon in outline:
        x_min, y_min, x_max, y_max = polygon.bounds
        points = draw.uniform((x_min, y_min), (x_max, y_max), (40 * n_points, 2))
        found += points[shapely.contains_xy(polygon, points[:, 0], points[:, 1])][:n_points].tolist()
    return np.array(found)


POOL = scatter(40)


def write_in(candidate: Candidate, points: Pairs) -> Pairs:
    """The points as pyproj writes them in a candidate, easting or longitude first."""
    transformer = Transformer.from_crs(3006, candidate.epsg, always_xy=True)
    return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))


def within_reach(candidate: Candidate, points: Pairs) -> Pairs:
    """Those in a zone's longitudes."""
    lon, _ = Transformer.from_crs(3006, 4326, always_xy=True).transform(points[:, 0], points[:, 1])
    west, east = candidate.longitudes
    # a hair inside, since the way there and back is not exact
    return points[(lon >= west + 1e-6) & (lon <= east - 1e-6)]


@given(
    candidate=st.sampled_from(CANDIDATES),
    is_swapped=st.booleans(),
    centre=st.integers(0, len(POOL) - 1),
    radius_m=st.sampled_from([1_000, 20_000, 80_000, 200_000, 1_000_000]),
    share_bad=st.sampled_from([0.0, 0.02, 0.04]),
)
def test_a_guess_is_right_or_there_is_none(
    candidate: Candidate, is_swapped: bool, centre: int, radius_m: float, share_bad: float
) -> None:
    near = POOL[np.hypot(*(POOL - POOL[centre]).T) <= radius_m]
    points = within_reach(candidate, near)
    if not len(points):
        return
    written = write_in(candidate, points)
    n_bad = int(share_bad * len(written))
    written[:n_bad] = [(0.0, 0.0), (99_999_999.0, -5.0), (64.0, 20.0)][n_bad % 3]
    x, y = written[:, ::-1].T if is_swapped else written.T
    guess, said = None, ""
    try:
        guess = guess_crs("sites.csv", x, y)
    except CRSError as error:
        said = str(error)
    if guess is None:
        assert "--crs" in said
        assert f"EPSG:{candidate.epsg}" in said, "what is right is among what is offered"
        assert candidate.epsg not in ALWAYS
    else:
        assert (guess.crs.to_epsg(), guess.is_swapped) == (candidate.epsg, is_swapped)
        assert f"EPSG:{candidate.epsg} ({candidate.title}) only" in guess.note


@pytest.mark.long
def test_how_often_a_file_of_one_municipality_is_guessed() -> None:
    """The figures that docs/layers.md gives."""
    guessed: Counter[int] = Counter()
    for candidate in CANDIDATES:
        for points in POOL.reshape(-1, 40, 2):
            some = within_reach(candidate, points)
            if len(some) < len(points) // 2:
                continue
            try:
                guessed[candidate.epsg] += guess_crs("x", *write_in(candidate, some).T).crs.to_epsg() == candidate.epsg
            except CRSError:
                guessed[candidate.epsg] += 0
    assert guessed[3006] == guessed[4326] == 44
    assert guessed[3021] == 27
    assert guessed[3016] == 11, "far in the north only one zone is in use at its middle"
    assert sum(guessed.values()) == 44 + 44 + 27 + 11, "all other local zones share their numbers"


def test_rt90_in_the_east_has_one_answer_and_in_the_west_two() -> None:
    east, west = np.array([UMEA_M]), np.array([(482_000.0, 7_006_000.0)])
    rt90 = next(each for each in CANDIDATES if each.epsg == 3021)
    guess = guess_crs("sites.csv", *write_in(rt90, east).T)
    assert guess.note == (
        "The file does not say which coordinate reference system it is in; its coordinates fit EPSG:3021 (RT90 2.5 gon "
        "V) only, and were read so."
    )
    with pytest.raises(CRSError, match=r"they fit EPSG:3021 \(RT90 2.5 gon V\).* and EPSG:\d+ \(RT90 .*say which one"):
        guess_crs("sites.csv", *write_in(rt90, west).T)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([2_500_000.0], [8_900_000.0], r"fit none of those used in Sweden \(most of them lie from 2.5e\+06 to"),
        ([np.nan], [np.inf], "it has no coordinates; say it with --crs"),
        ([], [], "it has no coordinates"),
        ([UMEA_M[0]] * 8 + [5.0] * 2, [UMEA_M[1]] * 8 + [5.0] * 2, r"80% of them fit EPSG:3006 .*--crs EPSG:3006\."),
    ],
)
def test_what_fits_nothing_or_too_little_is_not_guessed(x: list[float], y: list[float], message: str) -> None:
    with pytest.raises(CRSError, match=message):
        guess_crs("sites.csv", np.array(x), np.array(y))


def test_a_file_of_all_sweden_is_guessed_though_most_of_it_is_elsewhere() -> None:
    x, y = (
        np.array([380_000.0, 674_000.0, 319_000.0, 758_600.0]),
        np.array([6_160_000.0, 6_580_000, 6_400_000, 7_088_600]),
    )
    assert guess_crs("roads.csv", x, y).crs.to_epsg() == 3006


def test_candidates_are_called_as_in_the_registry() -> None:
    for candidate in CANDIDATES[2:]:
        assert candidate.title.replace(" ", "") == CRS.from_epsg(candidate.epsg).name.replace(" ", "")
    assert len(CANDIDATES) == len({each.epsg for each in CANDIDATES}) == 20
    zone = next(each for each in CANDIDATES if each.epsg == 3018)
    assert zone.longitudes == (21.6, 24.42)
    assert CANDIDATES[2].longitudes == (-math.inf, math.inf)


def test_many_rows_are_looked_at_quickly_and_order_means_nothing() -> None:
    x, y = np.tile(POOL, (200, 1)).T
    forth, back = fit_candidates(x, y), fit_candidates(x[::-1], y[::-1])
    assert [(f.candidate.epsg, f.is_swapped) for f in forth if f.in_region > 0.9] == [(3006, False)]
    assert [(f.candidate.epsg, f.is_swapped) for f in back if f.in_region > 0.9] == [(3006, False)]


# ---- placing ---------------------------------------------------------------------------------------------------


def make_points(pairs: Pairs) -> NDArray[np.object_]:
    return np.array([shapely.Point(*pair) for pair in pairs], dtype=object)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda each: each.title)
def test_a_file_with_swapped_axes_is_turned_as_a_whole(candidate: Candidate) -> None:
    points = within_reach(candidate, POOL)
    written = write_in(candidate, points)
    placed = place_in("sites.csv", make_points(written[:, ::-1]), candidate.crs)
    assert placed.is_swapped
    assert not placed.problems
    np.testing.assert_array_equal(shapely.get_coordinates(placed.shapes), written)
    assert "the two were swapped in all rows" in placed.notes[0]
    straight = place_in("sites.csv", make_points(written), candidate.crs)
    assert not straight.is_swapped
    assert not straight.problems
    np.testing.assert_array_equal(shapely.get_coordinates(straight.shapes), written)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda each: each.title)
@pytest.mark.parametrize("file_is_swapped", [False, True])
def test_a_row_unlike_the_others_is_its_own_problem(candidate: Candidate, file_is_swapped: bool) -> None:
    written = write_in(candidate, within_reach(candidate, POOL)[:30])
    written[7] = written[7, ::-1]
    placed = place_in("x", make_points(written[:, ::-1] if file_is_swapped else written), candidate.crs)
    assert placed.is_swapped == file_is_swapped
    assert list(placed.problems) == [7]
    what, about_crs = placed.problems[7]
    assert "before longitude" in what or "unlike the other rows" in what
    assert about_crs


def test_rows_of_a_later_chunk_go_as_the_first_one_did() -> None:
    late = make_points(np.array([UMEA_M]))
    placed = place_in("x", late, CRS(3006), is_swapped=True)
    assert list(placed.problems) == [0], "alone it would be right, in this file it is not"
    assert place_in("x", late, CRS(3006)).problems == {}


def test_a_guess_places_the_rows_and_says_so() -> None:
    rt90 = next(each for each in CANDIDATES if each.epsg == 3021)
    placed = place_in("x", make_points(write_in(rt90, np.array([UMEA_M]))[:, ::-1]), None)
    assert (placed.crs.to_epsg(), placed.is_swapped) == (3021, True)
    assert "RT90 2.5 gon V) only, with northing before easting, and were read so." in placed.notes[0]
    assert "right to a few decimetres" in placed.notes[1]


def test_bad_rows_of_a_metric_file_are_told_apart() -> None:
    nothing = shapely.Point()
    rows = [*make_points(np.array([UMEA_M] * 40)), shapely.Point(20.3, 63.8), shapely.Point(5, 5), None, nothing]
    rows += [shapely.Point(np.inf, 7e6), shapely.Point(1.7e6, 7.1e6), shapely.LineString([UMEA_M, UMEA_M[::-1]])]
    placed = place_in("x", np.array(rows, dtype=object), CRS(3006))
    assert {row: what.split(";")[0] for row, (what, _) in placed.problems.items()} == {
        40: "looks like degrees, but its CRS is in metres (EPSG:3006)",
        41: "looks like degrees, but its CRS is in metres (EPSG:3006)",
        44: "has coordinates that are not finite numbers",
        45: "lies outside Sweden",
        46: "lies outside Sweden",
    }


def test_rt90_needs_neither_grid_nor_network() -> None:
    """Against Lantmäteriet's direct projection from SWEREF 99 to RT90, which has no datum shift at all."""
    direct = CRS.from_proj4(
        "+proj=tmerc +lat_0=0 +lon_0=15.806284529444445 +k=1.00000561024 +x_0=1500064.274 "
        "+y_0=-667.711 +ellps=GRS80 +units=m"
    )
    ours = np.array(Transformer.from_crs(3021, 3006, always_xy=True).transform(1_719_500, 7_089_000))
    theirs = np.array(Transformer.from_crs(direct, 3006, always_xy=True).transform(1_719_500, 7_089_000))
    assert not network.is_network_enabled()
    assert np.hypot(*(ours - theirs)) < 0.5
