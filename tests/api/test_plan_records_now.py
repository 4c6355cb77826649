"""A stored plan is read by the records of now: visits since, sites that are gone, names that a circle may not see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
from fastapi.testclient import TestClient

from geo.layers.circles import INNER_CIRCLE
from geo.store.files import Provenance, load_layers, save_layers
from geo.store.plans import find_plan
from tests.api.plans import CREW, DAYS, approve, ask, call, complete, key_of, list_stops, move, record
from tests.api.test_cli import fail_json, run, run_json
from tests.api.test_plan_access import join

SITE = {"layer": "workplaces", "record_id": "w054"}


def store(home: Path, change: Callable[[str, gpd.GeoDataFrame], gpd.GeoDataFrame]) -> None:
    frames = {name: frame.copy() for name, frame in load_layers(home).items() if len(frame) and "circle" in frame}
    save_layers(home, {name: (change(name, frame), Provenance("again")) for name, frame in frames.items()})


def drop_site(home: Path) -> None:
    store(home, lambda name, frame: frame[frame["workplace_id"] != "w054"] if name == "workplaces" else frame)


def one_site(planner: TestClient, name: str) -> dict[str, Any]:
    plan: dict[str, Any] = ask(planner, name=name, pinned=[SITE], explores=False, n_candidates=1, days=DAYS[:1])
    return plan


class TestApproval:
    def test_a_visit_since_the_draft_is_justified_first(self, home: Path, serve: Callable[..., TestClient]) -> None:
        planner = serve(home)
        other, plan = one_site(planner, "Andra"), one_site(planner, "Vecka 30")
        (stop,) = list_stops(plan)
        assert (stop["needs_reason"], stop["days_since_visit"], stop["visited_since"]) == (False, None, None)
        plan = complete(planner, move(planner, plan, "ready"))
        assert plan["blocks"]["approved"] == []
        other = approve(planner, other)
        # a colleague's plan went there meanwhile; it is not held against that plan itself
        other = record(planner, other, list_stops(other)[0])
        assert not list_stops(other)[0]["needs_reason"]
        plan = planner.get(f"/api/plans/{plan['plan_id']}", params={"lang": "sv"}).json()
        (stop,) = list_stops(plan)
        assert (stop["needs_reason"], stop["visited_since"]) == (True, DAYS[0])
        (block,) = plan["blocks"]["approved"]
        assert "20 juli 2026" in block
        assert move(planner, plan, "approved", 422, lang="sv")["detail"] == block
        assert (
            "20 July 2026" in fail_json("plan", "move", plan["plan_id"], "approved", "--home", home, code=2)["detail"]
        )
        assert block.encode() in planner.get(f"/plans/{plan['plan_id']}/files/gpkg").content
        plan = move(planner, complete(planner, plan), "approved")
        assert plan["state"] == "approved"
        assert list_stops(plan)[0]["revisit_reason"] == "follow_up"
        assert list_stops(plan)[0]["needs_reason"]

    def test_a_site_that_was_removed_since(self, home: Path, serve: Callable[..., TestClient]) -> None:
        planner = serve(home)
        plan = complete(planner, move(planner, one_site(planner, "Vecka 30"), "ready"))
        title = list_stops(plan)[0]["title"]
        drop_site(home)
        plan = planner.get(f"/api/plans/{plan['plan_id']}").json()
        assert plan["blocks"]["approved"] == [
            "Name withheld is no longer on record; take it out, or say why it is visited."
        ]
        assert move(planner, plan, "approved", 422)["detail"] == plan["blocks"]["approved"][0]
        assert list_stops(plan)[0]["needs_reason"]
        assert title not in planner.get(f"/plans/{plan['plan_id']}/files/csv").text
        assert move(planner, complete(planner, plan), "approved")["state"] == "approved"


class TestNames:
    def narrow(self, home: Path, ids: set[str]) -> None:
        def change(name: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
            column = {"workplaces": "workplace_id", "accommodation": "accommodation_id"}.get(name)
            hidden = frame[column].isin(ids) if column else False
            return (
                frame.assign(circle="municipality").mask(hidden, frame.assign(circle=INNER_CIRCLE)) if column else frame
            )

        store(home, change)

    def test_a_site_that_went_to_a_narrower_circle_is_named_no_more(
        self, home: Path, serve: Callable[..., TestClient]
    ) -> None:
        store(home, lambda _, frame: frame.assign(circle="municipality"))
        planner = serve(home)
        kommun, second = (join(planner, name, circle="municipality") for name in ("kommun", "andra"))
        plan = complete(kommun, move(kommun, ask(kommun, name="Kommunens", pinned=[SITE]), "ready"))
        first = next(stop for stop in list_stops(plan) if key_of(stop) == SITE)
        others = [stop for stop in list_stops(plan) if stop is not first]
        assert others
        plan = call(kommun, "POST", f"/{plan['plan_id']}/comments", {
            "version": plan["version"], "reason": "weather", "about": "/".join(key_of(first).values()),
        })  # fmt: skip
        mine = ask(planner, name="Inre", pinned=[key_of(first)])
        self.narrow(home, {first["record_id"]})
        for reader in (kommun, second):
            told = reader.get(f"/api/plans/{plan['plan_id']}")
            assert first["title"] not in told.text
            stops = {stop["record_id"]: stop["title"] for stop in list_stops(told.json())}
            assert stops == {first["record_id"]: "Name withheld", **{one["record_id"]: one["title"] for one in others}}
            assert "Name withheld" in told.json()["history"][-1]["what_text"]
        problem = move(second, told.json(), "approved", 422, lang="sv")
        assert "Namnet visas inte" in problem["detail"]
        late = call(second, "POST", f"/{plan['plan_id']}/comments", {"version": 1, "reason": "weather"}, 409)
        assert first["title"] not in str(late)
        # whoever may see every record reads the name in a plan of their own
        assert first["title"] in planner.get(f"/api/plans/{mine['plan_id']}").text
        # the stored plan is as it was: names come back with the right to see them
        stored = find_plan(home, plan["plan_id"], "municipality").plan
        assert first["title"] in {stop.title for stop in stored.stops}

    def test_a_site_that_was_erased_is_named_nowhere(self, home: Path, serve: Callable[..., TestClient]) -> None:
        planner = serve(home)
        plan = one_site(planner, "Vecka 30")
        (stop,) = list_stops(plan)
        # an order by hand that does not hold: its problem names the site
        out = [{**SITE, "reason": "safety"}]
        call(planner, "POST", f"/{plan['plan_id']}/optimise", {"version": 1, "pinned": [], "excluded": out})
        route = {"crew": CREW["name"], "on": DAYS[0], "stops": [SITE]}
        plan = call(planner, "PUT", f"/{plan['plan_id']}/routes", {"version": 2, "routes": [route]})
        assert stop["title"] in str(plan["problems"])
        drop_site(home)
        told = planner.get(f"/api/plans/{plan['plan_id']}")
        assert stop["title"] not in told.text
        assert "Name withheld" in str(told.json()["problems"])
        assert stop["title"] not in run("plan", "show", plan["plan_id"], "--home", home).stdout
        run_json("plan", "export", plan["plan_id"], "--out", home / "plan.csv", "--home", home)
        assert stop["title"] not in (home / "plan.csv").read_text(encoding="utf-8")
