"""Who finds more than others: each agency's (or inspector's) effect on the log-odds of a find, shrunk towards none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

__all__ = ["AgencyEffects", "estimate_effects", "expected_over_time"]

# As many visits, half of them with a find, stand behind the base rate before anything is known.
_PRIOR_VISITS = 1.0
_ROUNDS = 200
_TOLERANCE = 1e-9
# before anything is known, one agency in six doubles the odds
_START_VARIANCE = 0.5
_MAX_STEP = 3.0


@dataclass(frozen=True)
class AgencyEffects:
    """A random intercept per agency.

    Attributes
    ----------
    base : float
        Log-odds of a find at an agency whose effect is none.
    effect : (n_agencies,) float64
        What is added to the log-odds; 0 for an agency without visits.
    sd : float
        Standard deviation of the effects between agencies: 0 where the data shows no difference, or there is only one.
    """

    base: float
    effect: NDArray[np.float64]
    sd: float


def estimate_effects(n_visits: NDArray[np.float64], n_found: NDArray[np.float64]) -> AgencyEffects:
    """Empirical-Bayes effects from counts.

    ``logit P(find) = base + b_a``, ``b_a ~ N(0, sd²)``; base and effects by Newton steps, the variance by EM with the
    Laplace approximation. An agency with few visits keeps an effect near none.

    Parameters
    ----------
    n_visits, n_found : (n_agencies,) float64, found ≤ visits

    Returns
    -------
    AgencyEffects

    Source: Breslow & Clayton (1993), penalised quasi-likelihood; Stiratelli, Laird & Ware (1984), EM
    """
    total, found = float(n_visits.sum()), float(n_found.sum())
    base = float(logit((found + _PRIOR_VISITS / 2) / (total + _PRIOR_VISITS)))
    effect = np.zeros(len(n_visits))
    active = n_visits > 0
    if active.sum() < 2 or not 0 < found < total:  # noqa: PLR2004
        return AgencyEffects(base, effect, 0.0)
    n, k = n_visits[active], n_found[active]
    b, variance = np.zeros(len(n)), _START_VARIANCE
    for _ in range(_ROUNDS):
        p = expit(base + b)
        spread = n * p * (1 - p)
        # Newton step of base and effects together: their matrix is an arrow, solved from its tip
        slope, curvature = k - n * p - b / variance, spread + 1 / variance
        base_step = ((found - (n * p).sum()) - (spread * slope / curvature).sum()) / (
            spread - spread**2 / curvature
        ).sum()
        base_step = float(np.clip(base_step, -_MAX_STEP, _MAX_STEP))
        b_step = np.clip((slope - spread * base_step) / curvature, -_MAX_STEP, _MAX_STEP)
        base, b = base + base_step, b + b_step
        p = expit(base + b)
        new = float(np.mean(b**2 + 1 / (n * p * (1 - p) + 1 / variance)))
        moved = max(abs(base_step), float(np.abs(b_step).max()), abs(new - variance))
        variance = max(new, _TOLERANCE)
        if moved < _TOLERANCE:
            break
    effect[active] = b
    return AgencyEffects(base, effect, float(np.sqrt(variance)))


def expected_over_time(
    found: NDArray[np.float64], agency: NDArray[np.intp], n_agencies: int, marks: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Each agency's expected share of finds, as it was known after the first so many visits.

    Parameters
    ----------
    found : (n,) float64, in order of time
    agency : (n,) intp, code of each
    n_agencies : int
    marks : (n_marks,) intp, ascending; how many visits were known

    Returns
    -------
    (n_marks, n_agencies) float64
    """
    expected = np.empty((len(marks), n_agencies))
    for row, mark in enumerate(marks):
        n_visits = np.bincount(agency[:mark], minlength=n_agencies).astype(np.float64)
        n_found = np.bincount(agency[:mark], weights=found[:mark], minlength=n_agencies).astype(np.float64)
        effects = estimate_effects(n_visits, n_found)
        expected[row] = expit(effects.base + effects.effect)
    return expected
