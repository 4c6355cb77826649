"""Points and grids to compute on, and the plain sum that a raster is checked against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import geo

__all__ = ["SEED", "Case", "Check", "check", "make_case", "sum_kernels"]

SEED = 68656048
CELL_M = 100.0
SAMPLED_CELLS = 1_000
POWERS = {"quartic": 2, "epanechnikov": 1}

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Case:
    """Weighted points on a grid of 100 m cells, and a bandwidth.

    Attributes
    ----------
    x, y, weight : (n,) float64, m, EPSG:3006; half of the points are spread evenly, half lie around 50 centres
    grid : Grid
    b : float, bandwidth in cells
    """

    x: Floats
    y: Floats
    weight: Floats
    grid: geo.Grid
    b: float

    @property
    def bandwidth_m(self) -> float:
        """Bandwidth, m."""
        return self.b * self.grid.cell_m

    @property
    def name(self) -> str:
        """The case in words."""
        return f"n = {len(self.x):,}, b = {self.b:g}"

    def density(self, kernel: str, n_threads: int, out: Floats) -> Callable[[], Floats]:
        """`geo.kernel_density` of this case into a buffer that is used again and again."""
        return lambda: geo.kernel_density(
            self.x, self.y, self.weight, self.grid, self.bandwidth_m, kernel, n_threads=n_threads, out=out
        )


def make_case(n_points: int, b: float, n_rows: int = 1_000, n_cols: int = 1_000) -> Case:
    """A case from the fixed seed."""
    rng = np.random.default_rng([SEED, n_points, n_rows])
    grid = geo.Grid(400_000, 7_000_000, CELL_M, n_rows, n_cols)
    size_m = np.array([n_cols, n_rows]) * CELL_M
    centres = rng.uniform(0.1, 0.9, (50, 2))
    clustered = centres[rng.integers(0, len(centres), n_points // 2)] + rng.normal(0, 0.01, (n_points // 2, 2))
    even = rng.uniform(0, 1, (n_points - len(clustered), 2))
    x, y = (np.concatenate([even, np.clip(clustered, 0, 1)]) * size_m).T
    return Case(x + grid.x_min, y + grid.y_min, 0.1 + rng.pareto(2.5, n_points), grid, b)


@dataclass(frozen=True)
class Check:
    """A raster against plain sums at sampled cells.

    Attributes
    ----------
    error : largest difference over the largest plain sum
    has_exact_zeros : whether every cell without a point in reach is 0 to the bit
    """

    error: float
    has_exact_zeros: bool


def check(raster: Floats, case: Case, kernel: str = "quartic", *, relative: bool = False) -> Check:
    """Compare a raster with plain sums over all points, at a thousand cells and at the raster's highest.

    Parameters
    ----------
    raster : (n_rows, n_cols) float64, weight per km²
    case : Case
    kernel : {"quartic", "epanechnikov"}
    relative : bool
        The raster is known up to a factor only (its maximum is 1): take the factor from the highest cell.
    """
    rng = np.random.default_rng(SEED)
    highest = np.unravel_index(np.argmax(raster), raster.shape)
    rows = np.append(rng.integers(0, raster.shape[0], SAMPLED_CELLS), highest[0])
    cols = np.append(rng.integers(0, raster.shape[1], SAMPLED_CELLS), highest[1])
    expected = sum_kernels(case, kernel, rows, cols)
    values = raster[rows, cols]
    if relative:
        values = values * (expected[-1] / values[-1])
    error = float(np.max(np.abs(values - expected)) / expected.max())
    return Check(error, not np.any(values[expected == 0]))


def sum_kernels(case: Case, kernel: str, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Floats:
    """The density in some cells from its definition, one cell at a time; weight per km²."""
    power = POWERS[kernel]
    radius_km = case.bandwidth_m / 1_000
    scale = (power + 1) / (np.pi * radius_km**2)
    order = np.argsort(case.y)
    x, y, weight = case.x[order], case.y[order], case.weight[order]
    easting, northing = case.grid.easting[cols], case.grid.northing[rows]
    first = np.searchsorted(y, northing - case.bandwidth_m)
    last = np.searchsorted(y, northing + case.bandwidth_m, side="right")
    sums = np.empty(len(rows))
    for i, near in enumerate(map(slice, first, last)):
        u2 = ((x[near] - easting[i]) ** 2 + (y[near] - northing[i]) ** 2) / case.bandwidth_m**2
        sums[i] = weight[near] @ np.maximum(1 - u2, 0) ** power
    return sums * scale
