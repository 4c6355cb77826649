"""The line in which openings of share links wait: with threads of its own, so that a flood of guesses takes no others.

Whoever finds the line full, or stands in it often enough already, is told to come again before anything is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from api.errors import BusyError

__all__ = ["OpeningLine", "find_line"]

T = TypeVar("T")

# as many as passwords are compared at once: whoever is at work waits for no turn
_AT_ONCE = 2
# some seconds of work
_MOST_WAITING = 200
# a whole office stands behind one address, and so does somebody who guesses
_MOST_OF_ONE = 8


class OpeningLine:
    """Those who open links now, and those who wait; used within one event loop only.

    Parameters
    ----------
    n_at_once, n_waiting : int
        How many are served at once, and how many more may wait.
    n_each : int
        How many of them may be of one address.
    """

    def __init__(self, n_at_once: int = _AT_ONCE, n_waiting: int = _MOST_WAITING, n_each: int = _MOST_OF_ONE) -> None:
        self._limiter = CapacityLimiter(n_at_once)
        self._most, self._most_each = n_at_once + n_waiting, n_each
        self._inside: Counter[str] = Counter()

    async def serve(self, who: str, work: Callable[[], T]) -> T:
        """Wait for one's turn, and do the work on a thread.

        Parameters
        ----------
        who : str, where it comes from
        work : callable

        Raises
        ------
        BusyError
            The line is full, or too many of the same address stand in it.
        """
        if self._inside.total() >= self._most or self._inside[who] >= self._most_each:
            message = "Many share links are being opened; try again in a few seconds."
            raise BusyError(message)
        self._inside[who] += 1
        try:
            return await run_sync(work, limiter=self._limiter)
        finally:
            self._inside[who] -= 1
            if not self._inside[who]:
                del self._inside[who]


_line: RunVar[OpeningLine] = RunVar("norrsyn_opening_line")


def find_line() -> OpeningLine:
    """The line of this event loop: a server has one."""
    line = _line.get(None)
    if line is None:
        line = OpeningLine()
        _line.set(line)
    return line
