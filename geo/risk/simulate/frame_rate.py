"""What exploration stops tell of all places with exposure: an inverse-propensity estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, gamma

from geo.risk.drawing import to_shares

__all__ = ["FrameRate", "estimate_frame_rate"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
LEVEL = 0.90


@dataclass(frozen=True)
class FrameRate:
    """Findings per visit if each exposed site had the same chance of one: a claim for the exploration frame only.

    Attributes
    ----------
    rate : float, findings per visit, Hájek: what was found over the visits it was found at, both weighted by 1/π
    rate_ht : float, findings per visit, Horvitz–Thompson: unbiased, and wider
    low, high : float, 90 % interval of `rate`
    n_stops, n_findings : int, exploration stops and what they found
    n_effective : float, stops of one weight that would tell as much
    """

    rate: float
    rate_ht: float
    low: float
    high: float
    n_stops: int
    n_findings: int
    n_effective: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return dict(vars(self))


def estimate_frame_rate(
    explored: Whole, findings: Whole, propensity: Floats, sites: Floats, outcome: Literal["bernoulli", "poisson"]
) -> FrameRate | None:
    """Findings per visit of the exploration frame: places with exposure whose propensity is above 0.

    Parameters
    ----------
    explored, findings : (n_months, n_places) int64, exploration stops and what they found
    propensity : (n_months, n_places) float64, stops to be expected
    sites : (n_places,) float64
    outcome : ``bernoulli``: at most one finding a visit; ``poisson``: any number

    Returns
    -------
    FrameRate or None
        None if no stop explored: nothing can be claimed.

    Source: Horvitz & Thompson (1952), JASA 47; Hájek (1971); Kish (1965) for the effective number of stops; Korn &
    Graubard (1998), Survey Methodology 24, for the interval: Clopper & Pearson's with that number (for Poisson counts
    Garwood's)
    """
    if not explored.any():
        return None
    share = np.where(propensity > 0, sites, 0.0)
    share = to_shares(share.ravel()).reshape(share.shape)
    weight = np.divide(share, propensity, out=np.zeros_like(share), where=propensity > 0)
    total = float((weight * explored).sum())
    rate_ht = float((weight * findings).sum())
    rate = rate_ht / total
    n_effective = total**2 / float((weight**2 * explored).sum())
    low, high = _interval(rate * n_effective, n_effective, outcome)
    return FrameRate(rate, rate_ht, low, high, int(explored.sum()), int(findings.sum()), n_effective)


def _interval(found: float, stops: float, outcome: Literal["bernoulli", "poisson"]) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    missed = max(stops - found, 0.0)
    if outcome == "poisson":
        low = gamma.ppf(tail, found) / stops if found > 0 else 0.0
        return float(low), float(gamma.ppf(1 - tail, found + 1) / stops)
    low = beta.ppf(tail, found, missed + 1) if found > 0 else 0.0
    high = beta.ppf(1 - tail, found + 1, missed) if missed > 0 else 1.0
    return float(low), float(high)
