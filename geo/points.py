"""Weighted points made ready for the kernels: in one order, in cells of a grid, listed by the rows that they reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.kernels import TILE_COLS, TILE_ROWS, PointIndex, index_group
from geo.memory import require_memory

__all__ = ["KERNELS", "M2_PER_KM2", "Group", "index_points", "segment_length", "sort_points", "touched_cols"]

# volume of (1 − u²)^p over the unit disc is π/(p + 1); the exponent p of each kernel, and 1/volume
KERNELS = {"quartic": (2, 3.0 / math.pi), "epanechnikov": (1, 2.0 / math.pi)}
M2_PER_KM2 = 1e6
# A list as long as this takes memory enough to be asked for.
_MANY = 10_000_000


class Group(NamedTuple):
    """Points that share a bandwidth.

    Attributes
    ----------
    easting, northing : (n,) float64, m, grid CRS, in the order of `sort_points`
    weight : (n,) float64
    bandwidth_m : float, m
    """

    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    weight: NDArray[np.float64]
    bandwidth_m: float


def sort_points(
    easting: NDArray[np.float64], northing: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Points from west to east, then south to north; those at one place are one, their weights added from the least up.

    Parameters
    ----------
    easting, northing, weight : (n,) float64, finite

    Returns
    -------
    three arrays of one length, no longer than those given
    """
    order, is_undecided = _sort_roughly(easting)
    undecided = order[is_undecided]
    decided = undecided[np.lexsort((weight[undecided], northing[undecided], easting[undecided]))]
    order[is_undecided] = decided
    x, y, w = easting[order], northing[order], weight[order]
    one, next_one = decided[:-1], decided[1:]
    if not ((easting[one] == easting[next_one]) & (northing[one] == northing[next_one])).any():
        return x, y, w
    first = np.flatnonzero(np.append(True, (x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    return x[first], y[first], np.add.reduceat(w, first)


def _sort_roughly(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The order of some numbers by their leading digits, and where neighbours in it have the same ones.

    Digits and position stand in one whole number each, because sorting those takes a third of sorting positions.
    """
    n_bits = len(values).bit_length()
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale = (2.0 ** (62 - n_bits) - 1.0) / np.subtract(values.max(initial=-np.inf), values.min(initial=np.inf))
    if not 0 < scale < np.inf:
        # all alike, too close together or too far apart
        return np.arange(len(values)), np.ones(len(values), dtype=np.bool_)
    key = ((values - values.min()) * scale).astype(np.int64) << n_bits
    key |= np.arange(len(values))
    key.sort()
    digits = key >> n_bits
    is_like_next = np.append(digits[1:] == digits[:-1], False)
    is_like_next[1:] |= is_like_next[:-1]
    return key & ((1 << n_bits) - 1), is_like_next


def index_points(
    groups: Sequence[Group],
    grid: Grid,
    window: tuple[slice, slice] = (slice(None), slice(None)),
    *,
    max_segment: int | None = None,
    kernel: str = "quartic",
) -> PointIndex:
    """Points of some groups, made ready for the loops.

    Parameters
    ----------
    groups : sequence of Group, checked and sorted
    grid : Grid
    window : rows and columns of the grid, the first row a multiple of `TILE_ROWS`
        Points that reach none of its rows, or lie further from its columns than a segment and what they reach, are left
        out.
    max_segment : int, cells, optional
        Longest segment of a sweep; default, what suits each bandwidth.
    kernel : {"quartic", "epanechnikov"}

    Returns
    -------
    PointIndex

    Raises
    ------
    MemoryLimitError
    """
    power, norm = KERNELS[kernel]
    (top, bottom, _), (left, right, _) = window[0].indices(grid.n_rows), window[1].indices(grid.n_cols)
    bandwidth_m = np.array([group.bandwidth_m for group in groups])
    bandwidth = bandwidth_m / grid.cell_m
    start = np.zeros((len(groups), -(-(bottom - top) // TILE_ROWS) + 1), dtype=np.int64)
    sizes = [len(group.easting) for group in groups]
    n_listed = sum(
        n * min(2.0 * b / TILE_ROWS + 2.0, start.shape[1]) for n, b in zip(sizes, bandwidth.tolist(), strict=True)
    )
    if n_listed > _MANY:
        require_memory(int(n_listed) * 8, "The list of the points in each band of rows", "choose larger cells")
    points = np.empty((sum(sizes), 3))
    members: list[NDArray[np.int32]] = []
    n_points = n_members = 0
    origin, rows = (float(grid.easting[0]), float(grid.northing[0])), (top, bottom)
    widest = -(-grid.n_cols // 8) * 8 if max_segment is None else max_segment
    segment = [min(segment_length(b), widest) for b in bandwidth.tolist()]
    for position, (group, b) in enumerate(zip(groups, bandwidth.tolist(), strict=True)):
        # a segment is summed from all points that reach it, and may stand out of the window; rounding leaves none out
        reach = b + segment[position] + 2.0
        west, east = grid.x_min + (left - reach) * grid.cell_m, grid.x_min + (right + reach) * grid.cell_m
        some = slice(group.easting.searchsorted(west), group.easting.searchsorted(east))
        if some.start == some.stop:
            start[position] = n_members
            continue
        near = group.easting[some], group.northing[some], group.weight[some]
        member, n = index_group(*near, origin, grid.cell_m, b, rows, points[n_points:], start[position])
        members.append(member + np.int32(n_points) if n_points else member)
        start[position] += n_members
        n_points, n_members = n_points + n, n_members + len(member)
    return PointIndex(
        points=points[:n_points],
        member=members[0] if len(members) == 1 else np.concatenate([np.empty(0, np.int32), *members]),
        start=start,
        bandwidth=bandwidth,
        segment=np.array(segment, dtype=np.int64),
        scale=norm * M2_PER_KM2 / bandwidth_m**2 / bandwidth ** (2 * power),
        is_positive=np.array([bool(group.weight.min(initial=0.0) >= 0) for group in groups]),
        is_quartic=kernel == "quartic",
    )


def touched_cols(col: float, bandwidth: float) -> tuple[int, int]:
    """Columns of a score that a point may change by a bit: those of the segments that it reaches.

    Parameters
    ----------
    col, bandwidth : float, cells

    Returns
    -------
    tuple of int
        First column, and one past the last, of a grid without end in the east.
    """
    # a cell more than it reaches, because it is counted there
    low, high = (int(max(col + side * (bandwidth + 1.0), 0.0)) for side in (-1, 1))
    segment = min(segment_length(bandwidth), TILE_COLS)
    first, last = (each - each % TILE_COLS % segment for each in (low, high))
    return first, min(last + segment, last - last % TILE_COLS + TILE_COLS)


def segment_length(bandwidth: float) -> int:
    """Cells in a segment: the least of 16, 24, 32, 48, 64 … that is at least two bandwidths.

    Longer ones have fewer chords cut in two; but the rounding error grows with the fourth power of their length in
    bandwidths (docs/kernel.md).
    """
    power = max(4, math.ceil(math.log2(2.0 * bandwidth))) if bandwidth > 1 else 4
    return 3 << (power - 2) if power > 4 and 3 << (power - 2) >= 2.0 * bandwidth else 1 << power  # noqa: PLR2004
