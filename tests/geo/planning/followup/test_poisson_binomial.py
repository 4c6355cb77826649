"""Every way in which chances can come true, added up."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from geo.errors import ParameterError
from geo.planning.followup.poisson_binomial import chances_of_counts, interval_of_count

CHANCES = st.lists(st.floats(0, 1), max_size=8)


def add_up(chances: list[float]) -> list[Fraction]:
    """Probability of each number, from all 2^n outcomes, without rounding."""
    pmf = [Fraction(0)] * (len(chances) + 1)
    for outcome in product((False, True), repeat=len(chances)):
        weight = Fraction(1)
        for chance, comes in zip(chances, outcome, strict=True):
            weight *= Fraction(chance) if comes else 1 - Fraction(chance)
        pmf[sum(outcome)] += weight
    return pmf


@given(CHANCES)
def test_each_number_has_the_probability_of_all_its_outcomes(chances: list[float]) -> None:
    expected = [float(weight) for weight in add_up(chances)]
    assert chances_of_counts(chances) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(CHANCES, st.randoms(use_true_random=False))
def test_the_order_of_chances_does_not_matter(chances: list[float], random: object) -> None:
    mixed = list(chances)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert chances_of_counts(mixed) == pytest.approx(chances_of_counts(chances), rel=1e-12, abs=1e-300)


def test_equal_chances_are_binomial_also_where_there_are_many() -> None:
    found = chances_of_counts(np.full(2_000, 0.21))
    assert found == pytest.approx(binom.pmf(np.arange(2_001), 2_000, 0.21), rel=1e-9, abs=1e-15)
    assert found.sum() == pytest.approx(1)


@given(CHANCES, st.sampled_from([0.5, 0.8, 0.9, 0.99]))
def test_no_more_than_the_tails_lie_outside_the_interval(chances: list[float], level: float) -> None:
    low, high = interval_of_count(chances, level)
    pmf, tail = add_up(chances), (1 - Fraction(level)) / 2
    slack = Fraction(1, 10**9)
    assert 0 <= low <= high <= len(chances)
    assert sum(pmf[:low]) <= tail + slack
    assert sum(pmf[high + 1 :]) <= tail + slack
    # and it is no wider than that needs
    assert sum(pmf[: low + 1]) >= tail - slack
    assert sum(pmf[high:]) >= tail - slack


@pytest.mark.parametrize("chances", [[-0.1], [1.1], [float("nan")], [[0.5]]])
def test_what_is_no_chance_is_refused(chances: object) -> None:
    with pytest.raises(ParameterError, match="0 to 1"):
        chances_of_counts(chances)  # type: ignore[arg-type]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match="level"):
        interval_of_count([0.5], 1.0)
