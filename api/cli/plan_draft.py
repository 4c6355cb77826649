"""Commands that make the stops of a plan: draft, optimise, arrange."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import name_operator, note_done
from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command, working
from api.cli.plan_options import (
    CircleOption,
    PlanArgument,
    VersionOption,
    change_stored,
    check_document,
    pick_circle,
    read_document,
    read_key,
    score_for,
    tell_plan,
)

if TYPE_CHECKING:
    from geo.planning.plan import Plan
    from geo.planning.targets import SiteKey
    from geo.risk.surface import RiskSurface
    from geo.store.plans import StoredPlan

__all__ = ["COMMANDS"]

_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_LOCK = re.compile(r"(.+?)=(.+)@(\d{4}-\d{2}-\d{2})")
_Several = list[str] | None


def draft_new(  # noqa: PLR0913, PLR0917  every option is one
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="JSON or TOML file with what is asked for.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the plan.", show_default=False)] = None,
    day: Annotated[
        _Several, typer.Option("--day", metavar="YYYY-MM-DD", help="A day of the plan. Repeat for more.")
    ] = None,
    crew: Annotated[
        list[Path] | None, typer.Option("--crew", metavar="FILE", help="JSON or TOML file of a crew, or of several.")
    ] = None,
    sector: Annotated[_Several, typer.Option("--sector", metavar="CODE", help="Only this sector group.")] = None,
    county: Annotated[_Several, typer.Option("--county", metavar="CODE", help="Only this county.")] = None,
    municipality: Annotated[
        _Several, typer.Option("--municipality", metavar="CODE", help="Only this municipality.")
    ] = None,
    layer: Annotated[
        _Several, typer.Option("--layer", metavar="NAME", help="Only workplaces, or only accommodation.")
    ] = None,
    agency: Annotated[
        _Several, typer.Option("--agency", metavar="CODE", help="Only where this agency has powers.")
    ] = None,
    unvisited_days: Annotated[
        int | None,
        typer.Option("--not-visited-for", metavar="DAYS", min=0, help="Only sites without a visit for so many days."),
    ] = None,
    pin: Annotated[_Several, typer.Option("--pin", metavar="LAYER/ID", help="A site that must be visited.")] = None,
    exclude: Annotated[
        _Several, typer.Option("--exclude", metavar="LAYER/ID=REASON", help="A site to leave out, and why.")
    ] = None,
    candidates: Annotated[
        int | None, typer.Option("--candidates", help="Routes are planned among so many of the highest targets.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option("--hours", metavar="08:00-17:00", help="When crews may leave and must be back.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of the stops that are drawn by lot.")] = None,
    no_lot: Annotated[bool, typer.Option("--no-lot", help="Draw no stops by lot.")] = False,
    plan: Annotated[
        str | None,
        typer.Option("--change", metavar="PLAN", help="A draft to make anew; what is left out is as it was asked for."),
    ] = None,
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a plan; see the command's help."""
    from geo.errors import ParameterError  # noqa: PLC0415
    from maps.i18n import catalogue  # noqa: PLC0415

    catalogue(lang)
    own = pick_circle(circle)
    if plan is None and version is not None:
        message = "--if-version says which version of a draft is changed; name the draft with --change."
        raise ParameterError(message)
    stored = None if plan is None else _find_draft(read_settings(home).home, plan, own)
    document = _read_file(file)
    if stored is not None:
        before, given = _ask_again(stored), document.get("filter", {})
        # what is no object is told with the rest
        chosen = {**before["filter"], **given} if isinstance(given, dict) else given
        document = {**before, **document, "filter": chosen}
    _put(document, {"name": name, "days": day, "n_candidates": candidates, "seed": seed, "hours": _read_hours(hours)})
    if no_lot:
        document["explores"] = False
    if crew:
        document["crews"] = [one for path in crew for one in _read_crews(path)]
    filters: dict[str, Any] = {
        "sectors": sector,
        "counties": county,
        "municipalities": municipality,
        "layers": layer,
        "agencies": agency,
        "min_days_since_visit": unvisited_days,
    }
    if any(value is not None for value in filters.values()):
        _put(document.setdefault("filter", {}), filters)
    if pin:
        document["pinned"] = [_site(read_key("--pin", one)) for one in pin]
    if exclude:
        document["excluded"] = [{**_site(key), "reason": reason} for key, reason in _read_exclusions(exclude).items()]
    _draft(document, stored, version, lang, home, own, as_json=as_json)


