"""The best plan for a problem: all routes are weighed where they can be listed, else those that prices call for."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from geo.planning.routes.answer import Answer, InfeasibleError, Route
from geo.planning.routes.choosing import PARTS_PER_POINT, Choice, Values, choose_routes, price_routes
from geo.planning.routes.enumerating import Day, RouteList, enumerate_routes, list_all_routes, look_at_days
from geo.planning.routes.explaining import explain
from geo.planning.routes.following import drive_route
from geo.planning.routes.limits import Budget, Clock, Limits
from geo.planning.routes.pricing import dive, list_within_gap, price_out
from geo.planning.routes.problem import Problem
from geo.planning.routes.searching import search_routes

__all__ = ["plan_routes"]

# Routes of a day between mandatory stops from which a search begins.
_SEEDS, _SEEDS_S = 10_000, 2.0
# Rounds of pricing before each route of a first plan.
_DIVE_ROUNDS = 2


def plan_routes(problem: Problem, limits: Limits | None = None) -> Answer:
    """The plan with the most points, less what its driving costs.

    The same problem and limits give the same plan, unless the answer says that the wall clock stopped it.

    Parameters
    ----------
    problem : Problem
    limits : Limits or None for the usual ones

    Raises
    ------
    InfeasibleError
        No plan holds all mandatory stops and locks, or none was found.
    """
    limits = Limits() if limits is None else limits
    clock = Clock(limits.wall_clock_s)
    days = look_at_days(problem)
    values = Values.of_problem(problem, days)
    routes = list_all_routes(days, Budget(limits.labels, clock))
    if routes is not None:
        plan, _ = dive(days, values, routes, 0, clock)
        routes = RouteList.join([plan, routes])
        choice = _choose(routes, len(plan), values, limits, clock)
        method = "exact"
    else:
        routes, choice, method = _search(problem, days, values, limits, clock)
    served = routes.stops[choice.which]
    if not np.isin(np.flatnonzero(values.is_mandatory), served).all():
        raise InfeasibleError(explain(problem, limits))
    stopped_by = "clock" if clock.has_stopped else choice.stopped_by
    return _answer(problem, days, routes[choice.which], choice.bound / PARTS_PER_POINT, method, stopped_by)


def _choose(routes: RouteList, n_known: int, values: Values, limits: Limits, clock: Clock) -> Choice:
    """The best choice, beginning from that of the first few routes."""
    prices = price_routes(routes, values)
    return choose_routes(routes, values, prices, np.arange(n_known), limits.choice_work, clock)


def _search(
    problem: Problem, days: tuple[Day, ...], values: Values, limits: Limits, clock: Clock
) -> tuple[RouteList, Choice, str]:
    # routes between stops that somebody asks for: prices say little before all of these are served
    is_asked_for = values.is_mandatory.copy()
    is_asked_for[[stop for pair in problem.orders for stop in pair]] = True
    asked_for = [day.without(~is_asked_for) for day in days]
    # few, so that even a clock that has run out leaves a plan
    own_clock = Clock(_SEEDS_S)
    seeds = [enumerate_routes(day, number, Budget(_SEEDS, own_clock)) for number, day in enumerate(asked_for)]
    seeds.append(search_routes(problem, days, values, limits.search_visits, clock))
    known, bound = price_out(days, values, RouteList.join(seeds), limits.price_rounds, clock)
    plan, known = dive(days, values, known, _DIVE_ROUNDS, clock)
    known = RouteList.join([plan, known])
    choice = _choose(known, len(plan), values, limits, clock)
    better = list_within_gap(days, values, bound, choice.value, Budget(limits.labels, clock))
    if better is not None:
        plan = known[choice.which]
        known = RouteList.join([plan, better])
        choice = _choose(known, len(plan), values, limits, clock)
        return known, Choice(choice.which, choice.value, min(choice.bound, bound.value), choice.stopped_by), "exact"
    return known, Choice(choice.which, choice.value, bound.value, clock.name_stop()), "search"


def _answer(
    problem: Problem, days: tuple[Day, ...], chosen: RouteList, bound: float, method: str, stopped_by: str | None
) -> Answer:
    on_day: dict[int, list[NDArray[np.int16]]] = defaultdict(list)
    for day, stops in zip(chosen.day.tolist(), chosen.stops, strict=True):
        on_day[day].append(stops[stops >= 0])
    routes: list[Route] = []
    for number, day in enumerate(days):
        lists = [stops.tolist() for stops in on_day[number]] + [[]] * len(day.shifts)
        for shift, stops in zip(day.shifts, lists, strict=False):
            route = drive_route(problem, shift, stops)
            if route is None:
                message = f"Route {stops} of shift {shift} does not hold: this is an error of the optimiser."
                raise RuntimeError(message)
            routes.append(route)
    routes.sort(key=lambda route: route.shift)
    prize = sum(problem.stops[stop].prize for route in routes for stop in route.stops)
    objective = prize - problem.minute_cost * sum(route.drive_minutes for route in routes)
    is_best = stopped_by is None and method == "exact"
    return Answer(tuple(routes), prize, objective, objective if is_best else max(bound, objective), method, stopped_by)
