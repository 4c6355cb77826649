"""Scores with one's own weights: what they are, who sees them, and what a dragged slider costs the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

import geo
from api import create_app
from api.errors import BusyError, SupersededError
from api.settings import Settings
from api.shelf import KEPT_PER_USER, Asker, ScoreKey, SurfaceShelf
from api.surfaces import ServedSurface
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from maps.record_names import RecordNames
from tests.accounts import enter
from tests.api.made import BASE_URL
from tests.frames import GRID, SCORING_DAY
from tests.promises.test_circles import Ask

CHANGED = "weight=findings:60&weight=reported:0"


@pytest.fixture(scope="module")
def ask(made_home: Path) -> Iterator[Ask]:
    """A client of one application for each user of the inner circle."""
    app = create_app(Settings(home=made_home, check_seconds=0, surface_cache=3))
    with TestClient(app, base_url=BASE_URL):
        yield lambda name, role="planner": enter(app, f"{name} {role}", [role], base_url=BASE_URL)


class TestTheScore:
    def test_it_is_the_published_models_with_those_weights(self, ask: Ask, published: RiskSurface) -> None:
        client = ask("a")
        info = client.get(f"/api/score?{CHANGED}").json()
        expected = geo.score(published.layers, GRID, SCORING_DAY, weights={"findings": 0.6, "reported": 0.0})
        assert info["weights"] == pytest.approx(expected.model.weights, abs=1e-15)
        cell = GRID.cell_id(4, 9)
        got = client.get(f"/api/cells/{cell}?surface={info['id']}").json()
        assert got["score"] == pytest.approx(expected.explain(cell).score, abs=1e-9)

    def test_it_is_never_presented_as_published_or_frozen(self, ask: Ask, published: RiskSurface) -> None:
        client = ask("a")
        info = client.get(f"/api/score?{CHANGED}").json()
        old = {name: 100 * weight for name, weight in published.model.weights.items()}
        assert info["is_published"] is False
        assert info["changed_weights"] == {
            "findings": [pytest.approx(old["findings"]), pytest.approx(60)],
            "reported": [pytest.approx(old["reported"]), 0],
        }
        assert info["model_version"] == f"{published.model.version}+weights"
        assert info["id"] != published.id
        page = client.get(f"/surfaces/{info['id']}").text
        assert "Vikterna är ändrade" in page
        current = client.get("/api/surfaces/current").json()
        assert (current["is_published"], current["changed_weights"], current["id"]) == (True, {}, published.id)
        assert "Vikterna är ändrade" not in client.get("/surfaces/current").text

    def test_weights_as_they_are_change_nothing(self, ask: Ask, published: RiskSurface) -> None:
        same = "&".join(f"weight={name}:{100 * weight!r}" for name, weight in published.model.weights.items())
        assert ask("a").get(f"/api/score?{same}").json()["id"] == published.id

    def test_date_and_sectors_go_with_it(self, ask: Ask, published: RiskSurface) -> None:
        info = ask("a").get(f"/api/score?at=2026-01-15&sector=construction&{CHANGED}").json()
        expected = geo.score(published.layers, GRID, "2026-01-15", ["construction"], {"findings": 0.6, "reported": 0.0})
        assert (info["at"], info["sectors"]) == ("2026-01-15", ["construction"])
        assert info["states"] == expected.manifest["states"]
        assert info["comparison"] == pytest.approx(expected.manifest["comparison"])

    @pytest.mark.parametrize(
        ("weights", "words"),
        [
            (["sun:30"], "unknown component"),
            (["findings"], "component:points"),
            (["findings:101"], "from 0 to 100"),
            (["findings:-1"], "from 0 to 100"),
            (["findings:nan"], "from 0 to 100"),
            (["findings:1e1"], "from 0 to 100"),
            (["findings:٣"], "from 0 to 100"),
            (["findings:30", "findings:40"], "one weight for each"),
            ([f"{name}:0" for name in geo.load_model().weights], "more than 0 points"),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, ask: Ask, weights: list[str], words: str) -> None:
        answer = ask("a").get("/api/score", params={"weight": weights})
        assert answer.status_code == 422
        assert words in answer.json()["detail"]

    def test_all_failures_at_once(self, ask: Ask) -> None:
        answer = ask("a").get("/api/score", params={"weight": ["sun:30", "findings:900"], "at": "soon", "sector": "x"})
        assert len(answer.json()["errors"]) == 4


class TestWhoSeesIt:
    def test_others_get_404_until_they_ask_for_the_same(self, ask: Ask) -> None:
        first, second = ask("first"), ask("second")
        made = first.get("/api/score?weight=findings:71").json()["id"]
        addresses = [f"/api/surfaces/{made}", f"/tiles/{made}/8/142/68.png", f"/api/top?surface={made}"]
        assert [first.get(one).status_code for one in addresses] == [200] * 3
        assert [second.get(one).status_code for one in addresses] == [404] * 3
        assert made not in {one["id"] for one in second.get("/api/surfaces").json()["surfaces"]}
        again = second.get("/api/score?weight=findings:71").json()
        assert again["id"] == made
        assert again["created"] == first.get(f"/api/surfaces/{made}").json()["created"]
        assert [second.get(one).status_code for one in addresses] == [200] * 3

    @pytest.mark.parametrize(
        ("role", "weighted", "plain"),
        [
            ("planner", 200, 200),
            ("analyst", 200, 200),
            ("coordinator", 403, 200),
            ("admin", 403, 403),
            ("auditor", 403, 403),
        ],
    )
    def test_only_planners_and_analysts_change_weights(self, ask: Ask, role: str, weighted: int, plain: int) -> None:
        client = ask("c", role=role)
        assert client.get("/api/score?weight=findings:72").status_code == weighted
        assert client.get("/api/score?at=2026-01-15").status_code == plain

    def test_sliders_throw_out_nothing_of_others(self, ask: Ask) -> None:
        dragging, watching = ask("dragging"), ask("watching")
        theirs = watching.get("/api/score?weight=findings:73").json()["id"]
        shared = [watching.get(f"/api/score?at=2026-0{month}-03").json()["id"] for month in (1, 2, 3)]
        own = [
            dragging.get(f"/api/score?weight=colocation:{n}").json()["id"] for n in range(30, 30 + KEPT_PER_USER + 3)
        ]
        assert [watching.get(f"/api/surfaces/{one}").status_code for one in [theirs, *shared]] == [200] * 4
        kept = [dragging.get(f"/api/surfaces/{one}").status_code for one in own]
        assert kept == [404] * 3 + [200] * KEPT_PER_USER


@pytest.fixture(scope="module")
def small(layers: Layers, surface: RiskSurface) -> list[ServedSurface]:
    """Surfaces of one layer bundle with other weights."""
    names = RecordNames(layers)
    models = [surface.model.with_weights({"findings": weight / 100}) for weight in range(1, 6)]
    return [ServedSurface(surface.varied(SCORING_DAY, model), names, {}) for model in models]


def make_key(name: str) -> ScoreKey:
    return ScoreKey(name, SCORING_DAY, None, "", GRID)


class TestShelf:
    A, B = Asker(user="a"), Asker(user="b")

    def hold(self, served: ServedSurface, go: threading.Event) -> Callable[[], ServedSurface]:
        def make() -> ServedSurface:
            go.wait(10)
            return served

        return make

    def test_a_newer_request_takes_the_place_of_one_that_waits(self, small: list[ServedSurface]) -> None:
        shelf, go = SurfaceShelf(9, 1000, 1, 1), threading.Event()
        submit = lambda name, who, n: shelf.submit(  # noqa: E731
            make_key(name), self.hold(small[n], go), who, is_own=True, is_dragging=True
        )
        running, waiting = submit("1", self.A, 0), submit("2", self.A, 1)
        last = [submit(str(n), self.A, 2) for n in (3, 4, 5)][-1]
        with pytest.raises(SupersededError):
            waiting.result(10)
        # another user's place is not taken, and the queue is full
        with pytest.raises(BusyError):
            submit("6", self.B, 3)
        go.set()
        # what runs already is finished
        assert (running.result(10), last.result(10)) == (small[0], small[2])
        assert submit("6", self.B, 3).result(10) is small[3]
        shelf.close()

    def test_what_somebody_else_waits_for_stays(self, small: list[ServedSurface]) -> None:
        shelf, go = SurfaceShelf(9, 1000, 1, 9), threading.Event()
        shelf.submit(make_key("1"), self.hold(small[0], go), self.B)
        both: list[Future[ServedSurface]] = [
            shelf.submit(make_key("2"), self.hold(small[1], go), who, is_dragging=True) for who in (self.A, self.B)
        ]
        pinned = shelf.submit(make_key("3"), self.hold(small[2], go), self.A, is_dragging=True)
        shelf.submit(make_key("3"), self.hold(small[2], go), self.A)
        shelf.submit(make_key("4"), self.hold(small[3], go), self.A, is_dragging=True)
        go.set()
        assert [one.result(10) for one in (*both, pinned)] == [small[1], small[1], small[2]]
        shelf.close()

    def test_where_memory_is_short_own_weights_give_way(self, small: list[ServedSurface]) -> None:
        one_mb = small[0].n_bytes * 3 / 1e6
        shelf = SurfaceShelf(9, 1, 1, 9)
        shelf._max_bytes = int(one_mb * 1e6)
        shelf.keep(small[0], make_key("0"))
        shelf.keep(small[1], make_key("1"))
        for n in (2, 3, 4):
            shelf.submit(make_key(str(n)), lambda n=n: small[n], self.A, is_own=True).result(10)
        assert shelf.list() == small[:2]
        assert shelf.list(self.A) == [*small[:2], small[4]]
        shelf.keep(small[2], make_key("2"))
        assert shelf.list(self.A) == small[:3]
        shelf.close()

    def test_what_is_made_shared_is_seen_by_all(self, small: list[ServedSurface]) -> None:
        shelf = SurfaceShelf(9, 1000, 1, 9)
        shelf.submit(make_key("0"), lambda: small[0], self.A, is_own=True).result(10)
        assert shelf.get(small[0].id, self.B) is None
        assert shelf.get(small[0].id, Asker("municipality", "a")) is None
        shelf.submit(make_key("0"), lambda: small[0], self.B).result(10)
        assert shelf.get(small[0].id, self.B) is small[0]
        shelf.close()


class TestVaried:
    @pytest.mark.parametrize("day", [SCORING_DAY, date(2026, 1, 15), date(2024, 2, 29)])
    @pytest.mark.parametrize("weights", [None, {"findings": 0.5, "colocation": 0.0}])
    def test_bits_are_those_of_a_fresh_score(self, surface: RiskSurface, day: date, weights: dict | None) -> None:
        model = surface.model.with_weights(weights)
        varied, fresh = surface.varied(day, model), geo.score(surface.layers, GRID, day, model=model)
        assert varied.id == fresh.id
        assert dict(varied.manifest) == dict(fresh.manifest)
        for name in varied.rasters:
            assert np.array_equal(varied.rasters[name], fresh.rasters[name], equal_nan=True), name
        cell = GRID.cell_id(4, 9)
        assert varied.explain(cell) == fresh.explain(cell)

    def test_other_parameters_are_refused(self, surface: RiskSurface) -> None:
        other = {**surface.model.parameters, "effort_threshold": 0.5}
        with pytest.raises(ParameterError, match="parameters"):
            surface.varied(SCORING_DAY, replace(surface.model, parameters=other))
