"""What earlier visits say about a place: finds around it and at it, corrected for who looked, and from the past only.

A visit's outcome counts as the difference from what its inspector (or agency) would have found anywhere, as that was
known at the time. Raw finds would say where the keen inspectors work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geo.risk.find_model.agency import expected_over_time
from geo.risk.find_model.pairs import PairBatch, pair_neighbours, pair_same_place

__all__ = [
    "HistorySettings",
    "PastVisits",
    "choose_bandwidths",
    "describe_history",
    "history_titles",
    "measure_shares",
]

NEIGHBOURS = (50, 200, 800)
# of this share of the visits at most, in a small table
NEIGHBOUR_SHARES = (0.02, 0.08, 0.3)
MIN_NEIGHBOURS = 3
SAMPLE = 2000
# Visits that a neighbourhood, or a place, must have beside it before its finds count half.
PRIOR_VISITS_AROUND = 10.0
PRIOR_VISITS_HERE = 1.0
# Inspectors are compared anew after so many visits; before the first mark nobody knows what to expect.
FIRST_MARK = 20
MARK_EVERY = 256


@dataclass(frozen=True)
class PastVisits:
    """Visits whose outcomes are known, in order of time.

    Attributes
    ----------
    day : (n,) float64, days since 1970, ascending
    found : (n,) float64, 0 or 1
    agency : (n,) intp, code of who visited
    xy : (n, 2) float64, m, NaN where unknown
    place : (n,) intp, code of the place, −1 where unknown
    """

    day: NDArray[np.float64]
    found: NDArray[np.float64]
    agency: NDArray[np.intp]
    xy: NDArray[np.float64]
    place: NDArray[np.intp]


@dataclass(frozen=True)
class HistorySettings:
    """How far and how long finds are remembered.

    Attributes
    ----------
    bandwidths_m : tuple of float, m, ascending; none, if positions are unknown
    half_life_days : float, days
    n_places : int
        Places visited; 0 if there are none to have a history of their own.
    shares_around : tuple of float, one per bandwidth
        Kernel weight of a visit somewhere around a typical one: what a share of all visits is usual.
    """

    bandwidths_m: tuple[float, ...]
    half_life_days: float
    n_places: int = 0
    shares_around: tuple[float, ...] = ()


def choose_bandwidths(xy: NDArray[np.float64]) -> tuple[float, ...]:
    """Distances within which a typical visit has about 50, 200 and 800 others, fewer in a small table.

    Positions alone decide, never outcomes.

    Parameters
    ----------
    xy : (n, 2) float64, m, NaN where unknown

    Returns
    -------
    tuple of float, m, ascending, at most three; none, if fewer than two positions differ
    """
    known = xy[np.isfinite(xy).all(axis=1)]
    if len(known) <= MIN_NEIGHBOURS:
        return ()
    counts = [
        max(MIN_NEIGHBOURS, min(count, int(share * len(known))))
        for count, share in zip(NEIGHBOURS, NEIGHBOUR_SHARES, strict=True)
    ]
    sample = known[np.linspace(0, len(known) - 1, min(SAMPLE, len(known))).astype(np.intp)]
    distance = np.asarray(KDTree(known).query(sample, k=[count + 1 for count in counts])[0])
    typical = np.median(distance, axis=0)
    if not (typical > 0).any():
        # most visits are at one point: the others say how far apart points are
        positive = distance[distance > 0]
        typical = np.array([np.median(positive)]) if positive.size else typical
    # a kernel is nothing at its bandwidth, so it reaches on to twice the area
    return tuple(float(each) for each in np.unique(np.round(typical[typical > 0] * np.sqrt(2.0), 1)) if each > 0)


def measure_shares(xy: NDArray[np.float64], bandwidths_m: tuple[float, ...]) -> tuple[float, ...]:
    """Mean kernel weight between two visits, per bandwidth; positions alone decide.

    Parameters
    ----------
    xy : (n, 2) float64, m, NaN where unknown
    bandwidths_m : tuple of float, m, ascending

    Returns
    -------
    tuple of float, 0 to 1
    """
    known = xy[np.isfinite(xy).all(axis=1)]
    if not bandwidths_m or not len(known):
        return ()
    sample = known[np.linspace(0, len(known) - 1, min(SAMPLE, len(known))).astype(np.intp)]
    total = np.zeros(len(bandwidths_m))
    for batch in pair_neighbours(sample, known, bandwidths_m[-1]):
        total += [_kernel(batch.distance_m, bandwidth_m).sum() for bandwidth_m in bandwidths_m]
    return tuple((total / (len(sample) * len(known))).tolist())


def history_titles(settings: HistorySettings) -> tuple[str, ...]:
    """Names of the columns of `describe_history`."""
    around = [
        f"{what} within {bandwidth:.0f} m"
        for bandwidth in settings.bandwidths_m
        for what in ("finds against expectation", "visits against the usual")
    ]
    here = ["finds against expectation here, lately", "finds against expectation here"]
    here += ["visits here against the usual"]
    return (*around, *here, "days since last visit") if settings.n_places else tuple(around)


def describe_history(
    day: NDArray[np.float64],
    xy: NDArray[np.float64],
    place: NDArray[np.intp],
    past: PastVisits,
    settings: HistorySettings,
) -> NDArray[np.float64]:
    """What was known of each row's place before its day.

    Only visits strictly before the row's time count, and inspectors are compared by visits before it as well.

    Parameters
    ----------
    day : (n,) float64, days since 1970
    xy : (n, 2) float64, m, NaN where unknown
    place : (n,) intp, codes as in `past`
    past : PastVisits
    settings : HistorySettings

    Returns
    -------
    (n, n_titles) float64, finite: per bandwidth the finds against expectation, per visit and shrunk towards 0, and
    ``log((1 + visits) / (1 + usual))``, usual being what a typical place has by then (a table only grows, and places
    must not look ever more visited); then the same of the place itself, decayed and not, and ``log(1 + days)`` since
    its last visit, 0 without one.
    """
    n_rows, n_bands = len(day), len(settings.bandwidths_m)
    expectation = _Expectation(day, past)
    columns: list[NDArray[np.float64]] = []
    if n_bands:
        sums = np.zeros((n_bands, 3, n_rows))
        for batch in pair_neighbours(xy, past.xy, settings.bandwidths_m[-1], (day, past.day)):
            _add_around(sums, batch, day, place, past, expectation, settings)
        total = _sum_decayed(day, past.day, settings.half_life_days)
        for share, (excess, information, visits) in zip(settings.shares_around, sums, strict=True):
            columns += [excess / (information + PRIOR_VISITS_AROUND), np.log1p(visits) - np.log1p(share * total)]
    if settings.n_places:
        columns += _describe_here(day, place, past, expectation, settings)
    return np.column_stack(columns) if columns else np.empty((n_rows, 0))


class _Expectation:
    """What was to be expected of each visit's inspector, as known when each row was still ahead."""

    def __init__(self, day: NDArray[np.float64], past: PastVisits) -> None:
        n, n_agencies = len(past.day), int(past.agency.max(initial=0)) + 1
        doubling = [FIRST_MARK << i for i in range(MARK_EVERY // FIRST_MARK) if FIRST_MARK << i < MARK_EVERY]
        marks = np.unique([mark for mark in (*doubling, *range(MARK_EVERY, n, MARK_EVERY), n) if 0 < mark <= n])
        # all visits of one moment become known together, after it
        marks = np.unique(np.searchsorted(past.day, past.day[marks - 1], side="right")) if n else marks
        self._table = expected_over_time(past.found, past.agency, n_agencies, marks)
        # an inspector who is first sent out later is nobody yet
        first = np.full(n_agencies, n)
        np.minimum.at(first, past.agency, np.arange(n))
        is_known = first < marks[:, None]
        spread = self._table * (1 - self._table)
        self._usual = np.divide((spread * is_known).sum(axis=1), is_known.sum(axis=1)) if n else np.empty(0)
        known = np.searchsorted(past.day, day, side="left")
        self._mark = np.searchsorted(marks, known, side="right") - 1
        self._past = past

    def compare(self, batch: PairBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Finds above expectation, and how much a visit can tell (1 at a base rate), of each pair."""
        mark = self._mark[batch.row]
        if not len(self._table):
            return np.zeros(len(mark)), np.zeros(len(mark))
        agency = self._past.agency[batch.visit]
        expected = self._table[np.maximum(mark, 0), agency]
        spread = expected * (1 - expected)
        usual = self._usual[np.maximum(mark, 0)]
        is_known = mark >= 0
        return np.where(is_known, self._past.found[batch.visit] - expected, 0.0), np.where(
            is_known, spread / usual, 0.0
        )


def _add_around(
    sums: NDArray[np.float64],
    batch: PairBatch,
    day: NDArray[np.float64],
    place: NDArray[np.intp],
    past: PastVisits,
    expectation: _Expectation,
    settings: HistorySettings,
) -> None:
    """Add the pairs' finds, information and visits to (n_bandwidths, 3, n_rows); the place itself is not around it."""
    elsewhere = (place[batch.row] < 0) | (place[batch.row] != past.place[batch.visit])
    batch = _keep(batch, elsewhere)
    excess, information = expectation.compare(batch)
    decay = _decay(day[batch.row] - past.day[batch.visit], settings.half_life_days)
    for band, bandwidth_m in enumerate(settings.bandwidths_m):
        weight = _kernel(batch.distance_m, bandwidth_m) * decay
        for i, values in enumerate((excess * weight, information * weight, weight)):
            sums[band, i] += np.bincount(batch.row, weights=values, minlength=len(day))


def _describe_here(
    day: NDArray[np.float64],
    place: NDArray[np.intp],
    past: PastVisits,
    expectation: _Expectation,
    settings: HistorySettings,
) -> list[NDArray[np.float64]]:
    """Columns of the place's own history."""
    n = len(day)
    lately, ever = np.zeros((2, n)), np.zeros((2, n))
    visits, last = np.zeros(n), np.full(n, -np.inf)
    for pairs in pair_same_place(place, past.place):
        batch = _keep(pairs, past.day[pairs.visit] < day[pairs.row])
        excess, information = expectation.compare(batch)
        decay = _decay(day[batch.row] - past.day[batch.visit], settings.half_life_days)
        for i, values in enumerate((excess, information)):
            lately[i] += np.bincount(batch.row, weights=values * decay, minlength=n)
            ever[i] += np.bincount(batch.row, weights=values, minlength=n)
        visits += np.bincount(batch.row, minlength=n)
        np.maximum.at(last, batch.row, past.day[batch.visit])
    usual = np.searchsorted(past.day, day, side="left") / settings.n_places
    since = np.where(visits > 0, np.log1p(np.where(visits > 0, day - last, 0.0)), 0.0)
    return [
        lately[0] / (lately[1] + PRIOR_VISITS_HERE),
        ever[0] / (ever[1] + PRIOR_VISITS_HERE),
        np.log1p(visits) - np.log1p(usual),
        since,
    ]


def _keep(batch: PairBatch, chosen: NDArray[np.bool_]) -> PairBatch:
    return PairBatch(batch.row[chosen], batch.visit[chosen], batch.distance_m[chosen])


def _kernel(distance_m: NDArray[np.float64], bandwidth_m: float) -> NDArray[np.float64]:
    """Quartic, 1 at the place itself."""
    kernel: NDArray[np.float64] = np.maximum(1 - (distance_m / bandwidth_m) ** 2, 0.0) ** 2
    return kernel


def _sum_decayed(day: NDArray[np.float64], past_day: NDArray[np.float64], half_life_days: float) -> NDArray[np.float64]:
    """Weight of all visits before each day."""
    moments, row = np.unique(day, return_inverse=True)
    known = np.searchsorted(past_day, moments, side="left")
    total = np.array(
        [_decay(moment - past_day[:count], half_life_days).sum() for moment, count in zip(moments, known, strict=True)]
    )
    return total[row] if len(total) else np.zeros(0)


def _decay(age_days: NDArray[np.float64], half_life_days: float) -> NDArray[np.float64]:
    decay: NDArray[np.float64] = np.exp2(-age_days / half_life_days)
    return decay
