"""Groups that follow from published numbers by adding and subtracting, whatever sums and however many.

A group is any set of parts: of places, sectors, layers and circles that see the records. The attack is complete for
groups of fewer than k employers: a part that holds k or more belongs to none of them, so elimination leaves all those
out first, and every sum that remains is looked through, by whole-number programming. Noise is not counted on: a group
that follows is found, however blurred its number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tests.promises.attacking.choose import choose_light
from tests.promises.attacking.elimination import NUMBER, Vector, reduce_rows, spans, split_rows
from tests.promises.attacking.seen import Atom, Published, find_parts, list_rows, squares_over
from tests.promises.attacking.truth import MAX_SHARE, K, Record, count_employers, is_dominated


@dataclass(frozen=True)
class Recovery:
    """A group that may not be told of, and follows."""

    how: str
    records: tuple[Record, ...]
    number: float

    def __str__(self) -> str:
        places = sorted({record.place for record in self.records})
        sectors = sorted({record.sector for record in self.records})
        ids = [record.record_id for record in self.records[:12]]
        return f"{self.how}: {count_employers(self.records)} employers at {places[:6]}, {sectors}, {ids}"


@dataclass(frozen=True)
class Sums:
    """Rows of releases, and the records that whoever judges the attack has."""

    releases: Sequence[Published]
    records: Sequence[Record]
    sectors: Sequence[str]

    @cached_property
    def parts(self) -> Mapping[frozenset[int], list[Atom]]:
        return find_parts(self.releases, self.sectors)

    @cached_property
    def rows(self) -> list[Vector]:
        """What each row is the sum of, and its number."""
        rows: dict[int, Vector] = defaultdict(dict)
        for place, part in enumerate(self.parts):
            for row in part:
                rows[row][place] = 1
        return [{**rows[place], NUMBER: row.n} for place, row in enumerate(list_rows(self.releases))]

    @cached_property
    def held(self) -> list[tuple[Record, ...]]:
        """Records of each part."""
        places = {atom: place for place, atoms in enumerate(self.parts.values()) for atom in atoms}
        held: list[list[Record]] = [[] for _ in self.parts]
        for record in self.records:
            for square in squares_over(record.place):
                place = places.get((record.layer, record.sector, record.circle, square))
                if place is not None:
                    held[place].append(record)
        return [tuple(found) for found in held]

    def gather(self, group: frozenset[int]) -> tuple[Record, ...]:
        return tuple(record for place in sorted(group) for record in self.held[place])

    def find_small(self) -> Iterator[Recovery]:
        """Groups of 1…k−1 employers, each with the number that follows for it."""
        weights = {place: count_employers(records) for place, records in enumerate(self.held)}
        for group, number in self._choose(weights):
            records = self.gather(group)
            if 0 < count_employers(records) < K:
                yield Recovery("sum", records, float(number))

    def find_dominated(self, every: int = 1) -> Iterator[Recovery]:
        """Groups of k or more, of which one or two employers have nearly everything.

        For each part or pair of parts that could hold those two: what has more than they leave is left out. Of pairs
        that could, each so many-th is looked at.
        """
        sizes = [_add_sizes(records) for records in self.held]
        totals = [sum(size.values()) for size in sizes]
        ordered = _Ordered(sorted(self.rows, key=len), totals)
        for number_of, (hosts, largest) in enumerate(_list_largest(sizes, ordered)):
            if len(hosts) > 1 and number_of % every:
                continue
            most = largest / MAX_SHARE
            room = most - sum(totals[place] for place in hosts)
            for pivots in ordered.leave_out(hosts, room):
                for group, number in choose_light(pivots, dict(enumerate(totals)), most, hosts, 1):
                    records = self.gather(group)
                    if is_dominated(records) and count_employers(records) >= K:
                        yield Recovery("dominated sum", records, float(number))

    def _choose(self, weights: Mapping[int, int]) -> Iterator[tuple[frozenset[int], float]]:
        large = frozenset(place for place, weight in weights.items() if weight >= K)
        # employers with several sites may make a group of fewer than k weigh more
        most = K - 1 + sum(weights.values()) - len({record.employer for records in self.held for record in records})
        for pivots in self._leave_out(large):
            for group, number in choose_light(pivots, weights, most):
                yield group, float(number)

    def _leave_out(self, large: frozenset[int]) -> list[list[tuple[int, Vector]]]:
        """All sums without some parts, reduced, in sets that hang together."""
        reduced = reduce_rows(sorted(self.rows, key=len), large)
        return split_rows([row for pivot, row in reduced.items() if pivot not in large])

    def spans(self, group: Iterable[int]) -> bool:
        """Whether a group follows at all."""
        return spans(self._reduced, dict.fromkeys(group, 1))

    @cached_property
    def _reduced(self) -> dict[int, Vector]:
        return reduce_rows(sorted(self.rows, key=len))


class _Brought:
    """How many employers other parts could bring within some room, at the very most: the lightest for each, first."""

    def __init__(self, n_employers: NDArray[np.int64], totals: NDArray[np.float64]) -> None:
        there = np.flatnonzero(n_employers)
        order = there[np.argsort(totals[there] / n_employers[there], kind="stable")]
        self._filled = np.cumsum(totals[order])
        # one part more than fits, as if a piece of it could be taken
        self._n = np.cumsum(np.append(n_employers[order], 0))

    def count(self, room: NDArray[np.float64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._n[np.searchsorted(self._filled, room, side="right")]
        return found


class _Ordered:
    """Sums that are reduced once, by the heaviest columns first: a row has none that is heavier than its own column."""

    def __init__(self, rows: Sequence[Vector], totals: Sequence[float]) -> None:
        order = sorted(range(len(totals)), key=lambda place: (-totals[place], place))
        rank = {place: position for position, place in enumerate(order)} | {NUMBER: NUMBER}
        column = dict(enumerate(order)) | {NUMBER: NUMBER}
        reduced = reduce_rows([{rank[place]: value for place, value in row.items()} for row in rows])
        self._totals = totals
        self._rows = {
            column[pivot]: {column[position]: value for position, value in row.items()}
            for pivot, row in reduced.items()
        }
        self._having: dict[int, list[int]] = defaultdict(list)
        for pivot, row in self._rows.items():
            for place in row:
                self._having[place].append(pivot)

    def leave_out(self, hosts: frozenset[int], room: float) -> list[list[tuple[int, Vector]]]:
        """All sums without columns of more than the room, but for hosts, as far as they hang together with those.

        A column that rows have for their own is in a sum as often as its row, so that heavy ones' rows are in none.
        """
        own = self._join_hosts(hosts, room)
        taken, _ = self._follow({*hosts, *(place for row in own for place in row)}, room)
        return split_rows([*own, *(self._rows[pivot] for pivot in taken if pivot not in hosts)])

    def reach(self, host: int, room: float) -> set[int]:
        """Columns that a host's row and light ones connect with it."""
        return self._follow({host, *self._rows.get(host, {})}, room)[1]

    def touches(self, host: int, columns: set[int]) -> bool:
        """Whether a host or its row has one of the columns."""
        return host in columns or not columns.isdisjoint(self._rows.get(host, {}).keys() - {NUMBER})

    def _follow(self, start: set[int], room: float) -> tuple[set[int], set[int]]:
        """Light rows, and columns, that columns lead to."""
        taken, seen = set[int](), start - {NUMBER}
        waiting = list(seen)
        while waiting:
            for pivot in self._having[waiting.pop()]:
                if pivot not in taken and self._totals[pivot] <= room:
                    taken.add(pivot)
                    new = self._rows[pivot].keys() - seen - {NUMBER}
                    seen |= new
                    waiting += new
        return taken, seen

    def _join_hosts(self, hosts: frozenset[int], room: float) -> list[Vector]:
        """What the rows of hosts come to without heavy columns."""
        own = [self._rows[host] for host in sorted(hosts) if host in self._rows]
        heavy = {place for row in own for place in row if place not in {NUMBER, *hosts} and self._totals[place] > room}
        left = [row for pivot, row in reduce_rows(own, heavy).items() if pivot not in heavy]
        return own if len(left) == len(own) else left


