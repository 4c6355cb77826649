"""Weights learned from a world that is known: what comes out, that it is the same every time, and that it is told."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.learned.features import find_cells, measure_features, quarter_before
from geo.risk.learned.history import gather_visits, recall_layers
from geo.risk.learned.result import LearnedWeights
from geo.risk.model import Model, saturate
from tests.frames import SCORING_DAY, make_frame, make_visit
from tests.geo.risk.learned.world import N_VISITS, make_world, to_layers

FEW = 40


def test_what_finds_are_made_of_gets_the_weight(learned: LearnedWeights) -> None:
    report = learned.report
    assert not learned.kept_because
    assert report["expert"].to_dict() == geo.load_model().weights
    # it is the works alone that makes findings
    gained = report["learned"] - report["expert"]
    assert gained.idxmax() == "establishments"
    assert report["learned"]["establishments"] > 3 * report["expert"]["establishments"]
    # no visit can tell what nothing is known of: it keeps the experts' place among the others
    assert report["spread"]["reported"] == report["spread"]["sector_density"] == 0
    assert report["learned"]["reported"] == pytest.approx(report["learned"]["sector_density"], abs=1e-3)
    assert (report["learned"] >= 0).all()
    assert report["learned"].sum() == pytest.approx(report["expert"].sum(), abs=1e-3)
    assert (report["standard_error"] > 0).any()


def test_it_predicts_later_visits_better(learned: LearnedWeights) -> None:
    performance = learned.performance
    assert learned.is_better
    assert performance.loc["deviance", "difference_high"] < 0
    assert performance.loc["auc", "learned"] > performance.loc["auc", "expert"]
    for name in ("expert", "learned", "difference"):
        within = performance[f"{name}_low"].le(performance[name]) & performance[name].le(performance[f"{name}_high"])
        assert within.all()


def test_nothing_to_learn_keeps_the_experts_or_says_that_it_is_chance() -> None:
    # the same rate everywhere: whatever is found differs by chance alone
    outcomes = [
        geo.learn_weights(to_layers(make_world(seed, rates=(0.5, 0.5))), SCORING_DAY, n_draws=FEW) for seed in (1, 2)
    ]
    assert not any(outcome.is_better for outcome in outcomes)
    kept = [outcome for outcome in outcomes if outcome.kept_because]
    for outcome in kept:
        assert outcome.model is outcome.base
        assert outcome.weights == geo.load_model().weights
        assert "stay" in outcome.to_text()


def test_the_model_says_that_it_was_learned(world: Layers, learned: LearnedWeights) -> None:
    model = learned.model
    assert model.is_learned
    assert not learned.base.is_learned
    assert model.version.startswith(f"{SCORING_DAY}-learned-")
    assert model.weights == learned.weights
    assert model.reference_levels == learned.base.reference_levels
    origin = model.origin
    assert (origin["base"], origin["at"]) == (learned.base.version, str(SCORING_DAY))
    assert origin["learned"]["n_visits"] == learned.n_visits == N_VISITS
    assert origin["learned"]["expert_weights"] == learned.base.weights
    assert origin["learned"]["report"] == learned.to_dict()["report"]
    assert (
        model.weights_from
        == f"Weights are learned from {N_VISITS} visits up to {SCORING_DAY}; they are not the experts'."
    )
    assert not learned.base.weights_from
    assert {name: each["sha256"] for name, each in origin["layers"].items()} == dict(world.hashes)
    back = Model.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert back == model
    assert back.is_learned


def test_a_surface_scored_with_them_says_so(world: Layers, learned: LearnedWeights) -> None:
    grid = geo.region_grid(20_000)
    surface = geo.score(world, grid, SCORING_DAY, model=learned.model)
    assert surface.manifest["model_origin"]["learned"]["n_visits"] == learned.n_visits
    assert surface.manifest["weights"] == learned.weights
    # and nobody gets them unasked
    assert geo.score(world, grid, SCORING_DAY).manifest["weights"] == geo.load_model().weights
    assert geo.load_model().weights == learned.base.weights


def test_fitting_a_version_on_learned_weights_does_not_hide_them(world: Layers, learned: LearnedWeights) -> None:
    fitted = geo.fit_model(world, SCORING_DAY, base=learned.model)
    assert fitted.weights == learned.weights
    assert fitted.is_learned
    with pytest.raises(ParameterError, match=f"learned from, {learned.model.version}"):
        geo.learn_weights(world, SCORING_DAY, base=fitted)


def test_learned_weights_are_no_experts(world: Layers, learned: LearnedWeights) -> None:
    with pytest.raises(ParameterError, match=f"give as base .* {learned.base.version}"):
        geo.learn_weights(world, SCORING_DAY, base=learned.model)


def test_the_same_every_time_whatever_the_order_of_rows(world: Layers, learned: LearnedWeights) -> None:
    shuffled = {name: world[name].sample(frac=1, random_state=3) for name in world if len(world[name])}
    again = geo.learn_weights(shuffled, str(SCORING_DAY), n_draws=40)
    assert again.model == learned.model
    assert again.model.version == learned.model.version
    pd.testing.assert_frame_equal(again.report, learned.report)
    pd.testing.assert_frame_equal(again.performance, learned.performance)
    pd.testing.assert_frame_equal(again.predictions, learned.predictions)


def test_another_seed_moves_only_what_is_drawn(world: Layers, learned: LearnedWeights) -> None:
    other = geo.learn_weights(world, SCORING_DAY, n_draws=40, seed=9)
    assert other.weights == learned.weights
    assert other.model.version == learned.model.version
    assert (other.report["standard_error"] != learned.report["standard_error"]).any()
    pd.testing.assert_frame_equal(other.predictions, learned.predictions)


def test_it_never_changes(learned: LearnedWeights) -> None:
    with pytest.raises(FrozenInstanceError):
        learned.penalty = 1.0  # type: ignore[misc]


def test_features_are_those_of_the_score(world: Layers) -> None:
    model = geo.load_model()
    visits = gather_visits(world, SCORING_DAY, model.parameters)
    cell, scored_on = find_cells(visits, model), quarter_before(visits.day)
    features = measure_features(world, cell[-30:], scored_on[-30:], model)
    grid = geo.region_grid(1000)
    for day in np.unique(scored_on[-30:]):
        surface = geo.score(recall_layers(world, day.item()), grid, day.item())
        here = np.flatnonzero(scored_on[-30:] == day)
        row, col = np.divmod(cell[-30:][here], grid.n_cols)
        for column, component in enumerate(model.components):
            expected = saturate(surface.components[component.name][row, col].astype(float), component.reference_level)
            np.testing.assert_allclose(features[here, column], expected, rtol=1e-5)


def test_quarters_lie_before_the_visit() -> None:
    days = np.array(["2026-01-01", "2026-01-02", "2026-03-31", "2026-04-01", "2025-12-31"], dtype="datetime64[D]")
    expected = ["2025-10-01", "2026-01-01", "2026-01-01", "2026-01-01", "2025-10-01"]
    assert quarter_before(days).astype(str).tolist() == expected


def test_text_and_html_are_plain(learned: LearnedWeights) -> None:
    text = learned.to_text()
    assert f"Learned from {N_VISITS} visits up to {SCORING_DAY}" in text
    assert "did better than the experts'" in text
    for name in geo.load_model().weights:
        assert name in text
    page = learned._repr_html_()
    assert page.count("<table>") == page.count("</table>") == 2
    assert "<script" not in page
    assert "style" not in page


def test_vague_visits_are_left_out_and_counted() -> None:
    world = make_world()
    for row in world["visits"][:25]:
        row["spread_m"] = 20_000.0
    outcome = geo.learn_weights(to_layers(world), SCORING_DAY, n_draws=FEW)
    assert (outcome.n_visits, outcome.n_left_out) == (N_VISITS - 25, 25)
    assert "25 were left out" in outcome.to_text()


def test_later_visits_do_not_exist_yet(world: Layers) -> None:
    early = geo.learn_weights(world, "2026-03-01", n_folds=3, n_draws=FEW)
    cut = recall_layers(world, pd.Timestamp("2026-03-01").date())
    same = geo.learn_weights(cut, "2026-03-01", n_folds=3, n_draws=FEW)
    assert early.weights == same.weights
    assert early.predictions["visited_on"].max() <= pd.Timestamp("2026-03-01")


class TestBadInput:
    def refuse(self, world: dict[str, list], match: str, **choices: object) -> None:
        with pytest.raises(ParameterError, match=match):
            geo.learn_weights(to_layers(world), SCORING_DAY, **choices)  # type: ignore[arg-type]

    def test_no_visits(self) -> None:
        self.refuse(
            make_world() | {"visits": [], "findings": []}, "there are none whose place is known, of 0 on record"
        )

    def test_a_single_visit(self) -> None:
        self.refuse({"visits": [make_visit(1)]}, "none of 1 visits has a finding")

    def test_too_few(self) -> None:
        self.refuse(make_world(n_visits=60), r"of 60 visits have findings, and at least 70 .*; .* found nothing")

    def test_nothing_found(self) -> None:
        self.refuse(make_world() | {"findings": []}, f"none of {N_VISITS} visits has a finding that counts")

    def test_everything_found(self) -> None:
        world = make_world()
        with_findings = {row["visit_id"] for row in world["findings"]}
        world["visits"] = [row for row in world["visits"] if row["visit_id"] in with_findings]
        self.refuse(world, "visits found something; those that found nothing are needed too")

    def test_findings_that_name_no_visit(self) -> None:
        world = make_world()
        for row in world["findings"]:
            del row["visit_id"]
        self.refuse(world, r"none of \d+ findings names the visit that it was made at; fill in their visit_id")

    def test_too_few_quarters(self) -> None:
        world = make_world()
        for number, row in enumerate(world["visits"]):
            row["visited_on"] = f"2026-0{1 + number % 6}-15"
        for row in world["findings"]:
            row["observed_on"] = "2026-06-30"
        self.refuse(world, "they lie in 2 quarters, too few for n_folds=4")

    def test_numbers(self, world: Layers) -> None:
        with pytest.raises(ParameterError, match=r"n_folds must be .* got 1; n_draws .* got 2.5; seed .* got -1"):
            geo.learn_weights(world, SCORING_DAY, n_folds=1, n_draws=2.5, seed=-1)  # type: ignore[arg-type]

    def test_a_date_or_a_base_that_is_none(self, world: Layers) -> None:
        with pytest.raises(ParameterError, match="is not a date"):
            geo.learn_weights(world, "soon")
        with pytest.raises(ParameterError, match="model must be"):
            geo.learn_weights(world, SCORING_DAY, base="2026.1")  # type: ignore[arg-type]


def test_never_nan(learned: LearnedWeights) -> None:
    for frame in (learned.report, learned.performance):
        assert all(math.isfinite(value) for value in frame.to_numpy().ravel())
    assert not learned.predictions.isna().any().any()


def test_a_world_of_one_frame_is_enough_to_be_refused() -> None:
    with pytest.raises(ParameterError, match="import the layer visits"):
        geo.learn_weights({"workplaces": make_frame(make_world()["workplaces"])}, SCORING_DAY)
