"""Random rounding, exploration stops, the distance that chance makes, and the estimate from them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.risk.simulate import Allocation, Past, draw_exploration, estimate_frame_rate, round_at_random
from geo.risk.simulate.distance import chance_distance

EXPECTED = st.lists(st.floats(0, 20), min_size=1, max_size=12).map(np.array)


def see(sites: list[float], n_visits: int) -> Past:
    none, months = np.zeros(len(sites)), np.zeros((0, len(sites)), dtype=np.int64)
    return Past(0, n_visits, np.array(sites, dtype=np.float64), none, none.copy(), months, months.copy())


@given(expected=EXPECTED, seed=st.integers(0, 10_000))
def test_rounding_goes_up_or_down_by_less_than_one(expected: np.ndarray, seed: int) -> None:
    counts = round_at_random(expected, np.random.default_rng(seed))
    assert (np.abs(counts - expected) < 1 + 1e-6).all()
    assert abs(counts.sum() - expected.sum()) < 1 + 1e-6


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=40),
    total=st.integers(0, 500),
    seed=st.integers(0, 10_000),
)
def test_a_whole_sum_stays(weights: list[float], total: int, seed: int) -> None:
    expected = np.array(weights) / sum(weights) * total
    assert round_at_random(expected, np.random.default_rng(seed)).sum() == total


def test_rounding_keeps_expectations() -> None:
    expected = np.array([0.0, 0.2, 1.7, 0.5, 3.0, 0.05])
    rng = np.random.default_rng(8)
    counts = np.array([round_at_random(expected, rng) for _ in range(20_000)])
    # the largest standard error is 0.5 / √20000 = 0.0035; five of them
    np.testing.assert_allclose(counts.mean(axis=0), expected, atol=0.018)


def test_exploration_has_the_propensities_it_logs() -> None:
    past = see([0, 10, 30, 60], 27)
    rng = np.random.default_rng(3)
    draws = [draw_exploration(past, 0.15, rng) for _ in range(20_000)]
    propensity = draws[0][1]
    assert propensity.sum() == pytest.approx(0.15 * 27)
    np.testing.assert_allclose(propensity, 0.15 * 27 * np.array([0, 0.1, 0.3, 0.6]))
    stops = np.array([explored for explored, _ in draws])
    assert set(stops.sum(axis=1)) == {4, 5}
    np.testing.assert_allclose(stops.mean(axis=0), propensity, atol=0.018)
    assert not stops[:, 0].any()


@pytest.mark.parametrize(("shares", "n"), [([0.5, 0.5], 3), ([0.2, 0.3, 0.5], 4), ([1.0, 0.0], 5), ([0.25] * 4, 4)])
def test_chance_is_the_mean_over_every_sample(shares: list[float], n: int) -> None:
    mean = 0.0
    for sample in itertools.product(range(len(shares)), repeat=n):
        likely = math.prod(shares[each] for each in sample)
        mean += likely * sum(abs(sample.count(i) / n - share) for i, share in enumerate(shares)) / 2
    assert chance_distance(np.array(shares), n) == pytest.approx(mean, abs=1e-12)


def explore_unevenly(past: Past, rng: np.random.Generator) -> Allocation:
    """All but one stop go to the last place; the one explores, the last place three times as often as the first."""
    propensity = np.array([0.125, 0.25, 0.375])
    explored = np.zeros(3, dtype=np.int64)
    if rng.random() < 0.75:
        explored[rng.choice(3, p=propensity / 0.75)] = 1
    visits = explored + np.array([0, 0, past.n_visits - explored.sum()])
    return Allocation(visits, explored, propensity)


def test_inverse_propensity_is_unbiased_and_bare_rates_are_not() -> None:
    """Three places, nearly all stops at the best: the frame's rate is 0.3 · 0.5 + 0.2 · 0.3 + 0.6 · 0.2 = 0.33."""
    truth = pd.DataFrame({"rate": [0.3, 0.2, 0.6], "sites": [5, 3, 2]})
    runs = geo.compare_policies(truth, explore_unevenly, 6, range(1500), visits_per_month=4).runs
    assert runs[0].true_frame_rate == pytest.approx(0.33)
    estimates = np.array([run.frame_rate.rate_ht if run.frame_rate else 0.0 for run in runs])
    assert abs(estimates.mean() - 0.33) < 3 * estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert np.mean([run.finds_per_visit for run in runs]) > 0.5
    explored = sum(run.explored_findings.sum() for run in runs) / sum(run.explored.sum() for run in runs)
    assert explored > 0.33 + 0.03


def test_estimate_by_hand() -> None:
    """Two stops at a place of weight 0.8 and π 0.5, one at a place of 0.2 and 0.25: weights 1.6, 1.6 and 0.8."""
    arrays: Any = (np.array([[2, 1, 0]]), np.array([[1, 1, 0]]), np.array([[0.5, 0.25, 0.0]]), np.array([4.0, 1, 9]))
    found = estimate_frame_rate(*arrays, "bernoulli")
    assert found is not None
    assert found.rate_ht == pytest.approx(1.6 + 0.8)
    assert found.rate == pytest.approx(2.4 / 4.0)
    assert found.n_effective == pytest.approx(4.0**2 / (2 * 1.6**2 + 0.8**2))
    assert (found.n_stops, found.n_findings) == (3, 2)
    assert found.low < found.rate < found.high


@pytest.mark.parametrize("outcome", ["bernoulli", "poisson"])
def test_interval_of_equal_weights_covers(outcome: Any) -> None:
    """Of 40 stops at 6 findings in 100 visits, at least 90 % of intervals cover: by sum over what can be found."""
    explored, propensity, sites = np.array([[40]]), np.array([[40.0]]), np.array([1.0])
    covered = 0.0
    for found in range(41):
        rate = estimate_frame_rate(explored, np.array([[found]]), propensity, sites, outcome)
        assert rate is not None
        likely = math.comb(40, found) * 0.06**found * 0.94 ** (40 - found)
        if outcome == "poisson":
            likely = math.exp(-2.4) * 2.4**found / math.factorial(found)
        covered += likely * (rate.low <= 0.06 <= rate.high)
    assert covered >= 0.9


def test_nothing_explored_nothing_claimed() -> None:
    none = np.zeros((2, 3), dtype=np.int64)
    assert estimate_frame_rate(none, none, np.zeros((2, 3)), np.ones(3), "bernoulli") is None


def test_all_or_nothing_found() -> None:
    stops, sites = np.array([[10]]), np.array([1.0])
    for found, low, high in ((0, 0.0, 0.26), (10, 0.74, 1.0)):
        rate = estimate_frame_rate(stops, np.array([[found]]), np.array([[10.0]]), sites, "bernoulli")
        assert rate is not None
        assert (rate.low, rate.high) == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))
