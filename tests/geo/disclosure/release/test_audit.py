"""Nobody works out a small group from releases, whoever holds them all; and somebody does where nothing is withheld."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release.audit import Shown, find_leaks
from geo.disclosure.release.choosing import choose_squares, list_keys
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.sites import CIRCLES, Sites
from geo.disclosure.release.status import mark_repeated
from tests.geo.disclosure.release.made import RULE, join, make_sites, remember, take
from tests.geo.disclosure.release.oracle import find_any_shape, find_derivable

FINEST_M = {"joint-inspection": 1000, "municipality": 2000, "public": 4000}
SEEDS = st.integers(0, 10**6)


def derive(sites: Sites, new: Shown, memories: Sequence[Memory]) -> int:
    """How many small groups the oracle finds."""
    past = [memory.sites for memory in memories]
    found = find_derivable(sites, new, mark_repeated(memories), RULE.min_firms, RULE.max_share, past)
    return sum(map(len, found.values()))


def release(sites: Sites, circle: str, memories: Sequence[Memory], *, audit: bool = True) -> Memory:
    return remember(choose_squares(sites, circle, FINEST_M[circle], memories, RULE, audit=audit), circle, sites)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(5, 90), st.integers(6, 60))
def test_nothing_small_follows_from_one_release(seed: int, n: int, n_employers: int) -> None:
    sites = make_sites(seed, n, n_employers=n_employers)
    assert derive(sites, release(sites, "joint-inspection", []).shown, []) == 0


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(20, 80), st.permutations(CIRCLES), st.integers(1, 3))
def test_nothing_small_follows_from_releases_of_all_circles(
    seed: int, n: int, circles: list[str], n_circles: int
) -> None:
    sites = make_sites(seed, n, n_circles)
    memories: list[Memory] = []
    for circle in circles:
        made = release(sites, circle, memories)
        assert derive(sites, mark_repeated([*memories, made])[-1], memories) == 0
        memories.append(made)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.lists(st.sampled_from(CIRCLES), min_size=2, max_size=3), st.integers(1, 12))
def test_nothing_small_follows_where_records_come_and_go(seed: int, circles: list[str], n_new: int) -> None:
    sites = make_sites(seed, 60, 2)
    memories: list[Memory] = []
    for turn, circle in enumerate(circles):
        made = release(sites, circle, memories)
        assert derive(sites, mark_repeated([*memories, made])[-1], memories) == 0
        memories.append(made)
        kept = np.random.default_rng(seed + turn).random(len(sites)) < 0.9
        sites = join(take(sites, kept), make_sites(seed + turn + 1, n_new, 2))


def spread(seed: int, *, audit: bool) -> int:
    """Groups of any shape that follow from releases of two circles and two days, of few squares."""
    rng = np.random.default_rng(seed)
    sites = make_sites(seed, int(rng.integers(15, 30)), 2, int(rng.integers(2, 4)), n_employers=20)
    memories: list[Memory] = []
    n_found = 0
    for turn in range(2):
        made = release(sites, CIRCLES[rng.integers(3)], memories, audit=audit)
        *earlier, new = mark_repeated([*memories, made])
        past = [memory.sites for memory in memories]
        if sum(len(one.keys) - len(one.repeated) for one in (new, *earlier)) <= 14:
            n_found += len(find_any_shape(sites, new, earlier, RULE.min_firms, RULE.max_share, past))
        memories.append(made)
        kept = np.random.default_rng(seed + turn).random(len(sites)) < 0.92
        sites = join(take(sites, kept), make_sites(seed + turn + 1, int(rng.integers(1, 8)), 2, 3))
    return n_found


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_nothing_small_of_any_shape_follows(seed: int) -> None:
    assert spread(seed, audit=True) == 0


def test_small_groups_of_many_shapes_follow_where_nothing_is_withheld() -> None:
    assert sum(spread(seed, audit=False) > 0 for seed in range(25)) >= 5


def test_small_groups_follow_where_nothing_is_withheld() -> None:
    alone = beside = 0
    for seed in range(40):
        sites = make_sites(seed, 60)
        first = release(sites, "joint-inspection", [], audit=False)
        alone += derive(sites, first.shown, []) > 0
        beside += derive(sites, release(sites, "municipality", [first], audit=False).shown, [first]) > 0
    assert alone >= 10
    assert beside >= 10


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(10, 80), st.integers(1, 3), st.permutations(CIRCLES))
def test_the_audit_finds_leaks_exactly_where_there_are(seed: int, n: int, n_circles: int, circles: list[str]) -> None:
    """Squares that nobody chose with care, some of them left out at random."""
    rng = np.random.default_rng(seed)
    sites = make_sites(seed, n, n_circles)
    shown = []
    for circle in circles:
        keys = list_keys(choose_squares(sites, circle, FINEST_M[circle], [], RULE, audit=False))
        shown.append(Shown(circle, tuple(key for key in keys if rng.random() < 0.8)))
    new, *earlier = shown
    leaks = find_leaks(sites, new, earlier, RULE)
    found = find_derivable(sites, new, earlier, RULE.min_firms, RULE.max_share)
    for layer in ("workplaces", "accommodation"):
        # the audit looks at what remains of rows besides, so it may find more
        if found[layer]:
            assert [leak for leak in leaks if leak.layer == layer]
    for leak in leaks:
        assert leak.n_employers > 0
        assert leak.rows
    if not leaks:
        assert not any(found.values())


def test_a_fault_of_whoever_chose_is_found() -> None:
    sites = make_sites(3, 60)
    made = release(sites, "joint-inspection", [])
    cells = {(layer, sector): cell for layer, sector, cell in made.shown.keys}
    whole = max(cells.values(), key=lambda cell: cell.size_m)
    small = next(
        key
        for key in ((1000, int(n) * 1000, int(e) * 1000) for n, e in zip(sites.northing, sites.easting, strict=True))
        if key not in {(c.size_m, c.northing, c.easting) for c in cells.values()}
    )
    faulty = Shown(made.shown.circle, (*made.shown.keys, ("workplaces", "all", type(whole)(*small))))
    assert find_leaks(sites, made.shown, [], RULE) == ()
    assert find_leaks(sites, faulty, [], RULE)


@pytest.mark.parametrize("audit", [True, False])
def test_records_are_told_of_once(audit: bool) -> None:
    for seed in range(20):
        sites = make_sites(seed, 80, 2)
        for part, partition in choose_squares(sites, "joint-inspection", 1000, [], RULE, audit=audit).items():
            told = np.concatenate([partition.left, *partition.cells.values()])
            assert len(told) == len(set(told.tolist())), part
            inside = sites.layer == ("workplaces", "accommodation").index(part[0])
            if part[1] == "all":
                assert set(told.tolist()) == set(np.flatnonzero(inside).tolist())
