"""A plan for calendars: iCalendar with an event for each stop and each drive.

An event's UID is made from the plan and the site (a drive's: where it leads to), never from times or names, and its
SEQUENCE is the plan's version: a calendar that takes the file in again moves the events that it has. No organiser and
no attendee stand in it.

Source: RFC 5545
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from geo.planning.plan import Plan
from maps.i18n import translate
from maps.plan_files.sheets import ShiftSheet, StopSheet, lay_out, to_moment
from maps.plan_files.stamp import Stamp, say_classification, say_watermark
from maps.plan_files.words import shorten

__all__ = ["write_ics"]

_PRODUCT = "-//Norrsyn//Norrsyn//EN"
_ZONE = "Europe/Stockholm"
_UIDS = uuid.UUID("6f0b1f0e-6c1b-5f9a-9d59-0f6b8b0c2a71")
_MOST_REASONS = 3
_YEAR = timedelta(days=366)
_STATUS = {"cancelled": "CANCELLED", "draft": "TENTATIVE", "ready": "TENTATIVE"}


@dataclass(frozen=True)
class _Common:
    """What all events of a file share."""

    plan: Plan
    stamp: Stamp
    lang: str
    told: str


def write_ics(plan: Plan, stamp: Stamp, lang: str) -> bytes:
    """A plan as iCalendar, with the times of Stockholm."""
    sheets = lay_out(plan, lang)
    classification = say_classification(plan, lang)
    version = translate(lang, "Plan {plan}, version {version}", plan=shorten(plan.plan_id), version=str(stamp.version))
    common = _Common(plan, stamp, lang, f"{classification}\n{version}")
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", shorten(sheets.name))
    calendar.add("x-wr-caldesc", f"{classification} {say_watermark(plan, stamp, lang)}")
    calendar.add("x-wr-timezone", _ZONE)
    for shift in sheets.shifts:
        for event in _list_events(common, shift):
            calendar.add_component(event)
    # rules of the years around the plan, not of all time
    first, last = min(plan.days), max(plan.days)
    calendar.add_missing_timezones(first_date=first - _YEAR, last_date=last + _YEAR)
    made: bytes = calendar.to_ical()
    return made


def _list_events(common: _Common, shift: ShiftSheet) -> list[Event]:
    events = []
    crew = shorten(shift.name)
    for sheet in shift.stops:
        stop, site = sheet.stop, f"{sheet.label} {shorten(sheet.title)}"
        if stop.drive_minutes > 0:
            arrive = stop.arrive_minute
            begin, end = (to_moment(shift.on, minute) for minute in (arrive - stop.drive_minutes, arrive))
            summary = translate(common.lang, "Drive to {site}", site=site)
            events.append(_make_event(common, ("drive", *stop.key), f"{summary} ({crew})", begin, end))
        begin, end = (to_moment(shift.on, minute) for minute in (stop.start_minute, stop.end_minute))
        event = _make_event(common, ("stop", *stop.key), f"{site} ({crew})", begin, end, _describe(sheet))
        event.add("location", f"{sheet.lat:.5f}, {sheet.lon:.5f}")
        event.add("geo", (round(sheet.lat, 6), round(sheet.lon, 6)))
        events.append(event)
    if shift.stops and shift.back_minutes > 0:
        last = shift.stops[-1].stop.end_minute
        begin, end = (to_moment(shift.on, minute) for minute in (last, last + shift.back_minutes))
        summary = translate(common.lang, "Drive back to the depot")
        back = ("back", shift.crew.name, shift.on.isoformat())
        events.append(_make_event(common, back, f"{summary} ({crew})", begin, end))
    return events


def _make_event(
    common: _Common, about: tuple[str, ...], summary: str, begin: datetime, end: datetime, words: str = ""
) -> Event:
    event = Event()
    name = "\x1f".join((common.plan.plan_id, *about))
    event.add("uid", f"{uuid.uuid5(_UIDS, name)}@norrsyn")
    event.add("dtstamp", common.stamp.made_utc)
    event.add("last-modified", (common.stamp.changed_at or common.stamp.made_at))
    event.add("sequence", common.stamp.version)
    event.add("dtstart", begin)
    event.add("dtend", end)
    event.add("summary", summary)
    event.add("description", "\n".join(filter(None, (words, common.told))))
    event.add("class", "PUBLIC" if common.plan.circle == "public" else "CONFIDENTIAL")
    event.add("status", _STATUS.get(common.plan.state, "CONFIRMED"))
    return event


def _describe(sheet: StopSheet) -> str:
    agencies = [f"{one.title}: {', '.join(one.checks)}" for one in sheet.agencies]
    lines = (sheet.kind, sheet.how, *sheet.reasons[:_MOST_REASONS], *agencies, *sheet.problems)
    return "\n".join(shorten(line, 300) for line in lines)
