"""How close two places are to each other when one or both are known to a circle only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.layers.spread import disc_pattern

__all__ = ["expect_closeness"]

# nodes across the reach, and pieces of the smaller circle: 3 rings
_N_NODES = 48
_N_RINGS = 3
_N_AT_ONCE = 20_000

Floats = NDArray[np.float64]


def expect_closeness(distance_m: Floats, small_m: Floats, large_m: Floats, within_m: float) -> tuple[Floats, Floats]:
    """Mean closeness of two places that lie anywhere in their circles, and the probability that they are close at all.

    Closeness is ``(1 − (d / within)²)²``, 0 beyond.

    Parameters
    ----------
    distance_m : (n,) float64, m, between the middles
    small_m, large_m : (n,) float64, m, radii, ``small_m <= large_m``, ``large_m > 0``
    within_m : float, m, > 0

    Returns
    -------
    (n,) float64, 0 to 1: mean closeness, within 0.01 of the largest there can be for the larger circle alone
    (n,) float64, 0 to 1: probability
    """
    closeness, probability = np.empty(len(distance_m)), np.empty(len(distance_m))
    pieces = disc_pattern(_N_RINGS)
    for start in range(0, len(distance_m), _N_AT_ONCE):
        some = slice(start, start + _N_AT_ONCE)
        away, small, large = distance_m[some], small_m[some], large_m[some]
        is_point = small == 0
        both = np.empty((2, len(away)))
        both[:, is_point] = _point_to_disc(away[is_point], large[is_point], within_m)
        x = away[~is_point, np.newaxis] + small[~is_point, np.newaxis] * pieces[:, 0]
        y = small[~is_point, np.newaxis] * pieces[:, 1]
        wide = np.repeat(large[~is_point], len(pieces))
        answers = _point_to_disc(np.hypot(x, y).ravel(), wide, within_m)
        both[:, ~is_point] = answers.reshape(2, -1, len(pieces)).mean(axis=2)
        closeness[some], probability[some] = both
    return closeness, probability


def _point_to_disc(away: Floats, radius: Floats, within_m: float) -> Floats:
    """(2, n): mean closeness of a point to the points of a disc, and the share of the disc that is within reach.

    Around the point, the rings that meet the disc within reach; of each the arc that lies in the disc.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
    low = np.maximum(away - radius, 0.0)
    width = np.maximum(np.minimum(away + radius, within_m) - low, 0.0)
    totals = np.zeros((2, len(away)))
    for node, weight in zip(((nodes + 1) / 2).tolist(), (weights / 2).tolist(), strict=True):
        ring = low + node * width
        with np.errstate(divide="ignore", invalid="ignore"):
            cosine = (radius**2 - away**2 - ring**2) / (2 * away * ring)
        half = np.where(away * ring > 0, np.pi - np.arccos(np.clip(cosine, -1.0, 1.0)), np.pi)
        piece = 2 * ring * half * width * weight
        totals += [(1 - (ring / within_m) ** 2) ** 2 * piece, piece]
    found: Floats = np.minimum(totals / (np.pi * radius**2), 1.0)
    return found
