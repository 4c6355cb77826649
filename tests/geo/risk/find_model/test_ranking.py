"""The measures of a ranking are what brute force says, whatever the order of the table."""

from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

import geo
from geo.errors import ParameterError
from geo.risk.find_model.ranking import _Comparison
from geo.risk.find_model.ranking_input import check_ranking

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 5), st.sampled_from("ab")), min_size=1, max_size=30
)


def share_of_pairs(p: list[float], found: list[int], group: list[Any]) -> float | None:
    """Each pair of a find and a miss in one group, one by one."""
    pairs = [
        1.0 if p[i] > p[j] else 0.5 if p[i] == p[j] else 0.0
        for i in range(len(p))
        for j in range(len(p))
        if found[i] == 1 and found[j] == 0 and group[i] == group[j]
    ]
    return float(np.mean(pairs)) if pairs else None


def reorder(p: list[float], found: list[int], days: list[float]) -> tuple[float, float]:
    """Share of finds in the first half and days earlier, as the mean over every order of equal p."""
    slots, results = sorted(days), []
    for order in permutations(range(len(p))):
        if all(p[one] >= p[other] for one, other in pairwise(order)):
            earlier = [days[row] - slots[place] for place, row in enumerate(order) if found[row]]
            half = len(p) / 2
            first = [min(max(half - place, 0), 1) for place, row in enumerate(order) if found[row]]
            results.append((np.mean(first), np.mean(earlier)))
    return tuple(np.mean(results, axis=0))  # type: ignore[return-value]


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_both_aucs_are_shares_of_pairs(rows: list[tuple[int, int, int, str]]) -> None:
    p, found, days, group = (list(column) for column in zip(*rows, strict=True))
    p = [each / 4 for each in p]
    result = geo.evaluate_ranking(p, found, days, group, n_draws=0)
    assert result.auc == pytest.approx(share_of_pairs(p, found, [0] * len(p)))
    assert result.auc_within == pytest.approx(share_of_pairs(p, found, group))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_finds_move_as_in_the_mean_over_all_orders_of_ties(rows: list[tuple[int, int, int]]) -> None:
    p, found, days = ([float(each) for each in column] for column in zip(*rows, strict=True))
    p = [each / 3 for each in p]
    result = geo.evaluate_ranking(p, found, days, n_draws=0)
    if not any(found):
        assert result.days_earlier is None
        assert result.found_first_half is None
        return
    first_half, earlier = reorder(p, [int(each) for each in found], days)
    assert result.found_first_half == pytest.approx(first_half)
    assert result.days_earlier == pytest.approx(earlier, abs=1e-9)


