"""Which routes to drive: at most one for each crew, no stop twice, every mandatory stop once, the most points in all.

This is set packing. Its linear relaxation is solved first, over all routes: it prices stops and shifts, and a route
that is overpriced by more than what lies between a known plan and the relaxation's optimum is in no better plan. CP-SAT
chooses among the rest.

Source: Balinski & Quandt (1964), set partitioning; Baldacci et al. (2008), routes left out by their reduced cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from ortools.sat.python import cp_model
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from geo.planning.routes.enumerating import Day, RouteList
from geo.planning.routes.limits import Clock
from geo.planning.routes.problem import Problem

__all__ = ["PARTS_PER_POINT", "Choice", "Prices", "Values", "choose_routes", "price_routes"]

# Points are counted in whole parts of this size, so that sums are exact.
PARTS_PER_POINT = 10_000
# Routes of the first and of each further round of the relaxation, and of the first and the last choice.
_FIRST_PRICED, _MORE_PRICED = 1_000, 1_000
_FIRST_CHOICE, _LAST_CHOICE = 2_000, 60_000
# Parts of a point by which a relaxation may be off.
_ROUNDING = 1.0
_SEED = 1


@dataclass(frozen=True, eq=False)
class Values:
    """What visits and driving are worth, in whole parts of a point.

    Attributes
    ----------
    prize : (n_stops,) int64
    minute_cost : int
    is_mandatory : (n_stops,) bool, partners of mandatory stops too
    group : (n_stops,) int64, the same for stops that are visited together or not at all
    crews : (n_days,) int64, shifts for which the day is the same
    penalty : int, more than any plan can gain: what a mandatory stop takes off where it is left out
    """

    prize: NDArray[np.int64]
    minute_cost: int
    is_mandatory: NDArray[np.bool_]
    group: NDArray[np.int64]
    crews: NDArray[np.int64]
    penalty: int

    @classmethod
    def of_problem(cls, problem: Problem, days: tuple[Day, ...]) -> Values:
        """The problem's own."""
        prize = np.array([round(stop.prize * PARTS_PER_POINT) for stop in problem.stops], dtype=np.int64)
        minute_cost = round(problem.minute_cost * PARTS_PER_POINT)
        minutes = sum(shift.end_minute - shift.start_minute for shift in problem.shifts)
        group = _group_partners(len(problem.stops), problem.orders)
        asked_for = [group[i] for i, stop in enumerate(problem.stops) if stop.is_mandatory]
        is_mandatory = np.isin(group, np.array(asked_for, dtype=np.int64))
        penalty = int(prize.sum()) + minute_cost * minutes + PARTS_PER_POINT
        crews = np.array([len(day.shifts) for day in days], dtype=np.int64)
        return cls(prize, minute_cost, is_mandatory, group, crews, penalty)

    def value(self, routes: RouteList) -> NDArray[np.int64]:
        """(k,) int64: prizes less what driving costs."""
        worth: NDArray[np.int64] = np.append(self.prize, 0)[routes.stops].sum(axis=1)
        return worth - self.minute_cost * routes.drive


@dataclass(frozen=True, eq=False)
class Prices:
    """The optimum of the linear relaxation over some routes.

    Attributes
    ----------
    objective : float, parts; mandatory stops that it cannot serve have taken their penalty off
    stop : (n_stops,) float64, price of a visit, >= 0 where it is not mandatory
    day : (n_days,) float64, price of a crew's day, >= 0
    share : (k,) float64, 0 to 1, how much of each route is in the optimum
    """

    objective: float
    stop: NDArray[np.float64]
    day: NDArray[np.float64]
    share: NDArray[np.float64]

    def reduce(self, routes: RouteList, value: NDArray[np.int64]) -> NDArray[np.float64]:
        """(k,) float64: by how much each route is worth more than its price."""
        price: NDArray[np.float64] = np.append(self.stop, 0.0)[routes.stops].sum(axis=1)
        return value - price - self.day[routes.day]


