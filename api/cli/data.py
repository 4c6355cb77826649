"""Commands that fill the data folder: demo, add."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import HomeOption, JsonOption, read_pairs, read_settings
from api.cli.output import Command, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.reading import Report

__all__ = ["COMMANDS"]

DEMO_SOURCE = "norrsyn demo"


def make_demo_region(
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal regions.")] = 68656048,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace layers that did not come from a demo region.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo region; see the command's help."""
    folder = read_settings(home).home
    from geo.demo import make_demo  # noqa: PLC0415
    from geo.layers.registry import LAYERS  # noqa: PLC0415
    from geo.store.files import Provenance, save_demo_truth, save_layers  # noqa: PLC0415

    if not replace:
        _refuse_to_replace(folder)
    with working("Making the demo region") as say:
        demo = make_demo(seed, progress=say)
        say("writing it down")
        provenance = Provenance(DEMO_SOURCE, note=f"made up, seed {seed}")
        save_layers(folder, {name: (frame, provenance) for name, frame in demo.layers.items()})
        save_demo_truth(folder, demo.truth, demo.manifest)
    rows = {name: len(frame) for name, frame in demo.layers.items()}
    if as_json:
        print_json({"home": str(folder), "seed": seed, "synthetic": True, "layers": rows})
        return
    print_words(f"A synthetic Region Nord is in {folder} (seed {seed}): no record in it is real.")
    table = [(name, LAYERS[name].title, f"{n:,}") for name, n in rows.items()]
    print_table(("layer", "what it is", "rows"), table, numbers=("rows",))
    print_words("Next: norrsyn score")


def add_layer(  # noqa: PLR0913, PLR0917  every option is one
    layer: Annotated[str, typer.Argument(help="Name of the layer; `norrsyn layers` lists them.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="A GeoJSON, GeoPackage or CSV file.", show_default=False)],
    set_values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="Give every row this value. Repeat for more."),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="OLD=NEW", help="Read column OLD of the file as NEW. Repeat for more."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=VALUE", help="Read only rows that have this value. Repeat for more."),
    ] = None,
    skip_row: Annotated[
        list[int] | None,
        typer.Option("--skip-row", metavar="N", help="Leave out row N, as an error names it. Repeat for more."),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="Reference system, where the file does not say it.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a file into a layer; see the command's help."""
    folder = read_settings(home).home
    from geo.layers.registry import get_layer  # noqa: PLC0415
    from geo.reading import read_layer_file  # noqa: PLC0415
    from geo.store.files import Provenance, save_layer  # noqa: PLC0415

    found = get_layer(layer)
    options: dict[str, Any] = {
        "rename": read_pairs("--rename", rename, str),
        "set_values": read_pairs("--set", set_values, str),
        "where": read_pairs("--where", where, str),
    }
    with working(f"Reading {file.name}") as say:
        reading = read_layer_file(file, found, **options, skip_rows=skip_row or (), crs=crs)
        say("writing it down")
        save_layer(folder, found, reading.frame, Provenance.from_report(reading.report))
    if as_json:
        print_json({"home": str(folder), **reading.report.to_dict()})
        return
    for line in _tell(reading.report):
        print_words(line)
    print_words("Next: norrsyn score")


def _refuse_to_replace(folder: Path) -> None:
    """Stop before layers that somebody imported are replaced by made-up ones."""
    from geo.errors import ConfigError, NotFoundError  # noqa: PLC0415
    from geo.store.files import load_layers  # noqa: PLC0415

    try:
        provenance = load_layers(folder).provenance
    except NotFoundError:
        return
    own = [name for name, each in provenance.items() if each.source_name != DEMO_SOURCE and name != "borders"]
    if own:
        message = (
            f"{folder} holds layers of your own ({', '.join(own)}), which the demo region would replace; choose "
            "another folder with --home, or add --replace."
        )
        raise ConfigError(message)


def _tell(report: Report) -> list[str]:
    """A report of an import in a few lines."""
    lines = [f"{report.layer}: {report.rows_accepted:,} of {report.rows_read:,} rows of {report.source_name} are in."]
    counts = {
        "left out by number": report.rows_skipped,
        "left out by --where": report.rows_filtered_out,
        "repeated exactly": report.rows_duplicate,
        "in quarantine": report.rows_quarantined,
    }
    lines += [f"  {n:,} {words}" for words, n in counts.items() if n]
    lines += [f"  - {rule.say()}" for rule in report.broken_rules]
    lines += [f"  column {column} refused: {reason}" for column, reason in report.refused_columns.items()]
    if report.unused_columns:
        lines.append(f"  columns not used: {', '.join(report.unused_columns)}")
    if report.set_values:
        lines.append("  assumed: " + ", ".join(f"{name} = {value}" for name, value in report.set_values.items()))
    if report.rows_repaired:
        lines.append(f"  {report.rows_repaired:,} shape(s) repaired")
    if report.made_ids:
        lines.append("  the file has no ids: they were made from the content")
    lines += [f"  {words}" for words in report.notes]
    return lines


COMMANDS = (
    Command(
        "demo",
        make_demo_region,
        "Make a synthetic Region Nord to try things on.",
        "Make a synthetic Region Nord in the data folder: about 57 000 workplaces, 1 000 accommodation sites, three "
        "years of visits and findings, around the real localities.\n\nNo record in it is real, and every record and "
        "map says so. Layers that came from files of your own are not replaced unless you say so.",
        ("norrsyn demo", "norrsyn demo --seed 7 --home ./another-folder"),
    ),
    Command(
        "add",
        add_layer,
        "Read a file into a layer.",
        "Read a GeoJSON, GeoPackage or CSV file into a layer of the data folder; the layer's rows are replaced.\n\n"
        "Everything that is wrong with the file is told in one message, and then nothing is changed. Columns that "
        "say who a person is or where they come from are never read.",
        (
            "norrsyn add workplaces workplaces.gpkg --rename anstallda=employees",
            "norrsyn add workplaces roads.geojson --where Status=Building --set kind=temporary --set sni=42110 "
            "--set employees=40",
            "norrsyn add accommodation camps.csv --crs EPSG:3006 --set housing_type=work_camp",
        ),
    ),
)
