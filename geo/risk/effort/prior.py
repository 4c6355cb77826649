"""What places are like before anybody went there: a gamma distribution fitted to places where somebody did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from geo.errors import ParameterError
from geo.risk.effort.posterior import Prior

__all__ = ["PriorFit", "estimate_dispersion", "fit_prior", "log_likelihood"]

Floats = NDArray[np.float64]
# Standard deviation of the logarithm of the prior's shape before anything is known, and shapes that moments may give.
_SPREAD, _SHAPES = 1.0, (0.05, 20.0)
# Fewer visits than this beside each other say nothing of chance.
_FEWEST = 10


@dataclass(frozen=True)
class PriorFit:
    """A fitted prior and how it came about.

    Attributes
    ----------
    prior : Prior
    method : ``likelihood``; ``moments`` where the search for its maximum failed; ``guess`` where nothing was found
    n_places : int, places with visits
    n_visits, n_findings : float, totals of the effort and of the weighted findings there
    dispersion : float, variance of the findings of one place over their mean
    """

    prior: Prior
    method: Literal["likelihood", "moments", "guess"]
    n_places: int
    n_visits: float
    n_findings: float
    dispersion: float


def fit_prior(findings: ArrayLike, visits: ArrayLike, dispersion: float = 1.0) -> PriorFit:
    """The prior under which the findings of disjoint places are most likely.

    Given its rate λ, a place's findings are Poisson with mean λ · visits; rates are gamma distributed: the findings are
    negative binomial. Weighted findings are no whole numbers, so factorials are gamma functions. Where their variance
    is `dispersion` times that of counts, findings and visits are divided by it beforehand, and the prior multiplied.

    A few dozen findings hardly tell how much places differ: by chance they may look all alike. So the logarithm of the
    shape α is drawn towards 0, with a standard deviation of 1: before anything is known, the rates of places differ by
    1/√α = 0.6 to 1.6 of their mean. Hundreds of places with findings outweigh that.

    Parameters
    ----------
    findings : (n,) float64, >= 0, weighted findings of each place
    visits : (n,) float64, >= 0, effective visits; places without any are left out
    dispersion : float, > 0

    Returns
    -------
    PriorFit
        Where nothing was found (or nobody went anywhere): α = 1, and half a finding more at one visit more than there
        were.

    Raises
    ------
    ParameterError
        Arrays of two lengths, numbers that are negative or not finite.

    Source: Clayton & Kaldor (1987), Biometrics 43, section 3; Wedderburn (1974), Biometrika 61, for the dispersion
    """
    y, e = _check(findings, visits, dispersion)
    found, visited = float(y.sum()), float(e.sum())

    def answer(mean: float, shape: float, method: Literal["likelihood", "moments", "guess"]) -> PriorFit:
        return PriorFit(Prior(shape, shape / mean), method, len(y), visited, found, dispersion)

    if found == 0:
        return answer(0.5 / (visited + 1), 1.0, "guess")
    mean = found / visited
    shape = float(np.clip(_shape_by_moments(y / dispersion, e / dispersion) * dispersion, *_SHAPES))
    start = np.log([mean, shape])
    search = minimize(_lose, start, (y / dispersion, e / dispersion, dispersion), jac=True, method="L-BFGS-B")
    if not (search.success and np.isfinite(search.x).all()):
        return answer(mean, shape, "moments")
    best_mean, best_shape = np.exp(search.x).tolist()
    return answer(best_mean, best_shape, "likelihood")


def log_likelihood(findings: ArrayLike, visits: ArrayLike, prior: Prior) -> float:
    """Logarithm of the negative binomial likelihood of places' findings, as `fit_prior` maximises it."""
    y, e = _check(findings, visits, 1.0)
    return _sum_logs(y, e, prior.findings, prior.visits) - float(np.sum(gammaln(y + 1)))


def _sum_logs(y: Floats, e: Floats, alpha: float, beta: float) -> float:
    """The likelihood's logarithm but for what depends on the findings alone."""
    terms = gammaln(alpha + y) - gammaln(alpha) + alpha * np.log(beta) + y * np.log(e) - (alpha + y) * np.log(beta + e)
    return float(np.sum(terms))


def estimate_dispersion(findings: ArrayLike, visits: ArrayLike, place: ArrayLike) -> float:
    """Variance of the findings of one place over their mean; 1 for counts that come independently of each other.

    Severities and age make it smaller, several findings at one visit larger.

    Parameters
    ----------
    findings, visits : (n,) float64, of each visit: its weighted findings and what it counts for, > 0
    place : (n,) int, where each visit was; places with one visit say nothing

    Returns
    -------
    float
        1 where fewer than 10 visits can be compared, or nothing was found.

    Source: Bühlmann & Straub (1970), the variance within
    """
    y, e = np.asarray(findings, dtype=np.float64), np.asarray(visits, dtype=np.float64)
    _, which = np.unique(np.asarray(place), return_inverse=True)
    place_y, place_e = (np.bincount(which, values) for values in (y, e))
    n_free = len(y) - len(place_y)
    if n_free < _FEWEST or not y.any():
        return 1.0
    rate = place_y / place_e
    within = float(np.sum((y - rate[which] * e) ** 2 / e)) / n_free
    return within / (float(y.sum()) / float(e.sum())) or 1.0


def _check(findings: ArrayLike, visits: ArrayLike, dispersion: float) -> tuple[Floats, Floats]:
    y, e = np.asarray(findings, dtype=np.float64), np.asarray(visits, dtype=np.float64)
    failures = []
    if y.ndim != 1 or y.shape != e.shape:
        failures.append(f"findings and visits must be (n,) arrays of one length, got {y.shape} and {e.shape}")
    for name, values in (("findings", y), ("visits", e)):
        if not (np.isfinite(values) & (values >= 0)).all():
            failures.append(f"{name} must be finite numbers of 0 or more")
    if not 0 < dispersion < np.inf:
        failures.append(f"dispersion must be a finite number above 0, got {dispersion!r}")
    if failures:
        message = f"No prior can be fitted: {'; '.join(failures)}."
        raise ParameterError(message)
    kept = np.flatnonzero(e > 0)
    # in one order, so that the order in which places came changes no bit
    kept = kept[np.lexsort((e[kept], y[kept]))]
    return y[kept], e[kept]


def _shape_by_moments(y: Floats, e: Floats) -> float:
    """Shape of the prior by moments; infinite where places do not differ by more than chance.

    Source: Marshall (1991), Mapping disease and mortality rates, Applied Statistics 40
    """
    mean, total = y.sum() / e.sum(), e.sum()
    beyond_chance = np.sum(e * (y / e - mean) ** 2) - (len(y) - 1) * mean
    weight = total - np.sum(e**2) / total
    return float(mean**2 * weight / beyond_chance) if beyond_chance > 0 and weight > 0 else np.inf


def _lose(logs: Floats, y: Floats, e: Floats, dispersion: float) -> tuple[float, Floats]:
    """What is minimised, with its gradient; `logs` are those of the prior's mean and shape."""
    mean, shape = np.exp(logs)
    alpha = shape / dispersion
    beta = alpha / mean
    by_alpha = np.sum(digamma(alpha + y) - digamma(alpha) + np.log(beta) - np.log(beta + e))
    by_beta = np.sum(alpha / beta - (alpha + y) / (beta + e))
    gradient = -np.array([-by_beta * beta, by_alpha * alpha + by_beta * beta])
    pull = logs[1] / _SPREAD**2
    return logs[1] * pull / 2 - _sum_logs(y, e, alpha, beta), gradient + np.array([0.0, pull])
