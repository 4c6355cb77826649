"""The model that learns: what the kernels of the past said, and what happened then.

At horizons that were over at the cutoff, the events of each cell are explained by rates that were known when they
began: counts of several windows, and kernels of several bandwidths and half-lives. A sum of them and of a cell's own
long-run count carried on by how its surroundings changed, a Poisson regression on their square roots and gradient
boosting each foretell the next horizon; two thirds of the ranking are the sum's, a sixth each the others'.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from geo.memory import require_memory
from geo.risk.backtest.models.ladders import IN_HORIZONS, half_lives, lay_bandwidths, lay_origins
from geo.risk.backtest.models.learners import Learner, fit_boosting, fit_mixture, fit_on_roots
from geo.risk.backtest.models.rates import FOREVER, cell_rate, follow_change, kernel_rate, window_rate
from geo.risk.backtest.models.samples import Sample, join_samples, take_sample
from geo.risk.backtest.past import Past

__all__ = ["rank_by_learning"]

# Two years of months.
_MOST_ORIGINS = 24
_WINDOWS_IN_HORIZONS = (1.0, 3.0, 12.0, 36.0)
# Less than this teaches less than it invents.
_FEWEST_EVENTS = 50
_FEWEST_ORIGINS = 2
_BLOCK = 100_000
# A change is seen in kernels wider than a cell's neighbours, by half-lives of up to a year of months.
_FIRST_WIDE_BANDWIDTH = 2
_N_CHANGES = 3
# Adding rates up errs least at most areas, the others at the smallest: ADR 21.
_WEIGHT_OF_SUM, _WEIGHT_OF_OTHERS = 2 / 3, 1 / 6


def rank_by_learning(past: Past) -> NDArray[np.float64]:
    """Expected events per cell in the next horizon, learned on the past.

    Where fewer than 50 events or two horizons are there to learn from, the mean of all rates ranks the cells.

    Parameters
    ----------
    past : Past

    Returns
    -------
    (n_cells,) float64, events per cell and horizon
    """
    key = ("norrsyn", lay_bandwidths(past))
    return past.remember(key, lambda: _learn(past))


def _learn(past: Past) -> NDArray[np.float64]:
    bandwidths = lay_bandwidths(past)
    samples = [
        past.before(origin).remember(("sample", bandwidths), partial(_sample_at, past, origin, bandwidths))
        for origin in lay_origins(past, _MOST_ORIGINS)
    ]
    now = _make_features(past, bandwidths)
    if len(samples) < _FEWEST_ORIGINS or sum(float(each.events.sum()) for each in samples) < _FEWEST_EVENTS:
        rate: NDArray[np.float64] = now.mean(axis=1, dtype=np.float64)
        return rate
    sample = join_samples(samples)
    total = _WEIGHT_OF_SUM * _to_shares(_foretell(fit_mixture(sample), now))
    # how surroundings changed is for the sum only: the others multiply rates by themselves
    plain, now = sample.first(_count_plain(bandwidths)), now[:, : _count_plain(bandwidths)]
    for fit in (fit_on_roots, fit_boosting):
        total += _WEIGHT_OF_OTHERS * _to_shares(_foretell(fit(plain), now))
    return total * (sample.mean_events * len(past.cells))


def _sample_at(past: Past, origin: np.datetime64, bandwidths: tuple[float, ...]) -> Sample:
    then = past.before(origin)
    return take_sample(_make_features(then, bandwidths), past.outcome(origin), then.counts() > 0, len(then.time))


def _count_plain(bandwidths: tuple[float, ...]) -> int:
    """Features without those that follow a change, which are the last."""
    return (len(IN_HORIZONS) + 1) * (1 + len(bandwidths)) + len(_WINDOWS_IN_HORIZONS)


def _make_features(past: Past, bandwidths: tuple[float, ...]) -> NDArray[np.float32]:
    """(n_cells, n_features) float32, events per cell and horizon."""
    lives = (*half_lives(past), FOREVER)
    windows = [many * past.horizon_days for many in _WINDOWS_IN_HORIZONS]
    n_plain = _count_plain(bandwidths)
    n_features = n_plain + len(bandwidths[_FIRST_WIDE_BANDWIDTH:]) * _N_CHANGES
    require_memory(len(past.cells) * n_features * 8, "The features of every cell", "choose larger cells")
    features = np.empty((len(past.cells), n_features), dtype=np.float32)
    columns = (
        *(cell_rate(past, life) for life in lives),
        *(window_rate(past, days) for days in windows),
    )
    for position, column in enumerate(columns):
        features[:, position] = column
    for position, (bandwidth_m, life) in enumerate(product(bandwidths, lives), start=len(columns)):
        features[:, position] = kernel_rate(past, bandwidth_m, life)
    # the last half-life is forever
    kernels = features[:, len(columns) : n_plain].reshape(-1, len(bandwidths), len(lives), copy=False)
    changes = product(range(_FIRST_WIDE_BANDWIDTH, len(bandwidths)), range(_N_CHANGES))
    for position, (bandwidth, life) in enumerate(changes, start=n_plain):
        change_of = kernels[:, bandwidth]
        features[:, position] = follow_change(features[:, len(lives) - 1], change_of[:, life], change_of[:, -1])
    return features


def _foretell(learner: Learner, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """In blocks: learners take several times the memory of what they look at."""
    blocks = (features[start : start + _BLOCK] for start in range(0, len(features), _BLOCK))
    return np.concatenate([learner(block) for block in blocks])


def _to_shares(expected: NDArray[np.float64]) -> NDArray[np.float64]:
    total = float(expected.sum())
    return expected / total if total > 0 else np.full(len(expected), 1 / len(expected))
