"""The routes of plans: drafted, listed, read, approved, carried out and closed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.routes import plan_pages
from geo.store.people.events import list_events
from geo.store.plans import count_plans
from tests.api.plans import CREW, DAYS, approve, ask, call, complete, key_of, list_stops, move, record


@pytest.fixture
def planner(home: Path, serve: Callable[..., TestClient]) -> TestClient:
    """A client of a data folder of its own."""
    return serve(home)


class TestDraft:
    def test_a_draft_holds_what_was_asked_for(self, planner: TestClient) -> None:
        plan = ask(planner)
        assert (plan["name"], plan["state"], plan["version"], plan["days"]) == ("Vecka 30", "draft", 1, DAYS)
        assert [(one["crew"], one["on"]) for one in plan["routes"]] == [("Nord", day) for day in DAYS]
        (crew,) = plan["crews"]
        assert (crew["n_people"], crew["n_seats"], crew["depot"]["easting"]) == (11, 14, CREW["depot"][0])
        assert plan["drive"]["is_estimate"]
        assert not set(plan["drive"]["notes"]) & set(plan["notes"])
        assert plan["optimised"]["gap"] >= 0
        assert plan["may_change"]
        stops = list_stops(plan)
        assert stops
        for route in plan["routes"]:
            if route["stops"]:
                first, last = route["stops"][0], route["stops"][-1]
                assert route["depart_minute"] == first["arrive_minute"] - first["drive_minutes"]
                assert last["end_minute"] <= route["return_minute"] <= plan["hours"][1]
        for stop in stops:
            able = {one["agency"]: one for one in stop["agencies"]}
            assert able["polismyndigheten"]["attendance"] == "on_site"
            assert able["polismyndigheten"]["checks"]

    def test_it_is_kept_and_listed(self, planner: TestClient) -> None:
        plan = ask(planner)
        assert planner.get(f"/api/plans/{plan['plan_id']}").json() == plan
        (listed,) = planner.get("/api/plans", params={"lang": "sv"}).json()["plans"]
        assert listed["n_stops"] == len(list_stops(plan))
        assert (listed["plan_id"], listed["state_title"], listed["n_outcomes"]) == (plan["plan_id"], "Utkast", 0)

    def test_of_many_only_some_are_listed(self, planner: TestClient) -> None:
        first = ask(planner)
        last = ask(planner, days=["2026-08-20"])
        listed = planner.get("/api/plans", params={"limit": 1}).json()
        assert (listed["n_plans"], [one["plan_id"] for one in listed["plans"]]) == (2, [last["plan_id"]])
        cancelled = {"version": 1, "to_state": "cancelled", "reason": "weather"}
        call(planner, "POST", f"/{first['plan_id']}/moves", cancelled)
        home = planner.app.state.service.settings.home  # type: ignore[attr-defined]
        assert count_plans(home) == {"cancelled": 1, "draft": 1}

    def test_the_page_of_plans_leads_to_more_of_them(
        self, planner: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plan_pages, "_AT_A_TIME", 2)
        for name, day in (("Först", "2026-07-20"), ("Sedan", "2026-07-27"), ("Sist", "2026-08-20")):
            ask(planner, name=name, days=[day], n_candidates=1, explores=False)
        first = planner.get("/plans?lang=sv").text
        assert [name for name in ("Sist", "Sedan", "Först") if f"<bdi>{name}</bdi>" in first] == ["Sist", "Sedan"]
        assert "Plan 1 till 2 av 3" in first
        (following,) = re.findall(r'href="([^"]+)" rel="next">Visa fler planer<', first)
        last = planner.get(f"/{html.unescape(following)}")
        assert "<bdi>Först</bdi>" in last.text
        assert "<bdi>Sedan</bdi>" not in last.text
        assert 'rel="next"' not in last.text
        (preceding,) = re.findall(r'href="([^"]+)" rel="prev"', last.text)
        assert planner.get(f"/{html.unescape(preceding)}").text == planner.get("/plans?lang=sv&offset=0").text
        by_name = planner.get("/plans?lang=sv&sort=name").text
        assert "<bdi>Först</bdi>" in by_name
        assert "sort=name&amp;offset=2" in by_name
        assert "finns inga planer" in planner.get("/plans?lang=sv&offset=40").text
        assert planner.get("/plans?offset=-1").status_code == 422

    def test_cancelled_plans_are_listed_on_request(self, planner: TestClient) -> None:
        for name in ("Blir av", "Blir inte av"):
            plan = ask(planner, name=name, n_candidates=1, explores=False)
        move(planner, plan, "cancelled", reason="weather")
        page = planner.get("/plans?lang=sv&sort=name").text
        assert "<bdi>Blir av</bdi>" in page
        assert "<bdi>Blir inte av</bdi>" not in page
        assert "Visa även inställda planer: 1" in page
        (more,) = re.findall(r'<p><a href="([^"]+)">Visa även', page)
        whole = planner.get(f"/{html.unescape(more)}").text
        assert whole.index("<bdi>Blir av</bdi>") < whole.index("<bdi>Blir inte av</bdi>")
        assert "Dölj inställda planer" in whole
        other = next(one for one in planner.get("/api/plans").json()["plans"] if one["state"] == "draft")
        move(planner, other, "cancelled", reason="weather")
        nothing = planner.get("/plans?lang=sv").text
        assert "Alla planer är inställda." in nothing
        assert "Det finns ingen plan än" not in nothing
        assert "cancelled=true" in re.findall(r'class="sort-link" href="([^"]+)"', whole)[0]

    @pytest.mark.parametrize(("plan_id", "status"), [("nothing", 404), ("a%00b", 422), ("x" * 101, 422)])
    def test_what_is_no_plan(self, planner: TestClient, plan_id: str, status: int) -> None:
        assert planner.get(f"/api/plans/{plan_id}").status_code == status

    def test_the_same_seed_gives_the_same_plan(self, planner: TestClient) -> None:
        one, two = ask(planner), ask(planner)
        assert one["plan_id"] != two["plan_id"]
        assert one["routes"] == two["routes"]

    def test_a_depot_in_degrees_is_the_same_place(self, planner: TestClient) -> None:
        depot = ask(planner)["crews"][0]["depot"]
        degrees = {**CREW, "depot": {"lon": depot["lon"], "lat": depot["lat"]}}
        assert ask(planner, crews=[degrees])["crews"][0]["depot"]["easting"] == pytest.approx(depot["easting"], abs=0.1)

    def test_pinned_and_excluded(self, planner: TestClient) -> None:
        stop = list_stops(ask(planner, explores=False))[0]
        site = key_of(stop)
        pinned = ask(planner, explores=False, pinned=[site])
        assert next(one for one in list_stops(pinned) if key_of(one) == site)["how"] == "pinned"
        assert pinned["pinned"] == [site]
        without = ask(planner, explores=False, excluded=[{**site, "reason": "safety"}], lang="sv")
        assert site not in [key_of(one) for one in list_stops(without)]
        (told,) = without["exclusions"]
        assert told["title"] == stop["title"]
        assert told["reason_title"].startswith("Säkerhet")


class TestLife:
    def test_from_draft_to_closed(self, planner: TestClient, home: Path) -> None:
        plan = ask(planner)
        blocked = planner.get(f"/api/plans/{plan['plan_id']}").json()["blocks"]
        assert blocked["ready"] == []
        plan = move(planner, plan, "ready")
        assert len(plan["blocks"]["approved"]) >= 5
        plan = complete(planner, plan)
        assert plan["blocks"]["approved"] == []
        plan = move(planner, plan, "approved")
        for stop in list_stops(plan):
            plan = record(planner, plan, stop)
        assert plan["state"] == "under_way"
        assert plan["actual_finds"] == 0
        plan = move(planner, plan, "closed")
        assert plan["moves"] == []
        did = [one.what for one in list_events(home)[1] if one.about.startswith(plan["plan_id"])][::-1]
        assert did.count("plan-viewed") == 1
        did.remove("plan-viewed")
        assert did[0] == "plan-made"
        assert did[1] == "plan-approved"
        assert set(did[2:-1]) == {"plan-outcome"}
        assert did[-1] == "plan-closed"
        assert [one["what"] for one in plan["history"]][:2] == ["made", "moved"]
        assert {one["by"] for one in plan["history"]} == {"test"}

    def test_what_blocks_is_told_at_once_in_swedish(self, planner: TestClient) -> None:
        plan = move(planner, ask(planner), "ready")
        problem = move(planner, plan, "approved", status=422, lang="sv")
        assert (
            problem["detail"].split("\n")
            == planner.get(f"/api/plans/{plan['plan_id']}", params={"lang": "sv"}).json()["blocks"]["approved"]
        )
        assert "Regionkoordinator är nåbar hela dagen" in problem["detail"]

    def test_an_outcome_is_corrected(self, planner: TestClient) -> None:
        plan = approve(planner, ask(planner))
        stop = list_stops(plan)[0]
        plan = record(planner, plan, stop)
        seen = {"indicator": "very_long_hours", "grade": "S", "persons_band": "1-4"}
        who = [{"agency": "polismyndigheten", "checks": [], "observations": [seen]}]
        plan = record(planner, plan, stop, outcome="trafficking_indicator", persons_met="1-4", agencies=who)
        told = next(one for one in list_stops(plan) if key_of(one) == key_of(stop))
        assert told["n_corrections"] == 1
        assert told["outcome"]["outcome"] == "trafficking_indicator"
        assert told["outcome"]["agencies"][0]["observations"][0]["indicator_title"]
        assert plan["actual_finds"] == 1

    def test_comments_are_coded(self, planner: TestClient) -> None:
        plan = ask(planner)
        stop = list_stops(plan)[0]
        about = f"{stop['layer']}/{stop['record_id']}"
        body = {"version": 1, "reason": "weather", "about": about}
        told = call(planner, "POST", f"/{plan['plan_id']}/comments", body, lang="sv")["history"][-1]
        assert (told["reason_title"], told["about_title"]) == ("Väder eller väglag", stop["title"])
        call(planner, "POST", f"/{plan['plan_id']}/comments", {"version": 2, "reason": "Anna said"}, 422)
        call(planner, "POST", f"/{plan['plan_id']}/comments", {**body, "version": 2, "about": "Anna Andersson"}, 422)


def test_two_planners_at_once(planner: TestClient) -> None:
    """Whoever comes second is shown what the first one did, and overwrites nothing."""
    plan = ask(planner)
    first = move(planner, plan, "ready")
    answer = {"version": 1, "is_ready": True}
    problem = call(planner, "PUT", f"/{plan['plan_id']}/checklist/coordinator_on_call", answer, 409, lang="sv")
    assert problem["current"] == planner.get(f"/api/plans/{plan['plan_id']}", params={"lang": "sv"}).json()
    assert problem["current"]["version"] == first["version"] == 2
    assert "Någon annan" in problem["detail"]
