"""What came of a plan's stops, as numbers: visited or not, found something or not, with what chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from geo.planning.plan import Plan, PlannedStop, StopOutcome
from geo.planning.plan.outcomes import CLOSED_PLACE, NOT_REACHED, VISITED
from geo.reference import finding_weights

__all__ = ["StopResult", "is_find", "read_results", "select_visited"]


@dataclass(frozen=True)
class StopResult:
    """A stop beside what came of it.

    Attributes
    ----------
    stop : PlannedStop
    on : date of the visit; of the plan where nothing is recorded
    result : `VISITED`, `NOT_REACHED`, `CLOSED_PLACE`; empty where nothing is recorded yet
    found : whether the visit found something (`is_find`)
    """

    stop: PlannedStop
    on: date
    result: str
    found: bool

    @property
    def is_visited(self) -> bool:
        """Whether somebody was there."""
        return self.result == VISITED


def is_find(outcome: StopOutcome) -> bool:
    """Whether a visit found something: an observation that weighs in the model's findings per visit.

    Those that were dismissed, and tips, weigh nothing there; an outcome without any observation is none either.
    """
    seen = [one for agency in outcome.agencies for one in agency.observations]
    if outcome.result != VISITED or not seen:
        return False
    columns = ([getattr(one, name) for one in seen] for name in ("grade", "verification", "source", "indicator"))
    return bool((finding_weights(*columns) > 0).any())


def read_results(plan: Plan) -> tuple[StopResult, ...]:
    """Every stop of a plan with what was recorded of it last, in the plan's order."""
    results = []
    for stop in plan.stops:
        recorded = plan.outcomes.get(stop.key, ())
        if not recorded:
            results.append(StopResult(stop, stop.on, "", found=False))
            continue
        last = recorded[-1]
        results.append(StopResult(stop, last.on, last.result, is_find(last)))
    return tuple(results)


def select_visited(results: Iterable[StopResult]) -> tuple[tuple[StopResult, ...], dict[str, int]]:
    """Visits of which it is known what was expected, and how many stops are none, by why.

    The counts are ``not_reached``, ``closed``, ``not_recorded``, and ``not_expected``: visited, but planned before
    plans said what they expect.
    """
    visited, counts = [], dict.fromkeys(("not_reached", "closed", "not_recorded", "not_expected"), 0)
    for one in results:
        if one.is_visited and one.stop.expected is not None:
            visited.append(one)
        elif one.is_visited:
            counts["not_expected"] += 1
        else:
            counts[{NOT_REACHED: "not_reached", CLOSED_PLACE: "closed"}.get(one.result, "not_recorded")] += 1
    return tuple(visited), counts
