"""What a planner waits for on the map page, in Chromium: ``python benchmarks/page_once.py HOME ROUNDS``.

Serves the data folder in a process of its own, opens the page with an empty cache each round, and prints as JSON what
each step took. Times run inside the page, from the click or the navigation to the frame in which the result is drawn.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from browser import open_browser, page_heap_bytes
from playwright.sync_api import Browser, BrowserContext, Page, Request
from visitor import sign_in

WIDTH, HEIGHT = 1366, 768
STARTED_WITHIN_S = 120
N_TILES, N_CELLS = 200, 15
CALM_S = 0.6
# Umeå, where workplaces lie closest
CENTRE = (63.826, 20.263)
COUNTIES = ("24", "25", "22", "23")
MONTHS = ("1", "3", "5", "9", "11")

# Resolves with the page's clock when the condition first holds in a frame.
WAIT = """(condition) => new Promise((done) => {
  const holds = new Function(`return (${condition})`);
  const look = () => (holds() ? done(performance.now()) : requestAnimationFrame(look));
  look();
})"""
TILES = "[...document.querySelectorAll('.score-tile img.leaflet-tile')]"
TILES_DRAWN = f"({TILES}.length > 0 && {TILES}.every((tile) => tile.complete && tile.naturalWidth))"
RANKED = "document.querySelector('#ranking-rows .row-button') && !document.querySelector('#ranking[aria-busy=true]')"
COMPLETE = f"{RANKED} && {TILES_DRAWN}"
BYTES = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""
# Longest time between two frames while the map is moved and zoomed, as a hand would, for some seconds.
BROWSE = """async ([lat, lon]) => {
  const map = window.map_norrsyn;
  map.setView([lat, lon], 12, { animate: false });
  await new Promise((done) => setTimeout(done, 1500));
  let last = performance.now(), longest = 0, going = true, frames = 0;
  const tick = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    frames += 1;
    if (going) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  for (let round = 0; round < 12; round += 1) {
    map.panBy([round % 2 ? 260 : -200, round % 3 ? 120 : -160], { animate: true, duration: 0.3 });
    await new Promise((done) => setTimeout(done, 700));
    if (round % 4 === 3) {
      map.setZoom(12 + (round % 8 === 3 ? 1 : 0));
      await new Promise((done) => setTimeout(done, 900));
    }
  }
  going = false;
  return { longest, frames };
}"""


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """Address of a server of its own over a data folder."""
    command = [str(Path(sys.executable).with_name("norrsyn")), "serve", "--port", "0", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own program
        assert process.stdout is not None  # noqa: S101  for mypy: it is a pipe
        try:
            for line in process.stdout:
                address = next((word for word in line.split() if word.startswith("http://127.0.0.1:")), None)
                if address is not None:
                    parts = urlsplit(address)
                    yield f"{parts.scheme}://{parts.netloc}"
                    return
            message = "the server ended before it said where it is"
            raise RuntimeError(message)
        finally:
            process.terminate()


def main() -> None:
    """Measure and print."""
    home, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with serve(home) as url, open_browser() as browser:
        cookies = sign_in(home)
        surface = httpx.get(f"{url}/api/surfaces", cookies=cookies).json()["surfaces"][0]
        measured: dict[str, Any] = {"cell_m": surface["cell_m"], "tiles_ms": _time_tiles(url, cookies, surface)}
        first = [_first_view(browser, url, cookies) for _ in range(rounds + 1)][1:]
        measured["first_s"] = [one["s"] for one in first]
        measured["bytes"] = max(one["bytes"] for one in first)
        with _visit(browser, url, cookies) as visit:
            page = visit.page
            measured["panel_ms"] = _time_panels(visit)
            # an open panel would be explained, and drawn how sure it is, for every surface that follows
            page.evaluate("document.querySelector('#cell .icon-button').click()")
            measured["filter_ms"] = _time_filters(visit)
            measured["month_tiles_ms"], measured["month_ms"] = zip(*_time_months(visit), strict=True)
            measured["heap_bytes"] = page_heap_bytes(page)
            browsed = page.evaluate(BROWSE, list(CENTRE))
            measured["longest_frame_ms"], measured["frames"] = browsed["longest"], browsed["frames"]
            measured["heap_bytes_browsed"] = page_heap_bytes(page)
    print(json.dumps(measured))


def _time_tiles(url: str, cookies: dict[str, str], surface: dict[str, Any]) -> list[float]:
    """Milliseconds of tiles as they come when one pans and zooms: a new part of the region each time."""
    west, south, east, north = surface["bounds"]
    taken = []
    with httpx.Client(base_url=url, cookies=cookies) as client:
        for k in range(N_TILES):
            zoom = 6 + k % 7
            # the golden ratio's multiples fill the box evenly
            lon = west + (east - west) * (k * 0.6180339887 % 1)
            lat = south + (north - south) * (k * 0.7548776662 % 1)
            x = int((lon + 180) / 360 * 2**zoom)
            y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
            start = time.perf_counter()
            client.get(f"/tiles/{surface['id']}/{zoom}/{x}/{y}.png").raise_for_status()
            taken.append((time.perf_counter() - start) * 1000)
    return taken


@contextmanager
def _context(browser: Browser, url: str, cookies: dict[str, str]) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    # what opens only once for a new person is no part of the work
    context.add_init_script("localStorage.setItem('norrsyn-tour', 'seen')")
    yield context
    context.close()


class Visit:
    """A page, and what it waits for from the server.

    Playwright's ``networkidle`` is a state of the navigation: it holds for good once it has held.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pending: set[Request] = set()
        page.on("request", self._note_asked)
        page.on("requestfinished", self._note_done)
        page.on("requestfailed", self._note_done)

    def _note_asked(self, request: Request) -> None:
        self.pending.add(request)

    def _note_done(self, request: Request) -> None:
        self.pending.discard(request)

    def calm_down(self) -> None:
        """Wait until nothing has been asked for some time, as when a person reads before the next click."""
        since = time.perf_counter()
        while time.perf_counter() - since < CALM_S:
            self.page.wait_for_timeout(20)
            if self.pending:
                since = time.perf_counter()


