"""A browser that reports everything it should not have to report, and servers that run beside the tests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTED_WITHIN_S = 60
# The first-run tour stands over the map: a page that is not opened for it has seen it.
TOUR_SEEN = "try { localStorage.setItem('norrsyn-tour', '1'); } catch { /* no storage here */ }"


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Generator[Browser, None, None]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=LAUNCH)
        yield browser
        browser.close()


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Cookies that pages begin with: none, where nobody has to sign in."""
    return {}


@pytest.fixture
def open_page(browser: Browser, browser_cookies: dict[str, str]) -> Generator[Callable[..., Watched], None, None]:
    """Open pages that note console errors, failed and foreign requests, and dialogs."""
    contexts = []

    def open_one(
        width: int = 1366, height: int = 768, *, touch: bool = False, reduced: bool = True, tour: bool = False
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=touch,
            is_mobile=touch,
            reduced_motion="reduce" if reduced else "no-preference",
        )
        contexts.append(context)
        if not tour:
            context.add_init_script(TOUR_SEEN)
        context.add_cookies(
            [{"name": name, "value": value, "url": "http://127.0.0.1"} for name, value in browser_cookies.items()]
        )
        watched = Watched(context.new_page())
        page, troubles = watched.page, watched.troubles
        page.set_default_timeout(15_000)
        page.on("console", lambda m: troubles.append(f"{m.type}: {m.text}") if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
        page.on("request", lambda request: watched.requests.append(request.url))

        def refuse(dialog: object) -> None:
            troubles.append("a dialog opened: something ran")
            dialog.dismiss()  # type: ignore[attr-defined]

        page.on("dialog", refuse)
        return watched

    yield open_one
    for context in contexts:
        context.close()


def find_free_port() -> int:
    """A port of this machine that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@contextmanager
def run_server(server: uvicorn.Server) -> Iterator[None]:
    """Serve from a thread."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + STARTED_WITHIN_S
    while not server.started:
        assert time.monotonic() < give_up_at, "the fake server does not start"
        time.sleep(0.02)
    yield
    server.should_exit = True
    thread.join(timeout=10)
