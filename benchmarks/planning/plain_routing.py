"""OR-Tools' routing library as one would write it: optional visits for a penalty, times, guided local search.

It takes the instances of this folder, whose hours are the same in all shifts.
"""

from __future__ import annotations

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from geo.planning.routes import Problem, drive_route

__all__ = ["search_plan"]

_PARTS = 1_000
_DAY = 1440
_MUST = 10**9


def search_plan(problem: Problem, seconds: float) -> float | None:
    """The objective of the plan found; None where mandatory stops are missing or none was found."""
    manager, model = _build_model(problem)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(1000 * seconds))
    plan = model.SolveWithParameters(parameters)
    if plan is None:
        return None
    prize, drive, visited = 0.0, 0, set()
    for shift in range(len(problem.shifts)):
        index, stops = plan.Value(model.NextVar(model.Start(shift))), []
        while not model.IsEnd(index):
            stops.append(manager.IndexToNode(index) - 2 * len(problem.shifts))
            index = plan.Value(model.NextVar(index))
        route = drive_route(problem, shift, stops)
        if route is None:
            return None
        visited.update(stops)
        prize += sum(problem.stops[stop].prize for stop in stops)
        drive += route.drive_minutes
    if any(stop.is_mandatory and i not in visited for i, stop in enumerate(problem.stops)):
        return None
    return prize - problem.minute_cost * drive


def _build_model(problem: Problem) -> tuple[pywrapcp.RoutingIndexManager, pywrapcp.RoutingModel]:
    n_shifts = len(problem.shifts)
    ends = [place for shift in problem.shifts for place in (shift.start_place, shift.end_place)]
    places = np.array([*ends, *(stop.place for stop in problem.stops)])
    service = np.array([0] * len(ends) + [stop.service_minutes for stop in problem.stops])
    drive = problem.minutes[np.ix_(places, places)]
    starts = list(range(0, 2 * n_shifts, 2))
    manager = pywrapcp.RoutingIndexManager(len(places), n_shifts, starts, [start + 1 for start in starts])
    model = pywrapcp.RoutingModel(manager)
    cost = np.rint(drive * problem.minute_cost * _PARTS).astype(int)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(cost.tolist()))
    pace = model.RegisterTransitMatrix((drive + service[:, None]).tolist())
    model.AddDimension(pace, _DAY, _DAY, False, "time")
    clock = model.GetDimensionOrDie("time")
    for i, shift in enumerate(problem.shifts):
        for end in (model.Start(i), model.End(i)):
            clock.CumulVar(end).SetRange(shift.start_minute, shift.end_minute)
    for i, stop in enumerate(problem.stops):
        index = manager.NodeToIndex(len(ends) + i)
        model.AddDisjunction([index], _MUST if stop.is_mandatory else round(stop.prize * _PARTS))
        shifts = np.flatnonzero(problem.may_visit[i] & (problem.earliest[i] <= problem.latest[i]))
        shifts = shifts[[stop.fixed_shift in {None, shift} for shift in shifts.tolist()]]
        model.VehicleVar(index).SetValues([-1, *shifts.tolist()])
        # the instances' hours are those of all shifts
        clock.CumulVar(index).SetRange(int(problem.earliest[i].min()), int(problem.latest[i].max()))
    for pair in problem.orders:
        first, then = (manager.NodeToIndex(len(ends) + stop) for stop in pair)
        model.AddPickupAndDelivery(first, then)
        model.solver().Add(model.VehicleVar(first) == model.VehicleVar(then))
        model.solver().Add(clock.CumulVar(first) <= clock.CumulVar(then))
    return manager, model
