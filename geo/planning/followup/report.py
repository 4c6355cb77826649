"""Over all plans: whether visits find what was expected of them, and whether that has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.planning.followup.drift import FALSE_ALARMS, DriftTest, watch_drift
from geo.planning.followup.results import StopResult, read_results, select_visited
from geo.planning.followup.tally import Tally, tally
from geo.planning.plan import Plan
from geo.planning.plan.value import CLOSED, EXPLORATION
from geo.risk.simulate.frame_rate import FrameRate, estimate_frame_rate
from geo.risk.words import Sentence, Tenths

__all__ = ["Bin", "CalibrationReport", "calibration_report"]

_N_BINS = 5


@dataclass(frozen=True)
class Bin:
    """Visits of which about as much was expected.

    Attributes
    ----------
    low, high : float, the least and the most that was expected of one of them
    visits : Tally
    """

    low: float
    high: float
    visits: Tally


@dataclass(frozen=True)
class CalibrationReport:
    """Expected beside found, over plans with outcomes.

    Attributes
    ----------
    n_plans : int
    overall : Tally of all visits of which it is known what was expected
    chosen, explored : Tally of stops that were chosen or pinned, and of those drawn by lot
    bins : of the stops that were chosen or pinned, by what was expected of them
    by_sector : sector group to Tally; empty for accommodation, which belongs to none
    by_layer : layer of the site to Tally
    by_how : how the stop came into the plan to Tally
    brier : float, mean square of chance less outcome; None without visits
    brier_if_right : float, what it would be on average if the chances were right
    brier_of_share : float, what it would be if each visit had been given the share that was found overall
    exploration_share : float, of the visits, those drawn by lot; None without visits
    frame_rate : finds per visit of all sites that stops were drawn from: the only figure here that planners' choices
        do not bend; None where no stop drawn by lot was visited
    n_not_reached, n_closed, n_not_recorded, n_not_expected : int, see `expected_against_actual`
    drift : DriftTest over closed plans in the order of their last day, without the stops that were drawn by lot
    warnings : drift in words; empty where there is none
    notes : what must be known beside the figures
    """

    n_plans: int
    overall: Tally
    chosen: Tally
    explored: Tally
    bins: tuple[Bin, ...]
    by_sector: Mapping[str, Tally]
    by_layer: Mapping[str, Tally]
    by_how: Mapping[str, Tally]
    brier: float | None
    brier_if_right: float | None
    brier_of_share: float | None
    exploration_share: float | None
    frame_rate: FrameRate | None
    n_not_reached: int
    n_closed: int
    n_not_recorded: int
    n_not_expected: int
    drift: DriftTest
    warnings: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]

    @property
    def ratio(self) -> float | None:
        """Found over expected; None where nothing was expected."""
        return self.overall.found / self.overall.expected if self.overall.expected else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""
        tallies = ("overall", "chosen", "explored")
        groups = ("by_sector", "by_layer", "by_how")
        return {
            **{name: value for name, value in vars(self).items() if value is None or isinstance(value, (int, float))},
            "ratio": self.ratio,
            **{name: getattr(self, name).to_dict() for name in tallies},
            **{name: {code: one.to_dict() for code, one in getattr(self, name).items()} for name in groups},
            "bins": [{"low": one.low, "high": one.high, **one.visits.to_dict()} for one in self.bins],
            "frame_rate": None if self.frame_rate is None else self.frame_rate.to_dict(),
            "drift": self.drift.to_dict(),
            "warnings": [str(one) for one in self.warnings],
            "notes": [str(one) for one in self.notes],
        }


def calibration_report(plans: Iterable[Plan], *, n_bins: int = _N_BINS) -> CalibrationReport:
    """Hold what plans expected against what their visits found.

    Parameters
    ----------
    plans : those without any outcome are left out
    n_bins : int, at most; visits of equal chances are never parted

    Returns
    -------
    CalibrationReport
    """
    some = [plan for plan in plans if plan.outcomes]
    results = [one for plan in some for one in read_results(plan)]
    visited, counts = select_visited(results)
    drawn = [one for one in visited if one.stop.how == EXPLORATION]
    picked = [one for one in visited if one.stop.how != EXPLORATION]
    p = np.array([one.stop.expected for one in visited], dtype=np.float64)
    y = np.array([one.found for one in visited], dtype=np.float64)
    watched = [(plan, block) for plan in _in_time(some) if (block := _block(plan))[0]]
    drift = watch_drift([block for _, block in watched])
    has_any = bool(visited)
    return CalibrationReport(
        n_plans=len(some),
        overall=tally(visited),
        chosen=tally(picked),
        explored=tally(drawn),
        bins=_bin(picked, n_bins),
        by_sector=_group(visited, lambda one: one.stop.sector),
        by_layer=_group(visited, lambda one: one.stop.layer),
        by_how=_group(visited, lambda one: one.stop.how),
        brier=float(np.mean((p - y) ** 2)) if has_any else None,
        brier_if_right=float(np.mean(p * (1 - p))) if has_any else None,
        brier_of_share=float(y.mean() * (1 - y.mean())) if has_any else None,
        exploration_share=len(drawn) / len(visited) if has_any else None,
        frame_rate=_rate_frame(results),
        n_not_reached=counts["not_reached"],
        n_closed=counts["closed"],
        n_not_recorded=counts["not_recorded"],
        n_not_expected=counts["not_expected"],
        drift=drift,
        warnings=_warn(drift, watched),
        notes=_note(visited),
    )


def _in_time(plans: Iterable[Plan]) -> list[Plan]:
    closed = [plan for plan in plans if plan.state == CLOSED]
    return sorted(closed, key=lambda plan: (max(plan.days), plan.plan_id))


def _block(plan: Plan) -> tuple[list[float], list[bool]]:
    """Chances and finds of a plan's visits, without those drawn by lot."""
    visited, _ = select_visited(read_results(plan))
    picked = [one for one in visited if one.stop.how != EXPLORATION]
    return [one.stop.expected for one in picked if one.stop.expected is not None], [one.found for one in picked]


