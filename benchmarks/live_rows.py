"""How long a slider waits: from a score over HTTP to the last tile of the view, at 1 km, on the demo region."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import local
from time import perf_counter
from typing import NamedTuple

import psutil
from rows import Row, at_most
from score_load import DAY, demo_layers
from session import Session
from visitor import sign_in

import geo
from geo.store.files import Provenance, publish, save_layers, save_surface

__all__ = ["live_rows"]

BAR = at_most(400)
# A first view of 1366 × 768 px over Region Nord, and as many connections as a browser opens.
TILES = tuple((6, x, y) for x in range(33, 37) for y in range(15, 18))
CONNECTIONS = 6
ROUNDS = 15
_SERVE = """
import sys
from api.cli import app
sys.argv = ["norrsyn", "serve", "--port", "0", "--home", sys.argv[1]]
app()
"""


def live_rows(session: Session) -> Iterator[Row]:
    """Another date and other weights, none of them in memory yet, and a year of dates for the month slider."""
    rounds = 3 if session.quick else ROUNDS
    with _serve_demo() as (server, port, cookie), ThreadPoolExecutor(CONNECTIONS) as pool:
        client = _Client(server, port, cookie)
        # the first answer of each connection, and of each kind
        _drag(client, pool, "at=2024-01-01")
        _drag(client, pool, "weight=findings:1")
        dates = [_drag(client, pool, f"at={DAY - timedelta(days=17 * n)}&latest=1") for n in range(1, rounds + 1)]
        weights = [_drag(client, pool, f"weight=findings:{20 + n}&weight=colocation:{n}") for n in range(1, rounds + 1)]
        start, cpu_s = perf_counter(), client.read_cpu_s()
        client.get("/api/season")
        season_s, season_cpu_s = perf_counter() - start, client.read_cpu_s() - cpu_s
    for case, waits in (("another date", dates), ("other weights", weights)):
        yield Row(
            "slider to last tile, over HTTP",
            f"1000 m, {case}, {len(TILES)} tiles",
            ours_s=median(one.total_s for one in waits),
            figure=1000 * median(one.total_s for one in waits),
            unit="ms",
            bar=None if session.quick else BAR,
            rounds=rounds,
            note=f"{1000 * median(one.score_s for one in waits):.0f} ms of it until the score; "
            f"{1000 * median(one.cpu_s for one in waits):.0f} ms of processor; "
            f"slowest {1000 * max(one.total_s for one in waits):.0f} ms",
        )
    yield Row(
        "a year for the month slider, over HTTP",
        "1000 m, twelve scores",
        ours_s=season_s,
        figure=1000 * season_s,
        unit="ms",
        bar=None if session.quick else at_most(3_000),
        rounds=1,
        note=f"{1000 * season_cpu_s:.0f} ms of processor",
    )


class _Wait(NamedTuple):
    """Seconds until the last tile, until the score was answered, and of the server's processor."""

    total_s: float
    score_s: float
    cpu_s: float


def _drag(client: _Client, pool: ThreadPoolExecutor, query: str) -> _Wait:
    """A slider is moved: a score, then its tiles."""
    cpu_s, start = client.read_cpu_s(), perf_counter()
    surface = json.loads(client.get(f"/api/score?{query}"))["id"]
    scored_s = perf_counter() - start
    list(pool.map(lambda tile: client.get("/tiles/{}/{}/{}/{}.png".format(surface, *tile)), TILES))
    return _Wait(perf_counter() - start, scored_s, client.read_cpu_s() - cpu_s)


class _Client:
    """One kept connection per thread."""

    def __init__(self, server: psutil.Process, port: int, cookie: str) -> None:
        self._server, self._port, self._mine = server, port, local()
        self._headers = {"Cookie": cookie}

    def read_cpu_s(self) -> float:
        """Processor that the server has used, s."""
        used = self._server.cpu_times()
        return float(used.user + used.system)

    def get(self, path: str) -> bytes:
        """The body of an answer, which must be 200."""
        if not hasattr(self._mine, "connection"):
            self._mine.connection = HTTPConnection("127.0.0.1", self._port)
        connection: HTTPConnection = self._mine.connection
        connection.request("GET", path, headers=self._headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:  # noqa: PLR2004
            message = f"{path}: {response.status} {body[:200]!r}"
            raise RuntimeError(message)
        return body


@contextmanager
def _serve_demo() -> Iterator[tuple[psutil.Process, int, str]]:
    """The demo region, scored and served as `norrsyn serve` does: the process, its port and a planner's cookie."""
    with TemporaryDirectory() as folder:
        layers = demo_layers()
        save_layers(folder, {name: (frame, Provenance("demo")) for name, frame in layers.items() if len(frame)})
        surface = geo.score(geo.load_layers(folder), geo.region_grid(1000), at=DAY)
        save_surface(folder, surface)
        publish(folder, surface.id)
        command = [sys.executable, "-c", _SERVE, folder]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])  # noqa: S603
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in sign_in(Path(folder)).items())
            yield psutil.Process(server.pid), _read_port(server), cookie
        finally:
            server.terminate()
            server.wait(30)


def _read_port(server: subprocess.Popen[str]) -> int:
    for line in server.stdout or ():
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if found:
            return int(found[1])
    message = "norrsyn serve ended before it answered"
    raise RuntimeError(message)
