"""What somebody outside can work out from the cells that are shown.

They know the headings, and so which cells are sums of which: a linear system. A cell follows from it exactly where its
own row lies in the span of the rows that are shown. With the knowledge that no count is below 0, more may follow: a
cell is determined where the least and the most that it could be are the same.

Source: Cox (1980), JASA 75, for cells that follow from margins; Fischetti & Salazar (2001), Management Science 47, for
bounds by linear programming
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from geo.errors import NorrsynError

__all__ = ["find_derivable", "find_determined"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_RANK_TOLERANCE = 1e-9
# a cell that could be at least so much more or less is not known
_ROOM = 1.0
_SLACK = 1e-6
_N_TRIES = 6


def find_derivable(rows: Floats, shown: Bools) -> Bools:
    """Which cells follow from those that are shown by adding and subtracting.

    Parameters
    ----------
    rows : (n_cells, n_atoms) float64, 0 or 1, what each cell is the sum of
    shown : (n_cells,) bool

    Returns
    -------
    (n_cells,) bool
        Those that are shown among them.
    """
    if not shown.any():
        return np.zeros(len(rows), dtype=bool)
    basis = _span(rows[shown])
    left = rows - (rows @ basis.T) @ basis
    # a row of 0s and 1s that lies outside the span keeps a part that rounding is far from
    derivable: Bools = (left**2).sum(axis=1) <= _RANK_TOLERANCE * np.maximum((rows**2).sum(axis=1), 1.0)
    return derivable


def express(rows: Floats, shown: Bools, cell: int) -> Floats:
    """With what factors a derivable cell is the sum of few of those that are shown, (n_cells,) float64.

    Of all ways to write it the one whose factors are smallest in sum, which leaves out what it does not need.
    """
    at = np.flatnonzero(shown)
    # the same equations in as many coordinates as the span has
    basis = _span(rows[at])
    known, wanted = (rows[at] @ basis.T).T, basis @ rows[cell]
    found = linprog(np.ones(2 * len(at)), A_eq=np.hstack([known, -known]), b_eq=wanted, method="highs")
    factors = np.zeros(len(rows))
    if found.status == 0 and found.x is not None:
        factors[at] = found.x[: len(at)] - found.x[len(at) :]
    else:
        # equations that hold to within rounding only
        factors[at], *_ = np.linalg.lstsq(rows[at].T, rows[cell], rcond=None)
    factors[np.abs(factors) < _SLACK] = 0.0
    return factors


def find_determined(rows: Floats, shown: Bools, counts: Floats, asked: Bools) -> Bools:
    """Which of some hidden cells can be one number only, given that no count is below 0.

    Parameters
    ----------
    rows : (n_cells, n_atoms) float64, 0 or 1
    shown, asked : (n_cells,) bool
    counts : (n_cells,) float64, the truth

    Returns
    -------
    (n_cells,) bool
        Asked cells that could be no count apart by 1 or more from what they are.
    """
    left = asked & ~shown
    rng = np.random.default_rng(0)
    # another world that shows the same tables keeps every cell safe that is different there: one is sought for many at
    # once, then one for each that is left
    for _ in range(_N_TRIES):
        if not left.any():
            return left
        weights = rng.normal(size=len(rows)) * left
        left &= ~_differs(rows, shown, counts, weights @ rows)
    for cell in np.flatnonzero(left).tolist():
        for sign in (1.0, -1.0):
            if left[cell]:
                left &= ~_differs(rows, shown, counts, sign * rows[cell])
    return left


def _span(rows: Floats) -> Floats:
    """Orthonormal rows of the same span."""
    # the small side decides the cost: cells are few, combinations many
    values, vectors = np.linalg.eigh(rows @ rows.T)
    kept = values > _RANK_TOLERANCE * max(float(values.max()), 1.0)
    basis: Floats = (vectors[:, kept] / np.sqrt(values[kept])).T @ rows
    return basis


def _differs(rows: Floats, shown: Bools, counts: Floats, towards: Floats) -> Bools:
    """Which cells are another number in the world that goes furthest in a direction and shows the same tables."""
    most = float(counts.max(initial=0.0)) + 10.0
    found = linprog(-towards, A_eq=rows[shown], b_eq=counts[shown], bounds=(0.0, most), method="highs")
    if found.status != 0 or found.x is None:
        message = f"The bounds of hidden cells cannot be computed: {found.message}"
        raise NorrsynError(message)
    differs: Bools = np.abs(rows @ found.x - counts) >= _ROOM - _SLACK
    return differs