@dataclass(frozen=True, eq=False)
class Choice:
    """The routes that were chosen.

    Attributes
    ----------
    which : (c,) int64, positions in the list
    value : int, parts; mandatory stops that are not served have taken their penalty off
    bound : float, parts: no choice among these routes has a higher value
    stopped_by : ``work`` or ``clock`` where one of them ended the choice before it was proven best, else None
    """

    which: NDArray[np.int64]
    value: int
    bound: float
    stopped_by: str | None


def price_routes(routes: RouteList, values: Values) -> Prices:
    """Solve the linear relaxation over all routes; only those that it could use are given to the solver."""
    value = values.value(routes)
    is_in = np.zeros(len(routes), dtype=np.bool_)
    per_minute = value / np.maximum(1, (routes.stops >= 0).sum(axis=1))
    for day in range(len(values.crews)):
        here = np.flatnonzero(routes.day == day)
        for order in (-value[here], -per_minute[here]):
            is_in[here[np.argsort(order, kind="stable")[: _FIRST_PRICED // (2 * len(values.crews))]]] = True
    while True:
        prices = _solve_relaxation(routes[is_in], value[is_in], values)
        reduced = np.where(is_in, -np.inf, prices.reduce(routes, value))
        more = np.flatnonzero(reduced > _ROUNDING)
        if not len(more):
            share = np.zeros(len(routes))
            share[is_in] = prices.share
            return replace(prices, share=share)
        is_in[more[np.argsort(-reduced[more], kind="stable")[:_MORE_PRICED]]] = True


def choose_routes(
    routes: RouteList, values: Values, prices: Prices, known: NDArray[np.int64], work: float, clock: Clock
) -> Choice:
    """The best choice among routes.

    Parameters
    ----------
    routes : RouteList
    values : Values
    prices : Prices, over these routes
    known : (c,) int64, a choice to begin with, positions in the list; may be empty
    work : float, deterministic time of CP-SAT
    clock : Clock
    """
    value = values.value(routes)
    reduced = prices.reduce(routes, value)
    dearest_last = np.argsort(-reduced, kind="stable")
    best, best_value, bound = known, _total(routes, value, known, values), prices.objective
    for most in (_FIRST_CHOICE, _LAST_CHOICE):
        given = np.union1d(dearest_last[: min(most, _count_needed(reduced, best_value - bound))], best)
        solved = _solve_choice(routes[given], value[given], values, np.searchsorted(given, best), (work, clock))
        work -= solved.work
        if (total := _total(routes, value, given[solved.which], values)) >= best_value:
            best, best_value = given[solved.which], total
        if _count_needed(reduced, best_value - bound) <= len(given):
            # no route that was not given is in a better plan
            bound = min(bound, max(solved.bound, best_value))
            return Choice(best, best_value, bound, None if solved.is_proven else clock.name_stop())
        if work <= 0 or not clock.is_left():
            break
    return Choice(best, best_value, bound, clock.name_stop())


def _group_partners(n_stops: int, orders: tuple[tuple[int, int], ...]) -> NDArray[np.int64]:
    """(n_stops,) int64, the same for stops that pairs hold together."""
    if not n_stops:
        return np.empty(0, dtype=np.int64)
    first, then = np.array(orders, dtype=np.int64).reshape(-1, 2).T
    _, group = connected_components(sp.coo_array((np.ones(len(first)), (first, then)), shape=(n_stops, n_stops)))
    return np.asarray(group, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Solved:
    which: NDArray[np.int64]
    bound: float
    is_proven: bool
    work: float


def _count_needed(reduced: NDArray[np.float64], from_bound: float) -> int:
    return int((reduced >= from_bound - _ROUNDING).sum())


def _total(routes: RouteList, value: NDArray[np.int64], which: NDArray[np.int64], values: Values) -> int:
    served = np.unique(routes.stops[which])
    n_left_out = int(values.is_mandatory.sum() - values.is_mandatory[served[served >= 0]].sum())
    return int(value[which].sum()) - values.penalty * n_left_out


def _solve_relaxation(routes: RouteList, value: NDArray[np.int64], values: Values) -> Prices:
    """With a column for each route, and one for leaving out each mandatory stop."""
    n_stops, n_days, mandatory = len(values.prize), len(values.crews), np.flatnonzero(values.is_mandatory)
    if not len(routes) + len(mandatory):
        return Prices(0.0, np.zeros(n_stops), np.zeros(n_days), np.zeros(0))
    route, at = np.nonzero(routes.stops >= 0)
    rows = np.concatenate([routes.stops[route, at], n_stops + routes.day, mandatory])
    columns = np.concatenate([route, np.arange(len(routes) + len(mandatory))])
    matrix = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_stops + n_days, columns.max(initial=-1) + 1))
    is_equal = np.append(values.is_mandatory, np.zeros(n_days, dtype=np.bool_))
    worth = np.append(value, np.full(len(mandatory), -values.penalty)).astype(np.float64)
    solved = linprog(  # type: ignore[call-overload]  # its stubs know no sparse matrices
        -worth,
        A_ub=matrix[~is_equal],
        b_ub=np.append(np.ones(n_stops), values.crews)[~is_equal],
        A_eq=matrix[is_equal],
        b_eq=np.ones(is_equal.sum()),
        method="highs-ds",
    )
    if not solved.success:
        message = f"The prices of routes were not found: {solved.message}"
        raise RuntimeError(message)
    price = np.empty(n_stops + n_days)
    price[~is_equal], price[is_equal] = -solved.ineqlin.marginals, -solved.eqlin.marginals
    # what may be left out has no price below 0, whatever the solver rounds to
    price[~is_equal] = np.maximum(price[~is_equal], 0.0)
    # those of partners are any two with the same sum: taken alike, they mislead nobody who looks at one of them
    shared = np.bincount(values.group, price[:n_stops]) / np.maximum(1, np.bincount(values.group))
    return Prices(-float(solved.fun), shared[values.group], price[n_stops:], solved.x[: len(routes)])


def _solve_choice(
    routes: RouteList, value: NDArray[np.int64], values: Values, known: NDArray[np.intp], limit: tuple[float, Clock]
) -> _Solved:
    work, clock = limit
    model = cp_model.CpModel()
    drive = [model.new_bool_var("") for _ in range(len(routes))]
    leave_out = {int(stop): model.new_bool_var("") for stop in np.flatnonzero(values.is_mandatory)}
    through: list[list[cp_model.IntVar]] = [[] for _ in values.prize]
    on_day: list[list[cp_model.IntVar]] = [[] for _ in values.crews]
    for variable, day, stops in zip(drive, routes.day.tolist(), routes.stops.tolist(), strict=True):
        on_day[day].append(variable)
        for stop in stops:
            if stop >= 0:
                through[stop].append(variable)
    for stop, variables in enumerate(through):
        if stop in leave_out:
            model.add_exactly_one([*variables, leave_out[stop]])
        else:
            model.add_at_most_one(variables)
    for variables, crews in zip(on_day, values.crews.tolist(), strict=True):
        model.add(cp_model.LinearExpr.sum(variables) <= crews)
    model.maximize(
        cp_model.LinearExpr.weighted_sum(
            [*drive, *leave_out.values()], [*value.tolist(), *[-values.penalty] * len(leave_out)]
        )
    )
    is_known = np.isin(np.arange(len(routes)), known)
    for variable, hint in zip(drive, is_known.tolist(), strict=True):
        model.add_hint(variable, hint)
    served = np.unique(routes.stops[known]).tolist()
    for stop, variable in leave_out.items():
        model.add_hint(variable, stop not in served)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.linearization_level = 2
    # looking for symmetries heeds no limit: it took a minute for two thousand routes that are alike
    solver.parameters.symmetry_level = 0
    solver.parameters.max_deterministic_time = work
    solver.parameters.max_time_in_seconds = clock.left_s()
    status = solver.solve(model)
    clock.is_left()
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return _Solved(known, np.inf, is_proven=False, work=work)
    which = np.array([i for i, variable in enumerate(drive) if solver.boolean_value(variable)], dtype=np.int64)
    spent = solver.response_proto.deterministic_time
    return _Solved(which, solver.best_objective_bound, status == cp_model.OPTIMAL, spent)
