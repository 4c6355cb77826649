"""History is what brute force over earlier visits says, and nothing of it comes from the future."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from geo.risk.find_model import pairs
from geo.risk.find_model.agency import expected_over_time
from geo.risk.find_model.history import (
    FIRST_MARK,
    HistorySettings,
    PastVisits,
    choose_bandwidths,
    describe_history,
    history_titles,
    measure_shares,
)

SETTINGS = HistorySettings((300.0, 900.0), 180.0, 60, (0.02, 0.2))
Describe = Callable[[NDArray[np.float64], PastVisits], NDArray[np.float64]]


def make_past(n: int = 300, seed: int = 0) -> PastVisits:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 2000, (n, 2))
    xy[::11] = np.nan
    place = rng.integers(-1, 60, n)
    return PastVisits(
        np.sort(rng.integers(0, 120, n)).astype(float),
        (rng.random(n) < 0.3).astype(float),
        rng.integers(0, 4, n),
        xy,
        place,
    )


def describe(day: NDArray[np.float64], past: PastVisits) -> NDArray[np.float64]:
    return describe_history(day, past.xy, past.place, past, SETTINGS)


def brute_force(row: int, day: float, past: PastVisits) -> list[float]:
    """One row's history, visit by visit; before `FIRST_MARK` visits nobody knows what to expect."""
    after = [20, 40, 80, 160, 256, len(past.day)]
    marks = sorted({int(np.searchsorted(past.day, past.day[mark - 1], side="right")) for mark in after})
    marks = [mark for mark in marks if mark <= (past.day < day).sum()]
    sums = np.zeros((2, 3))
    lately, ever, visits, last = np.zeros(2), np.zeros(2), 0, None
    table = expected_over_time(past.found, past.agency, 4, np.array(marks[-1:], dtype=np.intp))
    for j in range(len(past.day)):
        if past.day[j] >= day:
            continue
        excess = information = 0.0
        if marks:
            e = table[0, past.agency[j]]
            known = table[0, np.unique(past.agency[: marks[-1]])]
            excess, information = past.found[j] - e, e * (1 - e) / float(np.mean(known * (1 - known)))
        decay = 2 ** (-(day - past.day[j]) / 180)
        if past.place[row] >= 0 and past.place[j] == past.place[row]:
            lately += np.array([excess, information]) * decay
            ever += np.array([excess, information])
            visits, last = visits + 1, past.day[j]
        else:
            distance = np.hypot(*(past.xy[row] - past.xy[j]))
            for band, bandwidth in enumerate(SETTINGS.bandwidths_m):
                if distance < bandwidth:
                    sums[band] += (1 - (distance / bandwidth) ** 2) ** 2 * decay * np.array([excess, information, 1])
    is_past = past.day < day
    total = (2 ** (-(day - past.day[is_past]) / 180)).sum()
    around = [
        value
        for each, share in zip(sums, SETTINGS.shares_around, strict=True)
        for value in (each[0] / (each[1] + 10), np.log((1 + each[2]) / (1 + share * total)))
    ]
    since = 0.0 if last is None else np.log1p(day - last)
    usual = np.log((1 + visits) / (1 + is_past.sum() / 60))
    return [*around, lately[0] / (lately[1] + 1), ever[0] / (ever[1] + 1), usual, since]


def test_history_is_the_sum_over_earlier_visits() -> None:
    past = make_past()
    described = describe(past.day, past)
    assert described.shape == (300, len(history_titles(SETTINGS)))
    expected = [brute_force(row, past.day[row], past) for row in range(300)]
    assert_allclose(described, np.array(expected), atol=1e-10)


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    past = make_past()
    whole = describe(past.day, past)
    monkeypatch.setattr(pairs, "MAX_PAIRS", 50)
    assert_allclose(describe(past.day, past), whole, atol=1e-12)


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    past = make_past()
    whole = describe(past.day, past)
    for row in (0, 150, 299):
        one = slice(row, row + 1)
        alone = describe_history(past.day[one], past.xy[one], past.place[one], past, SETTINGS)
        assert_allclose(alone, whole[one], atol=1e-12)


def check_past_only(build: Describe) -> None:
    """Turn the outcomes from some moment on: rows up to that moment must not notice, later ones must."""
    past = make_past()
    before = build(past.day, past)
    for moment in (past.day[60], past.day[200]):
        is_future = past.day >= moment
        turned = replace(past, found=np.where(is_future, 1 - past.found, past.found))
        after = build(past.day, turned)
        untouched = past.day <= moment
        assert np.array_equal(after[untouched], before[untouched]), "the future was used"
        assert not np.array_equal(after[~untouched], before[~untouched])
        # and that later visits were made at all must not show either
        cut = PastVisits(*(getattr(past, name)[~is_future] for name in ("day", "found", "agency", "xy", "place")))
        rows = np.flatnonzero(past.day < moment)
        again = describe_history(past.day[rows], past.xy[rows], past.place[rows], cut, SETTINGS)
        if build is describe:
            assert_allclose(again, before[rows], atol=1e-12)


