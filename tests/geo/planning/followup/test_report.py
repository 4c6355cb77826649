"""Expected beside found, of one plan and of all."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import geo
from geo.planning.followup import is_find
from geo.planning.followup.tally import share_interval
from geo.planning.plan import AgencyOutcome, Observation
from tests.geo.planning.followup.made import SIGN, make_outcome, make_visited, nobody_there
from tests.geo.planning.plan.made import make_plan, make_stop

VISITS = st.lists(st.tuples(st.none() | st.floats(0, 1), st.booleans()), max_size=6)


@pytest.mark.parametrize(
    ("seen", "finds"),
    [
        ((), False),
        ((SIGN,), True),
        ((replace(SIGN, verification="dismissed"),), False),
        ((replace(SIGN, source="tip"),), False),
        ((replace(SIGN, verification="dismissed"), Observation("debt_bondage", "S")), True),
    ],
)
def test_a_find_is_an_observation_that_weighs(seen: tuple[Observation, ...], finds: bool) -> None:
    outcome = make_outcome(make_stop(), finds=False, outcome="ban")
    assert is_find(replace(outcome, agencies=(AgencyOutcome("arbetsmiljoverket", frozenset(), seen),))) is finds


def test_nobody_there_is_no_find() -> None:
    assert not is_find(nobody_there(make_stop(), "closed"))


def test_only_visits_are_held_against_what_was_expected() -> None:
    stops = [make_stop(f"w{k}", expected=0.25, order=k + 1) for k in range(6)]
    stops[1] = replace(stops[1], how="exploration", propensity=0.01)
    stops[2] = replace(stops[2], how="pinned")
    outcomes = {
        stops[0].key: (make_outcome(stops[0], finds=True), make_outcome(stops[0], finds=False)),
        stops[1].key: (make_outcome(stops[1], finds=True),),
        stops[2].key: (make_outcome(stops[2], finds=True),),
        stops[3].key: (nobody_there(stops[3], "not_reached"),),
        stops[4].key: (nobody_there(stops[4], "closed"),),
    }
    actual = geo.expected_against_actual(make_plan(*stops, outcomes=outcomes))
    # the last record of the first stop is a correction
    assert (actual.chosen.n, actual.chosen.found, actual.chosen.expected) == (2, 1, 0.5)
    assert (actual.explored.n, actual.explored.found, actual.explored.expected) == (1, 1, 0.25)
    assert (actual.n_not_reached, actual.n_closed, actual.n_not_recorded) == (1, 1, 1)
    said = [str(sentence) for sentence in actual.sentences]
    assert said[0].startswith("Of 2 visits to stops that were chosen or pinned, 1 found something; expected were 0.5")
    assert said[-1] == "Stops without an outcome yet: 1."
    assert json.dumps(actual.to_dict(), allow_nan=False)


@given(st.lists(VISITS, max_size=5))
def test_the_report_counts_every_visit_once(plans: list[list[tuple[float | None, bool]]]) -> None:
    report = geo.calibration_report(make_visited(visits, number) for number, visits in enumerate(plans))
    known = [(p, y) for visits in plans for p, y in visits if p is not None]
    assert report.overall.n == len(known)
    assert report.overall.found == sum(y for _, y in known)
    assert report.overall.expected == pytest.approx(sum(p for p, _ in known))
    assert report.n_not_expected == sum(p is None for visits in plans for p, _ in visits)
    for tallies in (report.by_sector.values(), report.by_layer.values(), report.by_how.values()):
        assert sum(one.n for one in tallies) == len(known)
    assert sum(one.visits.n for one in report.bins) == len(known)
    for one, following in zip(report.bins, report.bins[1:], strict=False):
        assert one.low <= one.high < following.low
    if known:
        p, y = (np.array(some, dtype=np.float64) for some in zip(*known, strict=True))
        assert report.brier == pytest.approx(np.mean((p - y) ** 2))
        assert report.brier_of_share == pytest.approx(np.mean((y.mean() - y) ** 2))
    assert json.dumps(report.to_dict(), allow_nan=False)


@given(st.integers(1, 40), st.data())
def test_the_interval_of_a_share_is_exact(n: int, data: st.DataObject) -> None:
    found = data.draw(st.integers(0, n))
    low, high = share_interval(found, n)
    assert low <= found / n <= high
    if found:
        assert binom.sf(found - 1, n, low) == pytest.approx(0.05, rel=1e-6)
    if found < n:
        assert binom.cdf(found, n, high) == pytest.approx(0.05, rel=1e-6)


def test_only_stops_drawn_by_lot_speak_for_the_frame() -> None:
    chosen = make_visited([(0.3, True)] * 10, 0)
    # a site that had one chance in a hundred stands for a hundred, one that had one in ten for ten
    rare = make_visited([(0.2, True)], 1, how="exploration", propensity=0.01)
    frequent = make_visited([(0.2, False)], 2, how="exploration", propensity=0.1)
    report = geo.calibration_report([chosen, rare, frequent])
    assert report.frame_rate is not None
    assert report.frame_rate.rate == pytest.approx(100 / 110)
    assert report.exploration_share == pytest.approx(2 / 12)
    assert geo.calibration_report([chosen]).frame_rate is None


def test_drift_is_told_in_words_and_stops_drawn_by_lot_raise_none() -> None:
    right = [make_visited([(0.2, k == 0) for k in range(5)], number) for number in range(10)]
    assert geo.calibration_report(right).warnings == ()
    wrong = [make_visited([(0.2, True)] * 5, number) for number in range(10, 14)]
    report = geo.calibration_report([*wrong, *right])
    assert str(report.warnings[0]).startswith("Visits find more than expected: from 11 January 2026 to ")
    assert "in at most 5 % of all cases" in str(report.warnings[0])
    by_lot = [make_visited([(0.2, True)] * 5, n, how="exploration", propensity=0.1) for n in range(10, 14)]
    assert geo.calibration_report([*by_lot, *right]).warnings == ()
    # what is under way can still be corrected
    open_ones = [replace(plan, state="under_way") for plan in wrong]
    assert geo.calibration_report([*open_ones, *right]).warnings == ()


def test_without_plans_there_is_nothing_to_hold_against() -> None:
    report = geo.calibration_report([])
    assert report.brier is None
    assert report.ratio is None
    assert report.bins == ()
    assert "nothing to hold against" in str(report.notes[-1])
