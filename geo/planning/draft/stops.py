"""Stops of a plan, from a target and the clock of its visit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from geo.planning.draft.places import sector_of_target
from geo.planning.plan import PlannedStop
from geo.planning.routes import Visit
from geo.planning.targets import Target

__all__ = ["make_stop", "sort_stops"]


def make_stop(
    target: Target,
    visit: Visit,
    crew: str,
    on: date,
    order: int,
    *,
    how: str,
    propensity: float | None,
    synthetic: bool,
) -> PlannedStop:
    """A stop of a crew on a day, at a target."""
    return PlannedStop(
        layer=target.layer,
        record_id=target.record_id,
        title=target.title,
        sector=sector_of_target(target),
        easting=target.easting,
        northing=target.northing,
        crew=crew,
        on=on,
        order=order,
        arrive_minute=visit.arrival,
        start_minute=visit.start,
        end_minute=visit.end,
        drive_minutes=visit.drive_minutes,
        how=how,
        priority=target.priority,
        propensity=propensity,
        days_since_visit=target.days_since_visit,
        reasons=target.reasons,
        synthetic=synthetic,
        expected=target.find_chance,
    )


def sort_stops(stops: Iterable[PlannedStop]) -> tuple[PlannedStop, ...]:
    """By day, crew and order."""
    return tuple(sorted(stops, key=lambda stop: (stop.on, stop.crew, stop.order)))
