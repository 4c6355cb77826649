"""Groups of many employers, one or two of whom have nearly all, among everything that follows from rows.

Whoever has nearly all of a group is large in a part of it, its *host*, and leaves little room: what has more than that
is in no such group. Rows are reduced once, by the largest columns first. A group's largest column is then one that some
row has for its own, and the group the sum of that row and of rows of smaller own columns. So a host's row, or the sum
of two hosts' rows, says at once what would have to be taken away again; most cannot be.

Two hosts that no row within that room connects are left out: of two groups apart, one would be such a group by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.small_sums import SmallSum, SumSearch
from geo.disclosure.release.span import PRIME, Row, Span
from geo.disclosure.tables.cells import Rule

__all__ = ["find_dominated_sums"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Hosts:
    """Columns that the largest employers of a group are in, the larger one first, and what is left for all others."""

    columns: tuple[int, ...]
    room: float


def find_dominated_sums(rows: Sequence[Ints], measures: Floats, fewest: int, rule: Rule) -> Iterator[SmallSum]:
    """Groups that follow and of which one or two employers may have more than they may.

    Parameters
    ----------
    rows : columns in which each row is 1
    measures : (4, n_columns) float64, employers of each column; what its largest one, its largest two, and all have
    fewest : int, employers that a group has at least
    rule : Rule

    Yields
    ------
    SmallSum
    """
    yield from _Search(rows, measures, fewest, rule.max_share).find_groups()


class _Search:
    def __init__(self, rows: Sequence[Ints], measures: Floats, fewest: int, max_share: float) -> None:
        self.n_employers, self.largest, self.both, self.total = measures
        self.fewest, self.max_share = fewest, max_share
        self.rows: dict[int, Row] = dict(Span(rows, len(self.total), -self.total).reduce_rows())
        self.having: dict[int, list[int]] = {}
        for pivot, row in self.rows.items():
            for column in row:
                self.having.setdefault(column, []).append(pivot)
        # columns by what they take for each employer: no others bring more employers within the same room
        there = np.flatnonzero(self.n_employers)
        cheapest = there[np.argsort(self.total[there] / self.n_employers[there], kind="stable")]
        self.taken = np.cumsum(self.total[cheapest])
        self.brought = np.cumsum(np.append(self.n_employers[cheapest], 0))

    def list_hosts(self) -> Iterator[_Hosts]:
        """One column or two with enough room for others, which rows do not keep apart or fill at once."""
        for pivot in sorted(self.rows, key=lambda column: (self.total[column], column)):
            alone = np.array([self.both[pivot] / self.max_share - self.total[pivot]])
            if self._has_enough(self.n_employers[pivot], alone)[0] and self._fits((pivot,), alone[0]):
                yield _Hosts((pivot,), float(alone[0]))
            # a second column that is no larger leaves no more room than one as large
            most = np.array([2 * (1 / self.max_share - 1) * self.total[pivot]])
            if not self._has_enough(self.n_employers[pivot] + self.n_employers.max(), most)[0]:
                continue
            reached = self._reach(pivot, float(most[0]))
            others = np.sort(np.fromiter(reached, dtype=np.int64, count=len(reached)))
            others = others[(self.total[others] <= self.total[pivot]) & (self.total[others] > 0) & (others != pivot)]
            rooms = (self.largest[pivot] + self.largest[others]) / self.max_share
            rooms -= self.total[pivot] + self.total[others]
            chosen = self._has_enough(self.n_employers[pivot] + self.n_employers[others], rooms)
            for other, room in zip(others[chosen].tolist(), rooms[chosen].tolist(), strict=True):
                if self._fits((pivot, other), room):
                    yield _Hosts((pivot, other), room)

    def _has_enough(self, n_employers: Floats, room: Floats) -> NDArray[np.bool_]:
        """Whether columns within the room may bring as many employers as a group has."""
        # one more column than fits, as if a part of one could be taken
        brought = self.brought[np.searchsorted(self.taken, room, side="right")]
        enough: NDArray[np.bool_] = (room > 0) & (n_employers + brought >= self.fewest)
        return enough

    def _fits(self, hosts: tuple[int, ...], room: float) -> bool:
        """Whether nothing that is larger than the room stands beside hosts in the sum of their rows."""
        total: dict[int, int] = {}
        for host in hosts:
            for column, value in self.rows.get(host, {}).items():
                total[column] = total.get(column, 0) + value
        return all(
            self.total[column] <= room or not value % PRIME for column, value in total.items() if column not in hosts
        )

    def _reach(self, start: int, room: float) -> set[int]:
        """Columns that rows of own columns within the room, or one row more, connect with a row's."""
        seen, waiting, reached = {start}, [start], set[int]()
        while waiting:
            for column in self.rows[waiting.pop()]:
                if column not in reached:
                    reached.add(column)
                    reached.update(self.having[column])
                    new = [one for one in self.having[column] if one not in seen and self.total[one] <= room]
                    seen.update(new)
                    waiting += new
        return reached

    def find_groups(self) -> Iterator[SmallSum]:
        """Groups of all hosts, those with least room first."""
        joined = _Joined(self.rows, self.total)
        position = {pivot: at for at, pivot in enumerate(self.rows)}
        sums = SumSearch(list(self.rows.items()), [frozenset([column]) for column in range(len(self.total))])
        amounts = self.total.tolist()
        for hosts in sorted(self.list_hosts(), key=lambda one: (one.room, one.columns)):
            joined.widen(hosts.room)
            own = [host for host in hosts.columns if host in self.rows]
            if len(hosts.columns) == 1 or joined.has_way(hosts.columns[0], hosts.columns[1]):
                weigh = partial(_add_others, amounts, hosts.columns)
                # exactly full is not too full
                most = float(np.nextafter(hosts.room, np.inf))
                yield from sums.start([position[host] for host in own], most, weigh)


class _Joined:
    """Which columns hang together by rows whose own columns are no larger than something that grows."""

    def __init__(self, rows: Mapping[int, Row], total: Floats) -> None:
        self.rows, self.total = rows, total
        self.waiting = sorted(rows, key=lambda column: -total[column])
        self.parent = list(range(len(total)))

    def widen(self, room: float) -> None:
        while self.waiting and self.total[self.waiting[-1]] <= room:
            pivot = self.waiting.pop()
            for column in self.rows[pivot]:
                self.parent[self._find(column)] = self._find(pivot)

    def has_way(self, one: int, other: int) -> bool:
        """Whether the rows of two columns, or the columns, touch the same."""
        first, second = ({self._find(column) for column in self.rows.get(start, (start,))} for start in (one, other))
        return not first.isdisjoint(second)

    def _find(self, column: int) -> int:
        while self.parent[column] != column:
            self.parent[column] = self.parent[self.parent[column]]
            column = self.parent[column]
        return column


def _add_others(amounts: Sequence[float], hosts: Sequence[int], columns: frozenset[int]) -> float:
    return math.fsum(amounts[column] for column in columns if column not in hosts)
