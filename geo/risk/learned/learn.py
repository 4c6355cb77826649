"""Weights of the score learned from what visits found, and how they and the experts' would have done later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.learned.features import find_cells, measure_features, quarter_before
from geo.risk.learned.folds import PENALTIES, Fold, Sample, choose_penalty, predict_folds
from geo.risk.learned.history import gather_visits
from geo.risk.learned.performance import PredictedVisits, compare_performance, draw_places
from geo.risk.learned.requirements import check_numbers, check_visits
from geo.risk.learned.result import LearnedWeights
from geo.risk.model import Model, load_model
from geo.risk.scoring import check_layers, parse_choices

__all__ = ["learn_weights"]

Floats = NDArray[np.float64]
_DIGITS = 4
_SHOWN_HASH = 8


def learn_weights(
    layers: Mapping[str, gpd.GeoDataFrame],
    at: str | date | None = None,
    *,
    base: Model | None = None,
    n_folds: int = 4,
    n_draws: int = 200,
    seed: int = 0,
) -> LearnedWeights:
    """Learn the components' weights from what visits found, and set them beside the experts'.

    A penalised Poisson regression of severity-weighted findings on the components' ``φ(x)`` in the visited cell, as of
    the last first day of a quarter before the visit, with the logarithm of the crew's effect as offset. Weights are
    never negative and are drawn towards the experts' proportions; how strongly is chosen by how well later visits are
    predicted from earlier ones. Nothing is kept or scored: that takes ``geo.score(model=result.model)``.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006, as for `geo.score`
    at : date or ``"YYYY-MM-DD"``, optional
        What came later is left out. Default: today.
    base : Model, optional
        Whose weights are the experts', and whose reference levels, prior and effects of crews stay. One frozen before
        the visits keeps these out of them too. Default: that of the reference tables.
    n_folds : int, 2 to 12
        The first only helps to choose the penalty; on the others both weights are tested.
    n_draws : int, 20 to 10 000
        Draws of places for standard errors and intervals.
    seed : int, >= 0
        Of these draws. Weights do not depend on it.

    Returns
    -------
    LearnedWeights
        With the weights and model of `base`, and the reason in ``kept_because``, where no others predicted later visits
        better.

    Raises
    ------
    ParameterError
        Date, base or numbers cannot be used; or visits and findings are too few or say nothing: how many there are, and
        how many are needed.
    InputError
        A frame fails its layer's checks.
    """
    check_numbers(n_folds, n_draws, seed)
    day, _, expert = parse_choices(at, None, None, base or load_model())
    if expert.is_learned:
        message = (
            f"The weights of {expert.version} were learned themselves; give as base the version that they were "
            f"learned from, {expert.origin['base']}."
        )
        raise ParameterError(message)
    checked = check_layers(layers)
    sample, n_left_out = _take_sample(checked, day, expert)
    check_visits(checked, sample, day, n_folds)
    sample = replace(sample, features=measure_features(checked, sample.cell, sample.scored_on, expert))
    folds = predict_folds(sample, n_folds)
    chosen = choose_penalty(sample.visits, folds)
    performance, predictions = _try_later(sample, folds, n_draws, seed)
    slopes = sample.fit(np.arange(len(sample.cell)), PENALTIES[chosen]).slopes
    has_gained = chosen and slopes.any() and performance["difference"]["deviance"] < 0
    kept = "" if has_gained else "learned from what was known before, no others predicted later visits better"
    total = math.fsum(expert.weights.values())
    weights = np.round(_share(slopes) * total, _DIGITS) if not kept else sample.prior
    columns = {
        "expert": sample.prior,
        "learned": weights,
        "standard_error": 0.0 if kept else total * _draw_errors(sample, PENALTIES[chosen], n_draws, seed),
        "mean": sample.features.mean(axis=0),
        "spread": sample.features.std(axis=0),
    }
    outcome = LearnedWeights(
        model=expert,
        base=expert,
        at=day,
        penalty=PENALTIES[chosen],
        kept_because=kept,
        n_visits=len(sample.cell),
        n_with_findings=int((sample.visits.found() > 0).sum()),
        n_left_out=n_left_out,
        report=pd.DataFrame(columns, index=pd.Index(list(expert.weights), name="component")),
        performance=performance,
        predictions=predictions,
    )
    return outcome if kept else replace(outcome, model=_freeze(outcome, checked, n_folds, n_draws, seed))


def _take_sample(layers: Layers, day: date, model: Model) -> tuple[Sample, int]:
    """Visits that can be learned from, still without features, and how many were left out."""
    visits = gather_visits(layers, day, model.parameters)
    cell = find_cells(visits, model)
    visits = visits.take(cell >= 0)
    prior = np.array(list(model.weights.values()))
    empty = np.zeros((len(visits), len(prior)))
    n_left_out = visits.n_vague + int((cell < 0).sum())
    return Sample(visits, cell[cell >= 0], quarter_before(visits.day), empty, prior), n_left_out


def _share(slopes: Floats) -> Floats:
    return np.asarray(slopes / slopes.sum())


def _draw_errors(sample: Sample, penalty: float, n_draws: int, seed: int) -> Floats:
    """Standard deviation of the weights' shares over draws of places, at one penalty."""
    shares = []
    for count in draw_places(sample.cell, n_draws, seed)[1:]:
        rows = np.repeat(np.arange(len(count)), count.astype(np.int64))
        if sample.visits.found()[rows].any():
            slopes = sample.fit(rows, penalty).slopes
            if slopes.any():
                shares.append(_share(slopes))
    return np.std(shares, axis=0, ddof=1) if len(shares) > 1 else np.full(len(sample.prior), np.nan)


