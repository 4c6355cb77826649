"""The prior that is fitted to places: recovered where it is known, sensible where there is little to fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import nbinom

from geo.errors import ParameterError
from geo.risk.effort.posterior import Prior
from geo.risk.effort.prior import estimate_dispersion, fit_prior, log_likelihood


def simulate(prior: Prior, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    visits = rng.lognormal(1, 1, n)
    return rng.poisson(rng.gamma(prior.findings, 1 / prior.visits, n) * visits).astype(float), visits


@pytest.mark.parametrize("truth", [Prior(0.5, 5), Prior(2, 20), Prior(1.5, 1)])
def test_places_that_were_made_from_a_prior_give_it_back(truth: Prior) -> None:
    fits = [fit_prior(*simulate(truth, 4_000, seed)) for seed in range(8)]

    # eight fits of 4 000 places: their own spread tells how near the mean must be; the pull towards 1 is far below it
    for name in ("findings", "visits"):
        logs = np.log([getattr(fit.prior, name) for fit in fits])
        assert abs(logs.mean() - math.log(getattr(truth, name))) < 4 * logs.std(ddof=1) / math.sqrt(8) + 0.01
        assert logs.std(ddof=1) < 0.3
    assert {fit.method for fit in fits} == {"likelihood"}


def test_the_likelihood_is_that_of_the_negative_binomial() -> None:
    findings, visits = simulate(Prior(0.7, 4), 50, 1)
    prior = Prior(0.9, 3.5)

    expected = nbinom.logpmf(findings, prior.findings, prior.visits / (prior.visits + visits)).sum()

    assert log_likelihood(findings, visits, prior) == pytest.approx(expected, rel=1e-10)


def test_the_likelihood_of_weighted_findings_is_the_integral() -> None:
    prior, y, e = Prior(1.7, 3.0), 0.83, 2.4

    def density(rate: float) -> float:
        gamma = prior.visits**prior.findings * rate ** (prior.findings - 1) / math.gamma(prior.findings)
        return (rate * e) ** y * math.exp(-rate * e) / math.gamma(y + 1) * gamma * math.exp(-prior.visits * rate)

    assert log_likelihood([y], [e], prior) == pytest.approx(math.log(quad(density, 0, 30)[0]), rel=1e-7)


def test_it_is_the_highest_point_of_likelihood_and_pull() -> None:
    findings, visits = simulate(Prior(0.8, 9), 120, 3)
    best = fit_prior(findings, visits).prior

    def height(prior: Prior) -> float:
        return log_likelihood(findings, visits, prior) - math.log(prior.findings) ** 2 / 2

    for a in (0.97, 1.0, 1.03):
        for b in (0.97, 1.0, 1.03):
            assert height(Prior(best.findings * a, best.visits * b)) <= height(best) + 1e-6


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_places_changes_no_bit(random: object) -> None:
    findings, visits = simulate(Prior(0.8, 9), 60, 4)
    order = list(range(60))
    random.shuffle(order)  # type: ignore[attr-defined]

    assert fit_prior(findings[order], visits[order]) == fit_prior(findings, visits)


def test_places_without_visits_say_nothing() -> None:
    findings, visits = simulate(Prior(0.8, 9), 60, 5)

    more = fit_prior(np.append(findings, [3.0, 0.0]), np.append(visits, [0.0, 0.0]))

    assert more == fit_prior(findings, visits)


def test_what_is_divided_by_its_dispersion_is_fitted_as_counts_are() -> None:
    """Findings of weight 0.3 have 0.3 times the variance of counts."""
    truth = Prior(2.0, 20.0)
    counts, visits = simulate(truth, 4_000, 6)

    weighted = fit_prior(0.3 * counts, 0.3 * visits, 0.3).prior

    # a rate is the same whether both are weighted or neither
    plain = fit_prior(counts, visits).prior
    assert weighted.mean == pytest.approx(plain.mean, rel=1e-3)
    # the pull is towards a shape of 1 in either scale, and weak beside 4 000 places
    assert weighted.findings == pytest.approx(0.3 * plain.findings, rel=0.05)


# ---- little to fit ---------------------------------------------------------------------------------------------


def test_without_any_visit_it_is_a_finding_at_two() -> None:
    fit = fit_prior([], [])

    assert (fit.prior, fit.method, fit.n_places) == (Prior(1.0, 2.0), "guess", 0)


def test_where_nothing_was_found_the_mean_is_half_a_finding_more() -> None:
    fit = fit_prior(np.zeros(40), np.full(40, 2.5))

    assert fit.method == "guess"
    assert fit.prior.mean == pytest.approx(0.5 / 101)
    assert fit.prior.findings == 1


@pytest.mark.parametrize("found", [0.0, 0.4, 1.0])
def test_a_single_visit_is_enough_for_an_answer(found: float) -> None:
    fit = fit_prior([found], [1.0])

    assert 0 < fit.prior.mean <= 1.1
    assert 0.5 < fit.prior.findings < 3


def test_places_that_are_all_alike_do_not_silence_themselves() -> None:
    """Even then some hundred visits with findings tell a place from the others."""
    fit = fit_prior(np.full(200, 1.0), np.full(200, 10.0))

    assert fit.prior.mean == pytest.approx(0.1, rel=0.02)
    assert 1 < fit.prior.findings < 30


@pytest.mark.parametrize(
    ("findings", "visits", "dispersion", "words"),
    [
        ([1.0], [1.0, 2.0], 1.0, "one length"),
        ([-1.0], [1.0], 1.0, "findings must be finite numbers of 0 or more"),
        ([1.0], [math.nan], 1.0, "visits must be finite"),
        ([1.0], [1.0], 0.0, "dispersion must be"),
    ],
)
def test_what_cannot_be_fitted(findings: list[float], visits: list[float], dispersion: float, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        fit_prior(findings, visits, dispersion)


# ---- dispersion ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_dispersion_of_weighted_counts_is_their_weight(weight: float) -> None:
    rng = np.random.default_rng(7)
    place = np.repeat(np.arange(3_000), 4)
    rate = rng.gamma(1.0, 0.5, 3_000)[place]

    found = estimate_dispersion(weight * rng.poisson(rate), np.ones(len(place)), place)

    assert found == pytest.approx(weight, rel=0.05)


def test_nothing_to_compare_is_taken_for_counts() -> None:
    assert estimate_dispersion([1.0, 0.0], [1.0, 1.0], [1, 2]) == 1.0
    assert estimate_dispersion(np.zeros(50), np.ones(50), np.zeros(50, int)) == 1.0