@given(ROWS, st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_table_does_not_matter(rows: list[tuple[int, int, int, str]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    results = []
    for each in (rows, shuffled):
        p, found, days, group = (list(column) for column in zip(*each, strict=True))
        result = geo.evaluate_ranking([value / 4 for value in p], found, days, group, n_draws=0)
        results.append([result.auc, result.auc_within, result.found_first_half, result.days_earlier])
    assert results[0] == pytest.approx(results[1], abs=1e-9)


def test_sklearn_agrees() -> None:
    rng = np.random.default_rng(4)
    p, found = rng.integers(0, 20, 400) / 20, rng.integers(0, 2, 400)
    assert geo.evaluate_ranking(p, found, np.arange(400), n_draws=0).auc == pytest.approx(roc_auc_score(found, p))


def test_within_groups_knows_nothing_of_who_finds_more() -> None:
    """p is the group's rate: it orders groups, and nothing inside them."""
    rng = np.random.default_rng(1)
    group = rng.integers(0, 2, 2000)
    rate = np.where(group == 1, 0.6, 0.1)
    found = rng.random(2000) < rate
    result = geo.evaluate_ranking(rate, found, rng.integers(0, 60, 2000), group, n_draws=0)
    assert result.auc is not None
    assert result.auc > 0.7
    assert result.auc_within == 0.5


def test_calibration_accounts_for_every_inspection() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(1000)
    found = rng.random(1000) < p
    table = geo.evaluate_ranking(p, found, np.arange(1000), n_draws=0).calibration
    assert table["n"].sum() == 1000
    assert table["actual"].sum() == found.sum()
    assert table["expected"].sum() == pytest.approx(p.sum())
    assert (table["low"] <= table["actual_share"]).all()
    assert (table["actual_share"] <= table["high"]).all()
    assert (table["p_low"].to_numpy()[1:] > table["p_high"].to_numpy()[:-1]).all()
    # outcomes drawn from p itself: nine in ten intervals should hold the expected share
    assert ((table["low"] <= table["expected_share"]) & (table["expected_share"] <= table["high"])).sum() >= 7


def test_equal_p_share_a_bin() -> None:
    table = geo.evaluate_ranking([0.2] * 50 + [0.7], [0] * 50 + [1], range(51), n_draws=0).calibration
    assert table["n"].tolist() == [50, 1]


def test_intervals_hold_the_value_and_come_again() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(500)
    found, days = rng.random(500) < p / 2, rng.integers(0, 60, 500)
    first, again, other = (geo.evaluate_ranking(p, found, days, n_draws=200, seed=seed) for seed in (1, 1, 2))
    assert first.intervals == again.intervals
    assert first.intervals != other.intervals
    for name, (low, high) in first.intervals.items():
        assert low < getattr(first, name) < high
    assert first.to_frame().loc["auc", "value"] == first.auc


def test_bootstrap_draws_are_measured_as_tables_of_their_own() -> None:
    """Counting an inspection twice is the same as listing it twice."""
    rng = np.random.default_rng(5)
    p, found, days, group = (
        rng.integers(0, 9, 80) / 9,
        rng.integers(0, 2, 80),
        rng.integers(0, 9, 80),
        rng.integers(0, 3, 80),
    )
    times = rng.integers(0, 4, 80)
    counted = _Comparison(check_ranking(p, found, days, group)).measure(times.astype(float))
    listed = geo.evaluate_ranking(*(np.repeat(each, times) for each in (p, found, days, group)), n_draws=0)
    expected = [listed.auc, listed.auc_within, listed.found_first_half, listed.days_earlier]
    assert_allclose(counted, np.array(expected, dtype=float), atol=1e-9)


def test_one_kind_of_outcome_gives_no_auc_and_says_so() -> None:
    nothing = geo.evaluate_ranking([0.1, 0.2], [0, 0], [1, 2], ["a", "a"])
    assert (nothing.auc, nothing.auc_within, nothing.found_first_half, nothing.days_earlier) == (None,) * 4
    assert nothing.intervals == {}
    assert "nothing was found" in nothing.notes[0]
    assert nothing.to_frame().empty
    everything = geo.evaluate_ranking([0.1, 0.2], [True, True], [1, 2])
    assert everything.auc is None
    assert everything.days_earlier == 0


def test_dates_are_days() -> None:
    dates = pd.date_range("2024-01-01", periods=4)
    p, found = [0.1, 0.2, 0.3, 0.4], [0, 0, 0, 1]
    as_dates = geo.evaluate_ranking(p, found, dates, n_draws=0).days_earlier
    assert as_dates == geo.evaluate_ranking(p, found, [0, 1, 2, 3], n_draws=0).days_earlier == 3
    assert geo.evaluate_ranking(p, found, dates.strftime("%Y-%m-%d"), n_draws=0).days_earlier == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.1], [1, 0], [1]), "lengths differ"),
        (([], [], []), "no inspections"),
        (([1.2, 0.1], [1, 0], [1, 2]), "p is not between 0 and 1 in 1 row "),
        (([np.nan, 0.1], [1, 0], [1, 2]), "p is not between"),
        (([0.2, 0.1], [2, 0], [1, 2]), "neither 0 nor 1"),
        (([0.2, 0.1], [None, 0], [1, 2]), "leave out visits without an outcome"),
        (([0.2, 0.1], [1, 0], [1, np.inf]), "days is not a number within"),
        (([0.2, 0.1], [1, 0], [1, 1e308]), "days is not a number within"),
        (([0.2, 0.1], [1, 0], [1, 1j]), "days is not a number within"),
        (([0.2, 1j], [1, 0], [1, 2]), "p is not between 0 and 1"),
        (([0.2, 0.1], [1, 1j], [1, 2]), "neither 0 nor 1"),
        (([[0.2], [0.1, 0.3]], [1, 0], [1, 2]), "p must be a column or list of values"),
        (([0.2, 0.1], [1, 0], ["2024-01-01", None]), "is empty in 1 row"),
        (([0.2, 0.1], [1, 0], ["2024-01-01", "soon"]), "is no date"),
        ((0.2, [1], [1]), "p must be a column"),
        (([[0.2]], [1], [1]), "p must be a column"),
        ((pd.Series([0.1, 0.2], [1, 2]), pd.Series([0, 1], [2, 1]), [1, 2]), "different order"),
    ],
)
def test_what_cannot_be_evaluated_is_told(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        geo.evaluate_ranking(*arguments)


def test_all_failures_at_once() -> None:
    with pytest.raises(ParameterError, match=r"(?s)between 0 and 1.*neither 0 nor 1.*not a number within"):
        geo.evaluate_ranking([2.0], [5], [np.nan])
    with pytest.raises(ParameterError, match=r"n_bins.*n_draws.*seed.*level"):
        geo.evaluate_ranking([0.2], [1], [1], n_bins=0, n_draws=-1, seed=True, level=1)
