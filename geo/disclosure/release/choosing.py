"""Which squares are rows: as fine as may be, withheld until the audit finds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import Leak, RowKey, Shown, find_leaks
from geo.disclosure.release.earlier import make_accept
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.partition import AUDIT, Partition, divide
from geo.disclosure.release.rows import ALL_SECTORS, LAYERS, ReleaseCell
from geo.disclosure.release.sites import Sites, find_shown_sectors, see
from geo.disclosure.tables.cells import Rule

__all__ = ["Part", "Partitions", "choose_squares", "list_keys"]

Ints = NDArray[np.int64]
Part = tuple[str, str]
Partitions = Mapping[Part, Partition]
# each round withholds more; what still leaks then is left out whole
_MOST_ROUNDS = 100


def list_keys(partitions: Partitions) -> tuple[RowKey, ...]:
    """Rows in their order."""
    return tuple(
        (layer, sector, cell) for (layer, sector), partition in partitions.items() for cell in sorted(partition.cells)
    )


def choose_squares(
    sites: Sites, circle: str, finest_m: int, memories: Sequence[Memory], rule: Rule, *, audit: bool = True
) -> Partitions:
    """Squares of which, with those of earlier releases, nothing follows that may not be told of.

    Parameters
    ----------
    sites : Sites of every circle
    circle : str, whose records are counted
    finest_m : int, m
    memories : Memory of releases that count, the oldest first
    rule : Rule
    audit : bool, False only to show what would follow without it

    Returns
    -------
    mapping of layer and sector to Partition
    """
    visible = see(sites, circle)
    parts: dict[Part, Ints] = {}
    for at, layer in enumerate(LAYERS):
        parts[layer, ALL_SECTORS] = np.flatnonzero(visible & (sites.layer == at))
        if layer == "workplaces":
            for sector in find_shown_sectors():
                inside = visible & (sites.layer == at) & (sites.sector == sites.sectors.index(sector))
                parts[layer, sector] = np.flatnonzero(inside)
    if not audit:
        return {part: divide(sites, chosen, finest_m, rule) for part, chosen in parts.items()}
    earlier, past = [memory.shown for memory in memories], [memory.sites for memory in memories]
    accept = {part: make_accept(sites, chosen, *part, earlier, rule) for part, chosen in parts.items()}
    banned: dict[Part, set[ReleaseCell]] = {part: set() for part in parts}
    partitions: dict[Part, Partition] = dict.fromkeys(parts, Partition({}, np.empty(0, dtype=np.int64), {}))
    changed = set(parts)
    for _ in range(_MOST_ROUNDS):
        for part in changed:
            partitions[part] = divide(sites, parts[part], finest_m, rule, banned=banned[part], accept=accept[part])
        leaks = find_leaks(sites, Shown(circle, list_keys(partitions)), earlier, rule, past)
        if not leaks:
            return partitions
        changed = _ban(sites, partitions, leaks, banned)
    return _drop_leaking(sites, circle, partitions, earlier, past, rule)


def _ban(
    sites: Sites, partitions: Partitions, leaks: Sequence[Leak], banned: dict[Part, set[ReleaseCell]]
) -> set[Part]:
    """Withhold one row of each sum that gives a group away: of a sector rather than of all, the smallest first."""
    keys = list_keys(partitions)
    changed: set[Part] = set()
    for leak in leaks:
        rows = [keys[at] for at in leak.rows]
        if any(cell in banned[layer, sector] for layer, sector, cell in rows):
            continue
        layer, sector, cell = min(
            rows,
            key=lambda row: (
                row[1] == ALL_SECTORS,
                len(np.unique(sites.employer[partitions[row[:2]].cells[row[2]]])),
                row,
            ),
        )
        banned[layer, sector].add(cell)
        changed.add((layer, sector))
    return changed


def _drop_leaking(
    sites: Sites, circle: str, divided: Partitions, earlier: Sequence[Shown], past: Sequence[Sites], rule: Rule
) -> Partitions:
    """Leave sectors out whole, and then layers, until nothing follows any more."""
    partitions = dict(divided)
    while leaks := find_leaks(sites, Shown(circle, list_keys(partitions)), earlier, rule, past):
        keys = list_keys(partitions)
        involved = {keys[at][:2] for leak in leaks for at in leak.rows}
        gone = {part for part in involved if part[1] != ALL_SECTORS} or involved
        for part in gone:
            held = partitions[part]
            n = held.refused.get(AUDIT, 0) + len(held.cells)
            left = np.concatenate([held.left, *held.cells.values()])
            partitions[part] = Partition({}, left, {**held.refused, AUDIT: n})
    return partitions
