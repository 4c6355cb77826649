"""A plan's stops and crews as rows, for the files that are tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maps.i18n import translate
from maps.plan_files.sheets import PlanSheets, ShiftSheet, StopSheet, list_people, say_clock
from maps.plan_files.words import clean_text

__all__ = ["CREW_COLUMNS", "STOP_COLUMNS", "Column", "Value", "crew_rows", "stop_rows"]

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """A column: its name for programs, and how its heading is said to people."""

    name: str
    say: Callable[[str], str]


STOP_COLUMNS = (
    Column("number", lambda lang: translate(lang, "No.")),
    Column("label", lambda lang: translate(lang, "Stop")),
    Column("day", lambda lang: translate(lang, "Day")),
    Column("crew", lambda lang: translate(lang, "Crew")),
    Column("order", lambda lang: translate(lang, "Order")),
    Column("site", lambda lang: translate(lang, "Site")),
    Column("kind", lambda lang: translate(lang, "Kind")),
    Column("layer", lambda lang: translate(lang, "Layer")),
    Column("record_id", lambda lang: translate(lang, "Id")),
    Column("arrive", lambda lang: translate(lang, "Arrives")),
    Column("start", lambda lang: translate(lang, "Begins")),
    Column("end", lambda lang: translate(lang, "Ends")),
    Column("drive_minutes", lambda lang: translate(lang, "Drive there, min")),
    Column("how", lambda lang: translate(lang, "How it came into the plan")),
    Column("priority", lambda lang: translate(lang, "Priority, points")),
    Column("propensity", lambda lang: translate(lang, "Chance of being drawn")),
    Column("expected", lambda lang: translate(lang, "Chance of a finding")),
    Column("days_since_visit", lambda lang: translate(lang, "Days since visit")),
    Column("revisit_reason", lambda lang: translate(lang, "Why again")),
    Column("reasons", lambda lang: translate(lang, "Reasons")),
    Column("agencies", lambda lang: translate(lang, "Agencies and checks")),
    Column("problems", lambda lang: translate(lang, "Problems")),
    Column("easting", lambda lang: translate(lang, "Easting, m (SWEREF 99 TM)")),
    Column("northing", lambda lang: translate(lang, "Northing, m (SWEREF 99 TM)")),
    Column("lon", lambda lang: translate(lang, "Longitude (WGS 84)")),
    Column("lat", lambda lang: translate(lang, "Latitude (WGS 84)")),
    Column("synthetic", lambda lang: translate(lang, "Synthetic data")),
)
CREW_COLUMNS = (
    Column("day", lambda lang: translate(lang, "Day")),
    Column("crew", lambda lang: translate(lang, "Crew")),
    Column("people", lambda lang: translate(lang, "People")),
    Column("seats", lambda lang: translate(lang, "Seats")),
    Column("agencies", lambda lang: translate(lang, "Agencies")),
    Column("depart", lambda lang: translate(lang, "Leaves")),
    Column("back", lambda lang: translate(lang, "Is back")),
    Column("stops", lambda lang: translate(lang, "Number of stops")),
    Column("drive_minutes", lambda lang: translate(lang, "Driving, min")),
    Column("easting", lambda lang: translate(lang, "Easting, m (SWEREF 99 TM)")),
    Column("northing", lambda lang: translate(lang, "Northing, m (SWEREF 99 TM)")),
)


def stop_rows(sheets: PlanSheets) -> list[dict[str, Value]]:
    """A row for each stop, by the names of `STOP_COLUMNS`."""
    return [_stop_row(shift, sheet) for shift in sheets.shifts for sheet in shift.stops]


def crew_rows(sheets: PlanSheets, lang: str) -> list[dict[str, Value]]:
    """A row for each crew and day, by the names of `CREW_COLUMNS`."""
    return [_crew_row(shift, lang) for shift in sheets.shifts]


def _stop_row(shift: ShiftSheet, sheet: StopSheet) -> dict[str, Value]:
    stop = sheet.stop
    return {
        "number": sheet.number,
        "label": sheet.label,
        "day": stop.on.isoformat(),
        "crew": shift.name,
        "order": stop.order,
        "site": sheet.title,
        "kind": sheet.kind,
        "layer": stop.layer,
        "record_id": clean_text(stop.record_id),
        "arrive": say_clock(stop.arrive_minute),
        "start": say_clock(stop.start_minute),
        "end": say_clock(stop.end_minute),
        "drive_minutes": stop.drive_minutes,
        "how": sheet.how,
        "priority": round(stop.priority, 1),
        "propensity": stop.propensity,
        "expected": None if stop.expected is None else round(stop.expected, 3),
        "days_since_visit": sheet.days_since_visit,
        "revisit_reason": sheet.why,
        "reasons": " ".join(sheet.reasons),
        "agencies": "; ".join(f"{one.title} ({one.attendance}): {', '.join(one.checks)}" for one in sheet.agencies),
        "problems": " ".join(sheet.problems),
        "easting": round(stop.easting, 1),
        "northing": round(stop.northing, 1),
        "lon": round(sheet.lon, 6),
        "lat": round(sheet.lat, 6),
        "synthetic": stop.synthetic,
    }


def _crew_row(shift: ShiftSheet, lang: str) -> dict[str, Value]:
    crew = shift.crew
    return {
        "day": shift.on.isoformat(),
        "crew": shift.name,
        "people": crew.n_people,
        "seats": sum(crew.car_seats),
        "agencies": "; ".join(list_people(crew, lang)),
        "depart": None if shift.depart_minute is None else say_clock(shift.depart_minute),
        "back": None if shift.return_minute is None else say_clock(shift.return_minute),
        "stops": len(shift.stops),
        "drive_minutes": sum(sheet.stop.drive_minutes for sheet in shift.stops) + shift.back_minutes,
        "easting": round(crew.depot[0], 1),
        "northing": round(crew.depot[1], 1),
    }
