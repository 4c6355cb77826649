"""Why is this cell red, how sure are you, and what if the camp closes: three plain answers."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, get_native_id
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

import geo
from api import create_app
from api.drawing import Drawing
from api.settings import Settings
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from geo.risk.what_if import AddAccommodation, AddEstablishment, CloseSite, SetPhase, WithdrawSector
from tests.accounts import enter
from tests.api.made import BASE_URL, WRITING
from tests.frames import TOWN

CAMP = {"kind": "add_accommodation", "easting": TOWN[0], "northing": TOWN[1], "beds": 400}


@pytest.fixture
def cell_id(published: RiskSurface) -> str:
    return str(published.top(1)["cell_id"][0])


def get(client: TestClient, path: str, code: int = 200, **query: object) -> Any:
    response = client.get(path, params=query)
    assert response.status_code == code, response.text
    return response.json()


def ask(client: TestClient, *changes: dict[str, object], code: int = 200, **body: object) -> Any:
    lang = body.pop("lang", "en")
    response = client.post(
        "/api/what-if", params={"lang": lang}, json={"changes": list(changes), **body}, headers=WRITING
    )
    assert response.status_code == code, response.text
    return response.json()


class TestCertainty:
    def test_it_is_what_the_library_says(self, client: TestClient, published: RiskSurface, cell_id: str) -> None:
        answer = get(client, f"/api/cells/{cell_id}/certainty", k=5)
        cell = published.uncertainty(top_k=5).at(cell_id)
        assert (answer["low"], answer["median"], answer["high"]) == (cell.low, cell.median, cell.high)
        assert (answer["p_top"], answer["certainty"], answer["k"]) == (cell.p_top, cell.certainty, 5)
        assert answer["low"] <= answer["high"]
        assert answer["surface"] == published.id

    def test_in_words(self, client: TestClient, cell_id: str) -> None:
        english = get(client, f"/api/cells/{cell_id}/certainty", k=5)
        swedish = get(client, f"/api/cells/{cell_id}/certainty", k=5, lang="sv")
        assert english["reasons"][0].startswith("The score lies between")
        assert english["reasons"][1].startswith(english["certainty_name"])
        assert swedish["reasons"][0].startswith("Poängen ligger mellan")
        assert swedish["certainty_name"] != english["certainty_name"]

    def test_another_surface_has_its_own(self, client: TestClient, cell_id: str) -> None:
        winter = get(client, "/api/score", at="2026-01-15")["id"]
        answer = get(client, f"/api/cells/{cell_id}/certainty", k=5, surface=winter)
        assert answer["surface"] == winter

    def test_what_cannot_be_answered(self, client: TestClient, published: RiskSurface, cell_id: str) -> None:
        row, col = (int(each[0]) for each in np.nonzero(published.state == 1))
        nothing = published.grid.cell_id(row, col)
        assert "nothing to visit" in get(client, f"/api/cells/{nothing}/certainty", 404, k=5)["detail"]
        assert "only" in get(client, f"/api/cells/{cell_id}/certainty", 422, k=500)["detail"]
        get(client, f"/api/cells/{cell_id}/certainty", 422, k=0)
        get(client, "/api/cells/nowhere/certainty", 422, k=5)

    def test_draws_are_counted(self, client: TestClient, cell_id: str) -> None:
        """Shares near 0 and 1 would be rounded to never and always."""
        answer = get(client, f"/api/cells/{cell_id}/certainty", k=1)
        times = round(answer["p_top"] * answer["n_draws"])
        assert answer["p_top"] * answer["n_draws"] == pytest.approx(times, abs=1e-3)
        assert f"in {times} of {answer['n_draws']} draws" in answer["reasons"][1]

    def test_the_score_is_that_of_the_cell(self, client: TestClient, cell_id: str) -> None:
        answer = get(client, f"/api/cells/{cell_id}/certainty", k=5)
        assert answer["score"] == get(client, f"/api/cells/{cell_id}")["score"]


class TestSmallestChange:
    def test_it_is_what_the_library_says(self, client: TestClient, published: RiskSurface, cell_id: str) -> None:
        answer = get(client, f"/api/cells/{cell_id}/smallest-change", k=3)
        change = published.smallest_change(cell_id, 3)
        assert [each["id"] for each in answer["records"]] == [each.record_id for each in change.records]
        assert answer["rank_without"] == change.rank_without
        assert [each["cut"] for each in answer["components"]] == [each.cut for each in change.components]
        assert answer["reasons"] == [str(each) for each in change.reasons]

    def test_a_cell_that_is_not_among_them(self, client: TestClient, published: RiskSurface) -> None:
        last = published.top(40)["cell_id"].iloc[-1]
        assert "is not among the 3 highest" in get(client, f"/api/cells/{last}/smallest-change", 422, k=3)["detail"]


class TestWhatIf:
    @pytest.mark.parametrize(
        ("asked", "change"),
        [
            (CAMP, AddAccommodation(*TOWN, beds=400)),
            (
                {"kind": "add_establishment", "easting": TOWN[0], "northing": TOWN[1], "workforce": 900},
                AddEstablishment(900, easting=TOWN[0], northing=TOWN[1]),
            ),
            ({"kind": "close_site", "layer": "accommodation", "record_id": "a001"}, CloseSite("accommodation", "a001")),
            ({"kind": "withdraw_sector", "sector": "construction", "share": 0.5}, WithdrawSector("construction", 0.5)),
            ({"kind": "set_phase", "establishment_id": "e001", "phase": "suspended"}, SetPhase("e001", "suspended")),
        ],
        ids=lambda each: each.get("kind") if isinstance(each, dict) else "",
    )
    def test_it_is_what_the_library_says(
        self, client: TestClient, published: RiskSurface, asked: dict[str, object], change: Any
    ) -> None:
        answer = ask(client, asked, n=7)
        found = geo.what_if(published, change)
        top = found.top(7)
        assert [each["cell_id"] for each in answer["cells"]] == top["cell_id"].tolist()
        assert [each["delta"] for each in answer["cells"]] == pytest.approx(top["delta"].tolist(), abs=1e-9)
        assert answer["cells_changed"] == int(found.changed.sum())
        assert answer["changes"] == [str(change.describe())]
        if len(top):
            assert answer["cell"]["delta"] == pytest.approx(top["delta"].iloc[0], abs=1e-9)
            assert answer["cell"]["before"]["score"] + answer["cell"]["delta"] == pytest.approx(
                answer["cell"]["after"]["score"], abs=1e-9
            )

    def test_the_camp_closes(self, client: TestClient, cell_id: str) -> None:
        """The cell that was asked about, with the interval of its difference, in Swedish."""
        answer = ask(
            client,
            {"kind": "close_site", "layer": "accommodation", "record_id": "a001"},
            cell_id=cell_id,
            interval=True,
            lang="sv",
        )
        cell = answer["cell"]
        assert cell["before"]["cell_id"] == cell_id
        low, _, high = cell["interval"]
        assert low <= high <= 0
        assert re.match(r"Poängen (sjunker med|är kvar på) \d+,\d", cell["reasons"][0])
        assert answer["changes"] == ["platsen a001 stänger"]

    def test_nothing_is_written(self, client: TestClient, published: RiskSurface) -> None:
        ask(client, CAMP)
        assert get(client, "/api/surfaces")["current"] == published.id
        assert get(client, "/api/surfaces/current")["n_scored"] == published.n_ranked

    def test_what_cannot_be_asked(self, client: TestClient) -> None:
        assert (
            "no establishment 'x'"
            in ask(client, {"kind": "set_phase", "establishment_id": "x", "phase": "suspended"}, code=404)["detail"]
        )
        for strange in (
            {**CAMP, "beds": -1},
            {**CAMP, "colour": "red"},
            {**CAMP, "housing_type": "castle"},
            {**CAMP, "kind": "burn_down"},
            {"kind": "withdraw_sector", "sector": "x"},
            {"kind": "withdraw_sector", "sector": "construction", "share": 0},
        ):
            ask(client, strange, code=422)
        ask(client, code=422)
        ask(client, *[CAMP] * 21, code=422)
        ask(client, CAMP, code=422, cell_id="x" * 1000)
        response = client.post("/api/what-if", json={"changes": [CAMP]})
        assert response.status_code == 403
        response = client.post("/api/what-if", content="{", headers=WRITING)
        assert response.status_code == 422

    @pytest.mark.parametrize(
        "strange",
        [{"beds": True}, {"beds": "400"}, {"easting": False}, {"active_from": 0}, {"active_to": 1.5}, {"beds": 10**30}],
        ids=str,
    )
    def test_nothing_else_passes_for_a_number_or_a_day(self, client: TestClient, strange: dict[str, object]) -> None:
        name = next(iter(strange))
        assert name in ask(client, {**CAMP, **strange}, code=422)["errors"][0]["parameter"]

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_the_ends_of_time(self, client: TestClient, day: str) -> None:
        ask(client, {**CAMP, "active_from": day})
        ask(client, {**CAMP, "active_to": day})
        phase = {"kind": "set_phase", "establishment_id": "e001", "phase": "suspended"}
        ask(client, {**phase, "starts": day})
        ask(client, {**phase, "starts": day, "ends": day})

    def test_a_refusal_does_not_send_everything_back(self, client: TestClient) -> None:
        many = json.dumps({"changes": [CAMP] * 500}).encode()
        response = client.post("/api/what-if", content=many, headers={**WRITING, "Content-Type": "application/json"})
        assert response.status_code == 422
        assert "at most 20" in response.json()["detail"]
        assert len(response.content) < 2_000

    @pytest.mark.parametrize(
        ("content", "code", "words"),
        [
            (b'{"changes": [', 422, "no JSON at character 13"),
            (b"[" * 20_000, 400, "not nested deeply"),
            (b" " * 200_000, 413, "at most 100,000 bytes"),
        ],
        ids=["cut off", "deep", "large"],
    )
    def test_bodies_that_cannot_be_read(self, client: TestClient, content: bytes, code: int, words: str) -> None:
        response = client.post("/api/what-if", content=content, headers={**WRITING, "Content-Type": "application/json"})
        assert response.status_code == code
        assert words in response.json()["detail"]


def test_a_crowd_is_told_to_come_back(home: Path) -> None:
    with enter(create_app(Settings(home=home, score_queue=0)), base_url=BASE_URL) as client:
        turns = client.app.state.service.turns  # type: ignore[attr-defined]
        cell_id = get(client, "/api/top", n=1)["cells"][0]["cell_id"]
        known = get(client, f"/api/cells/{cell_id}/certainty", k=5)
        with turns.take():
            assert "wait already" in ask(client, CAMP, code=503)["detail"]
            get(client, f"/api/cells/{cell_id}/smallest-change", 503, k=3)
            get(client, f"/api/cells/{cell_id}/certainty", 503, k=3)
            # what is known already needs no turn
            assert get(client, f"/api/cells/{cell_id}/certainty", k=5) == known
        ask(client, CAMP)


class TestSlowDrawings:
    """At 100 m a drawing takes minutes, and whoever clicks from cell to cell asks for it again and again."""

    @pytest.fixture
    def drawn(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
        """Drawings end once this is set."""
        may_end, draw = Event(), RiskSurface.uncertainty

        def wait_first(surface: RiskSurface, **choices: Any) -> Uncertainty:
            assert may_end.wait(60)
            return draw(surface, **choices)

        monkeypatch.setattr(RiskSurface, "uncertainty", wait_first)
        yield may_end
        may_end.set()

    def test_many_who_wait_keep_no_other_request_from_its_answer(
        self, home: Path, serve: Callable[..., TestClient], drawn: Event
    ) -> None:
        client = serve(home, score_queue=100)
        path = f"/api/cells/{get(client, '/api/top', n=1)['cells'][0]['cell_id']}/certainty"
        # more than the server has threads
        with ThreadPoolExecutor(61) as asking:
            waiting = [asking.submit(client.get, path, params={"k": 5}) for _ in range(60)]
            try:
                assert asking.submit(client.get, "/api/top", params={"n": 3}).result(20).status_code == 200
                assert not any(one.done() for one in waiting)
            finally:
                drawn.set()
            assert {one.result(60).status_code for one in waiting} == {200}

    def test_after_a_while_they_are_told_to_come_back(
        self, home: Path, serve: Callable[..., TestClient], drawn: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.drawing._WAIT_S", 0.1)
        client = serve(home)
        path = f"/api/cells/{get(client, '/api/top', n=1)['cells'][0]['cell_id']}/certainty"
        answer = client.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "is being computed" in answer.json()["detail"]
        drawn.set()
        monkeypatch.undo()
        assert client.get(path).status_code == 200

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system knows no priority of one thread")
    def test_what_draws_steps_back_from_what_answers(self) -> None:
        def read_niceness() -> int:
            return os.getpriority(os.PRIO_PROCESS, get_native_id())

        def draw_on_two_threads() -> list[int]:
            with ThreadPoolExecutor(2) as pool:
                return [read_niceness(), *pool.map(lambda _: read_niceness(), range(2))]

        drawing, mine = Drawing(1), read_niceness()
        drawn = drawing.submit(draw_on_two_threads).result(20)
        drawing.close()
        assert read_niceness() == mine
        assert all(niceness > mine for niceness in drawn)

    def test_nobody_waits_for_it_when_the_server_ends(
        self, home: Path, serve: Callable[..., TestClient], drawn: Event
    ) -> None:
        client = serve(home)
        path = f"/api/cells/{get(client, '/api/top', n=1)['cells'][0]['cell_id']}/certainty"
        with ThreadPoolExecutor(1) as asking:
            waiting = asking.submit(client.get, path)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
            client.app.state.service.stop()  # type: ignore[attr-defined]
            assert waiting.result(10).status_code == 503
            drawn.set()
