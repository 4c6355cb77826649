"""Effects of agencies are shrunk, and found again where they were planted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit

from geo.risk.find_model.agency import estimate_effects, expected_over_time


def test_effects_are_the_mode_of_the_penalised_likelihood() -> None:
    n, k = np.array([200.0, 50.0, 400.0, 8.0]), np.array([20.0, 15.0, 30.0, 4.0])
    fitted = estimate_effects(n, k)

    def loss(x: np.ndarray) -> float:
        log_odds = x[0] + x[1:]
        return float((n * np.logaddexp(0, log_odds) - k * log_odds).sum() + (x[1:] ** 2).sum() / (2 * fitted.sd**2))

    best = minimize(loss, np.zeros(5), tol=1e-12).x
    assert_allclose([fitted.base, *fitted.effect], best, atol=2e-3)


def test_planted_effects_come_back() -> None:
    rng = np.random.default_rng(0)
    planted = rng.normal(0, 0.8, 60)
    n = np.full(60, 400.0)
    k = rng.binomial(400, expit(-1.5 + planted)).astype(float)
    fitted = estimate_effects(n, k)
    assert fitted.sd == pytest.approx(0.8, abs=0.15)
    assert fitted.base == pytest.approx(-1.5, abs=0.25)
    assert np.corrcoef(fitted.effect, planted)[0, 1] > 0.97


def test_few_visits_keep_an_effect_near_none() -> None:
    fitted = estimate_effects(np.array([300.0, 300.0, 3.0]), np.array([30.0, 90.0, 3.0]))
    assert expit(fitted.base + fitted.effect[2]) < 0.75  # three finds in three visits are not certainty


def test_equal_agencies_have_no_effect() -> None:
    fitted = estimate_effects(np.full(5, 1000.0), np.full(5, 150.0))
    assert_allclose(fitted.effect, 0, atol=1e-6)
    assert fitted.sd < 0.1


@pytest.mark.parametrize(
    ("n", "k"), [([10.0], [3.0]), ([10.0, 5.0], [0.0, 0.0]), ([10.0, 5.0], [10.0, 5.0]), ([0.0, 0.0], [0.0, 0.0])]
)
def test_nothing_to_compare_gives_no_effect(n: list[float], k: list[float]) -> None:
    fitted = estimate_effects(np.array(n), np.array(k))
    assert (fitted.effect == 0).all()
    assert fitted.sd == 0
    assert np.isfinite(fitted.base)


def test_expectations_know_the_first_visits_only() -> None:
    rng = np.random.default_rng(1)
    found, agency = rng.integers(0, 2, 100).astype(float), rng.integers(0, 3, 100)
    marks = np.array([20, 60])
    expected = expected_over_time(found, agency, 3, marks)
    changed = found.copy()
    changed[60:] = 1 - changed[60:]
    assert_allclose(expected_over_time(changed, agency, 3, marks), expected, rtol=0)
    changed[59] = 1 - changed[59]
    assert not np.array_equal(expected_over_time(changed, agency, 3, marks)[1], expected[1])
