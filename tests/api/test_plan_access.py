"""Plans are for those who plan in one circle: roles, circles, several at once, and nobody kept from anything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.plans import drafting
from geo.store.files import Provenance, load_layers, save_layers
from geo.store.plans import find_plan
from tests.accounts import enter
from tests.api.made import BASE_URL, WRITING
from tests.api.plans import CREW, DAYS, approve, ask, call, key_of, list_stops, make_request, move, record


@pytest.fixture
def planner(home: Path, serve: Callable[..., TestClient]) -> TestClient:
    """A client of a data folder of its own, with every role."""
    return serve(home)


def app_of(client: TestClient) -> FastAPI:
    app = client.app
    assert isinstance(app, FastAPI)
    return app


def join(client: TestClient, name: str, roles: tuple[str, ...] = ("planner",), circle: str | None = None) -> TestClient:
    """Somebody else at the same application."""
    return enter(app_of(client), name, roles, circle=circle, base_url=BASE_URL, raise_server_exceptions=False)


def list_changes(plan: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every change of a plan, as somebody could ask for it."""
    stop, version = key_of(list_stops(plan)[0]), {"version": plan["version"]}
    here = f"/{plan['plan_id']}"
    return [
        ("PUT", f"{here}/request", {**make_request(), **version}),
        ("POST", f"{here}/optimise", version),
        ("PUT", f"{here}/routes", {**version, "routes": []}),
        ("POST", f"{here}/moves", {**version, "to_state": "ready"}),
        ("PUT", f"{here}/checklist/interpreters", {**version, "is_ready": False}),
        ("PUT", f"{here}/justifications", {**version, **stop, "reason": "new_tip"}),
        ("POST", f"{here}/comments", {**version, "reason": "weather"}),
        ("POST", f"{here}/outcomes", {**version, **stop, "on": DAYS[0]}),
    ]


class TestRoles:
    def test_analysts_read_and_do_not_change(self, planner: TestClient, home: Path) -> None:
        plan = ask(planner)
        analyst = join(planner, "analyst", ("analyst",))
        assert analyst.get(f"/api/plans/{plan['plan_id']}").json() == {**plan, "may_change": False}
        for method, path, body in [("POST", "", make_request()), *list_changes(plan)]:
            assert call(analyst, method, path, body, 403, lang="sv")["type"] == "urn:norrsyn:problem:role"
        assert find_plan(home, plan["plan_id"]).version == 1

    def test_coordinators_plan_too(self, planner: TestClient) -> None:
        coordinator = join(planner, "coordinator", ("coordinator",))
        plan = ask(coordinator)
        assert plan["may_change"]
        assert plan["history"][0]["by"] == "coordinator"

    @pytest.mark.parametrize("role", ["admin", "auditor"])
    def test_others_see_nothing(self, planner: TestClient, role: str) -> None:
        plan = ask(planner)
        other = join(planner, role, (role,))
        for path in ("", f"/{plan['plan_id']}"):
            assert other.get(f"/api/plans{path}").status_code == 403

    def test_another_site_s_page_changes_nothing(self, planner: TestClient) -> None:
        plan = ask(planner)
        for method, path, body in list_changes(plan):
            assert planner.request(method, f"/api/plans{path}", json=body).status_code == 403
        assert planner.get(f"/api/plans/{plan['plan_id']}").json()["version"] == 1


class TestCircles:
    def test_plans_of_another_circle_are_not_there(self, planner: TestClient) -> None:
        plan = ask(planner)
        other = join(planner, "kommun", circle="municipality")
        assert other.get("/api/plans").json() == {"n_plans": 0, "plans": []}
        for method, path, body in [("GET", f"/{plan['plan_id']}", {}), *list_changes(plan)]:
            response = other.request(method, f"/api/plans{path}", json=body or None, headers=WRITING)
            assert response.status_code == 404, path
            assert response.json().get("current") is None

    def test_a_narrower_circle_plans_by_what_it_may_see(self, home: Path, serve: Callable[..., TestClient]) -> None:
        frames = {name: frame.copy() for name, frame in load_layers(home).items() if len(frame) and "circle" in frame}
        hidden: set[str] = set()
        for name, column in (("workplaces", "workplace_id"), ("accommodation", "accommodation_id")):
            frame = frames[name]
            frame["circle"] = ["municipality" if k % 2 else "joint-inspection" for k in range(len(frame))]
            hidden |= set(frame.loc[frame["circle"] == "joint-inspection", column])
        save_layers(home, {name: (frame, Provenance("again")) for name, frame in frames.items()})
        other = join(serve(home), "kommun", circle="municipality")
        plan = ask(other, n_candidates=40)
        told = {one["record_id"] for one in [*list_stops(plan), *plan["candidates"]]}
        assert told
        assert not told & hidden
        site = {"layer": "workplaces", "record_id": next(one for one in sorted(hidden) if one.startswith("w"))}
        assert "there is no site" in ask(other, 422, pinned=[site])["detail"]
        body = {"version": 1, "routes": [{"crew": CREW["name"], "on": DAYS[0], "stops": [site]}]}
        assert "There is no site" in call(other, "PUT", f"/{plan['plan_id']}/routes", body, 422)["detail"]
        # nor does the manifest, which the answer does not hold, tell of them
        stored = find_plan(home, plan["plan_id"], "municipality").plan
        assert not {record for _, record, _ in stored.manifest["candidates"]} & hidden

    def test_visits_of_a_narrow_plan_are_its_circle_s(self, planner: TestClient, home: Path) -> None:
        frames = {name: frame.copy() for name, frame in load_layers(home).items() if len(frame) and "circle" in frame}
        for frame in frames.values():
            frame["circle"] = "municipality"
        save_layers(home, {name: (frame, Provenance("again")) for name, frame in frames.items()})
        other = join(planner, "kommun", circle="municipality")
        plan = approve(other, ask(other))
        stop = list_stops(plan)[0]
        record(other, plan, stop)
        visits = load_layers(home)["visits"]
        assert visits.loc[visits["site_id"] == stop["record_id"], "circle"].tolist() == ["municipality"]
        # nor is a narrower circle's plan for the inner one
        assert planner.get("/api/plans").json() == {"n_plans": 0, "plans": []}
        assert planner.get(f"/api/plans/{plan['plan_id']}").status_code == 404


