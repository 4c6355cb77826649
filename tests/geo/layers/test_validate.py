"""Whatever a file holds: a frame in canonical form, or one error that names every failure and what to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import empty_frame, find_misplaced, validate
from geo.region import NEAREST_MUNICIPALITY_M, packaged_municipalities
from tests.frames import (
    make_accommodation,
    make_area,
    make_establishment,
    make_finding,
    make_frame,
    make_visit,
    make_workplace,
    near_town,
    small_frames,
)

WORKPLACES = LAYERS["workplaces"]
FIRST_DAY = pd.Timestamp("2026-07-15")


def three(**columns: list[Any]) -> gpd.GeoDataFrame:
    """Three sound workplaces with some columns replaced."""
    frame = make_frame([make_workplace(number, **near_town(number * 100, 0)) for number in (1, 2, 3)])
    for name, values in columns.items():
        frame[name] = pd.Series(values, index=frame.index)
    return frame


def at_places(*geometries: Any, crs: str | None = "EPSG:3006") -> gpd.GeoDataFrame:
    rows = [make_workplace(number) for number in range(1, len(geometries) + 1)]
    return make_frame(rows, crs=crs).set_geometry(gpd.GeoSeries(list(geometries), crs=crs))


def refusal(frame: gpd.GeoDataFrame, layer: str = "workplaces", kind: type[InputError] = SchemaError) -> str:
    with pytest.raises(InputError) as caught:
        validate(get_layer(layer), frame)
    assert type(caught.value) is kind, caught.value
    return str(caught.value)


# ---- canonical form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(small_frames()))
def test_a_checked_frame_has_exactly_the_layers_columns_sorted_by_id(name: str) -> None:
    layer = get_layer(name)

    checked = validate(layer, small_frames()[name])

    assert tuple(checked.columns) == layer.columns
    assert checked.crs.to_epsg() == 3006
    assert checked.index.tolist() == list(range(len(checked)))
    ids = list(zip(*(checked[column] for column in layer.id_columns), strict=True))
    assert ids == sorted(ids)
    assert len(checked) == len(small_frames()[name])


@pytest.mark.parametrize("name", list(small_frames()))
def test_checking_twice_changes_nothing(name: str) -> None:
    once = validate(get_layer(name), small_frames()[name])

    assert_frame_equal(validate(get_layer(name), once), once)


@pytest.mark.parametrize("name", list(small_frames()))
@settings(max_examples=5)
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(name: str, random: Any) -> None:
    frame = small_frames()[name]
    rows = random.sample(range(len(frame)), len(frame))
    columns = random.sample(list(frame.columns), len(frame.columns))

    shuffled = validate(get_layer(name), frame.iloc[rows][columns])

    assert_frame_equal(shuffled, validate(get_layer(name), frame))


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "borders"])
def test_an_empty_frame_is_a_frame_like_any_other(name: str) -> None:
    empty = empty_frame(get_layer(name))

    checked = validate(get_layer(name), empty)

    assert len(checked) == 0
    assert_frame_equal(checked, empty)
    filled = small_frames().get(name)
    if filled is not None:
        expected = validate(get_layer(name), filled).dtypes
        assert checked.dtypes.to_dict() == expected.to_dict()


def test_empty_borders_replace_nothing() -> None:
    assert validate(get_layer("borders"), empty_frame(get_layer("borders"))).empty


def test_what_was_handed_over_stays_as_it_was() -> None:
    frame = three(employees=["1", "2", "3"])
    before = frame.copy(deep=True)

    checked = validate(WORKPLACES, frame)
    checked["employees"] = 0.0

    assert_frame_equal(frame, before)


def test_columns_that_the_layer_does_not_know_are_left_out() -> None:
    assert "colour" not in validate(WORKPLACES, three(colour=["red"] * 3)).columns


def test_the_geometry_may_have_any_name_and_a_height() -> None:
    frame = at_places(shapely.Point(758_600, 7_088_600, 12.5)).rename_geometry("geom")

    checked = validate(WORKPLACES, frame)

    assert checked.geometry.name == "geometry"
    assert checked.geometry.to_wkt().tolist() == ["POINT (758600 7088600)"]


def test_rows_may_have_any_index() -> None:
    frame = three()
    frame.index = pd.Index([7, 7, 7])

    assert validate(WORKPLACES, frame)["workplace_id"].tolist() == ["w001", "w002", "w003"]


# ---- reading values --------------------------------------------------------------------------------------------


def test_missing_columns_and_cells_take_their_default() -> None:
    checked = validate(
        WORKPLACES, three(kind=[None, "", "  "], circle=["public", None, ""], synthetic=[None, "", True])
    )

    assert checked["kind"].tolist() == ["registered"] * 3
    assert checked["circle"].tolist() == ["public", "joint-inspection", "joint-inspection"]
    assert checked["synthetic"].tolist() == [False, False, True]
    assert checked["employer_id"].isna().all()
    assert checked["active_from"].isna().all()


def test_optional_numbers_take_their_default_too() -> None:
    row = {"locality_id": "1", "name": "By", **near_town(0, 0)}
    frame = make_frame([row | {"population": None}, row | {"locality_id": "2", "population": ""}])

    assert validate(get_layer("localities"), frame)["population"].tolist() == [0.0, 0.0]


def test_text_is_stripped_and_blank_is_missing() -> None:
    checked = validate(WORKPLACES, three(name=["  Åbergs  ", " ", None]))

    assert checked["name"].iloc[0] == "Åbergs"
    assert checked["name"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    "values",
    [[11111111, 22222222, 33333333], [11111111.0, 22222222.0, 33333333.0], ["11111111", "22222222", "33333333"]],
)
def test_ids_are_text_however_they_were_typed(values: list[Any]) -> None:
    assert validate(WORKPLACES, three(workplace_id=values))["workplace_id"].tolist() == [
        "11111111",
        "22222222",
        "33333333",
    ]


def test_a_missing_value_does_not_turn_codes_into_decimals() -> None:
    # pandas makes floats of whole numbers as soon as one is missing
    checked = validate(WORKPLACES, three(employer_id=[5566778899, None, None], sni_version=[2025, 2007, None]))

    assert checked["employer_id"].iloc[0] == "5566778899"
    assert checked["sni_version"].tolist() == ["2025", "2007", "2007"]


def test_an_industry_code_that_lost_its_first_0_is_refused() -> None:
    message = refusal(three(sni=[2300, 41200, 1133]))

    assert "sni: is a number, not a code (got 2300, 1133)" in message
    assert "lost its leading 0" in message
    assert "w001 (row 1), w003 (row 3)" in message


def test_an_industry_code_with_all_its_digits_may_be_a_number() -> None:
    assert validate(WORKPLACES, three(sni=[41200, 55101, 96022]))["sni"].tolist() == ["41200", "55101", "96022"]


@pytest.mark.parametrize("value", [41.2, 2.3, 412])
def test_other_numbers_are_no_industry_codes(value: float) -> None:
    assert "sni: is a number, not a code" in refusal(three(sni=[value] * 3))


@pytest.mark.parametrize(
    "value",
    [
        "2026-07-15",
        " 2026-07-15 ",
        "2026-07-15T00:00:00",
        "2026-07-15 23:59",
        "2026-07-15T00:30:00+02:00",
        "2026-07-15T23:30:00.000-0500",
        "2026-07-15T12:00:00Z",
        date(2026, 7, 15),
        datetime(2026, 7, 15, 23, 59),
        pd.Timestamp("2026-07-15 00:30", tz="Europe/Stockholm"),
        np.datetime64("2026-07-15"),
    ],
)
def test_a_day_is_the_day_that_was_written(value: object) -> None:
    checked = validate(WORKPLACES, three(active_from=[value] * 3))

    assert checked["active_from"].tolist() == [FIRST_DAY] * 3
    assert str(checked["active_from"].dtype) == "datetime64[us]"


def test_columns_of_dates_keep_their_civil_day() -> None:
    aware = pd.Series(pd.to_datetime(["2026-07-15 00:30"] * 3).tz_localize("Europe/Stockholm"))

    assert validate(WORKPLACES, three(active_from=aware.tolist()))["active_from"].tolist() == [FIRST_DAY] * 3
    frame = three()
    frame["active_from"] = aware.to_numpy(dtype="datetime64[ns]") + np.timedelta64(2, "h")
    assert validate(WORKPLACES, frame)["active_from"].tolist() == [FIRST_DAY] * 3


def test_an_end_that_never_comes_can_be_written() -> None:
    assert validate(WORKPLACES, three(active_to=["9999-12-31"] * 3))["active_to"].dt.year.tolist() == [9999] * 3


@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "2026-13-01", "2026", "2026-07", "15/7 2026", "20260715", "i fjol", "2026-07-15 sen kväll", 20260715,
     2026.5, True, "0"],
)  # fmt: skip
def test_a_date_that_is_none_is_refused(value: object) -> None:
    message = refusal(three(active_from=[value, None, "2026-01-01"]))

    assert "active_from: cannot be read as a date (YYYY-MM-DD)" in message
    assert repr(value) in message
    assert "1 row(s): w001 (row 1)" in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((word, True) for word in ("true", "True", "1", "yes", "ja", "Ja", " JA ", "sant", True, 1, 1.0, np.True_)),
        *((word, False) for word in ("false", "0", "no", "nej", "Nej", "falskt", False, 0, 0.0, None, "", np.nan)),
    ],
)
def test_yes_and_no_in_two_languages(value: object, expected: bool) -> None:
    assert validate(WORKPLACES, three(synthetic=[value, False, True]))["synthetic"].tolist() == [expected, False, True]


@pytest.mark.parametrize("value", ["kanske", "2", 2, 0.5, "ja nej"])
def test_neither_yes_nor_no_is_refused(value: object) -> None:
    assert "synthetic: cannot be read as yes or no" in refusal(three(synthetic=[value, False, True]))


@pytest.mark.parametrize(("value", "expected"), [("12", 12.0), (" 12.5 ", 12.5), (np.int8(3), 3.0), ("1e3", 1000.0)])
def test_numbers_may_be_text(value: object, expected: float) -> None:
    assert validate(WORKPLACES, three(employees=[value, 1, 2]))["employees"].iloc[0] == expected


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (None, "must not be empty; fill it in"),
        (np.nan, "must not be empty; fill it in"),
        ("", "must not be empty; fill it in"),
        (-1, "must be 0 or more (got -1"),
        (-np.inf, "must be"),
        (np.inf, "must be a finite number"),
        ("1e999", "must be a finite number"),
        (200_001, "must be at most 200000 (got 200001"),
        (2e9, "must be at most 200000 (got 2000000000"),
        ("12,5", "cannot be read as a number (got '12,5')"),
        ("många", "cannot be read as a number (got 'många')"),
        ("nan", "cannot be read as a number (got 'nan')"),
    ],
)
def test_a_number_of_employees_that_is_none_is_refused(value: object, rule: str) -> None:
    message = refusal(three(employees=[5, value, 7]))

    assert f"employees: {rule}" in message
    assert "w002 (row 2)" in message
    assert "1 of 3 rows" in message


# ---- rules of the layers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "row", "words"),
    [
        ("workplaces", make_workplace(sni="04110"), "sni: unknown industry code (got 04110 in SNI 2007)"),
        ("workplaces", make_workplace(sni="45201", sni_version="2025"), "got 45201 in SNI 2025"),
        ("workplaces", make_workplace(sni="x"), "use 2 to 5 digits"),
        ("workplaces", make_workplace(sni=""), "sni: must not be empty"),
        ("workplaces", make_workplace(sni_version="2002"), "sni_version: must be 2007 or 2025 (got 2002)"),
        ("workplaces", make_workplace(kind="mobile"), "kind: must be registered or temporary (got mobile)"),
        ("workplaces", make_workplace(circle="everyone"), "circle: unknown sharing circle (got everyone); use one of"),
        ("workplaces", make_workplace(active_from="2026-02-01", active_to="2026-01-31"), "before active_from"),
        ("accommodation", make_accommodation(housing_type="castle"), "housing_type: unknown housing type (got castle)"),
        ("accommodation", make_accommodation(beds=-2), "beds: must be 0 or more"),
        ("visits", make_visit(outcome="fine"), "outcome: unknown outcome (got fine); use one of"),
        ("visits", make_visit(agencies="polismyndigheten+nasa+esa"), "agencies: unknown agency (got esa nasa)"),
        ("visits", make_visit(persons_met="12"), "unknown band of persons (got 12); use one of 0, 1-4, 10+, 5-9"),
        ("visits", make_visit(visited_on=None), "visited_on: must not be empty"),
        ("findings", make_finding(indicator="bad_mood"), "indicator: unknown indicator (got bad_mood)"),
        ("findings", make_finding(grade="XL"), "grade: unknown grade (got XL); use one of M, S, W"),
        ("findings", make_finding(source="rumour"), "source: unknown source of the observation"),
        ("findings", make_finding(verification="sure"), "verification: unknown verification"),
        ("findings", make_finding(sector="mining"), "sector: unknown sector group (got mining)"),
        ("establishments", make_establishment(phase="dreaming"), "phase: unknown phase (got dreaming); use one of"),
        ("establishments", make_establishment(sector="mining"), "sector: unknown sector group"),
    ],
)  # fmt: skip
def test_codes_that_are_none_are_refused_with_those_there_are(layer: str, row: dict[str, Any], words: str) -> None:
    assert words in refusal(make_frame([row]), layer)


def test_phases_of_one_establishment_do_not_overlap() -> None:
    def phases(*periods: tuple[str | None, str | None]) -> gpd.GeoDataFrame:
        return make_frame([make_establishment(1, active_from=start, active_to=end) for start, end in periods])

    layer = get_layer("establishments")
    for sound in (
        [("2024-01-01", "2024-12-31"), ("2025-01-01", None)],
        [(None, "2024-12-31"), ("2025-01-01", "2025-12-31")],
    ):
        assert len(validate(layer, phases(*sound))) == 2
    for overlapping in (
        [("2024-01-01", "2024-12-31"), ("2024-12-31", None)],
        [("2024-01-01", None), ("2025-01-01", None)],
        [(None, None), ("2025-01-01", None)],
        [("2024-01-01", "2024-12-31"), (None, "2024-01-01")],
        [(None, "2020-01-01"), (None, "2021-01-01")],
    ):
        assert "phases of one establishment overlap (got e001)" in refusal(phases(*overlapping), "establishments")


def test_two_establishments_may_overlap() -> None:
    frame = make_frame([make_establishment(1), make_establishment(2)])

    assert len(validate(get_layer("establishments"), frame)) == 2


def test_areas_are_of_one_kind_and_have_one_shape() -> None:
    small, wide = (
        shapely.box(750_000, 7_080_000, 751_000, 7_081_000),
        shapely.box(750_000, 7_080_000, 752_000, 7_081_000),
    )
    rows = [
        make_area("a", "green", 1, small) | {"level": "deso"},
        make_area("a", "other", 1, wide) | {"level": "municipality"},
    ]

    message = refusal(make_frame(rows), "sectors")

    assert "level: deso, municipality stand in one frame" in message
    assert "geometry: changes from row to row of one area (got a); give each one polygon" in message


def test_borders_replace_all_municipalities_at_once() -> None:
    borders = packaged_municipalities()

    assert len(validate(get_layer("borders"), borders)) == 44
    message = refusal(borders[borders["municipality"] != "2480"], "borders")
    assert "borders replace all 44 at once; add those missing: 2480" in message


# ---- ids -------------------------------------------------------------------------------------------------------


def test_ids_that_stand_twice_are_named() -> None:
    message = refusal(three(workplace_id=["same", "other", " same "]))

    assert "workplace_id: the same id stands on several rows; give each record its own" in message
    assert "same (row 1), same (row 3)" in message


def test_ids_that_are_missing_are_no_doubles() -> None:
    message = refusal(three(workplace_id=[None, "", "w"]))

    assert "workplace_id: must not be empty" in message
    assert "several rows" not in message
    assert "? (row 1), ? (row 2)" in message


def test_an_id_may_be_made_of_two_columns() -> None:
    square = shapely.box(750_000, 7_080_000, 751_000, 7_081_000)
    rows = [make_area("a", sector, 1, square) for sector in ("green", "other", "green")]

    message = refusal(make_frame(rows), "sectors")

    assert "area_id + sector: the same id stands on several rows" in message
    assert "a/green (row 1), a/green (row 3)" in message
    assert len(validate(get_layer("sectors"), make_frame(rows[:2]))) == 2


# ---- places ----------------------------------------------------------------------------------------------------

HERE = shapely.Point(758_600, 7_088_600)


@pytest.mark.parametrize(
    ("place", "words", "kind"),
    [
        (None, "is missing or empty; give a place", GeometryError),
        (shapely.Point(), "is missing or empty; give a place", GeometryError),
        (shapely.Point(np.nan, 7_088_600), "has coordinates that are not finite", GeometryError),
        (shapely.Point(758_600, np.inf), "has coordinates that are not finite", GeometryError),
        (shapely.Point(20.26, 63.83), "looks like degrees, not metres; say which CRS", CRSError),
        (shapely.Point(7_088_600, 758_600), "has northing before easting; swap the axes", CRSError),
        (shapely.Point(262_000, 5_000_000), "lies outside Sweden; check the CRS", GeometryError),
        (shapely.Point(674_000, 6_580_000), "lies more than 15 km outside Region Nord", GeometryError),
        (shapely.Point(740_000, 6_960_000), "lies more than 15 km outside Region Nord", GeometryError),
        (shapely.LineString([(758_600, 7_088_600), (758_700, 7_088_600)]), "must be Point (got Line", GeometryError),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(place: Any, words: str, kind: type[InputError]) -> None:
    message = refusal(at_places(HERE, place, HERE), kind=kind)

    assert f"geometry: {words}" in message
    assert "1 row(s): w002 (row 2)" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("layer", "row", "words"),
    [
        (
            "sectors",
            make_area("a", "green", 1, shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])),
            "is not a valid shape",
        ),
        (
            "sectors",
            make_area(
                "a",
                "green",
                1,
                shapely.from_wkt("POLYGON ((700000 7000000, 700000 7100000, inf 7000000, 700000 7000000))"),
            ),
            "not a valid",
        ),
        ("sectors", make_area("a", "green", 1, shapely.box(6e5, 7.1e6, 1.6e6, 7.2e6)), "lies outside Sweden"),
        ("establishments", make_establishment(geometry=shapely.box(7e5, 7.1e6, 7.1e5, 7.2e6)), "must be LineString or"),
    ],
)
def test_shapes_that_are_none_are_refused(layer: str, row: dict[str, Any], words: str) -> None:
    assert words in refusal(make_frame([row]), layer, GeometryError)


def test_a_border_strip_of_15_km_counts_as_near() -> None:
    # Haparanda's neighbour Tornio, and the sea off Luleå
    places = (shapely.Point(919_000, 7_333_000), shapely.Point(848_000, 7_280_000))

    assert len(validate(WORKPLACES, at_places(*places))) == 2


def test_places_that_mean_well_are_told_from_those_that_do_not() -> None:
    geometry = gpd.GeoSeries([HERE, shapely.Point(674_000, 6_580_000), shapely.Point(20, 63)], crs="EPSG:3006")

    assert find_misplaced(WORKPLACES, geometry).tolist() == [False, True, False]
    assert find_misplaced(WORKPLACES, geometry[:0]).tolist() == []


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "has no CRS; say which one"),
        ("EPSG:4326", "is in EPSG:4326; project it to EPSG:3006"),
        ("EPSG:3021", "is in EPSG:3021"),
    ],
)
def test_frames_in_another_system_are_refused(crs: str | None, words: str) -> None:
    assert words in refusal(at_places(HERE, crs=crs), kind=CRSError)


# ---- frames that are none --------------------------------------------------------------------------------------


def test_a_table_without_places_is_refused() -> None:
    assert "needs a GeoDataFrame, got DataFrame" in refusal(pd.DataFrame({"workplace_id": ["1"]}))  # type: ignore[arg-type]
    assert "has no geometry column" in refusal(gpd.GeoDataFrame({"workplace_id": ["1"]}), kind=GeometryError)


def test_a_column_that_stands_twice_is_refused() -> None:
    twice = pd.concat([three(), three()[["sni", "name"]]], axis=1)

    assert "column sni, name stands twice; keep one" in refusal(twice)


def test_missing_columns_are_named_once_with_what_they_hold() -> None:
    message = refusal(three().drop(columns=["sni", "employees"]))

    assert "sni: the column is missing; it holds: Industry code" in message
    assert "employees: the column is missing; it holds: Number of employees" in message
    assert message.count("employees") == 2
    assert message.startswith("Layer workplaces: 2 rule(s) failed")


def test_every_failure_stands_in_one_message() -> None:
    frame = three(
        employees=[-5, "få", 3],
        sni=["41200", "99999", "412"],
        kind=["registered", "gone", "temporary"],
        active_from=["2026-01-01", "2026-01-01", "i fjol"],
        active_to=["2025-01-01", None, None],
        nationality=["SE", "SE", "SE"],
    ).set_geometry(gpd.GeoSeries([HERE, shapely.Point(20, 63), None], crs="EPSG:3006"))

    with pytest.raises(SchemaError) as caught:
        validate(WORKPLACES, frame)

    message = str(caught.value)
    assert len(caught.value.failures) == 8, message
    assert message.startswith("Layer workplaces: 8 rule(s) failed in 3 of 3 rows.")
    assert all(f"  - {line}" in message for line in caught.value.failures)
    for words in (
        "nationality: tells nationality",
        "leave the column out",
        "employees: cannot be read as a number (got 'få')",
        "employees: must be 0 or more (got -5.0)",
        "kind: must be registered or temporary (got gone)",
        "active_from: cannot be read as a date",
        "active_to: before active_from (got 2025-01-01)",
        "geometry: looks like degrees",
        "geometry: is missing or empty",
    ):
        assert words in message


def test_long_lists_of_rows_are_cut_but_counted() -> None:
    frame = make_frame([make_workplace(number, employees=-1) for number in range(1, 41)])

    message = refusal(frame)

    assert "40 row(s): w001 (row 1)" in message
    assert "and 35 more" in message
    assert "w006" not in message


@pytest.mark.parametrize(
    ("layer", "id_column"), [("workplaces", "workplace_id"), ("accommodation", "accommodation_id")]
)
def test_rules_across_columns_survive_missing_ids(layer: str, id_column: str) -> None:
    make = {"workplaces": make_workplace, "accommodation": make_accommodation}[layer]
    row = make() | {id_column: None, "active_from": "2026-02-01", "active_to": "2026-01-01"}

    message = refusal(make_frame([row, make(2)]), layer)

    assert f"{id_column}: must not be empty" in message
    assert "active_to: before active_from (got" in message


values = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=6), st.booleans(), st.dates())


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(WORKPLACES.schema.columns, values)), min_size=1, max_size=4))
def test_anything_is_either_taken_or_one_of_our_errors(rows: list[dict[str, Any]]) -> None:
    frame = make_frame([row | near_town(0, 0) for row in rows])

    try:
        checked = validate(WORKPLACES, frame)
    except InputError:
        return
    assert_frame_equal(validate(WORKPLACES, checked), checked)


def test_what_is_near_the_region_is_told_by_the_exact_distance() -> None:
    municipalities = packaged_municipalities().geometry.to_numpy()
    rim = shapely.get_coordinates(shapely.union_all(municipalities).buffer(NEAREST_MUNICIPALITY_M))[::7]
    rng = np.random.default_rng(20260715)
    places = np.vstack([rim + rng.uniform(-step, step, rim.shape) for step in (1.0, 100.0, 3_000.0)])
    points = shapely.points(places[(places[:, 0] > 270_000) & (places[:, 0] < 920_000)])
    distance_m = np.min([shapely.distance(each, points) for each in municipalities], axis=0)
    misplaced = find_misplaced(get_layer("workplaces"), gpd.GeoSeries(points, crs="EPSG:3006"))
    inside = np.array([each.y < 7_690_000 for each in points])
    assert (misplaced == (distance_m > NEAREST_MUNICIPALITY_M))[inside].all()
    assert misplaced.any()
    assert not misplaced.all()


@pytest.mark.parametrize(
    ("layer", "column", "most"),
    [
        ("workplaces", "employees", 200_000),
        ("accommodation", "beds", 20_000),
        ("establishments", "workforce", 200_000),
    ],
)
def test_what_no_single_place_holds_is_refused(layer: str, column: str, most: int) -> None:
    checks = LAYERS[layer].schema.columns[column].checks

    def broken(value: float) -> list[str]:
        return [str(check.error) for check in checks if not check(pd.Series([float(value)])).check_passed]

    assert broken(most) == []
    assert broken(most + 1) == [f"must be at most {most}; check the number and its unit"]
