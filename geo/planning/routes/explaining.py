"""Why a problem has no plan: mandatory stops that cannot be visited at all, or a few that exclude each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geo.planning.routes.answer import Reason
from geo.planning.routes.choosing import Values, choose_routes, price_routes
from geo.planning.routes.enumerating import list_all_routes, look_at_days
from geo.planning.routes.limits import Budget, Clock, Limits
from geo.planning.routes.problem import NO_ROAD, Problem
from geo.risk.words import Sentence

__all__ = ["explain"]

# What keeps a stop from being visited, by how far one comes in a shift: the farthest of all shifts is the reason.
_NO_ROAD, _NO_CREW, _CLOSED, _TOO_FAR, _POSSIBLE = range(5)
# A mandatory stop, the lock of a stop to its shift, or a pair in its order.
_Demand = tuple[str, int] | tuple[str, int, int]


def explain(problem: Problem, limits: Limits) -> tuple[Reason, ...]:
    """What breaks a problem for which no plan was found.

    Each mandatory stop that cannot be visited even by itself, whatever its lock; where there is none, mandatory stops
    and locks that cannot go together, while they can without any one of them.
    """
    mandatory = [i for i, stop in enumerate(problem.stops) if stop.is_mandatory]
    alone = [reason for stop in mandatory if (reason := _explain_alone(problem, stop)) is not None]
    if alone:
        return tuple(alone)
    clock = Clock(limits.wall_clock_s)
    demands: list[_Demand] = [
        *(("stop", stop) for stop in mandatory),
        *(("fixed", i) for i, stop in enumerate(problem.stops) if stop.fixed_shift is not None),
        *(("order", *pair) for pair in problem.orders),
    ]
    if not _is_impossible(problem, demands, limits, clock):
        return (_not_found(mandatory),)
    for demand in list(demands):
        fewer = [other for other in demands if other != demand]
        if _is_impossible(problem, fewer, limits, clock):
            demands = fewer
    return (_explain_together(demands),)


def _explain_alone(problem: Problem, stop: int) -> Reason | None:
    furthest = max((_come_to(problem, stop, shift) for shift in range(len(problem.shifts))), default=_NO_CREW)
    values = {"stop": stop}
    if furthest == _NO_ROAD:
        return Reason("no_road", (stop,), Sentence("No road leads to stop {stop} and back.", values))
    if furthest == _NO_CREW:
        return Reason("no_crew", (stop,), Sentence("No crew may go to stop {stop}.", values))
    if furthest == _CLOSED:
        sentence = Sentence("Stop {stop} is never open within a shift, by season, daylight or opening hours.", values)
        return Reason("closed", (stop,), sentence)
    if furthest == _TOO_FAR:
        sentence = Sentence(
            "Stop {stop} is too far away for a crew to go there, inspect and be back within a shift.", values
        )
        return Reason("too_far", (stop,), sentence)
    return None


def _come_to(problem: Problem, stop: int, shift: int) -> int:
    """How far one comes with a stop alone in a shift."""
    day, wish = problem.shifts[shift], problem.stops[stop]
    go, back = int(problem.minutes[day.start_place, wish.place]), int(problem.minutes[wish.place, day.end_place])
    earliest, latest = int(problem.earliest[stop, shift]), int(problem.latest[stop, shift])
    if max(go, back) >= NO_ROAD:
        return _NO_ROAD
    if not problem.may_visit[stop, shift]:
        return _NO_CREW
    if max(earliest, day.start_minute) > min(latest, day.end_minute):
        return _CLOSED
    start = max(earliest, day.start_minute + go)
    if start > latest or start + wish.service_minutes + back > day.end_minute:
        return _TOO_FAR
    return _POSSIBLE


def _is_impossible(problem: Problem, demands: Sequence[_Demand], limits: Limits, clock: Clock) -> bool:
    """Whether it is proven that no plan meets these demands; stops that none of them needs are left out."""
    mandatory = {demand[1] for demand in demands if demand[0] == "stop"}
    fixed = {demand[1] for demand in demands if demand[0] == "fixed"}
    orders = [(demand[1], demand[2]) for demand in demands if len(demand) == 3]  # noqa: PLR2004  a pair and its name
    needed = set(mandatory)
    for _ in orders:
        needed |= {stop for pair in orders if needed & set(pair) for stop in pair}
    is_needed = np.isin(np.arange(len(problem.stops)), sorted(needed))
    stops = tuple(
        replace(stop, prize=0.0, is_mandatory=i in mandatory, fixed_shift=stop.fixed_shift if i in fixed else None)
        for i, stop in enumerate(problem.stops)
    )
    may_visit = problem.may_visit & is_needed[:, None]
    fewer = replace(problem, stops=stops, may_visit=may_visit, orders=tuple(orders), minute_cost=0.0)
    days = look_at_days(fewer)
    routes = list_all_routes(days, Budget(limits.labels, clock))
    if routes is None:
        return False
    values = Values.of_problem(fewer, days)
    prices = price_routes(routes, values)
    choice = choose_routes(routes, values, prices, np.arange(0), limits.choice_work, clock)
    # prizes and drives are worth nothing here: a plan that leaves no stop out has the value 0
    return choice.bound < -values.penalty / 2


def _explain_together(demands: Sequence[_Demand]) -> Reason:
    stops = tuple(demand[1] for demand in demands if demand[0] == "stop")
    fixed = tuple(demand[1] for demand in demands if demand[0] == "fixed")
    orders = tuple((demand[1], demand[2]) for demand in demands if len(demand) == 3)  # noqa: PLR2004  a pair
    values = {"stops": _name(stops), "locks": ", ".join([*map(str, fixed), *(f"{a} → {b}" for a, b in orders)])}
    if fixed or orders:
        sentence = Sentence("Mandatory stops and locks exclude each other: stops {stops}, locks {locks}.", values)
    else:
        sentence = Sentence("The mandatory stops {stops} cannot all be visited within the shifts.", values)
    return Reason("together", stops, sentence, fixed, orders)


def _not_found(mandatory: Sequence[int]) -> Reason:
    sentence = Sentence(
        "No plan with all mandatory stops ({stops}) was found within the work limit; there may be one.",
        {"stops": _name(mandatory)},
    )
    return Reason("not_found", tuple(mandatory), sentence)


def _name(stops: Sequence[int]) -> str:
    return ", ".join(map(str, stops))
