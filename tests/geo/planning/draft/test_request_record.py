"""A request comes back from JSON as it was, and what is none is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import StoreError
from geo.planning.crews import Crew
from geo.planning.draft import DraftRequest, read_request, request_of, write_request
from geo.planning.targets import TargetFilter
from tests.geo.planning.plan.made import CREW, DAYS, make_plan

NAMES = st.text(min_size=1, max_size=8)
KEYS = st.tuples(st.sampled_from(["workplaces", "accommodation"]), NAMES)
METRES = st.floats(1e5, 8e6, allow_nan=False)
CODES = st.frozensets(NAMES, max_size=3)
AREAS = st.builds(shapely.box, st.floats(2e5, 5e5), st.floats(6e6, 7e6), st.floats(6e5, 9e5), st.floats(7.1e6, 8e6))
CREWS = st.builds(
    Crew,
    name=NAMES,
    people=st.dictionaries(NAMES, st.integers(1, 9), max_size=3),
    car_seats=st.lists(st.integers(1, 9), max_size=4).map(tuple),
    depot=st.tuples(METRES, METRES),
    on_call=CODES,
    remote=CODES,
)
FILTERS = st.builds(
    TargetFilter,
    sectors=CODES,
    counties=CODES,
    municipalities=CODES,
    layers=CODES,
    min_days_since_visit=st.none() | st.integers(0, 4000),
    area=st.none() | AREAS | st.lists(AREAS, min_size=1, max_size=1).map(shapely.MultiPolygon),
    agencies=CODES,
    certainty=st.none() | NAMES,
)
REQUESTS = st.builds(
    DraftRequest,
    name=st.text(max_size=20),
    days=st.lists(st.dates(), max_size=4).map(tuple),
    crews=st.lists(CREWS, max_size=3).map(tuple),
    chosen=FILTERS,
    pinned=st.lists(KEYS, max_size=3).map(tuple),
    excluded=st.dictionaries(KEYS, NAMES, max_size=3),
    locks=st.dictionaries(KEYS, st.tuples(NAMES, st.dates()), max_size=3),
    n_candidates=st.integers(1, 200),
    hours=st.tuples(st.integers(0, 1440), st.integers(0, 1440)),
    explores=st.booleans(),
    seed=st.integers(0, 2**40),
    circle=NAMES,
)


def plain(request: DraftRequest) -> dict[str, Any]:
    """Everything in it, with the filter taken apart: it has no equality of its own."""
    chosen = request.chosen
    inside = {field.name: getattr(chosen, field.name) for field in fields(TargetFilter)}
    outside = {field.name: getattr(request, field.name) for field in fields(DraftRequest)}
    return {**outside, "chosen": {**inside, "area": None if chosen.area is None else chosen.area.wkb}}


@given(REQUESTS)
def test_a_request_comes_back_bit_for_bit(request: DraftRequest) -> None:
    record = json.loads(json.dumps(write_request(request), allow_nan=False))
    again = read_request(record)
    assert plain(again) == plain(request)
    assert list(again.locks) == list(request.locks)
    assert list(again.excluded) == list(request.excluded)
    assert write_request(again) == record


RECORD = write_request(DraftRequest("Week 30", DAYS, (CREW,)))


@pytest.mark.parametrize("name", sorted(RECORD))
def test_a_part_that_is_missing_is_told(name: str) -> None:
    with pytest.raises(StoreError, match=r"draft it anew|update Norrsyn"):
        read_request({part: value for part, value in RECORD.items() if part != name})


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        "week 30",
        {**RECORD, "format": 2},
        {**RECORD, "days": ["soon"]},
        {**RECORD, "hours": [480]},
        {**RECORD, "filter": {**RECORD["filter"], "colour": "red"}},
        {**RECORD, "filter": {**RECORD["filter"], "area": {"type": "Polygon", "coordinates": [[[0, 0]]]}}},
        {**RECORD, "filter": {**RECORD["filter"], "area": {"type": "Blob"}}},
        {**RECORD, "pinned": [["workplaces"]]},
    ],
)
def test_what_is_no_request_is_refused(broken: Any) -> None:
    with pytest.raises(StoreError):
        read_request(broken)


def test_a_plan_that_is_older_than_its_request_is_told_by_name() -> None:
    plan = make_plan()
    with pytest.raises(StoreError, match="'Week 30' does not hold"):
        request_of(plan)
    assert request_of(replace(plan, manifest={"request": RECORD})).days == (date(2026, 7, 20), date(2026, 7, 21))
