"""The command that brings files in: import."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import note_done
from api.cli.options import HomeOption, JsonOption, read_pairs, read_settings
from api.cli.output import Command, note, print_json, print_words, working

if TYPE_CHECKING:
    from geo.reading import Report
    from geo.store.ingest import FileImport, Order

__all__ = ["COMMANDS"]

_PRIVATE = 0o700


def import_layer(  # noqa: PLR0913, PLR0917  every option is one
    layer: Annotated[str, typer.Argument(help="Name of the layer; `norrsyn layers` lists them.", show_default=False)],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="One file or several, together the layer.", show_default=False),
    ],
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
        typer.Option("--skip-row", metavar="N", help="Leave out row N, as the report names it. Repeat for more."),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="Reference system, where the file does not say it.", show_default=False)
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="A mapping file, for columns of other names.", show_default=False)
    ] = None,
    write_mapping: Annotated[
        Path | None,
        typer.Option("--write-mapping", help="Write a mapping file to start from, and stop.", show_default=False),
    ] = None,
    shape: Annotated[
        str | None, typer.Option("--shape", help="Documented shape of the file, as felling_notice.", show_default=False)
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Keep records that are not in the file.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="All rows or none.")] = False,
    allow_removal: Annotated[
        bool, typer.Option("--allow-removal", help="Even if more than half of the layer's records go.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    quarantine: Annotated[
        Path | None,
        typer.Option("--quarantine", help="Where to write rows that break a rule.", show_default=False),
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licence of the source.", show_default=False)] = "",
    legal_basis: Annotated[
        str, typer.Option("--legal-basis", help="Legal basis for keeping the rows.", show_default=False)
    ] = "",
    retain_until: Annotated[
        str,
        typer.Option("--retain-until", metavar="YYYY-MM-DD", help="Erase the rows after this day.", show_default=False),
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import files into a layer; see the command's help."""
    settings = read_settings(home)
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.layers.registry import get_layer  # noqa: PLC0415
    from geo.reading.isolated import make_choice  # noqa: PLC0415
    from geo.reading.mapping import read_mapping  # noqa: PLC0415
    from geo.reading.shapes import import_shapes  # noqa: PLC0415
    from geo.store.ingest import Order, import_files  # noqa: PLC0415

    found = get_layer(layer)
    choice, said_crs = make_choice(
        None if mapping is None else read_mapping(mapping, found, tuple(import_shapes())),
        rename=read_pairs("--rename", rename, str),
        set_values=read_pairs("--set", set_values, str),
        where=read_pairs("--where", where, str),
        skip_rows=skip_row or (),
        crs=crs,
        shape=shape or "",
    )
    key = settings.pseudonym_key.get_secret_value() if settings.pseudonym_key else None
    order = Order(
        tuple(map(str, files)), found.name, choice, said_crs, "add" if add else "replace", strict, dry_run,
        allow_removal, licence=licence, legal_basis=legal_basis, retain_until=retain_until, pseudonym_key=key,
    )  # fmt: skip
    if quarantine is not None and quarantine.exists():
        message = f"{quarantine} is there already; name another file for the quarantine, or remove it."
        raise ParameterError(message)
    if write_mapping is not None:
        _write_mapping(order, write_mapping, as_json=as_json)
        return
    with working(f"Reading {', '.join(file.name for file in files)}") as say:
        done = import_files(
            settings.home, order, on_progress=lambda step: say(f"{step.stage} ({step.rows_done:,} rows)")
        )
    if not dry_run:
        note_done(settings.home, "import-sent", found.name)
    kept = _keep_quarantine(settings.home, order, done, quarantine)
    if as_json:
        where_to = {"quarantine": None if kept is None else str(kept), "dry_run": dry_run}
        print_json({"home": str(settings.home), **done.to_dict(), **where_to})
    else:
        for line in _tell_import(order, done, kept):
            print_words(line)
    if not sum(report.rows_accepted for report in done.reports):
        note("No row was taken over.", style="bold red")
        raise typer.Exit(1)


def _write_mapping(order: Order, path: Path, *, as_json: bool) -> None:
    """A mapping file to start from, for the columns of the first file."""
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.layers.registry import get_layer  # noqa: PLC0415
    from geo.reading.isolated import list_columns  # noqa: PLC0415
    from geo.reading.mapping import write_mapping  # noqa: PLC0415

    if path.exists():
        message = f"{path} is there already; name another file, or remove it."
        raise ParameterError(message)
    names, has_geometry = list_columns(order.paths[0], order.layer)
    text = write_mapping(get_layer(order.layer), names, has_geometry=has_geometry)
    if order.choice.shape:
        text = f'shape = "{order.choice.shape}"\n{text}'
    path.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"mapping": str(path), "columns": list(names)})
        return
    print_words(f"A mapping file to start from is in {path}. Fill it in, then import with --mapping {path}")


