"""How well an order of visits, made before them, fits what they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["TOP_SHARE", "PredictedVisits", "compare_performance", "draw_places", "poisson_deviance"]

Floats = NDArray[np.float64]
TOP_SHARE = 0.25
_INTERVAL = (5.0, 95.0)
MEASURES = ("deviance", "auc", "found_in_top")


@dataclass(frozen=True, eq=False)
class PredictedVisits:
    """Visits of one fold, with what was predicted beforehand and what came of them.

    Attributes
    ----------
    rate : (n,) float64, findings per usual visit that were predicted
    score : (n,) float64, what the visits are ranked by
    found : (n,) float64, weighted findings
    effort : (n,) float64
    """

    rate: Floats
    score: Floats
    found: Floats
    effort: Floats


def poisson_deviance(found: ArrayLike, mean: ArrayLike) -> Floats:
    """Twice the difference of log-likelihoods of a perfect prediction and this one, for each visit.

    Source: McCullagh & Nelder (1989), Generalized linear models, section 2.3
    """
    y, mu = np.broadcast_arrays(np.asarray(found, dtype=np.float64), np.asarray(mean, dtype=np.float64))
    logs = np.log(np.divide(y, mu, out=np.ones(y.shape), where=y > 0))
    deviance: Floats = 2 * (y * logs - (y - mu))
    return deviance


def draw_places(place: NDArray[np.int64], n_draws: int, seed: int) -> Floats:
    """(1 + n_draws, n): how often each visit counts in each draw of places with replacement; the first row is all ones.

    Visits to one place stay together, because what they find is alike.
    """
    places, which = np.unique(place, return_inverse=True)
    rng = np.random.default_rng(seed)
    n_places = len(places)
    drawn = rng.multinomial(n_places, np.full(n_places, 1 / n_places), size=n_draws)[:, which]
    return np.vstack([np.ones((1, len(place))), drawn])


def compare_performance(models: Mapping[str, Sequence[PredictedVisits]], counts: Sequence[Floats]) -> pd.DataFrame:
    """Deviance, AUC and share found in the top quarter of visits, of each model and of their difference.

    Parameters
    ----------
    models : two names, each with its folds
    counts : per fold (1 + n_draws, n), how often each visit counts; the first row is the estimate

    Returns
    -------
    DataFrame
        Indexed by measure: for each model and for ``difference`` (second less first) the estimate, and the limits of
        its 90 % bootstrap interval in ``…_low`` and ``…_high``. ``deviance`` is per visit, lower is better; ``auc`` is
        the chance that of two visits of one fold the one that found something was ranked above the one that did not;
        ``found_in_top`` the share of weighted findings at the quarter of each fold's visits ranked highest. NaN where a
        measure has nothing to compare.
    """
    values = {name: _measure(folds, counts) for name, folds in models.items()}
    first, second = values.values()
    values["difference"] = second - first
    columns = {}
    for name, each in values.items():
        columns[name] = each[:, 0]
        for end, percent in zip(("low", "high"), _INTERVAL, strict=True):
            columns[f"{name}_{end}"] = np.array([_percentile(row[1:], percent) for row in each])
    return pd.DataFrame(columns, index=pd.Index(MEASURES, name="measure"))


def _percentile(values: Floats, percent: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if known.size else float("nan")


def _measure(folds: Sequence[PredictedVisits], counts: Sequence[Floats]) -> Floats:
    """(3, n_rows of counts) float64, in the order of MEASURES."""
    sums = np.zeros((6, len(counts[0])))
    for fold, count in zip(folds, counts, strict=True):
        deviance = poisson_deviance(fold.found, fold.effort * fold.rate)
        sums += np.array([count @ deviance, count.sum(axis=1), *_count_pairs(fold, count), *_find_in_top(fold, count)])
    above, below = sums[::2], sums[1::2]
    ratios: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return ratios


def _group(fold: PredictedVisits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Visits from the highest score down, and where each run of equal scores starts."""
    order = np.argsort(-fold.score, kind="stable")
    ranked = fold.score[order]
    return order, np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))


def _count_pairs(fold: PredictedVisits, count: Floats) -> tuple[Floats, Floats]:
    """Pairs of a visit that found something and one that did not in the right order, ties half, and all pairs."""
    order, starts = _group(fold)
    hit = (fold.found[order] > 0).astype(np.float64)
    hits, misses = (np.add.reduceat(count[:, order] * kind, starts, axis=1) for kind in (hit, 1 - hit))
    below = misses.sum(axis=1, keepdims=True) - misses.cumsum(axis=1)
    return (hits * (below + misses / 2)).sum(axis=1), hits.sum(axis=1) * misses.sum(axis=1)


def _find_in_top(fold: PredictedVisits, count: Floats) -> tuple[Floats, Floats]:
    """Weighted findings at the highest quarter of visits, of a run of equal scores that it cuts its share; and all."""
    order, starts = _group(fold)
    visits = np.add.reduceat(count[:, order], starts, axis=1)
    found = np.add.reduceat(count[:, order] * fold.found[order], starts, axis=1)
    room = TOP_SHARE * visits.sum(axis=1, keepdims=True) - (visits.cumsum(axis=1) - visits)
    taken = np.clip(np.divide(room, visits, out=np.zeros(visits.shape), where=visits > 0), 0, 1)
    return (taken * found).sum(axis=1), found.sum(axis=1)
