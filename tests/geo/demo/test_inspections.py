"""Visits and findings: biased as real ones are, with shares as known, and nothing found that was not visited."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.demo import Demo
from geo.demo.crews import Crew, draw_crew
from geo.demo.inspections import persons_band
from geo.demo.outcomes import chance_of_seeing, draw_outcome
from geo.reference import read_table, sectors_of

AT = pd.Timestamp(2026, 7, 15)
OFFICES = {"Umeå": (758_600, 7_088_600), "Luleå": (829_400, 7_292_300), "Sundsvall": (619_200, 6_919_900)}


def test_three_years_up_to_the_date(demo: Demo) -> None:
    visited_on = demo.layers["visits"]["visited_on"]
    assert visited_on.max() <= AT
    assert visited_on.min() > AT - pd.DateOffset(years=3)
    for years_ago in range(3):
        last = AT - pd.DateOffset(years=years_ago)
        per_year = visited_on.between(last - pd.DateOffset(years=1), last, inclusive="right").sum()
        assert 250 <= per_year <= 400
    assert (visited_on.dt.day_of_week < 6).all()


def test_outcome_shares_are_as_known(demo: Demo) -> None:
    share = demo.layers["visits"]["outcome"].value_counts(normalize=True)
    assert 0.55 <= 1 - share["nothing_found"] <= 0.70
    assert 0.10 <= share["ban"] <= 0.20
    assert share["no_right_to_work"] == pytest.approx(0.05, abs=0.015)
    assert 0.03 <= share["trafficking_indicator"] <= 0.06


def test_another_seed_stays_near_the_known_shares(other_demo: Demo) -> None:
    share = other_demo.layers["visits"]["outcome"].value_counts(normalize=True)
    assert 0.52 <= 1 - share["nothing_found"] <= 0.73
    assert 0.08 <= share["ban"] <= 0.22
    assert 0.02 <= share["trafficking_indicator"] <= 0.075


def test_visits_go_to_sites_that_are_there_that_day_or_month(demo: Demo, sites: pd.DataFrame) -> None:
    visits = demo.layers["visits"]
    assert visits["site_id"].isin(sites.index).all()
    site = sites.loc[visits["site_id"]]
    month = pd.Timedelta(days=31)
    day = visits["visited_on"].to_numpy()
    assert (site["active_from"].isna().to_numpy() | (site["active_from"].to_numpy() <= day + month)).all()
    assert (site["active_to"].isna().to_numpy() | (site["active_to"].to_numpy() >= day - month)).all()
    assert visits.geometry.geom_equals(gpd.GeoSeries(site["geometry"].to_numpy(), crs=3006)).all()


def test_agencies_on_site_are_those_that_go_on_site(demo: Demo) -> None:
    there = demo.layers["visits"]["agencies"].str.split("+")
    attendance = read_table("capabilities").groupby("agency")["attendance"].first()
    assert there.map(lambda agencies: agencies[0] == "arbetsmiljoverket").all()
    assert there.map(lambda agencies: len(set(agencies)) == len(agencies)).all()
    for agency in set(there.explode()):
        assert attendance[agency].startswith("on_site"), agency


def test_inspectors_stay_near_their_offices(demo: Demo, registered: gpd.GeoDataFrame) -> None:
    def share_near(frame: gpd.GeoDataFrame) -> float:
        metres = [np.hypot(frame.geometry.x - x, frame.geometry.y - y) for x, y in OFFICES.values()]
        return float((np.min(metres, axis=0) < 30_000).mean())

    assert share_near(demo.layers["visits"]) > 1.25 * share_near(registered)


def test_inspectors_watch_known_sectors(demo: Demo) -> None:
    workplaces = demo.layers["workplaces"].set_index("workplace_id")
    visited = demo.layers["visits"]["site_id"]
    visited = workplaces.loc[visited[visited.isin(workplaces.index)]]
    sector = pd.Series(sectors_of(visited["sni"], visited["sni_version"])).value_counts(normalize=True)
    assert sector["construction"] > 0.2
    assert sector["hotel_restaurant"] > 0.15
    assert sector.get("other", 0) < 0.25


def test_inspectors_come_back_to_where_something_was_found(demo: Demo) -> None:
    visits = demo.layers["visits"].sort_values(["site_id", "visited_on"])
    again = visits["site_id"].eq(visits["site_id"].shift(-1))
    found = visits["outcome"].isin(["trafficking_indicator", "no_right_to_work", "ban"])
    assert again[found].mean() > 2 * again[~found].mean()


def test_green_work_is_visited_in_its_season(demo: Demo) -> None:
    workplaces = demo.layers["workplaces"].set_index("workplace_id")
    visits = demo.layers["visits"]
    green = (
        visits["site_id"]
        .map(pd.Series(sectors_of(workplaces["sni"], workplaces["sni_version"]), index=workplaces.index))
        .eq("green")
    )
    in_season = visits["visited_on"].dt.month.between(4, 10)
    assert in_season[green].mean() > in_season[~green].mean() + 0.05


class TestFindings:
    def test_discovered_ones_follow_from_visits(self, demo: Demo) -> None:
        findings, visits = demo.layers["findings"], demo.layers["visits"].set_index("visit_id")
        visit = visits.loc[findings["visit_id"]]
        assert (findings["source"] != "tip").all()
        assert (visit["visited_on"].to_numpy() == findings["observed_on"].to_numpy()).all()
        assert findings.geometry.reset_index(drop=True).geom_equals(visit.geometry.reset_index(drop=True)).all()
        assert (visit["outcome"] != "nothing_found").all()
        there = visit["agencies"].str.split("+")
        assert all(agency in agencies for agency, agencies in zip(findings["agency"], there, strict=True))

    def test_every_indicator_visit_has_its_finding_unless_erased(self, demo: Demo) -> None:
        visits, findings = demo.layers["visits"], demo.layers["findings"]
        signs = visits[visits["outcome"] == "trafficking_indicator"]
        recent = signs[signs["visited_on"] > AT - pd.DateOffset(years=2)]
        assert recent["visit_id"].isin(findings["visit_id"]).all()

    def test_codes_fit_their_framework_and_grade(self, demo: Demo) -> None:
        findings = demo.layers["findings"]
        indicator = read_table("indicators").set_index("indicator").loc[findings["indicator"]]
        assert (indicator["framework"].to_numpy() == findings["framework"].to_numpy()).all()
        usual = indicator["grade"].to_numpy() == findings["grade"].to_numpy()
        strongest = indicator["grade_max"].to_numpy() == findings["grade"].to_numpy()
        assert (usual | strongest).all()

    def test_none_is_kept_too_long(self, demo: Demo) -> None:
        findings = demo.layers["findings"]
        assert (findings["retain_until"] >= AT).all()
        assert ((findings["retain_until"] - findings["observed_on"]).dt.days <= 5 * 366).all()

    def test_circle_follows_the_agency(self, demo: Demo) -> None:
        findings = demo.layers["findings"]
        circle = read_table("agencies").set_index("agency")["circle"]
        assert (findings["agency"].map(circle) == findings["circle"]).all()
        assert "public" not in set(findings["circle"])

    def test_there_are_some_hundred_of_all_verifications(self, demo: Demo) -> None:
        findings = demo.layers["findings"]
        assert 250 <= len(findings) <= 650
        assert set(findings["verification"]) == set(read_table("finding_verifications")["verification"])


@given(st.integers(0, 300))
def test_bands_hold_the_number(n_persons: int) -> None:
    table = read_table("persons_bands")
    row = table[table["band"] == persons_band(n_persons)].iloc[0]
    assert row["low"] <= n_persons
    assert pd.isna(row["high"]) or n_persons <= row["high"]


def test_more_of_the_right_people_see_more() -> None:
    alone = Crew(("arbetsmiljoverket",))
    together = Crew(("arbetsmiljoverket", "polismyndigheten", "regional_coordinator"))
    assert chance_of_seeing(together, 5, 3) > chance_of_seeing(alone, 5, 3) > 0
    assert chance_of_seeing(alone, 5, 9) > chance_of_seeing(alone, 5, 1)
    assert chance_of_seeing(together, 0, 3) < 0.2 * chance_of_seeing(together, 5, 3)
    assert chance_of_seeing(together, 5, 0) == 0
    assert chance_of_seeing(together, 50, 30) < 1


def test_nobody_is_identified_where_nobody_is_exploited() -> None:
    rng = np.random.default_rng(5)
    crew = draw_crew(rng, "workplaces", "construction")
    drawn = [draw_outcome(rng, crew, 1.0, 4, 0) for _ in range(4_000)]
    assert {n_identified for _, n_identified in drawn} == {0}
    false_alarms = np.mean([outcome == "trafficking_indicator" for outcome, _ in drawn])
    assert 0.004 < false_alarms < 0.022


def test_no_more_are_identified_than_there_are() -> None:
    rng = np.random.default_rng(6)
    crew = Crew(("arbetsmiljoverket", "polismyndigheten", "regional_coordinator"))
    identified = [draw_outcome(rng, crew, 0.0, 6, 4)[1] for _ in range(2_000)]
    assert max(identified) <= 4
    assert np.mean(np.array(identified) > 0) == pytest.approx(chance_of_seeing(crew, 6, 4), abs=0.04)


class TestReports:
    def test_every_tip_is_one(self, demo: Demo, sites: pd.DataFrame) -> None:
        reports = demo.layers["reported"]
        assert 80 <= len(reports) <= 250
        assert reports["reported_on"].between(pd.Timestamp(AT) - pd.DateOffset(years=3), pd.Timestamp(AT)).all()
        assert (reports["retain_until"] >= pd.Timestamp(AT)).all()
        assert (reports["source"] == "tip").mean() > 0.5
        places = sites.loc[reports["site_id"], "geometry"].reset_index(drop=True)
        assert reports.geometry.reset_index(drop=True).geom_equals(gpd.GeoSeries(places, crs=reports.crs)).all()

    def test_some_are_true_and_most_are_not(self, demo: Demo) -> None:
        true = demo.layers["reported"]["site_id"].isin(demo.truth["site_id"])
        assert 0.2 < true.mean() < 0.75
