"""Effects of agencies: recovered where they are known, none where visits cannot tell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.layers.visits import AGENCY_EFFECT, weigh_crews
from geo.reference import model_parameters
from geo.risk.effort.agencies import CrewEffects, fit_crew_effects

TRUTH = {"police": 1.8, "tax": 0.7, "coordinator": 1.3}


def simulate(n_places: int, seed: int, *, per_place: int = 6) -> tuple[np.ndarray, list[list[str]], np.ndarray]:
    """Rich places are visited with the police more often: without the place, its effect would be overrated."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(n_places), per_place)
    rate = rng.gamma(1.0, 0.8, n_places)
    crews, mean = [], []
    for where in place.tolist():
        chance = {"police": 0.8 if rate[where] > 0.8 else 0.2, "tax": 0.5, "coordinator": 0.3}
        crew = ["work", *(agency for agency, p in chance.items() if rng.random() < p)]
        crews.append(crew)
        mean.append(rate[where] * math.prod(TRUTH.get(agency, 1.0) for agency in crew))
    return rng.poisson(mean).astype(float), crews, place


def test_effects_that_were_put_in_come_out_whatever_the_places_are_like() -> None:
    logs = []
    for seed in range(6):
        fit = fit_crew_effects(*simulate(1_500, seed))
        assert list(fit.agencies) == sorted(TRUTH)
        logs.append([math.log(fit.agencies[agency]) for agency in TRUTH])

    expected = np.log(list(TRUTH.values()))
    # six fits of some 7 000 findings: within four standard errors, and the ridge's bias far below them
    error = np.std(logs, axis=0, ddof=1) / math.sqrt(6)
    assert (np.abs(np.mean(logs, axis=0) - expected) < 4 * error + 0.01).all()
    assert (error < 0.03).all()


def test_the_usual_visit_counts_one() -> None:
    findings, crews, place = simulate(200, 1)
    weight = np.random.default_rng(2).uniform(0.1, 1, len(findings))

    fit = fit_crew_effects(findings, crews, place, weight)

    parameters = {"crew_effect": fit.base} | {f"{AGENCY_EFFECT}{name}": value for name, value in fit.agencies.items()}
    multipliers = weigh_crews(pd.Series(["+".join(crew) for crew in crews]), parameters)
    named = np.array([bool(set(crew) & set(fit.agencies)) for crew in crews])
    assert np.average(multipliers[named], weights=weight[named]) == pytest.approx(1, rel=1e-12)
    assert set(multipliers[~named]) == {1.0}
    assert len(set(multipliers[named])) > 2


@settings(max_examples=5)
@given(st.randoms(use_true_random=False))
def test_the_order_of_visits_and_of_agencies_changes_nothing(random: Any) -> None:
    findings, crews, place = simulate(60, 3)
    order = random.sample(range(len(findings)), len(findings))
    shuffled = [random.sample(crews[i], len(crews[i])) for i in order]

    one, other = fit_crew_effects(findings, crews, place), fit_crew_effects(findings[order], shuffled, place[order])

    assert one.agencies == pytest.approx(other.agencies, rel=1e-5)
    assert one.base == pytest.approx(other.base, rel=1e-5)


def test_little_data_moves_effects_little() -> None:
    few = fit_crew_effects(*simulate(10, 4)).agencies
    assert few
    # the prior's standard deviation is 0.5: three of them
    assert all(0.2 < effect < 4.5 for effect in few.values())


@pytest.mark.parametrize(
    ("findings", "crews", "place"),
    [
        ([], [], []),
        ([1.0], [["police"]], [0]),
        (np.ones(100), [["police"]] * 100, np.arange(100) // 5),
        (np.zeros(100), [["police"], ["tax"]] * 50, np.arange(100) // 5),
        (np.ones(100), [[]] * 100, np.arange(100) // 5),
        (np.ones(30), [["police"]] * 11 + [["tax"]] * 19, np.arange(30) // 5),
    ],
    ids=["no visits", "a single visit", "one agency only", "nothing found", "nobody named", "too few of each"],
)
def test_where_visits_cannot_tell_all_count_alike(findings: Any, crews: list[list[str]], place: Any) -> None:
    assert fit_crew_effects(findings, crews, place) == CrewEffects({}, 1.0, 1.0)


def test_places_that_were_visited_once_leave_effects_at_one() -> None:
    crews = [["police"], ["tax"]] * 50

    fit = fit_crew_effects(np.ones(100), crews, np.arange(100))

    assert fit.agencies == pytest.approx({"police": 1.0, "tax": 1.0})


def test_visits_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(ParameterError, match="one length"):
        fit_crew_effects([1.0], [], [0])
    with pytest.raises(ParameterError, match="finite numbers of 0 or more"):
        fit_crew_effects([-1.0], [["police"]], [0])


# ---- what visits count for -------------------------------------------------------------------------------------

EFFECTS = {"crew_effect": 0.5, f"{AGENCY_EFFECT}polismyndigheten": 3.0, f"{AGENCY_EFFECT}skatteverket": 0.8}


@pytest.mark.parametrize(
    ("crew", "expected"),
    [
        ("polismyndigheten", 1.5),
        ("skatteverket+polismyndigheten", 1.2),
        ("polismyndigheten+skatteverket+iom", 1.2),
        ("polismyndigheten+polismyndigheten", 1.5),
        ("iom", 1.0),
        ("", 1.0),
        (None, 1.0),
    ],
)
def test_a_visit_counts_for_its_crew(crew: str | None, expected: float) -> None:
    assert weigh_crews(pd.Series([crew], dtype="object"), EFFECTS).tolist() == pytest.approx([expected])


def test_frozen_crews_count_about_one() -> None:
    effects = [value for name, value in model_parameters().items() if name.startswith(AGENCY_EFFECT)]
    assert len(effects) > 3
    assert all(0.4 < effect < 2.5 for effect in effects)
