"""A browser that reports everything it should not have to report, and a server that fakes the HTTP contract."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

import geo
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from maps.page import STATIC_FOLDER
from tests.frames import GRID, SCORING_DAY, small_frames
from tests.maps.contract_server import Contract, make_contract_app
from tests.maps.corpus import HOSTILE

LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTED_WITHIN_S = 20


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
def open_page(browser: Browser) -> Generator[Callable[..., Watched], None, None]:
    """Open pages that note console errors, failed and foreign requests, and dialogs."""
    contexts = []

    def open_one(width: int = 1366, height: int = 768, *, touch: bool = False, reduced: bool = True) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=touch,
            is_mobile=touch,
            reduced_motion="reduce" if reduced else "no-preference",
        )
        contexts.append(context)
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


RUN_MODULE = """async ([source, call, values]) => {
  const module = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
  return eval(call)(module, values);
}"""


@pytest.fixture(scope="session")
def run_module(browser: Browser) -> Generator[Callable[..., Any], None, None]:
    """Run a function on one of our modules that imports no other, as the browser does."""
    page = browser.new_page()

    def run(name: str, call: str, values: Any) -> Any:
        source = (STATIC_FOLDER / "js" / name).read_text("utf-8")
        return page.evaluate(RUN_MODULE, [source, call, values])

    yield run
    page.close()


@pytest.fixture(scope="session")
def hostile_frames() -> dict[str, gpd.GeoDataFrame]:
    """The small frames, every record with a name that wants to run."""
    frames = small_frames()
    for layer in ("workplaces", "accommodation", "establishments"):
        frames[layer]["name"] = HOSTILE
        frames[layer]["synthetic"] = True
    return frames


@pytest.fixture(scope="session")
def hostile_surface(hostile_frames: dict[str, gpd.GeoDataFrame]) -> RiskSurface:
    """The hostile frames, scored."""
    return geo.score(Layers(hostile_frames), GRID, at=SCORING_DAY)


@dataclass(frozen=True)
class Served:
    """A running contract server."""

    url: str
    contract: Contract


@pytest.fixture(scope="session")
def _server(hostile_surface: RiskSurface) -> Iterator[Served]:
    contract = Contract(hostile_surface)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    config = uvicorn.Config(make_contract_app(contract), host="127.0.0.1", port=port, log_level="error", lifespan="off")
    with run_server(uvicorn.Server(config)):
        yield Served(f"http://127.0.0.1:{port}", contract)


@pytest.fixture
def server(_server: Served) -> Served:
    """The contract server, with nothing delayed and nothing failing."""
    _server.contract.reset()
    return _server


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
