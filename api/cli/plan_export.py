"""The command that writes a plan to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command, print_json, print_words, working
from api.cli.plan_options import CircleOption, pick_circle, view_layers

__all__ = ["COMMANDS"]


def export_plan(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="Id of the plan.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="File to write.", show_default=False)],
    form: Annotated[
        str | None,
        typer.Option(
            "--form", help="pdf, ics, gpx, xlsx, csv or gpkg; by the file's ending when left out.", show_default=False
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there already.")] = False,
    circle: CircleOption = None,
    lang: LanguageOption = "sv",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a plan to a file; see the command's help."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from api.cli.events import name_operator, note_done  # noqa: PLC0415
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.planning.plan import look_at_sites  # noqa: PLC0415
    from geo.store.atomic import write_file  # noqa: PLC0415
    from geo.store.plans import find_plan  # noqa: PLC0415
    from maps.i18n import catalogue, translate  # noqa: PLC0415
    from maps.plan_files import FORMS, Stamp, make_ground  # noqa: PLC0415
    from maps.plan_names import withhold_names  # noqa: PLC0415

    catalogue(lang)
    wanted = out.suffix.lower().removeprefix(".") if form is None else form
    if wanted not in FORMS:
        message = f"--form: there is no form {wanted!r}; there are {', '.join(FORMS)}."
        raise ParameterError(message)
    if out.exists() and not replace:
        message = f"{out} is there already; choose another name, or add --replace."
        raise ParameterError(message)
    chosen, folder = FORMS[wanted], read_settings(home).home
    stored = find_plan(folder, plan, pick_circle(circle))
    changed = datetime.fromisoformat(stored.changed_at)
    with working(translate(lang, "Writing the file")):
        layers = view_layers(folder, stored.plan.circle)
        sites = look_at_sites(stored.plan, layers)
        stamp = Stamp(stored.version, name_operator(), datetime.now(UTC), changed, sites)
        ground = make_ground(layers.region, layers) if chosen.is_drawn else None
        content = chosen.write(withhold_names(lang, stored.plan, layers), stamp, lang, ground)
        write_file(out, content)
    note_done(folder, "plan-exported", f"{stored.plan.plan_id} {wanted} v{stored.version}")
    if as_json:
        told = {"plan_id": stored.plan.plan_id, "version": stored.version, "form": wanted, "path": str(out)}
        print_json({**told, "bytes": len(content)})
        return
    print_words(
        translate(
            lang,
            "Wrote {path} ({n} bytes): plan {plan_id}, version {version}",
            path=out,
            n=len(content),
            plan_id=stored.plan.plan_id,
            version=stored.version,
        )
    )


COMMANDS = (
    Command(
        "export",
        export_plan,
        "Write a plan to a file: brief, calendar, navigator, spreadsheet or map layers.",
        "Write a plan to a file, in Swedish unless --lang says otherwise: a brief to print (pdf), a calendar (ics), a "
        "navigator's waypoints and routes (gpx), a workbook (xlsx), a table (csv) or map layers (gpkg).\n\nEvery file "
        "says whom it is for, who made it when, and of which version of the plan; that it was made is noted in the "
        "log of what was done.",
        (
            "norrsyn plan export 3f2a… --out plan.pdf",
            "norrsyn plan export 3f2a… --form ics --out plan.ics --lang en",
        ),
    ),
)
