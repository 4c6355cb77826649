"""How sure scores are: drawn behind the requests, which wait for a while without holding a thread, then come again.

At 100 m a drawing takes minutes. A request that waited for it on a thread of the routes would keep that thread, also
when nobody listens any more; a few dozen of them, and nobody is answered. What takes long is drawn in a process of its
own (`geo.risk.uncertainty.apart`); what takes a second or two is drawn here, because that process starts in as long.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, get_native_id
from typing import TypeVar

from api.errors import BusyError
from api.turns import Turns
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import ApartDrawings, Uncertainty

__all__ = ["MOST_CELLS_HERE", "STILL_DRAWING", "Drawing"]

STILL_DRAWING = "How sure the scores are is being computed, which takes some seconds; ask again then."
_WAIT_S = 20.0
_LOOK_EVERY_S = 0.2
# How far the drawing steps back from whoever asks for something else, as `nice` counts.
_NICE = 10
# Surfaces with more ranked cells than this are drawn in a process of their own.
MOST_CELLS_HERE = 100_000
T = TypeVar("T")


class Drawing:
    """One thread that draws, one thing after another, and steps back whenever somebody asks for something else.

    Parameters
    ----------
    n_under_way : int
        How many drawings may run or wait.
    """

    def __init__(self, n_under_way: int) -> None:
        self._places = BoundedSemaphore(n_under_way)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="norrsyn-draw", initializer=_step_back)
        # not behind a drawing that may take minutes
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="norrsyn-prepare", initializer=_step_back)
        self._apart = ApartDrawings()
        self._is_stopping = False

    def submit(self, draw: Callable[[], T]) -> Future[T]:
        """Draw in turn.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        if not self._places.acquire(blocking=False):
            message = "Many drawings of how sure scores are wait already; try again in a few seconds."
            raise BusyError(message)
        drawn = self._thread.submit(draw)
        drawn.add_done_callback(lambda _: self._places.release())
        return drawn

    def prepare(self, work: Callable[[], T]) -> Future[T]:
        """Do what the server itself will want, in turn; it takes nobody's place."""
        return self._preparing.submit(work)

    def estimate(self, surface: RiskSurface, top_k: int, turns: Turns) -> Uncertainty:
        """How sure scores are, drawn now: a few cells here, when it is their turn, many in a process of their own.

        Raises
        ------
        BusyError
            It would be drawn here, and too many wait already.
        EndedError
            The process ended before it was done; asked again, another one draws.
        """
        if surface.n_ranked > MOST_CELLS_HERE:
            return self._apart.estimate(surface, top_k=top_k)
        with turns.take():
            return surface.uncertainty(top_k=top_k)

    async def wait(self, drawn: Future[T]) -> T:
        """What was drawn, once it is there.

        Raises
        ------
        BusyError
            It takes long, or the server ends; it is drawn on for whoever asks again.
        """
        waiting = asyncio.wrap_future(drawn)
        # of an error that nobody waited for, nothing is logged: whoever asks again is told
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        give_up_at = time.monotonic() + _WAIT_S
        while not drawn.done() and not self._is_stopping and time.monotonic() < give_up_at:
            # unlike a wait that is cancelled, it leaves the drawing to the others
            await asyncio.wait([waiting], timeout=_LOOK_EVERY_S)
        if drawn.done() and not drawn.cancelled():
            return drawn.result()
        raise BusyError(
            "The server is about to end; try again when it is back." if self._is_stopping else STILL_DRAWING
        )

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self._is_stopping = True

    def close(self) -> None:
        """Take no more work; what is under way here ends by itself, what is drawn in another process ends now."""
        self.stop()
        for pool in (self._thread, self._preparing):
            pool.shutdown(wait=False, cancel_futures=True)
        self._apart.close()


def _step_back() -> None:
    """Let the system prefer every other thread; those that this one starts step back with it."""
    if sys.platform == "linux":
        # elsewhere this would be of the whole process, and not of one thread
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
