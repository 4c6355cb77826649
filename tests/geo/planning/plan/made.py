"""A plan to try things on."""

from __future__ import annotations

from datetime import date
from typing import Any

from geo.planning.crews import Crew
from geo.planning.plan import Answer, Plan, PlannedStop, answer_item
from geo.reference.tables import read_columns
from geo.risk.words import Sentence

DAYS = (date(2026, 7, 20), date(2026, 7, 21))
CREW = Crew("north", {"arbetsmiljoverket": 6, "polismyndigheten": 5}, (5, 5, 4), (758_000.0, 7_087_000.0))
WHO = {"by": "planner", "at": "2026-07-15T08:00:00+00:00"}


def make_stop(record_id: str = "w1", **changes: Any) -> PlannedStop:
    given: dict[str, Any] = {
        "layer": "workplaces",
        "record_id": record_id,
        "title": f"Place {record_id}",
        "sector": "construction",
        "easting": 759_000.0,
        "northing": 7_088_000.0,
        "crew": "north",
        "on": DAYS[0],
        "order": 1,
        "arrive_minute": 540,
        "start_minute": 540,
        "end_minute": 630,
        "drive_minutes": 60,
        "reasons": (Sentence("Last visit: {date}.", {"date": date(2025, 3, 1)}),),
        **changes,
    }
    return PlannedStop(**given)


def make_plan(*stops: PlannedStop, **changes: Any) -> Plan:
    return Plan("p1", "Week 30", DAYS, (CREW,), stops, **changes)


def complete(plan: Plan) -> Plan:
    """The plan with every item of the checklist ready."""
    for item, detail in read_columns("support_checklist", "item", "detail"):
        languages = frozenset({"th", "uk"}) if detail == "languages" else frozenset()
        plan = answer_item(plan, item, Answer(is_ready=True, languages=languages), **WHO)
    return plan