def test_history_comes_from_the_past_only() -> None:
    check_past_only(describe)


def test_inspectors_who_come_later_do_not_show() -> None:
    """Neither who nor how many will be sent out is known before."""
    past = make_past()
    moment = past.day[150]
    renamed = replace(past, agency=np.where(past.day >= moment, past.agency + 9, past.agency))
    rows = past.day <= moment
    assert_allclose(describe(past.day, renamed)[rows], describe(past.day, past)[rows], atol=1e-12)
    assert not np.allclose(describe(past.day, renamed)[~rows], describe(past.day, past)[~rows])


def leak_by_time(day: NDArray[np.float64], past: PastVisits) -> NDArray[np.float64]:
    """Visits of the next ten days count as past."""
    return describe_history(day, past.xy, past.place, replace(past, day=past.day - 10), SETTINGS)


def leak_by_same_day(day: NDArray[np.float64], past: PastVisits) -> NDArray[np.float64]:
    """Visits of the same moment count as past, the row's own among them."""
    return describe(np.nextafter(day, np.inf), past)


def leak_by_inspector(day: NDArray[np.float64], past: PastVisits) -> NDArray[np.float64]:
    """Only what is expected of inspectors comes from the whole table."""
    rate = np.bincount(past.agency, weights=past.found) / np.bincount(past.agency)
    shifted = replace(past, found=past.found - rate[past.agency], agency=np.zeros(len(past.day), dtype=np.intp))
    return describe(day, shifted)


@pytest.mark.parametrize("leaky", [leak_by_time, leak_by_same_day, leak_by_inspector])
def test_the_leak_test_sees_leaks(leaky: Describe) -> None:
    with pytest.raises(AssertionError, match="the future was used"):
        check_past_only(leaky)


def test_first_visits_say_nothing_of_finds() -> None:
    past = make_past()
    early = past.day <= past.day[FIRST_MARK - 1]
    described = describe(past.day, past)[early]
    finds = [i for i, title in enumerate(history_titles(SETTINGS)) if title.startswith("finds")]
    assert (described[:, finds] == 0).all()


def test_a_keen_inspector_makes_no_hot_spot() -> None:
    """One inspector finds five times as much, in the west; the places do not differ."""
    rng = np.random.default_rng(3)
    n = 4000
    xy = rng.uniform(0, 10_000, (n, 2))
    agency = (xy[:, 0] < 5000).astype(np.intp)
    found = (rng.random(n) < np.where(agency == 1, 0.5, 0.1)).astype(float)
    past = PastVisits(np.arange(n) / 10, found, agency, xy, np.full(n, -1))
    settings = HistorySettings((1500.0,), 365.0, 0, (0.05,))
    late = slice(n // 2, n)
    corrected = describe_history(past.day[late], xy[late], past.place[late], past, settings)[:, 0]
    nobody = replace(past, agency=np.zeros(n, dtype=np.intp))
    raw = describe_history(past.day[late], xy[late], past.place[late], nobody, settings)[:, 0]
    west = agency[late] == 1
    assert raw[west].mean() - raw[~west].mean() > 0.25
    assert abs(corrected[west].mean() - corrected[~west].mean()) < 0.05


def test_bandwidths_grow_with_the_neighbours_asked_for() -> None:
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 50_000, (5000, 2))
    chosen = choose_bandwidths(xy)
    assert len(chosen) == 3
    assert list(chosen) == sorted(chosen)
    assert_allclose(choose_bandwidths(xy * 3), np.array(chosen) * 3, rtol=1e-3)
    within = [np.sum(np.hypot(*(xy - xy[i]).T) < chosen[1]) for i in range(0, 5000, 50)]
    assert 300 < np.median(within) < 500  # twice the 200 that weigh half or more


def test_shares_are_the_mean_over_all_pairs() -> None:
    xy = np.random.default_rng(0).uniform(0, 1000, (200, 2))
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    expected = [(np.maximum(1 - (distance / bandwidth) ** 2, 0) ** 2).mean() for bandwidth in (100, 400)]
    assert_allclose(measure_shares(xy, (100.0, 400.0)), expected, rtol=1e-9)
    assert measure_shares(xy, ()) == ()


@pytest.mark.parametrize("n", [0, 1, 3, 4, 10])
def test_few_positions_are_enough_or_none(n: int) -> None:
    chosen = choose_bandwidths(np.random.default_rng(0).uniform(0, 1000, (n, 2)))
    assert all(each > 0 for each in chosen)
    assert choose_bandwidths(np.full((n, 2), 5.0)) == ()
    assert choose_bandwidths(np.full((n, 2), np.nan)) == ()


def test_no_visits_known_is_a_history_of_nothing() -> None:
    past = make_past()
    none = PastVisits(*(getattr(past, name)[:0] for name in ("day", "found", "agency", "xy", "place")))
    described = describe_history(past.day, past.xy, past.place, none, SETTINGS)
    assert (described == 0).all()
