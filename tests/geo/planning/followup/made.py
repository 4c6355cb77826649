"""Plans with outcomes, to hold against what they expected."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from geo.planning.plan import AgencyOutcome, Observation, Plan, PlannedStop, StopOutcome
from tests.geo.planning.plan.made import CREW, make_stop

SIGN = Observation("missing_safety_equipment", "M")


def make_outcome(stop: PlannedStop, *, finds: bool, **changes: Any) -> StopOutcome:
    seen = (SIGN,) if finds else ()
    given: dict[str, Any] = {
        "layer": stop.layer,
        "record_id": stop.record_id,
        "on": stop.on,
        "outcome": "deficiency" if finds else "nothing_found",
        "agencies": (AgencyOutcome("arbetsmiljoverket", frozenset(), seen),),
        **changes,
    }
    return StopOutcome(**given)


def nobody_there(stop: PlannedStop, result: str) -> StopOutcome:
    return StopOutcome(stop.layer, stop.record_id, stop.on, result=result, outcome="")


def make_visited(
    visits: list[tuple[float | None, bool]], number: int = 0, *, state: str = "closed", **changes: Any
) -> Plan:
    """A plan whose stops are visits: what was expected of each, and whether it found something."""
    day = date(2026, 1, 1) + timedelta(days=number)
    stops = [
        make_stop(f"w{number}-{k}", on=day, expected=expected, order=k + 1, **changes)
        for k, (expected, _) in enumerate(visits)
    ]
    outcomes = {stop.key: (make_outcome(stop, finds=finds),) for stop, (_, finds) in zip(stops, visits, strict=True)}
    return Plan(f"p{number}", f"Plan {number}", (day,), (CREW,), tuple(stops), state=state, outcomes=outcomes)
