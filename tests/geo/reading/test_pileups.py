"""Rows that stand in the centres of areas are told from rows that merely share an address."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.crs import project
from geo.demo import Demo, make_demo
from geo.layers.gazetteer import normalise_key
from geo.layers.registry import get_layer
from geo.reading.pileups import Pileups, _find_spots, find_pileups
from geo.region import load_region

REGION = load_region()
TOWNS = ("Umeå", "Luleå", "Sundsvall", "Östersund", "Kiruna", "Lycksele")
Floats = NDArray[np.float64]


def find_town(name: str) -> tuple[float, float]:
    frame = REGION.localities
    point = frame.geometry[frame["name"] == name].iloc[0]
    return point.x, point.y


def find(*heaps: tuple[float, float, int], names: list[str] | None = None) -> Pileups:
    x, y = (np.concatenate([np.full(n, heap[axis]) for *heap, n in heaps]) for axis in (0, 1))
    return find_pileups(x, y, REGION, None if names is None else pd.Series(names, dtype=object))


def assert_untouched(found: Pileups, easting: Floats, northing: Floats) -> None:
    assert found.note == ""
    assert set(found.precision) <= {"exact"}
    assert not found.spread_m.any()
    np.testing.assert_array_equal(found.easting, easting)
    np.testing.assert_array_equal(found.northing, northing)


def test_centres_of_municipalities_are_municipalities() -> None:
    found = find(*((*find_town(name), 30) for name in TOWNS))
    assert set(found.precision) == {"municipality"}
    frame = REGION.municipalities.set_index("name")
    umea = frame.geometry["Umeå"]
    assert found.spread_m[0] == pytest.approx(np.sqrt(umea.area / np.pi))
    assert (found.easting[0], found.northing[0]) == (umea.centroid.x, umea.centroid.y)
    assert "180 rows stand on 6 points. Known are 180 to their municipality" in found.note


def test_the_second_heap_of_a_municipality_is_its_county() -> None:
    heaps = [(*find_town(name), 30) for name in TOWNS]
    inland = REGION.municipalities.set_index("name").geometry["Lycksele"].representative_point()
    found = find(*heaps, (inland.x + 9_000, inland.y, 40))
    assert found.precision[-1] == "county"
    county = REGION.counties.set_index("county").geometry["24"]
    assert found.spread_m[-1] == pytest.approx(np.sqrt(county.area / np.pi))
    assert (found.precision[:-40] == "municipality").all()


def test_a_few_rows_elsewhere_stay_exact() -> None:
    x, y = find_town("Umeå")
    found = find(*((*find_town(name), 30) for name in TOWNS), (x + 5_000, y, 1), (x + 6_000, y, 2))
    assert found.precision[-3:].tolist() == ["exact"] * 3
    assert found.easting[-1] == x + 6_000


def test_the_file_s_own_names_go_before_what_a_point_looks_like() -> None:
    heaps = [(*find_town(name), 30) for name in TOWNS]
    lone = REGION.municipalities.set_index("name").geometry["Härjedalen"].centroid
    names = [name for name in TOWNS for _ in range(30)]
    as_own = find(*heaps, (lone.x, lone.y, 40), names=names + ["Härjedalen"] * 40)
    as_county = find(*heaps, (lone.x, lone.y, 40), names=names + ["Jämtlands län"] * 40)
    assert as_own.precision[-1] == "municipality"
    assert as_county.precision[-1] == "county"


def test_centres_of_localities_are_localities() -> None:
    frame = REGION.localities
    mine = frame[REGION.municipality_at(frame.geometry.x, frame.geometry.y) == "2480"].head(6)
    heaps = [(point.x, point.y, 20) for point in mine.geometry]
    heaps += [(*find_town(name), 20) for name in ("Luleå", "Sundsvall")]
    found = find(*heaps)
    assert set(found.precision) == {"locality"}
    assert found.easting[0] == mine.geometry.iloc[0].x
    assert ((found.spread_m >= 250) & (found.spread_m <= 15_000)).all()
    assert found.spread_m[0] > found.spread_m[100], "the largest town is the widest"


# ---- no false alarms -------------------------------------------------------------------------------------------


def test_an_office_park_is_an_address() -> None:
    x, y = find_town("Umeå")
    draw = np.random.default_rng(4)
    easting = np.concatenate([np.full(60, x + 300), draw.uniform(x - 20_000, x + 20_000, 300)])
    northing = np.concatenate([np.full(60, y + 100), draw.uniform(y - 20_000, y + 20_000, 300)])
    assert_untouched(find_pileups(easting, northing, REGION), easting, northing)


@pytest.mark.parametrize("n_parks", [1, 2, 5])
def test_nothing_but_office_parks_outside_the_centre_are_addresses(n_parks: int) -> None:
    heaps = [(find_town(name)[0] + 2_500, find_town(name)[1], 60) for name in TOWNS[:n_parks]]
    assert "exact" in find(*heaps).precision
    assert find(*heaps).note == ""


def test_one_office_park_in_the_very_centre_is_an_address() -> None:
    x, y = find_town("Umeå")
    assert find((x, y, 60)).note == ""
    assert find((x, y, 60), (x + 400, y, 60), (x, y + 400, 60)).note == "", "three parks of one town are no centres"


@pytest.fixture(scope="module")
def demo() -> Demo:
    return make_demo()


@pytest.mark.parametrize("name", ["workplaces", "accommodation", "visits", "findings"])
def test_the_demo_has_none(demo: Demo, name: str) -> None:
    frame = demo.layers[name]
    easting, northing = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    assert get_layer(name).geometry_types == {"Point"}
    assert_untouched(find_pileups(easting, northing, REGION), easting, northing)


@given(
    st.lists(st.tuples(st.floats(500_000, 800_000), st.floats(6_900_000, 7_500_000)), max_size=30), st.integers(1, 9)
)
def test_small_heaps_are_none_wherever_they_stand(places: list[tuple[float, float]], n: int) -> None:
    x, y = (np.repeat([place[axis] for place in {(round(a), round(b)) for a, b in places}], n) for axis in (0, 1))
    assert find_pileups(np.array(x, dtype=float), np.array(y, dtype=float), REGION).note == ""


def test_spots_are_the_distinct_metres() -> None:
    draw = np.random.default_rng(2)
    x, y = draw.integers(-40, 40, (2, 500)) * 0.6
    spots, spot, counts = _find_spots(x, y)
    np.testing.assert_array_equal(spots[spot], np.column_stack([np.rint(x), np.rint(y)]))
    assert counts.tolist() == np.bincount(spot).tolist()
    assert len({tuple(each) for each in spots.tolist()}) == len(spots)


def test_rows_without_a_place_and_empty_files_pass() -> None:
    nothing = np.array([np.nan, np.inf, -1e300])
    assert find_pileups(nothing, nothing, REGION).precision.tolist() == ["exact"] * 3
    assert find_pileups(np.empty(0), np.empty(0), REGION).note == ""


# ---- a public file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_names", [False, True])
def test_police_events_are_placed_by_municipality_or_county(shared_data: Path, with_names: bool) -> None:
    table = pd.read_csv(shared_data / "swe" / "polisen_handelser_norr.csv.gz", dtype=str)
    x, y = project(
        table["lon"].astype(float).to_numpy(), table["lat"].astype(float).to_numpy(), "EPSG:4326", "EPSG:3006"
    )
    found = find_pileups(x, y, REGION, table["api_place"] if with_names else None)
    is_county = table["api_place"].str.endswith(" län").to_numpy()
    assert (found.precision[is_county] == "county").all()
    assert (found.precision[~is_county] == "municipality").all()
    names = {normalise_key("locality", n) for n in REGION.municipalities["name"]}
    assert {normalise_key("locality", n) for n in table["api_place"][~is_county]} == names
    assert "23662 rows stand on 48 points" in found.note


def test_road_projects_are_places(shared_data: Path) -> None:
    frame = gpd.read_file(shared_data / "swe" / "trafikverket_vagprojekt_2017_se.geojson").to_crs(3006)
    points = frame.geometry.centroid
    assert find_pileups(points.x.to_numpy(), points.y.to_numpy(), REGION).note == ""
