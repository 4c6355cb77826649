"""Groups of which the published numbers leave no other choice: linear programming over what no number contradicts.

A row that shows n stands for n − noise to n + noise employers, and for k at least. No part holds fewer than none. Rows
of one day only: those of several days may contradict each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import bmat, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from tests.promises.attacking.seen import ALL, SEES, list_rows, squares_over
from tests.promises.attacking.sums import Recovery, Sums
from tests.promises.attacking.truth import K, count_employers

# parts that are in the group for sure, and those that may be in it in part
Target = tuple[frozenset[int], frozenset[int]]
ROUNDING = 1e-6


@dataclass(frozen=True)
class Claim:
    """A group that bounds prove to hold from 1 to k−1 employers."""

    inner: frozenset[int]
    outer: frozenset[int]
    low: int
    high: int


def find_by_bounds(sums: Sums, noise: int) -> Iterator[Recovery]:
    """Squares, differences of rows, and single parts that are proved to hold 1…k−1, and do.

    Groups that do not hold so few need no proof: those are not looked at.
    """
    solver = _Solver(sums, noise)
    for inner, outer in sorted(_list_targets(sums), key=str):
        n = count_employers(sums.gather(outer))
        if not 0 < n < K:
            continue
        claim = solver.bound(inner, outer)
        if claim is not None and claim.low <= n <= claim.high:
            yield Recovery(f"bounds {claim.low} to {claim.high}", sums.gather(outer), n)


class _Solver:
    """Programs over rows that hang together."""

    def __init__(self, sums: Sums, noise: int) -> None:
        rows = list_rows(sums.releases)
        places = [(row, column) for column, part in enumerate(sums.parts) for row in part]
        down, across = zip(*places, strict=True) if places else ((), ())
        self.matrix = csr_array((np.ones(len(places)), (down, across)), shape=(len(rows), len(sums.parts)))
        shown = np.array([row.n for row in rows], float)
        self.low, self.high = np.maximum(shown - noise, np.minimum(K, shown)), shown + noise
        self.blocks: dict[int, tuple[list[int], csr_array, NDArray[np.float64]]] = {}
        for chosen, columns in self._split():
            matrix = self.matrix[chosen][:, columns]
            block = columns, vstack([matrix, -matrix]), np.concatenate([self.high[chosen], -self.low[chosen]])
            self.blocks |= dict.fromkeys(columns, block)

    def bound(self, inner: frozenset[int], outer: frozenset[int]) -> Claim | None:
        """What bounds prove of a group, if it is that it has 1 to k−1 employers."""
        blocks = {id(block): block for block in (self.blocks[column] for column in outer)}
        most = sum(-self._solve(block, outer, -1) for block in blocks.values())
        if not math.floor(most + ROUNDING) < K:
            return None
        least = sum(self._solve(block, inner, 1) for block in blocks.values())
        if math.isnan(least) or math.ceil(least - ROUNDING) < 1:
            return None
        return Claim(inner, outer, math.ceil(least - ROUNDING), math.floor(most + ROUNDING))

    def _solve(
        self, block: tuple[list[int], csr_array, NDArray[np.float64]], group: frozenset[int], cost: int
    ) -> float:
        columns, matrix, most = block
        result = linprog([cost if column in group else 0 for column in columns], A_ub=matrix, b_ub=most)
        return float(result.fun) if result.status == 0 else math.nan

    def _split(self) -> Iterator[tuple[list[int], list[int]]]:
        n_rows = self.matrix.shape[0]
        joined = csr_array(bmat([[None, self.matrix], [self.matrix.T, None]]))
        _, labels = connected_components(joined, directed=False)
        for label in np.unique(labels[n_rows:]):
            members = np.flatnonzero(labels == label)
            yield members[members < n_rows].tolist(), (members[members >= n_rows] - n_rows).tolist()


def _list_targets(sums: Sums) -> set[Target]:
    """Groups that somebody would ask for."""
    targets = {(frozenset({place}), frozenset({place})) for place in range(len(sums.parts))}
    of_row: dict[int, set[int]] = defaultdict(set)
    parts = list(sums.parts)
    for place, part in enumerate(parts):
        for row in part:
            of_row[row].add(place)
    for one in of_row.values():
        # a row that counts all of another's counts whatever of it one chooses
        for other in parts[min(one)]:
            if one < of_row[other]:
                rest = frozenset(of_row[other] - one)
                targets.add((rest, rest))
    return targets | _list_squares(sums)


def _list_squares(sums: Sums) -> set[Target]:
    """Squares of every size, of each sector and of all, as each circle sees them."""
    inner: dict[object, set[int]] = defaultdict(set)
    outer: dict[object, set[int]] = defaultdict(set)
    for place, atoms in enumerate(sums.parts.values()):
        within: dict[object, int] = defaultdict(int)
        for layer, sector, seen_by, leaf in atoms:
            for circle in (circle for circle, seen in SEES.items() if seen_by in seen):
                for asked in {sector, ALL}:
                    for square in squares_over(leaf[1:]):
                        if square[0] >= leaf[0]:
                            within[layer, asked, circle, square] += 1
        for target, n in within.items():
            outer[target].add(place)
            if n == len(atoms):
                inner[target].add(place)
    return {(frozenset(inner[target]), frozenset(found)) for target, found in outer.items() if inner[target]}
