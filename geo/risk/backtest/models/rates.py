"""Events per cell and horizon as a kernel sees them, comparable between cutoffs with a long past and a short one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.density import kernel_density
from geo.risk.backtest.past import Past

__all__ = ["cell_rate", "follow_change", "kernel_rate", "window_rate"]

FOREVER = math.inf
# What a cell is believed to grow by at most.
_MOST_CHANGE = 4.0


def kernel_rate(past: Past, bandwidth_m: float, half_life_days: float = FOREVER) -> NDArray[np.float64]:
    """Quartic kernels around past events, each losing half its weight in a half-life.

    Parameters
    ----------
    past : Past
    bandwidth_m : float, m
    half_life_days : float, days; infinite: all weigh the same

    Returns
    -------
    (n_cells,) float64, events per cell and horizon
    """
    x_min, y_min, x_max, y_max = past.grid.bounds
    # coordinates such as (0, 0) are no places
    near = (past.easting >= x_min - bandwidth_m) & (past.easting <= x_max + bandwidth_m)
    near &= (past.northing >= y_min - bandwidth_m) & (past.northing <= y_max + bandwidth_m)
    if not near.any():
        return np.zeros(len(past.cells))
    weight = _weigh(past, half_life_days)[near]
    density = kernel_density(past.easting[near], past.northing[near], weight, past.grid, bandwidth_m)
    per_horizon = past.grid.cell_km2 * past.horizon_days / _mass(half_life_days, past.span_days)
    rate: NDArray[np.float64] = density[past.cells.row, past.cells.col] * per_horizon
    return rate


def cell_rate(past: Past, half_life_days: float = FOREVER) -> NDArray[np.float64]:
    """The same without a kernel: only events in the cell itself."""
    on = past.cell >= 0
    found = np.bincount(past.cell[on], _weigh(past, half_life_days)[on], minlength=len(past.cells)).astype(np.float64)
    rate: NDArray[np.float64] = found * (past.horizon_days / _mass(half_life_days, past.span_days))
    return rate


def window_rate(past: Past, days: float) -> NDArray[np.float64]:
    """Events per cell and horizon in the last days before the cutoff."""
    rate: NDArray[np.float64] = past.counts(days) * (past.horizon_days / min(days, past.span_days))
    return rate


def follow_change(
    rate: NDArray[np.float32], lately: NDArray[np.float32], ever: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A cell's long-run rate, changed as its surroundings have lately: they hold more events, and err less.

    Parameters
    ----------
    rate : (n_cells,), events per cell and horizon
    lately, ever : (n_cells,), events per cell and horizon
        Of its surroundings, with a half-life and without one.

    Returns
    -------
    (n_cells,), events per cell and horizon, at most four times `rate`
    """
    change = np.divide(lately, ever, out=np.zeros_like(ever), where=ever > 0)
    changed: NDArray[np.float32] = rate * np.minimum(change, np.float32(_MOST_CHANGE))
    return changed


def _weigh(past: Past, half_life_days: float) -> NDArray[np.float64]:
    if math.isinf(half_life_days):
        return np.ones(len(past.time))
    return np.exp2(past.age_days / -half_life_days).astype(np.float64)


def _mass(half_life_days: float, span_days: float) -> float:
    """What one event a day would weigh by now."""
    if math.isinf(half_life_days):
        return span_days
    return half_life_days / math.log(2) * -math.expm1(-math.log(2) * span_days / half_life_days)
