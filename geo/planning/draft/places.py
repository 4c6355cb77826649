"""Targets and depots as the numbers that routes are planned from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geo.planning.crews import Crew, unmet_requirements
from geo.planning.daylight import find_light
from geo.planning.draft.request import DraftRequest
from geo.planning.drive import EstimatedDrive
from geo.planning.routes import Problem, Shift, Stop, default_minute_cost
from geo.planning.targets import Candidates, SiteKey, Target
from geo.reference.tables import read_columns

__all__ = ["find_out_of_reach", "make_problem", "place_coordinates", "sector_of_target", "service_minutes"]


def place_coordinates(crews: Sequence[Crew], targets: Sequence[Target]) -> tuple[list[float], list[float]]:
    """Easting and northing of every place: the crews' depots first, then the targets."""
    places = [*(crew.depot for crew in crews), *((target.easting, target.northing) for target in targets)]
    return [x for x, _ in places], [y for _, y in places]


def service_minutes(size: float) -> int:
    """Minutes at a site with so many employees or beds, from the table ``service_times``."""
    rows = sorted(read_columns("service_times", "from_size", "minutes"))
    return next(int(minutes) for low, minutes in reversed(rows) if size >= low or low == rows[0][0])


def sector_of_target(target: Target) -> str:
    """Its sector group; accommodation has none."""
    return target.group if target.layer == "workplaces" else ""


def find_out_of_reach(candidates: Candidates, request: DraftRequest) -> list[SiteKey]:
    """Candidates that no crew could reach and come back from within its hours, by estimated drive times.

    Drive times of the plan may come from a better source; this is about the frame that stops are drawn from, which
    holds thousands of sites.
    """
    room = request.hours[1] - request.hours[0] - service_minutes(0)
    drive = EstimatedDrive.from_reference()
    depots = np.array([crew.depot for crew in request.crews], dtype=np.float64).reshape(-1, 2)
    minutes = drive.minutes_between(depots[:, 0], depots[:, 1], candidates.easting, candidates.northing)
    far = np.flatnonzero((2 * minutes > room).all(axis=0))
    return [candidates.key(position) for position in far.tolist()]


def make_problem(
    request: DraftRequest,
    targets: Sequence[Target],
    drawn: Sequence[SiteKey],
    minutes: NDArray[np.float64],
    is_open: NDArray[np.bool_],
) -> Problem:
    """The routes' problem: a shift for each day and crew, in that order; a stop for each target.

    Parameters
    ----------
    request : DraftRequest
    targets : the sites to choose from
    drawn : keys of those that explore
    minutes : (n_crews + n_targets, same) float64, drive times between the places of `place_coordinates`
    is_open : (n_targets, n_days) bool, whether each is in season; what a planner asks for is visited all the same
    """
    start, end = request.hours
    shifts = [(day, number, crew) for day in request.days for number, crew in enumerate(request.crews)]
    n_crews, asked_for = len(request.crews), set(request.mandatory)
    mandatory = {*asked_for, *drawn}
    numbers = {(crew.name, day): position for position, (day, _, crew) in enumerate(shifts)}
    stops = tuple(
        Stop(
            place=n_crews + position,
            prize=target.priority,
            service_minutes=service_minutes(_size(target)),
            is_mandatory=target.key in mandatory,
            fixed_shift=numbers[request.locks[target.key]] if target.key in request.locks else None,
        )
        for position, target in enumerate(targets)
    )
    shape = (len(stops), len(shifts))
    may_visit, earliest, latest = np.zeros(shape, bool), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for i, (target, stop) in enumerate(zip(targets, stops, strict=True)):
        for j, (day, _, crew) in enumerate(shifts):
            light_start, light_end = _light(target, day)
            may_visit[i, j] = not unmet_requirements(crew, target.layer, sector_of_target(target))
            earliest[i, j] = max(start, light_start)
            latest[i, j] = min(end, light_end) - stop.service_minutes
            if not is_open[i, j // n_crews] and target.key not in asked_for:
                latest[i, j] = earliest[i, j] - 1
    return Problem(
        drive_minutes=minutes,
        shifts=tuple(Shift(number, number, start, end) for _, number, _ in shifts),
        stops=stops,
        may_visit=may_visit,
        earliest=earliest,
        latest=latest,
        minute_cost=default_minute_cost(),
    )


def _light(target: Target, day: date) -> tuple[int, int]:
    light = find_light(target.easting, target.northing, day)
    return light.start_minute, light.end_minute


def _size(target: Target) -> float:
    return float(target.employees if target.employees is not None else target.beds or 0.0)
