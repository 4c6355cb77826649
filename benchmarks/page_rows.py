"""How long a planner waits for the map page, in Chromium, beside the stock way to show the same cells."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browser import find_browser
from rows import Row, at_most
from session import Session, not_run

__all__ = ["page_rows"]

DAY = "2026-07-15"
CELLS_M = (1_000, 100)
ROUNDS = 5
KB, MB = 1_000, 1_000_000
PERCENT = 95
STOCK = "folium.GeoJson of the same cells"


def page_rows(session: Session) -> Iterator[Row]:
    """First view, tiles, panel, filter, month slider, browsing and memory, at 1 km and at 100 m."""
    if find_browser() is None:
        yield not_run("map page", "", "not run: Chromium is not installed")
        return
    rounds = 1 if session.quick else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _norrsyn("demo", "--home", str(home))
        for cell_m in CELLS_M[:1] if session.quick else CELLS_M:
            _norrsyn("score", "--at", DAY, "--cell", str(cell_m), "--home", str(home))
            stock = _run("page_stock.py", str(home)) if cell_m == CELLS_M[0] else None
            yield from _rows(_run("page_once.py", str(home), str(rounds)), stock, rounds)


def _rows(ours: dict[str, Any], stock: dict[str, Any] | None, rounds: int) -> Iterator[Row]:
    case = f"{ours['cell_m']:g} m"
    beside: dict[str, Any] = {}
    if stock is not None and "first_s" in stock:
        beside = {"other": STOCK, "other_s": stock["first_s"]}
        note = (
            f"{STOCK}: {stock['n_cells']:,} polygons, {stock['bytes'] / MB:.3g} MB, "
            f"{stock['heap_bytes'] / MB:.3g} MB of heap; Folium took {stock['made_s']:.3g} s to write it"
        )
    else:
        note = stock["gave_up"] if stock else ""
    first = statistics.median(ours["first_s"])
    yield Row(
        "map page, first view complete",
        case,
        ours_s=first,
        **beside,
        figure=first,
        unit="s",
        bar=at_most(1.5),
        rounds=rounds,
        note=note,
    )
    yield Row("map page, transferred", case, figure=ours["bytes"] / KB, unit="kB", bar=at_most(600))
    tiles = statistics.quantiles(ours["tiles_ms"], n=100)[PERCENT - 1]
    yield _waiting("map page, tile, 95 %", case, [tiles], 25, f"{len(ours['tiles_ms'])} tiles, request to answer")
    yield _waiting("map page, cell panel", case, ours["panel_ms"], 100)
    yield _waiting("map page, filter", case, ours["filter_ms"], 500)
    bar = 400 if ours["cell_m"] == CELLS_M[0] else None
    yield _waiting("map page, month slider to tiles", case, ours["month_tiles_ms"], bar, "scored anew")
    yield _waiting("map page, month slider to ranking", case, ours["month_ms"], None, "scored anew, with the tiles")
    yield _waiting("map page, longest frame among sites", case, [ours["longest_frame_ms"]], 100)
    heap = max(ours["heap_bytes"], ours["heap_bytes_browsed"])
    yield Row("map page, heap", case, figure=heap / MB, unit="MB", bar=at_most(80))


def _waiting(work: str, case: str, taken_ms: list[float], bar_ms: float | None, note: str = "") -> Row:
    middle = statistics.median(taken_ms)
    spread = f"slowest {max(taken_ms):.0f} ms" if len(taken_ms) > 1 else ""
    told = "; ".join(filter(None, (spread, note)))
    return Row(
        work,
        case,
        ours_s=middle / 1000,
        figure=middle,
        unit="ms",
        bar=None if bar_ms is None else at_most(bar_ms),
        rounds=len(taken_ms),
        note=told,
    )


def _norrsyn(*words: str) -> None:
    command = [str(Path(sys.executable).with_name("norrsyn")), *words]
    subprocess.run(command, capture_output=True, check=True)  # noqa: S603  our own program


def _run(program: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name(program)), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  our own program
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
