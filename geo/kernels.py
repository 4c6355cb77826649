"""Kernel density on a grid, and the hills of a raster: all jitted code of Norrsyn, numpy and numba only.

Three tiers: a scalar function, a private loop that fills rows of ``out``, and a public wrapper that validates once,
sorts canonically, splits rows over threads and converts units.

Every row is computed on its own, from the points in one canonical order, so the result has the same bits for any
number of threads, from run to run and whatever order the points came in. Loops release the GIL; no numba threading
layer is involved, because its workqueue aborts the process when two callers meet.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from geo.grid import Grid

__all__ = ["KERNELS", "compile_kernels", "join_peaks", "kernel_density", "kernel_values"]

# volume of (1 − u²)^p over the unit disc is π/(p + 1); the exponent p of each kernel, and 1/volume
_QUARTIC, _EPANECHNIKOV = 2, 1
KERNELS = {"quartic": (_QUARTIC, 3.0 / math.pi), "epanechnikov": (_EPANECHNIKOV, 2.0 / math.pi)}
_M2_PER_KM2 = 1e6
# Beyond these the square of a bandwidth is no longer a number that means anything.
_BANDWIDTH_M = (1e-6, 1e12)
_ROWS_PER_TASK = 32


@numba.njit(nogil=True, cache=True)
def kernel_shape(u2: float, power: int) -> float:
    """(1 − u²)^power inside the unit disc, 0 outside; `u2` is the squared distance in bandwidths."""
    t = 1.0 - u2
    if t <= 0.0:
        return 0.0
    return t * t if power == _QUARTIC else t


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


@numba.njit(nogil=True, cache=True)
def _find_root(parent, i):  # type: ignore[no-untyped-def]
    """First of the chain of parents; the chain is halved on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(nogil=True, cache=True)
