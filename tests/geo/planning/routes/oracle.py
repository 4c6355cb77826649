"""Plans by trying everything, a crew's clock in plain Python, and small problems to try it on."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
from hypothesis import strategies as st

from geo.planning.routes import Answer, Problem, Shift, Stop

N_PLACES = 5


def count_minutes(problem: Problem) -> list[list[float]]:
    """Whole minutes by the quickest way, through other places where that is quicker."""
    n = len(problem.drive_minutes)
    way = [
        [math.ceil(x - 1e-6) if math.isfinite(x) else math.inf for x in row] for row in problem.drive_minutes.tolist()
    ]
    for i in range(n):
        way[i][i] = 0
    for k in range(n):
        for i in range(n):
            for j in range(n):
                way[i][j] = min(way[i][j], way[i][k] + way[k][j])
    return way


def simulate(problem: Problem, way: list[list[float]], shift: int, stops: tuple[int, ...]) -> float | None:
    """Drive minutes of a route; None where it cannot be driven."""
    day = problem.shifts[shift]
    here, clock, driven = day.start_place, day.start_minute, 0.0
    for i in stops:
        stop = problem.stops[i]
        if not problem.may_visit[i, shift] or stop.fixed_shift not in {None, shift}:
            return None
        driven += way[here][stop.place]
        clock = max(clock + way[here][stop.place], problem.earliest[i, shift])
        if clock > problem.latest[i, shift]:
            return None
        clock += stop.service_minutes
        here = stop.place
    driven += way[here][day.end_place] if stops else 0
    home = way[here][day.end_place] if stops else 0
    for first, then in problem.orders:
        if (first in stops) != (then in stops) or (first in stops and stops.index(first) > stops.index(then)):
            return None
    return driven if clock + home <= day.end_minute and driven < math.inf else None


def best_by_trying(problem: Problem) -> float | None:
    """The highest objective of all plans; None where there is no plan."""
    way, n = count_minutes(problem), len(problem.stops)
    plans = {frozenset(): 0.0}
    for shift in range(len(problem.shifts)):
        least: dict[frozenset[int], float] = {}
        for length in range(n + 1):
            for stops in permutations(range(n), length):
                driven = simulate(problem, way, shift, stops)
                if driven is not None:
                    least[frozenset(stops)] = min(driven, least.get(frozenset(stops), math.inf))
        longer: dict[frozenset[int], float] = {}
        for visited, so_far in plans.items():
            for more, driven in least.items():
                if not visited & more:
                    both = visited | more
                    longer[both] = min(so_far + driven, longer.get(both, math.inf))
        plans = longer
    mandatory = {i for i, stop in enumerate(problem.stops) if stop.is_mandatory}
    worth = [
        sum(problem.stops[i].prize for i in visited) - problem.minute_cost * driven
        for visited, driven in plans.items()
        if mandatory <= visited
    ]
    return max(worth, default=None)


def check_answer(problem: Problem, answer: Answer) -> None:
    """Every route can be driven as it says, and all demands are met."""
    way = count_minutes(problem)
    assert [route.shift for route in answer.routes] == list(range(len(problem.shifts)))
    visited = [stop for route in answer.routes for stop in route.stops]
    assert len(visited) == len(set(visited))
    assert {i for i, stop in enumerate(problem.stops) if stop.is_mandatory} <= set(visited)
    for route in answer.routes:
        assert simulate(problem, way, route.shift, route.stops) == route.drive_minutes
        day = problem.shifts[route.shift]
        clock, here = route.departure, day.start_place
        assert clock >= day.start_minute
        for visit in route.visits:
            stop = problem.stops[visit.stop]
            assert visit.drive_minutes == way[here][stop.place]
            assert visit.arrival == clock + visit.drive_minutes
            assert visit.start == visit.arrival + visit.wait_minutes >= visit.arrival
            assert problem.earliest[visit.stop, route.shift] <= visit.start <= problem.latest[visit.stop, route.shift]
            assert visit.end == visit.start + stop.service_minutes
            clock, here = visit.end, stop.place
        assert route.return_minute == clock + route.back_minutes <= day.end_minute
        assert not route.visits or route.visits[0].wait_minutes == 0
    assert answer.prize == math.fsum(problem.stops[i].prize for i in visited)
    assert math.isclose(answer.objective, answer.prize - problem.minute_cost * answer.drive_minutes, abs_tol=1e-9)
    assert answer.bound >= answer.objective


@st.composite
def problems(draw: st.DrawFn, max_stops: int = 6, max_shifts: int = 2) -> Problem:
    """Small ones, of which many have no plan."""
    n, m = draw(st.integers(0, max_stops)), draw(st.integers(0, max_shifts))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    drive = rng.uniform(0, 60, (N_PLACES, N_PLACES))
    drive[rng.random(drive.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.inf
    shifts = []
    for _ in range(m):
        start = int(rng.integers(0, 60))
        shifts.append(Shift(*rng.integers(0, N_PLACES, 2).tolist(), start, start + int(rng.integers(60, 300))))
    mandatory, fixed = draw(st.sampled_from([0.0, 0.3])), draw(st.sampled_from([0.0, 0.3]))
    prizes = draw(st.sampled_from([(0.0,), (0.0, 5.0), (1.0, 2.5, 7.1, 30.0)]))
    stops = tuple(
        Stop(
            int(rng.integers(0, N_PLACES)),
            float(rng.choice(prizes)),
            int(rng.integers(1, 60)),
            bool(rng.random() < mandatory),
            int(rng.integers(0, m)) if m and rng.random() < fixed else None,
        )
        for _ in range(n)
    )
    earliest = rng.integers(0, 200, (n, m))
    latest = earliest + rng.integers(-20, 200, (n, m))
    may_visit = rng.random((n, m)) < 0.9
    pairs = (
        draw(st.lists(st.permutations(range(n)).map(lambda order: tuple(order[:2])), max_size=2, unique=True))
        if n > 1
        else []
    )
    cost = draw(st.sampled_from([0.0, 0.01, 0.5]))
    return Problem(drive, tuple(shifts), stops, may_visit, earliest, latest, cost, tuple(pairs))
