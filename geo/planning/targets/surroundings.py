"""What the scored surface says of each site's surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.planning.targets.sites import Sites
from geo.risk.scored import ScoredSurface
from geo.risk.states import OUTSIDE

__all__ = ["Surroundings", "read_surroundings"]

_NEIGHBOURS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0))


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The cell of each site.

    Attributes
    ----------
    row, col : (n,) int64, -1 where the site has no scored cell
    score : (n,) float64, points, 0 without a cell
    """

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    score: NDArray[np.float64]


def read_surroundings(surface: ScoredSurface, sites: Sites) -> Surroundings:
    """Score of the cell that each site lies in.

    A site by the water may lie in a cell whose centre is no land of the region; it has the nearest scored cell of the
    eight around.
    """
    row, col = _find_cells(surface, sites.easting, sites.northing)
    known = np.flatnonzero(row >= 0)
    score = np.zeros(len(sites))
    score[known] = surface.score[row[known], col[known]]
    return Surroundings(row, col, score)


def _find_cells(
    surface: ScoredSurface, easting: NDArray[np.float64], northing: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    grid, state = surface.grid, surface.state
    row, col = grid.cell_at(easting, northing)
    off = row < 0
    lost = np.flatnonzero(off | (state[row, col] == OUTSIDE))
    near = np.full(len(lost), np.inf)
    own_row, own_col = row[lost], col[lost]
    row[lost], col[lost] = -1, -1
    for down, right in _NEIGHBOURS:
        r, c = own_row + down, own_col + right
        fits = (own_row >= 0) & (r >= 0) & (r < grid.n_rows) & (c >= 0) & (c < grid.n_cols)
        away = np.full(len(lost), np.inf)
        away[fits] = _distance(grid, r[fits], c[fits], easting[lost][fits], northing[lost][fits])
        away[fits] = np.where(state[r[fits], c[fits]] == OUTSIDE, np.inf, away[fits])
        closer = np.flatnonzero(away < near)
        near[closer] = away[closer]
        row[lost[closer]], col[lost[closer]] = r[closer], c[closer]
    return row, col


def _distance(
    grid: Grid,
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    easting: NDArray[np.float64],
    northing: NDArray[np.float64],
) -> NDArray[np.float64]:
    """From sites to the centres of cells, m."""
    distance: NDArray[np.float64] = np.hypot(grid.easting[col] - easting, grid.northing[row] - northing)
    return distance