def _try_later(sample: Sample, folds: Sequence[Fold], n_draws: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How both weights did on the visits of every fold but the first, the penalty chosen on the folds before it."""
    counts = draw_places(sample.cell, n_draws, seed)
    found, effort = sample.visits.found(), sample.visits.effort
    tested: dict[str, list[PredictedVisits]] = {"expert": [], "learned": []}
    frames = []
    for number, fold in enumerate(folds):
        chosen = choose_penalty(sample.visits, folds[:number], fold.cutoff) if number else 0
        features = sample.features[fold.test]
        scores = {"expert": features @ _share(sample.prior)}
        scores["learned"] = (
            features @ _share(fold.slopes[chosen]) if chosen and fold.slopes[chosen].any() else scores["expert"]
        )
        rates = {"expert": fold.rates[0], "learned": fold.rates[chosen]}
        for name, several in tested.items():
            if number:
                several.append(PredictedVisits(rates[name], scores[name], found[fold.test], effort[fold.test]))
        frames.append(_list_predictions(sample, number, fold, rates, scores))
    rows = [fold.test for fold in folds[1:]]
    performance = compare_performance(tested, [counts[:, each] for each in rows])
    return performance, pd.concat(frames, ignore_index=True)


def _list_predictions(
    sample: Sample, number: int, fold: Fold, rates: Mapping[str, Floats], scores: Mapping[str, Floats]
) -> pd.DataFrame:
    visits = sample.visits
    return pd.DataFrame(
        {
            "visit_id": visits.ids[fold.test],
            "visited_on": visits.day[fold.test],
            "fold": number + 1,
            "cutoff": fold.cutoff,
            "scored_on": sample.scored_on[fold.test],
            **{f"{name}_score": 100 * score for name, score in scores.items()},
            **{f"{name}_rate": rate for name, rate in rates.items()},
            "effort": visits.effort[fold.test],
            "found": visits.found()[fold.test],
        }
    )


def _freeze(outcome: LearnedWeights, layers: Layers, n_folds: int, n_draws: int, seed: int) -> Model:
    """The base with the learned weights, a version of its own, and an origin that says so."""
    base = outcome.base
    learned: dict[str, Any] = {
        "method": "penalised Poisson regression of findings per visit, docs/adr/0020-learned-weights.md",
        "at": outcome.at.isoformat(),
        "n_visits": outcome.n_visits,
        "n_with_findings": outcome.n_with_findings,
        "n_left_out": outcome.n_left_out,
        "penalty": outcome.penalty,
        "n_folds": n_folds,
        "n_draws": n_draws,
        "seed": seed,
        "expert_weights": base.weights,
        **{name: outcome.to_dict()[name] for name in ("report", "performance")},
    }
    origin = {
        "base": base.version,
        "at": outcome.at.isoformat(),
        "layers": {name: {"rows": len(layers[name]), "sha256": digest} for name, digest in layers.hashes.items()},
        "synthetic": layers.is_synthetic,
        "base_origin": dict(base.origin),
        "learned": learned,
    }
    model = replace(base.with_weights(outcome.weights), origin=MappingProxyType(origin))
    return replace(model, version=f"{outcome.at}-learned-{model.digest[:_SHOWN_HASH]}")
