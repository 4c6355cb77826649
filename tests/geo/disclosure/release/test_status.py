"""Nothing that is published of a square changes until as many employers have come and gone in it as a row needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release.audit import Shown, find_leaks
from geo.disclosure.release.choosing import choose_squares
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.sites import CIRCLES, Sites
from geo.disclosure.release.status import mark_repeated
from tests.geo.disclosure.release.made import RULE, SECTORS, join, make_sites, remember, take
from tests.geo.disclosure.release.test_audit import FINEST_M, release

INNER = "joint-inspection"
# layer, sector, side in km, km north, km east
Square = tuple[str, str, int, int, int]
PARTS = (("workplaces", "all"), ("workplaces", "green"), ("workplaces", "construction"), ("accommodation", "all"))


def list_rows(memory: Memory) -> dict[Square, int]:
    """Numbers by square."""
    return {
        (layer, sector, cell.size_m // 1000, cell.northing // 1000, cell.easting // 1000): n
        for (layer, sector, cell), n in zip(memory.shown.keys, memory.n_employers, strict=True)
    }


def count_inside(memory: Memory, finest_km: int) -> Mapping[Square, set[int]]:
    """Who is in each square, of every size, less the finer rows of its sector and layer."""
    sites, rows = memory.sites, list_rows(memory)
    inside: dict[Square, set[int]] = {}
    for at in range(len(sites)):
        for layer, sector in PARTS:
            if ("workplaces", "accommodation").index(layer) != sites.layer[at]:
                continue
            if sector != "all" and sites.sectors[sites.sector[at]] != sector:
                continue
            if CIRCLES[sites.circle[at]] not in CIRCLES[: CIRCLES.index(memory.shown.circle) + 1]:
                continue
            side = finest_km
            while side <= 256:
                north, east = int(sites.northing[at]) // side * side, int(sites.easting[at]) // side * side
                square = (layer, sector, side, north, east)
                inside.setdefault(square, set()).add(int(sites.employer[at]))
                if square in rows:
                    break
                side *= 2
    return inside


def find_broken(chain: Sequence[Memory], finest_km: int, k: int) -> list[tuple[int, Square]]:
    """Squares that became a row, none, or another number before k employers had come or gone since it was decided."""
    broken = []
    decided = dict(count_inside(chain[0], finest_km))
    for turn, (before, after) in enumerate(pairwise(chain)):
        old, new, now = list_rows(before), list_rows(after), count_inside(after, finest_km)
        for square in {*decided, *now, *old, *new}:
            there = now.get(square, set())
            if len(decided.get(square, set()) ^ there) >= k:
                decided[square] = there
            elif old.get(square) != new.get(square):
                broken.append((turn, square))
    return broken


def change(sites: Sites, seed: int, n_gone: int, n_new: int) -> Sites:
    """So many records go and come, of employers that were not there."""
    rng = np.random.default_rng(seed)
    gone = rng.choice(len(sites), min(n_gone, len(sites)), replace=False)
    new = make_sites(seed, n_new, 2)
    new = replace(new, employer=new.employer + np.uint64(1_000 * (seed + 1)))
    return join(take(sites, ~np.isin(np.arange(len(sites)), gone)), new)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(20, 90),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=4),
    st.sampled_from([CIRCLES[-1], CIRCLES[1]]),
)
def test_nothing_changes_until_enough_have_come_or_gone(
    seed: int, n: int, changes: list[tuple[int, int]], circle: str
) -> None:
    sites = make_sites(seed, n, 2, n_employers=60)
    chain = [release(sites, circle, [])]
    for turn, (n_gone, n_new) in enumerate(changes):
        sites = change(sites, seed + turn, n_gone, n_new)
        chain.append(release(sites, circle, chain))
    assert find_broken(chain, FINEST_M[circle] // 1000, RULE.min_firms) == []


def test_it_does_where_nothing_is_kept() -> None:
    n_broken = 0
    for seed in range(10):
        sites = make_sites(seed, 60, 2, n_employers=60)
        first = release(sites, INNER, [])
        sites = change(sites, seed, 2, 2)
        second = remember(choose_squares(sites, INNER, 1000, [first], RULE, keep=False), INNER, sites)
        n_broken += bool(find_broken([first, second], 1, RULE.min_firms))
    assert n_broken >= 8


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from(CIRCLES), min_size=3, max_size=5))
def test_nothing_changes_either_where_other_circles_are_told_between(seed: int, circles: list[str]) -> None:
    sites = make_sites(seed, 70, 3, n_employers=60)
    memories: list[Memory] = []
    for turn, circle in enumerate(circles):
        memories.append(release(sites, circle, memories))
        sites = change(sites, seed + turn, 2, 2)
    for circle in CIRCLES:
        chain = [memory for memory in memories if memory.shown.circle == circle]
        if chain:
            assert find_broken(chain, FINEST_M[circle] // 1000, RULE.min_firms) == []


def firms(n: int, first: int = 0, km: int = 7_000) -> Sites:
    """So many construction firms in one square."""
    sites = take(make_sites(0, 400), np.flatnonzero(make_sites(0, 400).layer == 0)[:n])
    place = np.full(n, km * 1000.0 + 500)
    numbers = np.arange(first, first + n, dtype=np.uint64)
    sector = np.full(n, SECTORS.index("construction"))
    return replace(
        sites, y=place, x=place, size=np.ones(n), employer=numbers, record=numbers, sector=sector, circle=sector * 0
    )


@pytest.mark.parametrize("counts", [(5, 3, 4), (3, 2), (3, 5, 4), (2, 3, 4), (0, 2), (2, 0), (0, 1, 2, 1)])
def test_a_square_stays_a_row_or_none(counts: Sequence[int]) -> None:
    rest = join(firms(20, 100, 7_100), firms(20, 200, 7_120))
    chain: list[Memory] = []
    for n in counts:
        chain.append(release(join(firms(n), rest) if n else rest, INNER, chain))
    assert [list_rows(one) for one in chain] == [list_rows(chain[0])] * len(chain)
    assert find_leaks(chain[-1].sites, mark_repeated(chain)[-1], mark_repeated(chain)[:-1], RULE) == ()


@pytest.mark.parametrize(("counts", "is_row"), [((5, 2), False), ((5, 6, 7, 8), True), ((5, 4, 3, 2), False)])
def test_changes_count_from_when_it_was_decided(counts: Sequence[int], is_row: bool) -> None:
    """Few at a time: the square changes when enough have changed in all, and not before."""
    rest = join(firms(20, 100, 7_100), firms(20, 200, 7_120))
    chain: list[Memory] = []
    for n in counts:
        chain.append(release(join(firms(n), rest), INNER, chain))
    key = ("workplaces", "construction", 1, 7_000, 7_000)
    told = [list_rows(one).get(key) for one in chain]
    assert told[:-1] == [told[0]] * (len(told) - 1)
    assert told[-1] == (counts[-1] if is_row else None)
    assert told[0] != told[-1]


def test_what_is_new_beside_what_is_kept_is_audited_with_what_that_was() -> None:
    """A kept row stands for what its square was: a new row of that less a few gives those few away."""
    rest = firms(20, 100, 7_100)
    first = release(join(firms(6), rest), INNER, [])
    second = release(join(firms(5), rest), INNER, [first])
    shown = mark_repeated([first, second])
    assert shown[1].repeated == frozenset(shown[1].keys)
    assert find_leaks(second.sites, shown[1], shown[:1], RULE, [first.sites]) == ()
    inner = replace(firms(6), circle=np.array([0, 0, 0, 0, 0, 2]))
    of_few = Shown(CIRCLES[0], (("workplaces", "all", shown[0].keys[0][2]),))
    assert find_leaks(join(inner, rest), of_few, shown[:2], RULE, [first.sites])
