"""Groups of few employers among everything that follows from rows: not those that somebody thought of, but all.

What has many employers is in none of them, so rows are first reduced by such columns: those that are left have none.
Each of them is 1 in a column of its own where all others are 0. Whatever follows and is a group (0 or 1 in every
column) is the sum of some of them, and holds the own columns of all those: few employers can only be behind few. Where
a sum is neither 0 nor 1 in a column, only rows that are not 0 there can mend it. Each of these is tried, without those
tried before it, and a sum is given up as soon as what is sure to be in it has too many, or nothing can mend it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from geo.disclosure.release.span import PRIME, Row

__all__ = ["SmallSum", "SumSearch", "find_small_sums"]

# steps of the search from each row
_MOST_STEPS = 3_000
# larger values are fractions modulo the prime
_MOST_VALUE = 1 << 20


@dataclass(frozen=True)
class SmallSum:
    """A group that follows and may have few employers; or a row of which the search did not tell whether one holds it.

    Attributes
    ----------
    row : column to its value, 1 in those of a group
    is_unknown : bool, whether the search gave up, and this is what it set out from
    """

    row: Mapping[int, int]
    is_unknown: bool = False


@dataclass(frozen=True)
class _Sum:
    """A sum of rows, the rows that are not to be added any more, and the employers that are sure to be in it."""

    total: Row
    chosen: frozenset[int]
    without: frozenset[int]
    whose: frozenset[int]


def find_small_sums(
    rows: Sequence[tuple[int, Row]], employers: Sequence[frozenset[int]], fewest: int
) -> Iterator[SmallSum]:
    """Groups that follow and may hold few employers.

    Parameters
    ----------
    rows : own column and row of each, as `Span.reduce_rows` gives them with columns of many employers first, of the
        others
    employers : of each column
    fewest : int, number of employers from which on a sum is not looked at

    Yields
    ------
    SmallSum
    """
    search = SumSearch(rows, employers)
    for start in range(len(rows)):
        if (yield from search.start([start], fewest)):
            # all groups that hold it are known
            search.done.add(start)


class SumSearch:
    """Groups among sums of reduced rows.

    Parameters
    ----------
    rows : own column and row of each, as `Span.reduce_rows` gives them
    employers : of each column
    """

    def __init__(self, rows: Sequence[tuple[int, Row]], employers: Sequence[frozenset[int]]) -> None:
        self.pivots = [pivot for pivot, _ in rows]
        self.rows = [{column: _sign(value) for column, value in row.items()} for _, row in rows]
        self.employers = employers
        self.most: float = 0
        self.weigh: Callable[[frozenset[int]], float] = len
        self.of_column: dict[int, list[int]] = {}
        for at, row in enumerate(self.rows):
            for column in row:
                self.of_column.setdefault(column, []).append(at)
        self.done: set[int] = set()

    def start(
        self, starts: Sequence[int], most: float, weigh: Callable[[frozenset[int]], float] = len
    ) -> Generator[SmallSum, None, bool]:
        """Groups that hold the own columns of some rows, and whether those are all of them.

        Parameters
        ----------
        starts : positions of the rows
        most : weight from which on a sum is not looked at
        weigh : what employers weigh together, never less with more of them; their number when left out
        """
        self.most, self.weigh = most, weigh
        total: Row = {}
        for start in starts:
            total = _add(total, self.rows[start])
        whose = frozenset[int]().union(*(self.employers[self.pivots[start]] for start in starts))
        waiting = [(weigh(whose), 0, _Sum(total, frozenset(starts), frozenset(), whose))]
        n_pushed = 0
        for _ in range(_MOST_STEPS):
            if not waiting:
                return True
            one = heapq.heappop(waiting)[2]
            found = self._find_candidates(one)
            if found is None:
                continue
            is_group, candidates, whose = found
            if is_group:
                yield SmallSum(one.total)
            without = set(one.without)
            for other in candidates:
                if self._has_room(whose, other):
                    n_pushed += 1
                    held = whose | self.employers[self.pivots[other]]
                    added = _add(one.total, self.rows[other])
                    following = _Sum(added, one.chosen | {other}, frozenset(without), held)
                    heapq.heappush(waiting, (weigh(held), n_pushed, following))
                without.add(other)
        if waiting:
            yield SmallSum(total, is_unknown=True)
        return not waiting

    def _find_candidates(self, one: _Sum) -> tuple[bool, list[int], frozenset[int]] | None:
        """Whether a sum is a group, rows one of which any other group that comes of it has, and its sure employers.

        None where no group of few employers can come of it.
        """
        whose = set(one.whose)
        best: list[int] | None = None
        turning: set[int] = set()
        is_open: dict[int, bool] = dict.fromkeys(one.chosen | one.without, False)
        for column, value in one.total.items():
            able = []
            for at in self.of_column[column]:
                if at not in is_open:
                    is_open[at] = at not in self.done and self._has_room(one.whose, at)
                if is_open[at]:
                    able.append(at)
            if value == 1:
                if not able:
                    whose |= self.employers[column]
                # what lies beside a group follows by itself; others take something of it away
                turning.update(at for at in able if not 0 < self.rows[at][column] < _MOST_VALUE)
            elif not self._can_mend(value, column, able):
                return None
            elif best is None or len(able) < len(best):
                best = able
        if self.weigh(frozenset(whose)) >= self.most:
            return None
        return best is None, sorted(turning) if best is None else best, frozenset(whose)

    def _has_room(self, whose: frozenset[int], at: int) -> bool:
        return self.weigh(whose | self.employers[self.pivots[at]]) < self.most

    def _can_mend(self, value: int, column: int, able: Sequence[int]) -> bool:
        """Whether rows can bring a column to 0 or 1."""
        values = [self.rows[at][column] for at in able]
        if any(abs(one) >= _MOST_VALUE for one in (value, *values)):
            return bool(able)
        return value + sum(one for one in values if one < 0) <= 1 and value + sum(one for one in values if one > 0) >= 0


def _sign(value: int) -> int:
    """The value of least size that is the same modulo the prime."""
    return value - PRIME if value > PRIME // 2 else value


def _add(first: Mapping[int, int], second: Mapping[int, int]) -> Row:
    total = dict(first)
    for column, value in second.items():
        after = _sign((total.get(column, 0) + value) % PRIME)
        if after:
            total[column] = after
        else:
            total.pop(column, None)
    return total
