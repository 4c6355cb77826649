"""What is predicted for a visit never depends on what came after it was predicted; variants that cheat are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import geo
from geo.layers.bundle import Layers
from geo.risk.learned import features, folds, learn
from geo.risk.learned.history import Visits
from geo.risk.learned.result import LearnedWeights
from tests.frames import SCORING_DAY
from tests.geo.risk.learned.world import redraw_after

PREDICTED = ["expert_score", "learned_score", "expert_rate", "learned_rate"]
DAYS = ("2025-04-01", "2025-10-01", "2026-04-01")


def predict(layers: Layers) -> pd.DataFrame:
    """Predictions of all folds."""
    return geo.learn_weights(layers, SCORING_DAY, n_draws=20).predictions


def look_ahead(first: pd.DataFrame, world: Layers, day: str) -> pd.DataFrame:
    """Predictions made up to a day that change when outcomes after it are others."""
    second = predict(redraw_after(world, day))
    assert first["visit_id"].tolist() == second["visit_id"].tolist()
    before = (first["scored_on"] <= pd.Timestamp(day)).to_numpy()
    assert before.any()
    changed = (first[PREDICTED] != second[PREDICTED]).any(axis=1).to_numpy()
    return first[before & changed]


@pytest.mark.parametrize("day", DAYS)
def test_later_outcomes_change_no_earlier_prediction(world: Layers, learned: LearnedWeights, day: str) -> None:
    assert look_ahead(learned.predictions, world, day).empty


def test_they_do_change_what_is_learned(world: Layers, learned: LearnedWeights) -> None:
    other = geo.learn_weights(redraw_after(world, DAYS[0]), SCORING_DAY, n_draws=20)
    assert other.weights != learned.weights


def score_today(measure: Callable[..., Any]) -> Callable[..., Any]:
    """Features as of the last day for every visit, whatever was known at its own."""

    def leak(layers: Layers, cell: np.ndarray, scored_on: np.ndarray, model: geo.Model) -> Any:
        return measure(layers, cell, np.full_like(scored_on, np.datetime64(SCORING_DAY)), model)

    return leak


@pytest.mark.long
def test_features_of_today_are_caught(world: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "measure_features", score_today(features.measure_features))
    assert not look_ahead(predict(world), world, DAYS[0]).empty


@pytest.mark.long
def test_findings_dated_before_their_visit_are_caught(world: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
    # the layers as they are: a finding with a day of its own counts from that day, before its visit
    monkeypatch.setattr(features, "recall_layers", lambda layers, _: layers)
    first = predict(world)
    assert any(len(look_ahead(first, world, day)) for day in DAYS)


@pytest.mark.long
def test_outcomes_known_too_late_are_caught(world: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Visits.found
    monkeypatch.setattr(Visits, "found", lambda self, _=None, **choices: whole(self, **choices))
    first = predict(world)
    assert any(len(look_ahead(first, world, day)) for day in DAYS)


@pytest.mark.long
def test_training_on_the_fold_itself_is_caught(world: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = folds.Sample.fit
    monkeypatch.setattr(
        folds.Sample, "fit", lambda self, _, penalty, __=None: fit(self, np.arange(len(self.cell)), penalty)
    )
    assert not look_ahead(predict(world), world, DAYS[0]).empty
