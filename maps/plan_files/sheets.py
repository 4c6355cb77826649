"""A plan in the reader's words, as all of its files tell it: crews, the shifts of each, and a sheet for each stop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from geo.planning.crews import Crew, unmet_requirements
from geo.planning.daylight import LOCAL_TIME
from geo.planning.drive import EstimatedDrive
from geo.planning.plan import Answer, Plan, PlannedStop, SiteNow, count_days, find_blocks, read_sentence
from geo.planning.plan.value import APPROVED, DRAFT, EXPLORATION, PINNED, READY, StopKey
from geo.reference import find_checks
from geo.reference.tables import read_columns
from geo.region import load_region
from geo.risk.words import Sentence, title_sentence
from maps.degrees import to_degrees
from maps.i18n import format_number, say, translate
from maps.plan_candidates import name_municipality
from maps.plan_files.words import clean_text

__all__ = [
    "AgencyLine",
    "ChecklistLine",
    "PlanSheets",
    "ShiftSheet",
    "StopSheet",
    "lay_out",
    "list_people",
    "say_clock",
    "to_moment",
]

_WAYS = ("on_site", "on_call", "remote")
_ESTIMATE = "estimate"
_HOUR, _DAY = 60, 24 * 60
_NOTHING_NEW: Mapping[StopKey, SiteNow] = MappingProxyType({})


@dataclass(frozen=True)
class AgencyLine:
    """An agency of the crew that has checks to make at a stop: code, title, how it takes part, titles of its checks."""

    agency: str
    title: str
    attendance: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class StopSheet:
    """A stop in words.

    Attributes
    ----------
    stop : PlannedStop
    number : int, from 1 through the whole plan
    label : what it is called on its day, as on the plan's page: the crew's letter, and which of its stops it is
    title, kind : str, of the site; workplace with its sector, or accommodation
    place : str, its municipality; empty where none is near
    lon, lat : degrees, WGS84
    how, since, why : how it came into the plan, when it was visited last, why it is visited again; may be empty
    days_since_visit : from the last visit to the day of the stop, None where none is known
    reasons : why it was chosen
    agencies : who checks what, those on site first
    problems : what does not hold here
    """

    stop: PlannedStop
    number: int
    label: str
    title: str
    kind: str
    place: str
    lon: float
    lat: float
    how: str
    days_since_visit: int | None
    since: str
    why: str
    reasons: tuple[str, ...]
    agencies: tuple[AgencyLine, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ShiftSheet:
    """A crew's day.

    Attributes
    ----------
    crew : Crew
    name : str, of the crew
    letter : of the crew, as on the plan's page
    on : date
    stops : in order; none where the crew stays at home
    depart_minute, return_minute : after local midnight; None without stops
    back_minutes : of the drive back to the depot
    is_back_estimated : whether that drive was estimated for the file because the plan does not keep it
    """

    crew: Crew
    name: str
    letter: str
    on: date
    stops: tuple[StopSheet, ...]
    depart_minute: int | None = None
    return_minute: int | None = None
    back_minutes: int = 0
    is_back_estimated: bool = False


@dataclass(frozen=True)
class ChecklistLine:
    """An item of the checklist for victims' support: what must be ready, whether it is, and languages booked."""

    title: str
    is_ready: bool
    languages: str


