"""A crew's day by the clock, in an order of stops that somebody gives, and what does not hold on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.planning.routes.answer import Route, Visit
from geo.planning.routes.problem import NO_ROAD, Problem

__all__ = ["Miss", "drive_route", "follow_route"]


@dataclass(frozen=True)
class Miss:
    """One thing that does not hold on a route.

    Attributes
    ----------
    code : ``no_road`` (to the stop, or back), ``no_crew`` (powers), ``late`` (service begins after it may) or
        ``late_back`` (the crew is back after the shift has ended)
    stop : int, position among the problem's stops; None for the way back
    """

    code: str
    stop: int | None = None


def drive_route(problem: Problem, shift: int, stops: Sequence[int]) -> Route | None:
    """A crew's day by the clock, each service as early as it can be.

    Returns
    -------
    None where the crew may not go to a stop, comes too late to one, or is not back in time. Locks are not looked at.
    """
    route, misses = follow_route(problem, shift, stops)
    return None if misses else route


def follow_route(
    problem: Problem, shift: int, stops: Sequence[int], instead: NDArray[np.int64] | None = None
) -> tuple[Route, tuple[Miss, ...]]:
    """The same for any order, with all that does not hold; the clock runs on whatever it is.

    Parameters
    ----------
    problem : Problem
    shift : int, position among its shifts
    stops : positions among its stops, in the order of the visits
    instead : (n_places, n_places) int, minutes that count where no road leads
    """
    day = problem.shifts[shift]
    if not stops:
        return Route(shift, (), day.start_minute, 0), ()
    place, clock = day.start_place, day.start_minute
    visits: list[Visit] = []
    misses: list[Miss] = []
    for stop in stops:
        here = problem.stops[stop].place
        drive, has_road = _count(problem, place, here, instead)
        start = max(clock + drive, int(problem.earliest[stop, shift]))
        misses += [] if has_road else [Miss("no_road", stop)]
        misses += [] if problem.may_visit[stop, shift] else [Miss("no_crew", stop)]
        misses += [] if start <= problem.latest[stop, shift] else [Miss("late", stop)]
        # for the first stop the crew leaves late enough not to wait
        arrival = clock + drive if visits else start
        clock = start + problem.stops[stop].service_minutes
        visits.append(Visit(stop, drive, arrival, start, clock))
        place = here
    back, has_road = _count(problem, place, day.end_place, instead)
    misses += [] if has_road else [Miss("no_road")]
    misses += [] if clock + back <= day.end_minute else [Miss("late_back")]
    return Route(shift, tuple(visits), visits[0].start - visits[0].drive_minutes, back), tuple(misses)


def _count(problem: Problem, from_: int, to: int, instead: NDArray[np.int64] | None) -> tuple[int, bool]:
    """Minutes between two places, and whether a road leads there."""
    minutes = int(problem.minutes[from_, to])
    if minutes < NO_ROAD or instead is None:
        return minutes, minutes < NO_ROAD
    return int(instead[from_, to]), False
