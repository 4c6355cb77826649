"""A limit for a whole exchange with a server: time-outs of sockets begin anew with every byte that drips in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["Deadline", "DeadlineAdapter"]


class Deadline:
    """Cuts the connections that it watches when the time is up, whatever is being sent or waited for on them.

    Attributes
    ----------
    is_past : bool, whether the last exchange was cut
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self.is_past = False

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection too when the time is up."""
        with self._lock:
            # of one's own: encryption takes the other one over
            self._sockets.append(connected.dup())
        if self.is_past:
            self._cut()

    @contextmanager
    def hold(self, seconds: float) -> Iterator[None]:
        """Let an exchange take so long."""
        self.is_past = False
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def close(self) -> None:
        """Watch nothing any longer."""
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def _cut(self) -> None:
        with self._lock:
            self.is_past = True
            for one in self._sockets:
                # one that is closed by now
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class DeadlineAdapter(HTTPAdapter):
    """Connections of a session, watched by a deadline.

    Parameters
    ----------
    deadline : Deadline
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """See `requests.adapters.HTTPAdapter`."""
        super().init_poolmanager(*args, **options)
        deadline = self._deadline

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                connected = super()._new_conn()
                deadline.watch(connected)
                return connected

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                connected = super()._new_conn()
                deadline.watch(connected)
                return connected

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
