"""Somebody outside who holds every shared table and solves for what was left empty; all by itself, without rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
from scipy.optimize import linprog

Key = tuple[tuple[str, str], ...]


def list_atoms(codes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """All combinations of codes, from the tables' headings."""
    return [dict(zip(codes, some, strict=True)) for some in product(*codes.values())]


def make_row(key: Key, atoms: list[dict[str, str]]) -> list[int]:
    return [int(all(atom[name] == code for name, code in key)) for atom in atoms]


def solve(codes: Mapping[str, Sequence[str]], counts: Mapping[Key, int | None]) -> dict[Key, int]:
    """Hidden cells that follow from the shown ones, with their counts: Gauss's elimination in fractions."""
    atoms = list_atoms(codes)
    pivots: list[tuple[int, list[Fraction]]] = []

    def reduce(row: list[Fraction]) -> list[Fraction]:
        for at, pivot in pivots:
            if row[at]:
                factor = row[at]
                row = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        return row

    # the last column is what the row adds up to
    for key, count in counts.items():
        if count is None:
            continue
        row = reduce([Fraction(value) for value in (*make_row(key, atoms), count)])
        at = next((k for k, value in enumerate(row[:-1]) if value), None)
        if at is not None:
            pivots.append((at, [value / row[at] for value in row]))
    found = {}
    for key, count in counts.items():
        if count is None:
            *left, value = reduce([Fraction(one) for one in (*make_row(key, atoms), 0)])
            if not any(left):
                found[key] = int(-value)
    return found


def bound(codes: Mapping[str, Sequence[str]], counts: Mapping[Key, int | None]) -> dict[Key, int]:
    """Hidden cells that can be one number only where no count is below 0, with that number."""
    atoms = list_atoms(codes)
    shown = [key for key, count in counts.items() if count is not None]
    if not shown:
        return {}
    rows = np.array([make_row(key, atoms) for key in shown], dtype=np.float64)
    sums = np.array([counts[key] for key in shown], dtype=np.float64)
    found = {}
    for key, count in counts.items():
        if count is None:
            row = np.array(make_row(key, atoms), dtype=np.float64)
            ends = [linprog(sign * row, A_eq=rows, b_eq=sums, bounds=(0, None), method="highs") for sign in (1.0, -1.0)]
            if all(end.status == 0 for end in ends):
                low, high = float(ends[0].fun), -float(ends[1].fun)
                if high - low < 0.5:
                    found[key] = round(low)
    return found
