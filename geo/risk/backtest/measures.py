"""Hits of the cells on top, and what they are measured by.

PAI = (n/N)/(a/A) after Chainey, Tompson and Uhlig (2008), The utility of hotspot mapping for predicting spatial
patterns of crime. PEI* = n/n* after Hunt (2016), Do crime hot spots move?
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_hits", "rank_cells"]

_SHUFFLE_SEED = 20_150_101


def rank_cells(scores: NDArray[np.float64], n_top: int) -> NDArray[np.int64]:
    """The cells with the highest scores, highest first.

    Cells of one score are in the order of a shuffle that depends on nothing but the number of cells: the order of the
    rows would favour one edge of the map, and chance would not be the same twice.

    Parameters
    ----------
    scores : (n_cells,) float64, finite
    n_top : int, <= n_cells

    Returns
    -------
    (n_top,) int64
    """
    if n_top < len(scores):
        # only those that reach the last place need sorting
        least = np.partition(scores, len(scores) - n_top)[len(scores) - n_top]
        among = np.flatnonzero(scores >= least)
    else:
        among = np.arange(len(scores))
    order = np.lexsort((_shuffle(len(scores))[among], -scores[among]))
    return among[order[:n_top]]


def best_hits(outcome: NDArray[np.float64], n_top: int) -> float:
    """Events in the truly best `n_top` cells: nobody could find more."""
    if n_top >= len(outcome):
        return float(outcome.sum())
    return float(np.partition(outcome, len(outcome) - n_top)[-n_top:].sum())


@lru_cache(maxsize=4)
def _shuffle(n: int) -> NDArray[np.int64]:
    places = np.random.default_rng(_SHUFFLE_SEED).permutation(n)
    places.flags.writeable = False
    return places
