"""Commands that look at plans: list, show, replay."""

from __future__ import annotations

import typer

from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command, print_json, print_table, print_words, working
from api.cli.plan_options import CircleOption, PlanArgument, pick_circle, tell_plan

__all__ = ["COMMANDS", "REPLAY"]

_DIFFERS = 1


def list_all(
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the plans; see the command's help."""
    from maps.i18n import catalogue, translate  # noqa: PLC0415

    catalogue(lang)
    folder = read_settings(home).home
    from api.plan_schemas import PlansAnswer  # noqa: PLC0415
    from geo.store.plans import list_plans  # noqa: PLC0415
    from maps.plan_answers import list_plan  # noqa: PLC0415

    plans = [list_plan(lang, stored) for stored in list_plans(folder, pick_circle(circle))]
    if as_json:
        print_json(PlansAnswer.model_validate({"plans": plans, "n_plans": len(plans)}).model_dump(mode="json"))
        return
    if not plans:
        print_words(translate(lang, "{folder} has no plans yet; make one with norrsyn plan draft.", folder=folder))
        return
    rows = [
        (
            one["plan_id"],
            one["name"],
            one["state_title"],
            ", ".join(one["days"]),
            str(one["n_crews"]),
            f"{one['n_outcomes']}/{one['n_stops']}",
            str(one["version"]),
        )
        for one in plans
    ]
    columns = (
        *(translate(lang, "plan"), translate(lang, "name"), translate(lang, "state"), translate(lang, "days")),
        *(translate(lang, "crews"), translate(lang, "done"), translate(lang, "version")),
    )
    print_table(columns, rows, numbers=columns[-3:], codes=columns[:1])


def show(
    plan: PlanArgument,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a plan; see the command's help."""
    from maps.i18n import catalogue  # noqa: PLC0415

    catalogue(lang)
    folder = read_settings(home).home
    from geo.store.plans import find_plan  # noqa: PLC0415

    tell_plan(folder, find_plan(folder, plan, pick_circle(circle)), lang, as_json=as_json)


def replay(
    plan: PlanArgument,
    circle: CircleOption = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a plan again and compare; see the command's help."""
    from maps.i18n import catalogue, say, translate  # noqa: PLC0415

    catalogue(lang)
    folder = read_settings(home).home
    from geo.store.replay import replay_plan  # noqa: PLC0415

    with working(translate(lang, "Drafting the plan again")):
        found = replay_plan(folder, plan, circle=pick_circle(circle))
    differences, notes = ([say(lang, one) for one in some] for some in (found.differences, found.notes))
    if as_json:
        print_json(
            {
                "plan_id": found.plan_id,
                "name": found.name,
                "is_same": found.is_same,
                "differences": differences,
                "notes": notes,
                "stopped_by_clock": found.stopped_by_clock,
                "is_arranged": found.is_arranged,
                "n_candidates": found.n_candidates,
                "n_stops": found.n_stops,
            }
        )
    else:
        counts = {"name": found.name, "candidates": found.n_candidates, "stops": found.n_stops}
        print_words(
            translate(lang, "{name}: {candidates} candidates and {stops} stops, the same", **counts)
            if found.is_same
            else translate(lang, "{name}: {candidates} candidates and {stops} stops, not the same", **counts)
        )
        for words in (*differences, *notes):
            print_words(words)
    if not found.is_same:
        raise typer.Exit(_DIFFERS)


COMMANDS = (
    Command(
        "list",
        list_all,
        "List the plans.",
        "List the plans of the data folder, the one whose first day comes last first.",
        ("norrsyn plan list", "norrsyn plan list --json"),
    ),
    Command(
        "show",
        show,
        "Show a plan: routes, times, reasons, checklist, and what keeps it from its next state.",
        "Show a plan with the routes of every crew and day, what does not hold in them, the checklist for "
        "victims' support, and what keeps the plan from its next state. With --json it is what GET "
        "/api/plans/{plan_id} answers.",
        ("norrsyn plan show 3f2a…", "norrsyn plan show 3f2a… --lang sv"),
    ),
)
REPLAY = Command(
    "replay",
    replay,
    "Draft a plan again from what it rests on, and say whether the same comes out.",
    "Draft a plan again from its manifest, on its surface and on the records as they were then, and compare "
    "candidates, stops drawn by lot, exclusions, numbers, routes and stops with what the plan keeps.\n\nThe command "
    "ends with 1 where anything is not the same, and names it. Where the clock stopped the optimiser, its "
    "solution is read and checked rather than sought again.",
    ("norrsyn replay 3f2a…", "norrsyn replay 3f2a… --json"),
)
