"""Regressions of counts on rates, by scikit-learn, which is imported when the first one is fitted."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geo.risk.backtest.models.samples import Sample

__all__ = ["Learner", "fit_boosting", "fit_mixture", "fit_on_roots"]

Learner = Callable[[NDArray[np.float32]], NDArray[np.float64]]

# Fixed, not fitted: ADR 13.
_N_STEPS = 300
_LEAST_RATE = 1e-12
_PENALTY = 1e-3
# of the logarithm: nothing that is foretold is infinite
_HIGHEST = 50.0
_N_TREES = 60
_LEARNING_RATE = 0.06
_LEAVES = 6
_LEAST_IN_LEAF = 200
_RIDGE = 1.0
# finer towards the top, where the cells are that are taken
_QUANTILES = np.append(np.linspace(0.0, 0.95, 96), np.linspace(0.95, 1.0, 101)[1:])


def fit_on_roots(sample: Sample) -> Learner:
    """Poisson regression on square roots of rates.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    function of (n, n_features) float32 that gives (n,) float64, expected events per cell and horizon
    """
    from scipy.linalg import LinAlgWarning  # noqa: PLC0415
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.linear_model import PoissonRegressor  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    scaled = make_pipeline(FunctionTransformer(np.sqrt), StandardScaler())
    model = PoissonRegressor(alpha=_PENALTY, solver="newton-cholesky", max_iter=100)
    rates = scaled.fit_transform(sample.features.astype(np.float64))
    with threadpool_limits(limits=1), np.errstate(all="ignore"), warnings.catch_warnings():
        # where events are few, a step overshoots into infinity, and a shorter one is taken; what comes of it is checked
        for harmless in (ConvergenceWarning, LinAlgWarning):
            warnings.simplefilter("ignore", harmless)
        model.fit(rates, sample.events, sample.weight)
    slopes, level = np.asarray(model.coef_, dtype=np.float64), float(model.intercept_)
    if not (np.isfinite(slopes).all() and np.isfinite(level)):
        # nothing was learned
        slopes, level = np.zeros(rates.shape[1]), math.log(max(sample.mean_events, _LEAST_RATE))

    def predict(now: NDArray[np.float32]) -> NDArray[np.float64]:
        with threadpool_limits(limits=1):
            height = scaled.transform(now.astype(np.float64)) @ slopes + level
        expected: NDArray[np.float64] = np.exp(np.minimum(height, _HIGHEST))
        return expected

    return predict


def fit_mixture(sample: Sample) -> Learner:
    """A sum of the rates themselves with weights of 0 or more, of greatest likelihood; otherwise as `fit_on_roots`.

    Rates add up as in a self-exciting point process; the weights are found by expectation and maximisation.

    Source: Mohler et al. (2011), Self-exciting point process modeling of crime.
    """
    rates = np.column_stack([sample.features, np.full(len(sample.events), sample.mean_events)]).astype(np.float64)
    total = sample.weight @ rates
    is_known = total > 0
    weights = np.where(is_known, 1.0 / np.count_nonzero(is_known), 0.0)
    eventful = sample.events > 0
    of_events, events = rates[eventful], (sample.weight * sample.events)[eventful]
    for _ in range(_N_STEPS):
        share = (events / np.maximum(of_events @ weights, _LEAST_RATE)) @ of_events
        weights = np.divide(weights * share, total, out=weights, where=is_known)

    def predict(now: NDArray[np.float32]) -> NDArray[np.float64]:
        expected: NDArray[np.float64] = now.astype(np.float64) @ weights[:-1] + weights[-1] * sample.mean_events
        return expected

    return predict


def fit_boosting(sample: Sample) -> Learner:
    """Gradient boosting of small trees on the Poisson deviance; otherwise as `fit_on_roots`."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    model = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=_N_TREES,
        learning_rate=_LEARNING_RATE,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=_LEAST_IN_LEAF,
        l2_regularization=_RIDGE,
        early_stopping=False,
        random_state=0,
    )
    # binned here: scikit-learn's own quantiles of weighted rows take most of the time of a fit
    edges = [np.unique(column) for column in np.quantile(sample.features, _QUANTILES, axis=0).T]

    def predict(rates: NDArray[np.float32]) -> NDArray[np.float64]:
        with threadpool_limits(limits=1):
            return np.asarray(model.predict(_to_bins(rates, edges)), dtype=np.float64)

    # one thread: sums of several would be added in another order on another machine
    with threadpool_limits(limits=1):
        model.fit(_to_bins(sample.features, edges), sample.events, sample.weight)
    return predict


def _to_bins(rates: NDArray[np.float32], edges: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    bins = np.empty(rates.shape, dtype=np.float32)
    for position, of_column in enumerate(edges):
        bins[:, position] = of_column.searchsorted(rates[:, position], side="right")
    return bins
