"""Which sums of groups follow from sums that are published: elimination without rounding.

A row is a mapping of column to whole number; columns that are not named are 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import gcd

Vector = dict[int, int]
# the column in which a row carries its published number along
NUMBER = -1


def reduce_rows(rows: Iterable[Mapping[int, int]], first: Iterable[int] = ()) -> dict[int, Vector]:
    """Reduced row echelon form, in whole numbers: pivot column to the row that has it alone.

    Columns of `first` become pivots before all others: a row whose pivot is not among them does not touch them at all,
    and such rows together are all sums that leave them out.
    """
    earlier = frozenset(first)
    echelon: dict[int, Vector] = {}
    pivots_with: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        left = _reduce({column: value for column, value in row.items() if value}, echelon)
        # numbers may contradict each other, where rows stand for records of different days
        if left.keys() <= {NUMBER}:
            continue
        pivot = min(left.keys() - {NUMBER}, key=lambda column: (column not in earlier, column))
        for other in list(pivots_with[pivot]):
            changed = _combine(echelon[other], left, pivot)
            for column in echelon[other].keys() - changed.keys():
                pivots_with[column].discard(other)
            for column in changed:
                pivots_with[column].add(other)
            echelon[other] = changed
        echelon[pivot] = left
        for column in left:
            pivots_with[column].add(pivot)
    return echelon


def spans(echelon: Mapping[int, Vector], wanted: Mapping[int, int]) -> bool:
    """Whether a sum follows from those that were reduced."""
    return _reduce({column: value for column, value in wanted.items() if value}, echelon).keys() <= {NUMBER}


def split_rows(rows: Sequence[Vector]) -> list[list[tuple[int, Vector]]]:
    """Reduced rows with their pivots, in sets that share no column."""
    owners: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for column in row.keys() - {NUMBER}:
            owners[column].append(place)
    seen: set[int] = set()
    sets = []
    for start in range(len(rows)):
        if start in seen:
            continue
        seen.add(start)
        stack, found = [start], []
        while stack:
            place = stack.pop()
            found.append(place)
            for column in rows[place].keys() - {NUMBER}:
                for other in owners[column]:
                    if other not in seen:
                        seen.add(other)
                        stack.append(other)
        pivot_of = {place: next(c for c in rows[place] if owners.get(c) == [place]) for place in found}
        sets.append([(pivot_of[place], rows[place]) for place in sorted(found)])
    return sets


def _reduce(row: Vector, echelon: Mapping[int, Vector]) -> Vector:
    # a reduced row has no pivot but its own, so that taking one away brings no other
    for pivot in [column for column in row if column in echelon]:
        row = _combine(row, echelon[pivot], pivot)
    return row


def _combine(row: Vector, other: Vector, pivot: int) -> Vector:
    """`row` less as much of `other` as takes the pivot away."""
    a, b = row[pivot], other[pivot]
    common = gcd(a, b)
    times, less = b // common, a // common
    if times < 0:
        times, less = -times, -less
    result = {column: value * times for column, value in row.items()} if times != 1 else dict(row)
    for column, value in other.items():
        new = result.get(column, 0) - less * value
        if new:
            result[column] = new
        else:
            result.pop(column, None)
    common = gcd(*result.values()) if result else 1
    return {column: value // common for column, value in result.items()} if common > 1 else result
