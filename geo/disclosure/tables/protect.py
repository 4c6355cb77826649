"""Which cells stay empty: those with few firms, and as many more as it takes that nobody can work them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.tables.audit import express, find_derivable, find_determined
from geo.disclosure.tables.cells import CellKey, Cells, Rule

__all__ = ["Protected", "protect_tables"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Protected:
    """Tables that may be shared.

    Attributes
    ----------
    counts : key to the count, None where the cell stays empty: too few firms, none at all, or needed to hide another
    rule : Rule
    n_shown : int
    n_unsafe : int, cells with records that have too few firms, or one or two with nearly all of it
    n_complementary : int, cells that would be safe and stay empty for the others' sake
    """

    counts: Mapping[CellKey, int | None]
    rule: Rule
    n_shown: int
    n_unsafe: int
    n_complementary: int


def protect_tables(cells: Cells, rule: Rule, *, complementary: bool = True) -> Protected:
    """Leave empty what must not be shown, and what it could be worked out from.

    Parameters
    ----------
    cells : Cells, all tables that somebody outside would hold together
    rule : Rule
    complementary : bool
        Whether other cells are left empty for the unsafe ones' sake. Without it small cells follow from their margins:
        only to show that they do.

    Returns
    -------
    Protected
        No unsafe cell follows from the others by adding and subtracting, and none that holds a record is determined by
        them and the knowledge that no count is below 0.
    """
    safe = np.array([cell.is_safe(rule) for cell in cells.cells.values()], dtype=bool)
    shown = safe.copy()
    if complementary:
        _hide(cells, safe, shown)
    counts = {
        key: cell.count if is_shown else None
        for (key, cell), is_shown in zip(cells.cells.items(), shown.tolist(), strict=True)
    }
    n_unsafe = int(np.count_nonzero(~safe & (cells.counts > 0)))
    return Protected(MappingProxyType(counts), rule, int(shown.sum()), n_unsafe, int(np.count_nonzero(safe & ~shown)))


def _hide(cells: Cells, safe: Bools, shown: Bools) -> None:
    """Take out of `shown` what gives unsafe cells away."""
    rows, counts = cells.incidence, cells.counts
    # what is lost: few firms first, inner cells before margins
    price = np.array([(cell.n_firms, -len(key)) for key, cell in cells.cells.items()], dtype=np.float64)
    order = np.lexsort((price[:, 1], price[:, 0]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    while True:
        derivable = np.flatnonzero(find_derivable(rows, shown) & ~safe)
        if derivable.size:
            uses = np.flatnonzero(express(rows, shown, int(derivable[0])))
            shown[uses[np.argmin(rank[uses])]] = False
            continue
        determined = np.flatnonzero(find_determined(rows, shown, counts, ~safe & (counts > 0)))
        if not determined.size:
            return
        touching = np.flatnonzero(shown & (rows @ rows[determined[0]] > 0))
        shown[touching[np.argmin(rank[touching])]] = False
