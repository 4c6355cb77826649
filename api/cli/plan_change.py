"""Commands that take a plan on: move, check, justify, comment, outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import name_operator, note_done
from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command
from api.cli.plan_options import (
    CircleOption,
    PlanArgument,
    SiteArgument,
    VersionOption,
    change_stored,
    check_document,
    pick_circle,
    read_document,
    read_key,
    tell_plan,
    view_layers,
)

if TYPE_CHECKING:
    from geo.planning.plan import Plan

__all__ = ["COMMANDS"]

# what the log of what was done calls a move; the others stand in the plan's own history
_EVENTS = {"approved": "plan-approved", "closed": "plan-closed", "cancelled": "plan-cancelled"}
_OBSERVATION = ("indicator", "grade", "source", "verification", "persons_band")
_Several = list[str] | None


def move(
    plan: PlanArgument,
    state: Annotated[
        str, typer.Argument(metavar="STATE", help="draft, ready, approved, under_way, closed or cancelled.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Code of plan_reasons, where the move needs one.")] = "",
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a plan to another state; see the command's help."""
    from api.plans.moving import move_known  # noqa: PLC0415

    folder = read_settings(home).home
    layers = view_layers(folder, pick_circle(circle))

    def change(one: Plan, who: Mapping[str, str]) -> Plan:
        return move_known(one, state, by=who["by"], at=who["at"], reason=reason, layers=layers, lang=lang)

    _change(folder, plan, version, change, lang, circle, as_json=as_json)
    if state in _EVENTS:
        note_done(folder, _EVENTS[state], plan)


