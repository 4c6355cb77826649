"""Kernel density on a grid: all jitted code of Norrsyn, numpy and numba only.

Three tiers: a scalar function, a private loop that fills rows of ``out``, and a public wrapper that validates once,
sorts canonically, splits rows over threads and converts units.

Every row is computed on its own, from the points in one canonical order, so the result has the same bits for any
number of threads, from run to run and whatever order the points came in. Loops release the GIL; no numba threading
layer is involved, because its workqueue aborts the process when two callers meet.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import CRSError, ParameterError, ShapeError

if TYPE_CHECKING:
    from geo.grid import Grid

__all__ = ["KERNELS", "compile_kernels", "kernel_density", "kernel_values"]

# volume of (1 − u²)^p over the unit disc is π/(p + 1); the exponent p of each kernel, and 1/volume
KERNELS = {"quartic": (2, 3.0 / math.pi), "epanechnikov": (1, 2.0 / math.pi)}
_M2_PER_KM2 = 1e6
_DEGREES_MAX = 180.0
_ROWS_PER_TASK = 32


@numba.njit(nogil=True, cache=True)
def kernel_shape(u2: float, power: int) -> float:
    """(1 − u²)^power inside the unit disc, 0 outside; `u2` is the squared distance in bandwidths."""
    t = 1.0 - u2
    if t <= 0.0:
        return 0.0
    return t * t if power == 2 else t


@numba.njit(nogil=True, cache=True)
def _fill_rows(easting, northing, weight, x_first, y_first, cell_m, bandwidth_m, power, first_row, out):  # type: ignore[no-untyped-def]
    """Add every point to rows `first_row` … of the grid; points sorted by northing, `out` zeroed.

    ``x_first`` and ``y_first`` are the centre of the north-west cell. For each row the points within reach are one
    slice; for each of them the cells within reach are one run of columns.
    """
    n_rows, n_cols = out.shape
    for i in range(n_rows):
        y = y_first - (first_row + i) * cell_m
        start = np.searchsorted(northing, y - bandwidth_m)
        stop = np.searchsorted(northing, y + bandwidth_m, side="right")
        for k in range(start, stop):
            dy = (northing[k] - y) / bandwidth_m
            a = 1.0 - dy * dy
            if a <= 0.0:
                continue
            reach = math.sqrt(a) * bandwidth_m
            low = max(0.0, math.ceil((easting[k] - reach - x_first) / cell_m))
            high = min(n_cols - 1.0, math.floor((easting[k] + reach - x_first) / cell_m))
            for j in range(int(low), int(high) + 1):
                dx = (x_first + j * cell_m - easting[k]) / bandwidth_m
                out[i, j] += weight[k] * kernel_shape(dx * dx + dy * dy, power)


def kernel_density(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    grid: Grid,
    bandwidth_m: float,
    kernel: str = "quartic",
    *,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
    """Sum of weighted kernels at every cell centre, exact: no binning, no truncation.

    Parameters
    ----------
    easting, northing : (n,) float64, m, grid CRS, finite; points off the grid count as far as they reach
    weight : (n,) float64, unit of choice, finite
    grid : Grid
    bandwidth_m : float, m, > 0
        Below half a cell a point may reach no centre at all.
    kernel : {"quartic", "epanechnikov"}
    n_threads : int, optional
        Default: one per core. Does not change a bit of the result.

    Returns
    -------
    (n_rows, n_cols) float64, weight unit per km², row 0 northmost

    Raises
    ------
    ShapeError
        Arrays are not one-dimensional and of one length.
    ParameterError
        Anything not finite, a bandwidth that is not positive, an unknown kernel.
    CRSError
        No point reaches the grid and the coordinates look like degrees or have swapped axes.

    Source: Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.5
    """
    power, norm = _check_kernel(kernel)
    bandwidth_m = _check_bandwidth(bandwidth_m)
    x, y, w = _check_points(easting, northing, weight)
    _check_axes(x, y, grid, bandwidth_m)
    order = np.lexsort((w, x, y))
    x, y, w = x[order], y[order], w[order]
    out = np.zeros(grid.shape)
    first = float(grid.easting[0]), float(grid.northing[0])

    def fill(row: int) -> None:
        _fill_rows(x, y, w, *first, grid.cell_m, bandwidth_m, power, row, out[row : row + _ROWS_PER_TASK])

    _run(fill, range(0, grid.n_rows if len(x) else 0, _ROWS_PER_TASK), n_threads)
    out *= norm / bandwidth_m**2 * _M2_PER_KM2
    return out


def kernel_values(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    bandwidth_m: ArrayLike,
    at: tuple[float, float],
    kernel: str = "quartic",
) -> NDArray[np.float64]:
    """What each point adds to the density at one place; the sum is what `kernel_density` gives there.

    Parameters
    ----------
    easting, northing, weight : (n,) float64, as for `kernel_density`
    bandwidth_m : float or (n,) float64, m, > 0
    at : easting and northing, m

    Returns
    -------
    (n,) float64, weight unit per km²
    """
    power, norm = _check_kernel(kernel)
    x, y, w = _check_points(easting, northing, weight)
    b = np.asarray(bandwidth_m, dtype=np.float64)
    u2 = ((x - at[0]) / b) ** 2 + ((y - at[1]) / b) ** 2
    values: NDArray[np.float64] = w * np.maximum(1.0 - u2, 0.0) ** power * (norm / b**2 * _M2_PER_KM2)
    return values


def compile_kernels() -> None:
    """Compile (or load from the cache) every jitted function with production dtypes; call once at start-up."""
    one = np.ones(1)
    _fill_rows(one, one, one, 0.5, 0.5, 1.0, 1.0, 2, 0, np.zeros((1, 1)))


@lru_cache(maxsize=8)
def _pool(n_threads: int, process_id: int) -> ThreadPoolExecutor:  # noqa: ARG001  a forked child needs threads of its own
    return ThreadPoolExecutor(n_threads, thread_name_prefix="norrsyn-kernel")


def _run(fill, rows: range, n_threads: int | None) -> None:  # type: ignore[no-untyped-def]
    threads = n_threads or os.cpu_count() or 1
    if threads == 1 or len(rows) <= 1:
        for row in rows:
            fill(row)
        return
    for _ in _pool(threads, os.getpid()).map(fill, rows):
        pass


def _check_kernel(kernel: str) -> tuple[int, float]:
    if kernel not in KERNELS:
        message = f"kernel must be one of {', '.join(KERNELS)}, got {kernel!r}."
        raise ParameterError(message)
    return KERNELS[kernel]


def _check_bandwidth(bandwidth_m: float) -> float:
    try:
        value = float(bandwidth_m)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        message = f"bandwidth_m must be a finite number of metres above 0, got {bandwidth_m!r}."
        raise ParameterError(message)
    return value


def _check_points(
    easting: ArrayLike, northing: ArrayLike, weight: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y, w = (np.asarray(values, dtype=np.float64) for values in (easting, northing, weight))
    if not (x.ndim == y.ndim == w.ndim == 1 and len(x) == len(y) == len(w)):
        message = f"easting, northing and weight must be (n,) arrays of one length, got {x.shape}, {y.shape}, {w.shape}."
        raise ShapeError(message)
    failures = []
    for name, values in (("easting", x), ("northing", y), ("weight", w)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            failures.append(f"{name} has {bad.size} value(s) that are not finite (first at {bad[0]})")
    if failures:
        message = "; ".join(failures) + ". Drop or mend those points."
        raise ParameterError(message)
    return x, y, w


def _check_axes(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid, bandwidth_m: float) -> None:
    """Say it when nothing reaches the grid because axes or units are wrong; stay silent when points are just far."""
    if not len(x) or _near(x, y, grid, bandwidth_m).any():
        return
    if (np.abs(x) <= _DEGREES_MAX).all() and (np.abs(y) <= _DEGREES_MAX).all():
        message = f"The coordinates look like degrees; project them to the grid's CRS ({grid.crs}) first."
        raise CRSError(message)
    if _near(y, x, grid, bandwidth_m).any():
        message = "easting and northing look swapped: no point reaches the grid, but some would the other way round."
        raise CRSError(message)


def _near(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid, reach_m: float) -> NDArray[np.bool_]:
    x_min, y_min, x_max, y_max = grid.bounds
    return (x >= x_min - reach_m) & (x <= x_max + reach_m) & (y >= y_min - reach_m) & (y <= y_max + reach_m)
