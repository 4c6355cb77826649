"""All ranked cells from the highest down: made once for a surface, and asked for ranks and by filters."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from geo.risk.states import NEVER_INSPECTED

__all__ = ["count_higher", "sort_cells"]


def sort_cells(score: NDArray[np.float32], state: NDArray[np.uint8], bands: Iterable[slice]) -> NDArray[np.uint32]:
    """Flat positions of all ranked cells, the highest first, of equals the northmost, then the westmost.

    Parameters
    ----------
    score : (n_rows, n_cols) float32, 0 or more in ranked cells
    state : (n_rows, n_cols) uint8
    bands : rows to read at a time

    Returns
    -------
    (n_ranked,) uint32, read-only
    """
    n_cols = state.shape[1]
    cells = [np.flatnonzero(state[band] >= NEVER_INSPECTED) + band.start * n_cols for band in bands]
    order = np.concatenate(cells).astype(np.uint64)
    # scores are 0 or more, and the bits of such floats stand in the order of their values: one number holds both keys
    bits = score.reshape(-1)[order].astype(np.float32).view(np.uint32)
    order |= (~bits).astype(np.uint64) << np.uint64(32)
    order.sort()
    positions = order.astype(np.uint32)
    positions.flags.writeable = False
    return positions


def count_higher(order: NDArray[np.uint32], score: NDArray[np.float32], height: float) -> int:
    """How many ranked cells have a higher score.

    Parameters
    ----------
    order : as `sort_cells` gives it
    score : (n_rows, n_cols) float32
    height : float, a score
    """
    flat = score.reshape(-1)
    return bisect_left(range(len(order)), -height, key=lambda at: -flat[order[at]])
