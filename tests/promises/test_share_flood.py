"""Promise: whoever floods the addresses of share links takes nobody else's turn, and nobody's attempt is lost."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import sqlalchemy as sa

from api.auth.passwords import Passwords
from api.errors import BusyError
from api.share.line import OpeningLine
from geo.store.people.database import read_people
from geo.store.people.shares.tokens import make_share_token
from geo.store.people.tables import ATTEMPTS
from tests.accounts import cheap_passwords
from tests.api.made import BASE_URL
from tests.promises.test_share_links import FORM, World, make_app
from tests.shares import put_release


class SlowPasswords(Passwords):
    """Passwords that are compared no further than a gate, until it opens."""

    gate = threading.Event()

    def apart(self) -> Passwords:
        return SlowPasswords(self._hasher)

    def verify(self, kept: str | None, password: str) -> bool:
        with self._turns.take():
            assert self.gate.wait(30)
        return super().verify(kept, password)


@pytest.fixture
def world(tmp_path: Path) -> World:
    SlowPasswords.gate = threading.Event()
    world = World(make_app(tmp_path / "home", SlowPasswords(cheap_passwords()._hasher)))
    put_release(world.home)
    return world


def run_apart(work: Callable[[], Awaitable[None]]) -> None:
    """Run it in an event loop of its own: a browser that other tests drive keeps one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, work).result()


def count_misses(world: World) -> int:
    with read_people(world.home) as connection:
        assert connection is not None
        ask = sa.select(ATTEMPTS.c.failures).where(ATTEMPTS.c.subject == "share-all")
        return connection.execute(ask).scalar_one_or_none() or 0


def flood(
    world: World, address: Callable[[int], str], n: int, meanwhile: Callable[[Any], Awaitable[None]]
) -> list[int]:
    """Statuses of guesses that come all at once, while something else is asked."""
    statuses: list[int] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        # each says where it comes from
        where = dict(scope["headers"])[b"x-where"].decode()
        await world.app({**scope, "client": (where, 1)}, receive, send)

    async def guess(client: httpx.AsyncClient, at: int) -> None:
        where = {"x-where": address(at)}
        answer = await client.post(f"/s/{make_share_token()}", data={"password": ""}, headers=where)
        statuses.append(answer.status_code)

    async def run() -> None:
        with anyio.fail_after(60):
            headers, way = {**FORM, "x-where": "198.51.100.1"}, httpx.ASGITransport(serve)
            client = httpx.AsyncClient(transport=way, base_url=BASE_URL, headers=headers)
            async with client, anyio.create_task_group() as tasks:
                for at in range(n):
                    tasks.start_soon(guess, client, at)
                await anyio.wait_all_tasks_blocked()
                await meanwhile(client)
                SlowPasswords.gate.set()

    run_apart(run)
    return statuses


def test_a_right_link_opens_and_other_pages_are_answered(world: World) -> None:
    made = world.make()
    opened: list[int] = []

    async def meanwhile(client: Any) -> None:
        async with anyio.create_task_group() as tasks:

            async def come() -> None:
                opened.append((await client.post(f"/s/{made.token}", data={"code": ""})).status_code)

            tasks.start_soon(come)
            # while every guess stands still
            for path in ("/healthz", "/s/any", "/sign-in"):
                with anyio.fail_after(10):
                    assert (await client.get(path)).status_code in (200, 303)
            assert opened == []
            SlowPasswords.gate.set()

    statuses = flood(world, lambda n: f"192.0.2.{n}", 60, meanwhile)
    assert opened == [303]
    assert statuses == [404] * 60
    assert count_misses(world) == 60, "each was counted, and the right one taken back"


def test_one_address_takes_a_few_places_and_the_rest_is_not_counted(world: World) -> None:
    made = world.make()
    opened: list[int] = []

    async def meanwhile(client: Any) -> None:
        SlowPasswords.gate.set()
        answer = await client.post(f"/s/{made.token}", data={"code": ""})
        opened.append(answer.status_code)

    statuses = flood(world, lambda n: f"2001:db8:1:2:{n:x}::1", 40, meanwhile)
    assert (sorted(statuses), opened) == ([404] * 8 + [429] * 32, [303])
    assert count_misses(world) == 8


def test_a_line_has_an_end() -> None:
    gate = threading.Event()
    done: list[str] = []
    refused: list[str] = []

    async def run() -> None:
        line = OpeningLine(n_at_once=1, n_waiting=2, n_each=2)

        async def come(who: str) -> None:
            try:
                done.append(await line.serve(who, lambda: (gate.wait(30), who)[1]))
            except BusyError:
                refused.append(who)

        async with anyio.create_task_group() as tasks:
            for who in ("a", "a", "a", "b", "c"):
                tasks.start_soon(come, who)
            await anyio.wait_all_tasks_blocked()
            assert refused == ["a", "c"]
            gate.set()
        # a place that is left is free, also after a failure
        with pytest.raises(ZeroDivisionError):
            await line.serve("c", lambda: 1 // 0)
        assert await line.serve("c", lambda: 1) == 1

    run_apart(run)
    assert sorted(done) == ["a", "a", "b"]
