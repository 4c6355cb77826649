"""Records of which only the surroundings are known: their weight spread evenly over a circle, under the usual kernel.

A circle is cut into rings of 1, 6, 12, 18 … sectors of one size, and each sector's share of the weight stands at its
middle. Rings lie half a bandwidth apart or closer: the sum of kernels of these points is then nowhere further from the
kernel of the whole circle than 3 % of its peak (`MAX_ERROR`). Circles that are small beside the bandwidth are points.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from geo.memory import require_memory

__all__ = ["MAX_ERROR", "count_rings", "disc_pattern", "spread_points"]

# of the peak of the density of one spread record
MAX_ERROR = 0.03
# a circle of this share of the bandwidth is flat enough to be a point: the peak is 1 − u² + u⁴/3 of the kernel's
_POINT_SHARE = 1 / 6
_RINGS_PER_BANDWIDTH = 2.0
_MANY = 1_000_000
# three numbers each, sorted and joined to the exact ones
_BYTES_PER_POINT = 120

Floats = NDArray[np.float64]


def count_rings(spread_m: float, bandwidth_m: float) -> int:
    """Rings around the middle that a circle needs; 0 where it is a point.

    Parameters
    ----------
    spread_m : float, m, radius of the circle, >= 0
    bandwidth_m : float, m, > 0
    """
    share = spread_m / bandwidth_m
    return 0 if share <= _POINT_SHARE else math.ceil(_RINGS_PER_BANDWIDTH * share + 0.5)


@lru_cache(maxsize=64)
def disc_pattern(n_rings: int) -> Floats:
    """Middles of equal parts of the unit disc.

    Parameters
    ----------
    n_rings : int, >= 0

    Returns
    -------
    (1 + 3 · n_rings · (n_rings + 1), 2) float64, read-only; each stands for one part in as many of the area
    """
    n_points = 1 + 3 * n_rings * (n_rings + 1)
    parts = [np.zeros((1, 2))]
    for ring in range(1, n_rings + 1):
        inner, outer = ((1 + 3 * i * (i + 1)) / n_points for i in (ring - 1, ring))
        half = math.pi / (6 * ring)
        # centroid of a sector of a ring
        radius = 2 / 3 * (outer**1.5 - inner**1.5) / (outer - inner) * math.sin(half) / half
        # neighbouring rings turned against each other by half a sector
        angle = (2 * np.arange(6 * ring) + ring % 2) * half
        parts.append(radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    pattern: Floats = np.concatenate(parts)
    pattern.flags.writeable = False
    return pattern


def spread_points(
    easting: Floats, northing: Floats, weight: Floats, spread_m: Floats, bandwidth_m: float
) -> tuple[Floats, Floats, Floats]:
    """Points of one bandwidth with those that are spread in pieces; where none is, the very arrays given.

    Records at one place with one spread are one circle: a thousand of them in the middle of a municipality take no more
    than one.

    Parameters
    ----------
    easting, northing, weight : (n,) float64; coordinates in m
    spread_m : (n,) float64, m, >= 0
    bandwidth_m : float, m, > 0

    Returns
    -------
    easting, northing, weight : (m,) float64; weights add up to those given, but for rounding

    Raises
    ------
    MemoryLimitError
        Circles too many and too wide to be cut up.
    """
    is_wide = spread_m > bandwidth_m * _POINT_SHARE
    if not is_wide.any():
        return easting, northing, weight
    x, y, radius, total = _join(easting[is_wide], northing[is_wide], spread_m[is_wide], weight[is_wide])
    rings = [count_rings(each, bandwidth_m) for each in radius.tolist()]
    n_points = sum(1 + 3 * n * (n + 1) for n in rings)
    if n_points > _MANY:
        require_memory(
            n_points * _BYTES_PER_POINT,
            f"Spreading {len(rings)} places over {n_points} points",
            "give more precise places, or a smaller spread_m",
        )
    patterns = [disc_pattern(n) for n in rings]
    sizes = np.array([len(each) for each in patterns])
    offsets = np.concatenate(patterns) * np.repeat(radius, sizes)[:, np.newaxis]
    pieces = np.repeat(x, sizes) + offsets[:, 0], np.repeat(y, sizes) + offsets[:, 1], np.repeat(total / sizes, sizes)
    exact = easting[~is_wide], northing[~is_wide], weight[~is_wide]
    joined = tuple(np.concatenate(pair) for pair in zip(exact, pieces, strict=True))
    return joined[0], joined[1], joined[2]


def _join(x: Floats, y: Floats, radius: Floats, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Circles, each once; weights added from the least up, so that the order of records changes no bit."""
    order = np.lexsort((weight, radius, y, x))
    x, y, radius, weight = x[order], y[order], radius[order], weight[order]
    new = (x[1:] != x[:-1]) | (y[1:] != y[:-1]) | (radius[1:] != radius[:-1])
    first = np.flatnonzero(np.append(True, new))
    return x[first], y[first], radius[first], np.add.reduceat(weight, first)
