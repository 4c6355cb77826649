"""Plans for tests of the API: what is asked for, and the way from a draft to a closed plan."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from geo.reference.tables import read_columns
from tests.api.made import WRITING

__all__ = ["CREW", "DAYS", "approve", "ask", "call", "complete", "make_request", "move", "record"]

DAYS = ["2026-07-20", "2026-07-21"]
CREW = {
    "name": "Nord",
    "people": {"arbetsmiljoverket": 6, "polismyndigheten": 5},
    "car_seats": [5, 5, 4],
    "depot": [758_000, 7_087_000],
    "on_call": ["regional_coordinator"],
    "remote": ["migrationsverket"],
}


def make_request(**changes: Any) -> dict[str, Any]:
    """What a planner asks for."""
    return {"name": "Vecka 30", "days": DAYS, "crews": [CREW], "n_candidates": 12, "seed": 7, **changes}


def call(client: TestClient, method: str, path: str, body: dict[str, Any], status: int = 200, **query: str) -> Any:
    """What a writing request answers."""
    response = client.request(method, f"/api/plans{path}", json=body, params=query, headers=WRITING)
    assert response.status_code == status, response.text
    return response.json()


def ask(client: TestClient, status: int = 201, lang: str = "en", **changes: Any) -> Any:
    """Draft a plan."""
    return call(client, "POST", "", make_request(**changes), status, lang=lang)


def complete(client: TestClient, plan: dict[str, Any]) -> dict[str, Any]:
    """Every item of the checklist ready, every stop justified."""
    for item, detail in read_columns("support_checklist", "item", "detail"):
        languages = ["th", "uk"] if detail == "languages" else []
        body = {"version": plan["version"], "is_ready": True, "languages": languages}
        plan = call(client, "PUT", f"/{plan['plan_id']}/checklist/{item}", body)
    for stop in list_stops(plan):
        if stop["needs_reason"] and not stop["revisit_reason"]:
            body = {"version": plan["version"], **key_of(stop), "reason": "follow_up"}
            plan = call(client, "PUT", f"/{plan['plan_id']}/justifications", body)
    return plan


def move(client: TestClient, plan: dict[str, Any], to_state: str, status: int = 200, **more: str) -> Any:
    """Move a plan."""
    lang = more.pop("lang", "en")
    body = {"version": plan["version"], "to_state": to_state, **more}
    return call(client, "POST", f"/{plan['plan_id']}/moves", body, status, lang=lang)


def approve(client: TestClient, plan: dict[str, Any]) -> dict[str, Any]:
    """From a draft to an approved plan."""
    approved: dict[str, Any] = move(client, complete(client, move(client, plan, "ready")), "approved")
    return approved


def record(client: TestClient, plan: dict[str, Any], stop: dict[str, Any], status: int = 200, **outcome: Any) -> Any:
    """Record what came of a stop; a visit that found nothing unless more is said."""
    seen = {"agency": "polismyndigheten", "checks": ["potential_victims"]}
    body = {"version": plan["version"], **key_of(stop), "on": stop["on"], "agencies": [seen], **outcome}
    return call(client, "POST", f"/{plan['plan_id']}/outcomes", body, status)


def list_stops(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """All stops of a plan."""
    return [stop for route in plan["routes"] for stop in route["stops"]]


def key_of(stop: dict[str, Any]) -> dict[str, str]:
    """Layer and id of a stop's site."""
    return {"layer": stop["layer"], "record_id": stop["record_id"]}
