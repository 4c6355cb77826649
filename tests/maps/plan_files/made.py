"""A plan to make files of, and names that must show as exactly themselves in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from geo.planning.crews import Crew
from geo.planning.plan import Plan
from geo.risk.words import Sentence
from maps.plan_files import Stamp
from tests.geo.planning.plan.made import DAYS, make_stop
from tests.maps.corpus import PAYLOADS

MADE_AT = datetime(2026, 7, 15, 9, 30, 12, 345, tzinfo=UTC)
STAMP = Stamp(3, "Anna Öberg", MADE_AT, datetime(2026, 7, 14, 8, 0, tzinfo=UTC))
NORTH = Crew("north", {"arbetsmiljoverket": 6, "polismyndigheten": 5}, (5, 5, 4), (758_000.0, 7_087_000.0))
SOUTH = Crew(
    "south",
    {"polismyndigheten": 5, "municipality": 6},
    (5, 4, 3),
    (620_000.0, 6_920_000.0),
    frozenset({"regional_coordinator"}),
    frozenset({"migrationsverket"}),
)
ARABIC, EMOJI = "مطعم الشمال", "Blåbär 🫐 & Söner"
HOSTILE = (
    *PAYLOADS,
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tTab first",
    "\r\nATTENDEE:mailto:x@evil.example",
    "END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:planted",
    "a;b,c\\n:d",
    "]]><evil/>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "<img src='file:///etc/passwd'><link rel=stylesheet href='http://evil.example/x.css'>",
    "url(http://evil.example/x.png)",
    "\u202egnp.exe",
    "\u2067right\u2066left",
    "\ud800 alone",
    "x" * 10_000,
    "ordet " * 2_000,
    ARABIC,
    EMOJI,
    "'apostrophe",
    "%s %(x)s {0} {x}",
    "   ",
    "",
)


def make_plan(titles: Sequence[str] = ("Place one", "Place two"), **changes: object) -> Plan:
    """A plan of two crews and two days, with a stop for each title."""
    stops = []
    for k, title in enumerate(titles):
        start = 480 + 60 * (k % 8)
        place = {"easting": 759_000.0 + 700 * (k % 20), "northing": 7_088_000.0 + 900 * (k // 20)}
        stop = make_stop(
            f"w{k}",
            title=title,
            crew="north" if k % 2 == 0 else "south",
            on=DAYS[(k // 2) % 2],
            order=1 + k // 4,
            arrive_minute=start,
            start_minute=start,
            end_minute=start + 50,
            drive_minutes=10,
            how="exploration" if k == 1 else "chosen",
            propensity=0.0123 if k == 1 else None,
            priority=41.25,
            expected=0.37 if k == 0 else None,
            days_since_visit=None if k % 3 else 500,
            reasons=(Sentence("Last visit: {date}.", {"date": date(2025, 3, 1)}), Sentence("{name}", {"name": title})),
            **place,
        )
        stops.append(stop)
    manifest = {
        "surface": "s1",
        "drive": {
            "provider": "estimate",
            "notes": ["Drive times are estimates from distance as the crow flies, not from roads."],
        },
    }
    plan = Plan("p1", "Week 30", DAYS, (NORTH, SOUTH), tuple(stops), manifest=manifest)
    return replace(plan, **changes)  # type: ignore[arg-type]
