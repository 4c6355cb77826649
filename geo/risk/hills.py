"""Places cut out of a score: hills, found from the highest cell down (docs/adr/0006-places.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.kernels import Hills, join_peaks
from geo.risk.scored import NEVER_INSPECTED, ScoredSurface

__all__ = ["SADDLE_SHARE", "Hill", "find_hills", "number_cells"]

# Two peaks are one place when the way between them never falls below this share of the lower one; a place's cells are
# those of its hill that reach this share of its peak.
SADDLE_SHARE = 0.8
# A hill may take in lower ones that reach its place, and each of those only at a saddle that reaches the same share
# again. Once all cells down to there are known, a place does not change any more; the rest is for rounding.
_SETTLED_SHARE = SADDLE_SHARE**2 * (1 - 1e-6)
# Cells are taken a few at a time: so many first, then ever more, up to a number that is sorted in a few MB.
_FIRST_CELLS, _MOST_CELLS = 100_000, 500_000
# Where to stop in between is read off a sample of the cells.
_SAMPLE_CELLS = 500_000


class Hill(NamedTuple):
    """A hill of the score.

    Attributes
    ----------
    row, col : int, of its highest cell
    n_cells : int, of its place
    rows, cols : first and last row and column of its place
    """

    row: int
    col: int
    n_cells: int
    rows: tuple[int, int]
    cols: tuple[int, int]


def find_hills(surface: ScoredSurface, n: int, county: str | None = None) -> list[Hill]:
    """The n highest hills, of a county where one is given: those whose highest cell lies there.

    Only cells that may decide about them are looked at: what lies far below the n-th hill is never sorted.

    Parameters
    ----------
    surface : ScoredSurface
    n : int, >= 1
    county : str, optional

    Returns
    -------
    list of Hill, at most n, the highest first, of equals the northmost, then the westmost
    """
    hills, hill_at, chosen = _join(surface, n, county)
    return [] if hills is None else _measure(surface, hills, hill_at, chosen)


def number_cells(surface: ScoredSurface, order: NDArray[np.uint32]) -> tuple[list[Hill], NDArray[np.int32]]:
    """All hills, the highest first, and of some cells the number of the hill whose place they are part of.

    Parameters
    ----------
    surface : ScoredSurface
    order : (n,) flat positions of ranked cells

    Returns
    -------
    hills : list of Hill
    place_of : (n,) int32, -1 for a cell that lies too low on its hill; read-only
    """
    place_of = np.full(len(order), -1, dtype=np.int32)
    hills, hill_at, chosen = _join(surface, surface.grid.n_cells, None)
    if hills is None or not len(chosen):
        return [], place_of
    position, floor = _number(hills, chosen)
    for start in range(0, len(order), _MOST_CELLS):
        row, col = np.divmod(order[start : start + _MOST_CELLS].astype(np.int64), surface.grid.n_cols)
        place = position[hills.parent[hill_at[row + 1, col + 1] - 1]]
        reaches = (place >= 0) & (surface.score[row, col] >= floor[place])
        place_of[start : start + _MOST_CELLS] = np.where(reaches, place, -1)
    place_of.flags.writeable = False
    return _measure(surface, hills, hill_at, chosen), place_of


def _join(
    surface: ScoredSurface, n: int, county: str | None
) -> tuple[Hills | None, NDArray[np.int32], NDArray[np.int64]]:
    """Hills from the highest cell down, each cell's hill (with an empty edge around), and which hills were chosen."""
    n_rows, n_cols = surface.grid.shape
    # Zeros take no memory until they are written to: only the surroundings of the cells that are looked at do.
    hill_at = np.zeros((n_rows + 2, n_cols + 2), dtype=np.int32)
    hills, above = None, math.inf
    chosen = np.empty(0, dtype=np.int64)
    for floor in _falling_floors(surface):
        row, col, score = _cells_between(surface, floor, above)
        hills = join_peaks(row, col, score, SADDLE_SHARE, hill_at, hills)
        chosen = _standing(surface, hills, county)[:n]
        if len(chosen) == n and hills.height[chosen[-1]] * _SETTLED_SHARE >= floor:
            break
        above = floor
    return hills, hill_at, chosen


