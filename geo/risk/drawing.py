"""Stops drawn at random with known expectations: rounding, and the stops that explore."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_alike", "round_at_random", "to_shares"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# A sum of shares that misses a whole number by rounding errors must not gain or lose a stop.
_SLACK = 1e-9


def to_shares(amounts: Floats | Whole) -> Floats:
    """Each amount's part of the sum along the last axis; zeros where the sum is 0."""
    values = np.asarray(amounts, dtype=np.float64)
    total = values.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    return shares


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


def draw_alike(sites: Floats, wanted: float, rng: np.random.Generator, most: int | None = None) -> tuple[Whole, Floats]:
    """Stops among places, each site with the same chance.

    Parameters
    ----------
    sites : (n,) float64, >= 0, how many sites there are at each place
    wanted : float, >= 0, stops; rounded at random to a whole number whose mean it is
    rng : numpy Generator
    most : int, >= 0, optional
        No more stops than these. Default: no limit.

    Returns
    -------
    drawn : (n,) int64, stops
    propensity : (n,) float64, how many were to be expected before anything was drawn
        Adds up to `wanted`, or to less where `most` is below it. Where each place is one site and `most` is no more
        than there are, it is the probability of being drawn, and no site is drawn twice.
    """
    lower, part = divmod(wanted, 1)
    possible = [int(lower), int(lower) + 1]
    if most is not None:
        possible = [min(each, most) for each in possible]
        wanted = possible[0] * (1 - part) + possible[1] * part
    n_stops = possible[int(rng.random() < part)]
    frame = to_shares(sites)
    return round_at_random(n_stops * frame, rng), wanted * frame
