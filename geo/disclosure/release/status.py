"""What was decided of each square, a row or none, and whether it stays.

Whether a square is a row tells of its employers as a number does: a row that comes or goes with one employer says how
many there are. So both stay until as many employers have come and gone *since they were decided* as a row needs; held
against the last release alone, they would move with few at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import RowKey, Shown
from geo.disclosure.release.labels import label_places
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.rows import ALL_SECTORS, BASE_M, LAYERS
from geo.disclosure.release.sites import Sites, see

__all__ = ["Statuses", "Told", "code_squares", "mark_repeated", "read_statuses", "take_part"]

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_WIDE = 1 << 24


@dataclass(frozen=True, eq=False)
class Told:
    """What the newest release said of a square that stays what it was.

    Attributes
    ----------
    basis : (m,) uint64, the employers that its number stands for
    n_changed : int, employers that have come or gone since
    n_employers : int, the number shown
    score_class : int or None
    """

    basis: Hashes
    n_changed: int
    n_employers: int
    score_class: int | None


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Squares of one size, by code, and employers in them: each pair once."""

    code: Ints
    employer: Hashes

    def take(self, codes: Collection[int], *, others: bool = False) -> _Pairs:
        chosen = np.isin(self.code, np.fromiter(codes, dtype=np.int64, count=len(codes)), invert=others)
        return _Pairs(self.code[chosen], self.employer[chosen])


@dataclass(frozen=True, eq=False)
class _Level:
    """Squares of one size: who was in each when it was decided, and which were rows of the newest release."""

    decided: _Pairs
    rows: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Statuses:
    """What the releases of a circle decided of one sector and layer.

    Attributes
    ----------
    newest : Memory
    levels : size of squares, m, to what was decided of them
    min_firms : int, employers that have come and gone from which on a square is decided anew
    """

    newest: Memory
    levels: Mapping[int, _Level]
    min_firms: int

    def find_moved(self, size_m: int, code: Ints, employer: Hashes) -> set[int]:
        """Codes of squares that are decided anew.

        Parameters
        ----------
        size_m : int, m
        code : (n,) int64, of the square of each record that no finer row holds, as `code_squares` gives them
        employer : (n,) uint64
        """
        return _find_moved(self.levels[size_m].decided, _pair(code, employer), self.min_firms)

    def find_row(self, size_m: int, code: int, employer: Hashes) -> Told | None:
        """What the newest release said of a square; None where it was no row."""
        at = self.levels[size_m].rows.get(code)
        if at is None:
            return None
        basis = self.newest.bases[at]
        changed = np.setxor1d(np.unique(employer), basis, assume_unique=True)
        return Told(basis, len(changed), self.newest.n_employers[at], self.newest.score_class[at])


