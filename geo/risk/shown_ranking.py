"""Rankings of the cells that a filter shows, each with its rank in the whole region.

Both walk along an order that is made once for a surface: all ranked cells from the highest down, each with its place. A
filter is asked of them a few at a time until there are enough, so a new filter costs what it shows, not what there is.
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
    for _, cells in _cut(order):
        part = cells[score[cells] >= least]
        if not part.size:
            break
        row, col = np.divmod(part.astype(np.int64), surface.grid.n_cols)
        found.append(part[shown.keeps((row, col))])
        n_found += len(found[-1])
        if n_found >= n:
            # in float64 a cell a little further down may be one of them after all
            least = score[np.concatenate(found)[n - 1]] - np.float32(FLOAT32_SLACK)
    highest = np.concatenate([order[:0], *found])
    rows, cols = np.divmod(highest[score[highest] >= least].astype(np.int64), surface.grid.n_cols)

    def rank(row: int, col: int) -> int:
        return count_higher(order, surface.score, surface.score[row, col]) + 1

    return tabulate_cells(surface, n, rows, cols, rank)


def shown_places(
    surface: ScoredSurface,
    n: int,
    shown: Shown,
    order: NDArray[np.uint32],
    placed: tuple[Sequence[Hill], NDArray[np.int32]],
) -> tuple[Place, ...]:
    """The n places with the highest cells that are shown, each told by that cell; ``rank`` is among all places.

    Parameters
    ----------
    surface : ScoredSurface
    n : int, 1 to 10 000
    shown : Shown
    order : as `geo.risk.order.sort_cells` gives it
    placed : hills and the place of each cell of `order`, as `geo.risk.hills.number_cells` gives them

    Raises
    ------
    ParameterError
    """
    n = check_count(n)
    hills, place_of = placed
    # from the highest cell down: the first one of a place that is shown is what the place is told by
    cell_of: dict[int, int] = {}
    for start, cells in _cut(order):
        numbers = place_of[start : start + len(cells)]
        # most cells are too low to be part of a place: only the others are asked about
        within = np.flatnonzero(numbers >= 0)
        row, col = np.divmod(cells[within].astype(np.int64), surface.grid.n_cols)
        kept = within[shown.keeps((row, col))]
        first = np.sort(np.unique(numbers[kept], return_index=True)[1])
        for at in kept[first].tolist():
            cell_of.setdefault(int(numbers[at]), int(cells[at]))
        if len(cell_of) >= n:
            break
    chosen = list(cell_of.items())[:n]
    places = [
        replace(make_place(surface, hills[number], divmod(cell, surface.grid.n_cols)), rank=number + 1)
        for number, cell in chosen
    ]
    places.sort(key=lambda place: (-place.score, place.place_id))
    # in float64 two neighbours may stand the other way round: ranks of those told by their peaks stay in their order
    ranks = iter(sorted(place.rank for place in places if place.peak is None))
    return tuple(replace(place, rank=next(ranks)) if place.peak is None else place for place in places)


def _cut(order: NDArray[np.uint32]) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """An order a few cells at a time, then ever more, each part with where it begins."""
    start, n_next = 0, _FIRST_CELLS
    while start < len(order):
        yield start, order[start : start + n_next]
        start, n_next = start + n_next, min(4 * n_next, _MOST_CELLS)
