"""How much work may be done, and by what time it must be done with."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from geo.errors import ParameterError

__all__ = ["Budget", "Clock", "Limits"]


@dataclass(frozen=True)
class Limits:
    """Work limits, which make a plan the same on every machine, and the wall clock as a net below them.

    Attributes
    ----------
    labels : int, routes that an enumeration may keep
    search_visits : int, plans that OR-Tools' routing library may pass through × stops to choose from
    price_rounds : int, rounds in which routes are looked for that are worth more than the prices of what they take
    choice_work : float, deterministic time of CP-SAT for choosing among routes
    wall_clock_s : float, seconds

    Raises
    ------
    ParameterError
        One of them is not above 0.
    """

    labels: int = 300_000
    search_visits: int = 40_000
    price_rounds: int = 15
    choice_work: float = 1.5
    wall_clock_s: float = 10.0

    def __post_init__(self) -> None:
        wrong = [name for name, value in vars(self).items() if not (np.isfinite(value) and value > 0)]
        if wrong:
            message = f"{', '.join(wrong)} must be finite and above 0."
            raise ParameterError(message)


class Clock:
    """The wall clock's net."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.has_stopped = False

    def left_s(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._until - time.monotonic())

    def is_left(self) -> bool:
        """Whether there is time; where there is none, that is kept for the answer."""
        self.mark_stop(0)
        return self.left_s() > 0

    def mark_stop(self, until_s: float) -> None:
        """Keep for the answer that somebody stopped because no more than so much was left."""
        self.has_stopped |= self.left_s() <= until_s

    def name_stop(self) -> str:
        """What stops those who do not come to their end: ``clock``, or ``work`` where there is time."""
        self.mark_stop(0)
        return "clock" if self.has_stopped else "work"


class Budget:
    """Work that may be done before somebody must stop."""

    def __init__(self, work: int, clock: Clock) -> None:
        self._work, self._clock = work, clock

    def spend(self, work: int) -> None:
        """Take so much off."""
        self._work -= work

    @property
    def is_left(self) -> bool:
        """Whether anything is left, of work and of time."""
        return self._work > 0 and self._clock.is_left()
