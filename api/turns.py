"""Questions that take seconds of computing: a few at a time, some more wait, and whoever comes then is told so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from api.errors import BusyError

__all__ = ["Turns"]


class Turns:
    """Places for those who ask.

    Parameters
    ----------
    n_at_once, n_waiting : int
        How many are answered at once, and how many more may wait.
    """

    def __init__(self, n_at_once: int, n_waiting: int) -> None:
        self._inside = BoundedSemaphore(n_at_once + n_waiting)
        self._at_once = BoundedSemaphore(n_at_once)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for one's turn, and hold it.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        if not self._inside.acquire(blocking=False):
            message = "Many questions that take long to answer wait already; try again in a few seconds."
            raise BusyError(message)
        try:
            with self._at_once:
                yield
        finally:
            self._inside.release()
