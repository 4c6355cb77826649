"""What a ranked cell is known by at a glance: what weighs most, in which sector, and when the last visit was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import Grid
from geo.reference import read_table
from geo.risk.explain import Explanation

__all__ = ["NEAR_M", "Glance", "days_since_visits", "glance_at", "is_near"]

Floats = NDArray[np.float64]
# A visit this near to a cell's centre says something of the cell.
NEAR_M = 2_000.0


@dataclass(frozen=True)
class Glance:
    """What weighs most in a cell.

    Attributes
    ----------
    component : name of the component that gives most points, of those that records make
    sector : code of the sector group that gives most points, by the records that weigh most; None where none does
    """

    component: str
    sector: str | None


def glance_at(explanation: Explanation) -> Glance:
    """What weighs most in an explained cell."""
    sectors = frozenset(read_table("sectors")["sector"])
    points: dict[str, float] = defaultdict(float)
    for component in explanation.components:
        for driver in component.drivers:
            if driver.group in sectors:
                points[driver.group] += component.points * driver.share
    sector = max(points, key=lambda code: (points[code], code)) if points else None
    main = max(explanation.components, key=lambda one: one.points * one.known_share)
    return Glance(main.name, sector)


def days_since_visits(
    visits: gpd.GeoDataFrame, grid: Grid, at: date, cells: Iterable[tuple[int, int]]
) -> list[int | None]:
    """Days from the last visit in each cell, or within 2 km of its centre, to a day; None where none is known.

    Parameters
    ----------
    visits : GeoDataFrame of the layer, EPSG:3006; those after the day are left out
    grid : Grid, EPSG:3006
    at : date
    cells : row and column of each
    """
    known = visits[(visits["visited_on"] <= pd.Timestamp(at)).to_numpy(dtype=bool)]
    easting, northing = known.geometry.x.to_numpy(), known.geometry.y.to_numpy()
    age = (np.datetime64(at, "D") - known["visited_on"].to_numpy(dtype="datetime64[D]")).astype(np.int64)
    days: list[int | None] = []
    for row, col in cells:
        near = is_near(grid, row, col, easting, northing)
        days.append(int(age[near].min()) if near.any() else None)
    return days


def is_near(
    grid: Grid, row: int, col: int, easting: Floats, northing: Floats, reach_m: float = NEAR_M
) -> NDArray[np.bool_]:
    """(n,) bool: points in a cell or within reach of its centre, m, EPSG:3006."""
    x, y = grid.centre(row, col)
    rows, cols = grid.cell_at(easting, northing)
    near: NDArray[np.bool_] = (np.hypot(easting - x, northing - y) <= reach_m) | ((rows == row) & (cols == col))
    return near
