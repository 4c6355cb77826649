"""Rows without coordinates get the most precise place that one of their names has, and how far they may lie from it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.layers.registry import get_layer
from geo.layers.validate import find_misplaced, validate
from geo.reading.gazetteer import LOCATING_COLUMNS, Gazetteer, Located
from geo.region import Region, load_region, packaged_municipalities
from tests.frames import make_frame, near_town

REGION = load_region()


def make_places(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    numbered = [{"place_id": str(number), **near_town(0, 0), **row} for number, row in enumerate(rows)]
    for row in numbered:
        if "geometry" in row:
            del row["easting"], row["northing"]
    return validate(get_layer("gazetteer"), make_frame(numbered))


PLACES = make_places(
    {"place_kind": "postcode", "key": "900 01", **near_town(0, 0)},
    {"place_kind": "postcode", "key": 90002, **near_town(6_000, 0)},
    {"place_kind": "postcode", "key": "90003", **near_town(6_000, 0)},
    {"place_kind": "postcode", "key": "90004", "geometry": shapely.Point(758_600, 7_094_600).buffer(3_000, 64)},
    {"place_kind": "postcode", "key": "90005", "extent_m": 777.0, **near_town(-90_000, 0)},
    {"place_kind": "property", "key": "UMEÅ STÖCKSJÖ 3:12", **near_town(100, 100)},
    {"place_kind": "property", "key": "Gård 1:1", "municipality_code": "2480", **near_town(100, 200)},
    {"place_kind": "property", "key": "Gård 1:1", "municipality_code": "2482", "extent_m": 400.0, **near_town(1, 1)},
    {"place_kind": "locality", "key": "Byn", "municipality_code": "2480", **near_town(0, 9_000)},
    {"place_kind": "locality", "key": "Byn", "municipality_code": "2460", **near_town(-40_000, 0)},
    {"place_kind": "locality", "key": "Storby/Stuorra", **near_town(0, 500)},
    {"place_kind": "municipality", "key": "900 99", **near_town(0, 0), "extent_m": 30_000.0},
)
GAZETTEER = Gazetteer.of(PLACES, REGION)


def locate(**names: object) -> Located:
    return GAZETTEER.locate(pd.DataFrame({name: [value] for name, value in names.items()}, dtype=object))


def place(located: Located) -> tuple[str, float]:
    assert not located.problems
    return located.precision[0], round(float(located.spread_m[0]))


@pytest.mark.parametrize(
    ("names", "precision", "spread_m"),
    [
        ({"postcode": "900 01"}, "postcode", 3_000),
        ({"postcode": 90001.0}, "postcode", 3_000),
        ({"postcode": "S-900 02"}, "postcode", 3_000),
        ({"postcode": "90004"}, "postcode", 3_000),
        ({"postcode": "90005"}, "postcode", 777),
        ({"property": "Umeå Stöcksjö 3 : 12"}, "property", 150),
        ({"property": "Stöcksjö 3:12", "municipality": "Umeå kommun"}, "property", 150),
        ({"property": "STÖCKSJÖ 3:12"}, "property", 150),
        ({"property": "Gård 1:1", "municipality": 2482}, "property", 400),
        ({"property": "Skellefteå Gård 1:1"}, "property", 400),
        ({"locality": "STORBY"}, "locality", 1_500),
        ({"locality": "stuorra"}, "locality", 1_500),
        ({"locality": "Byn", "municipality": "Umeå"}, "locality", 1_500),
        ({"postcode": "90001", "property": "Umeå Stöcksjö 3:12", "locality": "Umeå"}, "property", 150),
        ({"postcode": "90001", "property": "Umeå Okänd 9:9"}, "postcode", 3_000),
        ({"postcode": "99999", "locality": "Storby"}, "locality", 1_500),
        ({"postcode": "90099"}, "municipality", 30_000),
    ],
)
def test_the_most_precise_name_that_is_known_places_a_row(
    names: dict[str, object], precision: str, spread_m: float
) -> None:
    code, spread = place(locate(**names))
    assert code == precision
    assert spread == pytest.approx(spread_m, rel=2e-3)


def test_a_municipality_or_county_is_a_circle_as_large_as_itself() -> None:
    municipality = REGION.municipalities.set_index("municipality").geometry["2480"]
    for name in ("2480", 2480, "Umeå", "UMEÅ KOMMUN", "umea"):
        located = locate(municipality=name)
        assert located.precision[0] == "municipality"
        assert located.spread_m[0] == pytest.approx(math.sqrt(municipality.area / math.pi))
        assert located.shapes[0].equals(municipality.centroid)
    assert locate(municipality="Östersunds kommun").shapes[0].x == pytest.approx(494_900, abs=2_000)
    for name in ("24", "Västerbotten", "Västerbottens län"):
        assert locate(county=name).precision[0] == "county"


def test_localities_come_from_the_package_too_and_the_imported_ones_go_before() -> None:
    located = locate(locality="Ostersund")
    assert (located.precision[0], round(located.shapes[0].x, -3)) == ("locality", 482_000)
    moved = make_frame(
        [{"locality_id": "1", "name": "Östersund", "population": 100_000.0, "easting": 490_000.0, "northing": 7e6}]
    )
    with_layer = Gazetteer.of(None, Region(packaged_municipalities(), moved))
    one = with_layer.locate(pd.DataFrame({"locality": ["Östersund", "Luleå"]}))
    assert one.shapes[0].x == 490_000
    assert one.spread_m[0] == pytest.approx(1_000 * math.sqrt(0.0218 * 100_000**0.648 / math.pi))
    assert one.precision[1] == "locality", "what the layer does not know is still looked up in the package"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"locality": "Byn"}, r"locality 'Byn' may be in .*Nordmaling \(2401\).*|may be in .*\(2460\).*give its munic"),
        ({"locality": "Byn", "municipality": "nowhere"}, "may be in "),
        ({"locality": "Umea Stad"}, "locality 'Umea Stad' is not in the gazetteer"),
        ({"locality": "Östersnud"}, "is not in the gazetteer; nearest are Ostersund"),
        ({"postcode": "90 01"}, "'90 01' is no postcode; write five digits, such as 93131"),
        ({"postcode": "99999"}, "postcode '99999' is not in the gazetteer"),
        ({"property": "Gård 1:1"}, r"property 'Gård 1:1' may be in Umeå \(2480\), Skellefteå \(2482\); give its"),
        ({"property": "Umeå 3:12"}, "property 'Umeå 3:12' is not in the gazetteer"),
        ({"municipality": "Ume"}, "municipality 'Ume' is not in the gazetteer; nearest are Umea"),
        ({"postcode": None, "locality": None}, "names no place; give coordinates, a postcode or a locality"),
        ({"address": "Vägen 1"}, "names no place"),
    ],
)
def test_a_row_that_cannot_be_placed_says_why(names: dict[str, object], reason: str) -> None:
    located = locate(**names)
    assert located.shapes[0] is None
    assert (located.precision[0], np.isnan(located.spread_m[0])) == ("", True)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(located.problems[0])


def test_a_locality_of_another_municipality_leaves_the_municipality() -> None:
    located = locate(locality="Luleå", municipality="Umeå")
    assert located.precision[0] == "municipality"
    assert located.notes == (
        "Rows without coordinates were placed by the gazetteer: 1 by municipality.",
        "1 of them have a more precise name that the gazetteer does not know, or knows elsewhere.",
    )


def test_rows_of_one_name_are_one_place_as_wide_as_they_lie_apart() -> None:
    places = make_places(
        {"place_kind": "postcode", "key": "90010", **near_town(-1_000, 0)},
        {"place_kind": "postcode", "key": "900 10", **near_town(1_000, 0)},
        {"place_kind": "postcode", "key": "90011", **near_town(-50_000, 0)},
    )
    located = Gazetteer.of(places, REGION).locate(pd.DataFrame({"postcode": ["90010"]}))
    assert located.shapes[0].equals(shapely.Point(758_600, 7_088_600))
    assert located.spread_m[0] == 1_000


@pytest.mark.parametrize(("apart_m", "spread_m"), [(100, 250), (8_000, 4_000), (80_000, 15_000)])
def test_a_postcode_reaches_half_the_way_to_the_next_within_limits(apart_m: float, spread_m: float) -> None:
    places = make_places(
        {"place_kind": "postcode", "key": "90010", **near_town(0, 0)},
        {"place_kind": "postcode", "key": "90011", **near_town(0, 0)},
        {"place_kind": "postcode", "key": "90012", **near_town(-apart_m, 0)},
    )
    located = Gazetteer.of(places, REGION).locate(pd.DataFrame({"postcode": ["90010", "90012"]}))
    assert located.spread_m.tolist() == [spread_m] * 2


def test_many_rows_are_as_each_alone() -> None:
    rows = pd.DataFrame(
        {
            "postcode": ["90001", None, "99999", None],
            "locality": [None, "Byn", "Storby", None],
            "municipality": [None, "2480", None, "Umeå"],
        },
        dtype=object,
    )
    many = pd.concat([rows] * 50, ignore_index=True).sample(frac=1, random_state=1)
    located = GAZETTEER.locate(many)
    for at, (_, row) in enumerate(many.iterrows()):
        alone = GAZETTEER.locate(row.to_frame().T.astype(object))
        assert (located.precision[at], located.spread_m[at]) == (alone.precision[0], alone.spread_m[0])
        assert located.shapes[at].equals(alone.shapes[0])


def test_columns_are_read_in_the_order_of_their_precision() -> None:
    assert LOCATING_COLUMNS == ("property", "postcode", "locality", "municipality", "county")


# ---- public files ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postcodes(shared_data: Path) -> gpd.GeoDataFrame:
    """GeoNames' postcodes as the layer has them."""
    table = pd.read_csv(shared_data / "swe" / "postnummer_norr_geonames.csv", dtype=str)
    points = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float), crs=4326).to_crs(3006)
    columns = {"place_id": table["postnr"], "key": table["postnr"], "municipality_code": table["kommun_kod"]}
    frame = gpd.GeoDataFrame(columns | {"place_kind": "postcode"}, geometry=points)
    layer = get_layer("gazetteer")
    return validate(layer, frame[~find_misplaced(layer, frame.geometry)])


