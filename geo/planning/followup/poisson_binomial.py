"""How many of several unlike chances come true: the Poisson-binomial distribution, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError

__all__ = ["chances_of_counts", "interval_of_count"]


def chances_of_counts(chances: ArrayLike) -> NDArray[np.float64]:
    """Probability of each number of successes among independent trials.

    Parameters
    ----------
    chances : (n,) float64, 0 to 1, of each trial

    Returns
    -------
    (n + 1,) float64
        Of 0, 1, …, n successes; they add up to 1.

    Raises
    ------
    ParameterError

    Source: Barlow & Heidtmann (1984), IEEE Transactions on Reliability 33, for adding one trial after the other
    """
    p = np.asarray(chances, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        message = "Chances must be an (n,) array of numbers from 0 to 1."
        raise ParameterError(message)
    pmf = np.zeros(len(p) + 1)
    pmf[0] = 1.0
    for n, chance in enumerate(p.tolist(), start=1):
        # every term is a sum of products of numbers >= 0: nothing cancels
        pmf[1 : n + 1] = pmf[1 : n + 1] * (1 - chance) + pmf[:n] * chance
        pmf[0] *= 1 - chance
    return pmf


def interval_of_count(chances: ArrayLike, level: float = 0.90) -> tuple[int, int]:
    """Lowest and highest number of successes that the middle of the distribution holds.

    Parameters
    ----------
    chances : (n,) float64, 0 to 1
    level : float, above 0 and below 1

    Returns
    -------
    low, high : int
        Fewer than `low` come true with a probability of at most (1 − level) / 2, more than `high` likewise.
    """
    if not 0 < level < 1:
        message = f"level must be above 0 and below 1, got {level!r}."
        raise ParameterError(message)
    upto = np.cumsum(chances_of_counts(chances))
    tail = (1 - level) / 2
    most = len(upto) - 1
    # a hair below, so that rounding in the sum takes no number out
    low = min(int(np.searchsorted(upto, tail * (1 - 1e-12), side="right")), most)
    high = min(int(np.searchsorted(upto, (1 - tail) * (1 - 1e-12), side="left")), most)
    return low, high
