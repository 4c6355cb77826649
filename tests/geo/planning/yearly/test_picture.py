"""The yearly picture is what plain Python counts, and visits, checks, firms and persons stay apart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.plan import AgencyOutcome
from geo.planning.yearly import Period, draw_picture, read_records
from tests.frames import make_accommodation, make_finding, make_frame, make_visit, make_workplace
from tests.geo.planning.followup.made import make_outcome, nobody_there
from tests.geo.planning.plan.made import make_plan, make_stop

YEAR = Period.of_year(2026)
# Umeå, and Luleå in the county to the north
PLACES = {"24": {"easting": 758_600.0, "northing": 7_088_600.0}, "25": {"easting": 827_000.0, "northing": 7_296_000.0}}
SITES: dict[str | None, tuple[str, str]] = {
    # site to sector and firm
    "w001": ("construction", "5566778899"),
    "w002": ("construction", "5566778899"),
    "w003": ("green", "workplaces/w003"),
    "a001": ("accommodation", "accommodation/a001"),
    "gone": ("unknown", ""),
    None: ("unknown", ""),
}
SNI = {"w001": "41200", "w002": "41200", "w003": "02300"}
BANDS = {"0": (0, 0), "1-4": (1, 4), "5-9": (5, 9), "10+": (10, None)}

_visit = st.fixed_dictionaries(
    {
        "site_id": st.sampled_from(list(SITES)),
        "visited_on": st.sampled_from(["2026-01-01", "2026-12-31", "2025-12-31", "2025-03-01", "2024-12-31"]),
        "persons_met": st.sampled_from(list(BANDS)),
        "outcome": st.sampled_from(["nothing_found", "ban"]),
        "county": st.sampled_from(list(PLACES)),
    }
)
_finding = st.fixed_dictionaries(
    {
        "visit": st.integers(1, 4),
        "source": st.sampled_from(["observed", "tip"]),
        "verification": st.sampled_from(["unverified", "dismissed"]),
        "grade": st.sampled_from(["S", "M"]),
    }
)


def make_layers(visits: list[dict[str, Any]], findings: list[dict[str, Any]]) -> Layers:
    work = [
        make_workplace(1, workplace_id=site, sni=sni, employer_id="5566778899" if sni == "41200" else None)
        for site, sni in SNI.items()
    ]
    frames = {"workplaces": make_frame(work), "accommodation": make_frame([make_accommodation(1)])}
    if visits:
        rows = [
            make_visit(k, **{**{name: v for name, v in row.items() if name != "county"}, **PLACES[row["county"]]})
            for k, row in enumerate(visits, 1)
        ]
        frames["visits"] = make_frame(rows)
    if findings:
        frames["findings"] = make_frame(findings)
    return geo.Layers(frames)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.lists(_visit, max_size=6), st.lists(_finding, max_size=6))
def test_every_table_is_what_plain_python_counts(visits: list[dict[str, Any]], seen: list[dict[str, Any]]) -> None:
    findings = []
    for k, row in enumerate(seen, 1):
        of_visit = visits[row["visit"] - 1] if row["visit"] <= len(visits) else None
        findings.append(
            make_finding(
                k,
                visit_id=f"v{row['visit']:03d}",
                observed_on=of_visit["visited_on"] if of_visit else "2026-05-05",
                **{name: row[name] for name in ("source", "verification", "grade")},
                **PLACES[of_visit["county"] if of_visit else "24"],
            )
        )
    picture = draw_picture(make_layers(visits, findings), YEAR)
    counted = [row for row in findings if row["source"] != "tip" and row["verification"] != "dismissed"]
    finds = {row["visit_id"] for row in counted}
    names = [f"v{k:03d}" for k in range(1, len(visits) + 1)]

    # a year that is not over stands beside as much of the year before
    last = max((row["visited_on"] for row in visits), default="")
    end = {"2026": "12-31", "2025": last[5:] if last.startswith("2026") else "12-31"}

    def lies_in(day: str, year: str) -> bool:
        return day[:4] == year and day[5:] <= end[year]

    def check(amounts: Any, year: str, keep: Any) -> None:
        mine = [
            (name, row)
            for name, row in zip(names, visits, strict=True)
            if lies_in(row["visited_on"], year) and keep(row)
        ]
        highs = [BANDS[row["persons_met"]][1] for _, row in mine]
        assert amounts.visits == len(mine)
        assert amounts.found == sum(name in finds for name, _ in mine)
        assert amounts.remarked == sum(row["outcome"] != "nothing_found" for _, row in mine)
        assert amounts.firms == len({SITES[row["site_id"]][1] for _, row in mine} - {""})
        assert amounts.sites == len({row["site_id"] for _, row in mine} - {"gone", None})
        assert amounts.persons_low == sum(BANDS[row["persons_met"]][0] for _, row in mine)
        assert amounts.persons_high == (None if None in highs else sum(highs))

    for year, which in (("2026", "now"), ("2025", "before")):
        check(getattr(picture.total, which), year, lambda _: True)
        total = sum(lies_in(row["observed_on"], year) for row in counted)
        assert getattr(picture.total, which).findings == total
        keeps = {
            "sector": lambda row, code: SITES[row["site_id"]][0] == code,
            "county": lambda row, code: row["county"] == code,
            "month": lambda row, code: row["visited_on"][5:7] == code,
            "outcome": lambda row, code: row["outcome"] == code,
        }
        for dimension, keep in keeps.items():
            for group in picture.groups[dimension]:
                check(getattr(group, which), year, lambda row, k=keep, c=group.code: k(row, c))
        for dimension in ("sector", "county", "month"):
            assert sum(getattr(group, which).findings for group in picture.groups[dimension]) == total
    assert sum(picture.bands.values()) == picture.total.now.visits
    assert sum(n for grades in picture.indicators.values() for n in grades.values()) == picture.total.now.findings
    assert json.dumps(picture.to_dict(), allow_nan=False)


def test_a_year_so_far_stands_beside_as_much_of_the_year_before() -> None:
    usual = {"site_id": "w001", "persons_met": "1-4", "county": "24"}
    days = {"2025-03-01": "ban", "2025-11-30": "ban", "2026-02-01": "deficiency", "2026-03-15": "nothing_found"}
    visits = [{**usual, "visited_on": day, "outcome": outcome} for day, outcome in days.items()]
    picture = draw_picture(make_layers(visits, []), YEAR)
    assert (picture.counted.last, picture.before.last) == (date(2026, 3, 15), date(2025, 3, 15))
    assert (picture.total.now.visits, picture.total.before.visits) == (2, 1)
    # a deficiency is an outcome and no finding
    assert (picture.total.now.remarked, picture.total.now.found) == (1, 0)
    # months to come have no number, not even none
    assert [group.code for group in picture.groups["month"]] == ["01", "02", "03"]
    assert "to 15 March 2025" in str(picture.unfinished)
    whole = draw_picture(make_layers(visits, []), Period.of_year(2025))
    assert (whole.counted, whole.unfinished, len(whole.groups["month"])) == (Period.of_year(2025), None, 12)


def test_a_year_of_which_nothing_is_in_stands_beside_a_whole_one() -> None:
    visits = [{"site_id": "w001", "visited_on": "2025-03-01", "persons_met": "0", "outcome": "ban", "county": "24"}]
    picture = draw_picture(make_layers(visits, []), YEAR)
    assert picture.counted == YEAR
    assert "the whole period a year earlier" in str(picture.unfinished)


def test_checks_come_from_the_last_records_of_plans_in_the_period() -> None:
    stops = [make_stop(f"w{k}", order=k + 1) for k in range(4)]
    both = (
        AgencyOutcome("polismyndigheten", frozenset({"potential_victims", "right_to_stay_and_work"})),
        AgencyOutcome("arbetsmiljoverket", frozenset({"work_environment"})),
    )
    first = make_outcome(stops[0], finds=False, agencies=both)
    outcomes = {
        stops[0].key: (first, replace(first, agencies=both[:1])),
        stops[1].key: (make_outcome(stops[1], finds=False, agencies=both),),
        stops[2].key: (nobody_there(stops[2], "closed"),),
        stops[3].key: (make_outcome(stops[3], finds=False, agencies=both, on=date(2027, 1, 1)),),
    }
    records = read_records(make_layers([], []), YEAR, [make_plan(*stops, outcomes=outcomes)])
    assert records.n_planned == 2
    assert records.checks == {
        ("arbetsmiljoverket", "work_environment"): 1,
        ("polismyndigheten", "potential_victims"): 2,
        ("polismyndigheten", "right_to_stay_and_work"): 2,
    }


def test_what_is_not_known_is_said() -> None:
    visits = [
        {"site_id": None, "visited_on": "2026-02-01", "persons_met": "10+", "outcome": "ban", "county": "24"},
        {"site_id": "a001", "visited_on": "2026-02-02", "persons_met": "1-4", "outcome": "ban", "county": "24"},
    ]
    findings = [
        make_finding(1, visit_id="v001", verification="dismissed"),
        make_finding(2, visit_id="v001", source="tip"),
        make_finding(3, visit_id="elsewhere"),
    ]
    said = [str(one) for one in draw_picture(make_layers(visits, findings), YEAR).unknown]
    for start in (
        "Visits of which no plan records the checks: 2.",
        "Visits that name no site of the registers: 1.",
        "Visits at sites without a known employer: 1.",
        "Visits that name no agency: 2.",
        "Visits that met ten persons or more: 1.",
        "Findings that name no visit of the period: 1.",
        "Findings that were dismissed: 1.",
        "Tips among the findings: 1.",
    ):
        assert any(one.startswith(start) for one in said), start


def test_the_year_before_of_a_leap_day_is_a_day() -> None:
    assert Period(date(2024, 2, 29), date(2024, 3, 1)).before == Period(date(2023, 2, 28), date(2023, 3, 1))
    assert YEAR.before == Period.of_year(2025)
    assert (YEAR.year, Period(date(2026, 1, 1), date(2026, 12, 30)).year) == (2026, None)


def test_a_period_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match="end before it begins"):
        Period(date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(ParameterError, match="Give a year"):
        Period.of_year(26)
    for first, last in ((date(1, 1, 1), date(1, 12, 31)), (date(1989, 12, 31), date(1990, 1, 1))):
        with pytest.raises(ParameterError, match="in the years 1990 to 2200"):
            Period(first, last)


def test_the_first_year_that_can_be_asked_for_has_a_year_before() -> None:
    before = Period.of_year(1990).before
    assert (before.first, before.last, before.year) == (date(1989, 1, 1), date(1989, 12, 31), 1989)
