"""Keeping to what was shared before: squares that earlier rows do not give away, and numbers that do not move a little.

Of two numbers of one area whose employers differ by few, the difference tells of those few. So a row keeps the number
that its area had, until as many employers have come and gone as a row needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import Shown
from geo.disclosure.release.labels import UNCOVERED, label_places
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.rows import LAYERS, ReleaseCell
from geo.disclosure.release.safety import is_harmless
from geo.disclosure.release.sites import Sites, see
from geo.disclosure.tables.cells import Rule
from geo.layers.circles import VISIBLE

__all__ = ["Kept", "find_kept", "make_accept"]

Ints = NDArray[np.int64]
_UNSEEN = -2


@dataclass(frozen=True, eq=False)
class Kept:
    """What an earlier release said of an area.

    Attributes
    ----------
    basis : (m,) uint64, the employers that it stands for
    n_changed : int, employers that have come or gone since
    n_employers : int, the number shown; None where the area was several rows
    score_class : int or None
    has_class : bool, whether the class may stand again: not where it was of scores that the circle does not see
    """

    basis: NDArray[np.uint64]
    n_changed: int
    n_employers: int | None
    score_class: int | None
    has_class: bool = True


def make_accept(
    sites: Sites, chosen: Ints, layer: str, sector: str, earlier: Sequence[Shown], rule: Rule
) -> Callable[[Ints], bool]:
    """Whether records may be a row, beside earlier rows of the same sector and layer.

    They may where they are whole earlier rows, and records that no earlier row told of and that may be told of; or lie
    within one earlier row of which what is left may be told of. The audit looks at everything else.

    Parameters
    ----------
    sites : Sites
    chosen : (m,) int64, positions of the layer's and sector's records that the circle sees
    layer, sector : str
    earlier : Shown
    rule : Rule
    """
    tables: list[tuple[Ints, Ints]] = []
    for shown in dict.fromkeys(earlier):
        cells = _number(shown, layer, sector)
        if cells:
            label = np.full(len(sites), _UNSEEN, dtype=np.int64)
            seen = chosen[see(sites, shown.circle)[chosen]]
            label[seen] = label_places(cells, sites.northing[seen], sites.easting[seen])
            totals = np.bincount(label[label >= 0], minlength=len(shown.keys))
            tables.append((label, totals))

    def accept(inside: Ints) -> bool:
        return all(_fits(sites, inside, label, totals, rule) for label, totals in tables)

    return accept


def _fits(sites: Sites, inside: Ints, label: Ints, totals: Ints, rule: Rule) -> bool:
    there, counts = np.unique(label[inside], return_counts=True)
    counts, there = counts[there >= 0], there[there >= 0]
    if (counts == totals[there]).all():
        return is_harmless(sites, inside[label[inside] == UNCOVERED], rule)
    if len(there) > 1 or (label[inside] == UNCOVERED).any():
        return False
    rest = np.setdiff1d(np.flatnonzero(label == there[0]), inside, assume_unique=True)
    return is_harmless(sites, rest, rule)


def find_kept(
    sites: Sites,
    cells: Mapping[ReleaseCell, Ints],
    circle: str,
    layer: str,
    sector: str,
    memories: Sequence[Memory],
    rule: Rule,
) -> Mapping[ReleaseCell, Kept]:
    """Rows whose area had a number before, of employers that differ by fewer than a row needs.

    Parameters
    ----------
    sites : Sites
    cells : square to the positions of its records
    circle : str, whose release it is
    layer, sector : str
    memories : Memory of releases that count, the oldest first; the newest that fits is kept to

    Returns
    -------
    mapping of square to Kept
    """
    tables = (sites, *(memory.sites for memory in memories))
    at = LAYERS.index(layer)
    northing, easting = np.unique(
        np.concatenate([np.stack([one.northing, one.easting])[:, one.layer == at] for one in tables], axis=1), axis=1
    )
    squares = list(cells)
    own = label_places({cell: number for number, cell in enumerate(squares)}, northing, easting)
    found: dict[ReleaseCell, Kept] = {}
    for memory in reversed(memories):
        old = label_places(_number(memory.shown, layer, sector), northing, easting)
        for number, parts in _match(own, old).items():
            cell = squares[number]
            if cell not in found:
                kept = _compare(sites, cells[cell], circle, memory, parts)
                if kept.n_changed < rule.min_firms:
                    found[cell] = kept
    return found


def _compare(sites: Sites, inside: Ints, circle: str, memory: Memory, parts: Sequence[int]) -> Kept:
    basis = np.unique(np.concatenate([memory.bases[part] for part in parts]))
    n_changed = len(np.setxor1d(np.unique(sites.employer[inside]), basis, assume_unique=True))
    if len(parts) == 1:
        # findings and visits of inner circles are in the scores that those are shown
        may_see = VISIBLE[memory.shown.circle] <= VISIBLE[circle]
        return Kept(basis, n_changed, memory.n_employers[parts[0]], memory.score_class[parts[0]], may_see)
    return Kept(basis, n_changed, None, None)


def _match(own: Ints, old: Ints) -> Mapping[int, tuple[int, ...]]:
    """New rows whose places are those of whole old rows, and no others, to those old rows."""
    pairs, counts = np.unique(np.stack([own, old]), axis=1, return_counts=True)
    total = np.bincount(old[old >= 0], minlength=1)
    parts: dict[int, list[int]] = {}
    broken = {UNCOVERED}
    for number, part, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
        if part == UNCOVERED or count != total[part]:
            broken.add(number)
        parts.setdefault(number, []).append(part)
    return {number: tuple(some) for number, some in parts.items() if number not in broken}


def _number(shown: Shown, layer: str, sector: str) -> dict[ReleaseCell, int]:
    return {cell: at for at, (name, code, cell) in enumerate(shown.keys) if (name, code) == (layer, sector)}
