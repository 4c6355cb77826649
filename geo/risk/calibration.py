"""Fit what a model version freezes: reference levels and sector shares.

A score only compares across dates and regions because these numbers do not move with the data. They are fitted once,
on a named region, cell size and date, and then stand in ``data/reference/model_components.csv`` and
``model_sector_shares.csv`` under a new model version.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geo.reference import read_table
from geo.risk.scored import ScoredSurface

__all__ = ["fit_reference_levels", "fit_sector_shares"]


def fit_reference_levels(surface: ScoredSurface) -> dict[str, float]:
    """The median of each component's positive cells: there a component gives half of its points.

    Parameters
    ----------
    surface : ScoredSurface, at 1 km on the region the version is fitted on

    Returns
    -------
    dict
        Component to level, component unit; NaN for a component without a positive cell.
    """
    levels = {}
    for name, raster in surface.components.items():
        positive = raster[raster > 0]
        levels[name] = float(np.median(positive)) if positive.size else float("nan")
    return levels


def fit_sector_shares(sectors: gpd.GeoDataFrame) -> dict[str, float]:
    """Each sector group's share of all employees in the areal statistics.

    Parameters
    ----------
    sectors : GeoDataFrame of the layer ``sectors``

    Returns
    -------
    dict
        Sector group to share; the shares add up to 1.
    """
    employees = sectors.groupby("sector")["employees"].sum()
    total = float(employees.sum())
    return {sector: float(employees.get(sector, 0.0)) / total for sector in read_table("sectors")["sector"]}
