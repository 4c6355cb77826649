"""Measures of later visits, each against pairs and lists counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_poisson_deviance, roc_auc_score

from geo.risk.learned.performance import PredictedVisits, compare_performance, draw_places, poisson_deviance


def make_fold(seed: int, n: int = 24) -> PredictedVisits:
    rng = np.random.default_rng(seed)
    found = rng.poisson(0.5, n) * rng.uniform(0.1, 1, n)
    found[:2] = 0.0, 0.7
    return PredictedVisits(rng.uniform(0.1, 1, n), np.round(rng.uniform(size=n), 1), found, rng.uniform(0.5, 2, n))


def find_in_top(score: np.ndarray, found: np.ndarray) -> float:
    """Share of what is found in the first quarter, on average over all orders of equal scores."""
    rng = np.random.default_rng(0)
    k = len(score) // 4
    shares = [found[np.lexsort((rng.uniform(size=len(score)), -score))[:k]].sum() for _ in range(4_000)]
    return float(np.mean(shares) / found.sum())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000))
def test_one_fold_is_what_other_libraries_say(seed: int) -> None:
    fold = make_fold(seed)
    frame = compare_performance({"a": [fold], "b": [fold]}, [np.ones((2, 24))])
    assert frame.loc["auc", "a"] == pytest.approx(roc_auc_score(fold.found > 0, fold.score))
    deviance = mean_poisson_deviance(fold.found, fold.effort * fold.rate)
    assert frame.loc["deviance", "a"] == pytest.approx(deviance)
    assert frame.loc["found_in_top", "a"] == pytest.approx(find_in_top(fold.score, fold.found), abs=0.03)
    assert (frame["difference"] == 0).all()


def test_counts_are_the_same_as_repeating_visits() -> None:
    fold, count = make_fold(3), np.random.default_rng(1).integers(0, 4, 24)
    rows = np.repeat(np.arange(24), count)
    long = PredictedVisits(*(each[rows] for each in (fold.rate, fold.score, fold.found, fold.effort)))
    counted = compare_performance({"a": [fold], "b": [fold]}, [np.vstack([count, count]).astype(float)])
    repeated = compare_performance({"a": [long], "b": [long]}, [np.ones((2, len(rows)))])
    np.testing.assert_allclose(counted["a"], repeated["a"], rtol=1e-12)


def test_visits_of_two_folds_are_not_ranked_against_each_other() -> None:
    def fold(shift: float) -> PredictedVisits:
        return PredictedVisits(np.ones(4), np.array([3.0, 2.0, 1.0, 0.0]) + shift, np.array([1.0, 0, 0, 0]), np.ones(4))

    frame = compare_performance({"a": [fold(0), fold(50)], "b": [fold(0), fold(0)]}, [np.ones((2, 4))] * 2)
    assert frame.loc["auc", "a"] == 1.0
    assert frame.loc["found_in_top", "a"] == 1.0


def test_nothing_to_compare_is_said_not_guessed() -> None:
    fold = PredictedVisits(np.ones(4), np.arange(4.0), np.zeros(4), np.ones(4))
    frame = compare_performance({"a": [fold], "b": [fold]}, [np.ones((3, 4))])
    assert math.isnan(frame.loc["auc", "a"])
    assert math.isnan(frame.loc["found_in_top", "a_low"])
    assert frame.loc["deviance", "a"] == pytest.approx(2.0)


def test_deviance() -> None:
    assert poisson_deviance([0.0, 2.0], [0.5, 2.0]).tolist() == [1.0, 0.0]


def test_places_are_drawn_whole_and_by_the_seed() -> None:
    place = np.array([7, 7, 3, 9, 3])
    counts = draw_places(place, 500, seed=4)
    assert (counts[0] == 1).all()
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 2] == counts[:, 4]).all()
    assert (counts[1:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert (draw_places(place, 500, seed=4) == counts).all()
    assert (draw_places(place, 500, seed=5) != counts).any()
