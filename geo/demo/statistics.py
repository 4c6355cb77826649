"""Sector statistics per municipality, as a statistics office publishes them: sums, with small counts blurred."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM
from geo.reference import read_table, sectors_of
from geo.region import Region

__all__ = ["ROUNDED_TO", "count_sectors"]

ROUNDED_TO = 3


def count_sectors(rng: np.random.Generator, region: Region, workplaces: pd.DataFrame, at: date) -> gpd.GeoDataFrame:
    """Employees and workplaces by municipality and sector group at the last turn of the year.

    Parameters
    ----------
    rng : Generator
        For the rounding.
    region : Region
    workplaces : DataFrame
        Draft of the registered workplaces; temporary ones are in no register.
    at : date

    Returns
    -------
    GeoDataFrame, EPSG:3006
        The layer ``sectors``: one row per municipality and sector group, empty ones included; every number is a
        multiple of 3, rounded up or down at random so that sums keep their expectation.
    """
    last_day = pd.Timestamp(year=at.year - 1, month=12, day=31)
    begun = workplaces["active_from"].isna() | (workplaces["active_from"] <= last_day)
    counted = workplaces[begun & (workplaces["active_to"].isna() | (workplaces["active_to"] >= last_day))]
    codes = np.array(region.codes, dtype=object)
    sectors = np.sort(read_table("sectors")["sector"].to_numpy(dtype=object).astype(str))
    municipality = region.municipality_at(counted["easting"], counted["northing"]).astype(str)
    area = np.searchsorted(codes.astype(str), municipality)
    sector = np.searchsorted(sectors, sectors_of(counted["sni"], counted["sni_version"]).astype(str))
    cell = area * len(sectors) + sector
    n_cells = len(codes) * len(sectors)
    employees = np.bincount(cell, counted["employees"].to_numpy(dtype=np.float64), n_cells)
    return gpd.GeoDataFrame(
        {
            "area_id": np.repeat(codes, len(sectors)),
            "level": "municipality",
            "sector": np.tile(sectors.astype(object), len(codes)),
            "employees": _round_at_random(rng, employees),
            "workplaces": _round_at_random(rng, np.bincount(cell, minlength=n_cells)),
            "year": str(at.year - 1),
            "circle": "public",
            "synthetic": True,
        },
        geometry=np.repeat(region.municipalities.geometry.to_numpy(), len(sectors)),
        crs=SWEREF99_TM,
    )


def _round_at_random(rng: np.random.Generator, counts: NDArray[Any]) -> NDArray[np.float64]:
    """To the multiple of 3 below or above, the nearer the likelier: a count of 1 is published as 0 or 3."""
    below = np.floor(counts / ROUNDED_TO) * ROUNDED_TO
    up = rng.random(len(counts)) < (counts - below) / ROUNDED_TO
    return np.asarray(below + ROUNDED_TO * up)
