"""Crews that cannot be sent are refused with all that is wrong; others are told which stops are of no use to them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from geo.errors import ParameterError
from geo.planning.crews import Crew, check_crews, note_crews, unmet_requirements
from geo.reference import read_table
from geo.region import load_region

UMEA = (758_000.0, 7_087_000.0)
CREW = Crew(
    "north",
    {"arbetsmiljoverket": 4, "skatteverket": 3, "polismyndigheten": 5},
    (5, 5, 4),
    UMEA,
    on_call=frozenset({"jamstalldhetsmyndigheten"}),
    remote=frozenset({"migrationsverket"}),
)
REGION = load_region()


def refuse(*crews: Crew) -> list[str]:
    with pytest.raises(ParameterError) as refused:
        check_crews(crews, REGION)
    return str(refused.value).split("\n")


def test_a_usual_crew_may_be_sent() -> None:
    check_crews([CREW, replace(CREW, name="south")], REGION)
    assert note_crews([CREW]) == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"people": {}}, "nobody rides along"),
        ({"people": {"polismyndigheten": 0, "skatteverket": 2}}, "polismyndigheten has 0 people"),
        ({"people": {"fbi": 2}}, "no agency 'fbi'"),
        (
            {"people": {"migrationsverket": 2}, "remote": frozenset()},
            "may not be on_site; it may be remote",
        ),
        ({"on_call": frozenset({"polismyndigheten"})}, "more than one way"),
        ({"remote": frozenset({"iom"})}, "iom may not be remote; it takes no part"),
        ({"car_seats": ()}, "at least one seat"),
        ({"car_seats": (5, 0, 9)}, "at least one seat"),
        ({"car_seats": (5, 4)}, "12 people and 9 seats"),
        ({"car_seats": (1,)}, "12 people and 1 seat;"),
        ({"depot": (math.nan, 7_000_000.0)}, "no finite coordinates"),
        ({"depot": (850_000.0, 7_050_000.0)}, "at sea or outside"),
        ({"depot": (674_000.0, 6_580_000.0)}, "at sea or outside"),
        ({"name": " "}, "has no name"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    (failure,) = refuse(replace(CREW, **changes))
    assert named in failure


def test_all_failures_are_told_at_once() -> None:
    bad = Crew("a", {"fbi": 3}, (), (0.0, 0.0))
    assert len(refuse(bad, bad)) == 1 + 2 * 3
    assert refuse() == ["There is no crew; a plan needs at least one."]


def test_a_small_or_large_team_is_said_and_may_go() -> None:
    small = replace(CREW, people={"polismyndigheten": 3})
    large = replace(CREW, name="big", people={"polismyndigheten": 16}, car_seats=(9, 9))
    alone = replace(CREW, name="alone", people={"polismyndigheten": 1})
    check_crews([small, large, alone], REGION)
    assert [str(note) for note in note_crews([small, CREW, large, alone])] == [
        "Crew north has 3 people on site; a joint inspection usually has 10 to 15.",
        "Crew big has 16 people on site; a joint inspection usually has 10 to 15.",
        "Crew alone has one person on site; a joint inspection usually has 10 to 15.",
    ]


def test_homes_are_outside_the_work_environment_authoritys_scope() -> None:
    alone = Crew("a", {"arbetsmiljoverket": 10}, (10,), UMEA)
    assert unmet_requirements(alone, "accommodation", "") == ("living_conditions", "victims")
    assert unmet_requirements(alone, "workplaces", "construction") == ("victims",)
    with_police = replace(alone, people={"arbetsmiljoverket": 6, "polismyndigheten": 4})
    assert unmet_requirements(with_police, "accommodation", "") == ()
    assert unmet_requirements(with_police, "workplaces", "green") == ()


def test_whoever_is_away_meets_nothing_that_takes_somebody_at_the_place() -> None:
    away = frozenset({"polismyndigheten", "regional_coordinator"})
    alone = Crew("a", {"skatteverket": 10}, (10,), UMEA, on_call=away)
    assert unmet_requirements(alone, "workplaces", "construction") == ("working_conditions", "victims")


def may_check(agency: str, layer: str, sector: str) -> set[str]:
    """Row by row through the table."""
    kinds = {"workplaces": {"workplace", "any"}, "accommodation": {"home", "temporary_lodging", "any"}}[layer]
    yes, no = set(), set()
    for row in read_table("capabilities").to_dict("records"):
        if row["agency"] == agency and row["sector"] in {"any", sector} and row["site_kind"] in kinds:
            (yes if row["applies"] else no).add(row["check"])
    return yes - no


@pytest.mark.parametrize("layer", ["workplaces", "accommodation"])
def test_requirements_are_met_as_the_tables_say(layer: str) -> None:
    sectors = read_table("sectors")["sector"].tolist() if layer == "workplaces" else [""]
    agencies = ["arbetsmiljoverket", "skatteverket", "polismyndigheten", "regional_coordinator", "municipality"]
    rows = [row for row in read_table("stop_requirements").to_dict("records") if row["layer"] == layer]
    for sector in sectors:
        for n in range(1, 4):
            for some in combinations(agencies, n):
                checks = set().union(*(may_check(agency, layer, sector) for agency in some))
                met = {row["requirement"] for row in rows if row["check"] in checks}
                expected = {row["requirement"] for row in rows} - met
                crew = Crew("a", dict.fromkeys(some, 5), (20,), UMEA)
                assert set(unmet_requirements(crew, layer, sector)) == expected
