"""Every group of few employers that follows from rows is found, whatever its shape."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release import small_sums
from geo.disclosure.release.audit import Shown, find_leaks
from geo.disclosure.release.rows import ReleaseCell
from geo.disclosure.release.sites import CIRCLES, Sites
from geo.disclosure.release.small_sums import find_small_sums
from geo.disclosure.release.span import Span
from tests.geo.disclosure.release.made import RULE, make_sites, take

N_COLUMNS = 9


def search(rows: list[list[int]], employers: list[frozenset[int]], fewest: int) -> tuple[set[frozenset[int]], bool]:
    """Groups found, and whether the search gave up somewhere."""
    has_many = np.array([len(one) >= fewest for one in employers])
    reduced = Span([np.array(row, dtype=np.int64) for row in rows], N_COLUMNS, 1.0 - has_many).reduce_rows()
    light = [(pivot, row) for pivot, row in reduced if not has_many[pivot]]
    assert not any(has_many[column] for _, row in light for column in row)
    found = list(find_small_sums(light, employers, fewest))
    return {frozenset(one.row) for one in found if not one.is_unknown}, any(one.is_unknown for one in found)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, N_COLUMNS - 1), min_size=1, unique=True), min_size=1, max_size=7),
    st.lists(st.frozensets(st.integers(0, 12), max_size=4), min_size=N_COLUMNS, max_size=N_COLUMNS),
    st.integers(1, 8),
)
def test_all_of_few_employers_are_found(rows: list[list[int]], employers: list[frozenset[int]], fewest: int) -> None:
    """Those that are no two groups side by side, of which each is found."""
    span = Span([np.array(row, dtype=np.int64) for row in rows], N_COLUMNS)
    follows = {
        group
        for chosen in product((False, True), repeat=N_COLUMNS)
        if any(chosen) and (group := frozenset(np.flatnonzero(chosen).tolist())) in span
    }
    few = {group for group in follows if len(frozenset().union(*(employers[one] for one in group))) < fewest}
    whole = {group for group in few if not any(part < group and group - part in follows for part in follows)}
    found, gave_up = search(rows, employers, fewest)
    assert not gave_up
    assert whole <= found <= follows


def test_what_it_cannot_tell_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[0, 1, 2], [2, 3, 4], [4, 5, 0], [1, 3, 5], [0, 2, 4, 6]]
    employers = [frozenset([one]) for one in range(N_COLUMNS)]
    assert not search(rows, employers, 8)[1]
    monkeypatch.setattr(small_sums, "_MOST_STEPS", 1)
    assert search(rows, employers, 8)[1]


def make_two_circles() -> tuple[Sites, Shown, Shown]:
    """Squares of an inner circle, two of which an outer one has as one, in all and by sector."""
    rng = np.random.default_rng(2)
    sites = take(make_sites(2, 400, n_employers=10**6), np.arange(300))
    builds = sites.sector == sites.sectors.index("construction")
    only_inner = builds & (rng.random(len(sites)) < 0.5)
    # two of other sectors
    only_inner[np.flatnonzero(~builds & (sites.layer == 0))[:2]] = True
    sites = replace(sites, circle=np.where(only_inner, 2, 0))
    whole, south = (ReleaseCell(size, 7_000_000, 7_000_000) for size in (4_000, 2_000))
    told = [("workplaces", "all", whole), ("workplaces", "construction", whole)]
    return sites, Shown(CIRCLES[2], (*told, ("workplaces", "all", south))), Shown(CIRCLES[0], tuple(told))


def test_what_circles_differ_in_less_a_sector_is_found() -> None:
    """No two of the five rows tell of those two employers."""
    sites, new, old = make_two_circles()
    assert (2, (0, 1, 2)) in {(leak.n_employers, leak.rows) for leak in find_leaks(sites, new, [old], RULE)}


def test_rows_of_which_it_cannot_tell_are_taken_to_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    sites, new, old = make_two_circles()
    assert all(leak.n_employers for leak in find_leaks(sites, new, [old], RULE))
    monkeypatch.setattr(small_sums, "_MOST_STEPS", 0)
    unknown = [leak for leak in find_leaks(sites, new, [old], RULE) if not leak.n_employers]
    assert unknown
    assert all(leak.rows for leak in unknown)
    # what earlier rows say is said
    assert find_leaks(sites, old, [old], RULE) == ()
