"""Squares for rows, from the finest up: what may not be a row of its own goes into the next larger square."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.rows import BASE_M, ReleaseCell
from geo.disclosure.release.safety import find_fault
from geo.disclosure.release.sites import Sites
from geo.disclosure.tables.cells import Rule

__all__ = ["AUDIT", "LARGEST_M", "Partition", "divide"]

AUDIT = "audit"
# side of the largest square that is a row, m: beyond it, what is left says nothing of a place
LARGEST_M = BASE_M << 8
_WIDE = 1 << 24

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Partition:
    """Squares of one sector and layer, none of which tells of a record that another does.

    Attributes
    ----------
    cells : square to the positions of the records in it that no finer one holds
    left : positions of records in none of them
    refused : reason to squares that records were in and that are no rows
    """

    cells: dict[ReleaseCell, Ints]
    left: Ints
    refused: dict[str, int]


def divide(
    sites: Sites,
    chosen: Ints,
    finest_m: int,
    rule: Rule,
    *,
    banned: Collection[ReleaseCell] = (),
    accept: Callable[[Ints], bool] = lambda _: True,
) -> Partition:
    """Give every record the finest square that may be told of.

    Parameters
    ----------
    sites : Sites
    chosen : (m,) int64, positions of the records
    finest_m : int, m
    rule : Rule
    banned : squares that are no rows, whatever is in them
    accept : whether records may be told of together, given what was told of before

    Returns
    -------
    Partition
    """
    cells: dict[ReleaseCell, Ints] = {}
    refused: dict[str, int] = {}
    waiting, size = chosen, finest_m
    while len(waiting) and size <= LARGEST_M:
        kept = []
        side = size // BASE_M
        code = (sites.northing[waiting] // side) * _WIDE + sites.easting[waiting] // side
        order = np.argsort(code, kind="stable")
        bounds = np.flatnonzero(np.diff(code[order])) + 1
        for inside in np.split(waiting[order], bounds):
            row, column = int(sites.northing[inside[0]]) // side, int(sites.easting[inside[0]]) // side
            cell = ReleaseCell(size, row * size, column * size)
            fault = find_fault(sites, inside, rule)
            if not fault and (cell in banned or not accept(inside)):
                fault = AUDIT
            if fault:
                refused[fault] = refused.get(fault, 0) + 1
                kept.append(inside)
            else:
                cells[cell] = inside
        waiting = np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.int64)
        size *= 2
    return Partition(cells, waiting, refused)
