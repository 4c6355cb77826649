"""Commands that plan inspections: which sites are worth a joint inspection's drive, and plans from draft to closed."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import plan_change, plan_draft, plan_export, plan_show
from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command, Group, print_json, print_table, print_words, working
from api.cli.plan_options import read_key

__all__ = ["COMMANDS"]


def list_targets(  # noqa: PLR0913, PLR0917  every option is one
    n: Annotated[int, typer.Option("--n", min=1, max=500, help="How many sites.")] = 20,
    sector: Annotated[
        list[str] | None, typer.Option("--sector", metavar="CODE", help="Only this sector group. Repeat for more.")
    ] = None,
    county: Annotated[
        list[str] | None, typer.Option("--county", metavar="CODE", help="Only this county. Repeat for more.")
    ] = None,
    municipality: Annotated[
        list[str] | None,
        typer.Option("--municipality", metavar="CODE", help="Only this municipality. Repeat for more."),
    ] = None,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", metavar="NAME", help="Only workplaces, or only accommodation.")
    ] = None,
    agency: Annotated[
        list[str] | None,
        typer.Option("--agency", metavar="CODE", help="Only where this agency has powers. Repeat for more."),
    ] = None,
    unvisited_days: Annotated[
        int | None,
        typer.Option("--not-visited-for", metavar="DAYS", min=0, help="Only sites without a visit for so many days."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="LAYER/ID", help="A site that must be there. Repeat for more."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="LAYER/ID=REASON", help="A site to leave out, and why. Repeat for more."),
    ] = None,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sites that are worth a drive; see the command's help."""
    from maps.i18n import catalogue, format_number, say, translate  # noqa: PLC0415

    catalogue(lang)
    pinned = tuple(read_key("--pin", one) for one in pin or ())
    excluded = {read_key("--exclude", one.rpartition("=")[0]): one.rpartition("=")[2] for one in exclude or ()}
    folder = read_settings(home).home
    from geo.planning.targets import TargetFilter, find_targets  # noqa: PLC0415
    from geo.store.files import load_surface  # noqa: PLC0415

    with working(translate(lang, "Reading the surface")):
        surface = load_surface(folder)
    chosen = TargetFilter(
        sectors=frozenset(sector or ()),
        counties=frozenset(county or ()),
        municipalities=frozenset(municipality or ()),
        layers=frozenset(layer or ()),
        agencies=frozenset(agency or ()),
        min_days_since_visit=unvisited_days,
    )
    with working(translate(lang, "Ranking sites")):
        found = find_targets(surface, n=n, chosen=chosen, pinned=pinned, excluded=excluded)
    if as_json:
        print_json(
            {
                "surface": surface.id,
                "at": found.at.isoformat(),
                "targets": [
                    {**target.to_dict(), "reasons": [say(lang, reason) for reason in target.reasons]}
                    for target in found.targets
                ],
                "excluded": [
                    {"layer": one.layer, "record_id": one.record_id, "title": one.title, "reason": one.reason}
                    for one in found.exclusions
                ],
                "n_candidates": len(found.candidates),
                "notes": [say(lang, one) for one in found.notes],
            }
        )
        return
    of_all = {"day": found.at.isoformat(), "n": len(found.candidates), "surface": surface.id}
    print_words(translate(lang, "Sites for {day}, of {n} that could be chosen, surface {surface}", **of_all))
    table = []
    for rank, target in enumerate(found.targets, start=1):
        days = target.days_since_visit
        since = translate(lang, "never") if days is None else translate(lang, "{n} d", n=days)
        mark = f"{rank}*" if target.is_pinned else str(rank)
        why = say(lang, target.reasons[0]) if target.reasons else ""
        site, points = f"{target.layer}/{target.record_id}", format_number(lang, target.priority, 1)
        table.append((mark, points, target.title, target.municipality, since, site, why))
    columns = (
        *(translate(lang, "no."), translate(lang, "priority"), translate(lang, "site")),
        *(translate(lang, "municipality"), translate(lang, "visited"), translate(lang, "key")),
        translate(lang, "most points from"),
    )
    print_table(columns, table, numbers=columns[:2], codes=columns[5:6])
    for one in found.exclusions:
        values = {"title": one.title, "key": f"{one.layer}/{one.record_id}", "reason": one.says}
        print_words(translate(lang, "Left out: {title} ({key}): {reason}", **values))
    for note in found.notes:
        print_words(say(lang, note))


COMMANDS = (
    Command(
        "targets",
        list_targets,
        "List the sites that are worth a joint inspection's drive.",
        "List the sites (workplaces in risk sectors and accommodation) that a joint inspection should go to first, on "
        "the published surface's date: by their own record and their surroundings, with reasons.\n\nPinned sites come "
        "first whatever the filters say, marked with a star; excluded ones need a reason of the table "
        "exclusion_reasons.",
        (
            "norrsyn targets --county 24 --sector green",
            "norrsyn targets --not-visited-for 365 --agency polismyndigheten --n 10",
            "norrsyn targets --pin workplaces/12345678 --exclude accommodation/a17=sheltered_housing --json",
        ),
    ),
    Group(
        "plan",
        "Plan a joint inspection, from a draft to what came of it.",
        "Plan a joint inspection: draft it, put it in order, have it approved, and record what came of it. Plans are "
        "those of the data folder, whoever made them.",
        (*plan_draft.COMMANDS, *plan_show.COMMANDS, *plan_change.COMMANDS, *plan_export.COMMANDS),
    ),
    plan_show.REPLAY,
)
