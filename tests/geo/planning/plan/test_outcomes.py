"""What came of a stop is recorded by agency, corrected with its history kept, and becomes visits and findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import NotFoundError, ParameterError
from geo.layers import findings, visits
from geo.layers.validate import validate
from geo.planning.plan import (
    AgencyOutcome,
    Observation,
    Plan,
    StopOutcome,
    find_blocks,
    find_dropped,
    make_findings,
    make_visits,
    move_plan,
    read_plan,
    record_outcome,
    write_plan,
)
from geo.reference import find_checks, read_table
from tests.geo.planning.plan.made import CREW, DAYS, WHO, complete, make_plan, make_stop

NOTHING = StopOutcome("workplaces", "w1", DAYS[0], agencies=(AgencyOutcome("polismyndigheten"),))
HOURS = Observation("very_long_hours", "S", persons_band="5-9")
FOUND = StopOutcome(
    "workplaces",
    "w1",
    DAYS[0],
    outcome="trafficking_indicator",
    persons_met="10+",
    agencies=(
        AgencyOutcome("polismyndigheten", frozenset({"potential_victims"}), (HOURS,)),
        AgencyOutcome(
            "arbetsmiljoverket", frozenset({"working_hours", "work_environment"}), (HOURS, replace(HOURS, grade="M"))
        ),
    ),
)


def approved(*stops: Any) -> Plan:
    plan = complete(make_plan(*(stops or (make_stop(),))))
    return move_plan(move_plan(plan, "ready", **WHO), "approved", **WHO)


def test_nothing_found_is_as_easy_to_record_as_a_find_and_is_a_visit() -> None:
    plan = record_outcome(approved(), NOTHING, **WHO)
    assert plan.state == "under_way"
    assert plan.history[-1].what == "outcome"
    (visit,) = make_visits(plan).to_dict("records")
    assert (visit["outcome"], visit["agencies"], visit["site_id"]) == ("nothing_found", "polismyndigheten", "w1")
    assert (visit["geometry"].x, visit["geometry"].y) == (759_000, 7_088_000)
    assert len(make_findings(plan)) == 0


def test_every_observation_is_a_finding_of_its_agency() -> None:
    plan = record_outcome(approved(), FOUND, **WHO)
    frame = make_findings(plan)
    assert frame["agency"].tolist() == ["arbetsmiljoverket", "arbetsmiljoverket", "polismyndigheten"]
    assert frame["grade"].tolist() == ["S", "M", "S"]
    assert set(frame["framework"]) == {"DECK5"}
    assert set(frame["sector"]) == {"construction"}
    assert set(frame["visit_id"]) == set(make_visits(plan)["visit_id"])


@pytest.mark.parametrize(
    ("circle", "kept"),
    [("public", "municipality"), ("municipality", "municipality"), ("joint-inspection", "joint-inspection")],
)
def test_what_was_seen_is_never_public(circle: str, kept: str) -> None:
    plan = record_outcome(replace(approved(), circle=circle), FOUND, **WHO)
    assert set(make_visits(plan)["circle"]) == set(make_findings(plan)["circle"]) == {kept}


def test_who_takes_part_from_afar_finds_something_and_was_not_on_site() -> None:
    afar = replace(CREW, remote=frozenset({"skatteverket"}), on_call=frozenset({"migrationsverket"}))
    plan = replace(approved(), crews=(afar,))
    far = tuple(AgencyOutcome(agency, observations=(HOURS,)) for agency in ("skatteverket", "migrationsverket"))
    both = replace(FOUND, agencies=(FOUND.agencies[0], *far))
    recorded = record_outcome(plan, both, **WHO)
    assert make_visits(recorded)["agencies"].tolist() == ["polismyndigheten"]
    assert make_findings(recorded)["agency"].tolist() == ["migrationsverket", "polismyndigheten", "skatteverket"]
    with pytest.raises(ParameterError, match="at least one agency that was there"):
        record_outcome(plan, replace(both, agencies=far), **WHO)


@pytest.mark.parametrize("result", ["not_reached", "closed"])
def test_a_stop_where_nobody_was_met_is_no_inspection(result: str) -> None:
    plan = record_outcome(approved(), StopOutcome("workplaces", "w1", DAYS[0], result, outcome=""), **WHO)
    assert len(make_visits(plan)) == len(make_findings(plan)) == 0
    assert move_plan(plan, "closed", **WHO).state == "closed"


def test_a_plan_is_closed_when_every_stop_has_an_outcome() -> None:
    plan = record_outcome(approved(make_stop(), make_stop("w2", order=2)), NOTHING, **WHO)
    assert [str(block) for block in find_blocks(plan, "closed")] == ["Place w2 has no outcome yet."]
    with pytest.raises(ParameterError, match="Place w2"):
        move_plan(plan, "closed", **WHO)
    assert move_plan(record_outcome(plan, replace(NOTHING, record_id="w2"), **WHO), "closed", **WHO).state == "closed"


def test_a_correction_takes_the_place_of_what_it_corrects_and_keeps_it() -> None:
    closed = move_plan(record_outcome(approved(), FOUND, **WHO), "closed", **WHO)
    before = make_findings(closed)
    fewer = replace(FOUND, agencies=FOUND.agencies[:1])
    plan = record_outcome(closed, fewer, by="analyst", at="2026-08-01T10:00:00+00:00")
    assert plan.state == "closed"
    assert plan.outcomes["workplaces", "w1"] == (FOUND, fewer)
    assert (plan.history[-1].what, plan.history[-1].by) == ("corrected", "analyst")
    assert set(make_visits(plan)["visit_id"]) == set(make_visits(closed)["visit_id"])
    dropped_visits, dropped = find_dropped(plan)
    assert dropped_visits == frozenset()
    assert dropped == set(before["finding_id"]) - set(make_findings(plan)["finding_id"])
    assert len(dropped) == 2
    gone = record_outcome(plan, StopOutcome("workplaces", "w1", DAYS[0], "closed", outcome=""), **WHO)
    assert find_dropped(gone) == (frozenset(make_visits(closed)["visit_id"]), frozenset(before["finding_id"]))


def test_outcomes_come_back_from_json_with_their_history() -> None:
    plan = record_outcome(record_outcome(approved(), FOUND, **WHO), NOTHING, **WHO)
    back = read_plan(write_plan(plan))
    assert dict(back.outcomes) == dict(plan.outcomes)


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        (replace(NOTHING, result="asleep"), "asleep"),
        (replace(NOTHING, on=date(2026, 7, 1)), "before the plan's first day"),
        (replace(NOTHING, outcome="fine"), "fine"),
        (replace(NOTHING, persons_met="3"), "persons_met"),
        (replace(NOTHING, agencies=()), "at least one agency"),
        (replace(NOTHING, agencies=NOTHING.agencies * 2), "more than once"),
        (replace(FOUND, outcome="nothing_found"), "there are observations"),
        (replace(NOTHING, outcome="ban"), "ban needs at least one observation; add"),
        (replace(NOTHING, outcome="deficiency"), "deficiency needs at least one observation"),
        (replace(NOTHING, result="not_reached"), "leave them out"),
        (replace(NOTHING, agencies=(AgencyOutcome("fbi"),)), "no such agency"),
        (
            replace(NOTHING, agencies=(*NOTHING.agencies, AgencyOutcome("skatteverket"))),
            "skatteverket: it takes no part in crew north; these do: arbetsmiljoverket, polismyndigheten.",
        ),
        (replace(NOTHING, agencies=(AgencyOutcome("skatteverket", frozenset({"prosecution"})),)), "prosecution"),
        (
            replace(NOTHING, agencies=(AgencyOutcome("skatteverket", observations=(replace(HOURS, grade="X"),)),)),
            "grade",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(outcome: StopOutcome, named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        record_outcome(approved(), outcome, **WHO)


def test_what_came_of_a_plan_that_was_broken_off_is_corrected_and_not_added_to() -> None:
    plan = record_outcome(approved(make_stop(), make_stop("w2", order=2)), NOTHING, **WHO)
    broken_off = move_plan(plan, "cancelled", reason="weather", **WHO)
    corrected = record_outcome(broken_off, FOUND, **WHO)
    assert (corrected.state, corrected.history[-1].what) == ("cancelled", "corrected")
    assert make_visits(corrected)["outcome"].tolist() == ["trafficking_indicator"]
    with pytest.raises(ParameterError, match="this one is cancelled"):
        record_outcome(broken_off, replace(NOTHING, record_id="w2"), **WHO)


@pytest.mark.parametrize("result", ["visited", "not_reached"])
def test_nothing_has_come_of_a_day_that_has_not_come(result: str) -> None:
    of_visit = result == "visited"
    outcome = replace(
        NOTHING, result=result, outcome=NOTHING.outcome if of_visit else "", agencies=NOTHING.agencies * of_visit
    )
    for slip in (date(2027, 7, 20), date(9999, 1, 1)):
        with pytest.raises(ParameterError, match=f"{slip} is after today, 2026-07-20; record"):
            record_outcome(approved(), replace(outcome, on=slip), today=DAYS[0], **WHO)
    with pytest.raises(ParameterError, match="is after today"):
        record_outcome(approved(), replace(outcome, on=date(9999, 1, 1)), **WHO)
    assert record_outcome(approved(), outcome, today=DAYS[0], **WHO).state == "under_way"


def test_outcomes_wait_for_approval_and_for_a_stop() -> None:
    with pytest.raises(ParameterError, match="this one is draft"):
        record_outcome(make_plan(make_stop()), NOTHING, **WHO)
    with pytest.raises(NotFoundError, match="w9"):
        record_outcome(approved(), replace(NOTHING, record_id="w9"), **WHO)
    closed = move_plan(record_outcome(approved(), NOTHING, **WHO), "closed", **WHO)
    assert record_outcome(closed, NOTHING, **WHO).state == "closed"


AGENCIES = sorted({check.agency for check in find_checks("workplaces", "construction")})
SEEN = st.builds(
    Observation,
    st.sampled_from(read_table("indicators")["indicator"].tolist()),
    st.sampled_from(["S", "M", "W"]),
    st.sampled_from(["observed", "documented", "statement"]),
    st.sampled_from(["unverified", "corroborated", "decided", "dismissed"]),
    st.sampled_from(["0", "1-4", "5-9", "10+"]),
)


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(AGENCIES), st.lists(SEEN, max_size=3), min_size=1, max_size=4))
def test_whatever_was_seen_fits_the_layers(seen: dict[str, list[Observation]]) -> None:
    agencies = tuple(AgencyOutcome(agency, frozenset(), tuple(some)) for agency, some in seen.items())
    found = "deficiency" if any(seen.values()) else "nothing_found"
    everybody = replace(CREW, people=dict.fromkeys(AGENCIES, 1))
    plan = replace(approved(), crews=(everybody,))
    plan = record_outcome(plan, replace(NOTHING, outcome=found, agencies=agencies), **WHO)
    assert len(make_findings(plan)) == sum(map(len, seen.values()))
    for layer, frame in ((visits.LAYER, make_visits(plan)), (findings.LAYER, make_findings(plan))):
        assert validate(layer, frame).equals(frame)