def _add_sizes(records: Sequence[Record]) -> Mapping[str, float]:
    sizes: dict[str, float] = defaultdict(float)
    for record in records:
        sizes[record.employer] += record.size
    return sizes


def _list_largest(sizes: Sequence[Mapping[str, float]], ordered: _Ordered) -> Iterator[tuple[frozenset[int], float]]:
    """Parts that could hold the two largest employers of such a group, and what those two have.

    Left out are those beside whom too few other employers have room for a group, and two that nothing connects.
    """
    totals = np.array([sum(size.values()) for size in sizes])
    n_employers = np.array([len(size) for size in sizes])
    tops = np.array([[0.0, 0.0, *sorted(size.values())][-2:] for size in sizes])
    brought = _Brought(n_employers, totals)
    for place, (second, first) in enumerate(tops):
        both = np.append(first + tops[:place, 1], first + second)
        held = np.append(totals[place] + totals[:place], totals[place])
        n_held = np.append(n_employers[place] + n_employers[:place], n_employers[place])
        room = both / MAX_SHARE - held
        there = (totals[place] > 0) & np.append(totals[:place] > 0, True)
        found = np.flatnonzero(there & (n_held + brought.count(room) >= K) & (both >= MAX_SHARE * held))
        if found.size:
            near = ordered.reach(place, float(room[found].max()))
            for other in found.tolist():
                if other == place or ordered.touches(other, near):
                    yield frozenset({place, other}), float(both[other])
