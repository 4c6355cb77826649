"""OR-Tools' routing library as one would use it alone: optional visits for a penalty, guided local search."""

from __future__ import annotations

from geo.planning.routes import Problem, drive_route
from geo.planning.routes.choosing import Values
from geo.planning.routes.enumerating import look_at_days
from geo.planning.routes.searching import RoutingModel

__all__ = ["search_plan"]


def search_plan(problem: Problem, seconds: float) -> float | None:
    """The objective of the plan found; None where none was found, or one without all mandatory stops."""
    days = look_at_days(problem)
    tours = RoutingModel(problem, days, Values.of_problem(problem, days)).search(seconds)
    visited = {stop for _, stops in tours for stop in stops}
    routes = [drive_route(problem, shift, stops) for shift, stops in tours]
    if None in routes or any(stop.is_mandatory and i not in visited for i, stop in enumerate(problem.stops)):
        return None
    prize = sum(problem.stops[stop].prize for stop in visited)
    return prize - problem.minute_cost * sum(route.drive_minutes for route in routes if route is not None)
