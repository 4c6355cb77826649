"""A plan as the API and its pages tell it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from geo.layers.bundle import Layers
from geo.planning.crews import Crew
from geo.planning.daylight import find_light
from geo.planning.drive import EstimatedDrive
from geo.planning.followup import expected_against_actual, read_results
from geo.planning.plan import (
    Plan,
    PlannedStop,
    SiteNow,
    StopOutcome,
    count_days,
    find_blocks,
    is_new_visit,
    look_at_sites,
    needs_reason,
    read_sentence,
)
from geo.planning.plan.now import THERE
from geo.planning.plan.value import EXPLORATION, PINNED, StopKey
from geo.reference import find_checks, planning_parameters
from geo.reference.tables import read_columns
from geo.region import Region
from geo.risk.words import title_sentence
from geo.store.plans import StoredPlan
from maps.degrees import to_degrees
from maps.i18n import say, translate
from maps.plan_candidates import describe_candidates, name_municipality, title_site
from maps.plan_history import describe_history
from maps.plan_names import withhold_names
from maps.record_names import RecordNames

__all__ = ["describe_plan", "list_plan"]

_WAYS = ("on_site", "on_call", "remote")
_ESTIMATE = "estimate"


def list_plan(lang: str, stored: StoredPlan) -> dict[str, Any]:
    """A plan in a list, as `api.plan_schemas.PlanInfo`."""
    plan = stored.plan
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "state": plan.state,
        "state_title": _title(lang, "plan_states", "state", plan.state),
        "days": [day.isoformat() for day in plan.days],
        "n_stops": len(plan.stops),
        "n_crews": len(plan.crews),
        "n_outcomes": sum(stop.key in plan.outcomes for stop in plan.stops),
        "version": stored.version,
        "changed_at": stored.changed_at,
    }


def describe_plan(
    lang: str, stored: StoredPlan, *, layers: Layers, names: RecordNames, may_change: bool
) -> dict[str, Any]:
    """A plan, as `api.plan_schemas.PlanAnswer`.

    Parameters
    ----------
    lang : str
    stored : StoredPlan
    layers : Layers of what whoever asks may see
    names : RecordNames of these
    may_change : whether they may change plans
    """
    plan = withhold_names(lang, stored.plan, layers)
    manifest, now = plan.manifest, look_at_sites(plan, layers)
    drive = _describe_drive(lang, manifest)
    # the same word is another one on a button that only closes a window
    title = "title_sv" if lang == "sv" else "title"
    moves = read_columns("plan_moves", "from_state", "to_state", title, "needs_reason")
    ways = [(str(b), str(title), bool(needs)) for a, b, title, needs in moves if a == plan.state]
    return {
        "plan_id": plan.plan_id,
        "version": stored.version,
        "name": plan.name,
        "state": plan.state,
        "state_title": _title(lang, "plan_states", "state", plan.state),
        "changed_at": stored.changed_at,
        "days": [day.isoformat() for day in plan.days],
        "hours": list(manifest.get("hours") or _usual_hours()),
        "crews": [_describe_crew(lang, crew) for crew in plan.crews],
        "routes": [
            _describe_route(lang, plan, crew, day, now, layers.region, is_estimate=drive["is_estimate"])
            for day in plan.days
            for crew in plan.crews
        ],
        "problems": _say_all(lang, (manifest.get("arranged") or {}).get("problems", ())),
        "notes": _tell_notes(lang, plan, drive["notes"]),
        "optimised": _describe_solution(manifest),
        "drive": drive,
        "checklist": _describe_checklist(lang, plan),
        "blocks": {b: [say(lang, one) for one in find_blocks(plan, b, now)] for b, _, _ in ways},
        "moves": [{"to_state": b, "title": title, "needs_reason": needs} for b, title, needs in ways],
        "history": [describe_history(lang, plan, change) for change in plan.history],
        **_tell_finds(lang, plan),
        "pinned": [{"layer": layer, "record_id": record} for layer, record in manifest.get("pinned", ())],
        "locks": [
            {"layer": layer, "record_id": record, "crew": crew, "on": on}
            for layer, record, crew, on in manifest.get("locks", ())
        ],
        "exclusions": [
            {
                "layer": layer,
                "record_id": record,
                "title": names.find_title(layer, record),
                "reason": reason,
                "reason_title": _title(lang, "exclusion_reasons", "reason", reason),
            }
            for layer, record, reason in manifest.get("excluded", ())
        ],
        "candidates": describe_candidates(lang, plan, layers, names),
        "synthetic": plan.is_synthetic,
        "surface": str(manifest.get("surface", "")),
        "scored_for": manifest.get("at"),
        "reasons": _list_reasons(lang),
        "may_change": may_change,
    }


def _tell_notes(lang: str, plan: Plan, of_drive: Sequence[str]) -> list[str]:
    """What must be known beside the plan, apart from the drive times."""
    notes = [note for note in _say_all(lang, plan.manifest.get("notes", ())) if note not in of_drive]
    if plan.stops or plan.manifest.get("arranged"):
        return notes
    empty = translate(
        lang,
        "No stop fits these crews, days and hours: every site is too far away, dark or closed then, left out by the "
        "filter, or one where no crew has powers.",
    )
    return [empty, *notes]


def _describe_crew(lang: str, crew: Crew) -> dict[str, Any]:
    lon, lat = to_degrees(*crew.depot)
    return {
        "name": crew.name,
        "people": [{**_agency(lang, agency), "n": n} for agency, n in crew.people.items()],
        "n_people": crew.n_people,
        "car_seats": list(crew.car_seats),
        "n_seats": sum(crew.car_seats),
        "depot": {"lon": lon, "lat": lat, "easting": crew.depot[0], "northing": crew.depot[1]},
        "on_call": [_agency(lang, agency) for agency in sorted(crew.on_call)],
        "remote": [_agency(lang, agency) for agency in sorted(crew.remote)],
    }


def _describe_route(
    lang: str,
    plan: Plan,
    crew: Crew,
    day: date,
    now: Mapping[StopKey, SiteNow],
    region: Region,
    *,
    is_estimate: bool,
) -> dict[str, Any]:
    stops = sorted((s for s in plan.stops if (s.crew, s.on) == (crew.name, day)), key=lambda stop: stop.order)
    light = find_light(*crew.depot, day)
    known = {"depart_minute": None, "return_minute": None, "drive_minutes": 0}
    kept = _find_shift(plan, crew, day)
    if stops:
        known = kept or _estimate_shift(crew, stops)
    return {
        "crew": crew.name,
        "on": day.isoformat(),
        **known,
        "return_is_estimate": bool(stops) and (is_estimate or kept is None),
        "light": {"start_minute": light.start_minute, "end_minute": light.end_minute, "is_never": light.is_never},
        "stops": [_describe_stop(lang, plan, crew, stop, now, region) for stop in stops],
    }


def _find_shift(plan: Plan, crew: Crew, day: date) -> dict[str, Any] | None:
    """Times of a crew's day as they were planned, where the plan keeps them."""
    for shift in plan.manifest.get("shifts", ()):
        if (shift["crew"], shift["on"]) == (crew.name, day.isoformat()):
            return {name: shift[name] for name in ("depart_minute", "return_minute", "drive_minutes")}
    return None