def _join_peaks(row, col, value, n_rows, n_cols, saddle_share):  # type: ignore[no-untyped-def]
    """Union-find over cells from the highest down; a hill's root is its peak, the first of its cells."""
    n = len(row)
    at = np.full((n_rows + 2, n_cols + 2), -1, dtype=np.int64)
    parent = np.arange(n)
    for i in range(n):
        r, c = row[i] + 1, col[i] + 1
        highest = i
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                near = at[r + dr, c + dc]
                if near >= 0:
                    highest = min(highest, _find_root(parent, near))
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                near = at[r + dr, c + dc]
                if near >= 0:
                    root = _find_root(parent, near)
                    # cell i is the saddle between the two hills
                    if root != highest and value[i] >= saddle_share * value[root]:
                        parent[root] = highest
        parent[i] = highest
        at[r, c] = i
    for i in range(n):
        parent[i] = _find_root(parent, i)
    return parent


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
    bandwidth_m : float, m, from 1e-6 to 1e12
        Below half a cell's diagonal a point may reach no centre at all.
    kernel : {"quartic", "epanechnikov"}
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.

    Returns
    -------
    (n_rows, n_cols) float64, weight unit per km², row 0 northmost

    Raises
    ------
    ShapeError
        Arrays are not one-dimensional and of one length.
    ParameterError
        Anything not finite, a bandwidth or number of threads out of range, an unknown kernel.
    CRSError
        No point reaches the grid and the coordinates look like degrees or have swapped axes.

    Source: Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.5
    """
    power, norm = _check_kernel(kernel)
    bandwidth_m = _check_bandwidth(bandwidth_m)
    threads = _check_threads(n_threads)
    x, y, w = _check_points(easting, northing, weight)
    grid.check_axes(x, y, bandwidth_m)
    order = np.lexsort((w, x, y))
    x, y, w = x[order], y[order], w[order]
    out = np.zeros(grid.shape)
    first = float(grid.easting[0]), float(grid.northing[0])

    def fill(row: int) -> None:
        _fill_rows(x, y, w, *first, grid.cell_m, bandwidth_m, power, row, out[row : row + _ROWS_PER_TASK])

    _run(fill, range(0, grid.n_rows if len(x) else 0, _ROWS_PER_TASK), threads)
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


def join_peaks(
    row: NDArray[np.int64], col: NDArray[np.int64], value: NDArray[np.floating], saddle_share: float
) -> NDArray[np.int64]:
    """Which hill each cell belongs to, by the depth of the saddles between peaks.

    Two neighbouring hills are one when the way from the lower peak to a higher one never falls below `saddle_share`
    of the lower peak. What a hill is does not depend on how many hills are asked for.

    Parameters
    ----------
    row, col : (n,) int64, distinct cells, the highest value first; order decides between equals
    value : (n,) float, >= 0, not rising
    saddle_share : float, 0 to 1

    Returns
    -------
    (n,) int64
        Position of the hill's peak; a peak's is its own.

    Raises
    ------
    ShapeError, ParameterError

    Source: Edelsbrunner, Letscher & Zomorodian (2002), Topological persistence and simplification
    """
    if not (row.shape == col.shape == value.shape and row.ndim == 1):
        message = f"row, col and value must be (n,) arrays of one length, got {row.shape}, {col.shape}, {value.shape}."
        raise ShapeError(message)
    if not 0 <= saddle_share <= 1:
        message = f"saddle_share must be from 0 to 1, got {saddle_share!r}."
        raise ParameterError(message)
    if not len(row):
        return np.empty(0, dtype=np.int64)
    levels = value.astype(np.float64)
    if not (levels[0] >= levels[-1] >= 0 and (np.diff(levels) <= 0).all()):
        message = "value must be finite, 0 or more, and sorted from the highest down."
        raise ParameterError(message)
    rows, cols = row - row.min(), col - col.min()
    labels: NDArray[np.int64] = _join_peaks(
        rows, cols, levels, int(rows.max()) + 1, int(cols.max()) + 1, float(saddle_share)
    )
    return labels


def compile_kernels() -> None:
    """Compile (or load from the cache) every jitted function with production dtypes; call once at start-up."""
    one = np.ones(1)
    _fill_rows(one, one, one, 0.5, 0.5, 1.0, 1.0, _QUARTIC, 0, np.zeros((1, 1)))
    _join_peaks(np.zeros(1, np.int64), np.zeros(1, np.int64), one, 1, 1, 0.5)


@lru_cache(maxsize=8)
def _pool(n_threads: int, process_id: int) -> ThreadPoolExecutor:  # noqa: ARG001  a forked child needs threads of its own
    return ThreadPoolExecutor(n_threads, thread_name_prefix="norrsyn-kernel")


def _run(fill: Callable[[int], None], rows: range, threads: int) -> None:
    if threads == 1 or len(rows) <= 1:
        for row in rows:
            fill(row)
        return
    for _ in _pool(threads, os.getpid()).map(fill, rows):
        pass


def _check_kernel(kernel: str) -> tuple[int, float]:
    if not isinstance(kernel, str) or kernel not in KERNELS:
        message = f"kernel must be one of {', '.join(KERNELS)}, got {kernel!r}."
        raise ParameterError(message)
    return KERNELS[kernel]


def _check_bandwidth(bandwidth_m: float) -> float:
    try:
        value = math.nan if isinstance(bandwidth_m, bool) else float(bandwidth_m)
    except (TypeError, ValueError):
        value = math.nan
    low, high = _BANDWIDTH_M
    if not low <= value <= high:
        message = f"bandwidth_m must be a finite number of metres above 0 ({low:g} to {high:g}), got {bandwidth_m!r}."
        raise ParameterError(message)
    return value


def _check_threads(n_threads: int | None) -> int:
    if n_threads is None:
        return os.cpu_count() or 1
    if not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        message = f"n_threads must be a whole number of 1 or more, or None for one per core, got {n_threads!r}."
        raise ParameterError(message)
    return int(n_threads)


def _check_points(
    easting: ArrayLike, northing: ArrayLike, weight: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y, w = _as_floats("easting", easting), _as_floats("northing", northing), _as_floats("weight", weight)
    if not (x.ndim == y.ndim == w.ndim == 1 and len(x) == len(y) == len(w)):
        message = (
            f"easting, northing and weight must be (n,) arrays of one length, got {x.shape}, {y.shape}, {w.shape}."
        )
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


def _as_floats(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if np.iscomplexobj(array):
            raise TypeError(array.dtype)
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        message = f"{name} must hold numbers only ({error})."
        raise ParameterError(message) from error
