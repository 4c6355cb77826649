"""Where routes are too many to list: those that could be in a better plan, and a bound on every plan.

Whatever the prices of the stops, no plan is worth more than all prices together and, for each crew's day, the most that
one route earns beyond the prices of its stops. That most is bounded by a route that may come back to a stop, though not
at once, which a table over stops and minutes finds. Prices that make the bound low are those of the linear relaxation
over the routes known so far; routes that earn most at these prices are then added.

Source: Desrochers, Desrosiers & Solomon (1992), column generation; Baldacci et al. (2008), routes within the gap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.kernels import fill_ceilings
from geo.planning.routes.choosing import Prices, Values, price_routes
from geo.planning.routes.enumerating import Day, Guide, RouteList, enumerate_routes
from geo.planning.routes.limits import Budget, Clock

__all__ = ["Bound", "dive", "list_within_gap", "price_out"]

# Routes of one length that go on, and routes of a day that are added in one round.
_WIDTH, _ADDED = 50, 60
_NO_LIMIT = 2**62
# Share of the bound below which more rounds are not worth their time.
_CLOSE = 5e-4
_ROUNDING = 1.0


@dataclass(frozen=True, eq=False)
class Bound:
    """An upper bound on every plan, and the prices that prove it.

    Attributes
    ----------
    value : float, parts of a point
    stop : (n_stops,) float64, price of each stop
    most : for each day, the most that a route earns beyond the prices of its stops
    """

    value: float
    stop: NDArray[np.float64]
    most: tuple[float, ...]


def price_out(
    days: tuple[Day, ...], values: Values, routes: RouteList, n_rounds: int, clock: Clock
) -> tuple[RouteList, Bound]:
    """Add routes that the prices call for, until none is left, the bound is close or the rounds are over.

    Returns
    -------
    The routes with those that were added, and the lowest bound that was found
    """
    best = Bound(np.inf, np.zeros(len(values.prize)), ())
    for _ in range(n_rounds):
        prices = price_routes(routes, values)
        guides = [_make_guide(day, values, prices.stop) for day in days]
        bound = _bound(guides, values, prices.stop)
        best = min(best, bound, key=lambda one: one.value)
        if best.value - prices.objective < _CLOSE * abs(best.value) or not clock.is_left():
            break
        more = [
            _earn_most(
                day,
                number,
                replace(guide, at_least=prices.day[number] + _ROUNDING, width=_WIDTH),
                values,
                prices,
                clock,
            )
            for number, (day, (guide, _)) in enumerate(zip(days, guides, strict=True))
            if values.crews[number]
        ]
        if not sum(map(len, more)):
            break
        routes = RouteList.join([routes, *more])
    return routes, best


def dive(
    days: tuple[Day, ...], values: Values, routes: RouteList, n_rounds: int, clock: Clock
) -> tuple[RouteList, RouteList]:
    """A plan made route by route, each the one that the relaxation of what is left uses most.

    Parameters
    ----------
    days, values, routes : as of all stops
    n_rounds : int, rounds of `price_out` before each route is taken
    clock : Clock

    Returns
    -------
    The plan, and all routes with those that were added
    """
    plan, known = [], [routes]
    while values.crews.any():
        n_known = len(routes)
        routes, _ = price_out(days, values, routes, n_rounds if clock.is_left() else 0, clock)
        known.append(routes[n_known:])
        share = price_routes(routes, values).share
        if not share.any():
            break
        chosen = routes[np.array([share.argmax()])]
        plan.append(chosen)
        is_taken = np.isin(np.arange(len(values.prize)), chosen.stops)
        crews = values.crews - (np.arange(len(days)) == chosen.day)
        values = replace(values, is_mandatory=values.is_mandatory & ~is_taken, crews=crews)
        days = tuple(day.without(is_taken) for day in days)
        is_left = ~np.append(is_taken, False)[routes.stops].any(axis=1) & (crews[routes.day] > 0)
        routes = routes[is_left]
    return RouteList.join(plan), RouteList.join(known)


def list_within_gap(
    days: tuple[Day, ...], values: Values, bound: Bound, known: int, budget: Budget
) -> RouteList | None:
    """All routes that could be in a plan worth more than a known one; None where they are more than the budget."""
    gap = bound.value - known + _ROUNDING
    lists = []
    for number, (day, most) in enumerate(zip(days, bound.most, strict=True)):
        guide, _ = _make_guide(day, values, bound.stop)
        lists.append(enumerate_routes(day, number, budget, replace(guide, at_least=most - gap), keep_part=False))
        if not budget.is_left:
            return None
    return RouteList.join(lists)


def _make_guide(day: Day, values: Values, price: NDArray[np.float64]) -> tuple[Guide, float]:
    """What routes can earn beyond prices, and the most that any does; 0 for a crew that stays."""
    worth = (values.prize[day.stops] - price[day.stops]).astype(np.float64)
    early, late = day.early - day.start_minute, day.late - day.start_minute
    n_minutes = day.end_minute - day.start_minute + 1
    ceilings = fill_ceilings(day.go, (early, late), day.service, day.back, worth, float(values.minute_cost), n_minutes)
    end = early + day.service
    routes = worth - values.minute_cost * day.first + ceilings[0][np.arange(len(day)), end]
    return Guide(worth, float(values.minute_cost), *ceilings, at_least=-np.inf), float(routes.max(initial=0.0))


def _bound(guides: list[tuple[Guide, float]], values: Values, price: NDArray[np.float64]) -> Bound:
    most = tuple(most for _, most in guides)
    return Bound(float(price.sum() + values.crews @ most), price, most)


def _earn_most(day: Day, number: int, guide: Guide, values: Values, prices: Prices, clock: Clock) -> RouteList:
    routes = enumerate_routes(day, number, Budget(_NO_LIMIT, clock), guide)
    earned = prices.reduce(routes, values.value(routes))
    routes, earned = routes[earned > _ROUNDING], earned[earned > _ROUNDING]
    return routes[np.argsort(-earned, kind="stable")[:_ADDED]]
