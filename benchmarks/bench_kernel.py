"""Kernel density and a full score of Region Nord, beside plain ways to the same numbers.

Run with ``make bench``. Ratios are what counts; the milliseconds are this machine's on this day.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from side_by_side import compare, print_table

import geo
from geo.demo import make_demo
from geo.kernels import kernel_values

N_POINTS = 20_000
BANDWIDTH_M = 5_000.0


def bench_density() -> None:
    """Our exact density, a GeoPandas join of the same points and cells, and the time to write the raster once."""
    grid = geo.region_grid(1_000)
    rng = np.random.default_rng(68656048)
    places = geo.packaged_localities().geometry
    home = rng.integers(0, len(places), N_POINTS)
    easting = places.x.to_numpy()[home] + rng.normal(0, 4_000, N_POINTS)
    northing = places.y.to_numpy()[home] + rng.normal(0, 4_000, N_POINTS)
    weight = rng.pareto(1.5, N_POINTS)
    columns, rows = np.meshgrid(grid.easting, grid.northing)
    centres = gpd.GeoDataFrame(geometry=shapely.points(columns.ravel(), rows.ravel()), crs=grid.crs)
    points = gpd.GeoDataFrame({"weight": weight}, geometry=shapely.points(easting, northing), crs=grid.crs)
    out = np.zeros(grid.shape)

    def join() -> pd.Series:
        pairs = gpd.sjoin(points, centres, predicate="dwithin", distance=BANDWIDTH_M)
        cell = pairs["index_right"].to_numpy()
        d2 = (pairs.geometry.x - columns.ravel()[cell]) ** 2 + (pairs.geometry.y - rows.ravel()[cell]) ** 2
        value = pairs["weight"] * (1 - np.minimum(d2 / BANDWIDTH_M**2, 1)) ** 2
        return value.groupby(cell).sum()

    seconds = compare(
        {
            "geo.kernel_density": lambda: geo.kernel_density(easting, northing, weight, grid, BANDWIDTH_M),
            "the same, one thread": lambda: geo.kernel_density(
                easting, northing, weight, grid, BANDWIDTH_M, n_threads=1
            ),
            "write the raster once": lambda: out.fill(1.0),
            "geopandas.sjoin(dwithin) + groupby": join,
        },
        rounds=3,
    )
    print_table(f"{N_POINTS:,} points, bandwidth {BANDWIDTH_M:,.0f} m, {grid.n_cells:,} cells", seconds)
    exact = geo.kernel_density(easting, northing, weight, grid, BANDWIDTH_M)
    row, col = np.unravel_index(np.argmax(exact), exact.shape)
    check = kernel_values(easting, northing, weight, BANDWIDTH_M, grid.centre(int(row), int(col))).sum()
    print(f"  error at the highest cell against plain numpy: {abs(exact.max() - check) / exact.max():.1e}")


def bench_score() -> None:
    """A full score of the demo region at 1 km, its parts by share."""
    layers = geo.Layers(make_demo().layers)
    grid = geo.region_grid(1_000)
    surface = geo.score(layers, grid, at="2026-07-15")
    seconds = compare(
        {
            "geo.score, Region Nord at 1 km": lambda: geo.score(layers, grid, at="2026-07-15"),
            "top 20 cells": lambda: surface.top(20),
            "top 20 places in words": lambda: surface.places(20),
            "explain one cell": lambda: surface.explain(surface.top(1)["cell_id"][0]),
        }
    )
    print_table("Demo region", seconds)


if __name__ == "__main__":
    bench_density()
    bench_score()
