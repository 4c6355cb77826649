"""How sure scores are: drawn behind the requests, which wait for a while without holding a thread, then come again.

At 100 m a drawing takes minutes. A request that waited for it on a thread of the routes would keep that thread, also
when nobody listens any more; a few dozen of them, and nobody is answered.
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

__all__ = ["STILL_DRAWING", "Drawing"]

STILL_DRAWING = "How sure the scores are is being computed, which takes some seconds; ask again then."
_WAIT_S = 20.0
_LOOK_EVERY_S = 0.2
# How far the drawing steps back from whoever asks for something else, as `nice` counts.
_NICE = 10
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

    def prepare(self, work: Callable[[], object]) -> None:
        """Do what the server itself will want, in turn; it takes nobody's place."""
        self._thread.submit(work)

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
        """Take no more work; what is under way ends by itself."""
        self.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Let the system prefer every other thread; those that this one starts step back with it."""
    if sys.platform == "linux":
        # elsewhere this would be of the whole process, and not of one thread
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