def _keep_quarantine(home: Path, order: Order, done: FileImport, path: Path | None) -> Path | None:
    """Write the rows in quarantine to a file for people to mend; where, or None where there are none."""
    from geo.reading.quarantine import write_quarantine_csv  # noqa: PLC0415
    from geo.store.ingest import DRY_RUN, export_quarantine  # noqa: PLC0415

    if not any(report.rows_quarantined for report in done.reports) or (path is None and order.dry_run):
        return None
    if path is None:
        folder = home / "quarantine"
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        path = folder / f"{order.layer}-{done.imported.import_id if done.imported else 0}.csv"
        if path.exists():
            # somebody may be mending it
            return path
    if done.imported is None:
        columns = [name for report in done.reports for name in report.columns]
        write_quarantine_csv(path, done.quarantine, columns, DRY_RUN)
    else:
        export_quarantine(home, done.imported.import_id, path)
    os.chmod(path, 0o600)  # noqa: PTH101
    return path


def _tell_import(order: Order, done: FileImport, kept: Path | None) -> Iterator[str]:
    for report in done.reports:
        yield from _tell_file(report)
    if done.repairs is not None:
        yield f"These are rows of import {done.repairs}, read the way it was."
    if done.changes is not None:
        counts = ", ".join(f"{done.changes[name]:,} {name}" for name in ("added", "changed", "gone", "unchanged"))
        yield f"In the store there would be: {counts}"
    if done.refusal:
        yield f"  the import itself would be refused: {done.refusal}"
    if done.kept:
        yield f"  {done.kept:,} records stay as they were: their rows wait in quarantine"
    if done.of_plans:
        yield f"  {done.of_plans:,} records stay: plans recorded them, and no register holds those"
    if done.imported is None:
        yield "Nothing was changed (--dry-run)."
    else:
        yield from _tell_store(done.imported.to_dict())
    if kept is not None:
        yield f"Rows that break a rule are in {kept}"
        if done.imported is not None:
            yield f"  mend them there, then: norrsyn import {order.layer} {kept}"
    if done.imported is not None and done.imported.is_new:
        yield "Next: norrsyn score"


def _tell_file(report: Report) -> Iterator[str]:
    """A file's report in a few lines: what happened to each row, then to each column."""
    left_out = report.rows_skipped + report.rows_filtered_out
    yield f"{report.source_name}: {report.rows_in:,} rows for {report.layer}" + (
        f" ({left_out:,} of {report.rows_read:,} left out as told)" if left_out else ""
    )
    yield f"  {report.rows_accepted:,} accepted"
    if report.rows_duplicate:
        yield f"  {report.rows_duplicate:,} repeat another row exactly"
    if report.rows_quarantined:
        yield f"  {report.rows_quarantined:,} in quarantine"
    for rule in report.broken_rules:
        yield f"    {rule.say()}"
    if report.rows_pseudonymised:
        yield f"  {report.rows_pseudonymised:,} numbers of sole traders became pseudonyms"
    if report.rows_repaired:
        yield f"  {report.rows_repaired:,} shape(s) repaired"
    if report.precisions:
        known = ", ".join(f"{name} {n_rows:,}" for name, n_rows in sorted(report.precisions.items()))
        yield f"  how well their position is known: {known}"
    if report.made_ids:
        yield "  the file has no ids: they were made from the content"
    if report.renamed:
        yield "  columns read as: " + ", ".join(f"{old} → {new}" for old, new in report.renamed.items())
    for column, reason in report.refused_columns.items():
        yield f"  column {column} refused: {reason}"
    if report.unused_columns:
        yield f"  columns not used: {', '.join(report.unused_columns)}"
    if report.set_values:
        yield "  assumed: " + ", ".join(f"{name} = {value}" for name, value in report.set_values.items())
    for words in report.notes:
        yield f"  {words}"


def _tell_store(imported: Mapping[str, Any]) -> Iterator[str]:
    counts = [f"{imported[name]:,} {name}" for name in ("added", "changed", "gone", "unchanged")]
    if imported["is_new"]:
        yield f"In the store: {', '.join(counts)} (import {imported['import_id']}, snapshot {imported['snapshot']})"
    else:
        there = f"; {imported['unchanged']:,} records are there already" if imported["unchanged"] else ""
        yield f"In the store: nothing changed{there}."


def _examples() -> Sequence[str]:
    return (
        "norrsyn import workplaces workplaces.xlsx --dry-run",
        "norrsyn import workplaces roads.geojson --where Status=Building --set kind=temporary --set sni=42110 "
        "--set employees=40",
        "norrsyn import workplaces fellings.zip --shape felling_notice --add",
        "norrsyn import accommodation camps.csv --set housing_type=work_camp --licence 'agreement 2026-14'",
    )


COMMANDS = (
    Command(
        "import",
        import_layer,
        "Import files into a layer.",
        "Import files into a layer of the data folder: GeoPackage, GeoJSON, FlatGeobuf, Shapefile (zip), GeoParquet, "
        "CSV and XLSX.\n\nRecords are matched by their id: the report says which were added, changed and gone. Rows "
        "that break a rule wait in quarantine, with the reason and what to do; all others are taken over. Columns that "
        "say who a person is or where they come from are never read.",
        tuple(_examples()),
    ),
)
