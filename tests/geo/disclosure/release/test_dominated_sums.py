"""Where one or two employers have nearly all of a group that follows from rows, however large, one is found."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release.audit import Shown, find_leaks
from geo.disclosure.release.dominated_sums import find_dominated_sums
from geo.disclosure.release.rows import ReleaseCell
from geo.disclosure.release.sites import CIRCLES
from geo.disclosure.release.span import Span
from tests.geo.disclosure.release.made import RULE, make_sites, take

N_COLUMNS = 9
SIZES = st.lists(st.integers(0, 4) | st.integers(10, 60), max_size=4)


def is_dominated(sizes: list[list[int]], group: frozenset[int]) -> bool:
    found = sorted(size for column in group for size in sizes[column])
    return sum(found[-2:]) > RULE.max_share * sum(found) + 1e-9


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, N_COLUMNS - 1), min_size=1, unique=True), min_size=1, max_size=7),
    st.lists(SIZES, min_size=N_COLUMNS, max_size=N_COLUMNS),
)
def test_where_there_is_one_one_is_found(rows: list[list[int]], sizes: list[list[int]]) -> None:
    arrays = [np.array(row, dtype=np.int64) for row in rows]
    span = Span(arrays, N_COLUMNS)
    follows = {
        group
        for chosen in product((False, True), repeat=N_COLUMNS)
        if any(chosen) and (group := frozenset(np.flatnonzero(chosen).tolist())) in span
    }
    measures = np.array(
        [[len(some), max(some, default=0), sum(sorted(some)[-2:]), sum(some)] for some in sizes], dtype=float
    ).T
    found = list(find_dominated_sums(arrays, measures, 0, RULE))
    assert not any(one.is_unknown for one in found)
    groups = {frozenset(one.row) for one in found}
    assert groups <= follows
    dominated = {group for group in follows if is_dominated(sizes, group)}
    assert any(group in dominated for group in groups) == bool(dominated)


def test_a_large_group_of_no_shape_is_withheld() -> None:
    """What two circles differ in, less a sector: thirty employers, of which one has nearly all."""
    rng = np.random.default_rng(4)
    sites = take(make_sites(2, 400, n_employers=10**6), np.arange(300))
    builds = sites.sector == sites.sectors.index("construction")
    inner = builds & (rng.random(len(sites)) < 0.5)
    others = np.flatnonzero(~builds & (sites.layer == 0))[:30]
    inner[others] = True
    size = sites.size.copy()
    size[sites.layer == 0] = 100
    size[others] = 1
    size[others[0]] = 1_000
    whole, south = (ReleaseCell(side, 7_000_000, 7_000_000) for side in (4_000, 2_000))
    told = [("workplaces", "all", whole), ("workplaces", "construction", whole)]
    new, old = Shown(CIRCLES[2], (*told, ("workplaces", "all", south))), Shown(CIRCLES[0], tuple(told))

    def find(amounts: np.ndarray) -> set[int]:
        changed = replace(sites, circle=np.where(inner, 2, 0), size=amounts)
        return {leak.n_employers for leak in find_leaks(changed, new, [old], RULE)}

    assert 30 in find(size)
    size[others[0]] = 1
    assert 30 not in find(size)