def _number(hills: Hills, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of each hill its position among the chosen ones, -1 for others; of each of those the least score of its place."""
    position = np.full(len(hills.parent), -1)
    position[chosen] = np.arange(len(chosen))
    return position, np.float32(SADDLE_SHARE) * hills.height[chosen].astype(np.float32)


def _falling_floors(surface: ScoredSurface) -> Iterator[float]:
    """Scores to stop at, ever lower, the last one 0."""
    step = max(1, math.isqrt(surface.grid.n_cells // _SAMPLE_CELLS))
    thin = slice(None, None, step), slice(None, None, step)
    sample = np.sort(surface.score[thin][surface.state[thin] >= NEVER_INSPECTED])
    floor, n_taken, n_next = math.inf, 0, _FIRST_CELLS
    while (n_taken := n_taken + n_next) < len(sample) * step**2:
        at = float(sample[-1 - n_taken // step**2])
        if 0 < at < floor:
            floor = at
            yield floor
        n_next = min(2 * n_next, _MOST_CELLS)
    yield 0.0


def _cells_between(
    surface: ScoredSurface, floor: float, above: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Ranked cells from a floor to below another score, the highest first, of equals the northmost, then westmost."""
    rows, cols, scores = [], [], []
    for band in surface.row_bands():
        score = surface.score[band]
        chosen = (score >= floor) & (score < above) & (surface.state[band] >= NEVER_INSPECTED)
        row, col = np.unravel_index(np.flatnonzero(chosen), chosen.shape)
        rows.append(row + band.start)
        cols.append(col)
        scores.append(score[row, col])
    score = np.concatenate(scores)
    best_first = np.argsort(-score, kind="stable")
    return np.concatenate(rows)[best_first], np.concatenate(cols)[best_first], score[best_first]


def _standing(surface: ScoredSurface, hills: Hills, county: str | None) -> NDArray[np.int64]:
    """Numbers of the hills that are part of no other one, the highest first."""
    standing = np.flatnonzero(hills.parent == np.arange(len(hills.parent)))
    if county is None:
        return standing
    first, end = surface.county_codes(county)
    code = surface.region.municipality_raster(surface.grid)[hills.row[standing], hills.col[standing]]
    return standing[(code >= first) & (code < end)]


def _measure(surface: ScoredSurface, hills: Hills, hill_at: NDArray[np.int32], chosen: NDArray[np.int64]) -> list[Hill]:
    """Number of cells of each hill's place, and its first and last row and column."""
    n = len(chosen)
    position, floor = _number(hills, chosen)
    n_cells = np.zeros(n, dtype=np.int64)
    low = np.full((2, n), np.iinfo(np.int64).max)
    high = np.full((2, n), -1)
    for band in surface.row_bands():
        score, hill = surface.score[band], hill_at[1:-1, 1:-1][band]
        known = (score >= floor.min(initial=np.inf)) & (hill > 0)
        row, col = np.unravel_index(np.flatnonzero(known), known.shape)
        place = position[hills.parent[hill[row, col] - 1]]
        reaches = (place >= 0) & (score[row, col] >= floor[place])
        place, row, col = place[reaches], row[reaches] + band.start, col[reaches]
        n_cells += np.bincount(place, minlength=n)
        for axis, at in enumerate((row, col)):
            np.minimum.at(low[axis], place, at)
            np.maximum.at(high[axis], place, at)
    return [
        Hill(row, col, count, rows, cols)
        for row, col, count, rows, cols in zip(
            hills.row[chosen].tolist(),
            hills.col[chosen].tolist(),
            n_cells.tolist(),
            zip(low[0].tolist(), high[0].tolist(), strict=True),
            zip(low[1].tolist(), high[1].tolist(), strict=True),
            strict=True,
        )
    ]
