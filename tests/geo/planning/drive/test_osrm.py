"""A routing server's answers, from a server that speaks OSRM's language, well or badly."""

from __future__ import annotations

import json
import logging
import math
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
from pyproj import Transformer

from geo.errors import ParameterError
from geo.planning.drive import DriveError, EstimatedDrive, FirstThatAnswers, OsrmDrive

Respond = Callable[[list[tuple[float, float]], list[int], list[int]], tuple[int, bytes]]
ESTIMATE = EstimatedDrive(1.0, (0.0,), (60.0,))


def spell(seconds: list[list[float | None]], metres: list[list[float | None]]) -> tuple[int, bytes]:
    return 200, json.dumps({"code": "Ok", "durations": seconds, "distances": metres}).encode()


def honest(places: list[tuple[float, float]], sources: list[int], destinations: list[int]) -> tuple[int, bytes]:
    """A world in which a second leads over a thousandth of a degree; nothing leads to 20° east and beyond."""

    def seconds(i: int, j: int) -> float | None:
        beyond = places[j][0] >= 20
        return None if beyond else round(1000 * math.dist(places[i], places[j]), 1)

    table = [[seconds(i, j) for j in destinations] for i in sources]
    return spell(table, [[value and 20 * value for value in row] for row in table])


class Server:
    """A routing server on this machine; what it was asked stands in `asked`."""

    def __init__(self, respond: Respond) -> None:
        self.respond, self.asked = respond, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                _, table, version, profile, places = unquote(parts.path).split("/")
                assert (table, version, profile) == ("table", "v1", "driving")
                query = {name: value[0] for name, value in parse_qs(parts.query).items()}
                assert query["annotations"] == "duration,distance"
                where = [tuple(map(float, place.split(","))) for place in places.split(";")]
                some = [[int(k) for k in query[name].split(";")] for name in ("sources", "destinations")]
                outer.asked.append(len(where))
                status, body = outer.respond(where, *some)  # type: ignore[arg-type]
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def start() -> Iterator[Callable[[Respond], Server]]:
    running: list[Server] = []

    def run(respond: Respond) -> Server:
        server = Server(respond)
        threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return server

    yield run
    for server in running:
        server.http.shutdown()
        server.http.server_close()


def metres(*places: tuple[float, float]) -> tuple[Any, Any]:
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:3006", always_xy=True).transform(*zip(*places, strict=True))
    return np.array(x), np.array(y)


def test_times_and_lengths_are_the_servers(start: Callable[[Respond], Server]) -> None:
    answer = OsrmDrive(start(honest).url).drive(*metres((17.0, 63.0), (17.6, 63.8), (20.5, 64.0)))
    assert answer.minutes[0, 1] == pytest.approx(1000 / 60, rel=1e-4)
    assert answer.distance_m[0, 1] == pytest.approx(20_000, rel=1e-4)
    assert np.isinf(answer.minutes[0, 2])
    assert answer.unreachable_from(0).tolist() == [2]
    assert answer.minutes[2, 2] == 0
    assert answer.provider == "osrm"


def test_many_places_are_asked_for_in_blocks_that_a_server_takes(start: Callable[[Respond], Server]) -> None:
    server = start(honest)
    places = [(15 + 0.01 * k, 63 + 0.005 * (k % 7)) for k in range(120)]
    answer = OsrmDrive(server.url).drive(*metres(*places))
    expected = [[1000 * math.dist(a, b) / 60 for b in places] for a in places]
    # the server rounds to a tenth of a second, and coordinates to a millionth of a degree
    np.testing.assert_allclose(answer.minutes, expected, atol=0.1 / 60 + 1e-3)
    assert max(server.asked) <= 100
    assert len(server.asked) == 9


def test_a_server_that_is_overloaded_is_asked_again(start: Callable[[Respond], Server]) -> None:
    answers = iter([(503, b"busy"), (503, b"busy")])
    server = start(lambda *asked: next(answers, None) or honest(*asked))
    answer = OsrmDrive(server.url, backoff_s=0.01).drive(*metres((17.0, 63.0), (17.6, 63.8)))
    assert np.isfinite(answer.minutes).all()
    assert len(server.asked) == 3