@dataclass(frozen=True)
class PlanSheets:
    """All that files tell of a plan.

    Attributes
    ----------
    name, state : str
    shifts : by day, then crew, in the order of the plan's crews
    checklist : every item
    problems : what does not hold, and what keeps the plan from being approved
    notes : what must be known beside it, such as that drive times are estimates
    """

    name: str
    state: str
    shifts: tuple[ShiftSheet, ...]
    checklist: tuple[ChecklistLine, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def stops(self) -> tuple[StopSheet, ...]:
        """Every stop, by its number."""
        return tuple(sheet for shift in self.shifts for sheet in shift.stops)


def lay_out(plan: Plan, lang: str, now: Mapping[StopKey, SiteNow] = _NOTHING_NEW) -> PlanSheets:
    """A plan in a language.

    Parameters
    ----------
    plan : Plan
    lang : str
    now : what the records say of the stops' sites now, as `look_at_sites` gives it

    Raises
    ------
    ParameterError
        There is no such language.
    """
    shifts, n_before = [], 0
    for day in plan.days:
        for crew in plan.crews:
            shift = _lay_out_shift(plan, crew, day, n_before, lang)
            shifts.append(shift)
            n_before += len(shift.stops)
    return PlanSheets(
        name=clean_text(plan.name),
        state=_title(lang, "plan_states", "state", plan.state),
        shifts=tuple(shifts),
        checklist=tuple(_list_items(plan, lang)),
        problems=_find_problems(plan, lang, now),
        notes=_list_notes(plan, lang, any(shift.is_back_estimated for shift in shifts)),
    )


def say_clock(minute: int) -> str:
    """A minute after midnight as ``HH:MM``; beyond the day, as an order by hand may lead, ``01:10 (+1)``."""
    days, rest = divmod(minute, _DAY)
    if minute == _DAY:
        return "24:00"
    return f"{rest // _HOUR:02d}:{rest % _HOUR:02d}{f' ({days:+d})' if days else ''}"


def to_moment(day: date, minute: int) -> datetime:
    """A minute of a day by the clock on the wall, with Sweden's time zone."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=LOCAL_TIME)


def list_people(crew: Crew, lang: str) -> list[str]:
    """Agencies of a crew in words: how many people ride along, and who takes part from afar."""
    ways = _say_ways(lang)
    there = [f"{_title(lang, 'agencies', 'agency', agency)} {n}" for agency, n in crew.people.items()]
    afar = [
        f"{_title(lang, 'agencies', 'agency', agency)} ({ways[way]})"
        for way in _WAYS[1:]
        for agency in sorted(getattr(crew, way))
    ]
    return [*there, *afar]


def _say_ways(lang: str) -> Mapping[str, str]:
    return {
        "on_site": translate(lang, "On site"),
        "on_call": translate(lang, "Within reach by telephone"),
        "remote": translate(lang, "From the desk"),
    }


def _lay_out_shift(plan: Plan, crew: Crew, day: date, n_before: int, lang: str) -> ShiftSheet:
    mine = sorted((stop for stop in plan.stops if (stop.crew, stop.on) == (crew.name, day)), key=lambda one: one.order)
    name, letter = clean_text(crew.name), _letter(plan.crews.index(crew))
    if not mine:
        return ShiftSheet(crew, name, letter, day, ())
    sheets = tuple(
        _lay_out_stop(plan, stop, crew, (n_before + k, f"{letter}{k}"), lang) for k, stop in enumerate(mine, start=1)
    )
    first, last = mine[0], mine[-1]
    depart = first.arrive_minute - first.drive_minutes
    for kept in plan.manifest.get("shifts", ()):
        if (kept["crew"], kept["on"]) == (crew.name, day.isoformat()):
            back = int(kept["return_minute"]) - last.end_minute
            return ShiftSheet(
                crew, name, letter, day, sheets, int(kept["depart_minute"]), int(kept["return_minute"]), back
            )
    back = _estimate_way_back(crew, last)
    is_estimated = _drive_of(plan).get("provider", _ESTIMATE) != _ESTIMATE
    return ShiftSheet(crew, name, letter, day, sheets, depart, last.end_minute + back, back, is_estimated)


def _letter(position: int) -> str:
    """Letters for a position: A to Z, then AA, AB and so on."""
    first, last = divmod(position, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def _estimate_way_back(crew: Crew, last: PlannedStop) -> int:
    drive = EstimatedDrive.from_reference()
    return math.ceil(drive.minutes_between([last.easting], [last.northing], [crew.depot[0]], [crew.depot[1]]).item())


def _lay_out_stop(plan: Plan, stop: PlannedStop, crew: Crew, called: tuple[int, str], lang: str) -> StopSheet:
    number, label = called
    counted = count_days(plan, stop, _NOTHING_NEW)
    days = None if counted is None else max(counted, 0)
    lon, lat = to_degrees(stop.easting, stop.northing)
    lacking = unmet_requirements(crew, stop.layer, stop.sector)
    problems = [
        translate(
            lang,
            "The crew cannot check this here: {what}.",
            what=title_sentence("stop_requirements", "requirement", code),
        )
        for code in lacking
    ]
    return StopSheet(
        stop=stop,
        number=number,
        label=label,
        title=clean_text(stop.title) or clean_text(stop.record_id),
        kind=_say_kind(stop, lang),
        place=name_municipality(load_region(), stop.easting, stop.northing),
        lon=lon,
        lat=lat,
        how=_say_how(stop, lang),
        days_since_visit=days,
        since=_say_since(days, lang),
        why=_title(lang, "plan_reasons", "reason", stop.revisit_reason),
        reasons=tuple(clean_text(say(lang, reason)) for reason in stop.reasons),
        agencies=tuple(_list_agencies(stop, crew, lang)),
        problems=tuple(problems),
    )


def _say_kind(stop: PlannedStop, lang: str) -> str:
    if stop.layer == "accommodation":
        return translate(lang, "Accommodation")
    kind = translate(lang, "Workplace")
    return f"{kind}, {_title(lang, 'sectors', 'sector', stop.sector)}" if stop.sector else kind


def _say_how(stop: PlannedStop, lang: str) -> str:
    if stop.how == EXPLORATION:
        if stop.propensity is None:
            return translate(lang, "Drawn by lot, whatever its priority.")
        percent = 100 * stop.propensity
        # two digits that say something
        decimals = min(6, max(0, 1 - math.floor(math.log10(percent)))) if percent > 0 else 0
        chance = f"{format_number(lang, percent, decimals)} %"
        return translate(lang, "Drawn by lot, whatever its priority; the chance was {chance}.", chance=chance)
    if stop.how == PINNED:
        return translate(lang, "Pinned by the planner: it must be visited.")
    return translate(lang, "Chosen by its priority.")


def _say_since(days: int | None, lang: str) -> str:
    if days is None:
        return translate(lang, "No visit here is known.")
    if days == 0:
        return translate(lang, "Visited on the day of the stop.")
    return translate(lang, "Days since the last visit: {days}.", days=days)


def _list_agencies(stop: PlannedStop, crew: Crew, lang: str) -> Iterable[AgencyLine]:
    ways = _say_ways(lang)
    checks = find_checks(stop.layer, stop.sector)
    for way in _WAYS:
        for agency in sorted(getattr(crew, way)):
            able = tuple(
                _title(lang, "capabilities", "check", check.code) for check in checks if check.agency == agency
            )
            if able:
                yield AgencyLine(agency, _title(lang, "agencies", "agency", agency), ways[way], able)


def _list_items(plan: Plan, lang: str) -> Iterable[ChecklistLine]:
    for item, title in read_columns("support_checklist", "item", "title"):
        answer = plan.checklist.get(str(item))
        languages = [] if answer is None else sorted(answer.languages)
        said = ", ".join(_title(lang, "interpreter_languages", "language", code) for code in languages)
        yield ChecklistLine(translate(lang, str(title)), answer is not None and answer.is_ready, said)


def _find_problems(plan: Plan, lang: str, now: Mapping[StopKey, SiteNow]) -> tuple[str, ...]:
    kept = (plan.manifest.get("arranged") or {}).get("problems", ())
    # what keeps it from being approved, but for the checklist, which files show as it is
    complete = {item: Answer(is_ready=True) for (item,) in read_columns("support_checklist", "item")}
    open_plan = plan.state in {DRAFT, READY}
    blocks = find_blocks(replace(plan, checklist=complete), APPROVED, now) if open_plan else ()
    return _unique((*_say_kept(lang, kept), *(say(lang, one) for one in blocks)))


def _list_notes(plan: Plan, lang: str, is_back_estimated: bool) -> tuple[str, ...]:
    notes = [*_say_kept(lang, _drive_of(plan).get("notes", ())), *_say_kept(lang, plan.manifest.get("notes", ()))]
    if is_back_estimated:
        notes.append(translate(lang, "The drives back to the depots are estimates from distance as the crow flies."))
    solution = plan.manifest.get("solution") or {}
    if solution.get("stopped_by") == "clock" and not plan.manifest.get("arranged"):
        notes.append(translate(lang, "The wall clock stopped the planning of routes: there may be better ones."))
    return _unique(notes)


def _drive_of(plan: Plan) -> Mapping[str, Any]:
    drive = (plan.manifest.get("arranged") or {}).get("drive") or plan.manifest.get("drive") or {}
    return dict(drive)


def _say_kept(lang: str, kept: Iterable[Any]) -> list[str]:
    """Sentences of a manifest, which are templates with values or, in older plans, English."""
    return [
        say(lang, read_sentence(one)) if isinstance(one, Mapping) else say(lang, Sentence(str(one))) for one in kept
    ]


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(clean_text, texts)))


def _title(lang: str, table: str, column: str, code: str) -> str:
    return clean_text(say(lang, title_sentence(table, column, code))) if code else ""
