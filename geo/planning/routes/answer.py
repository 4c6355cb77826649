"""What the optimiser answers: each crew's day by the clock, and how sure it is that no plan is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geo.errors import InputError
from geo.risk.words import Sentence

__all__ = ["Answer", "InfeasibleError", "Reason", "Route", "Visit"]

_TINY = 1e-9


@dataclass(frozen=True)
class Visit:
    """One stop of a route, by the clock.

    Attributes
    ----------
    stop : int, position among the problem's stops
    drive_minutes : int, from the stop before, or from the start of the shift
    arrival, start, end : int, minutes of the day: the crew arrives, begins, and is done
    """

    stop: int
    drive_minutes: int
    arrival: int
    start: int
    end: int

    @property
    def wait_minutes(self) -> int:
        """From arrival until service may begin."""
        return self.start - self.arrival


@dataclass(frozen=True)
class Route:
    """One crew's day. A crew leaves no earlier than it must for its first stop.

    Attributes
    ----------
    shift : int, position among the problem's shifts
    visits : in the order they are made; none where the crew stays
    departure : int, minute of the day
    back_minutes : int, drive from the last stop to the end of the shift
    """

    shift: int
    visits: tuple[Visit, ...]
    departure: int
    back_minutes: int

    @property
    def stops(self) -> tuple[int, ...]:
        """Positions of the stops in the order they are visited."""
        return tuple(visit.stop for visit in self.visits)

    @property
    def drive_minutes(self) -> int:
        """On the road, the way back included."""
        return sum(visit.drive_minutes for visit in self.visits) + self.back_minutes

    @property
    def wait_minutes(self) -> int:
        """Between arrivals and starts of service."""
        return sum(visit.wait_minutes for visit in self.visits)

    @property
    def return_minute(self) -> int:
        """Minute of the day at which the crew is back."""
        return self.visits[-1].end + self.back_minutes if self.visits else self.departure


@dataclass(frozen=True)
class Answer:
    """A plan of routes.

    Attributes
    ----------
    routes : one for each shift
    prize : float, points of all stops visited
    objective : float, `prize` less what driving costs
    bound : float: no plan has a higher objective
    method : ``exact`` where all routes worth driving were weighed against each other, ``search`` where some were
    stopped_by : None where the method came to its end; ``work`` where the work limit stopped it, and the same problem
        gives this plan again; ``clock`` where the wall clock did, and it may not
    """

    routes: tuple[Route, ...]
    prize: float
    objective: float
    bound: float
    method: str
    stopped_by: str | None

    @property
    def gap(self) -> float:
        """Share of the bound by which a plan may be better; 0 for one that is proven best."""
        return 0.0 if self.bound <= self.objective else (self.bound - self.objective) / max(abs(self.bound), _TINY)

    @property
    def drive_minutes(self) -> int:
        """Of all crews."""
        return sum(route.drive_minutes for route in self.routes)


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a problem from having a plan.

    Attributes
    ----------
    code : ``no_road``, ``no_crew``, ``closed``, ``too_far`` (one mandatory stop, whatever else is planned),
        ``together`` (`stops` and locks that exclude each other) or ``not_found`` (nothing is proven)
    stops : positions of the stops that it is about
    fixed : positions of those whose lock to a shift has a part in it
    orders : those locked pairs that have a part in it
    sentence : the same for people
    """

    code: str
    stops: tuple[int, ...]
    sentence: Sentence
    fixed: tuple[int, ...] = ()
    orders: tuple[tuple[int, int], ...] = ()


class InfeasibleError(InputError):
    """No plan holds all mandatory stops and locks.

    Attributes
    ----------
    reasons : what breaks it
    """

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(" ".join(str(reason.sentence) for reason in reasons))
        self.reasons = tuple(reasons)
