"""What takes long is drawn in a process of its own: the same answers, and the server outlives what becomes of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from api.service import reweigh
from geo.risk.surface import RiskSurface
from tests.accounts import HTTP
from tests.api import test_cli_process
from tests.api.test_cli_process import serving
from tests.geo.risk.uncertainty.waiting import find_process, make_command, wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every surface is drawn in a process of its own, which waits for as long as this is there."""
    waits = tmp_path / "flag"
    waits.touch()
    monkeypatch.setattr("api.drawing.MOST_CELLS_HERE", 0)
    monkeypatch.setattr("geo.risk.uncertainty.apart.COMMAND", make_command(waits))
    return waits


def get(client: TestClient, path: str, **query: object) -> Any:
    response = client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_answers_are_what_the_library_says_also_of_changed_weights(
    home: Path, serve: Callable[..., TestClient], published: RiskSurface, flag: Path
) -> None:
    flag.unlink()
    client = serve(home)
    cell_id = str(published.top(1)["cell_id"][0])
    answer = get(client, f"/api/cells/{cell_id}/certainty", k=5)
    cell = published.uncertainty(top_k=5).at(cell_id)
    assert (answer["low"], answer["median"], answer["high"]) == (cell.low, cell.median, cell.high)
    assert (answer["p_top"], answer["certainty"]) == (cell.p_top, cell.certainty)
    changed = get(client, "/api/score", weight="findings:60")["id"]
    surface = published.varied(published.at, reweigh(published.model, {"findings": 60}))
    answer = get(client, f"/api/cells/{cell_id}/certainty", k=5, surface=changed)
    cell = surface.uncertainty(top_k=5).at(cell_id)
    assert (answer["low"], answer["median"], answer["high"]) == (cell.low, cell.median, cell.high)


def test_one_that_is_killed_is_told_of_and_drawn_again(
    home: Path, serve: Callable[..., TestClient], published: RiskSurface, flag: Path
) -> None:
    client, cell_id = serve(home), str(published.top(1)["cell_id"][0])
    path = f"/api/cells/{cell_id}/certainty"
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(client.get, path, params={"k": 5, "lang": "sv"})
        process = find_process(flag)
        # whoever asks for something else, or for what takes a turn, is answered meanwhile
        with client.app.state.service.turns.take():  # type: ignore[attr-defined]
            assert get(client, f"/api/cells/{cell_id}")["cell_id"] == cell_id
        process.kill()
        answer = waiting.result(60)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "urn:norrsyn:problem:ended"
    assert "avslutades (SIGKILL)" in answer.json()["detail"]
    flag.unlink()
    assert get(client, path, k=5)["p_top"] == published.uncertainty(top_k=5).at(cell_id).p_top


def test_a_filter_that_asks_for_it_is_told_too_and_draws_again(
    home: Path, serve: Callable[..., TestClient], flag: Path
) -> None:
    client = serve(home)
    query = {"certainty": "could_be", "n": 3}
    assert client.get("/api/top", params=query).status_code == 503
    find_process(flag).kill()
    told = []

    def is_told() -> bool:
        told.append(client.get("/api/top", params=query).json())
        return "SIGKILL" in told[-1]["detail"]

    wait_until(is_told)
    flag.unlink()
    wait_until(lambda: client.get("/api/top", params=query).status_code == 200)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked to end"])
def test_it_ends_with_the_server(
    made_home: Path, published: RiskSurface, flag: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    program = (
        "import api.drawing, geo.risk.uncertainty.apart as apart; from api.cli import main;"
        f"api.drawing.MOST_CELLS_HERE = 0; apart.COMMAND = {make_command(flag)!r}; main()"
    )
    monkeypatch.setattr(test_cli_process, "NORRSYN", (sys.executable, "-c", program))
    cell_id = published.top(1)["cell_id"][0]
    with serving(made_home) as (server, url), ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(HTTP.get, f"{url}/api/cells/{cell_id}/certainty", timeout=60)
        process = find_process(flag, server.pid)
        server.send_signal(number)
        server.wait(30)
        wait_until(lambda: not psutil.pid_exists(process.pid) or process.status() == psutil.STATUS_ZOMBIE)
        # it waits no more, though nothing has told it to go on
        assert flag.exists()
        waiting.exception(60)
