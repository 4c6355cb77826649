"""The regression behind learned weights, held to another library's, to its own optimality and to simulated visits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor

from geo.errors import ParameterError
from geo.risk.learned.fit import fit_rate

PRIOR = np.array([0.2, 0.3, 0.1, 0.4])
TRUTH = np.array([1.5, 0.0, 0.8, 0.4])
INTERCEPT = -1.2


def simulate(n: int, seed: int, slopes: np.ndarray = TRUTH) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, findings and efforts of visits whose findings follow the model."""
    rng = np.random.default_rng(seed)
    x = rng.beta(0.7, 0.7, size=(n, len(slopes)))
    effort = rng.choice([0.6, 1.0, 1.7], size=n)
    return x, rng.poisson(effort * np.exp(INTERCEPT + x @ slopes)).astype(float), effort


def from_experts(slopes: np.ndarray) -> float:
    """Distance of slopes to the nearest multiple of the experts' weights with a sum of 1 or more."""
    return float(min(np.linalg.norm(slopes - m * PRIOR) for m in (1.0, max(1.0, slopes @ PRIOR / (PRIOR @ PRIOR)))))


def test_known_weights_are_recovered() -> None:
    x, y, e = simulate(20_000, seed=11)
    fit = fit_rate(x, y, e, PRIOR, 0.0)
    # four standard errors, from Fisher's information at the truth
    design = np.column_stack([np.ones(len(x)), x])
    mean = e * np.exp(INTERCEPT + x @ TRUTH)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * mean[:, None]))))
    assert (np.abs(np.r_[fit.intercept, fit.slopes] - np.r_[INTERCEPT, TRUTH]) < 4 * errors).all()
    assert errors.max() < 0.05


def test_without_penalty_it_is_the_poisson_regression_of_scikit_learn() -> None:
    x, y, e = simulate(2_000, seed=12, slopes=TRUTH + 0.5)
    other = PoissonRegressor(alpha=0, tol=1e-10, max_iter=10_000).fit(x, y / e, sample_weight=e)
    fit = fit_rate(x, y, e, PRIOR, 0.0)
    assert (other.coef_ > 0).all()
    np.testing.assert_allclose(fit.slopes, other.coef_, atol=1e-5)
    np.testing.assert_allclose(fit.intercept, other.intercept_, atol=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 0.003, 0.3, 10.0])
def test_no_step_makes_it_better(penalty: float) -> None:
    x, y, e = simulate(300, seed=13)
    fit = fit_rate(x, y, e, PRIOR, penalty)

    def lose(intercept: float, slopes: np.ndarray) -> float:
        logs = intercept + x @ slopes
        return float((e * np.exp(logs) - y * logs).sum() / y.sum() + penalty / 2 * from_experts(slopes) ** 2)

    least = lose(fit.intercept, fit.slopes)
    rng = np.random.default_rng(1)
    for size in (1e-4, 1e-2, 1.0):
        for step in rng.normal(scale=size, size=(50, 5)):
            assert lose(fit.intercept + step[0], np.maximum(fit.slopes + step[1:], 0)) >= least - 1e-10


def test_the_stronger_the_penalty_the_nearer_to_the_experts() -> None:
    x, y, e = simulate(300, seed=14)
    fits = [fit_rate(x, y, e, PRIOR, penalty) for penalty in (0.0, 0.01, 0.1, 1.0, 10.0, math.inf)]
    distances = [from_experts(fit.slopes) for fit in fits]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.5
    np.testing.assert_allclose(fits[-1].slopes / fits[-1].slopes.sum(), PRIOR / PRIOR.sum(), rtol=1e-12)
    close = fit_rate(x, y, e, PRIOR, 1e6)
    np.testing.assert_allclose(close.slopes, fits[-1].slopes, atol=1e-3)


def test_where_a_component_is_the_same_everywhere_the_experts_speak() -> None:
    x, y, e = simulate(2_000, seed=15)
    x[:, 3] = 0.9
    slopes = fit_rate(x, y, e, PRIOR, 1.0).slopes
    # the multiple that is nearest to the slopes that can be told
    multiple = max(1.0, slopes[:3] @ PRIOR[:3] / (PRIOR[:3] @ PRIOR[:3]))
    assert slopes[3] == pytest.approx(multiple * PRIOR[3], abs=1e-4)


def test_where_visits_contradict_the_experts_a_strong_penalty_still_means_their_proportions() -> None:
    rng = np.random.default_rng(17)
    x, e = rng.uniform(size=(500, 4)), np.ones(500)
    y = rng.poisson(np.exp(-1 - 2 * x @ PRIOR)).astype(float)
    slopes = fit_rate(x, y, e, PRIOR, 1_000.0).slopes
    np.testing.assert_allclose(slopes / slopes.sum(), PRIOR, atol=1e-3)
    assert not fit_rate(x, y, e, PRIOR, math.inf).slopes.any()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), penalty=st.sampled_from([0.0, 0.01, 1.0, math.inf]))
def test_never_negative_and_the_order_of_visits_does_not_matter(seed: int, penalty: float) -> None:
    rng = np.random.default_rng(seed)
    x, e = rng.uniform(size=(40, 4)), rng.uniform(0.5, 2, size=40)
    y = rng.poisson(0.4, size=40) * rng.uniform(0.1, 1, size=40)
    y[0] = 0.5
    fit = fit_rate(x, y, e, PRIOR, penalty)
    assert (fit.slopes >= 0).all()
    assert np.isfinite([fit.intercept, *fit.slopes]).all()
    order = rng.permutation(40)
    again = fit_rate(x[order], y[order], e[order], PRIOR, penalty)
    # what is found lies within the search's own tolerance
    np.testing.assert_allclose(again.rate(x), fit.rate(x), rtol=2e-3)


def test_separated_visits_have_an_end() -> None:
    x = np.repeat([[0.0, 0.5, 0.5, 0.5], [1.0, 0.5, 0.5, 0.5]], 20, axis=0)
    fit = fit_rate(x, np.repeat([0.0, 1.0], 20), np.ones(40), PRIOR, 0.0)
    assert np.isfinite([fit.intercept, *fit.slopes]).all()


def test_what_cannot_be_fitted() -> None:
    x, y, e = simulate(10, seed=16)
    with pytest.raises(ParameterError, match="not all 0"):
        fit_rate(x, np.zeros(10), e, PRIOR, 1.0)
    with pytest.raises(ParameterError, match=r"features must be finite.*effort.*experts' weights.*penalty") as caught:
        fit_rate(np.full((10, 4), np.nan), np.ones(10), np.zeros(10), np.zeros(4), -1.0)
    assert str(caught.value).count(";") == 3
    with pytest.raises(ParameterError, match="one row of features per visit"):
        fit_rate(x, y[:5], e, PRIOR, 1.0)
