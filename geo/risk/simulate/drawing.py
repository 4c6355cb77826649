"""Stops drawn at random with known expectations: rounding, and the stops that explore."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.risk.simulate.distance import to_shares
from geo.risk.simulate.past import Past

__all__ = ["draw_exploration", "round_at_random"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# A sum of shares that misses a whole number by rounding errors must not gain or lose a stop.
_SLACK = 1e-9


def round_at_random(expected: Floats, rng: np.random.Generator) -> Whole:
    """Whole numbers whose expectations are those asked for.

    Each becomes the whole number below or above it, and so does their sum; where the sum is whole already, it stays.

    Parameters
    ----------
    expected : (n,) float64, >= 0
    rng : numpy Generator

    Returns
    -------
    (n,) int64

    Source: Madow (1949), systematic sampling with unequal probabilities, in a random order
    """
    order = rng.permutation(len(expected))
    reached = np.cumsum(expected[order])
    whole = np.round(reached)
    reached = np.where(np.abs(reached - whole) < _SLACK, whole, reached)
    # float32: a start so close to 1 that the sum of the two rounds up to the next whole number cannot come
    steps = np.floor(reached + float(rng.random(dtype=np.float32)))
    counts = np.empty(len(expected), dtype=np.int64)
    counts[order] = np.diff(steps, prepend=0.0).astype(np.int64)
    return counts


def draw_exploration(past: Past, share: float, rng: np.random.Generator) -> tuple[Whole, Floats]:
    """Stops among all places with exposure, each site with the same chance, whatever was found so far.

    Parameters
    ----------
    past : Past
    share : float, from 0 to 1, of the month's visits; the number is rounded at random so that its mean is the share
    rng : numpy Generator

    Returns
    -------
    explored : (n_places,) int64, stops drawn
    propensity : (n_places,) float64, how many were to be expected before anything was drawn; adds up to share · visits
    """
    wanted = share * past.n_visits
    n_stops = int(wanted) + int(rng.random() < wanted % 1)
    frame = to_shares(past.sites)
    return round_at_random(n_stops * frame, rng), wanted * frame
