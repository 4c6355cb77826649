"""A Poisson regression whose weights are never negative and are drawn towards the experts' proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from geo.errors import ParameterError

__all__ = ["RateFit", "fit_rate"]

Floats = NDArray[np.float64]
# φ goes from 0 to 1: a slope of 20 makes one place 500 million times another, and only a runaway search gets there.
_MAX_SLOPE = 20.0
_LEAST_MULTIPLE = 1.0
_OPTIONS: Any = {"maxiter": 5_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 20}


@dataclass(frozen=True, eq=False)
class RateFit:
    """Findings per usual visit, ``exp(intercept + features · slopes)``.

    Attributes
    ----------
    intercept : float
    slopes : (n_components,) float64, >= 0
    """

    intercept: float
    slopes: Floats

    def rate(self, features: ArrayLike) -> Floats:
        """(n,) float64: findings per usual visit at places with these features."""
        rates: Floats = np.exp(self.intercept + np.asarray(features, dtype=np.float64) @ self.slopes)
        return rates


def fit_rate(features: ArrayLike, found: ArrayLike, effort: ArrayLike, prior: ArrayLike, penalty: float) -> RateFit:
    """The slopes under which what visits found is most likely, less a penalty for leaving the experts' proportions.

    A visit's findings have the mean ``effort · exp(intercept + Σ slope · feature)``. Minimised is the negative Poisson
    log-likelihood per finding, plus ``penalty / 2`` times the squared distance of the slopes to the nearest multiple of
    the experts' weights, of which the sum is at least 1: a place with all points is taken to have at least e times the
    findings of one with none. Without that floor slopes would be drawn to 0 rather than to the experts wherever the
    visits contradict them, and the proportions of slopes close to 0 are chance. With an infinite penalty only the
    multiple is fitted, and it may be 0.

    Parameters
    ----------
    features : (n, n_components) float64, 0 to 1, not standardised: the weights of a score share one unit
    found : (n,) float64, >= 0, findings, not all 0; weighted ones need not be whole (quasi-likelihood)
    effort : (n,) float64, > 0
    prior : (n_components,) float64, >= 0, not all 0; the experts' weights
    penalty : float, >= 0, maybe infinite

    Returns
    -------
    RateFit

    Raises
    ------
    ParameterError
        Arrays that do not fit each other or hold other numbers.

    Source: Wedderburn (1974), Biometrika 61; Hoerl & Kennard (1970), Technometrics 12, for the ridge; van Houwelingen
    (2000), Statistics in Medicine 19, for a free calibration slope of a model that is known
    """
    x, y, e, w = (np.asarray(each, dtype=np.float64) for each in (features, found, effort, prior))
    _check(x, y, e, w, penalty)
    shares = w / w.sum()
    if math.isinf(penalty):
        # one feature is left: the experts' score
        score = _search((x @ shares)[:, np.newaxis], y, e, np.zeros(1), 0.0)
        return RateFit(score.intercept, score.slopes * shares)
    return _search(x, y, e, shares, penalty)


def _search(x: Floats, y: Floats, e: Floats, shares: Floats, penalty: float) -> RateFit:
    """Intercept and slopes; the multiple of the shares is searched beside them."""
    n_found = y.sum()

    def lose(parameters: Floats) -> tuple[float, Floats]:
        intercept, multiple, slopes = parameters[0], parameters[1], parameters[2:]
        logs = intercept + x @ slopes
        mean = e * np.exp(logs)
        left, away = (mean - y) / n_found, slopes - multiple * shares
        value = (mean.sum() - y @ logs) / n_found + penalty / 2 * away @ away
        gradient = [[left.sum(), -penalty * away @ shares], x.T @ left + penalty * away]
        return float(value), np.concatenate(gradient)

    start = np.concatenate([[np.log(n_found / e.sum()), _LEAST_MULTIPLE], _LEAST_MULTIPLE * shares])
    bounds = [(None, None), (_LEAST_MULTIPLE, _MAX_SLOPE), *[(0.0, _MAX_SLOPE)] * x.shape[1]]
    found = minimize(lose, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_OPTIONS)
    return RateFit(float(found.x[0]), np.asarray(found.x[2:]))


def _check(x: Floats, y: Floats, e: Floats, w: Floats, penalty: float) -> None:
    failures = []
    if x.ndim != 2 or y.shape != (len(x),) or e.shape != y.shape or w.shape != x.shape[1:]:  # noqa: PLR2004
        failures.append(f"one row of features per visit is needed; got {x.shape}, {y.shape}, {e.shape} and {w.shape}")
    if not np.isfinite(x).all():
        failures.append("features must be finite numbers")
    if not (np.isfinite(y).all() and (y >= 0).all() and y.any()):
        failures.append("what visits found must be finite, 0 or more, and not all 0")
    if not (np.isfinite(e).all() and (e > 0).all()):
        failures.append("effort must be finite and above 0")
    if not (np.isfinite(w).all() and (w >= 0).all() and w.any()):
        failures.append("the experts' weights must be finite, 0 or more, and not all 0")
    if not penalty >= 0:
        failures.append(f"penalty must be 0 or more, got {penalty!r}")
    if failures:
        message = f"No weights can be learned: {'; '.join(failures)}."
        raise ParameterError(message)
