"""How the service follows its data folder, and what it does when many ask at once."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import geo
from api.errors import BusyError
from api.records import MAP_LAYERS
from api.service import Service
from api.settings import Settings
from api.shelf import ScoreKey, SurfaceShelf
from api.surfaces import ServedSurface
from geo.errors import StoreError
from geo.layers.bundle import Layers
from geo.risk.filters import Shown, show_county
from geo.risk.surface import RiskSurface
from geo.store.files import Provenance, load_layers, publish, save_layer, save_layers, save_surface
from maps.record_names import RecordNames
from tests.api.made import fill_home
from tests.frames import GRID, SCORING_DAY, make_frame, make_workplace, small_frames


class TestFollowing:
    def test_from_nothing_to_a_map_without_a_restart(self, serve: Callable[..., TestClient], tmp_path: Path) -> None:
        home = tmp_path / "not-there-yet"
        client = serve(home)
        page = client.get("/?lang=en")
        assert page.status_code == 200
        assert "norrsyn demo" in page.text
        assert client.get("/healthz").json() | {"version": ""} == {
            "status": "ok",
            "is_scored": False,
            "version": "",
            "problem": None,
        }
        assert "norrsyn score" in client.get("/api/top").json()["detail"]
        assert client.get("/api/surfaces").json() == {"current": None, "surfaces": []}
        assert client.get("/api/score").status_code == 404

        save_layers(home, {name: (frame, Provenance(name)) for name, frame in small_frames().items()})
        page = client.get("/?lang=en").text
        assert "norrsyn score" in page
        assert "norrsyn demo" not in page
        assert client.get("/api/sites?bbox=0,0,40,80").json()["total"] > 0
        assert client.get("/api/score?at=2026-07-15").json()["cell_m"] == 1000

        surface = geo.score(load_layers(home), GRID, at="2026-07-15")
        save_surface(home, surface)
        assert client.get("/api/surfaces").json()["current"] is None
        publish(home, surface.id)
        assert client.get("/api/surfaces").json()["current"] == surface.id
        assert "workbench" in client.get("/").text

    def test_a_new_layer_is_noticed_and_the_surface_is_stale(
        self, serve: Callable[..., TestClient], home: Path, published: RiskSurface
    ) -> None:
        client = serve(home)
        before = client.get("/api/sites?bbox=0,0,40,80&layer=workplaces").json()["total"]
        save_layer(home, "workplaces", make_frame([make_workplace(1, name="Alone")]), Provenance("one.csv"))
        after = client.get("/api/sites?bbox=0,0,40,80&layer=workplaces").json()
        assert before > 1
        assert [site["title"] for site in after["sites"]] == ["Alone"]
        assert client.get("/api/surfaces").json()["current"] == published.id
        cell = client.get(f"/api/cells/{published.top(1)['cell_id'][0]}?lang=en").json()
        assert "score again" in cell["reasons"][0]
        layers = {one["name"]: one for one in client.get("/api/surfaces/current").json()["layers"]}
        assert layers["workplaces"]["source"] is None
        assert layers["accommodation"]["source"].endswith(".geojson")
        # what is scored now rests on the new layer
        fresh = client.get(f"/api/score?at={published.at}").json()
        assert fresh["id"] != published.id
        assert {one["name"]: one["rows"] for one in fresh["layers"]}["workplaces"] == 1

    def test_open_pages_keep_the_surface_that_was_replaced(
        self, serve: Callable[..., TestClient], home: Path, published: RiskSurface
    ) -> None:
        client = serve(home)
        assert client.get("/api/surfaces").json()["current"] == published.id
        following = geo.score(load_layers(home), GRID, at="2026-12-24")
        save_surface(home, following)
        publish(home, following.id)
        assert client.get("/api/surfaces").json()["current"] == following.id
        shutil.rmtree(home / "surfaces" / published.id)
        assert client.get(f"/tiles/{published.id}/8/142/68.png").status_code == 200
        assert client.get(f"/api/top?surface={published.id}").json()["surface"] == published.id

    def test_a_saved_surface_is_served_by_id(self, serve: Callable[..., TestClient], home: Path) -> None:
        other = geo.score(load_layers(home), GRID, at="2026-12-24")
        save_surface(home, other)
        client = serve(home)
        assert client.get(f"/api/surfaces/{other.id}").json()["at"] == "2026-12-24"

    def test_a_folder_that_breaks_keeps_the_last_state(
        self, serve: Callable[..., TestClient], home: Path, published: RiskSurface
    ) -> None:
        client = serve(home)
        (home / "away").mkdir()
        for path in home.glob("norrsyn.sqlite*"):
            path.rename(home / "away" / path.name)
        (home / "norrsyn.sqlite").write_text("half a file " * 1000)
        health = client.get("/healthz").json()
        assert client.get("/api/surfaces").json()["current"] == published.id
        assert health["problem"]
        assert str(home) not in health["problem"]
        assert client.get("/api/top").status_code == 200
        for path in (home / "away").iterdir():
            path.replace(home / path.name)
        assert client.get("/healthz").json()["problem"] is None

    def test_a_folder_that_is_broken_at_the_start_is_an_error(self, home: Path) -> None:
        for path in home.glob("norrsyn.sqlite*"):
            path.write_text("half a file " * 1000)
        with pytest.raises(StoreError, match=r"norrsyn\.sqlite is damaged .*; restore it from a backup"):
            Service(Settings(home=home)).start()

    def test_filters_are_prepared_for_each_circle_once_it_is_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tests.promises.test_circles import shared_frames  # noqa: PLC0415

        fill_home(tmp_path, shared_frames())
        prepared: list[ServedSurface] = []
        prepare = ServedSurface.prepare

        def note(served: ServedSurface) -> None:
            prepared.append(served)
            prepare(served)

        monkeypatch.setattr(ServedSurface, "prepare", note)
        service = Service(Settings(home=tmp_path, check_seconds=0))
        try:
            whole = service.snapshot().published
            service.drawing.prepare(int).result()
            # memory is taken for circles that somebody of asks for, and once
            assert prepared == [whole]
            narrowed = [service.snapshot("public").published for _ in range(3)]
            service.drawing.prepare(int).result()
            assert prepared == [whole, narrowed[0]]
            assert narrowed[0] is not None
            assert "best_first" in narrowed[0].surface.__dict__
        finally:
            service.close()

    def test_a_full_queue_of_drawings_refuses_no_circle_its_first_look(self, tmp_path: Path) -> None:
        from tests.promises.test_circles import shared_frames  # noqa: PLC0415

        fill_home(tmp_path, shared_frames())
        service = Service(Settings(home=tmp_path, check_seconds=0, score_workers=1, score_queue=0))
        may_end = threading.Event()
        try:
            service.start()
            # it takes the only place there is, and long
            under_way = service.drawing.submit(may_end.wait)
            with pytest.raises(BusyError):
                service.drawing.submit(int)
            narrowed = service.snapshot("public").published
            assert narrowed is not None
            assert not under_way.done()
            assert "best_first" not in narrowed.surface.__dict__
            may_end.set()
            prepared = threading.Event()
            service.drawing.prepare(prepared.set)
            # in turn: after the drawing, what the circle's first filter wants
            assert prepared.wait(60)
            assert "best_first" in narrowed.surface.__dict__
        finally:
            may_end.set()
            service.close()

    def test_the_folder_is_not_looked_at_for_every_request(
        self, serve: Callable[..., TestClient], home: Path, published: RiskSurface
    ) -> None:
        client = serve(home, check_seconds=3600)
        following = geo.score(load_layers(home), GRID, at="2026-12-24")
        save_surface(home, following)
        publish(home, following.id)
        assert client.get("/api/surfaces").json()["current"] == published.id

    def test_weights_that_an_analyst_changed_hold_for_other_dates_too(
        self, serve: Callable[..., TestClient], home: Path
    ) -> None:
        weighted = geo.score(load_layers(home), GRID, at="2026-07-15", weights={"establishments": 0.0})
        save_surface(home, weighted)
        publish(home, weighted.id)
        info = serve(home).get("/api/score?at=2026-01-15").json()
        assert info["weights"] == weighted.model.weights

    def test_swaps_under_load_are_whole(self, serve: Callable[..., TestClient], home: Path) -> None:
        """Every answer belongs to one published surface: its id, date and best cell go together."""
        layers = load_layers(home)
        surfaces = [geo.score(layers, GRID, at=f"2026-{month:02d}-15") for month in (1, 7)]
        known = {one.id: one.top(1)["cell_id"][0] for one in surfaces}
        for one in surfaces:
            save_surface(home, one)
        publish(home, surfaces[0].id)
        client = serve(home)
        stop, wrong = threading.Event(), []

        def ask() -> None:
            while not stop.is_set():
                answer = client.get("/api/top?n=1")
                body = answer.json()
                if answer.status_code != 200 or known.get(body["surface"]) != body["cells"][0]["cell_id"]:
                    wrong.append(answer.text)

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            for turn in range(20):
                publish(home, surfaces[turn % 2].id)
                time.sleep(0.02)
            stop.set()
            for one in asking:
                one.result()
        assert wrong == []


class TestOnDemand:
    def test_many_at_once_for_one_date_get_one_surface(self, serve: Callable[..., TestClient], made_home: Path) -> None:
        client = serve(made_home)
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: client.get("/api/score?at=2026-03-03"), range(24)))
        assert {one.status_code for one in answers} == {200}
        assert len({one.json()["created"] for one in answers}) == 1
        assert len({one.json()["id"] for one in answers}) == 1

    def test_many_dates_at_once_are_right_or_refused(
        self, serve: Callable[..., TestClient], made_home: Path, published: RiskSurface
    ) -> None:
        client = serve(made_home, score_workers=2, score_queue=1)
        days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 7) for day in (1, 15)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda day: client.get(f"/api/score?at={day}"), days))
        assert {one.status_code for one in answers} <= {200, 503}
        for day, answer in zip(days, answers, strict=True):
            if answer.status_code == 200:
                assert answer.json()["id"] == geo.score(published.layers, published.grid, day).id
            else:
                assert answer.json()["type"] == "urn:norrsyn:problem:busy"
                assert answer.headers["retry-after"]
        assert client.get(f"/api/score?at={days[0]}").status_code == 200

    def test_a_bounded_number_is_kept(self, serve: Callable[..., TestClient], made_home: Path) -> None:
        client = serve(made_home, surface_cache=2)
        ids = [client.get(f"/api/score?at=2026-0{month}-01").json()["id"] for month in (1, 2, 3)]
        statuses = [client.get(f"/api/surfaces/{one}").status_code for one in ids]
        assert statuses == [404, 200, 200]
        assert "reload" in client.get(f"/api/surfaces/{ids[0]}").json()["detail"]
        assert len(client.get("/api/surfaces").json()["surfaces"]) == 3

    def test_other_requests_are_answered_while_scores_wait(
        self, serve: Callable[..., TestClient], made_home: Path
    ) -> None:
        """A full queue takes no thread from those who only want a tile."""
        client = serve(made_home, score_workers=1, score_queue=1000)
        with ThreadPoolExecutor(60) as pool:
            scores = [
                pool.submit(client.get, f"/api/score?at=2025-{m:02d}-{d:02d}")
                for m in range(1, 13)
                for d in range(1, 6)
            ]
            while not any(one.done() for one in scores):
                time.sleep(0.001)
            statuses = [client.get("/tiles/current/8/142/68.png").status_code for _ in range(5)]
            waiting = sum(not one.done() for one in scores)
            assert {one.result().status_code for one in scores} == {200}
        assert statuses == [200] * 5
        assert waiting > 0


class TestShelf:
    @pytest.fixture
    def served(self, layers: Layers, surface: RiskSurface) -> ServedSurface:
        return ServedSurface(surface, RecordNames(layers), {})

    def key(self, name: str) -> ScoreKey:
        return ScoreKey(name, SCORING_DAY, None, None, GRID)

    def test_one_key_is_made_once_however_many_wait(self, served: ServedSurface) -> None:
        shelf, made, go = SurfaceShelf(4, 1000, 2, 4), [], threading.Event()

        def make() -> ServedSurface:
            made.append(1)
            go.wait(10)
            return served

        futures = [shelf.submit(self.key("a"), make) for _ in range(20)]
        go.set()
        assert {one.result(10) for one in futures} == {served}
        assert shelf.submit(self.key("a"), make).result(10) is served
        assert len(made) == 1
        shelf.close()

    def test_more_than_the_queue_is_refused_and_then_taken_again(self, served: ServedSurface) -> None:
        shelf, go = SurfaceShelf(4, 1000, 1, 1), threading.Event()

        def make() -> ServedSurface:
            go.wait(10)
            return served

        running, waiting = shelf.submit(self.key("a"), make), shelf.submit(self.key("b"), make)
        with pytest.raises(BusyError, match="try again"):
            shelf.submit(self.key("c"), make)
        go.set()
        assert running.result(10) is waiting.result(10) is served
        assert shelf.submit(self.key("c"), make).result(10) is served
        shelf.close()

    def test_a_failure_reaches_all_who_wait_and_is_not_kept(self, served: ServedSurface) -> None:
        shelf = SurfaceShelf(4, 1000, 1, 1)

        def fail() -> ServedSurface:
            message = "no"
            raise StoreError(message)

        with pytest.raises(StoreError):
            shelf.submit(self.key("a"), fail).result(10)
        assert shelf.submit(self.key("a"), lambda: served).result(10) is served
        shelf.close()

    def test_memory_is_bounded_too_but_the_newest_stays(self, layers: Layers) -> None:
        names = RecordNames(layers)
        all_served = [ServedSurface(geo.score(layers, GRID, at=f"2026-0{m}-01"), names, {}) for m in (1, 2, 3)]
        shelf = SurfaceShelf(10, 0, 1, 1)
        for one in all_served:
            shelf.keep(one)
        assert shelf.list() == [all_served[-1]]
        # the score and the points of seven components in float32, the state in a byte, and what tiles are drawn from
        rasters = (8 * 4 + 1) * GRID.n_cells
        assert rasters + GRID.n_cells < all_served[0].n_bytes < rasters + 3 * GRID.n_cells
        shelf.close()

    def test_a_ranking_is_made_once_however_many_ask(
        self, served: ServedSurface, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[int] = []
        places = RiskSurface.places

        def count(surface: RiskSurface, n: int, **how: Shown) -> object:
            made.append(n)
            return places(surface, n, **how)

        monkeypatch.setattr(RiskSurface, "places", count)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(served.places, [3, 5] * 10))
        assert sorted(made) == [3, 5]
        assert {id(one) for one in answers} == {id(served.places(n)) for n in (3, 5)}
        assert served.places(3, show_county(served.surface, "25")) == ()

    def test_what_was_used_longest_ago_goes_first(self, layers: Layers) -> None:
        names = RecordNames(layers)
        first, second, third = (
            ServedSurface(geo.score(layers, GRID, at=f"2026-0{m}-01"), names, {}) for m in (1, 2, 3)
        )
        shelf = SurfaceShelf(2, 1000, 1, 1)
        shelf.keep(first)
        shelf.keep(second)
        assert shelf.get(first.id) is first
        shelf.keep(third)
        assert shelf.get(second.id) is None
        assert shelf.get(first.id) is first
        shelf.close()


def test_every_record_of_a_site_layer_is_a_site(tmp_path: Path) -> None:
    fill_home(tmp_path)
    service = Service(Settings(home=tmp_path))
    service.start()
    layers = service.snapshot().layers
    assert len(service.sites) == sum(len(layers[name]) for name in MAP_LAYERS)
    service.close()
