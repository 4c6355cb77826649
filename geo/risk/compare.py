"""How alike two rankings are: a score's and that of plain employee density, or those of two surfaces."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.layers.workplaces import Columns, read_columns, select_employees
from geo.risk.components.base import PointSource
from geo.risk.components.workplaces import recall_columns

if TYPE_CHECKING:
    from geo.risk.scored import ScoredSurface

__all__ = [
    "compare_surfaces",
    "compare_with_density",
    "compare_with_employees",
    "employee_density",
    "rank_correlation",
    "thin_out",
    "top_overlap",
]

_TOP = 20
_COMPARED_M = 1_000.0
_AT_LEAST = 3


def compare_with_employees(
    workplaces: gpd.GeoDataFrame, grid: Grid, at: date, score: NDArray[np.floating], ranked: NDArray[np.bool_]
) -> dict[str, float | None]:
    """Rank correlation and top-20 overlap of a score with plain employee density.

    On finer grids than 1 km cells about 1 km apart are compared, so that the figures stay comparable: the 20 highest
    cells of 100 m would all stand around one crossing.

    Parameters
    ----------
    workplaces : GeoDataFrame of the layer
    grid : Grid
    at : date
    score : (n_rows, n_cols) float
    ranked : (n_rows, n_cols) bool, the cells compared

    Returns
    -------
    dict
        ``rank_correlation`` (Spearman) and ``top20_overlap`` (share of the top 20 cells in common); None where too few
        cells are ranked, or nobody works anywhere.
    """
    return compare_with_density(_density(read_columns(workplaces), at, grid), grid, score, ranked)


def employee_density(layers: Layers, grid: Grid, at: date) -> NDArray[np.float64]:
    """Employees per km² of the cells that `compare_with_density` compares; of a day and grid it is made once."""
    return layers.recall(("employees", grid, at), lambda: _density(recall_columns(layers), at, grid))


def compare_with_density(
    density: NDArray[np.float64], grid: Grid, score: NDArray[np.floating], ranked: NDArray[np.bool_]
) -> dict[str, float | None]:
    """As `compare_with_employees`, from `employee_density`."""
    rows, cols, _ = _thin_out_for_comparison(grid)
    score, ranked = score[rows, cols], ranked[rows, cols]
    ours, theirs = score[ranked], density[ranked]
    if len(ours) < _AT_LEAST or not theirs.any():
        return {"rank_correlation": None, "top20_overlap": None}
    return {"rank_correlation": rank_correlation(ours, theirs), "top20_overlap": top_overlap(ours, theirs, _TOP)}


def _density(columns: Columns, at: date, grid: Grid) -> NDArray[np.float64]:
    _, _, thinned = _thin_out_for_comparison(grid)
    return PointSource("workplaces", select_employees(columns, at)).raster(thinned)


def _thin_out_for_comparison(grid: Grid) -> tuple[slice, slice, Grid]:
    return thin_out(grid, max(1, round(_COMPARED_M / grid.cell_m)))


def compare_surfaces(first: ScoredSurface, second: ScoredSurface) -> dict[str, float | None]:
    """How far two surfaces of one grid put the same cells first, among those that either ranks.

    Returns
    -------
    dict
        ``rank_correlation`` (Spearman) and ``top20_overlap``; None where too few cells are ranked.

    Raises
    ------
    ParameterError
        The grids differ.
    """
    if first.grid != second.grid:
        message = "Two surfaces compare on one grid only; score both with the same cell size."
        raise ParameterError(message)
    ranked = first.ranked | second.ranked
    ours, theirs = first.score[ranked], second.score[ranked]
    if len(ours) < _AT_LEAST:
        return {"rank_correlation": None, "top20_overlap": None}
    return {"rank_correlation": rank_correlation(ours, theirs), "top20_overlap": top_overlap(ours, theirs, _TOP)}


def thin_out(grid: Grid, step: int) -> tuple[slice, slice, Grid]:
    """Every `step`-th row and column, and the grid of larger cells that have the same centres."""
    rows, cols = (slice(min(step, n) // 2, None, step) for n in grid.shape)
    if step == 1:
        return rows, cols, grid
    easting, northing, half = grid.easting[cols], grid.northing[rows], step * grid.cell_m / 2
    thinned = Grid(easting[0] - half, northing[-1] - half, 2 * half, len(northing), len(easting), grid.crs)
    return rows, cols, thinned


def rank_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Spearman's rank correlation; None where one of the two is constant."""
    # pandas ranks as scipy.stats does, which takes a second to load
    a, b = (pd.Series(values).rank().to_numpy() for values in (first, second))
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else None


def top_overlap(first: NDArray[np.floating], second: NDArray[np.floating], n: int) -> float:
    """Share of the n highest that both have in common; ties go to the earlier position."""
    n = min(n, len(first))
    a, b = (set(np.argsort(-values, kind="stable")[:n].tolist()) for values in (first, second))
    return len(a & b) / n
