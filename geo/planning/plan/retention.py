"""How long what came of a stop is kept: as long as the visit and the findings that it made, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from geo.planning.plan.outcomes import StopOutcome
from geo.planning.plan.value import Change, Plan, StopKey
from geo.reference import planning_parameters

__all__ = ["drop_expired", "last_day_of_keeping"]


def last_day_of_keeping(on: date) -> date:
    """Last day on which what was recorded of a visit may be kept.

    Parameters
    ----------
    on : date of the visit
    """
    year = on.year + int(planning_parameters()["outcome_retain_years"])
    try:
        return on.replace(year=year)
    except ValueError:
        # 29 February
        return date(year, 2, 28)


def drop_expired(plan: Plan, today: date, *, by: str, at: str) -> Plan:
    """The plan without outcomes that may not be kept any longer; the same plan where all may.

    What was recorded last of a stop decides; where it goes, what it corrected goes with it. That something was recorded
    and by whom stays in the history, what it was does not.
    """
    kept = {key: _keep(records, today) for key, records in plan.outcomes.items()}
    gone = [key for key, records in plan.outcomes.items() if len(kept[key]) < len(records)]
    if not gone:
        return plan
    changes = tuple(Change(at, by, "erased", "/".join(key)) for key in gone)
    left: dict[StopKey, tuple[StopOutcome, ...]] = {key: records for key, records in kept.items() if records}
    return replace(plan, outcomes=left, history=(*plan.history, *changes))


def _keep(records: tuple[StopOutcome, ...], today: date) -> tuple[StopOutcome, ...]:
    if last_day_of_keeping(records[-1].on) < today:
        return ()
    return tuple(one for one in records if last_day_of_keeping(one.on) >= today)
