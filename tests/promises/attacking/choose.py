"""Groups among sums: which combinations count every column once or not at all, by whole-number programming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, lil_array

from tests.promises.attacking.elimination import NUMBER, Vector

# The longest of the demo region took 71 s beside other work. What has not ended by then has not been attacked.
SECONDS = 600.0
INFEASIBLE = 2


def choose_light(
    pivots: Sequence[tuple[int, Vector]],
    weights: Mapping[int, float],
    most: float,
    hosts: frozenset[int] = frozenset(),
    n_groups: int = 8,
) -> Iterator[tuple[frozenset[int], Fraction]]:
    """Groups that are sums of reduced rows, and the number that each sum has, the lightest first.

    Parameters
    ----------
    pivots : pivot and row, each pivot in no other row
    weights : column to what it weighs; a column without any may be counted or not, and a group of those alone is none
    most : what a group may weigh
    hosts : columns that every group must have
    n_groups : groups that are looked for, each with other employers

    Raises
    ------
    TimeoutError : a search ended without an answer; nothing can be said of what it looked at
    """
    columns = sorted({column for _, row in pivots for column in row if column != NUMBER})
    place_of = {column: place for place, column in enumerate(columns)}
    weight = np.array([weights.get(column, 0) for column in columns], float)
    if not weight.any() or not hosts <= place_of.keys():
        return
    low = np.array([column in hosts for column in columns], float)
    conditions = [
        LinearConstraint(_tell_others(pivots, columns, place_of), 0, 0),
        LinearConstraint(weight[None, :], weight[weight > 0].min(), most),
    ]
    for _ in range(n_groups):
        result = milp(
            weight,
            constraints=conditions,
            integrality=np.ones(len(columns)),
            bounds=Bounds(low, 1),
            options={"time_limit": SECONDS},
        )
        if result.x is None:
            if result.status != INFEASIBLE:
                message = f"no answer about {len(columns)} columns in {SECONDS:g} s: {result.message}"
                raise TimeoutError(message)
            return
        chosen = np.rint(result.x)
        group = frozenset(column for column, is_in in zip(columns, chosen, strict=True) if is_in)
        yield group, _add_numbers(pivots, group)
        # not the same employers again
        other = np.where(weight > 0, 1 - 2 * chosen, 0)
        conditions.append(LinearConstraint(other[None, :], 1 - chosen[weight > 0].sum(), np.inf))


def _tell_others(
    pivots: Sequence[tuple[int, Vector]], columns: Sequence[int], place_of: Mapping[int, int]
) -> csr_array:
    """What each column that is no pivot is, by the pivots."""
    known = {pivot for pivot, _ in pivots}
    free = {column: place for place, column in enumerate(column for column in columns if column not in known)}
    equations = lil_array((max(len(free), 1), len(columns)))
    for column, place in free.items():
        equations[place, place_of[column]] = -1
    for pivot, row in pivots:
        for column, value in row.items():
            if column in free:
                equations[free[column], place_of[pivot]] = value / row[pivot]
    return equations.tocsr()


def _add_numbers(pivots: Sequence[tuple[int, Vector]], group: frozenset[int]) -> Fraction:
    """The number of a group, and that it is one: exactly."""
    total: dict[int, Fraction] = {}
    for pivot, row in pivots:
        if pivot in group:
            for column, value in row.items():
                total[column] = total.get(column, Fraction(0)) + Fraction(value, row[pivot])
    number = total.pop(NUMBER, Fraction(0))
    assert {column: value for column, value in total.items() if value} == dict.fromkeys(group, Fraction(1))
    return number
