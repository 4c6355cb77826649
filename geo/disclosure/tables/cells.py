"""Cells of tables over the same records: their counts, the firms behind them, and what they are sums of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError, ParameterError
from geo.reference.tables import read_columns

__all__ = ["Cell", "CellKey", "Cells", "Rule", "TablePlan", "count_cells", "disclosure_rule"]

# Dimension and code of each, by dimension; empty for the sum of all records.
CellKey = tuple[tuple[str, str], ...]
# What a row of the audit may hold; more would not fit into memory.
_MAX_ATOMS = 200_000


@dataclass(frozen=True)
class Rule:
    """When a cell may be shown.

    Attributes
    ----------
    min_firms : int, distinct firms that a shown cell has at least
    max_share : float, the most of a cell's count that its largest firm, or its two largest together, may have
    """

    min_firms: int
    max_share: float


@dataclass(frozen=True)
class TablePlan:
    """A table to publish, with all its margins.

    Attributes
    ----------
    name : str
    dimensions : names; none for a single number
    """

    name: str
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A number of a table.

    Attributes
    ----------
    count : int, records
    n_firms : int, distinct firms among them
    largest : tuple of int, records of the largest firm and of the one after it; 0 where there is none
    """

    count: int
    n_firms: int
    largest: tuple[int, int]

    def is_safe(self, rule: Rule) -> bool:
        """Whether it may be shown by itself; an empty cell may not, so that nothing and too little look alike."""
        return self.n_firms >= rule.min_firms and sum(self.largest) <= rule.max_share * self.count


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of some tables over the same records.

    Attributes
    ----------
    codes : dimension to its codes, whether any record has them or not
    plans : the tables
    cells : key to Cell, of every table and margin, each once
    """

    codes: Mapping[str, tuple[str, ...]]
    plans: tuple[TablePlan, ...]
    cells: Mapping[CellKey, Cell]

    @cached_property
    def keys(self) -> tuple[CellKey, ...]:
        """Keys in their order."""
        return tuple(self.cells)

    @cached_property
    def position(self) -> Mapping[CellKey, int]:
        """Where each key stands."""
        return {key: at for at, key in enumerate(self.keys)}

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """Records of each cell, (n_cells,) float64."""
        return np.array([cell.count for cell in self.cells.values()], dtype=np.float64)

    @cached_property
    def incidence(self) -> NDArray[np.float64]:
        """Which combinations of all dimensions' codes each cell is the sum of, (n_cells, n_atoms) float64, 0 or 1.

        This is what anybody knows who knows the tables' headings.
        """
        sizes = [len(codes) for codes in self.codes.values()]
        rows = np.ones((len(self.cells), *sizes), dtype=np.float64)
        for at, key in enumerate(self.keys):
            for name, code in key:
                axis = list(self.codes).index(name)
                keep = np.zeros(sizes[axis])
                keep[self.codes[name].index(code)] = 1.0
                rows[at] *= keep.reshape([-1 if k == axis else 1 for k in range(len(sizes))])
        return rows.reshape(len(self.cells), -1)


def disclosure_rule() -> Rule:
    """The rule of the reference table ``disclosure_parameters``.

    Raises
    ------
    ConfigError
        One of its numbers is missing.
    """
    values = dict(read_columns("disclosure_parameters", "name", "value"))
    missing = [name for name in ("min_firms", "max_share") if name not in values]
    if missing:
        message = f"Reference table disclosure_parameters is broken: no row {', '.join(missing)}. Add it."
        raise ConfigError(message)
    return Rule(int(values["min_firms"]), float(values["max_share"]))


def count_cells(
    plans: Sequence[TablePlan],
    codes: Mapping[str, Sequence[str]],
    records: Mapping[str, Sequence[str]],
    firms: Sequence[str],
) -> Cells:
    """Count records and firms in every cell of some tables and their margins.

    Parameters
    ----------
    plans : tables over the same records; together they are what somebody outside would hold
    codes : dimension to all codes that it has, those without records too
    records : dimension to (n,) codes of the records
    firms : (n,) str, which firm each record is of; records whose firm is not known share one, ``""``

    Returns
    -------
    Cells

    Raises
    ------
    ParameterError
        A dimension is missing, a record has a code that its dimension does not, or the tables have too many dimensions.
    """
    used = {name: tuple(codes[name]) for plan in plans for name in plan.dimensions if name in codes}
    failures = [
        f"{plan.name}: there is no dimension {name}" for plan in plans for name in plan.dimensions if name not in codes
    ]
    failures += [f"{name}: records do not have it" for name in used if name not in records]
    lengths = {len(firms), *(len(records[name]) for name in used if name in records)}
    if len(lengths) > 1:
        failures.append("dimensions and firms need one length")
    for name, some in used.items():
        strange = sorted(set(records.get(name, ())) - set(some))
        if strange:
            failures.append(f"{name}: records have codes that it does not: {', '.join(map(repr, strange))}")
    n_atoms = math.prod(len(some) for some in used.values())
    if n_atoms > _MAX_ATOMS:
        failures.append(f"tables over {n_atoms} combinations cannot be audited; at most {_MAX_ATOMS}")
    if failures:
        message = f"No tables can be counted: {'; '.join(failures)}."
        raise ParameterError(message)
    keys = dict.fromkeys(key for plan in plans for key in _list_keys(plan, used))
    columns = {name: np.asarray(records[name], dtype=object) for name in used}
    names = np.asarray(firms, dtype=object)
    return Cells(used, tuple(plans), {key: _count(key, columns, names) for key in keys})


def _list_keys(plan: TablePlan, codes: Mapping[str, tuple[str, ...]]) -> list[CellKey]:
    """Cells of a table: its inside, and the margins over every choice of its dimensions."""
    names = sorted(plan.dimensions)
    return [
        tuple(zip(some, chosen, strict=True))
        for size in range(len(names) + 1)
        for some in combinations(names, size)
        for chosen in product(*(codes[name] for name in some))
    ]


def _count(key: CellKey, columns: Mapping[str, NDArray[np.object_]], firms: NDArray[np.object_]) -> Cell:
    inside = np.ones(len(firms), dtype=bool)
    for name, code in key:
        inside &= columns[name] == code
    sizes: dict[str, int] = {}
    for firm in firms[inside].tolist():
        sizes[firm] = sizes.get(firm, 0) + 1
    first, second, *_ = [*sorted(sizes.values(), reverse=True), 0, 0]
    return Cell(int(inside.sum()), len(sizes), (first, second))
