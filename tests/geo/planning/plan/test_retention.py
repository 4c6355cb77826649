"""What came of a stop is kept as long as the table says, and what was corrected no longer than what corrected it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.planning.plan import drop_expired, last_day_of_keeping, make_findings
from geo.reference import planning_parameters
from tests.geo.planning.followup.made import make_outcome
from tests.geo.planning.plan.made import DAYS, WHO, make_plan, make_stop

STOPS = (make_stop("w1"), make_stop("w2", order=2))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("on", "last"), [(date(2026, 7, 20), date(2031, 7, 20)), (date(2024, 2, 29), date(2029, 2, 28))]
)
def test_the_last_day_is_so_many_years_later(on: date, last: date) -> None:
    assert int(planning_parameters()["outcome_retain_years"]) == 5
    assert last_day_of_keeping(on) == last


@given(st.lists(st.integers(-40, 0), min_size=1, max_size=3), st.integers(-60, 20))
def test_what_stays_is_what_may_be_kept(days: list[int], later: int) -> None:
    records = tuple(make_outcome(STOPS[0], finds=True, on=DAYS[0] + n * DAY) for n in days)
    plan = make_plan(*STOPS, state="closed", outcomes={STOPS[0].key: records})
    today = last_day_of_keeping(DAYS[0]) + later * DAY
    left = drop_expired(plan, today, **WHO)
    may = [one for one in records if last_day_of_keeping(one.on) >= today]
    kept = may if records[-1] in may else []
    assert list(left.outcomes.get(STOPS[0].key, ())) == kept
    assert (left is plan) == (len(kept) == len(records))
    if left is not plan:
        assert (left.history[-1].what, left.history[-1].about) == ("erased", "workplaces/w1")
        # nothing to erase is left
        assert drop_expired(left, today, **WHO) is left


def test_findings_say_how_long_they_may_be_kept() -> None:
    outcomes = {stop.key: (make_outcome(stop, finds=True, on=stop.on),) for stop in STOPS}
    late = replace(outcomes[STOPS[1].key][0], on=DAYS[1])
    found = make_findings(make_plan(*STOPS, outcomes={**outcomes, STOPS[1].key: (late,)}))
    assert [day.date() for day in found["retain_until"]] == [last_day_of_keeping(day) for day in DAYS]
