"""The best routes for a problem: all routes weighed against each other where they can be listed, else searched for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.planning.routes.answer import Answer, InfeasibleError, drive_route
from geo.planning.routes.choosing import PARTS_PER_POINT, Choice, Values, choose_routes, price_routes
from geo.planning.routes.enumerating import Day, RouteList, enumerate_routes, look_at_day
from geo.planning.routes.limits import Budget, Clock, Limits
from geo.planning.routes.pricing import list_within_gap, price_out
from geo.planning.routes.problem import Problem
from geo.planning.routes.searching import Tour, search_routes

__all__ = ["plan_routes"]


def plan_routes(problem: Problem, limits: Limits | None = None) -> Answer:
    """The plan with the most points, less what its driving costs.

    The same problem and limits give the same plan, unless the answer says that the clock stopped it.

    Parameters
    ----------
    problem : Problem
    limits : Limits or None for the default ones

    Raises
    ------
    InfeasibleError
        No plan holds all mandatory stops and locks, or none was found.
    """
    limits = Limits() if limits is None else limits
    clock = Clock(limits.wall_clock_s)
    values = Values.of_problem(problem)
    days = tuple(look_at_day(problem, shift) for shift in range(len(problem.shifts)))
    budget = Budget(limits.labels, clock)
    routes = _list_all(days, budget)
    if routes is not None:
        choice = _choose(routes, values, NOTHING, limits, clock)
        method = "exact"
    else:
        routes, choice, method = _search(problem, days, values, limits, clock)
    if choice.value < 0 and ...:
        raise InfeasibleError(explain(problem, limits))
    return _answer(...)
