"""Places as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.search import SearchIndex, fold, parse_position
from geo.grid import Grid
from geo.region import Region, region_grid

KILOMETRES = region_grid(1000)
# 63.82° N, 20.26° E by an independent transformation (PROJ's cs2cs, EPSG:4326 to EPSG:3006)
UMEA = (758_709.0, 7_087_624.0)


@pytest.fixture(scope="module")
def index(region: Region) -> SearchIndex:
    return SearchIndex(region)


@pytest.mark.parametrize(
    ("typed", "name", "kind"),
    [
        ("Umeå", "Umeå", "locality"),
        ("umea", "Umeå", "locality"),
        ("UMEÅ", "Umeå", "locality"),
        ("  lulea ", "Luleå", "locality"),
        ("Lul", "Luleå", "locality"),
        ("ostersund", "Östersund", "locality"),
        ("Östersund", "Östersund", "locality"),
        ("ornskold", "Örnsköldsvik", "locality"),
        ("are", "Åre", "locality"),
        ("västerb", "Västerbottens län", "county"),
        ("vasterbotten", "Västerbottens län", "county"),
    ],
)
def test_the_first_hit_is_the_one_that_is_meant(index: SearchIndex, typed: str, name: str, kind: str) -> None:
    first = index.find(typed)[0]
    assert (first.name, first.kind) == (name, kind)


def test_beginnings_come_before_middles(index: SearchIndex) -> None:
    names = [fold(hit.name) for hit in index.find("vik", limit=50)]
    starts = [name.startswith("vik") for name in names]
    assert starts == sorted(starts, reverse=True)
    assert True in starts
    assert False in starts


def test_a_name_typed_with_its_dots_beats_one_that_only_looks_alike(index: SearchIndex) -> None:
    for typed in ("Ar", "År", "Äl", "Al", "Od", "Öd"):
        hits = [hit.name.casefold() for hit in index.find(typed, limit=50)]
        exact = [name.startswith(typed.casefold()) for name in hits if fold(name).startswith(fold(typed))]
        assert exact == sorted(exact, reverse=True), typed


def test_municipality_has_its_bounds(index: SearchIndex) -> None:
    found = next(hit for hit in index.find("Kiruna") if hit.kind == "municipality")
    x_min, y_min, x_max, y_max = found.bounds
    assert x_min < 719_000 < x_max
    assert y_min < 7_535_000 < y_max
    assert found.detail == "Norrbottens län"


@pytest.mark.parametrize(
    "typed",
    [
        "7087624 758709",
        "758709 7087624",
        "7087624,758709",
        "N 7087624 E 758709",
        "N7087624 E758709",
        "7 087 624 758 709",
        "7 087 624, 758 709",
        "7087624.0 758709.0",
        "63.82 20.26",
        "63.82, 20.26",
        "63.82,20.26",
        "63,82 20,26",
        "63,82, 20,26",
        "63,82; 20,26",
        "20.26 63.82",
        "20,26; 63,82",
        "63.82° N, 20.26° E",
        "63.82N 20.26E",
        "lat 63.82 lon 20.26",
    ],
)
def test_coordinates_in_every_form_are_one_place(index: SearchIndex, typed: str) -> None:
    (hit,) = index.find(typed, KILOMETRES)
    assert hit.kind == "coordinates"
    assert (hit.easting, hit.northing) == pytest.approx(UMEA, abs=1)
    assert hit.cell_id == "CRS3006RES1000mN7087000E758000"
    assert hit.detail == "Umeå, Västerbottens län"


@pytest.mark.parametrize(
    "typed", ["CRS3006RES1000mN7087000E758000", "SE_CRS3006RES1000mN7087000E758000", "7580007087000"]
)
def test_cell_ids(index: SearchIndex, typed: str) -> None:
    (hit,) = index.find(typed, KILOMETRES)
    assert (hit.kind, hit.cell_id) == ("cell", "CRS3006RES1000mN7087000E758000")
    assert hit.bounds == (758_000, 7_087_000, 759_000, 7_088_000)
    assert index.find(typed) == []


@pytest.mark.parametrize(
    "typed", ["", "   ", "zzzz", "0 0", "1 2", "63.82", "999999999 1", "{{ 7*7 }}", "<script>", ".*", "(", "-90 0"]
)
def test_what_means_nothing_finds_nothing(index: SearchIndex, typed: str) -> None:
    assert index.find(typed, KILOMETRES) == []


def test_off_the_grid_there_is_no_cell(index: SearchIndex) -> None:
    (hit,) = index.find("7087624 758709", Grid(340_000, 6_820_000, 1000, 10, 10))
    assert hit.cell_id is None


@given(st.text(max_size=60))
def test_any_text_is_answered(region: Region, typed: str) -> None:
    for hit in SearchIndex(region).find(typed, KILOMETRES):
        assert hit.name


@given(st.floats(340_000, 930_000), st.floats(6_820_000, 7_680_000))
def test_metres_in_either_order_are_the_same_place(easting: float, northing: float) -> None:
    texts = (
        f"{northing:.1f} {easting:.1f}",
        f"{easting:.1f} {northing:.1f}",
        f"{northing:.1f}; {easting:.1f}".replace(".", ","),
    )
    for text in texts:
        assert parse_position(text) == pytest.approx((easting, northing), abs=0.06)
