"""Routes to begin with from OR-Tools' routing library, for towns: many short stops, too many routes to list.

Each stop may be left out for its prize, a mandatory one for more than all prizes. Guided local search goes from plan to
plan; the routes of all plans that it passes through are kept, because parts of several make a better plan than each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from geo.planning.routes.choosing import Values
from geo.planning.routes.enumerating import Day, RouteList
from geo.planning.routes.following import drive_route
from geo.planning.routes.limits import Clock
from geo.planning.routes.problem import MINUTES_PER_DAY, Problem

__all__ = ["RoutingModel", "search_routes"]

# A shift and the stops visited in it, in their order.
_Tour = tuple[int, tuple[int, ...]]
# Of the wall clock, so that some is left for choosing among the routes.
_CLOCK_SHARE = 0.5


class RoutingModel:
    """A problem as the routing library takes it.

    Nodes are the start and the end of each shift in turn, then the stops.

    Parameters
    ----------
    problem : Problem
    days : what each crew could visit
    values : Values
    """

    def __init__(self, problem: Problem, days: tuple[Day, ...], values: Values) -> None:
        self.n_shifts = len(problem.shifts)
        ends = [place for shift in problem.shifts for place in (shift.start_place, shift.end_place)]
        places = np.array([*ends, *(stop.place for stop in problem.stops)])
        service = np.array([0] * len(ends) + [stop.service_minutes for stop in problem.stops])
        drive = problem.minutes[np.ix_(places, places)]
        starts = list(range(0, len(ends), 2))
        self.manager = pywrapcp.RoutingIndexManager(len(places), self.n_shifts, starts, [i + 1 for i in starts])
        self.model = pywrapcp.RoutingModel(self.manager)
        cost = self.model.RegisterTransitMatrix((drive * values.minute_cost).tolist())
        self.model.SetArcCostEvaluatorOfAllVehicles(cost)
        pace = self.model.RegisterTransitMatrix((drive + service[:, None]).tolist())
        self.model.AddDimension(pace, MINUTES_PER_DAY, MINUTES_PER_DAY, False, "time")
        self.clock = self.model.GetDimensionOrDie("time")
        for i, shift in enumerate(problem.shifts):
            for end in (self.model.Start(i), self.model.End(i)):
                self.clock.CumulVar(end).SetRange(shift.start_minute, shift.end_minute)
        for stop, prize in enumerate(values.prize.tolist()):
            index = self.manager.NodeToIndex(len(ends) + stop)
            self.model.AddDisjunction([index], values.penalty if values.is_mandatory[stop] else prize)
            shifts = sorted(shift for day in days if stop in day.stops for shift in day.shifts)
            hours = {i: (int(problem.earliest[stop, i]), int(problem.latest[stop, i])) for i in shifts}
            self._open(index, hours)
        for pair in problem.orders:
            first, then = (self.manager.NodeToIndex(len(ends) + stop) for stop in pair)
            self.model.AddPickupAndDelivery(first, then)
            # equal too where both are left out
            self.model.solver().Add(self.model.VehicleVar(first) == self.model.VehicleVar(then))
            self.model.solver().Add(self.clock.CumulVar(first) <= self.clock.CumulVar(then))

    def read(self, follow: Callable[[int], int]) -> Iterator[_Tour]:
        """The routes of a plan, whose next node is asked for each node."""
        for shift in range(self.n_shifts):
            index, stops = follow(self.model.Start(shift)), []
            while not self.model.IsEnd(index):
                stops.append(self.manager.IndexToNode(index) - 2 * self.n_shifts)
                index = follow(index)
            if stops:
                yield shift, tuple(stops)

    def search(self, seconds: float, n_plans: int | None = None) -> list[_Tour]:
        """The routes of the best plan that guided local search finds; none where it finds no plan."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(max(1, int(1000 * seconds)))
        if n_plans is not None:
            parameters.solution_limit = n_plans
        plan = self.model.SolveWithParameters(parameters)
        return [] if plan is None else list(self.read(lambda index: int(plan.Value(self.model.NextVar(index)))))

    def _open(self, index: int, hours: dict[int, tuple[int, int]]) -> None:
        self.model.VehicleVar(index).SetValues([-1, *hours])
        if not hours:
            return
        start = self.clock.CumulVar(index)
        start.SetRange(max(0, min(early for early, _ in hours.values())), max(late for _, late in hours.values()))
        if len(set(hours.values())) > 1:
            any_time = (0, MINUTES_PER_DAY)
            # the first is for nobody
            by_vehicle = [any_time, *(hours.get(shift, any_time) for shift in range(self.n_shifts))]
            solver, who = self.model.solver(), (self.model.VehicleVar(index) + 1).Var()
            solver.Add(start >= solver.Element([early for early, _ in by_vehicle], who))
            solver.Add(start <= solver.Element([late for _, late in by_vehicle], who))


def search_routes(problem: Problem, days: tuple[Day, ...], values: Values, visits: int, clock: Clock) -> RouteList:
    """Routes of all plans that a guided local search passes through.

    Parameters
    ----------
    problem : Problem
    days : what each crew could visit
    values : Values
    visits : int, work: plans passed through × stops to choose from
    clock : Clock
    """
    routing = RoutingModel(problem, days, values)
    passed: dict[_Tour, None] = {}
    routing.model.AddAtSolutionCallback(
        lambda: passed.update(dict.fromkeys(routing.read(lambda i: int(routing.model.NextVar(i).Value()))))
    )
    until_s = (1 - _CLOCK_SHARE) * clock.left_s()
    routing.search(clock.left_s() - until_s, max(1, visits // len(problem.stops)))
    clock.mark_stop(until_s)
    number = {shift: i for i, day in enumerate(days) for shift in day.shifts}
    found = []
    for shift, stops in passed:
        route = drive_route(problem, shift, stops)
        if route is not None:
            tour = np.array([stops], dtype=np.int16)
            found.append(RouteList(np.array([number[shift]]), tour, np.array([route.drive_minutes])))
    return RouteList.join(found)
