"""The parts of the learning model, each against something obviously right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import spearmanr

import geo
from geo.demo import make_demo
from geo.risk.backtest.cells import keep_cells
from geo.risk.backtest.events import read_events
from geo.risk.backtest.measures import best_hits, rank_cells
from geo.risk.backtest.models.ladders import lay_bandwidths, lay_origins
from geo.risk.backtest.models.learners import fit_boosting, fit_mixture, fit_on_roots
from geo.risk.backtest.models.norrsyn import _count_plain, _make_features
from geo.risk.backtest.models.rates import cell_rate, follow_change, kernel_rate, window_rate
from geo.risk.backtest.models.samples import Sample, take_sample
from geo.risk.backtest.past import Past, see_all

from .conftest import GRID, make_events

CUTOFFS = ["2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01"]


def see(events: pd.DataFrame, cutoff: str = "2021-12-01", horizon_days: float = 30) -> Past:
    table = read_events(events, GRID, "observed_on")
    return see_all(table, keep_cells(GRID), horizon_days, np.datetime64("2100-01-01", "us")).before(
        np.datetime64(cutoff, "us")
    )


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.integers(0, 4).map(float)), st.data())
def test_the_top_is_that_of_a_full_sort(scores: np.ndarray, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(scores)))
    top = rank_cells(scores, n)
    assert len(set(top.tolist())) == n
    np.testing.assert_array_equal(scores[top], np.sort(scores)[::-1][:n])
    # more cells begin with the same ones
    np.testing.assert_array_equal(rank_cells(scores, len(scores))[:n], top)
    assert best_hits(scores, n) == np.sort(scores)[::-1][:n].sum()


@pytest.mark.parametrize("half_life", [20.0, np.inf])
def test_rates_of_a_steady_process_do_not_depend_on_how_long_it_was_watched(half_life: float) -> None:
    days = pd.date_range("2020-01-01", periods=700, freq="D")
    events = pd.DataFrame({"observed_on": days, "easting": 502_250.0, "northing": 5_003_250.0})
    for cutoff in ("2020-04-01", "2021-11-01"):
        past = see(events, cutoff)
        assert cell_rate(past, half_life).max() == pytest.approx(30, rel=0.03)
        assert window_rate(past, 60).max() == pytest.approx(30, rel=0.02)
        # a kernel keeps the mass: what is spread over the cells adds up to what happened
        assert kernel_rate(past, 2_000, half_life).sum() == pytest.approx(30, rel=0.05)


def test_a_kernel_rate_is_the_plain_sum() -> None:
    past = see(make_events(50))
    expected = np.zeros(len(past.cells))
    for x, y, age in zip(past.easting, past.northing, past.age_days, strict=True):
        u2 = ((past.cells.easting - x) ** 2 + (past.cells.northing - y) ** 2) / 900**2
        expected += 0.5 ** (age / 40) * 3 / np.pi * np.maximum(1 - u2, 0) ** 2 / 0.9**2
    expected *= 0.25 * 30 / ((1 - 0.5 ** (past.span_days / 40)) * 40 / np.log(2))
    np.testing.assert_allclose(kernel_rate(past, 900, 40), expected, rtol=1e-9, atol=1e-12)


def test_a_rate_follows_its_surroundings_up_to_four_times() -> None:
    rate = np.array([2, 2, 2, 2, 0], dtype=np.float32)
    lately = np.array([3, 0, 9, 0, 1], dtype=np.float32)
    ever = np.array([1.5, 1, 1, 0, 1], dtype=np.float32)
    np.testing.assert_array_equal(follow_change(rate, lately, ever), [4, 0, 8, 0, 0])


def test_the_features_that_follow_a_change_are_the_last_ones() -> None:
    past = see(make_events(300))
    bandwidths = lay_bandwidths(past)
    features = _make_features(past, bandwidths)
    changes = features[:, _count_plain(bandwidths) :]
    expected = [
        cell_rate(past) * np.minimum(kernel_rate(past, bandwidth_m, life) / kernel_rate(past, bandwidth_m), 4)
        for bandwidth_m in bandwidths[2:]
        for life in (30.0, 120.0, 360.0)
    ]
    assert changes.shape == (len(past.cells), 12)
    own = cell_rate(past) > 0
    np.testing.assert_allclose(changes[own], np.column_stack(expected)[own], rtol=1e-4, atol=1e-9)
    assert not changes[~own].any()
    assert changes.max() > 0


@given(st.integers(2, 700), st.floats(0.5, 400), st.integers(1, 40))
def test_origins_are_over_at_the_cutoff_and_have_a_past(span: int, horizon_days: float, most: int) -> None:
    events = pd.DataFrame({"observed_on": pd.to_datetime(["2020-01-01"]), "easting": 5e5 + 1, "northing": 5e6 + 1})
    cutoff = pd.Timestamp("2020-01-01") + pd.Timedelta(days=span)
    past = see(events, str(cutoff.date()), horizon_days)
    origins = lay_origins(past, most)
    assert len(origins) <= most
    assert origins == sorted(origins, reverse=True)
    for origin in origins:
        assert past.time[0] < origin
        past.outcome(origin)
    if span >= 3 * horizon_days:
        assert origins


def test_bandwidths_go_from_a_cell_up() -> None:
    ladder = lay_bandwidths(see(make_events()))
    assert len(ladder) == 6
    assert ladder[0] == GRID.cell_m
    np.testing.assert_allclose(np.diff(np.log(ladder)), np.log(ladder[1] / ladder[0]))


def make_sample(n: int = 8_000, seed: int = 0) -> tuple[Sample, np.ndarray]:
    draw = np.random.default_rng(seed)
    rates = draw.gamma(0.5, 0.4, (n, 4)).astype(np.float32)
    expected = 0.7 * rates[:, 0] + 0.3 * rates[:, 1]
    return Sample(rates, draw.poisson(expected).astype(float), np.ones(n)), expected


@pytest.mark.parametrize("fit", [fit_mixture, fit_on_roots, fit_boosting])
def test_every_learner_finds_what_drives_the_counts(fit: object) -> None:
    sample, _ = make_sample()
    new, expected = make_sample(seed=1)
    found = fit(sample)(new.features)  # type: ignore[operator]
    assert spearmanr(found, expected).statistic > 0.9
    assert found.mean() == pytest.approx(expected.mean(), rel=0.1)
    assert (found >= 0).all()


def test_the_mixture_recovers_its_weights() -> None:
    sample, _ = make_sample(40_000)
    found = fit_mixture(sample)(np.eye(4, dtype=np.float32))
    np.testing.assert_allclose(found, [0.7, 0.3, 0.0, 0.0], atol=0.04)


@pytest.mark.parametrize("fit", [fit_mixture, fit_on_roots, fit_boosting])
def test_a_row_that_stands_for_three_is_three_rows(fit: object) -> None:
    sample, _ = make_sample(900)
    weight = np.where(np.arange(900) % 2, 3.0, 1.0)
    often = np.repeat(np.arange(900), weight.astype(int))
    one = fit(Sample(sample.features, sample.events, weight))  # type: ignore[operator]
    other = fit(Sample(sample.features[often], sample.events[often], np.ones(len(often))))  # type: ignore[operator]
    if fit is fit_boosting:
        # its bins are those of the rows, not of what they stand for
        assert spearmanr(one(sample.features), other(sample.features)).statistic > 0.8
    else:
        np.testing.assert_allclose(one(sample.features), other(sample.features), rtol=1e-3)


@pytest.mark.parametrize("fit", [fit_mixture, fit_on_roots, fit_boosting])
def test_rates_that_are_all_alike_or_zero_break_nothing(fit: object) -> None:
    rates = np.zeros((300, 3), dtype=np.float32)
    rates[:, 1] = 0.5
    events = (np.arange(300) % 10 == 0).astype(float)
    found = fit(Sample(rates, events, np.ones(300)))(rates)  # type: ignore[operator]
    np.testing.assert_allclose(found, 0.1, rtol=0.05)


def test_a_sample_stands_for_all_cells() -> None:
    draw = np.random.default_rng(3)
    events = draw.poisson(0.01, 20_000).astype(float)
    features = np.arange(20_000, dtype=np.float32)[:, None]
    has_past = draw.random(20_000) < 0.3
    sample = take_sample(features, events, has_past, 5)
    assert sample.weight.sum() == pytest.approx(20_000)
    assert sample.events.sum() == events.sum()
    assert len(sample.events) == np.count_nonzero(events) + 4_000
    rows = sample.features[:, 0].astype(int)
    np.testing.assert_array_equal(events[rows], sample.events)
    assert sample.weight[has_past[rows]].sum() == pytest.approx(has_past.sum())
    assert sample.mean_events == pytest.approx(events.mean())
    np.testing.assert_array_equal(
        Sample(np.eye(3, dtype=np.float32), events[:3], np.ones(3)).first(2).features, np.eye(3, 2)
    )


def test_without_enough_to_learn_from_the_mean_of_the_rates_ranks() -> None:
    few = make_events(20)
    kept: list[np.ndarray] = []

    def look(past: Past) -> np.ndarray:
        from geo.risk.backtest.models.norrsyn import rank_by_learning  # noqa: PLC0415

        kept.append(rank_by_learning(past))
        return kept[-1]

    geo.backtest(few, GRID, cutoffs="2021-06-01", horizon_days=30, area_km2=1.0, models=look)
    assert kept[0].max() > 0
    assert np.isfinite(kept[0]).all()


@pytest.mark.long
def test_few_events_in_a_wide_land_foretell_without_overflow() -> None:
    """Steps of a regression that overshoot are taken back, and nothing is said of it: warnings are errors here."""
    findings = make_demo().layers["findings"]
    result = geo.backtest(
        findings, geo.region_grid(5_000), cutoffs=CUTOFFS, horizon_days=90, area_km2=1_000, models=["norrsyn"]
    )
    assert result["hits"].between(1, result["best_hits"]).all()
