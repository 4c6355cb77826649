"""A small town of events that repeat in a few places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.grid import Grid

# 12 × 10 cells of 500 m in UTM zone 10
GRID = Grid(500_000, 5_000_000, 500, n_rows=12, n_cols=10, crs="EPSG:32610")
DAYS = pd.date_range("2020-01-01", periods=720, freq="D")


def make_events(n: int = 600, seed: int = 1, grid: Grid = GRID) -> pd.DataFrame:
    """Half of the events around four places, the others anywhere on the grid, at any day of two years."""
    draw = np.random.default_rng(seed)
    places = np.column_stack([draw.uniform(grid.x_min, grid.x_max, 4), draw.uniform(grid.y_min, grid.y_max, 4)])
    near = places[draw.integers(4, size=n)] + draw.normal(0, grid.cell_m / 3, (n, 2))
    far = np.column_stack([draw.uniform(grid.x_min, grid.x_max, n), draw.uniform(grid.y_min, grid.y_max, n)])
    xy = np.where(draw.random((n, 1)) < 0.5, near, far)
    xy = np.clip(xy, (grid.x_min, grid.y_min), (grid.x_max - 1e-3, grid.y_max - 1e-3))
    days = DAYS[draw.integers(len(DAYS), size=n)]
    days = days.where(np.arange(n) > 0, DAYS[0])
    return pd.DataFrame({"observed_on": days, "easting": xy[:, 0], "northing": xy[:, 1]})


@pytest.fixture
def events() -> pd.DataFrame:
    return make_events()
