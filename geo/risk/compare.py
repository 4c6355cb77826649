"""Is the risk map more than a map of where people work? Said beside every surface."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from geo.grid import Grid
from geo.layers.workplaces import employees_to_arrays
from geo.risk.components.base import PointSource

__all__ = ["compare_with_employees", "rank_correlation", "top_overlap"]

_TOP = 20
_AT_LEAST = 3


def compare_with_employees(
    workplaces: gpd.GeoDataFrame, grid: Grid, at: date, score: NDArray[np.float64], ranked: NDArray[np.bool_]
) -> dict[str, float | None]:
    """Rank correlation and top-20 overlap of a score with plain employee density.

    Parameters
    ----------
    workplaces : GeoDataFrame of the layer
    grid : Grid
    at : date
    score : (n_rows, n_cols) float64
    ranked : (n_rows, n_cols) bool, the cells compared

    Returns
    -------
    dict
        ``rank_correlation`` (Spearman) and ``top20_overlap`` (share of the top 20 cells in common); None where too few
        cells are ranked, or nobody works anywhere.
    """
    density = PointSource("workplaces", employees_to_arrays(workplaces, at)).raster(grid)
    ours, theirs = score[ranked], density[ranked]
    if len(ours) < _AT_LEAST or not theirs.any():
        return {"rank_correlation": None, "top20_overlap": None}
    return {"rank_correlation": rank_correlation(ours, theirs), "top20_overlap": top_overlap(ours, theirs, _TOP)}


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Spearman's rank correlation; None where one of the two is constant."""
    a, b = rankdata(first), rankdata(second)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else None


def top_overlap(first: NDArray[np.float64], second: NDArray[np.float64], n: int) -> float:
    """Share of the n highest that both have in common; ties go to the earlier position."""
    n = min(n, len(first))
    a, b = (set(np.argsort(-values, kind="stable")[:n].tolist()) for values in (first, second))
    return len(a & b) / n