def _estimate_shift(crew: Crew, stops: list[PlannedStop]) -> dict[str, Any]:
    """The same with an estimated way back."""
    first, last = stops[0], stops[-1]
    drive = EstimatedDrive.from_reference()
    ways = drive.minutes_between([last.easting], [last.northing], [crew.depot[0]], [crew.depot[1]])
    back = int(-(-float(ways[0, 0]) // 1))
    return {
        "depart_minute": first.arrive_minute - first.drive_minutes,
        "return_minute": last.end_minute + back,
        "drive_minutes": sum(stop.drive_minutes for stop in stops) + back,
    }


def _describe_stop(
    lang: str, plan: Plan, crew: Crew, stop: PlannedStop, now: Mapping[StopKey, SiteNow], region: Region
) -> dict[str, Any]:
    days = count_days(plan, stop, now)
    since = now[stop.key].last_visit if is_new_visit(plan, stop, now) else None
    lon, lat = to_degrees(stop.easting, stop.northing)
    outcomes = plan.outcomes.get(stop.key, ())
    how = {
        PINNED: translate(lang, "Must be visited"),
        EXPLORATION: translate(lang, "Drawn by lot, to learn of places that nobody would have chosen"),
    }
    # what a stop holds, by its own names
    plain = (
        *("layer", "record_id", "title", "sector", "easting", "northing", "crew", "order", "arrive_minute"),
        *("start_minute", "end_minute", "drive_minutes", "how", "priority", "propensity"),
        *("revisit_reason", "synthetic"),
    )
    return {
        **{name: getattr(stop, name) for name in plain},
        "on": stop.on.isoformat(),
        "lon": lon,
        "lat": lat,
        "how_title": how.get(stop.how) or translate(lang, "Chosen by its priority"),
        "expected": stop.expected,
        "days_since_visit": None if days is None else max(days, 0),
        "visited_since": None if since is None else since.isoformat(),
        "is_on_record": stop.key not in now or now[stop.key].presence == THERE,
        # a reason that was given stays to be read, whatever is known by now
        "needs_reason": bool(stop.revisit_reason) or needs_reason(plan, stop, now),
        "revisit_reason_title": _title(lang, "plan_reasons", "reason", stop.revisit_reason),
        "reasons": [say(lang, reason) for reason in stop.reasons],
        "agencies": _describe_agencies(lang, crew, stop),
        **title_site(lang, stop.layer, stop.sector),
        "place": name_municipality(region, stop.easting, stop.northing),
        "is_locked": any((layer, record) == stop.key for layer, record, *_ in plan.manifest.get("locks", ())),
        "outcome": _describe_outcome(lang, outcomes[-1]) if outcomes else None,
        "outcomes": _describe_outcomes(lang, plan, stop),
        "n_corrections": max(0, len(outcomes) - 1),
    }


def _describe_agencies(lang: str, crew: Crew, stop: PlannedStop) -> list[dict[str, Any]]:
    """Who of the crew may check what at a stop, those on site first."""
    ways = {
        "on_site": translate(lang, "On site"),
        "on_call": translate(lang, "Within reach by telephone"),
        "remote": translate(lang, "From the desk"),
    }
    checks = find_checks(stop.layer, stop.sector)
    told = []
    for way in _WAYS:
        for agency in sorted(getattr(crew, way)):
            able = [check.code for check in checks if check.agency == agency]
            if able:
                words = {"attendance": way, "attendance_title": ways[way]}
                told.append({**_agency(lang, agency), **words, "checks": _describe_checks(lang, able)})
    return told


def _describe_outcomes(lang: str, plan: Plan, stop: PlannedStop) -> list[dict[str, Any]]:
    """All records of a stop, the first one first, with who wrote them when."""
    about = "/".join(stop.key)
    written = [one for one in plan.history if one.what in {"outcome", "corrected"} and one.about == about]
    several = plan.outcomes.get(stop.key, ())
    # of what was erased, only the history tells
    written = written[len(written) - len(several) :]
    return [
        {"at": change.at, "by": change.by, **_describe_outcome(lang, outcome)}
        for change, outcome in zip(written, several, strict=True)
    ]


def _describe_outcome(lang: str, outcome: StopOutcome) -> dict[str, Any]:
    results = {
        "visited": translate(lang, "Visited"),
        "not_reached": translate(lang, "Not reached"),
        "closed": translate(lang, "Nobody there, or closed"),
    }
    return {
        "on": outcome.on.isoformat(),
        "result": outcome.result,
        "result_title": results[outcome.result],
        "outcome": outcome.outcome,
        "outcome_title": _title(lang, "visit_outcomes", "outcome", outcome.outcome),
        "persons_met": outcome.persons_met,
        "agencies": [
            {
                **_agency(lang, one.agency),
                "checks": _describe_checks(lang, sorted(one.checks)),
                "observations": [
                    {**vars(seen), "indicator_title": _title(lang, "indicators", "indicator", seen.indicator)}
                    for seen in one.observations
                ],
            }
            for one in outcome.agencies
        ],
    }


def _describe_checklist(lang: str, plan: Plan) -> list[dict[str, Any]]:
    told = []
    for item, title, detail in read_columns("support_checklist", "item", "title", "detail"):
        answer = plan.checklist.get(str(item))
        told.append(
            {
                "item": item,
                "title": translate(lang, str(title)),
                "detail": detail,
                "is_ready": answer is not None and answer.is_ready,
                "languages": [] if answer is None else sorted(answer.languages),
            }
        )
    return told


def _describe_solution(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    solution = manifest.get("solution")
    if solution is None or manifest.get("arranged"):
        return None
    objective, bound = float(solution["objective"]), float(solution["bound"])
    gap = 0.0 if bound <= objective or not bound else (bound - objective) / abs(bound)
    return {
        "objective": objective,
        "bound": bound,
        "gap": gap,
        "method": solution["method"],
        "stopped_by": solution["stopped_by"],
    }


def _describe_drive(lang: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    drive = (manifest.get("arranged") or {}).get("drive") or manifest.get("drive") or {}
    provider = str(drive.get("provider", _ESTIMATE))
    return {
        "provider": provider,
        "is_estimate": provider == _ESTIMATE,
        "notes": _say_all(lang, drive.get("notes", ())),
    }


def _tell_finds(lang: str, plan: Plan) -> dict[str, Any]:
    """Finds expected of the stops that were visited, or of all before any is, and those that there were."""
    results = read_results(plan)
    visited = [one for one in results if one.is_visited]
    chances = [one.stop.expected for one in visited or results]
    known = [chance for chance in chances if chance is not None]
    told = expected_against_actual(plan).sentences if plan.outcomes else ()
    return {
        "expected_finds": sum(known) if known and len(known) == len(chances) else None,
        "actual_finds": sum(one.found for one in visited) if visited else None,
        "followup": [say(lang, sentence) for sentence in told],
    }


def _say_all(lang: str, kept: Iterable[Any]) -> list[str]:
    """Sentences of a manifest; plans of earlier versions hold some of them in English."""
    return [say(lang, read_sentence(one)) if isinstance(one, Mapping) else translate(lang, str(one)) for one in kept]


def _list_reasons(lang: str) -> dict[str, list[dict[str, str]]]:
    uses: dict[str, list[dict[str, str]]] = {}
    for reason, title, use in read_columns("plan_reasons", "reason", "title", "use"):
        uses.setdefault(str(use), []).append({"code": str(reason), "name": translate(lang, str(title))})
    return uses


def _describe_checks(lang: str, codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"check": code, "title": _title(lang, "capabilities", "check", code)} for code in codes]


def _agency(lang: str, agency: str) -> dict[str, str]:
    return {"agency": agency, "title": _title(lang, "agencies", "agency", agency)}


def _title(lang: str, table: str, column: str, code: str) -> str:
    return say(lang, title_sentence(table, column, code)) if code else ""


def _usual_hours() -> tuple[int, int]:
    values = planning_parameters()
    return int(values["day_start_minute"]), int(values["day_end_minute"])
