"""The grid, shifted: where a grid begins is nobody's choice, and what a cell holds must not hang on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid

__all__ = ["N_SHIFTS", "first_draws", "shift_grids"]

_PER_SIDE = 4
N_SHIFTS = _PER_SIDE**2


def shift_grids(grid: Grid) -> tuple[Grid, ...]:
    """Grids whose origins stand in the middles of 4 × 4 equal parts of the square within half a cell of the grid's.

    Source: Openshaw (1984), The modifiable areal unit problem, CATMOG 38
    """
    steps = ((np.arange(_PER_SIDE) + 0.5) / _PER_SIDE - 0.5) * grid.cell_m
    return tuple(replace(grid, x_min=grid.x_min + x, y_min=grid.y_min + y) for y in steps for x in steps)


def first_draws(n_draws: int) -> NDArray[np.int64]:
    """(n_shifts + 1,) int64: where the draws of each shift begin; all shifts have as many, or one more."""
    return np.arange(N_SHIFTS + 1) * n_draws // N_SHIFTS
