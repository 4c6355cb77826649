"""Density of weighted points on a grid and at one place: the calls for numbers of one's own, which are checked here."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError, ShapeError
from geo.grid import Grid
from geo.kernels import check_arrays, check_threads, empty_lines, fill_density
from geo.memory import require_memory
from geo.points import KERNELS, M2_PER_KM2, Group, index_points, sort_points

__all__ = ["kernel_density", "kernel_values"]

# Beyond these the square of a bandwidth is no longer a number that means anything.
_BANDWIDTH_M = (1e-6, 1e12)
# Beyond this a weight times the fourth power of a bandwidth in cells is no number any more.
_WEIGHT_MAX = 1e100


def kernel_density(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    grid: Grid,
    bandwidth_m: float,
    kernel: str = "quartic",
    *,
    n_threads: int | None = None,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Sum of weighted kernels at every cell centre, exact: no binning, no truncation.

    Parameters
    ----------
    easting, northing : (n,) float64, m, grid CRS, finite; points off the grid count as far as they reach
    weight : (n,) float64, unit of choice, no more than 1e100 either way
    grid : Grid
    bandwidth_m : float, m, from 1e-6 to 1e12
        Below half a cell's diagonal a point may reach no centre at all. It may be larger than the grid.
    kernel : {"quartic", "epanechnikov"}
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.
    out : (n_rows, n_cols) float64, C order, optional
        Array to fill and return; memory used before is faster than new memory, and fastest is an array that begins with
        a cache line (64 bytes) and has rows of whole ones, such as this gave before.

    Returns
    -------
    (n_rows, n_cols) float64, weight unit per km², row 0 northmost
        Where no weight is negative, 0 or more everywhere and 0 exactly where no point reaches. With a bandwidth of a
        cell or more and up to 100 000 points near each other, within 1e-11 of the density's maximum, on the grid or
        beside it, of the exact sum; ``docs/kernel.md`` says what holds beyond.

    Raises
    ------
    ShapeError
        Arrays are not one-dimensional and of one length, or `out` does not fit.
    ParameterError
        Anything not finite; a weight, bandwidth or number of threads out of range; an unknown kernel.
    MemoryLimitError
        The raster would not fit into memory.
    CRSError
        No point reaches the grid and the coordinates look like degrees or have swapped axes.

    Source: Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.5
    """
    _check_kernel(kernel)
    points, bandwidth_m = _check_points(easting, northing, weight), _check_bandwidth(bandwidth_m)
    check_threads(n_threads)
    if out is not None:
        check_arrays({"out": (out, grid.shape, np.float64)})
    index = index_points([Group(*sort_points(*points), bandwidth_m)], grid, kernel=kernel)
    if not len(index.points):
        grid.check_axes(points[0], points[1], bandwidth_m)
    if out is None:
        require_memory(grid.n_cells * 8, "A float64 raster of this grid", "choose larger cells")
        out = empty_lines(grid.shape)
    fill_density(index, out, n_threads)
    return out


def kernel_values(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    bandwidth_m: ArrayLike,
    at: tuple[float, float],
    kernel: str = "quartic",
) -> NDArray[np.float64]:
    """What each point adds to the density at one place; the sum is what `kernel_density` gives there, but for rounding.

    Parameters
    ----------
    easting, northing, weight : (n,) float64, as for `kernel_density`
    bandwidth_m : float or (n,) float64, m, > 0
    at : easting and northing, m

    Returns
    -------
    (n,) float64, weight unit per km²

    Raises
    ------
    ShapeError, ParameterError
    """
    power, norm = _check_kernel(kernel)
    x, y, w = _check_points(easting, northing, weight)
    b = _as_floats("bandwidth_m", bandwidth_m)
    if not ((b >= _BANDWIDTH_M[0]) & (b <= _BANDWIDTH_M[1])).all():
        message = f"bandwidth_m must be finite numbers of metres above 0 ({_BANDWIDTH_M[0]:g} to {_BANDWIDTH_M[1]:g})."
        raise ParameterError(message)
    u2 = ((x - at[0]) / b) ** 2 + ((y - at[1]) / b) ** 2
    values: NDArray[np.float64] = w * np.maximum(1.0 - u2, 0.0) ** power * (norm / b**2 * M2_PER_KM2)
    return values


def _check_kernel(kernel: str) -> tuple[int, float]:
    if not isinstance(kernel, str) or kernel not in KERNELS:
        message = f"kernel must be one of {', '.join(KERNELS)}, got {kernel!r}."
        raise ParameterError(message)
    return KERNELS[kernel]


def _check_bandwidth(bandwidth_m: float) -> float:
    try:
        value = math.nan if isinstance(bandwidth_m, (bool, str, bytes)) else float(bandwidth_m)
    except (TypeError, ValueError):
        value = math.nan
    low, high = _BANDWIDTH_M
    if not low <= value <= high:
        message = f"bandwidth_m must be a finite number of metres above 0 ({low:g} to {high:g}), got {bandwidth_m!r}."
        raise ParameterError(message)
    return value


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
        # where one is not finite, the least or the greatest is not
        if values.size and not (math.isfinite(values.min()) and math.isfinite(values.max())):
            bad = np.flatnonzero(~np.isfinite(values))
            failures.append(f"{name} has {bad.size} value(s) that are not finite (first at {bad[0]})")
    heavy = np.flatnonzero(np.isfinite(w) & (np.abs(w) > _WEIGHT_MAX)) if w.size and not _are_light(w) else w[:0]
    if heavy.size:
        failures.append(f"weight has {len(heavy)} value(s) beyond {_WEIGHT_MAX:g} (first at {heavy[0]})")
    if failures:
        message = "; ".join(failures) + ". Drop or mend those points."
        raise ParameterError(message)
    return x, y, w


def _are_light(weight: NDArray[np.float64]) -> bool:
    return bool(weight.min() >= -_WEIGHT_MAX and weight.max() <= _WEIGHT_MAX)


def _as_floats(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(array.dtype)
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        message = f"{name} must hold numbers only ({error})."
        raise ParameterError(message) from error
