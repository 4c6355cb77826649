"""Records, decay and shares against a plain loop, and one seed giving one run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.risk.simulate import POLICIES, Past, PolicyRun


@pytest.mark.parametrize("policy", POLICIES)
def test_one_seed_one_run(policy: str, biased: pd.DataFrame) -> None:
    first, again, other = (geo.simulate_policy(biased, policy, 6, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first.monthly, again.monthly)
    assert first.to_dict() == again.to_dict()
    assert not first.monthly.equals(other.monthly)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("outcome", ["bernoulli", "poisson"])
def test_every_month_adds_up(policy: str, outcome: str, biased: pd.DataFrame) -> None:
    truth = biased.assign(sites=[0, *range(1, 12)])
    monthly = geo.simulate_policy(truth, policy, 8, 1, visits_per_month=31, outcome=outcome).monthly
    assert list(monthly.columns) == [
        "month", "place", "visits", "findings", "explored", "explored_findings", "propensity",
    ]  # fmt: skip
    assert len(monthly) == 8 * 12
    assert (monthly.groupby("month")["visits"].sum() == 31).all()
    assert (monthly["explored"] <= monthly["visits"]).all()
    assert (monthly["explored_findings"] <= monthly["findings"]).all()
    assert (monthly.loc[monthly["visits"] == 0, "findings"] == 0).all()
    assert (monthly.loc[monthly["place"] == "place 1", "visits"] == 0).all()
    if outcome == "bernoulli":
        assert (monthly["findings"] <= monthly["visits"]).all()
    share = {"greedy": 0.0, "greedy_rate": 0.0, "norrsyn": 0.15, "uniform": 1.0}[policy]
    np.testing.assert_allclose(monthly.groupby("month")["propensity"].sum(), share * 31, rtol=1e-12)


def test_what_a_policy_sees_is_what_a_plain_loop_says(biased: pd.DataFrame) -> None:
    seen: list[Past] = []

    def watch(past: Past, rng: np.random.Generator) -> Any:
        seen.append(past)
        return rng.multinomial(past.n_visits, np.full(12, 1 / 12))

    run = geo.simulate_policy(biased, watch, 5, 2, visits_per_month=40, half_life_days=100)
    assert [past.month for past in seen] == [0, 1, 2, 3, 4]
    for past in seen:
        for place in range(12):
            visits = biased["past_visits"][place] * 2 ** (-(past.month + 1) * 365.25 / 12 / 100)
            findings = biased["past_findings"][place] * 2 ** (-(past.month + 1) * 365.25 / 12 / 100)
            for month in range(past.month):
                age_days = (past.month - month) * 365.25 / 12
                visits += run.visits[month, place] * 2 ** (-age_days / 100)
                findings += run.findings[month, place] * 2 ** (-age_days / 100)
            assert past.visits[place] == pytest.approx(visits, rel=1e-12)
            assert past.findings[place] == pytest.approx(findings, rel=1e-12)
        np.testing.assert_array_equal(past.visits_by_month, run.visits[: past.month])
        np.testing.assert_array_equal(past.findings_by_month, run.findings[: past.month])
        with pytest.raises(ValueError, match="read-only"):
            past.visits[0] = 1.0


@pytest.mark.parametrize("window", [1, 3, 6, 50])
def test_shares_and_distance_are_what_a_plain_loop_says(window: int, biased: pd.DataFrame) -> None:
    rates = np.linspace(0.05, 0.4, 12 * 9).reshape(12, 9)
    run = geo.simulate_policy(biased, "uniform", 9, 5, rates=rates, window_months=window)
    sites = biased["sites"].to_numpy()
    for month in range(9):
        months = range(max(0, month - window + 1), month + 1)
        made = [sum(run.visits[m, place] for m in months) for place in range(12)]
        true = [
            sum(rates[place, m] * sites[place] / sum(rates[p, m] * sites[p] for p in range(12)) for m in months)
            for place in range(12)
        ]
        shares = [each / sum(made) for each in made]
        wanted = [each / sum(true) for each in true]
        np.testing.assert_allclose(run.shares.loc[month], shares, rtol=1e-12)
        np.testing.assert_allclose(run.truth_shares.loc[month], wanted, rtol=1e-12)
        distance = sum(abs(a - b) for a, b in zip(shares, wanted, strict=True)) / 2
        assert run.distance[month] == pytest.approx(distance, rel=1e-9)
    assert run.end_distance == run.distance[-1]


def test_rates_by_function_and_by_array_are_one(biased: pd.DataFrame) -> None:
    """A season: the first place holds everything in the first three months of each year."""

    def season(month: int) -> Any:
        return np.where(np.arange(12) == 0, 0.9 if month % 12 < 3 else 0.0, 0.1)

    array = np.column_stack([season(month) for month in range(14)])
    first = geo.simulate_policy(biased, "norrsyn", 14, rates=season)
    again = geo.simulate_policy(biased.drop(columns="rate"), "norrsyn", 14, rates=array)
    pd.testing.assert_frame_equal(first.monthly, again.monthly)
    assert first.findings[3:12, 0].sum() == 0 < first.findings[:3, 0].sum()


def test_places_are_named_by_the_column_or_the_index(alike: pd.DataFrame) -> None:
    assert list(geo.simulate_policy(alike, "greedy", 1).shares.columns) == list("abcdef")
    named = alike.assign(place=range(6))
    assert list(geo.simulate_policy(named, "greedy", 1).shares.columns) == list(range(6))


def test_figures_are_json(biased: pd.DataFrame) -> None:
    run = geo.simulate_policy(biased, months=2)
    told = json.loads(json.dumps(run.to_dict()))
    assert told["verdict"] in {"converges", "stays apart", "runs away"}
    assert told["n_visits"] == 54
    assert told["frame_rate"]["n_stops"] == int(run.explored.sum())
    assert run.n_findings == run.monthly["findings"].sum()
    assert run.finds_per_visit == run.n_findings / 54


def test_start_is_that_of_the_records_or_of_the_first_month(biased: pd.DataFrame, alike: pd.DataFrame) -> None:
    run = geo.simulate_policy(biased, "uniform", 1)
    old = biased["past_visits"] / biased["past_visits"].sum()
    true = biased["rate"] / biased["rate"].sum()
    assert run.start_distance == pytest.approx(np.abs(old - true).sum() / 2)
    assert geo.simulate_policy(alike, "greedy", 1).start_distance == pytest.approx(5 / 6)


def test_comparison_is_its_runs(biased: pd.DataFrame) -> None:
    seeds = [5, 2, 9]
    compared = geo.compare_policies(biased, {"ours": "norrsyn", "top": "greedy"}, 4, seeds)
    assert [(run.policy, run.seed) for run in compared.runs] == [(p, s) for p in ("ours", "top") for s in seeds]
    alone = geo.simulate_policy(biased, "norrsyn", 4, 2)
    np.testing.assert_array_equal(compared.of("ours")[1].visits, alone.visits)
    table, summary = compared.table, compared.summary
    assert len(table) == 6
    found = table.loc[table["policy"] == "ours", "finds_per_visit"]
    assert summary.loc["ours", "finds_per_visit"] == pytest.approx(found.mean())
    assert summary.loc["ours", "finds_per_visit_se"] == pytest.approx(found.sem())
    assert table.loc[table["policy"] == "top", "frame_rate"].isna().all()
    assert (summary[["converges", "stays_apart", "runs_away"]].sum(axis=1) == 1).all()
    by_month = compared.distances
    assert list(by_month.columns) == ["policy", "month", "mean", "low", "high"]
    last = by_month[(by_month["policy"] == "ours") & (by_month["month"] == 3)]
    assert last["mean"].item() == pytest.approx(summary.loc["ours", "end_distance"])


@settings(max_examples=20)
@given(
    rate=st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    months=st.integers(1, 5),
    visits=st.integers(1, 50),
    policy=st.sampled_from(sorted(POLICIES)),
)
def test_distances_are_shares(rate: list[float], months: int, visits: int, policy: str) -> None:
    run: PolicyRun = geo.simulate_policy(pd.DataFrame({"rate": rate}), policy, months, visits_per_month=visits)
    assert ((run.distance >= 0) & (run.distance <= 1 + 1e-12)).all()
    assert 0 <= run.chance <= 1
    if len(rate) == 1:
        assert run.verdict == "converges"