@contextmanager
def _visit(browser: Browser, url: str, cookies: dict[str, str]) -> Iterator[Visit]:
    with _context(browser, url, cookies) as context:
        visit = Visit(context.new_page())
        visit.page.goto(f"{url}/?lang=en")
        visit.page.evaluate(WAIT, COMPLETE)
        visit.calm_down()
        yield visit


def _first_view(browser: Browser, url: str, cookies: dict[str, str]) -> dict[str, float]:
    with _context(browser, url, cookies) as context:
        page = context.new_page()
        page.goto(f"{url}/?lang=en", wait_until="commit")
        seconds = page.evaluate(WAIT, COMPLETE) / 1000
        page.wait_for_load_state("networkidle")
        return {"s": seconds, "bytes": page.evaluate(BYTES)}


def _time_panels(visit: Visit) -> list[float]:
    """From the click on a ranked place to its cell's panel."""
    page, taken = visit.page, []
    for k in range(N_CELLS):
        script = f"""() => {{
          const button = document.querySelectorAll('#ranking-rows .row-button')[{k}];
          window.benchmarkCell = button.closest('tr').dataset.cell;
          window.benchmarkStart = performance.now();
          button.click();
        }}"""
        page.evaluate(script)
        drawn = "document.querySelector('#ranking-rows .row-current')?.dataset.cell === window.benchmarkCell"
        end = page.evaluate(WAIT, f"{drawn} && document.querySelector('#cell .score-big')")
        taken.append(end - page.evaluate("window.benchmarkStart"))
        visit.calm_down()
    return taken


def _time_filters(visit: Visit) -> list[float]:
    """From choosing a county to the ranking and the tiles of that county."""
    return [_time_change(visit, "county", code)[1] for code in COUNTIES]


def _time_months(visit: Visit) -> list[tuple[float, float]]:
    """From the month slider to tiles scored for that month, and to their ranking too, of the whole region."""
    _time_change(visit, "county", "")
    return [_time_change(visit, "month", month) for month in MONTHS]


def _time_change(visit: Visit, control: str, value: str) -> tuple[float, float]:
    """From the change of a control to the tiles, and to ranking and tiles."""
    page = visit.page
    # tiles of the layer before stay until those of the next are there: only then is the old container gone
    page.evaluate(
        f"""() => {{
          window.benchmarkTiles = [...document.querySelectorAll('.score-tile')];
          window.benchmarkStart = performance.now();
          const control = document.getElementById('{control}');
          control.value = '{value}';
          for (const name of ['input', 'change']) control.dispatchEvent(new Event(name, {{ bubbles: true }}));
        }}"""
    )
    swapped = "window.benchmarkTiles.every((layer) => !layer.isConnected)"
    drawn = page.evaluate(WAIT, f"{swapped} && {TILES_DRAWN}")
    complete = page.evaluate(WAIT, COMPLETE)
    start = page.evaluate("window.benchmarkStart")
    visit.calm_down()
    return drawn - start, complete - start


if __name__ == "__main__":
    main()
