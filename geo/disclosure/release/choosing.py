"""Which squares are rows: as fine as may be, withheld until the audit finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import Leak, RowKey, Shown, find_leaks
from geo.disclosure.release.earlier import make_accept
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.partition import Partition, divide, list_sizes
from geo.disclosure.release.rows import ALL_SECTORS, LAYERS, ReleaseCell
from geo.disclosure.release.sites import Sites, find_shown_sectors
from geo.disclosure.release.status import Statuses, mark_repeated, read_statuses, take_part
from geo.disclosure.tables.cells import Rule

__all__ = ["Part", "Partitions", "choose_squares", "list_keys", "show"]

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
    sites: Sites,
    circle: str,
    finest_m: int,
    memories: Sequence[Memory],
    rule: Rule,
    *,
    audit: bool = True,
    keep: bool = True,
) -> Partitions:
    """Squares of which, with those of earlier releases, nothing follows that may not be told of.

    Parameters
    ----------
    sites : Sites of every circle
    circle : str, whose records are counted
    finest_m : int, m
    memories : Memory of releases that count, the oldest first
    rule : Rule
    audit, keep : bool, False only to show what would follow without; what is not audited keeps to nothing either

    Returns
    -------
    mapping of layer and sector to Partition
    """
    parts = {part: take_part(sites, circle, *part) for part in _list_parts()}
    if not audit:
        return {part: divide(sites, chosen, finest_m, rule) for part, chosen in parts.items()}
    sizes = list_sizes(finest_m)
    whole = _Whole(
        sites,
        finest_m,
        rule,
        parts,
        {
            part: make_accept(sites, chosen, *part, [one.shown for one in memories], rule)
            for part, chosen in parts.items()
        },
        {part: read_statuses(memories, circle, *part, sizes, rule.min_firms) if keep else None for part in parts},
    )
    earlier, past = mark_repeated(memories), [memory.sites for memory in memories]
    banned: dict[Part, Collection[ReleaseCell]] = {part: set() for part in parts}
    partitions: dict[Part, Partition] = dict.fromkeys(parts, Partition({}, np.empty(0, dtype=np.int64), {}))
    changed = set(parts)
    for turn in count():
        for part in changed:
            partitions[part] = whole.divide(part, banned[part])
        leaks = find_leaks(sites, show(circle, partitions), earlier, rule, past)
        if not leaks:
            return partitions
        changed = (
            _ban(sites, partitions, leaks, banned) if turn < _MOST_ROUNDS else _ban_parts(partitions, leaks, banned)
        )
    raise AssertionError  # pragma: no cover


def show(circle: str, partitions: Partitions) -> Shown:
    """What these squares show, those that only say again what an earlier release said marked as such."""
    keys = list_keys(partitions)
    return Shown(circle, keys, frozenset(key for key in keys if key[2] in partitions[key[:2]].kept))


def _list_parts() -> Iterator[Part]:
    for layer in LAYERS:
        yield layer, ALL_SECTORS
        if layer == "workplaces":
            yield from ((layer, sector) for sector in find_shown_sectors())


@dataclass(frozen=True, eq=False)
class _Whole:
    """All that squares are chosen by."""

    sites: Sites
    finest_m: int
    rule: Rule
    parts: Mapping[Part, Ints]
    accept: Mapping[Part, Callable[[Ints], bool]]
    statuses: Mapping[Part, Statuses | None]

    def divide(self, part: Part, banned: Collection[ReleaseCell]) -> Partition:
        return divide(
            self.sites,
            self.parts[part],
            self.finest_m,
            self.rule,
            banned=banned,
            accept=self.accept[part],
            statuses=self.statuses[part],
        )


class _Everything(frozenset[ReleaseCell]):
    """Every square there is."""

    def __contains__(self, cell: object) -> bool:
        return True


def _ban(
    sites: Sites, partitions: Partitions, leaks: Sequence[Leak], banned: dict[Part, Collection[ReleaseCell]]
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
        banned[layer, sector] = {*banned[layer, sector], cell}
        changed.add((layer, sector))
    return changed


def _ban_parts(partitions: Partitions, leaks: Sequence[Leak], banned: dict[Part, Collection[ReleaseCell]]) -> set[Part]:
    """Leave sectors out whole, and then layers: all of their squares but those that stay what they were."""
    keys = list_keys(partitions)
    involved = {keys[at][:2] for leak in leaks for at in leak.rows}
    gone = {part for part in involved if part[1] != ALL_SECTORS} or involved
    banned.update((part, _Everything()) for part in gone)
    return gone
