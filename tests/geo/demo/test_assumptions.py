"""The generator's own tables: complete, and pointing at things that exist."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geo.demo
from geo.demo.assumptions import calibrated_range, find_coded, is_in_months, read_assumptions, read_rows
from geo.demo.placement import SETTINGS
from geo.reference import known_sni, read_table, sectors_of

TABLES = sorted(path.stem for path in (Path(geo.demo.__file__).parent / "tables").glob("*.csv"))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_its_source(name: str) -> None:
    table = read_assumptions(name)
    assert len(table)
    assert table["source"].str.len().min() > 5


def test_a_table_is_the_callers_own() -> None:
    mine = read_assumptions("offices")
    mine["weight"] = 0.0
    assert read_assumptions("offices")["weight"].min() > 0


@pytest.mark.parametrize("name", ["profiles", "housing_kinds"])
def test_mixes_of_settings_are_whole(name: str) -> None:
    mix = read_assumptions(name)[list(SETTINGS)].sum(axis=1)
    assert set(mix) <= {0, 100}


@pytest.mark.parametrize(("name", "subject"), [("profiles", "workplaces"), ("temporary_kinds", "workplaces")])
def test_trades_belong_to_calibrated_groups(name: str, subject: str) -> None:
    calibration = read_table("calibration")
    items = set(calibration.loc[calibration["subject"] == subject, "item"])
    groups = set(read_assumptions(name)["group"])
    assert groups <= items
    if name == "profiles":
        assert groups == items


@pytest.mark.parametrize("name", ["profiles", "temporary_kinds"])
def test_industry_codes_are_known_and_both_editions_mean_the_same_sector(name: str) -> None:
    table = read_assumptions(name)
    assert known_sni(table["sni_2007"], "2007").all()
    both = table[table["sni_2025"].notna()]
    assert known_sni(both["sni_2025"], "2025").all()
    before, after = sectors_of(both["sni_2007"], "2007"), sectors_of(both["sni_2025"], "2025")
    # cabins, camping sites and the like are "other" in both
    assert before.tolist() == after.tolist()


def test_housing_kinds_are_the_housing_types() -> None:
    assert set(read_assumptions("housing_kinds")["housing_type"]) == set(read_table("housing_types")["housing_type"])


@pytest.mark.parametrize("name", ["environments", "visit_focus"])
def test_codes_of_sites_exist(name: str) -> None:
    known = {
        "workplaces": {*read_assumptions("profiles")["profile"], *read_assumptions("temporary_kinds")["kind"]},
        "accommodation": set(read_assumptions("housing_kinds")["housing_type"]),
    }
    for row in read_rows(name):
        assert set(row.codes.split()) <= known[row.site_layer], row


def test_environments_name_sector_groups_and_both_kinds() -> None:
    table = read_assumptions("environments")
    assert set(table["sector"]) <= set(read_table("sectors")["sector"])
    assert table.loc[table["environment"] == "new", "share"].sum() / table["share"].sum() > 1 / 3
    assert set(table["environment"]) == {"known", "new"}


def test_finding_codes_are_indicators_of_known_outcomes() -> None:
    table = read_assumptions("finding_codes")
    assert set(table["indicator"]) <= set(read_table("indicators")["indicator"])
    assert set(table["outcome"]) - {"tip"} <= set(read_table("visit_outcomes")["outcome"]) - {"nothing_found"}


def test_populations_cover_every_municipality() -> None:
    table = read_assumptions("populations")
    assert set(table["municipality"]) == set(read_table("municipalities")["municipality"])
    # the four counties together have about 0.9 million inhabitants
    assert table["population"].sum() == pytest.approx(900_000, rel=0.03)


def test_calibrated_range_reads_the_reference() -> None:
    assert calibrated_range("joint_inspections_region", "per_year") == (250.0, 400.0)


def test_seasons_may_run_over_the_turn_of_the_year() -> None:
    assert [month for month in range(1, 13) if is_in_months(month, 11, 3)] == [1, 2, 3, 11, 12]
    assert [month for month in range(1, 13) if is_in_months(month, 4, 6)] == [4, 5, 6]


def test_codes_are_found_whole() -> None:
    values = np.array(["hotel", "hostel", "hot"], dtype=object)
    assert find_coded(values, "hotel hostel").tolist() == [True, True, False]
    assert isinstance(read_assumptions("profiles")["sni_2007"].iloc[0], str)
    assert pd.notna(read_assumptions("profiles")["sni_2007"]).all()
