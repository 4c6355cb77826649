"""Kept instances of inspection plans, each made from its name by a seeded generator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.planning.drive import EstimatedDrive
from geo.planning.routes import Problem, Shift, Stop

__all__ = ["INSTANCES", "hash_problem", "make_problem"]

CENTRE_M = (760_000.0, 7_150_000.0)
N_DAYS = 2
DAY = (480, 1050)
# minutes between which stops are open, and where half a day ends
OPEN, NOON = (480, 960), 720
MINUTE_COST = 0.01


@dataclass(frozen=True)
class Instance:
    """What an instance is made of.

    Attributes
    ----------
    seed : int
    n_stops : int
    n_clusters : int, localities that candidates lie around; 0 for one cloud
    radius_km : float, how far localities, or the candidates of one cloud, are spread
    depots_km : where crews start, east and north of the centre; crew i from depot i, in turn
    ends_elsewhere : whether a crew ends its day at the next depot
    service : minutes to choose from
    narrow : float, share of stops that are open for half a day only
    closed : float, share of stops × crews without the powers to go there
    n_mandatory, n_fixed, n_orders : int, mandatory stops, locks to a shift (mandatory too) and pairs in their order
    n_crews : int
    """

    seed: int
    n_stops: int = 40
    n_clusters: int = 8
    radius_km: float = 150.0
    depots_km: tuple[tuple[float, float], ...] = ((0.0, -60.0), (35.0, 55.0), (70.0, 150.0))
    ends_elsewhere: bool = False
    service: tuple[int, ...] = (45, 60, 90, 120)
    narrow: float = 0.2
    closed: float = 0.1
    n_mandatory: int = 3
    n_fixed: int = 0
    n_orders: int = 0
    n_crews: int = 3


_ONE, _TOWN = ((0.0, 0.0),), (30, 45, 60, 90)
INSTANCES: Mapping[str, Instance] = {
    "norrland-a": Instance(1),
    "norrland-b": Instance(2, n_mandatory=5),
    "county": Instance(3, radius_km=60, depots_km=((0.0, 0.0), (40.0, 40.0))),
    "town": Instance(4, n_clusters=0, radius_km=8, depots_km=_ONE, service=_TOWN),
    "windows": Instance(5, radius_km=80, narrow=0.8, closed=0.4),
    "locks": Instance(6, radius_km=100, n_fixed=4, n_orders=3),
    "depots": Instance(7, radius_km=80, ends_elsewhere=True, closed=0.2),
    "town-locks": Instance(8, n_clusters=0, radius_km=8, depots_km=_ONE, service=_TOWN, n_fixed=4, n_orders=3),
    "norrland-120": Instance(9, n_stops=120, n_clusters=15),
    "county-80": Instance(10, n_stops=80, radius_km=60, depots_km=((0.0, 0.0), (40.0, 40.0))),
    "town-120": Instance(
        11, n_stops=120, n_clusters=0, radius_km=15, depots_km=((0.0, 0.0), (15.0, 10.0)), service=_TOWN
    ),
}


def make_problem(name: str) -> Problem:
    """The instance of a name."""
    made = INSTANCES[name]
    rng = np.random.default_rng(made.seed)
    depots = 1000.0 * np.array(made.depots_km) + CENTRE_M
    places = np.concatenate([depots, _scatter(rng, made)])
    drive = EstimatedDrive.from_reference().drive(*places.T).minutes
    n_depots, n_shifts = len(depots), made.n_crews * N_DAYS
    crew = np.arange(n_shifts) % made.n_crews
    ends = (crew + made.ends_elsewhere) % n_depots
    shifts = tuple(Shift(int(start), int(end), *DAY) for start, end in zip(crew % n_depots, ends, strict=True))
    service = rng.choice(made.service, made.n_stops)
    prize = np.clip(rng.gamma(3, 9, made.n_stops), 2, 95).round(1)
    stops = [Stop(n_depots + i, float(prize[i]), int(service[i])) for i in range(made.n_stops)]
    may_visit = (rng.random((made.n_stops, made.n_crews)) >= made.closed)[:, crew]
    opens, closes = (np.full(made.n_stops, minute) for minute in OPEN)
    is_narrow = rng.random(made.n_stops) < made.narrow
    is_morning = rng.random(made.n_stops) < 1 / 2
    closes[is_narrow & is_morning] = NOON
    opens[is_narrow & ~is_morning] = NOON
    earliest = np.repeat(opens[:, None], n_shifts, axis=1)
    latest = np.repeat((closes - service)[:, None], n_shifts, axis=1)
    # the mandatory and the locked are near a depot, and every crew may go there
    near = np.argsort(drive[:n_depots, n_depots:].min(axis=0))[: made.n_stops // 2]
    asked_for = rng.choice(near, made.n_mandatory + made.n_fixed + 2 * made.n_orders, replace=False)
    may_visit[asked_for] = True
    for i in asked_for[: made.n_mandatory + made.n_fixed]:
        stops[i] = replace(stops[i], is_mandatory=True)
    for k, i in enumerate(asked_for[made.n_mandatory :][: made.n_fixed]):
        stops[i] = replace(stops[i], fixed_shift=k % n_shifts)
    pairs = asked_for[made.n_mandatory + made.n_fixed :].reshape(-1, 2).tolist()
    orders = tuple((int(first), int(then)) for first, then in pairs)
    return Problem(drive, shifts, tuple(stops), may_visit, earliest, latest, MINUTE_COST, orders)


def hash_problem(problem: Problem) -> str:
    """Of everything that a plan depends on: tells whether a generator still makes the same instance."""
    arrays = (problem.minutes, problem.may_visit, problem.earliest, problem.latest)
    content = b"".join(array.tobytes() for array in arrays)
    content += repr((problem.shifts, problem.stops, problem.orders, problem.minute_cost)).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _scatter(rng: np.random.Generator, made: Instance) -> NDArray[np.float64]:
    """(n_stops, 2) float64, m."""
    spread = 1000.0 * made.radius_km
    if not made.n_clusters:
        return rng.normal(CENTRE_M, spread / 2, (made.n_stops, 2))
    centres = rng.uniform(-spread, spread, (made.n_clusters, 2)) + CENTRE_M
    near: NDArray[np.float64] = centres[rng.integers(0, made.n_clusters, made.n_stops)]
    return near + rng.normal(0, spread / 10, (made.n_stops, 2))
