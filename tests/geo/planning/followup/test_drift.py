"""The test for drift: it keeps its bound on false alarms, and it sees what it is there to see."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.planning.followup.drift import FALSE_ALARMS, watch_drift

N_PLANS, N_VISITS = 60, 9
Blocks = list[tuple[list[float], list[bool]]]


def draw_plans(rng: np.random.Generator, shift: float = 1.0, since: int = N_PLANS) -> Blocks:
    """Plans whose odds are what was said until one of them, and `shift` times that from there on."""
    blocks = []
    for number in range(N_PLANS):
        p = rng.uniform(0.1, 0.4, N_VISITS)
        odds = p / (1 - p) * (shift if number >= since else 1.0)
        blocks.append((p.tolist(), (rng.random(N_VISITS) < odds / (1 + odds)).tolist()))
    return blocks


@pytest.mark.long
def test_false_alarms_are_no_more_than_stated() -> None:
    n, rng = 2_000, np.random.default_rng(8)
    alarms = sum(watch_drift(draw_plans(rng)).warned_after is not None for _ in range(n))
    # three standard deviations of the count above the bound would be chance; the bound is never exceeded on average
    assert alarms <= n * FALSE_ALARMS + 3 * (n * FALSE_ALARMS) ** 0.5
    # and the test is no dead letter
    assert alarms > 0


@pytest.mark.parametrize(("shift", "is_more"), [(2.5, True), (0.3, False)])
def test_a_change_that_begins_late_is_seen_and_dated(shift: float, is_more: bool) -> None:
    rng, seen, begins = np.random.default_rng(5), 0, []
    for _ in range(100):
        found = watch_drift(draw_plans(rng, shift, since=20))
        if found.warned_after is not None and found.warned_after >= 20:
            seen += found.is_more is is_more
            begins.append(found.begins_with)
    assert seen >= 90
    assert abs(float(np.median(np.array(begins, dtype=np.float64))) - 20) <= 4


def test_no_plan_is_no_evidence() -> None:
    found = watch_drift([])
    assert found.evidence == ()
    assert found.warned_after is None
    assert found.is_more is None


@settings(max_examples=60)
@given(st.lists(st.lists(st.floats(0.01, 0.99), max_size=2), min_size=1, max_size=3))
def test_evidence_is_1_on_average_where_the_chances_are_right(plans: list[list[float]]) -> None:
    """All outcomes of all visits, each with its probability: what makes Ville's inequality hold."""
    flat = [chance for plan in plans for chance in plan]
    mean = np.zeros(len(plans))
    for outcome in product((False, True), repeat=len(flat)):
        weight = np.prod([p if comes else 1 - p for p, comes in zip(flat, outcome, strict=True)])
        answers = iter(outcome)
        mean += weight * np.array(watch_drift([(plan, [next(answers) for _ in plan]) for plan in plans]).evidence)
    assert mean == pytest.approx(np.ones(len(plans)), rel=1e-9)


def test_what_came_before_a_warning_does_not_change_with_what_comes_after() -> None:
    blocks = draw_plans(np.random.default_rng(3), 3.0, since=5)
    whole = watch_drift(blocks)
    assert whole.warned_after is not None
    part = watch_drift(blocks[: whole.warned_after + 1])
    assert (part.warned_after, part.begins_with, part.is_more) == (
        whole.warned_after,
        whole.begins_with,
        whole.is_more,
    )
    assert whole.evidence[: len(part.evidence)] == part.evidence


@pytest.mark.parametrize("block", [([0.5], [True, False]), ([1.5], [True]), ([float("nan")], [True])])
def test_what_is_no_block_is_refused(block: tuple[list[float], list[bool]]) -> None:
    with pytest.raises(ParameterError, match="chances"):
        watch_drift([block])


@pytest.mark.parametrize("bound", [0.0, 1.0, float("nan")])
def test_a_bound_that_is_none_is_refused(bound: float) -> None:
    with pytest.raises(ParameterError, match="false_alarms"):
        watch_drift([], false_alarms=bound)
