"""Promise: what is shared reveals no small group, however much of it somebody has and whatever they work out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release import Release, Scope, build_release, parse_cell_id, select_rows
from tests.frames import make_accommodation, make_finding, make_report, make_visit, make_workplace
from tests.promises.attacker import compare_releases, keep_right, recover_by_bounds, recover_by_sums, recover_small
from tests.promises.attacking.naive import share_by_itself
from tests.promises.attacking.seen import Published, lies_within, read_rows
from tests.promises.attacking.truth import count_employers, count_rows, is_unsafe, read_records
from tests.promises.attacking.worlds import (
    CIRCLES,
    COARSE_FIRST,
    KEY,
    NOW,
    TRADES,
    Rows,
    at_place,
    change_rows,
    make_rows,
    release_all,
    score_rows,
)

OFF = {"audit": False, "noise": False, "keep": False}
SEEDS = (1, 9)
MANY = range(1, 41)
ORDERS = pytest.mark.parametrize("circles", [CIRCLES, COARSE_FIRST], ids=["fine_first", "coarse_first"])
# employers, industry, circle and place
GROUPS = st.tuples(
    st.integers(1, 14),
    st.sampled_from(sorted(TRADES.values())),
    st.sampled_from(CIRCLES),
    st.tuples(st.sampled_from((0, 1, 9)), st.sampled_from((0, 1, 9))),
)
INNER = "joint-inspection"


def firms(n: int, column: int, row: int, first: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Construction firms with one site each in one square."""
    return [
        make_workplace(
            first + number, employer_id=f"f{first + number:05d}", employees=3.0, **at_place(column, row), **more
        )
        for number in range(n)
    ]


def town(n: int) -> Rows:
    """A square with n firms far from a town of thirty."""
    rest = [firm for at in range(3) for firm in firms(10, 8 + at, 9 + at % 2, 1000 + 100 * at)]
    return {"workplaces": firms(n, 0, 0) + rest}


def release_after(before: Rows, after: Rows, circle: str = INNER) -> tuple[Published, Published]:
    """Releases of a region and, a month later, of another, or of the same with other records."""
    first = build_release(score_rows(before), circle, KEY, now=NOW)
    second = build_release(score_rows(after), circle, KEY, [first.memory], now=NOW + timedelta(days=30))
    return read_rows(0, circle, first.release.rows), read_rows(1, circle, second.release.rows)


# ---- the attack bites ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_without_audit_and_noise_the_attack_wins(seed: int) -> None:
    releases, records, _ = release_all([make_rows(seed)], **OFF)
    # the attacker knows what a number counts
    for release, known in zip(releases, records, strict=True):
        counted = count_rows(release, known)
        assert [row.n for row in release.rows] == [count_employers(counted[row.key]) for row in release.rows]
    assert len(keep_right(recover_by_sums(releases, records[0]))) >= 2
    assert recover_by_bounds(releases, records[0], noise=0)


@pytest.mark.long
def test_it_wins_in_nearly_every_region() -> None:
    won = [_attack_unguarded(seed) for seed in MANY]
    assert sum(won) >= 36


def _attack_unguarded(seed: int) -> bool:
    releases, records, _ = release_all([make_rows(seed)], **OFF)
    return bool(keep_right(recover_by_sums(releases, records[0])))


@pytest.mark.parametrize("seed", SEEDS)
def test_links_that_look_at_no_other_give_small_groups_away(seed: int) -> None:
    frames = score_rows(make_rows(seed)).layers
    records = read_records(frames, date(2026, 7, 15))
    links = [
        share_by_itself(number, records, INNER, size_m) for number, size_m in enumerate((1000, 2000, 4000, 8000, 16000))
    ]
    assert len(keep_right(recover_by_sums(links, records))) >= 5


def test_without_keeping_to_earlier_numbers_a_single_change_tells() -> None:
    before, after = town(20), town(19)
    first, second = (
        read_rows(0, INNER, build_release(score_rows(rows), INNER, KEY, now=NOW, keep=False, noise=False).release.rows)
        for rows in (before, after)
    )
    assert compare_releases(first, second)