class TestSeveralAtOnce:
    def test_of_many_changes_of_one_version_one_is_kept(self, planner: TestClient, home: Path) -> None:
        plan = ask(planner)
        body = {"version": 1, "reason": "weather"}
        path = f"/api/plans/{plan['plan_id']}/comments"
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: planner.post(path, json=body, headers=WRITING), range(8)))
        assert sorted(one.status_code for one in answers) == [200, *[409] * 7]
        stored = find_plan(home, plan["plan_id"])
        assert (stored.version, len(stored.plan.history)) == (2, 2)
        for late in answers:
            if late.status_code == 409:
                assert late.json()["current"]["version"] == 2

    def test_a_plan_that_changes_while_it_is_drafted_again(
        self, planner: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody puts it up for approval while the routes are computed: the routes are given up."""
        plan = ask(planner)
        drafts, may_end = Event(), Event()
        again = drafting.draft_again

        def wait(*args: Any, **more: Any) -> Any:
            drafts.set()
            assert may_end.wait(60)
            return again(*args, **more)

        monkeypatch.setattr(drafting, "draft_again", wait)
        with ThreadPoolExecutor(1) as pool:
            path, body = f"/api/plans/{plan['plan_id']}/optimise", {"version": 1}
            late = pool.submit(planner.post, path, json=body, headers=WRITING)
            assert drafts.wait(60)
            ready = move(planner, plan, "ready")
            may_end.set()
            answer = late.result()
        assert answer.status_code == 409
        assert answer.json()["current"]["state"] == "ready"
        assert planner.get(f"/api/plans/{plan['plan_id']}").json() == ready


class TestQueue:
    def test_drafts_wait_in_a_bounded_queue_and_hold_up_nothing_else(
        self, home: Path, serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planner = serve(home, score_workers=1, score_queue=1)
        may_end, draft = Event(), drafting.draft_plan
        running: list[int] = []
        most: list[int] = []

        def wait(*args: Any, **more: Any) -> Any:
            running.append(1)
            most.append(len(running))
            assert may_end.wait(60)
            made = draft(*args, **more)
            running.pop()
            return made

        monkeypatch.setattr(drafting, "draft_plan", wait)
        with ThreadPoolExecutor(12) as pool:
            try:
                asking = [
                    pool.submit(planner.post, "/api/plans", json=make_request(), headers=WRITING) for _ in range(6)
                ]
                while sum(one.done() for one in asking) < 4:
                    # whoever asks for something else is answered meanwhile
                    assert planner.get("/api/top?n=1").status_code == 200
                    assert planner.get("/api/score?at=2026-03-03").status_code == 200
                    assert planner.get("/api/plans").status_code == 200
                refused = [one.result() for one in asking if one.done()]
            finally:
                may_end.set()
            assert sorted(one.result().status_code for one in asking) == [201, 201, 503, 503, 503, 503]
        for answer in refused:
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["type"] == "urn:norrsyn:problem:busy"
        assert max(most) == 1


def test_certainty_is_drawn_when_it_is_asked_for(planner: TestClient) -> None:
    wish = make_request(filter={"min_certainty": "could_be"}, explores=False)
    give_up_at = time.monotonic() + 120
    # a loaded server says that it is still drawing, and to ask again
    while (
        answer := planner.post("/api/plans", json=wish, headers=WRITING)
    ).status_code == 503 and time.monotonic() < give_up_at:
        assert answer.headers["retry-after"]
    assert answer.status_code == 201, answer.text
    plan = answer.json()
    body = {"version": 1, "locks": []}
    again = call(planner, "POST", f"/{plan['plan_id']}/optimise", body)
    assert again["routes"] == plan["routes"]
    problem = ask(planner, 422, "sv", filter={"min_certainty": "maybe"})
    assert "okänd säkerhet 'maybe'" in problem["detail"]