def test_postcodes_of_the_north_are_a_gazetteer(postcodes: gpd.GeoDataFrame) -> None:
    assert len(postcodes) == 2_280, "three of 2 283 lie in the south"
    gazetteer = Gazetteer.of(postcodes)
    located = gazetteer.locate(pd.DataFrame({"postcode": postcodes["key"].astype(object)}))
    assert not located.problems
    assert set(located.precision) == {"postcode"}
    assert located.spread_m.min() >= 250
    assert located.spread_m.max() <= 15_000


def test_postcodes_with_a_municipality_only_are_known_to_it(postcodes: gpd.GeoDataFrame, shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "swe" / "postnummer_kommun_norr_cc0.csv", dtype=str)
    bare = Gazetteer.of(None).locate(table[["municipality_code"]].rename(columns={"municipality_code": "municipality"}))
    assert not bare.problems
    places = gpd.GeoDataFrame(
        {
            "place_id": table["postal_code"],
            "place_kind": "municipality",
            "key": table["postal_code"],
            "municipality_code": table["municipality_code"],
            "extent_m": bare.spread_m,
        },
        geometry=bare.shapes,
        crs=3006,
    )
    gazetteer = Gazetteer.of(validate(get_layer("gazetteer"), places))
    located = gazetteer.locate(pd.DataFrame({"postcode": table["postal_code"].astype(object)}))
    assert not located.problems
    assert set(located.precision) == {"municipality"}
    both = pd.concat([postcodes, validate(get_layer("gazetteer"), places)], ignore_index=True)
    better = Gazetteer.of(gpd.GeoDataFrame(both, crs=3006)).locate(pd.DataFrame({"postcode": table["postal_code"]}))
    assert (better.precision == "postcode").sum() > 1_700
