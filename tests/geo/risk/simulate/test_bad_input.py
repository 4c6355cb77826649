"""What cannot be simulated is refused, everything at once, saying where and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import geo
from geo.errors import ConfigError, ParameterError, SchemaError
from geo.reference import read_table
from geo.risk.simulate import Allocation, Norrsyn

TRUTH = pd.DataFrame({"place": ["a", "b", "c"], "rate": [0.1, 0.2, 0.3]})


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"rate": [0.1, -0.2, 0.3]}, "rate must be finite numbers of 0 or more, but is not at b"),
        ({"rate": [0.1, 0.2, float("nan")]}, "is not at c"),
        ({"rate": [float("inf"), 0.2, 0.1]}, "is not at a"),
        ({"rate": ["x", 0.2, 0.1]}, "is not at a"),
        ({"rate": [0.1, 0.2, 1.3]}, "rate is above 1 at c"),
        ({"rate": [0.0, 0.0, 0.0]}, "nothing to find"),
        ({"rate": [0.1, 0.0, 0.0], "sites": [0, 1, 1]}, "nothing to find"),
        ({"sites": [0, 0, 0]}, "no place has exposure"),
        ({"sites": [1, -1, 0]}, "sites must be finite numbers of 0 or more, but is not at b"),
        ({"past_findings": [1, 0, 0]}, "past_findings without past_visits at a"),
        ({"past_visits": [1, None, 0]}, "past_visits must be"),
        ({"place": ["a", "b", "a"]}, "places come twice: a"),
        ({"place": ["a", None, "b"]}, "places have no name"),
    ],
)
def test_truths_that_are_none(columns: dict[str, Any], words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        geo.simulate_policy(TRUTH.assign(**columns))


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ([1, 2], "must be a DataFrame"),
        (TRUTH.iloc[:0], "no places"),
        (TRUTH.drop(columns="rate"), "no column rate"),
    ],
)
def test_tables_that_are_none(truth: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        geo.simulate_policy(truth)


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (np.zeros((24, 3)), r"array \(places, months\), got shape \(24, 3\)"),
        (np.full((3, 24), -1.0), "rates must be finite numbers of 0 or more"),
        (lambda _: [0.1, 0.2], "rates must be a function"),
        (lambda _: "x", "rates are no numbers"),
        (lambda month: [0.1 / month if month else np.nan, 0.2, 0.1], "is not at a"),
    ],
)
def test_rates_that_are_none(rates: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        geo.simulate_policy(TRUTH, rates=rates)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"policy": "gredy"}, "policy 'gredy' is none of greedy, greedy_rate, norrsyn, uniform"),
        ({"policy": 3}, "policy 3 is none of"),
        ({"policy": Norrsyn}, "is none of"),
        ({"months": 0}, "months must be a whole number from 1"),
        ({"months": 2.0}, "months"),
        ({"months": True}, "months"),
        ({"seed": -1}, "seeds must be"),
        ({"seed": "x"}, "seeds must be"),
        ({"visits_per_month": 0}, "visits_per_month must be a whole number from 1"),
        ({"outcome": "normal"}, "outcome must be 'bernoulli' or 'poisson'"),
        ({"half_life_days": 0}, "half_life_days must be a number above 0"),
        ({"half_life_days": float("nan")}, "half_life_days"),
        ({"window_months": 0}, "window_months"),
        ({"tolerance": 1.0}, "tolerance must be a number from 0 to below 1"),
    ],
)
def test_arguments_that_are_none(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        geo.simulate_policy(TRUTH, **arguments)


def test_everything_that_is_wrong_in_one_message() -> None:
    with pytest.raises(SchemaError) as caught:
        geo.simulate_policy(TRUTH.assign(rate=[-1, 0.2, 0.3], sites=0), "best", 0, -5, visits_per_month=0)
    assert len(caught.value.failures) == 6
    for words in ("rate must be", "no place has exposure", "'best'", "months", "seeds", "visits_per_month"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"policies": []}, "no policy to simulate"),
        ({"policies": ["greedy", "greedy"]}, "two policies are called greedy"),
        ({"seeds": []}, "got 0 of them"),
        ({"seeds": [1, 1]}, "seeds come twice"),
        ({"seeds": [1, 1.5]}, "got 1.5"),
    ],
)
def test_comparisons_that_are_none(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        geo.compare_policies(TRUTH, **arguments)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([1, 1, 1], "they are 4, it places 3"),
        ([5, -1, 0], "finite numbers of 0 or more"),
        ([2, 2], "must have shape"),
        ([1.5, 2.5, 0], "whole numbers"),
        ([np.nan, 4, 0], "finite numbers"),
        (["x", 1, 1], "gives no array of visits"),
        (None, "must have shape|gives no array"),
        ([0, 0, 4], "some go where nothing is exposed"),
        (Allocation(np.array([4, 0, 0]), np.array([0, 1, 0]), np.ones(3)), "more stops explore than are made"),
        (Allocation(np.array([4, 0, 0]), np.array([1, 0, 0]), np.zeros(3)), "propensity 0"),
    ],
)
def test_policies_that_misplace_visits(answer: Any, words: str) -> None:
    truth = TRUTH.assign(sites=[1, 1, 0])
    with pytest.raises(ParameterError, match=f"month 0.*({words})|({words}).*month 0"):
        geo.simulate_policy(truth, lambda *_: answer, visits_per_month=4)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "x", True])
def test_shares_that_are_none(share: Any) -> None:
    with pytest.raises(ParameterError, match="exploration_share must be a number from 0 to 1"):
        Norrsyn(share)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_ends_of_the_share(share: float) -> None:
    run = geo.simulate_policy(TRUTH, Norrsyn(share), 3)
    assert run.explored.sum() == share * run.n_visits


def test_one_place_one_visit_one_month() -> None:
    for policy in ("greedy", "greedy_rate", "norrsyn", "uniform"):
        run = geo.simulate_policy(pd.DataFrame({"rate": [1]}), policy, 1, visits_per_month=1)
        assert run.n_findings == 1
        assert run.verdict == "converges"


def test_a_reference_table_without_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_table("policy_parameters")
    monkeypatch.setattr("geo.risk.simulate.policies.read_table", lambda _: whole[whole["name"] != "tolerance"])
    with pytest.raises(ConfigError, match="policy_parameters is broken: no row tolerance"):
        geo.simulate_policy(TRUTH)