BAD: dict[str, tuple[int, bytes]] = {
    "away": (503, b"busy"),
    "no_json": (200, b"<html>"),
    "refused": (400, b'{"code": "InvalidQuery", "message": "no"}'),
    "no_table": (200, b'{"code": "Ok"}'),
    "list": (200, b"[1]"),
    "words": (200, b'{"code": "Ok", "durations": [["a", "b"], ["c", "d"]], "distances": [[0, 1], [1, 0]]}'),
    "ragged": (200, b'{"code": "Ok", "durations": [[0, 1], [1]], "distances": [[0, 1], [1, 0]]}'),
    "too_small": (200, b'{"code": "Ok", "durations": [[0]], "distances": [[0]]}'),
    "negative": (200, b'{"code": "Ok", "durations": [[0, -1], [1, 0]], "distances": [[0, 1], [1, 0]]}'),
    "redirect": (302, b"{}"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_none_falls_back_to_the_next_provider_and_says_so(
    start: Callable[[Respond], Server], name: str
) -> None:
    osrm = OsrmDrive(start(lambda *_: BAD[name]).url, n_retries=1, backoff_s=0.01)
    places = metres((17.0, 63.0), (17.6, 63.8))
    with pytest.raises(DriveError) as refused:
        osrm.drive(*places)
    assert "17" not in str(refused.value)
    answer = FirstThatAnswers((osrm, ESTIMATE)).drive(*places)
    assert np.array_equal(answer.minutes, ESTIMATE.drive(*places).minutes)
    assert answer.provider == "estimate"
    assert [str(note) for note in answer.notes] == [
        f"Drive times fell back to another source: {refused.value}",
        "Drive times are estimates from distance as the crow flies, not from roads.",
    ]


def test_a_server_that_does_not_answer_in_time_is_left(start: Callable[[Respond], Server]) -> None:
    def slow(*asked: Any) -> tuple[int, bytes]:
        time.sleep(0.6)
        return honest(*asked)

    with pytest.raises(DriveError, match=r"within 0\.1 s"):
        OsrmDrive(start(slow).url, timeout_s=0.1, n_retries=0).drive(*metres((17.0, 63.0)))


def test_a_server_that_is_not_there_is_a_drive_error_without_the_places() -> None:
    with pytest.raises(DriveError, match="cannot be reached") as refused:
        OsrmDrive("http://127.0.0.1:9", n_retries=0).drive(*metres((17.123, 63.0)))
    assert "17.1" not in str(refused.value)


@pytest.mark.parametrize("is_there", [True, False])
def test_no_log_tells_of_the_places(
    start: Callable[[Respond], Server], caplog: pytest.LogCaptureFixture, is_there: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    url = start(lambda *_: (503, b"busy")).url if is_there else "http://127.0.0.1:9"
    places = metres((17.123, 63.0), (17.6, 63.8))
    with pytest.raises(DriveError) as refused:
        OsrmDrive(url, n_retries=1, backoff_s=0.01).drive(*places)
    told = caplog.text + "".join(traceback.format_exception(refused.value))
    assert "17.1" not in told
    assert "/table/" not in told
    # what is said of other addresses stays
    assert "urllib3" in caplog.text


def test_the_whole_table_is_waited_for_as_long_as_said(start: Callable[[Respond], Server]) -> None:
    """Each of nine answers comes in time, but not all of them together."""
    now = [0.0]

    def slow(*asked: Any) -> tuple[int, bytes]:
        now[0] += 4.0
        return honest(*asked)

    server = start(slow)
    osrm = OsrmDrive(server.url, clock=lambda: now[0])
    places = metres(*((15 + 0.01 * k, 63 + 0.005 * (k % 7)) for k in range(120)))
    with pytest.raises(DriveError, match="within 10 s"):
        osrm.drive(*places)
    assert len(server.asked) == 3
    assert FirstThatAnswers((osrm, ESTIMATE)).drive(*places).provider == "estimate"


def test_the_last_providers_failure_is_the_answer() -> None:
    away = OsrmDrive("http://127.0.0.1:9", n_retries=0)
    with pytest.raises(DriveError):
        FirstThatAnswers((away,)).drive(*metres((17.0, 63.0)))


def test_an_address_must_be_one_of_http() -> None:
    with pytest.raises(ParameterError, match="http://"):
        OsrmDrive("file:///etc/passwd")


class Drip:
    """A server that says a byte at a time, and never comes to an end."""

    def __init__(self, begin: bytes) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.hung_up = threading.Event()
        threading.Thread(target=self.serve, args=(begin,), daemon=True).start()

    def serve(self, begin: bytes) -> None:
        connection, _ = self.listening.accept()
        with self.listening, connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(begin)
            while True:
                time.sleep(0.02)
                connection.sendall(b"7")
        self.hung_up.set()


BEGINNINGS = {
    "status line": b"HTTP/1.1 2",
    "header": b"HTTP/1.1 200 OK\r\nX-Wait: ",
    "sized body": b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
    # what was cut could pass for a whole answer
    "open body": b"HTTP/1.0 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
@pytest.mark.parametrize("limits", [{"total_s": 0.25}, {"timeout_s": 0.25}], ids=["total", "answer"])
def test_a_server_that_drips_is_left_when_the_time_is_up(begin: bytes, limits: dict[str, float]) -> None:
    server = Drip(begin)
    with pytest.raises(DriveError, match=r"did not answer within 0\.3 s|did not answer within 0\.2 s"):
        OsrmDrive(server.url, **limits).drive(*metres((19.0, 64.0), (19.1, 64.0)))
    # and nothing is left waiting for it
    assert server.hung_up.wait(30)
