"""Rankings of the cells that a filter shows, each with its rank in the whole region.

Both walk along an order that is made once for a surface: all ranked cells from the highest down, or all hills. A filter
is asked of them a few at a time until there are enough, so a new filter costs what it shows, not what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.risk.filters import Shown
from geo.risk.hills import Hill
from geo.risk.order import count_higher
from geo.risk.ranking import FLOAT32_SLACK, Place, check_count, make_place, tabulate_cells
from geo.risk.scored import ScoredSurface

__all__ = ["shown_cells", "shown_places"]

_FIRST_CELLS, _MOST_CELLS = 4_096, 1_000_000


def shown_cells(surface: ScoredSurface, n: int, shown: Shown, order: NDArray[np.uint32]) -> pd.DataFrame:
    """The n highest cells that are shown; ``rank`` is among all ranked cells, and cells of one score share it.

    Parameters
    ----------
    surface : ScoredSurface
    n : int, 1 to 10 000
    shown : Shown
    order : as `geo.risk.order.sort_cells` gives it

    Raises
    ------
    ParameterError
    """
    n = check_count(n)
    score = surface.score.reshape(-1)
    found, n_found, least = [], 0, np.float32(-np.inf)
    for cells in _cut(order):
        part = cells[score[cells] >= least]
        if not part.size:
            break
        row, col = np.divmod(part.astype(np.int64), surface.grid.n_cols)
        found.append(part[shown.includes((row, col))])
        n_found += len(found[-1])
        if n_found >= n:
            # in float64 a cell a little further down may be one of them after all
            least = score[np.concatenate(found)[n - 1]] - np.float32(FLOAT32_SLACK)
    highest = np.concatenate([order[:0], *found])
    rows, cols = np.divmod(highest[score[highest] >= least].astype(np.int64), surface.grid.n_cols)

    def rank(row: int, col: int) -> int:
        return count_higher(order, surface.score, surface.score[row, col]) + 1

    return tabulate_cells(surface, n, rows, cols, rank)


def shown_places(surface: ScoredSurface, n: int, shown: Shown, hills: Sequence[Hill]) -> tuple[Place, ...]:
    """The n highest places whose highest cell is shown; ``rank`` is among all places.

    Parameters
    ----------
    surface : ScoredSurface
    n : int, 1 to 10 000
    shown : Shown
    hills : all of the surface, the highest first

    Raises
    ------
    ParameterError
    """
    n = check_count(n)
    peaks = np.array([hill[:2] for hill in hills], dtype=np.int64).reshape(-1, 2)
    chosen = np.flatnonzero(shown.includes((peaks[:, 0], peaks[:, 1])))[:n].tolist()
    places = [make_place(surface, hills[at]) for at in chosen]
    places.sort(key=lambda place: (-place.score, place.place_id))
    # in float64 two neighbours may stand the other way round: the ranks stay in their order
    return tuple(replace(place, rank=at + 1) for at, place in zip(chosen, places, strict=True))


def _cut(order: NDArray[np.uint32]) -> Iterator[NDArray[np.uint32]]:
    """An order a few cells at a time, then ever more."""
    start, n_next = 0, _FIRST_CELLS
    while start < len(order):
        yield order[start : start + n_next]
        start, n_next = start + n_next, min(4 * n_next, _MOST_CELLS)
