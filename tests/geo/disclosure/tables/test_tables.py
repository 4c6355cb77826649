"""Nobody works out a small cell from the tables that are shared, and somebody does where nothing more is hidden."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.disclosure.tables import (
    Cell,
    Cells,
    Protected,
    Rule,
    TablePlan,
    count_cells,
    disclosure_rule,
    find_derivable,
    protect_tables,
)
from geo.errors import ParameterError
from tests.geo.disclosure.tables.attacker import Key, bound, list_atoms, make_row, solve

CODES = {"sector": ("build", "green", "clean"), "county": ("24", "25"), "month": ("01", "02", "03")}
RULE = Rule(min_firms=3, max_share=0.85)
PLANS = (
    TablePlan("sector by county", ("sector", "county")),
    TablePlan("county by month", ("county", "month")),
    TablePlan("sector by month", ("sector", "month")),
)
_record = st.tuples(*(st.sampled_from(codes) for codes in CODES.values()), st.integers(0, 6).map(str))
RECORDS = st.lists(_record, max_size=40)
SOME_PLANS = st.sets(st.sampled_from(PLANS), min_size=1).map(lambda some: tuple(sorted(some, key=lambda p: p.name)))


def count(records: Iterable[tuple[str, ...]], plans: tuple[TablePlan, ...] = PLANS) -> Cells:
    *columns, firms = list(zip(*records, strict=True)) or [(), (), (), ()]
    return count_cells(plans, CODES, dict(zip(CODES, columns, strict=True)), firms)


def unsafe(cells: Cells, rule: Rule = RULE) -> set[Key]:
    return {key for key, cell in cells.cells.items() if not cell.is_safe(rule)}


@settings(max_examples=80, deadline=None)
@given(RECORDS, SOME_PLANS)
def test_no_small_cell_follows_from_what_is_shared(
    records: list[tuple[str, ...]], plans: tuple[TablePlan, ...]
) -> None:
    cells = count(records, plans)
    shared = protect_tables(cells, RULE)
    assert unsafe(cells) & set(solve(cells.codes, shared.counts)) == set()


@settings(max_examples=25, deadline=None)
@given(RECORDS, SOME_PLANS)
def test_no_small_cell_is_the_only_number_that_it_can_be(
    records: list[tuple[str, ...]], plans: tuple[TablePlan, ...]
) -> None:
    """With the knowledge that no count is below 0; that a cell holds nothing at all may be seen."""
    cells = count(records, plans)
    known = bound(cells.codes, protect_tables(cells, RULE).counts)
    assert {key for key in unsafe(cells) & set(known) if cells.cells[key].count} == set()


def test_the_attacker_wins_where_nothing_else_is_hidden() -> None:
    """Most sets of records lose a small cell to the attacker without complementary suppression."""
    rng, lost = np.random.default_rng(28), 0
    for _ in range(40):
        records = [
            (*(str(rng.choice(codes, p=_steep(len(codes)))) for codes in CODES.values()), str(rng.integers(12)))
            for _ in range(60)
        ]
        cells = count(records)
        open_to_all = protect_tables(cells, RULE, complementary=False)
        worked_out = {key: n for key, n in solve(cells.codes, open_to_all.counts).items() if key in unsafe(cells)}
        assert all(cells.cells[key].count == n for key, n in worked_out.items())
        lost += any(cells.cells[key].count for key in worked_out)
        shared = protect_tables(cells, RULE)
        assert not unsafe(cells) & set(solve(cells.codes, shared.counts))
        assert shared.n_shown > 0
    assert lost >= 25


def _steep(n: int) -> list[float]:
    weights = 4.0 ** -np.arange(n)
    return list(weights / weights.sum())


def test_a_remainder_of_nothing_gives_nobody_away() -> None:
    """All but one cell of a sum are empty, and the sum is shown: that leaves one number for the last."""
    records = [("build", "24", "01", str(k)) for k in range(9)] + [("green", "25", "01", "x")] * 2
    plans = (TablePlan("sector", ("sector",)), TablePlan("county", ("county",)))
    cells = count(records, plans)
    only_rows = protect_tables(cells, RULE, complementary=False)
    # 11 in all, 9 of them in the first sector: the two others have 2 between them
    assert only_rows.counts[()] == 11
    shared = protect_tables(cells, RULE)
    green = (("sector", "green"),)
    assert shared.counts[green] is None
    assert green not in bound(cells.codes, shared.counts)


@settings(max_examples=60)
@given(RECORDS)
def test_every_cell_counts_its_records_and_firms(records: list[tuple[str, ...]]) -> None:
    for key, cell in count(records).cells.items():
        asked = dict(key)
        inside = [row for row in records if all(row[list(CODES).index(name)] == code for name, code in asked.items())]
        sizes = sorted((sum(row[3] == firm for row in inside) for firm in {row[3] for row in inside}), reverse=True)
        assert cell == Cell(len(inside), len(sizes), ((*sizes, 0, 0)[0], (*sizes, 0, 0)[1]))


@settings(max_examples=60)
@given(RECORDS)
def test_what_is_shown_is_safe_and_true_and_nothing_looks_like_too_little(records: list[tuple[str, ...]]) -> None:
    cells = count(records)
    shared = protect_tables(cells, RULE)
    for key, n in shared.counts.items():
        assert n is None or (n == cells.cells[key].count and cells.cells[key].is_safe(RULE))
        if cells.cells[key].count == 0:
            assert n is None
    assert shared.n_shown + shared.n_unsafe + shared.n_complementary == sum(
        n is not None or cells.cells[key].count > 0 for key, n in shared.counts.items()
    )


@settings(max_examples=60)
@given(st.data(), SOME_PLANS)
def test_the_audit_finds_what_elimination_finds(data: st.DataObject, plans: tuple[TablePlan, ...]) -> None:
    cells = count([], plans)
    shown = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells.keys), max_size=len(cells.keys))))
    derivable = find_derivable(cells.incidence, shown)
    counts = {key: 0 if is_shown else None for key, is_shown in zip(cells.keys, shown.tolist(), strict=True)}
    expected = set(solve(cells.codes, counts)) | {key for key, n in counts.items() if n is not None}
    assert {key for key, follows in zip(cells.keys, derivable.tolist(), strict=True) if follows} == expected


def test_rows_are_what_the_headings_say() -> None:
    cells = count([])
    atoms = list_atoms(cells.codes)
    for key, row in zip(cells.keys, cells.incidence.tolist(), strict=True):
        assert row == make_row(key, atoms)


@pytest.mark.parametrize(
    ("cell", "is_safe"),
    [
        (Cell(0, 0, (0, 0)), False),
        (Cell(9, 9, (1, 1)), False),
        (Cell(10, 10, (1, 1)), True),
        # one firm, then two firms, with more than 85 of 100
        (Cell(100, 13, (87, 1)), False),
        (Cell(100, 12, (46, 44)), False),
        (Cell(100, 17, (45, 40)), True),
    ],
)
def test_few_firms_and_large_firms_are_unsafe(cell: Cell, is_safe: bool) -> None:
    assert disclosure_rule() == Rule(10, 0.85)
    assert cell.is_safe(disclosure_rule()) is is_safe


def test_a_year_of_inspections_is_protected_and_something_is_left() -> None:
    """As many visits as a year has, over as many sectors, counties, months and outcomes."""
    rng = np.random.default_rng(4)
    codes = {
        "sector": tuple(f"s{k}" for k in range(12)),
        "county": ("22", "23", "24", "25"),
        "month": tuple(f"{k:02d}" for k in range(1, 13)),
        "outcome": tuple("abcde"),
    }
    weights = {name: rng.dirichlet(np.full(len(some), 2.0)) for name, some in codes.items()}
    records = {name: [str(each) for each in rng.choice(some, 330, p=weights[name])] for name, some in codes.items()}
    firms = [str(firm) for firm in rng.integers(0, 280, 330)]
    plans = (TablePlan("a", ("sector", "county")), TablePlan("b", ("month",)), TablePlan("c", ("outcome",)))
    cells = count_cells(plans, codes, records, firms)
    shared: Protected = protect_tables(cells, disclosure_rule())
    assert shared.counts[()] == 330
    assert shared.n_shown > 15
    hidden = np.array([n is None for n in shared.counts.values()])
    is_unsafe = np.array([not cell.is_safe(disclosure_rule()) for cell in cells.cells.values()])
    assert not (find_derivable(cells.incidence, ~hidden) & is_unsafe).any()


def test_what_cannot_be_counted_is_told_at_once() -> None:
    with pytest.raises(ParameterError) as refused:
        count_cells((TablePlan("t", ("sector", "colour")),), CODES, {"sector": ["build", "mine"]}, ["a", "b"])
    assert "colour" in str(refused.value)
    assert "'mine'" in str(refused.value)


@given(RECORDS)
def test_protection_is_the_same_every_time(records: list[tuple[str, ...]]) -> None:
    assume(len(records) < 15)
    cells = count(records)
    assert dict(protect_tables(cells, RULE).counts) == dict(protect_tables(count(records), RULE).counts)