def _find_draft(folder: Path, plan_id: str, circle: str) -> StoredPlan:
    from geo.planning.plan import require_draft  # noqa: PLC0415
    from geo.store.plans import find_plan  # noqa: PLC0415

    stored = find_plan(folder, plan_id, circle)
    require_draft(stored.plan)
    return stored


def _ask_again(stored: StoredPlan) -> dict[str, Any]:
    """What a plan was drafted from, as a file holds it."""
    from api.plan_requests import PlanRequest  # noqa: PLC0415
    from maps.plan_request import describe_request  # noqa: PLC0415

    told = describe_request(stored)
    for crew in told["crews"]:
        crew["depot"] = [crew["depot"]["easting"], crew["depot"]["northing"]]
    return {name: told[name] for name in PlanRequest.model_fields}


def _draft(
    document: dict[str, Any],
    stored: StoredPlan | None,
    version: int | None,
    lang: str,
    home: Path | None,
    circle: str,
    *,
    as_json: bool,
) -> None:
    """Draft a new plan, or the one that is stored from another request."""
    settings = read_settings(home)
    folder = settings.home
    from api.drive import choose_drive  # noqa: PLC0415
    from api.plan_requests import PlanRequest  # noqa: PLC0415
    from api.plans.asked import read_plan_request  # noqa: PLC0415
    from api.plans.bounds import check_room, check_size  # noqa: PLC0415
    from geo.planning.draft import draft_changed, draft_plan  # noqa: PLC0415
    from geo.planning.plan import replace_request  # noqa: PLC0415
    from geo.store.plans import count_plans, save_plan  # noqa: PLC0415
    from geo.store.surfaces import load_surface  # noqa: PLC0415
    from maps.i18n import translate  # noqa: PLC0415

    asked = check_document(PlanRequest, document)
    with working(translate(lang, "Reading the surface")):
        surface = score_for(circle, load_surface(folder)) if stored is None else _find_surface(folder, stored.plan)
    if stored is None:
        check_room(count_plans(folder, circle))
    sure = None if asked.filter.min_certainty is None else surface.uncertainty()
    request = read_plan_request(asked, surface, surface.layers, circle, sure)
    with working(translate(lang, "Planning routes")):
        options: dict[str, Any] = {"drive": choose_drive(settings, surface.layers), "uncertainty": sure}
        if stored is None:
            made = draft_plan(surface, request, **options).plan
        else:
            made = draft_changed(surface, stored.plan, request, **options).plan
    if stored is None:
        kept = save_plan(folder, check_size(made), by=name_operator())
        note_done(folder, "plan-made", kept.plan.plan_id)
    else:
        wanted = stored.version if version is None else version
        kept = change_stored(folder, made.plan_id, wanted, lambda one, who: replace_request(one, made, **who), circle)
    tell_plan(folder, kept, lang, as_json=as_json)


