"""Pairs of a row and an earlier visit near it or at its place, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

__all__ = ["PairBatch", "pair_neighbours", "pair_same_place"]

MAX_PAIRS = 2_000_000


class PairBatch(NamedTuple):
    """Pairs of a row and a visit.

    Attributes
    ----------
    row, visit : (n_pairs,) intp, positions
    distance_m : (n_pairs,) float64, m; 0 at the same place
    """

    row: NDArray[np.intp]
    visit: NDArray[np.intp]
    distance_m: NDArray[np.float64]


def pair_neighbours(
    rows_xy: NDArray[np.float64],
    visits_xy: NDArray[np.float64],
    reach_m: float,
    days: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Iterator[PairBatch]:
    """All pairs closer than the reach; rows and visits without a position have none.

    Parameters
    ----------
    rows_xy : (n_rows, 2) float64, m, NaN where unknown
    visits_xy : (n_visits, 2) float64, m, NaN where unknown
    reach_m : float, m
    days : (n_rows,) and (n_visits,) float64, optional
        When rows and visits are: then only visits strictly before the row.
    """
    rows, visits = (np.flatnonzero(np.isfinite(xy).all(axis=1)) for xy in (rows_xy, visits_xy))
    if not rows.size or not visits.size:
        return
    tree = KDTree(visits_xy[visits])
    counts = np.asarray(tree.query_ball_point(rows_xy[rows], reach_m, return_length=True))
    for batch in _batches(counts):
        near = KDTree(rows_xy[rows[batch]]).sparse_distance_matrix(tree, reach_m, output_type="ndarray")
        if days is not None:
            near = near[days[1][visits[near["j"]]] < days[0][rows[batch][near["i"]]]]
        # the tree gives pairs in an order of its own, and sums must not depend on it
        order = np.argsort(near["i"].astype(np.int64) * len(visits) + near["j"])
        yield PairBatch(rows[batch][near["i"][order]], visits[near["j"][order]], near["v"][order])


def pair_same_place(rows_place: NDArray[np.intp], visits_place: NDArray[np.intp]) -> Iterator[PairBatch]:
    """All pairs at the same place, whenever they happened; a negative code is no place.

    Parameters
    ----------
    rows_place : (n_rows,) intp
    visits_place : (n_visits,) intp, same codes
    """
    order = np.argsort(visits_place, kind="stable")
    ordered = visits_place[order]
    first = np.searchsorted(ordered, rows_place, side="left")
    counts = np.where(rows_place >= 0, np.searchsorted(ordered, rows_place, side="right") - first, 0)
    for batch in _batches(counts):
        length = counts[batch]
        row = np.repeat(np.arange(batch.start, batch.stop), length)
        within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        visit = order[np.repeat(first[batch], length) + within]
        yield PairBatch(row, visit, np.zeros(len(row)))


def _batches(counts: NDArray[np.intp]) -> Iterator[slice]:
    """Stretches of rows with at most `MAX_PAIRS` pairs, or a single row with more."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, before + MAX_PAIRS, side="right")), start + 1)
        yield slice(start, stop)
        start = stop
