"""A Poisson regression whose weights are never negative and are drawn towards the direction of the experts' weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from geo.errors import ParameterError

__all__ = ["RateFit", "fit_rate"]

Floats = NDArray[np.float64]
# φ goes from 0 to 1: a slope of 20 would make one place 500 million times another, and only a runaway search gets there.
_MAX_SLOPE = 20.0
_OPTIONS = {"maxiter": 5_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 20}


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
    """The slopes under which what visits found is most likely, less a penalty for leaving the experts' direction.

    A visit's findings have the mean ``effort · exp(intercept + Σ slope · feature)``. Minimised is the negative Poisson
    log-likelihood per finding, plus ``penalty / 2`` times the squared distance of the slopes to the nearest multiple of
    `prior`. How strongly the score as a whole speaks is free; how its parts stand to each other is drawn to the
    experts'. An infinite penalty leaves their proportions, none leaves the visits alone to speak.

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
    direction = w / np.linalg.norm(w)
    if math.isinf(penalty):
        # one feature is left: the experts' score
        one = _search((x @ direction)[:, np.newaxis], y, e, np.zeros((1, 1)))
        return RateFit(one.intercept, one.slopes[0] * direction)
    return _search(x, y, e, penalty * (np.eye(len(w)) - np.outer(direction, direction)))


def _search(x: Floats, y: Floats, e: Floats, pull: Floats) -> RateFit:
    n_found = y.sum()

    def lose(parameters: Floats) -> tuple[float, Floats]:
        slopes = parameters[1:]
        logs = parameters[0] + x @ slopes
        mean = e * np.exp(logs)
        left = (mean - y) / n_found
        value = (mean.sum() - y @ logs) / n_found + slopes @ pull @ slopes / 2
        return float(value), np.concatenate([[left.sum()], x.T @ left + pull @ slopes])

    start = np.concatenate([[np.log(n_found / e.sum())], np.zeros(x.shape[1])])
    bounds = [(None, None), *[(0.0, _MAX_SLOPE)] * x.shape[1]]
    found = minimize(lose, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_OPTIONS)
    return RateFit(float(found.x[0]), np.asarray(found.x[1:]))


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
