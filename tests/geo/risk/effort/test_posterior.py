"""The posterior of findings per visit against its definition, integrated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from geo.errors import ParameterError
from geo.risk.effort.posterior import Prior, posterior_mean, posterior_shape_rate

PRIOR = Prior(0.9, 10.0)


@pytest.mark.parametrize(("findings", "visits"), [(0, 0.5), (0, 40), (2, 3), (0.37, 1.9), (7.5, 12)])
@pytest.mark.parametrize("prior", [PRIOR, Prior(3.0, 2.0)])
def test_the_mean_is_that_of_likelihood_times_prior(findings: float, visits: float, prior: Prior) -> None:
    def density(rate: float) -> float:
        likelihood = rate**findings * math.exp(-rate * visits)
        return likelihood * rate ** (prior.findings - 1) * math.exp(-prior.visits * rate)

    def moment(order: int) -> float:
        # substituted, because the prior is infinite at 0 where its shape is below 1
        return float(quad(lambda z: density(z**4) * z ** (4 * order) * 4 * z**3, 0, 2, epsabs=0)[0])

    mass, first, second = map(moment, range(3))
    shape, rate = posterior_shape_rate(findings, visits, prior)

    assert posterior_mean(findings, visits, prior) == pytest.approx(first / mass, rel=1e-8)
    assert shape / rate**2 == pytest.approx(second / mass - (first / mass) ** 2, rel=1e-6)


def test_where_nobody_was_it_is_what_is_usual() -> None:
    assert posterior_mean(0.0, 0.0, PRIOR) == PRIOR.mean == 0.09


amounts = st.floats(0, 1e4)


@given(amounts, amounts, st.floats(0.01, 1e3))
def test_more_findings_raise_it_and_more_visits_lower_it(findings: float, visits: float, more: float) -> None:
    here = posterior_mean(findings, visits, PRIOR)

    assert posterior_mean(findings + more, visits, PRIOR) > here
    assert posterior_mean(findings, visits + more, PRIOR) < here


@given(amounts, st.floats(1e-3, 1e4))
def test_it_lies_between_what_was_seen_and_what_is_usual(findings: float, visits: float) -> None:
    low, high = sorted([findings / visits, PRIOR.mean])

    assert low * (1 - 1e-12) <= posterior_mean(findings, visits, PRIOR) <= high * (1 + 1e-12)


def test_many_visits_outweigh_the_prior() -> None:
    np.testing.assert_allclose(posterior_mean(np.array([3e6]), np.array([1e7]), PRIOR), 0.3, rtol=1e-5)


@pytest.mark.parametrize(("findings", "visits"), [(0, 1), (1, -1), (math.nan, 1), (1, math.inf)])
def test_a_prior_is_made_of_numbers_above_nothing(findings: float, visits: float) -> None:
    with pytest.raises(ParameterError, match="A prior needs finite numbers above 0"):
        Prior(findings, visits)
