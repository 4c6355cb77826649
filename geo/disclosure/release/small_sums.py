"""Groups of few employers among everything that follows from rows: not those that somebody thought of, but all.

Where rows are reduced so that each is 1 in a column of its own where all others are 0, whatever follows and is a group
(0 or 1 in every column) is the sum of some of them, and holds the own columns of all those. So few employers can only
be behind few of them, and where a sum is neither 0 nor 1 in a column, only rows that are not 0 there can mend it: a
search that ends soon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from geo.disclosure.release.span import PRIME, Row

__all__ = ["find_small_sums"]

# the sum, the rows that it is of, and the employers in their own columns
_Sum = tuple[Row, frozenset[int], frozenset[int]]
# steps of the search from each row
_MOST_STEPS = 3_000


def find_small_sums(
    rows: Sequence[tuple[int, Row]], employers: Sequence[frozenset[int]], fewest: int
) -> Iterator[frozenset[int]]:
    """Groups that follow and may hold few employers.

    Parameters
    ----------
    rows : own column and row of each, as `Span.reduce_rows` gives them
    employers : of each column
    fewest : int, number of employers in own columns from which on a sum is not looked at

    Yields
    ------
    frozenset of columns
    """
    of_column: dict[int, list[int]] = {}
    for at, (_, row) in enumerate(rows):
        for column in row:
            of_column.setdefault(column, []).append(at)
    seen: set[frozenset[int]] = set()
    for start, (pivot, row) in enumerate(rows):
        waiting: list[_Sum] = [(row, frozenset([start]), employers[pivot])]
        for _ in range(_MOST_STEPS):
            if not waiting:
                break
            total, chosen, whose = waiting.pop()
            if chosen in seen or len(whose) >= fewest:
                continue
            seen.add(chosen)
            broken = _find_broken(total, of_column)
            if broken is None:
                yield frozenset(total)
            columns = total if broken is None else (broken,)
            for other in sorted({one for column in columns for one in of_column[column]} - chosen):
                own, added = rows[other]
                waiting.append((_add(total, added), chosen | {other}, whose | employers[own]))


def _find_broken(total: Row, of_column: Mapping[int, Sequence[int]]) -> int | None:
    """The column that is neither 0 nor 1 and that fewest rows could mend."""
    broken = [column for column, value in total.items() if value != 1]
    return min(broken, key=lambda column: (len(of_column[column]), column), default=None)


def _add(first: Row, second: Row) -> Row:
    total = dict(first)
    for column, value in second.items():
        after = (total.get(column, 0) + value) % PRIME
        if after:
            total[column] = after
        else:
            total.pop(column, None)
    return total