def check(  # noqa: PLR0913, PLR0917  every option is one
    plan: PlanArgument,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Item of support_checklist.", show_default=False)],
    language: Annotated[
        _Several, typer.Option("--language", metavar="CODE", help="Interpreters are booked for it. Repeat for more.")
    ] = None,
    not_ready: Annotated[bool, typer.Option("--not-ready", help="It is not ready after all.")] = False,
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer an item of the checklist; see the command's help."""
    from geo.planning.plan import Answer, answer_item  # noqa: PLC0415

    answer = Answer(is_ready=not not_ready, languages=frozenset(language or ()))
    folder = read_settings(home).home
    _change(folder, plan, version, lambda p, who: answer_item(p, item, answer, **who), lang, circle, as_json=as_json)


def justify(
    plan: PlanArgument,
    site: SiteArgument,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Code of plan_reasons.", show_default=False)],
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a site is visited again; see the command's help."""
    from geo.planning.plan import justify_stop  # noqa: PLC0415

    key, folder = read_key("LAYER/ID", site), read_settings(home).home
    _change(folder, plan, version, lambda p, who: justify_stop(p, key, reason, **who), lang, circle, as_json=as_json)


def comment(
    plan: PlanArgument,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Code of plan_reasons.", show_default=False)],
    about: Annotated[
        str, typer.Option("--about", metavar="LAYER/ID", help="The stop that it is about. Default: the whole plan.")
    ] = "",
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Comment a plan; see the command's help."""
    from geo.errors import NotFoundError  # noqa: PLC0415
    from geo.planning.plan import comment_plan  # noqa: PLC0415

    key, folder = read_key("--about", about) if about else None, read_settings(home).home

    def change(one: Plan, who: Mapping[str, str]) -> Plan:
        if key is not None and one.find_stop(key) is None:
            message = f"The plan has no stop at {key[0]} {key[1]}."
            raise NotFoundError(message)
        return comment_plan(one, reason, about=about, **who)

    _change(folder, plan, version, change, lang, circle, as_json=as_json)


def outcome(  # noqa: PLR0913, PLR0917  every option is one
    plan: PlanArgument,
    site: SiteArgument,
    result: Annotated[str, typer.Option("--result", help="visited, not_reached or closed.")] = "visited",
    found: Annotated[
        str | None,
        typer.Option("--outcome", metavar="CODE", help="Code of visit_outcomes. Default for a visit: nothing_found."),
    ] = None,
    persons: Annotated[str, typer.Option("--persons", metavar="BAND", help="Band of persons met.")] = "0",
    checked: Annotated[
        _Several, typer.Option("--check", metavar="AGENCY=CHECK", help="A check that an agency made. Repeat for more.")
    ] = None,
    saw: Annotated[
        _Several,
        typer.Option(
            "--saw",
            metavar="AGENCY=INDICATOR:GRADE[:SOURCE[:VERIFICATION[:BAND]]]",
            help="A coded indicator that an agency saw. Repeat for more.",
        ),
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of the visit. Default: the stop's.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="JSON or TOML file, as POST /api/plans/{plan_id}/outcomes takes it."),
    ] = None,
    version: VersionOption = None,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what came of a stop; see the command's help."""
    from api.plan_requests import OutcomeRequest  # noqa: PLC0415
    from api.plans.asked import read_outcome  # noqa: PLC0415
    from geo.errors import ChangedError, NotFoundError, ParameterError  # noqa: PLC0415
    from geo.store.plans import find_plan, save_outcome  # noqa: PLC0415
    from maps.i18n import catalogue  # noqa: PLC0415

    catalogue(lang)
    layer, record = read_key("LAYER/ID", site)
    folder = read_settings(home).home
    own = pick_circle(circle)
    stored = find_plan(folder, plan, own)
    stop = stored.plan.find_stop((layer, record))
    if stop is None:
        message = f"The plan has no stop at {layer} {record}."
        raise NotFoundError(message)
    wanted = stored.version if version is None else version
    agencies = _read_agencies(checked or (), saw or ())
    document: dict[str, Any] = {
        "layer": layer,
        "record_id": record,
        "version": wanted,
        "on": stop.on if day is None else day.date(),
        "result": result,
        "outcome": found,
        "persons_met": persons,
        "agencies": agencies,
    }
    if file is not None:
        given = read_document(file)
        document = {**document, **given} if isinstance(given, dict) else given
    asked = read_outcome(check_document(OutcomeRequest, document))
    try:
        changed = save_outcome(folder, plan, wanted, asked, by=name_operator(), circle=own)
    except ChangedError as error:
        message = f"The plan has version {error.current.version} by now, not {wanted}; look at it anew."
        raise ParameterError(message) from error
    note_done(folder, "plan-outcome", plan)
    tell_plan(folder, changed, lang, as_json=as_json)


def _change(
    folder: Path,
    plan: str,
    version: int | None,
    change: Callable[[Plan, Mapping[str, str]], Plan],
    lang: str,
    circle: str | None,
    *,
    as_json: bool,
) -> None:
    from maps.i18n import catalogue  # noqa: PLC0415

    catalogue(lang)
    tell_plan(folder, change_stored(folder, plan, version, change, pick_circle(circle)), lang, as_json=as_json)


def _read_agencies(checked: _Several | tuple[()], saw: _Several | tuple[()]) -> list[dict[str, Any]]:
    """What each agency did and saw, in the order in which it is named first."""
    from geo.errors import ParameterError  # noqa: PLC0415

    agencies: dict[str, dict[str, Any]] = {}
    failures = []
    for option, given in (("--check", checked or ()), ("--saw", saw or ())):
        for one in given:
            agency, sign, what = one.partition("=")
            parts = what.split(":")
            is_whole = option == "--check" or 2 <= len(parts) <= len(_OBSERVATION)  # noqa: PLR2004  indicator, grade
            if not (agency and sign and what and is_whole):
                form = (
                    "agency=check" if option == "--check" else "agency=indicator:grade[:source[:verification[:band]]]"
                )
                failures.append(f"{option}: {one!r} has not the form {form}.")
                continue
            entry = agencies.setdefault(agency, {"agency": agency, "checks": [], "observations": []})
            if option == "--check":
                entry["checks"].append(what)
            else:
                entry["observations"].append(dict(zip(_OBSERVATION, parts, strict=False)))
    if failures:
        raise ParameterError("\n".join(failures))
    return list(agencies.values())


COMMANDS = (
    Command(
        "move",
        move,
        "Move a plan to another state.",
        "Put a plan up for approval, approve, begin, close or cancel it. All that keeps it from there is told at once.",
        ("norrsyn plan move 3f2a… ready", "norrsyn plan move 3f2a… cancelled --reason staff_missing"),
    ),
    Command(
        "check",
        check,
        "Answer an item of the checklist for victims' support.",
        "Say that something that victims may need is ready, or that it is not after all. Languages are the plan's "
        "need, never a person's.",
        (
            "norrsyn plan check 3f2a… coordinator_on_call",
            "norrsyn plan check 3f2a… interpreters --language th --language uk",
        ),
    ),
    Command(
        "justify",
        justify,
        "Say why a site that was visited lately is visited again.",
        "Give a coded reason, of the table plan_reasons, for a stop at a site that was visited within a year; without "
        "it the plan is not approved.",
        ("norrsyn plan justify 3f2a… workplaces/12345678 new_information",),
    ),
    Command(
        "comment",
        comment,
        "Comment a plan, or a stop of it, by a coded reason.",
        "Add a coded comment, of the table plan_reasons. There is no free text, in which a name could stand.",
        ("norrsyn plan comment 3f2a… weather", "norrsyn plan comment 3f2a… weather --about workplaces/12345678"),
    ),
    Command(
        "outcome",
        outcome,
        "Record what came of a stop, or correct it.",
        "Record what came of a stop, by agency: checks made and coded indicators seen. For a visit nothing_found is "
        "what stands there unless something else is said. Visits and findings follow, and the next score rests on "
        "them; a later record of the same stop corrects the earlier one.",
        (
            "norrsyn plan outcome 3f2a… workplaces/12345678 --check arbetsmiljoverket=work_environment",
            "norrsyn plan outcome 3f2a… workplaces/12345678 --result closed",
        ),
    ),
)