def optimise(  # noqa: PLR0913, PLR0917  every option is one
    plan: PlanArgument,
    pin: Annotated[_Several, typer.Option("--pin", metavar="LAYER/ID", help="One more that must be visited.")] = None,
    unpin: Annotated[_Several, typer.Option("--unpin", metavar="LAYER/ID", help="One that need not be.")] = None,
    lock: Annotated[
        _Several,
        typer.Option("--lock", metavar="LAYER/ID=CREW@DAY", help="Fix a stop to a crew and a day."),
    ] = None,
    unlock: Annotated[_Several, typer.Option("--unlock", metavar="LAYER/ID", help="Free a stop again.")] = None,
    exclude: Annotated[
        _Several, typer.Option("--exclude", metavar="LAYER/ID=REASON", help="One more to leave out, and why.")
    ] = None,
    allow: Annotated[
        _Several, typer.Option("--allow", metavar="LAYER/ID", help="One that need not be left out any more.")
    ] = None,
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the routes of a draft anew; see the command's help."""
    from maps.i18n import catalogue, translate  # noqa: PLC0415

    catalogue(lang)
    settings, own = read_settings(home), pick_circle(circle)
    folder = settings.home
    from api.drive import choose_drive  # noqa: PLC0415
    from geo.planning.draft import draft_again, pinned_in, request_of  # noqa: PLC0415
    from geo.planning.plan import replace_stops  # noqa: PLC0415

    locks = _read_locks(lock or ())
    stored = _find_draft(folder, plan, own)
    before = request_of(stored.plan)
    changes: dict[str, Any] = {}
    if pin or unpin:
        pins = [*pinned_in(stored.plan, excluded=()), *(read_key("--pin", one) for one in pin or ())]
        changes["pinned"] = _without("--unpin", dict.fromkeys(pins), unpin)
    if lock or unlock:
        changes["locks"] = _without("--unlock", {**before.locks, **locks}, unlock)
    if exclude or allow:
        changes["excluded"] = _without("--allow", {**before.excluded, **_read_exclusions(exclude or ())}, allow)
    with working(translate(lang, "Planning routes")):
        surface = _find_surface(folder, stored.plan)
        drive = choose_drive(settings, surface.layers)
        again = draft_again(surface, stored.plan, drive=drive, **changes).plan
    wanted = stored.version if version is None else version
    changed = change_stored(
        folder, plan, wanted, lambda one, who: replace_stops(one, again.stops, manifest=again.manifest, **who), own
    )
    tell_plan(folder, changed, lang, as_json=as_json)


def arrange(
    plan: PlanArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON or TOML file with the routes.", show_default=False)
    ],
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the stops of a draft in an order of one's own; see the command's help."""
    from maps.i18n import catalogue, translate  # noqa: PLC0415

    catalogue(lang)
    settings, own = read_settings(home), pick_circle(circle)
    folder = settings.home
    from api.drive import choose_drive  # noqa: PLC0415
    from api.plan_requests import RoutesRequest  # noqa: PLC0415
    from api.plans.asked import read_routes  # noqa: PLC0415
    from geo.planning.draft import arrange_stops  # noqa: PLC0415
    from geo.planning.plan import replace_stops  # noqa: PLC0415

    stored = _find_draft(folder, plan, own)
    wanted = stored.version if version is None else version
    routes = read_routes(check_document(RoutesRequest, {"version": wanted, **_read_file(file)}))
    with working(translate(lang, "Following the order")):
        surface = _find_surface(folder, stored.plan)
        made = arrange_stops(surface, stored.plan, routes, drive=choose_drive(settings, surface.layers))
    changed = change_stored(
        folder, plan, wanted, lambda one, who: replace_stops(one, made.stops, manifest=made.manifest, **who), own
    )
    tell_plan(folder, changed, lang, as_json=as_json)


def _find_surface(folder: Path, plan: Plan) -> RiskSurface:
    """The surface that the plan rests on, or the published one where that is gone, as the plan's circle sees it."""
    from geo.errors import NotFoundError  # noqa: PLC0415
    from geo.store.surfaces import load_surface  # noqa: PLC0415

    try:
        surface = load_surface(folder, str(plan.manifest.get("surface", "")))
    except NotFoundError:
        surface = load_surface(folder)
    return score_for(plan.circle, surface)


def _read_file(file: Path | None) -> dict[str, Any]:
    from geo.errors import ParameterError  # noqa: PLC0415

    document = {} if file is None else read_document(file)
    if not isinstance(document, dict):
        message = f"{file} must hold an object with names, such as name, days and crews."
        raise ParameterError(message)
    return document


def _read_crews(path: Path) -> list[Any]:
    """A crew, a list of crews, or an object with ``crews``."""
    found = read_document(path)
    if isinstance(found, dict):
        found = found.get("crews", [found])
    return found if isinstance(found, list) else [found]


def _read_hours(text: str | None) -> list[int] | None:
    from geo.errors import ParameterError  # noqa: PLC0415

    if text is None:
        return None
    match = _HOURS.fullmatch(text)
    if match is None:
        message = f"--hours: {text!r} has not the form 08:00-17:00."
        raise ParameterError(message)
    start, start_minute, end, end_minute = map(int, match.groups())
    return [start * 60 + start_minute, end * 60 + end_minute]


def _read_exclusions(given: Iterable[str]) -> dict[SiteKey, str]:
    return {read_key("--exclude", one.rpartition("=")[0]): one.rpartition("=")[2] for one in given}


def _read_locks(given: Iterable[str]) -> dict[SiteKey, tuple[str, Any]]:
    from datetime import date  # noqa: PLC0415

    from geo.errors import ParameterError  # noqa: PLC0415

    locks: dict[SiteKey, tuple[str, date]] = {}
    for one in given:
        match = _LOCK.fullmatch(one)
        try:
            if match is None:
                raise ValueError(one)
            locks[read_key("--lock", match[1])] = match[2], date.fromisoformat(match[3])
        except ValueError as error:
            message = f"--lock: {one!r} has not the form layer/id=crew@YYYY-MM-DD."
            raise ParameterError(message) from error
    return locks


def _without(option: str, entries: dict[SiteKey, Any], given: Sequence[str] | None) -> dict[SiteKey, Any]:
    """Entries but for some, each of which must be there."""
    from geo.errors import ParameterError  # noqa: PLC0415

    gone = [read_key(option, one) for one in given or ()]
    strange = ["/".join(key) for key in gone if key not in entries]
    if strange:
        message = f"{option}: {', '.join(strange)} is none of them; norrsyn plan show says which there are."
        raise ParameterError(message)
    return {key: value for key, value in entries.items() if key not in gone}


def _put(document: dict[str, Any], given: dict[str, Any]) -> None:
    document.update({name: value for name, value in given.items() if value is not None})


def _site(key: SiteKey) -> dict[str, str]:
    return {"layer": key[0], "record_id": key[1]}


COMMANDS = (
    Command(
        "draft",
        draft_new,
        "Draft a plan: sites, stops drawn by lot, routes and times.",
        "Choose sites for crews and days on the published surface, draw the stops that explore, and plan the routes; "
        "the plan is kept as a draft.\n\nWhat is asked for stands in a JSON or TOML file, in the form that POST "
        "/api/plans takes, in options, or in both: options go before the file. A crew's file holds name, people by "
        "agency, car_seats and depot (easting and northing, or lon and lat). All that cannot be planned is told at "
        "once.\n\nWith --change a draft is made anew: what is neither in the file nor in options is as it was asked "
        "for. It keeps its id, checklist, comments and the locks that still hold.",
        (
            "norrsyn plan draft week30.toml",
            "norrsyn plan draft --name 'Week 30' --day 2026-07-20 --day 2026-07-21 --crew north.json --county 24",
            "norrsyn plan draft week30.json --pin workplaces/12345678 --hours 07:30-16:30 --seed 7 --json",
            "norrsyn plan draft --change 3f2a… --day 2026-07-22 --hours 08:00-15:00",
        ),
    ),
    Command(
        "optimise",
        optimise,
        "Plan the routes of a draft anew, with pins, locks and exclusions.",
        "Choose the stops of a draft and their routes anew. What is pinned, locked or excluded is added to what was "
        "asked for before, and the opposite takes it away. Sites that were put in by hand stay in, and stops that were "
        "drawn by lot stay drawn.",
        (
            "norrsyn plan optimise 3f2a… --pin workplaces/12345678",
            "norrsyn plan optimise 3f2a… --lock workplaces/12345678=north@2026-07-21 --exclude "
            "accommodation/a17=sheltered_housing",
        ),
    ),
    Command(
        "arrange",
        arrange,
        "Put the stops of a draft in an order of your own.",
        "Give the routes of a draft in the order wanted, in a JSON or TOML file in the form that PUT "
        "/api/plans/{plan_id}/routes takes. Times follow by the optimiser's rules; what does not hold is told, and the "
        "order stands.",
        ("norrsyn plan arrange 3f2a… routes.json",),
    ),
)
