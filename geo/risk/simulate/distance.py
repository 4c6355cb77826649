"""How far shares of inspections are from the truth's, and how far chance alone would put them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

__all__ = ["chance_distance", "total_variation"]

Floats = NDArray[np.float64]


def total_variation(first: Floats, second: Floats) -> float:
    """Half the sum of absolute differences: the share of inspections that would have to go elsewhere.

    Parameters
    ----------
    first, second : (n_places,) float64, shares that add up to 1

    Returns
    -------
    float, from 0 (alike) to 1 (no place in common)
    """
    return float(np.abs(first - second).sum() / 2)


def chance_distance(shares: Floats, n_visits: int) -> float:
    """Expected total variation when visits are drawn at random from the very shares they are held against.

    Parameters
    ----------
    shares : (n_places,) float64, adding up to 1
    n_visits : int, >= 1

    Returns
    -------
    float
        What no policy that draws its stops one by one can be blamed for.

    Source: de Moivre (1730), mean absolute deviation of the binomial; Diaconis & Zabell (1991), Statistical Science 6
    """
    most = np.floor(n_visits * shares) + 1
    deviation = 2 * most * (1 - shares) * binom.pmf(most, n_visits, shares)
    return float(deviation.sum() / n_visits / 2)
