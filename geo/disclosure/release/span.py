"""Which sums follow from other sums by adding and subtracting: elimination on sparse rows, without rounding.

Rows are eliminated over the integers modulo a large prime. What lies in the span of the rows in fractions lies in it so
as well, unless the prime divides a denominator; what does not could only do so by an accident of the same kind, and
would then be withheld for nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRIME", "Span"]

# a Mersenne prime
PRIME = 2**61 - 1

Row = dict[int, int]


class Span:
    """What rows span.

    Parameters
    ----------
    rows : columns in which each row is 1, or columns to values modulo `PRIME`
    n_columns : int
    order : (n_columns,) float64, optional; columns of less become pivots before all of more: a row has no column before
        its own pivot's, and rows of the pivots from some value on are all sums that leave columns of less out
    """

    def __init__(
        self,
        rows: Sequence[NDArray[np.int64] | Mapping[int, int]],
        n_columns: int,
        order: NDArray[np.float64] | None = None,
    ) -> None:
        values = [dict(row) if isinstance(row, Mapping) else dict.fromkeys(row.tolist(), 1) for row in rows]
        degree = [0] * n_columns
        for row in values:
            for column in row:
                degree[column] += 1
        ranks = np.zeros(n_columns) if order is None else order
        self._rank: list[tuple[float, int]] = list(zip(ranks.tolist(), degree, strict=True))
        # column to when it became a pivot; pivot to its row and to what the row is made of
        self._order: dict[int, int] = {}
        self._pivots: list[tuple[int, Row, Row]] = []
        # short rows first: longer ones that hold them lose their columns instead of gaining others
        for at in sorted(range(len(values)), key=lambda one: (len(values[one]), one)):
            self._add(values[at], at)

    def express(self, columns: Iterable[int]) -> Mapping[int, int] | None:
        """With what factors (modulo the prime) rows add up to the row that is 1 in some columns; None: they cannot."""
        return self.express_row(dict.fromkeys(columns, 1))

    def express_row(self, row: Mapping[int, int]) -> Mapping[int, int] | None:
        """The same of a row of any values."""
        left, made = self._reduce(row, {})
        return None if left else {row: -factor % PRIME for row, factor in made.items()}

    def __contains__(self, columns: Iterable[int]) -> bool:
        return self.express(columns) is not None

    def reduce_rows(self) -> list[tuple[int, Row]]:
        """Rows of the same span, each 1 in a pivot column of its own where all others are 0, values modulo `PRIME`.

        A row of 0 and 1 lies in the span only as the sum of some of these: of those in whose pivot columns it is 1.

        Returns
        -------
        list of pivot column and row
        """
        done: dict[int, Row] = {}
        for pivot, row, _ in reversed(self._pivots):
            left = dict(row)
            for column in [one for one in row if one in done]:
                factor = left[column]
                for other, value in done[column].items():
                    after = (left.get(other, 0) - factor * value) % PRIME
                    if after:
                        left[other] = after
                    else:
                        left.pop(other, None)
            done[pivot] = left
        return list(reversed(done.items()))

    def _add(self, row: Row, at: int) -> None:
        left, made = self._reduce(row, {at: 1})
        if not left:
            return
        pivot = min(left, key=lambda column: (*self._rank[column], column))
        inverse = pow(left[pivot], -1, PRIME)
        normal = {column: value * inverse % PRIME for column, value in left.items()}
        self._order[pivot] = len(self._pivots)
        self._pivots.append((pivot, normal, {one: factor * inverse % PRIME for one, factor in made.items()}))

    def _reduce(self, row: Mapping[int, int], made: Row) -> tuple[Row, Row]:
        """A row without pivot columns, and what was added to it of which rows."""
        left, parts = dict(row), dict(made)
        # the row of a pivot holds later pivots at most
        waiting = [self._order[column] for column in left if column in self._order]
        heapq.heapify(waiting)
        while waiting:
            column, pivot_row, pivot_made = self._pivots[heapq.heappop(waiting)]
            factor = left.get(column, 0)
            if not factor:
                continue
            for other, value in pivot_row.items():
                before = left.get(other)
                after = ((before or 0) - factor * value) % PRIME
                if after:
                    left[other] = after
                elif before is not None:
                    del left[other]
                if before is None and other in self._order:
                    heapq.heappush(waiting, self._order[other])
            for one, value in pivot_made.items():
                parts[one] = (parts.get(one, 0) - factor * value) % PRIME
        return left, {one: factor for one, factor in parts.items() if factor}
