"""Squares for rows, from the finest up: what may not be a row of its own goes into the next larger square."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.rows import BASE_M, ReleaseCell
from geo.disclosure.release.safety import find_fault
from geo.disclosure.release.sites import Sites
from geo.disclosure.release.status import Statuses, Told, code_squares
from geo.disclosure.tables.cells import Rule

__all__ = ["AUDIT", "EARLIER", "LARGEST_M", "Partition", "divide", "list_sizes"]

AUDIT, EARLIER = "audit", "earlier"
# side of the largest square that is a row, m: beyond it, what is left says nothing of a place
LARGEST_M = BASE_M << 8

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Partition:
    """Squares of one sector and layer, none of which tells of a record that another does.

    Attributes
    ----------
    cells : square to the positions of the records in it that no finer one holds
    left : positions of records in none of them
    refused : reason to squares that records were in and that are no rows
    kept : those of the squares that say what an earlier release said, whatever is in them now
    """

    cells: dict[ReleaseCell, Ints]
    left: Ints
    refused: dict[str, int]
    kept: dict[ReleaseCell, Told] = field(default_factory=dict)


def divide(
    sites: Sites,
    chosen: Ints,
    finest_m: int,
    rule: Rule,
    *,
    banned: Collection[ReleaseCell] = (),
    accept: Callable[[Ints], bool] = lambda _: True,
    statuses: Statuses | None = None,
) -> Partition:
    """Give every record the finest square that may be told of.

    Parameters
    ----------
    sites : Sites
    chosen : (m,) int64, positions of the records
    finest_m : int, m
    rule : Rule
    banned : squares that are no rows, whatever is in them, unless they stay what they were
    accept : whether records may be told of together, given what was told of before
    statuses : Statuses, what squares stay until enough employers have come or gone

    Returns
    -------
    Partition
    """
    cells: dict[ReleaseCell, Ints] = {}
    refused: dict[str, int] = {}
    told: dict[ReleaseCell, Told] = {}
    waiting = chosen
    for size in list_sizes(finest_m):
        if not len(waiting):
            break
        upward = []
        code = code_squares(sites, waiting, size)
        moved = None if statuses is None else statuses.find_moved(size, code, sites.employer[waiting])
        order = np.argsort(code, kind="stable")
        bounds = np.flatnonzero(np.diff(code[order])) + 1
        for number, inside in zip(
            code[order][np.r_[0, bounds]].tolist(), np.split(waiting[order], bounds), strict=True
        ):
            side = size // BASE_M
            row, column = int(sites.northing[inside[0]]) // side, int(sites.easting[inside[0]]) // side
            cell = ReleaseCell(size, row * size, column * size)
            fault = find_fault(sites, inside, rule)
            if statuses is not None and moved is not None and number not in moved:
                kept = statuses.find_row(size, number, sites.employer[inside])
                fault = "" if kept else fault or EARLIER
                if kept:
                    told[cell] = kept
            elif not fault and (cell in banned or not accept(inside)):
                fault = AUDIT
            if fault:
                refused[fault] = refused.get(fault, 0) + 1
                upward.append(inside)
            else:
                cells[cell] = inside
        waiting = np.sort(np.concatenate(upward)) if upward else np.empty(0, dtype=np.int64)
    return Partition(cells, waiting, refused, told)


def list_sizes(finest_m: int) -> tuple[int, ...]:
    """Sides of squares, m."""
    return tuple(finest_m << level for level in range(32) if finest_m << level <= LARGEST_M)
