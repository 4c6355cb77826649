"""Imports through a real server: events while they happen, lost connections, and the end of the server."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.accounts import COOKIES, HTTP
from tests.api.made import WRITING
from tests.api.test_cli_process import serving

HEADER = "cfar;firma;antal anställda;sni;x;y\n"


def make_rows(n_rows: int) -> bytes:
    rows = (f"{n};Firma {n};1;41200;{759000 + n % 999};{7088000 + n // 999}\n" for n in range(n_rows))
    return (HEADER + "".join(rows)).encode()


def send(url: str, content: bytes) -> str:
    """Upload a file; the address of its state."""
    answer = HTTP.post(
        f"{url}/api/imports",
        files=[("files", ("a.csv", content))],
        data={"layer": "workplaces", "set": "kind=registered", "mode": "add"},
        headers=WRITING,
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    return f"{url}{answer.headers['location']}"


def follow(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.mark.long
def test_an_import_is_followed_while_it_happens(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (process, url):
        first = send(url, make_rows(30_000))
        second = send(url, make_rows(10))
        with HTTP.stream("GET", f"{first}/events", timeout=60) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in stream.headers
            name, state = next(follow(stream.iter_lines()))
            # told at once, not when all is over
            assert (name, state["status"]) == ("progress", "running")
        # one at a time
        assert HTTP.get(second).json()["status"] == "waiting"
        # the connection was lost: the next one is told what has happened since
        with HTTP.stream("GET", f"{first}/events", timeout=120) as stream:
            events = list(follow(stream.iter_lines()))
        assert [name for name, _ in events[:-1]] == ["progress"] * (len(events) - 1)
        assert events[-1][0] == "done"
        assert events[-1][1]["outcome"]["rows"]["accepted"] == 30_000
        rows_done = [state["rows_done"] for _, state in events if state["stage"].startswith("reading")]
        assert rows_done == sorted(rows_done)
        with HTTP.stream("GET", f"{second}/events", timeout=120) as stream:
            assert list(follow(stream.iter_lines()))[-1][0] == "done"

        # whoever goes away in the middle of sending leaves nothing, and gives the place back
        for _ in range(6):
            with socket.create_connection(("127.0.0.1", urlsplit(url).port)) as half:
                half.sendall(
                    b"POST /api/imports HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: norrsyn\r\n"
                    b"Cookie: norrsyn=" + COOKIES["norrsyn"].encode() + b"\r\n"
                    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000\r\n\r\n"
                    b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.csv"\r\n\r\n12345'
                )
        third = send_when_there_is_a_place(url, make_rows(60_000))
        assert len(list((tmp_path / "home" / "uploads").glob("server-*/import-*"))) == 1

        # nobody who follows an import keeps the server from ending
        with HTTP.stream("GET", f"{third}/events", timeout=60) as stream:
            next(follow(stream.iter_lines()))
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
    assert list((tmp_path / "home" / "uploads").glob("server-*")) == []


def send_when_there_is_a_place(url: str, content: bytes) -> str:
    give_up_at = time.monotonic() + 20
    while True:
        try:
            return send(url, content)
        except AssertionError:
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