# ---- one moment ------------------------------------------------------------------------------------------------


@ORDERS
@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_group_follows_from_all_releases_of_a_day(seed: int, circles: tuple[str, ...]) -> None:
    releases, records, built = release_all([make_rows(seed)], circles)
    for release, known in zip(releases, records, strict=True):
        counted = count_rows(release, known)
        assert not [row for row in release.rows if is_unsafe(counted[row.key])]
    found = recover_by_sums(_add_links(releases, [one.release for one in built]), records[0])
    assert [str(recovery) for recovery in found] == []
    assert [str(recovery) for recovery in recover_by_bounds(releases, records[0])] == []


def _add_links(releases: Sequence[Published], made: Sequence[Release]) -> list[Published]:
    """Links are parts of releases, and sums of them: whoever has both learns nothing that is not in the releases."""
    random = np.random.default_rng(len(made))
    for seen, release in zip(releases, made, strict=True):
        numbers = {row.key: row.n for row in seen.rows}
        for finest_m in (size for size in (1000, 2000, 4000, 8000, 16000) if size >= release.finest_m):
            cells = [cell_id for cell_id in release.cells if random.random() < 0.7]
            scope = Scope(area=tuple(sorted(cells)) or None, finest_m=finest_m)
            for row in read_rows(0, seen.circle, select_rows(release, scope)).rows:
                within = [
                    key
                    for key in numbers
                    if key[:2] == row.key[:2] and (key[2] == row.square or lies_within(key[2], row.square))
                ]
                chosen = {(cell.size_m, cell.easting, cell.northing) for cell in map(parse_cell_id, scope.area or ())}
                # whole squares: of one that is added up, no part by itself
                assert row.n in {sum(numbers[key] for key in within), numbers.get(row.key)}
                assert not chosen or any(cell == row.square or lies_within(cell, row.square) for cell in chosen)
                assert row.square[0] >= finest_m
    return list(releases)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(GROUPS, min_size=3, max_size=9), st.permutations(CIRCLES))
def test_no_small_group_follows_from_groups_anyhow(
    groups: list[tuple[int, str, str, tuple[int, int]]], circles: list[str]
) -> None:
    workplaces = [
        firm
        for number, (n, sni, circle, place) in enumerate(groups)
        for firm in firms(n, *place, 100 * number, sni=sni, circle=circle)
    ]
    releases, records, _ = release_all([{"workplaces": workplaces}], circles)
    assert [str(recovery) for recovery in recover_by_sums(releases, records[0])] == []
    assert [str(recovery) for recovery in recover_by_bounds(releases, records[0])] == []


# ---- over time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("circles", [(INNER, "municipality"), ("municipality", INNER)])
def test_no_small_group_follows_from_releases_of_several_days(circles: tuple[str, ...]) -> None:
    rows = make_rows(9)
    later = change_rows(rows, 9, 4)
    worlds = [rows, later, change_rows(later, 10, 30)]
    # without noise a number tells most; one that keeps to what was shared before tells nothing new
    releases, records, _ = release_all(worlds, circles, noise=False)
    for known in (records[0], records[2], records[4]):
        assert [str(recovery) for recovery in keep_right(recover_small(releases, known))] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(20, 19), (20, 29), (12, 11), (10, 19), (15, 24), (5, 9), (0, 9), (9, 0), (10, 9), (12, 9), (18, 9), (9, 10)],
)
def test_a_change_of_few_is_not_seen(before: int, after: int) -> None:
    assert compare_releases(*release_after(town(before), town(after))) == []


def test_a_change_of_many_is_seen() -> None:
    assert compare_releases(*release_after(town(12), town(30)))


def test_the_same_records_are_released_alike() -> None:
    assert compare_releases(*release_after(make_rows(3), make_rows(3))) == []


@pytest.mark.parametrize(("seed", "place"), [(3, (2, 5)), (3, (9, 13)), (4, (2, 5)), (6, (2, 13))])
def test_a_single_tip_moves_no_class_of_a_later_release(seed: int, place: tuple[int, int]) -> None:
    rows = make_rows(seed, 60, 5)
    told = {**rows, "reported": [make_report(1, **at_place(*place))]}
    assert compare_releases(*release_after(rows, told)) == []


