"""What an agency's presence does to the findings of a visit, where there is the same to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from geo.errors import ParameterError

__all__ = ["CrewEffects", "fit_crew_effects"]

Floats = NDArray[np.float64]
# An agency that is there, or not there, at fewer visits than this has no effect of its own.
_FEWEST_VISITS = 20
# Standard deviation of the logarithm of an effect before anything is known: two in three agencies between 0.6 and 1.6.
_SPREAD = 0.5


@dataclass(frozen=True)
class CrewEffects:
    """What crews multiply the findings of a visit with.

    Attributes
    ----------
    agencies : agency to effect, > 0, by code; only those that could be estimated
    base : float, > 0, factor of every crew that holds one of them: the usual visit then counts 1
    dispersion : float, variance of a visit's findings over their mean
    """

    agencies: dict[str, float]
    base: float
    dispersion: float


def fit_crew_effects(
    findings: ArrayLike, crews: Sequence[Sequence[str]], place: ArrayLike, weight: ArrayLike | None = None
) -> CrewEffects:
    """Effects of agencies on findings per visit, by comparing visits of one place with each other.

    A visit's findings are Poisson with mean ``rate of the place · Π effects of the agencies``. Given the total of a
    place, its rate drops out (a multinomial): places where nothing was found, or nobody came twice, say nothing.
    Logarithms of effects are drawn towards 0 (ridge, a normal prior of standard deviation 0.5), the likelihood is
    divided by the dispersion, because several findings at one visit are not independent.

    Parameters
    ----------
    findings : (n,) float64, >= 0, weighted findings of each visit
    crews : n sequences of agency codes; visits that name nobody are left out
    place : (n,) int, where each visit was
    weight : (n,) float64, >= 0, optional
        What each visit counts for in the mean multiplier that is made 1. Default: one each.

    Returns
    -------
    CrewEffects
        An agency that took part in fewer than 20 visits, or in all but fewer than 20, has none. Without any that can be
        estimated: all multipliers 1.

    Raises
    ------
    ParameterError
        Arrays of several lengths, findings that are negative or not finite.

    Source: Palmgren (1981), The Fisher information matrix for log linear models arguing conditionally on observed
    explanatory variables, Biometrika 68; le Cessie & van Houwelingen (1992), Applied Statistics 41, for the ridge
    """
    y = np.asarray(findings, dtype=np.float64)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    where = np.asarray(place)
    if not len(y) == len(crews) == len(where) == len(w):
        message = f"Visits need one length; got {len(y)} findings, {len(crews)} crews, {len(where)} places."
        raise ParameterError(message)
    if not ((np.isfinite(y) & (y >= 0)).all() and (np.isfinite(w) & (w >= 0)).all()):
        message = "Findings and weights of visits must be finite numbers of 0 or more; mend or drop those visits."
        raise ParameterError(message)
    named = np.flatnonzero([bool(crew) for crew in crews])
    y, w, where, present = y[named], w[named], where[named], [set(crews[i]) for i in named.tolist()]
    agencies = _choose(present)
    if not agencies or not y.any():
        return CrewEffects({}, 1.0, 1.0)
    attended = np.array([[agency in crew for agency in agencies] for crew in present], dtype=np.float64)
    _, which = np.unique(where, return_inverse=True)
    logs, dispersion = _fit(y, attended, which, 1.0)
    logs, dispersion = _fit(y, attended, which, dispersion)
    effects = dict(zip(agencies, np.exp(logs).tolist(), strict=True))
    return CrewEffects(effects, _find_base(attended, logs, w), dispersion)


def _choose(crews: Sequence[set[str]]) -> list[str]:
    """Agencies that are there often enough, and often enough not."""
    counts = {agency: sum(agency in crew for crew in crews) for agency in sorted(set().union(*crews))}
    return [agency for agency, n in counts.items() if _FEWEST_VISITS <= n <= len(crews) - _FEWEST_VISITS]


def _find_base(attended: Floats, logs: Floats, weight: Floats) -> float:
    counted = attended.any(axis=1) & (weight > 0)
    if not counted.any():
        return 1.0
    return float(weight[counted].sum() / (weight[counted] @ np.exp(attended[counted] @ logs)))


def _fit(y: Floats, attended: Floats, place: NDArray[np.int64], dispersion: float) -> tuple[Floats, float]:
    """Logarithms of the effects, and the dispersion of what is left."""
    total = np.bincount(place, y)
    n_places, n_agencies = len(total), attended.shape[1]

    def share(logs: Floats) -> tuple[Floats, Floats]:
        """Of each place's findings, what each visit should have made; and the logarithm of the places' sums."""
        score = attended @ logs
        sums = np.bincount(place, np.exp(score))
        return np.exp(score) / sums[place], np.log(sums)

    def lose(logs: Floats) -> tuple[float, Floats]:
        shares, log_sums = share(logs)
        value = float(total @ log_sums - y @ (attended @ logs))
        gradient = attended.T @ (total[place] * shares - y)
        return value / dispersion + float(logs @ logs) / (2 * _SPREAD**2), gradient / dispersion + logs / _SPREAD**2

    logs: Floats = minimize(lose, np.zeros(n_agencies), jac=True, method="BFGS").x
    mean = total[place] * share(logs)[0]
    some = mean > 0
    n_free = int(some.sum()) - int((total > 0).sum()) - n_agencies
    left = float(np.sum((y[some] - mean[some]) ** 2 / mean[some])) / n_free if n_free > 0 and n_places else 1.0
    return logs, left or 1.0
