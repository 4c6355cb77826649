"""Routes found by OR-Tools' routing library, for towns: many short stops, too many routes to list.

Each stop may be left out for its prize, a mandatory one for more than all prizes. Guided local search goes from plan to
plan; the routes of all plans that it passes through are kept, because parts of several make a better plan than each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from geo.planning.routes.choosing import Values
from geo.planning.routes.enumerating import Day
from geo.planning.routes.limits import Clock
from geo.planning.routes.problem import MINUTES_PER_DAY, Problem

__all__ = ["Tour", "search_routes"]

# A shift and the stops visited in it, in their order.
Tour = tuple[int, tuple[int, ...]]
_TIME = "time"
# Of the wall clock, so that some is left for choosing among the routes.
_CLOCK_SHARE = 0.6


def search_routes(
    problem: Problem, days: tuple[Day, ...], values: Values, visits: int, clock: Clock
) -> tuple[list[Tour], list[Tour]]:
    """Routes of all plans that a guided local search passes through, and those of the best plan.

    Parameters
    ----------
    problem : Problem
    days : what each crew could visit
    values : Values
    visits : int, work: plans passed through × stops to choose from
    clock : Clock
    """
    manager, model = _build_model(problem, days, values)
    n_ends = 2 * len(problem.shifts)

    def read(follow: Callable[[int], int]) -> Iterator[Tour]:
        for shift in range(len(problem.shifts)):
            index, stops = follow(model.Start(shift)), []
            while not model.IsEnd(index):
                stops.append(manager.IndexToNode(index) - n_ends)
                index = follow(index)
            if stops:
                yield shift, tuple(stops)

    passed: dict[Tour, None] = {}
    model.AddAtSolutionCallback(
        lambda: passed.update(dict.fromkeys(read(lambda index: int(model.NextVar(index).Value()))))
    )
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.solution_limit = max(1, visits // len(problem.stops))
    until_s = (1 - _CLOCK_SHARE) * clock.left_s()
    parameters.time_limit.FromMilliseconds(max(1, int(1000 * (clock.left_s() - until_s))))
    plan = model.SolveWithParameters(parameters)
    clock.mark_stop(until_s)
    best = [] if plan is None else list(read(lambda index: int(plan.Value(model.NextVar(index)))))
    return list(passed), best


def _build_model(
    problem: Problem, days: tuple[Day, ...], values: Values
) -> tuple[pywrapcp.RoutingIndexManager, pywrapcp.RoutingModel]:
    n_shifts = len(problem.shifts)
    ends = [place for shift in problem.shifts for place in (shift.start_place, shift.end_place)]
    places = np.array([*ends, *(stop.place for stop in problem.stops)])
    service = np.array([0] * len(ends) + [stop.service_minutes for stop in problem.stops])
    drive = problem.minutes[np.ix_(places, places)]
    manager = pywrapcp.RoutingIndexManager(
        len(places), n_shifts, list(range(0, 2 * n_shifts, 2)), list(range(1, 2 * n_shifts, 2))
    )
    model = pywrapcp.RoutingModel(manager)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix((drive * values.minute_cost).tolist()))
    pace = model.RegisterTransitMatrix((drive + service[:, None]).tolist())
    model.AddDimension(pace, MINUTES_PER_DAY, MINUTES_PER_DAY, False, _TIME)  # noqa: FBT003  positional only
    clock = model.GetDimensionOrDie(_TIME)
    for i, shift in enumerate(problem.shifts):
        for end in (model.Start(i), model.End(i)):
            clock.CumulVar(end).SetRange(shift.start_minute, shift.end_minute)
    for stop, prize in enumerate(values.prize.tolist()):
        index = manager.NodeToIndex(len(ends) + stop)
        model.AddDisjunction([index], values.penalty if values.is_mandatory[stop] else prize)
        _open(model, clock, index, _windows(problem, days, stop))
    for pair in problem.orders:
        before, after = (manager.NodeToIndex(len(ends) + stop) for stop in pair)
        taken = problem.stops[pair[0]].service_minutes
        # equal too where both are left out, at -1
        model.solver().Add(model.VehicleVar(before) == model.VehicleVar(after))
        model.solver().Add(clock.CumulVar(before) + taken <= clock.CumulVar(after))
    return manager, model


def _windows(problem: Problem, days: tuple[Day, ...], stop: int) -> dict[int, tuple[int, int]]:
    """When service may begin, for each shift in which the stop could be visited."""
    shifts = sorted(shift for day in days if stop in day.stops for shift in day.shifts)
    return {shift: (int(problem.earliest[stop, shift]), int(problem.latest[stop, shift])) for shift in shifts}


def _open(
    model: pywrapcp.RoutingModel, clock: pywrapcp.RoutingDimension, index: int, windows: dict[int, tuple[int, int]]
) -> None:
    model.VehicleVar(index).SetValues([-1, *windows])
    if not windows:
        return
    start = clock.CumulVar(index)
    start.SetRange(min(early for early, _ in windows.values()), max(late for _, late in windows.values()))
    if len(set(windows.values())) > 1:
        solver = model.solver()
        closed = (0, MINUTES_PER_DAY)
        hours = [closed, *(windows.get(shift, closed) for shift in range(model.vehicles()))]
        which = model.VehicleVar(index) + 1
        solver.Add(start >= solver.Element([early for early, _ in hours], which.Var()))
        solver.Add(start <= solver.Element([late for _, late in hours], which.Var()))
