"""Promise: a link that is revoked is refused with the next request, on every one of four workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from geo.layers.circles import VISIBLE
from geo.store.people.management import By
from geo.store.people.shares.life import create_share, revoke_share
from tests.accounts import make_account
from tests.browsing import find_free_port
from tests.shares import make_new, put_release

ROOT = Path(__file__).resolve().parents[2]
STARTED_WITHIN_S = 180
ASKED = 60


@pytest.mark.long
def test_no_worker_shows_anything_of_a_link_that_was_revoked(tmp_path: Path) -> None:
    home, port = tmp_path / "home", find_free_port()
    put_release(home)
    by = By(make_account(home, "Anna Berg", ["coordinator"]), time.time())
    made = create_share(home, make_new(by.now), by, among=frozenset(VISIBLE))
    command = [sys.executable, "-m", "uvicorn", "--factory", "api:create_app", "--port", str(port), "--workers", "4"]
    environment = os.environ | {"NORRSYN_HOME": str(home), "PYTHONPATH": str(ROOT)}
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*command, "--log-level", "error"], env=environment) as server:  # noqa: S603  ours
        try:
            wait_for(url)
            opened = httpx.post(f"{url}/s/{made.token}", data={"code": ""}, headers={"origin": url})
            cookies = dict(opened.cookies)
            # each on a connection of its own, so that the workers take turns
            before = {httpx.get(f"{url}/share", cookies=cookies).status_code for _ in range(ASKED)}
            revoke_share(home, made.link.link_id, by)
            after = {httpx.get(f"{url}/share", cookies=cookies).status_code for _ in range(ASKED)}
        finally:
            server.terminate()
    assert (before, after) == ({200}, {404})


def wait_for(url: str) -> None:
    give_up_at = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < give_up_at:
        try:
            httpx.get(f"{url}/healthz")
        except httpx.TransportError:
            time.sleep(0.5)
        else:
            return
    pytest.fail("the server does not start")
