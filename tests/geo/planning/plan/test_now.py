"""What is known now of a plan's sites decides at its approval, whatever was known when it was drafted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.plan import (
    Plan,
    SiteNow,
    count_days,
    find_blocks,
    is_new_visit,
    justify_stop,
    look_at_sites,
    move_plan,
    needs_reason,
)
from geo.planning.plan.layers import RECORDED_BY_PLAN
from geo.reference import planning_parameters
from tests.frames import make_accommodation, make_frame, make_visit, make_workplace
from tests.geo.planning.plan.made import DAYS, WHO, complete, make_plan, make_stop

AT = date(2026, 7, 15)
HOUSE = {"layer": "accommodation", "sector": ""}


def make_layers(*visits: dict[str, Any], **changes: Any) -> Layers:
    work = make_frame([make_workplace(1, workplace_id=one, **changes) for one in ("w1", "w2")])
    homes = make_frame([make_accommodation(1, accommodation_id="a1")])
    frames = {"workplaces": work, "accommodation": homes}
    return Layers({**frames, "visits": make_frame(visits)} if visits else frames)


def make_ready(*stops: Any) -> Plan:
    return complete(move_plan(make_plan(*(stops or (make_stop(),)), manifest={"at": AT.isoformat()}), "ready", **WHO))


def blocks_of(plan: Plan, layers: Layers) -> list[str]:
    return [str(one) for one in find_blocks(plan, "approved", look_at_sites(plan, layers))]


VISITS = st.lists(
    st.tuples(st.sampled_from(["w1", "w2", "a1", "elsewhere", None]), st.integers(-900, 60), st.booleans()), max_size=6
)


@settings(max_examples=40, deadline=None)
@given(VISITS)
def test_the_last_visit_of_somebody_else_counts(drawn: list[tuple[str | None, int, bool]]) -> None:
    plan = make_ready(make_stop(), make_stop("w2", order=2), make_stop("a1", order=3, **HOUSE))
    rows = [
        make_visit(
            k,
            visit_id=f"{RECORDED_BY_PLAN}{plan.plan_id if is_own else 'other'}:{k}",
            visited_on=(AT + timedelta(days)).isoformat(),
            site_id=site,
        )
        for k, (site, days, is_own) in enumerate(drawn)
    ]
    now = look_at_sites(plan, make_layers(*rows))
    for stop in plan.stops:
        others = [days for site, days, is_own in drawn if site == stop.record_id and not is_own]
        # to the day of the stop, not to that of the surface
        expected = (stop.on - AT).days - max(others) if others else None
        assert is_new_visit(plan, stop, now) == any(days > 0 for days in others)
        assert count_days(plan, stop, now) == expected
        limit = int(planning_parameters()["revisit_days"])
        assert needs_reason(plan, stop, now) == (expected is not None and expected < limit)


def test_a_visit_since_the_draft_is_justified_before_approval() -> None:
    plan = make_ready(make_stop(days_since_visit=800))
    assert blocks_of(plan, make_layers()) == []
    seen = make_layers(make_visit(site_id="w1", visited_on="2026-07-18"))
    assert blocks_of(plan, seen) == [
        "Place w1 was visited on 18 July 2026, after it was chosen; say why it is visited again."
    ]
    with pytest.raises(ParameterError, match="after it was chosen"):
        move_plan(plan, "approved", now=look_at_sites(plan, seen), **WHO)
    told = justify_stop(plan, ("workplaces", "w1"), "follow_up", **WHO)
    assert move_plan(told, "approved", now=look_at_sites(told, seen), **WHO).state == "approved"


def test_a_visit_that_turned_out_not_to_be_one_blocks_no_more() -> None:
    plan = make_ready(make_stop(days_since_visit=40))
    assert len(find_blocks(plan, "approved")) == 1
    assert blocks_of(plan, make_layers()) == []
    late = make_layers(make_visit(site_id="w1", visited_on="2026-06-25"))
    assert blocks_of(plan, late) == ["Place w1 was visited 25 days before this stop; say why it is visited again."]


def test_a_site_that_is_gone_is_justified_or_taken_out() -> None:
    gone, ended = make_stop("w9"), make_stop(order=2)
    plan = make_ready(gone, ended)
    over = make_layers(active_to=(DAYS[0] - timedelta(1)).isoformat())
    assert blocks_of(plan, over) == [
        "Place w9 is no longer on record; take it out, or say why it is visited.",
        "Place w1 has ended by 20 July 2026, as the records say; take it out, or say why it is visited.",
    ]
    assert blocks_of(plan, make_layers(active_to=DAYS[0].isoformat())) == blocks_of(plan, make_layers())
    assert blocks_of(make_ready(ended), over) == blocks_of(plan, over)[1:]
    for stop in plan.stops:
        plan = justify_stop(plan, stop.key, "new_employer", **WHO)
    assert blocks_of(plan, over) == []


@pytest.mark.parametrize("state", ["approved", "under_way", "closed", "cancelled"])
def test_what_is_approved_stands_as_it_was(state: str) -> None:
    plan = replace(make_ready(make_stop("w9", days_since_visit=500)), state=state)
    now = look_at_sites(plan, make_layers(make_visit(site_id="w9")))
    assert now == {}
    assert count_days(plan, plan.stops[0], now) == 500 + (plan.stops[0].on - AT).days
    assert not needs_reason(plan, plan.stops[0], now)


def test_a_plan_that_does_not_keep_its_surface_s_day() -> None:
    plan = replace(make_ready(), manifest={})
    now = {plan.stops[0].key: SiteNow(date(2026, 7, 10))}
    assert count_days(plan, plan.stops[0], now) == (DAYS[0] - date(2026, 7, 10)).days