def code_squares(sites: Sites, chosen: Ints, size_m: int) -> Ints:
    """A number of the square that each record lies in, (m,) int64."""
    side = size_m // BASE_M
    codes: Ints = (sites.northing[chosen] // side) * _WIDE + sites.easting[chosen] // side
    return codes


def take_part(sites: Sites, circle: str, layer: str, sector: str) -> Ints:
    """Positions of a layer's and a sector's records that a circle sees."""
    inside = see(sites, circle) & (sites.layer == LAYERS.index(layer))
    if sector != ALL_SECTORS:
        inside &= sites.sector == sites.sectors.index(sector)
    return np.flatnonzero(inside)


def read_statuses(
    memories: Sequence[Memory], circle: str, layer: str, sector: str, sizes: Sequence[int], min_firms: int
) -> Statuses | None:
    """What was decided of each square of a circle's releases, one after the other; None where it has none.

    Parameters
    ----------
    memories : Memory of releases that count, the oldest first
    circle, layer, sector : str
    sizes : of squares, m
    min_firms : int
    """
    own = [memory for memory in memories if memory.shown.circle == circle]
    if not own:
        return None
    levels: dict[int, _Level] = {}
    before: Memory | None = None
    for memory in own:
        for size_m, there, rows in _list_levels(memory, layer, sector, sizes):
            if before is None:
                levels[size_m] = _Level(_start(memory, there, rows), rows)
            else:
                levels[size_m] = _follow(levels[size_m], before, memory, there, rows, min_firms)
        before = memory
    return Statuses(own[-1], levels, min_firms)


def mark_repeated(memories: Sequence[Memory]) -> list[Shown]:
    """What each release showed, with the rows marked that only say again what the one before it for its circle said.

    Parameters
    ----------
    memories : Memory, the oldest first
    """
    last: dict[str, dict[RowKey, Hashes]] = {}
    marked = []
    for memory in memories:
        bases = dict(zip(memory.shown.keys, memory.bases, strict=True))
        before = last.get(memory.shown.circle, {})
        same = frozenset(key for key in bases if key in before and np.array_equal(bases[key], before[key]))
        marked.append(replace(memory.shown, repeated=same))
        last[memory.shown.circle] = bases
    return marked


def _list_levels(
    memory: Memory, layer: str, sector: str, sizes: Sequence[int]
) -> Iterator[tuple[int, _Pairs, dict[int, int]]]:
    """Of each size, who is in each square less finer rows, and the rows by their squares."""
    sites, circle = memory.sites, memory.shown.circle
    cells = {cell: at for at, (name, code, cell) in enumerate(memory.shown.keys) if (name, code) == (layer, sector)}
    chosen = take_part(sites, circle, layer, sector)
    sizes_of_rows = np.array([cell.size_m for _, _, cell in memory.shown.keys] + [np.iinfo(np.int64).max])
    # records in no row are at the end, among the largest
    held = sizes_of_rows[label_places(cells, sites.northing[chosen], sites.easting[chosen])]
    for size_m in sizes:
        waiting = chosen[held >= size_m]
        rows = {
            (cell.northing // size_m) * _WIDE + cell.easting // size_m: at
            for cell, at in cells.items()
            if cell.size_m == size_m
        }
        yield size_m, _pair(code_squares(sites, waiting, size_m), sites.employer[waiting]), rows


def _start(memory: Memory, there: _Pairs, rows: Mapping[int, int]) -> _Pairs:
    """Of rows, those that their numbers stand for: releases that do not count any more may have decided them."""
    bases = [_Pairs(np.full(len(memory.bases[at]), code), memory.bases[at]) for code, at in rows.items()]
    return _join([there.take(rows, others=True), *bases])


def _follow(
    level: _Level, before: Memory, memory: Memory, there: _Pairs, rows: dict[int, int], min_firms: int
) -> _Level:
    same = {
        code
        for code, at in rows.items()
        if code in level.rows and np.array_equal(memory.bases[at], before.bases[level.rows[code]])
    }
    anew = (_find_moved(level.decided, there, min_firms) | rows.keys() | level.rows.keys()) - same
    return _Level(_join([level.decided.take(anew, others=True), there.take(anew)]), rows)


def _join(some: Sequence[_Pairs]) -> _Pairs:
    return _Pairs(np.concatenate([one.code for one in some]), np.concatenate([one.employer for one in some]))


def _pair(code: Ints, employer: Hashes) -> _Pairs:
    order = np.lexsort((employer, code))
    codes, employers = code[order], employer[order]
    first = np.ones(len(codes), dtype=np.bool_)
    first[1:] = (codes[1:] != codes[:-1]) | (employers[1:] != employers[:-1])
    return _Pairs(codes[first], employers[first])


def _find_moved(one: _Pairs, other: _Pairs, min_firms: int) -> set[int]:
    """Squares of which so many employers are in one alone."""
    both = _join([one, other])
    order = np.lexsort((both.employer, both.code))
    codes, employers = both.code[order], both.employer[order]
    again = (codes[1:] == codes[:-1]) & (employers[1:] == employers[:-1])
    alone = np.ones(len(codes), dtype=np.bool_)
    alone[1:][again] = False
    alone[:-1][again] = False
    squares, counts = np.unique(codes[alone], return_counts=True)
    return set(squares[counts >= min_firms].tolist())
