"""The command of the yearly picture: what a year's inspections found, and the tables of it that can be shared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import HomeOption, JsonOption, LanguageOption, read_layers, read_settings
from api.cli.output import Command, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.layers.bundle import Layers
    from geo.planning.plan import Plan
    from geo.planning.yearly import Period

__all__ = ["COMMANDS"]


def show_picture(
    year: Annotated[int | None, typer.Option("--year", help="Calendar year.", show_default=False)] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD, instead of a year.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, with --from.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--share", metavar="FILE", help="Write the tables that can be shared: .csv or .xlsx."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there already.")] = False,
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a year in tables; see the command's help."""
    from geo.planning.followup import calibration_report  # noqa: PLC0415
    from geo.planning.yearly import draw_picture  # noqa: PLC0415
    from geo.store.plans import list_plans  # noqa: PLC0415
    from maps.i18n import catalogue, say  # noqa: PLC0415
    from maps.yearly import name_group, say_period, say_persons  # noqa: PLC0415

    catalogue(lang)
    period, folder = _read_period(year, first, last), read_settings(home).home
    if out is not None:
        _check_file(out, replace=replace)
    with working("Counting"):
        layers, plans = read_layers(folder), [stored.plan for stored in list_plans(folder)]
        picture, report = draw_picture(layers, period, plans), calibration_report(plans)
    told = None if out is None else _share(folder, out, layers, period, plans, lang)
    if as_json:
        shared = None if out is None else {"path": str(out), "bytes": told}
        print_json({**picture.to_dict(), "expected": report.to_dict(), "shared": shared})
        return
    for warning in report.warnings:
        print_words(say(lang, warning))
    print_words(f"{say_period(lang, picture.counted)} ({say_period(lang, picture.before)} in brackets)")
    for dimension, groups in (("", (picture.total,)), *picture.groups.items()):
        rows = [
            (
                name_group(lang, dimension, group),
                *(
                    f"{getattr(group.now, name)} ({getattr(group.before, name)})"
                    for name in ("visits", "found", "firms", "findings")
                ),
                say_persons(lang, group.now),
            )
            for group in groups
        ]
        columns = (dimension or "all", "visits", "found something", "firms", "findings", "persons met")
        print_table(columns, rows, numbers=columns[1:])
    print_words(f"Checks on record: {picture.n_checks}, at visits: {picture.n_planned}")
    for note in (*((picture.unfinished,) if picture.unfinished else ()), *picture.unknown):
        print_words(say(lang, note))
    if out is not None:
        print_words(f"Wrote {out} ({told:,} bytes): tables of {period.year} that can be shared")


def _read_period(year: int | None, first: str | None, last: str | None) -> Period:
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.planning.yearly import Period  # noqa: PLC0415
    from geo.risk.scoring import parse_day  # noqa: PLC0415

    if (year is None) == (first is None) or (first is None) != (last is None):
        message = "Give --year, or --from and --to."
        raise ParameterError(message)
    return Period.of_year(year) if year is not None else Period(parse_day(first), parse_day(last))


def _check_file(out: Path, *, replace: bool) -> None:
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.exporting.tables import FORMS  # noqa: PLC0415

    if out.suffix.lower().removeprefix(".") not in FORMS:
        message = f"--share: {out} must end in {' or '.join('.' + form for form in FORMS)}."
        raise ParameterError(message)
    if out.exists() and not replace:
        message = f"{out} is there already; choose another name, or add --replace."
        raise ParameterError(message)


def _share(folder: Path, out: Path, layers: Layers, period: Period, plans: list[Plan], lang: str) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415

    from api.cli.events import note_done  # noqa: PLC0415
    from geo.exporting.picture import share_picture  # noqa: PLC0415
    from geo.exporting.tables import FORMS  # noqa: PLC0415
    from geo.planning.yearly import read_records  # noqa: PLC0415
    from geo.store.atomic import write_file  # noqa: PLC0415
    from maps.yearly import make_sheets  # noqa: PLC0415

    form = out.suffix.lower().removeprefix(".")
    shared = share_picture(read_records(layers, period, plans))
    sheets = make_sheets(lang, shared, made_at=datetime.now(UTC), synthetic=layers.is_synthetic)
    content = FORMS[form].write(sheets)
    write_file(out, content)
    note_done(folder, "picture-shared", f"{period.year} {form}")
    return len(content)


COMMANDS = (
    Command(
        "picture",
        show_picture,
        "Show what a year's inspections found, and write tables that can be shared.",
        "Show the yearly picture: visits, firms, persons met and findings, each counted by itself, by sector, county, "
        "month and outcome, with the year before and what is not known. Where visits no longer find what plans "
        "expected, that is told first.\n\n--share writes tables of the year that can leave the circle: small numbers "
        "are left out, and more so that nobody can work them out.",
        (
            "norrsyn picture --year 2025",
            "norrsyn picture --from 2025-06-01 --to 2025-08-31 --json",
            "norrsyn picture --year 2025 --share year.xlsx --lang sv",
        ),
    ),
)
