"""A plan from draft to closed through the API, after which the next surface is another where somebody was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

import geo
from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from geo.store.files import load_layers
from tests.api.plans import approve, ask, call, key_of, list_stops, move, record
from tests.frames import GRID

NEXT_DAY = "2026-07-22"
FOUND = {"layer": "workplaces", "record_id": "w054"}
NOTHING = {"layer": "accommodation", "record_id": "a004"}
SEEN = {"indicator": "very_long_hours", "grade": "S", "verification": "corroborated", "persons_band": "5-9"}
WHO = {"agency": "polismyndigheten", "checks": ["potential_victims"], "observations": [SEEN]}
# beyond it a visit counts for nothing: the kernel ends there
REACH_M = 10_000.0


def score_next(planner: TestClient, home: Path) -> RiskSurface:
    """The surface of the day after, which the API and the library agree on."""
    surface = geo.score(load_layers(home), GRID, at=NEXT_DAY)
    told = planner.get("/api/score", params={"at": NEXT_DAY}).json()
    assert told["id"] == surface.id
    return surface


def distance_to(stops: list[dict[str, Any]]) -> np.ndarray:
    """(n_rows, n_cols) m, from each cell's centre to the nearest of some stops."""
    x = GRID.x_min + (np.arange(GRID.n_cols) + 0.5) * GRID.cell_m
    y = GRID.bounds[3] - (np.arange(GRID.n_rows) + 0.5) * GRID.cell_m
    away = [np.hypot(x[None, :] - one["easting"], y[:, None] - one["northing"]) for one in stops]
    return np.min(away, axis=0)


def components_of(surface: RiskSurface, name: str) -> np.ndarray:
    return np.nan_to_num(np.asarray(surface.contributions[name], dtype=float))


def test_outcomes_change_the_next_surface_where_somebody_was(home: Path, serve: Callable[..., TestClient]) -> None:
    planner = serve(home)
    before = score_next(planner, home)
    plan = ask(planner, pinned=[FOUND, NOTHING], explores=False, n_candidates=2, days=["2026-07-20", "2026-07-21"])
    plan = approve(planner, plan)
    stops = list_stops(plan)
    assert {tuple(key_of(stop).values()) for stop in stops} == {tuple(FOUND.values()), tuple(NOTHING.values())}
    # nothing is known before anything is recorded
    assert score_next(planner, home).id == before.id
    found = next(stop for stop in stops if key_of(stop) == FOUND)
    nothing = next(stop for stop in stops if key_of(stop) == NOTHING)
    plan = record(planner, plan, found, outcome="trafficking_indicator", persons_met="5-9", agencies=[WHO])
    plan = record(planner, plan, nothing)
    plan = move(planner, plan, "closed")
    assert (plan["state"], plan["actual_finds"], plan["may_change"]) == ("closed", 1, True)

    after = score_next(planner, home)
    layers = load_layers(home)
    visits = layers["visits"].set_index("site_id")["outcome"]
    assert (visits["w054"], visits["a004"]) == ("trafficking_indicator", "nothing_found")
    assert layers["findings"]["indicator"].eq("very_long_hours").sum() > 0
    for name in before.model.weights:
        if name != "findings":
            np.testing.assert_array_equal(components_of(after, name), components_of(before, name), err_msg=name)
    change = components_of(after, "findings") - components_of(before, "findings")
    at_found, at_nothing = distance_to([found]), distance_to([nothing])
    far = np.minimum(at_found, at_nothing) > REACH_M
    near = at_found <= GRID.cell_m
    assert near.any()
    assert far.sum() > 20
    # what was found raises its surroundings, a visit that found nothing lowers its own, and the rest stays as it was
    assert change[near].min() > 0.5
    np.testing.assert_array_equal(change[far], 0.0)
    around = (at_nothing <= GRID.cell_m) & (at_found > REACH_M)
    assert around.any()
    assert change[around].max() < -0.1
    # a visit is a visit, whatever it found
    newly = (before.state == NEVER_INSPECTED) & (after.state != NEVER_INSPECTED)
    assert newly.any()
    assert np.minimum(at_found, at_nothing)[newly].max() <= REACH_M
    assert (after.state[far] == before.state[far]).all()


def test_a_correction_takes_back_what_it_corrects(home: Path, serve: Callable[..., TestClient]) -> None:
    planner = serve(home)
    plan = approve(planner, ask(planner, pinned=[FOUND], explores=False, n_candidates=1, days=["2026-07-20"]))
    (stop,) = list_stops(plan)
    before = score_next(planner, home)
    plan = record(planner, plan, stop, outcome="trafficking_indicator", agencies=[WHO])
    assert score_next(planner, home).id != before.id
    plan = record(planner, plan, stop, result="not_reached", agencies=[])
    assert plan["routes"][0]["stops"][0]["n_corrections"] == 1
    # nobody was there after all
    np.testing.assert_array_equal(score_next(planner, home).score, before.score)


class TestOutcomesThatDoNotFit:
    @pytest.fixture
    def planner(self, home: Path, serve: Callable[..., TestClient]) -> TestClient:
        return serve(home)

    def test_all_of_it_is_told_and_nothing_is_written(self, planner: TestClient, home: Path) -> None:
        plan = approve(planner, ask(planner))
        stop = list_stops(plan)[0]
        n_visits = len(load_layers(home)["visits"])
        odd = [{"agency": "polismyndigheten", "checks": ["dance"], "observations": [{**SEEN, "grade": "X"}]}]
        body = {"version": plan["version"], **key_of(stop), "on": "2020-01-01", "persons_met": "7", "agencies": odd}
        problem = call(planner, "POST", f"/{plan['plan_id']}/outcomes", body, 422, lang="sv")
        assert problem["detail"].count("\n") == 4
        assert "före planens första dag" in problem["detail"]
        assert planner.get(f"/api/plans/{plan['plan_id']}").json()["version"] == plan["version"]
        assert len(load_layers(home)["visits"]) == n_visits

    def test_a_draft_has_none(self, planner: TestClient) -> None:
        plan = ask(planner)
        problem = record(planner, plan, list_stops(plan)[0], status=422)
        assert "this one is draft" in problem["detail"]

    def test_a_site_that_is_no_stop(self, planner: TestClient) -> None:
        plan = approve(planner, ask(planner))
        gone = {"layer": "workplaces", "record_id": "gone", "on": "2026-07-20"}
        assert record(planner, plan, gone, status=404)["detail"] == "The plan has no stop at workplaces gone."

    def test_a_free_text_has_no_place(self, planner: TestClient) -> None:
        plan = approve(planner, ask(planner))
        problem = record(planner, plan, list_stops(plan)[0], status=422, note="Anna Andersson")
        assert problem["errors"][0]["parameter"] == "note"
