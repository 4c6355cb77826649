"""Commands that say what is in the store and was: layers list, history, diff, rollback, export, duplicates, decide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import name_operator, note_done
from api.cli.options import HomeOption, JsonOption, read_settings
from api.cli.output import Command, Group, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.store.files import Difference, Snapshot

__all__ = ["COMMANDS"]

_SHOWN = 20

LayerArgument = Annotated[str, typer.Argument(help="Name of the layer; `norrsyn layers` lists them.")]
OtherLayerOption = Annotated[
    str | None,
    typer.Option(
        "--with", metavar="LAYER", help="The layer of the other record, if it is another.", show_default=False
    ),
]


def list_alone(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List layers and surfaces where no other command is named."""
    if context.invoked_subcommand is None:
        list_layers(home, as_json)


def list_layers(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List layers and surfaces; see the command's help."""
    folder = read_settings(home).home
    from api.home import DataFolder  # noqa: PLC0415
    from geo.store.files import find_home, list_surfaces  # noqa: PLC0415
    from maps.answers import describe_layers  # noqa: PLC0415

    find_home(folder)
    layers, sources = DataFolder(folder).read_layers()
    described = describe_layers("en", layers, sources)
    surfaces = [
        {
            "id": one.id,
            "at": one.manifest.get("at"),
            "cell_m": one.manifest.get("grid", {}).get("cell_m"),
            "saved_at": one.saved_at or None,
            "published": one.is_current,
            "problem": one.problem or None,
        }
        for one in list_surfaces(folder)
    ]
    if as_json:
        print_json({"home": str(folder), "layers": described, "surfaces": surfaces})
        return
    print_words(f"Data folder {folder}")
    rows = [
        (
            one["name"],
            f"{one['rows']:,}",
            (one["added_at"] or "–")[:10],
            (one["source"] or "–") + (" (synthetic)" if one["synthetic"] else ""),
        )
        for one in described
    ]
    print_table(("layer", "rows", "added", "source"), rows, numbers=("rows",))
    _print_surfaces(surfaces)


def _print_surfaces(surfaces: Sequence[dict[str, Any]]) -> None:
    if not surfaces:
        print_words("No surface is scored yet: norrsyn score")
        return
    rows = [
        (
            one["id"],
            one["at"] or "–",
            "–" if one["cell_m"] is None else f"{one['cell_m']:g} m",
            (one["saved_at"] or "–")[:16].replace("T", " "),
            "published" if one["published"] else one["problem"] or "",
        )
        for one in surfaces
    ]
    print_table(("surface", "scored for", "cells", "saved (UTC)", ""), rows, codes=("surface",))


def show_history(layer: LayerArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List snapshots and imports of a layer; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import list_imports, list_snapshots  # noqa: PLC0415

    snapshots, imports = list_snapshots(folder, layer), list_imports(folder, layer)
    if as_json:
        kept = [
            {
                "import_id": one.import_id,
                "snapshot": one.snapshot,
                "mode": one.mode,
                "started_at": one.started_at,
                "rows_in": one.rows_in,
                "quarantined": one.quarantined,
                **_describe_source(one.provenance.to_dict()),
            }
            for one in imports
        ]
        print_json({"home": str(folder), "snapshots": [_describe_snapshot(one) for one in snapshots], "imports": kept})
        return
    if not snapshots and not imports:
        print_words(f"Nothing was ever imported into {layer}.")
        return
    rows = [
        (
            str(one.number),
            f"{one.rows:,}",
            one.created_at[:16].replace("T", " "),
            one.provenance.source_name,
            one.content_sha256[:12],
            "current" if one.is_current else "",
        )
        for one in snapshots
    ]
    print_table(("snapshot", "rows", "made (UTC)", "source", "content", ""), rows, numbers=("snapshot", "rows"))
    lines = [
        (
            str(one.import_id),
            one.started_at[:16].replace("T", " "),
            one.provenance.source_name,
            one.provenance.importer or "–",
            f"{one.rows_in:,}",
            f"{one.quarantined:,}",
            "–" if one.snapshot is None else str(one.snapshot),
        )
        for one in imports
    ]
    headings = ("import", "begun (UTC)", "source", "by", "accepted", "quarantined", "snapshot")
    print_table(headings, lines, numbers=("import", "accepted", "quarantined", "snapshot"))


def compare_snapshots(
    layer: LayerArgument,
    old: Annotated[int, typer.Argument(help="Number of one snapshot; `norrsyn layers history` lists them.", min=1)],
    new: Annotated[int, typer.Argument(help="Number of the other.", min=1)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what differs between two snapshots; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import diff  # noqa: PLC0415

    found = diff(folder, layer, old, new)
    if as_json:
        changed = [{"key": one.key, "columns": {k: list(v) for k, v in one.columns.items()}} for one in found.changed]
        print_json(
            {
                "home": str(folder),
                "layer": found.layer,
                "old": old,
                "new": new,
                "added": list(found.added),
                "gone": list(found.gone),
                "changed": changed,
            }
        )
        return
    _tell_difference(found)


def roll_back(
    layer: LayerArgument,
    snapshot: Annotated[
        int, typer.Argument(help="Number of the snapshot; `norrsyn layers history` lists them.", min=1)
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an older snapshot the current one; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import rollback  # noqa: PLC0415

    now = rollback(folder, layer, snapshot)
    note_done(folder, "layer-rolled-back", f"{layer} → {snapshot}")
    if as_json:
        print_json({"home": str(folder), **_describe_snapshot(now)})
        return
    print_words(f"{layer} is as in snapshot {now.number} again: {now.rows:,} rows of {now.provenance.source_name}.")
    print_words("Next: norrsyn score")


def export_to_file(
    layer: LayerArgument,
    file: Annotated[Path, typer.Argument(help="The file to write: .gpkg, .parquet or .csv.", show_default=False)],
    snapshot: Annotated[
        int | None,
        typer.Option("--snapshot", help="Number of a snapshot. Default: the current one.", min=1, show_default=False),
    ] = None,
    circle: Annotated[
        str | None,
        typer.Option(
            "--circle",
            help="Only records that this circle may see: joint-inspection, municipality or public.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there already.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a layer to a file; see the command's help."""
    folder = read_settings(home).home
    from geo.exporting import export_layer  # noqa: PLC0415

    with working(f"Writing {file.name}"):
        done = export_layer(folder, layer, file, snapshot=snapshot, circle=circle, replace=replace, by=name_operator())
    if as_json:
        print_json(
            {
                "home": str(folder),
                "file": str(done.path),
                "dictionary": None if done.dictionary_path is None else str(done.dictionary_path),
                "layer": done.layer,
                "snapshot": done.snapshot,
                "rows": done.rows,
                "rows_left_out": done.rows_left_out,
                "circle": done.circle,
                "sha256": done.sha256,
                "content_sha256": done.content_sha256,
                "classification": done.classification,
                "attribution": done.attribution,
            }
        )
        return
    print_words(f"{done.rows:,} rows of {layer}, snapshot {done.snapshot}, are in {done.path}.")
    if done.circle is None:
        print_words("  records of every circle")
    else:
        print_words(f"  records that circle {done.circle} may see; {done.rows_left_out:,} left out")
    if done.dictionary_path is not None:
        print_words(f"  what its columns mean: {done.dictionary_path}")
    print_words(f"  {done.classification}")
    print_words(f"  {done.attribution}")


def show_duplicates(
    layer: LayerArgument,
    other: OtherLayerOption = None,
    with_decided: Annotated[bool, typer.Option("--all", help="Also pairs that somebody has decided.")] = False,
    distance: Annotated[
        float, typer.Option("--distance", min=0, help="How far apart two places may be, in metres.")
    ] = 250.0,
    similarity: Annotated[
        float, typer.Option("--similarity", max=100, help="How alike two names must be, up to 100.")
    ] = 85.0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List records that may be one place; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import list_decisions, list_duplicates  # noqa: PLC0415

    with working("Comparing names"):
        pairs = list_duplicates(
            folder, layer, other, with_decided=with_decided, max_distance_m=distance, min_similarity=similarity
        )
    if as_json:
        layers = {layer, other or layer}
        decided = [vars(one) for one in list_decisions(folder) if {one.layer, one.other_layer} == layers]
        print_json({"home": str(folder), "pairs": pairs.to_dict("records"), "decisions": decided})
        return
    print_words(f"{len(pairs):,} pair(s) of records may be one place.")
    if pairs.empty:
        return
    shown = pairs.head(_SHOWN).to_dict("records")
    rows = [
        (
            *(str(one[name]) for name in ("id", "other_id", "name", "other_name", "why")),
            f"{one['verdict']} ({one['decided_by']})" if one["verdict"] else "",
        )
        for one in shown
    ]
    print_table(("record", "other", "name", "its name", "why", "decided"), rows, codes=("record", "other"))
    if len(pairs) > _SHOWN:
        print_words(f"The {_SHOWN} likeliest are shown; --json gives all.")
    print_words(f"Next: norrsyn layers decide {layer} RECORD OTHER same" + (f" --with {other}" if other else ""))


def decide_pair(
    layer: LayerArgument,
    record: Annotated[str, typer.Argument(metavar="ID", help="Id of the one record.", show_default=False)],
    other_record: Annotated[str, typer.Argument(metavar="OTHER", help="Id of the other.", show_default=False)],
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="same or different.", show_default=False)],
    other: OtherLayerOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether two records are one place; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import decide_duplicate  # noqa: PLC0415

    decision = decide_duplicate(folder, layer, record, other_record, verdict, other=other)
    if as_json:
        print_json({"home": str(folder), **vars(decision)})
        return
    words = {"same": "one place under two ids", "different": "two places"}[decision.verdict]
    print_words(f"{record} and {other_record} are {words}, says {decision.decided_by}. No record was changed.")


def _tell_difference(found: Difference) -> None:
    counts = f"{len(found.added):,} added, {len(found.changed):,} changed, {len(found.gone):,} gone"
    print_words(f"{found.layer}, from snapshot {found.old} to {found.new}: {counts}.")
    rows = [
        *(("added", key, "") for key in found.added[:_SHOWN]),
        *(
            ("changed", one.key, "; ".join(f"{name}: {_show(a)} → {_show(b)}" for name, (a, b) in one.columns.items()))
            for one in found.changed[:_SHOWN]
        ),
        *(("gone", key, "") for key in found.gone[:_SHOWN]),
    ]
    if rows:
        print_table(("", "record", "what"), rows, codes=("record",))
    if max(map(len, (found.added, found.changed, found.gone))) > _SHOWN:
        print_words(f"The first {_SHOWN} of each are shown; --json gives all.")


def _show(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _describe_snapshot(one: Snapshot) -> dict[str, Any]:
    return {
        "layer": one.layer,
        "number": one.number,
        "rows": one.rows,
        "content_sha256": one.content_sha256,
        "created_at": one.created_at,
        "current": one.is_current,
        **_describe_source(one.provenance.to_dict()),
    }


def _describe_source(provenance: dict[str, Any]) -> dict[str, Any]:
    names = (
        "source_name",
        "source_sha256",
        "source_size",
        "importer",
        "licence",
        "legal_basis",
        "retain_until",
        "note",
    )
    return {name: provenance[name] for name in names}


COMMANDS = (
    Group(
        "layers",
        "Say what is in the data folder, and what was.",
        "List the layers of the data folder with their rows, age and source, and the surfaces scored from them; or "
        "look at a layer's past, and go back in it.",
        (
            Command(
                "list",
                list_layers,
                "List layers and surfaces.",
                "List the layers of the data folder with their rows, age and source, and the surfaces scored from "
                "them.",
                ("norrsyn layers list", "norrsyn layers --json"),
            ),
            Command(
                "history",
                show_history,
                "List a layer's snapshots and imports.",
                "List every state that a layer was in, and every import, newest first. Nothing that was ever current "
                "is lost, unless it had to be erased.",
                ("norrsyn layers history workplaces",),
            ),
            Command(
                "diff",
                compare_snapshots,
                "Say what differs between two snapshots.",
                "Say which records were added, changed (and in which columns) or are gone between two snapshots.",
                ("norrsyn layers diff workplaces 1 2", "norrsyn layers diff findings 3 4 --json"),
            ),
            Command(
                "rollback",
                roll_back,
                "Make an older snapshot the current one.",
                "Make an older snapshot of a layer the current one. Only the pointer moves: the newer snapshots stay, "
                "and the same command leads forward again.",
                ("norrsyn layers rollback workplaces 1",),
            ),
            Command(
                "export",
                export_to_file,
                "Write a layer to a file that can be read again.",
                "Write a layer to a GeoPackage, GeoParquet or CSV file, with a dictionary that says what each column "
                "holds, where the rows come from and who may see them. Read again, it is the same layer.\n\nRecords of "
                "every circle are written unless one is named; the file says which it holds.",
                (
                    "norrsyn layers export workplaces workplaces.gpkg",
                    "norrsyn layers export findings findings.csv --circle municipality --replace",
                    "norrsyn layers export workplaces before.parquet --snapshot 1",
                ),
            ),
            Command(
                "duplicates",
                show_duplicates,
                "List records that may be one place.",
                "List pairs of workplaces, of accommodation, or of one of each, that are near each other and whose "
                "names are alike, the likeliest first. Nothing is merged: a person decides, and a pair that was "
                "decided is not listed again.",
                (
                    "norrsyn layers duplicates workplaces",
                    "norrsyn layers duplicates workplaces --with accommodation --distance 100",
                    "norrsyn layers duplicates accommodation --all",
                ),
            ),
            Command(
                "decide",
                decide_pair,
                "Say whether two records are one place.",
                "Say whether two records are one place under two ids (same) or two places (different). No record is "
                "changed; the pair is not listed again. Said once more, the last word counts.",
                (
                    "norrsyn layers decide workplaces 10000001 10000002 same",
                    "norrsyn layers decide workplaces 10000001 camp-7 different --with accommodation",
                ),
            ),
        ),
        list_alone,
    ),
)