# ---- classes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", list(product((2, 9), (5, 13))))
def test_a_single_record_of_a_visit_moves_no_class_of_a_later_release(place: tuple[int, int]) -> None:
    rows = make_rows(3)
    there = at_place(*place)
    told = {
        "visits": [make_visit(1, outcome="trafficking_indicator", **there)],
        "findings": [make_finding(1, visit_id="v001", **there)],
        "reported": [make_report(1, **there)],
    }
    assert compare_releases(*release_after(rows, {**rows, **told})) == []


def test_a_class_of_what_an_inner_circle_knows_is_never_shown_to_an_outer_one() -> None:
    """Workplaces that all may see, findings that only the inner circle may: its class stays with it."""
    there = at_place(0, 0)
    known = {
        "visits": [make_visit(at, outcome="trafficking_indicator", **there) for at in range(9)],
        "findings": [make_finding(at, visit_id=f"v{at:03d}", **there) for at in range(9)],
        "reported": [make_report(at, **there) for at in range(9)],
    }

    def share(n: int) -> Rows:
        return {"workplaces": [row | {"circle": "public"} for row in town(n)["workplaces"]], **known}

    inner = build_release(score_rows(share(20)), INNER, KEY, now=NOW)
    later = {"now": NOW + timedelta(days=30)}
    alone = build_release(score_rows(share(17)), "municipality", KEY, **later)
    after = build_release(score_rows(share(17)), "municipality", KEY, [inner.memory], **later)
    classes = [
        {row.key: row.score_class for row in built.release.rows if row.score_class is not None}
        for built in (inner, alone, after)
    ]
    # 20 → 17: the number stands again, the class does not
    assert classes[2] == classes[1]
    assert len(classes[1]) >= 1
    # which is another one within the inner circle
    assert max(classes[0].values()) > max(classes[1].values())


# ---- noise -----------------------------------------------------------------------------------------------------


def test_the_same_records_have_the_same_noise_so_that_averages_gain_nothing() -> None:
    releases, records, _ = release_all([make_rows(9), make_rows(9)])
    shown = defaultdict(set)
    for release, known in zip(releases, records, strict=True):
        counted = count_rows(release, known)
        for row in release.rows:
            shown[row.layer, frozenset(record.employer for record in counted[row.key])].add(row.n)
    n_rows = sum(len(release.rows) for release in releases)
    assert len(shown) < 0.8 * n_rows
    # all but numbers that keep to what another circle was shown
    assert sum(len(numbers) == 1 for numbers in shown.values()) >= 0.9 * len(shown)
    errors = [number - len(employers) for (_, employers), numbers in shown.items() for number in numbers if number > 13]
    assert len(set(errors)) >= 3


# ---- suppressed and empty --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 9])
@pytest.mark.parametrize("circle", CIRCLES)
def test_too_few_look_like_none(n: int, circle: str) -> None:
    few, none = town(n), town(0)
    if circle != INNER:
        few, none = ({"workplaces": [row | {"circle": "public"} for row in rows["workplaces"]]} for rows in (few, none))
    lodging = [make_accommodation(number, **at_place(3, 3)) for number in range(n)]
    seen = [
        read_rows(0, circle, build_release(score_rows(rows), circle, KEY, now=NOW).release.rows)
        for rows in ({**few, "accommodation": lodging}, none)
    ]
    assert seen[0].rows
    assert [row.key for row in seen[0].rows] == [row.key for row in seen[1].rows]
    assert compare_releases(*seen) == []


# ---- many regions ----------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
def test_nothing_follows_in_many_regions(seed: int) -> None:
    """With and without employers of several sites, in either order of circles."""
    rows = make_rows(seed, shared=0.3 * (seed % 2))
    releases, records, _ = release_all([rows], (CIRCLES, COARSE_FIRST)[seed // 2 % 2])
    assert [str(recovery) for recovery in recover_by_sums(releases, records[0])] == []
    assert [str(recovery) for recovery in recover_by_bounds(releases, records[0])] == []
