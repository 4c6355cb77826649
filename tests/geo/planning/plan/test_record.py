"""A plan goes to JSON and back as it was."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import StoreError
from geo.planning.plan import Plan, PlannedStop, justify_stop, move_plan, read_plan, write_plan
from geo.risk.words import Sentence, Tenths
from tests.geo.planning.plan.made import WHO, complete, make_plan, make_stop

NAMES = st.text(min_size=1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.one_of(st.text(), st.integers(), FLOATS, st.booleans(), st.dates(), st.none()),
    lambda inner: st.builds(Sentence, st.text(), st.dictionaries(NAMES, inner, max_size=2)),
    max_leaves=4,
)
STOPS = st.builds(
    PlannedStop,
    layer=st.sampled_from(["workplaces", "accommodation"]),
    record_id=st.text(min_size=1),
    title=st.text(),
    sector=st.sampled_from(["", "green"]),
    easting=st.floats(300_000, 900_000),
    northing=st.floats(6_900_000, 7_600_000),
    crew=st.text(min_size=1),
    on=st.dates(),
    order=st.integers(1, 9),
    arrive_minute=st.integers(0, 1440),
    start_minute=st.integers(0, 1440),
    end_minute=st.integers(0, 1440),
    drive_minutes=st.integers(0, 600),
    propensity=st.none() | st.floats(0, 1),
    priority=st.floats(0, 100),
    days_since_visit=st.none() | st.integers(0, 9999),
    expected=st.none() | st.floats(0, 1),
    reasons=st.lists(st.builds(Sentence, st.text(), st.dictionaries(st.text(min_size=1), VALUES, max_size=3))).map(
        tuple
    ),
)


def round_trip(plan: Plan) -> Plan:
    return read_plan(json.loads(json.dumps(write_plan(plan), allow_nan=False)))


@given(st.lists(STOPS, max_size=3))
def test_every_stop_comes_back(stops: list[PlannedStop]) -> None:
    assert round_trip(make_plan(*stops)).stops == tuple(stops)


def test_what_is_written_in_tenths_still_is() -> None:
    reason = Sentence("Its surroundings score {score} of 100.", {"score": Tenths(41.26)})
    (stop,) = round_trip(make_plan(make_stop(reasons=(reason,)))).stops
    assert str(stop.reasons[0]) == "Its surroundings score 41.3 of 100."


def test_a_whole_plan_comes_back() -> None:
    plan = complete(make_plan(make_stop(days_since_visit=3), manifest={"seed": 7, "candidates": [["w1", 0.5]]}))
    plan = move_plan(
        move_plan(justify_stop(plan, ("workplaces", "w1"), "new_tip", **WHO), "ready", **WHO), "approved", **WHO
    )
    back = round_trip(plan)
    assert write_plan(back) == write_plan(plan)
    assert back.crews == plan.crews
    assert back.stops[0].reasons == (Sentence("Last visit: {date}.", {"date": date(2025, 3, 1)}),)
    assert back.history == plan.history


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(StoreError, match="format 2"):
        read_plan({"format": 2})
    with pytest.raises(StoreError, match="restore it"):
        read_plan({"format": 1, "plan_id": "p"})


def test_a_plan_stored_before_plans_said_what_they_expect_is_read() -> None:
    record = write_plan(make_plan(make_stop(expected=0.3)))
    del record["stops"][0]["expected"]
    assert read_plan(record).stops[0].expected is None