def _bin(visits: Sequence[StopResult], n_bins: int) -> tuple[Bin, ...]:
    """Bins of about as many visits each."""
    if not visits:
        return ()
    p = np.array([one.stop.expected for one in visits], dtype=np.float64)
    _, run, count = np.unique(p, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    which = np.floor(middle / len(p) * n_bins).astype(np.int64)[run]
    bins = []
    for number in np.unique(which).tolist():
        at = np.flatnonzero(which == number)
        bins.append(Bin(float(p[at].min()), float(p[at].max()), tally(visits[k] for k in at.tolist())))
    return tuple(bins)


def _group(visits: Iterable[StopResult], code: Callable[[StopResult], str]) -> dict[str, Tally]:
    groups: dict[str, list[StopResult]] = {}
    for one in visits:
        groups.setdefault(code(one), []).append(one)
    return {name: tally(groups[name]) for name in sorted(groups)}


def _rate_frame(results: Iterable[StopResult]) -> FrameRate | None:
    """Finds per visit of the sites that stops were drawn from, whatever was expected of them."""
    drawn = [one for one in results if one.is_visited and one.stop.how == EXPLORATION and one.stop.propensity]
    if not drawn:
        return None
    ones = np.ones((1, len(drawn)), dtype=np.int64)
    found = np.array([[one.found for one in drawn]], dtype=np.int64)
    propensity = np.array([[one.stop.propensity for one in drawn]], dtype=np.float64)
    return estimate_frame_rate(ones, found, propensity, np.ones(len(drawn)), "bernoulli")


def _warn(drift: DriftTest, watched: Sequence[tuple[Plan, tuple[list[float], list[bool]]]]) -> tuple[Sentence, ...]:
    if drift.begins_with is None or drift.warned_after is None:
        return ()
    since = watched[drift.begins_with : drift.warned_after + 1]
    values = {
        "day": min(since[0][0].days),
        "until": max(since[-1][0].days),
        "found": sum(sum(found) for _, (_, found) in since),
        "expected": Tenths(sum(sum(chances) for _, (chances, _) in since)),
        "n": sum(len(found) for _, (_, found) in since),
        "percent": round(100 * FALSE_ALARMS),
    }
    if drift.is_more:
        said = Sentence(
            "Visits find more than expected: from {day} to {until}, {found} of {n} visits found something, and "
            "{expected} were expected. If all expectations were right, there would ever be such a warning in at most "
            "{percent} % of all cases.",
            values,
        )
    else:
        said = Sentence(
            "Visits find less than expected: from {day} to {until}, {found} of {n} visits found something, and "
            "{expected} were expected. If all expectations were right, there would ever be such a warning in at most "
            "{percent} % of all cases.",
            values,
        )
    return (said, Sentence("Let an analyst look at the record, and fit the model anew before plans rest on it."))


def _note(visited: Sequence[StopResult]) -> tuple[Sentence, ...]:
    return (
        Sentence("A find is a visit with at least one observation that weighs in the model; dismissed ones do not."),
        Sentence(
            "Visits to chosen sites tell how good the choice is, not how much there is. Only stops drawn by lot tell "
            "of all the sites that they were drawn from."
        ),
        *(() if visited else (Sentence("No visit of a plan is recorded yet: there is nothing to hold against."),)),
    )
