"""How good a ranking of inspections is: AUC, finds in the first half, days earlier, calibration, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.risk.find_model.calibration import tabulate_calibration
from geo.risk.find_model.ranking_input import RankingInput, check_ranking

__all__ = ["RankingEvaluation", "evaluate_ranking"]

MEASURES = ("auc", "auc_within", "found_first_half", "days_earlier")
MIN_DRAWS = 20


@dataclass(frozen=True, eq=False)
class RankingEvaluation:
    """How good a ranking was.

    Attributes
    ----------
    n, n_found : int
        Inspections, and those that found something.
    auc : float or None
        Chance that an inspection with a find stands above one without; a tie counts half. None, if there is only one
        kind of outcome.
    auc_within : float or None
        The same over pairs inside one group (inspector, agency) only: what the ranking knows beyond who was sent where.
        None without groups, or without such a pair.
    found_first_half : float or None
        Share of the finds in the first half of the ranking. None without a find.
    days_earlier : float or None, days
        Mean days by which finds move forward when the inspections are made in order of p on the same days, as many a
        day as in reality. None without a find.
    intervals : mapping of measure to (low, high)
        Bootstrap over inspections; without a measure that could not be computed in enough draws.
    level : float
        Of the intervals, of the calibration table's as well.
    calibration : DataFrame
        One row per bin of about as many inspections: ``p_low``, ``p_high``, ``n``, ``expected`` and ``actual`` finds,
        ``expected_share``, ``actual_share``, ``low``, ``high`` (Wilson's interval of the actual share).
    n_draws, seed : int
    notes : tuple of str
        Why a measure is None.
    """

    n: int
    n_found: int
    auc: float | None
    auc_within: float | None
    found_first_half: float | None
    days_earlier: float | None
    intervals: Mapping[str, tuple[float, float]]
    level: float
    calibration: pd.DataFrame = field(repr=False)
    n_draws: int
    seed: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Measures that there are, one row each: ``value``, ``low``, ``high``."""
        rows = {name: value for name in MEASURES if (value := getattr(self, name)) is not None}
        bounds = [self.intervals.get(name, (None, None)) for name in rows]
        return pd.DataFrame(
            {"value": list(rows.values()), "low": [low for low, _ in bounds], "high": [high for _, high in bounds]},
            index=pd.Index(list(rows), name="measure"),
        )


def evaluate_ranking(
    p: Any,
    outcome: Any,
    days: Any,
    groups: Any = None,
    *,
    n_bins: int = 10,
    n_draws: int = 1000,
    level: float = 0.9,
    seed: int = 0,
) -> RankingEvaluation:
    """Compare a ranking by P(find | visit) with what the inspections found.

    Inspections with equal p are taken in every order at once (the mean over all orders), so that the order of the table
    never matters.

    Parameters
    ----------
    p : (n,) probabilities, 0 to 1
    outcome : (n,) 0/1 or booleans
    days : (n,) dates, date-times, ISO text, or numbers of days
        When each inspection was made.
    groups : (n,) labels, optional
        Who made it; an inspection without a label is in no pair.
    n_bins : int, from 1
        Of the calibration table.
    n_draws : int, from 0
        Of the bootstrap.
    level : float, 0 to 1
    seed : int

    Returns
    -------
    RankingEvaluation

    Raises
    ------
    ParameterError
        All failures at once.

    Source: days earlier as in the City of Chicago's food-inspections-evaluation (2015)
    """
    _check_options(n_bins, n_draws, level, seed)
    given = check_ranking(p, outcome, days, groups)
    compare = _Comparison(given)
    once = np.ones(len(given.p))
    values = compare.measure(once)
    return RankingEvaluation(
        n=len(given.p),
        n_found=int(given.found.sum()),
        auc=_or_none(values[0]),
        auc_within=_or_none(values[1]),
        found_first_half=_or_none(values[2]),
        days_earlier=_or_none(values[3]),
        intervals=_draw_intervals(compare, values, n_draws, level, seed),
        level=float(level),
        calibration=tabulate_calibration(given.p, given.found, n_bins, level),
        n_draws=int(n_draws),
        seed=int(seed),
        notes=_explain_gaps(given, values),
    )


class _Comparison:
    """One ranking, measured with inspections counted any number of times: once each, or as a bootstrap drew them."""

    def __init__(self, given: RankingInput) -> None:
        self._given = given
        self._by_p = _Runs.of(given.p, np.zeros(len(given.p), dtype=np.intp))
        grouped = np.flatnonzero(given.group >= 0)
        self._grouped = grouped
        self._by_group = _Runs.of(given.p[grouped], given.group[grouped])
        self._by_day = np.argsort(given.day, kind="stable")
        # from the middle, so that sums over many days lose no digits
        self._day = given.day - given.day.mean()

    def measure(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """(4,) the measures, NaN where one is not defined."""
        hits, misses = times * self._given.found, times * (1 - self._given.found)
        auc = self._by_p.share_of_pairs(hits, misses)
        within = self._by_group.share_of_pairs(hits[self._grouped], misses[self._grouped])
        return np.array([auc, within, *self._reorder(times, hits)])

    def _reorder(self, times: NDArray[np.float64], hits: NDArray[np.float64]) -> tuple[float, float]:
        """Share of finds in the first half, and days earlier."""
        n_found = hits.sum()
        if n_found == 0:
            return np.nan, np.nan
        # runs from the highest p down: how many inspections and finds each ends with
        run_hits, run_times = self._by_p.add_up(hits)[::-1], self._by_p.add_up(times)[::-1]
        place = np.concatenate([[0.0], np.cumsum(run_times)])
        first_half = float(np.interp(place[-1] / 2, place, np.concatenate([[0.0], np.cumsum(run_hits)])))
        slots = self._by_day
        slot = np.concatenate([[0.0], np.cumsum(times[slots])])
        day_sum = np.interp(place, slot, np.concatenate([[0.0], np.cumsum(times[slots] * self._day[slots])]))
        is_used = run_times > 0
        new_day = np.diff(day_sum)[is_used] / run_times[is_used]
        earlier = (hits @ self._day - run_hits[is_used] @ new_day) / n_found
        return first_half / float(n_found), float(earlier)


@dataclass(frozen=True)
class _Runs:
    """Inspections of one group with equal p, from the lowest up."""

    order: NDArray[np.intp]
    first: NDArray[np.intp]
    group_first: NDArray[np.intp]

    @classmethod
    def of(cls, p: NDArray[np.float64], group: NDArray[np.intp]) -> _Runs:
        order = np.lexsort((p, group))
        new_group = np.append(True, np.diff(group[order]) != 0)[: len(p)]
        first = np.flatnonzero(new_group | np.append(True, np.diff(p[order]) != 0)[: len(p)])
        return cls(order, first, np.searchsorted(first, np.flatnonzero(new_group)))

    def add_up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of each run."""
        return np.add.reduceat(values[self.order], self.first) if len(self.first) else np.empty(0)

    def share_of_pairs(self, hits: NDArray[np.float64], misses: NDArray[np.float64]) -> float:
        """Of all pairs of a hit and a miss inside a group, those with the hit above; NaN without pairs."""
        run_hits, run_misses = self.add_up(hits), self.add_up(misses)
        if not len(run_hits):
            return np.nan
        below = np.cumsum(run_misses) - run_misses
        length = np.diff(np.append(self.group_first, len(self.first)))
        below -= np.repeat(below[self.group_first], length)
        n_pairs = np.add.reduceat(run_hits, self.group_first) @ np.add.reduceat(run_misses, self.group_first)
        return float(run_hits @ (below + run_misses / 2) / n_pairs) if n_pairs > 0 else np.nan


def _draw_intervals(
    compare: _Comparison, values: NDArray[np.float64], n_draws: int, level: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentiles over inspections drawn anew, for each measure that is defined."""
    rng, n = np.random.default_rng(seed), len(compare._given.p)
    draws = np.array(
        [compare.measure(np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)) for _ in range(n_draws)]
    ).reshape(-1, len(MEASURES))
    intervals = {}
    for i, name in enumerate(MEASURES):
        known = draws[~np.isnan(draws[:, i]), i]
        if np.isfinite(values[i]) and len(known) >= MIN_DRAWS:
            low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
            intervals[name] = (float(low), float(high))
    return intervals


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _explain_gaps(given: RankingInput, values: NDArray[np.float64]) -> tuple[str, ...]:
    n_found, notes = int(given.found.sum()), []
    if np.isnan(values[0]):
        kind = "nothing was found" if n_found == 0 else "something was found at every inspection"
        notes.append(f"No AUC: {kind}.")
    if np.isnan(values[2]):
        notes.append("No finds in the first half and no days earlier: nothing was found.")
    if np.isnan(values[1]) and (given.group >= 0).any():
        notes.append("No AUC within groups: no group has inspections with and without a find.")
    return tuple(notes)


def _check_options(n_bins: Any, n_draws: Any, level: Any, seed: Any) -> None:
    failures = []
    for name, value, least in (("n_bins", n_bins, 1), ("n_draws", n_draws, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            failures.append(f"{name} must be a whole number from {least}, got {value!r}")
    if isinstance(level, bool) or not isinstance(level, int | float | np.number) or not 0 < level < 1:
        failures.append(f"level must lie between 0 and 1, got {level!r}")
    if failures:
        raise ParameterError("; ".join(failures) + ".")
