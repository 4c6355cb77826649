"""Commands for whoever looks after the store: db upgrade, check, backup, restore, erase."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.events import name_operator
from api.cli.options import HomeOption, JsonOption, read_settings
from api.cli.output import Command, Group, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.store.files import Backup

__all__ = ["COMMANDS"]


def upgrade_database(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make the database or bring it up to date; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import describe_database, upgrade_store  # noqa: PLC0415
    from geo.store.people.database import PEOPLE_CHAIN  # noqa: PLC0415

    step = upgrade_store(folder)
    upgrade_store(folder, PEOPLE_CHAIN)
    if as_json:
        print_json({"home": str(folder), "database": describe_database(folder), "step": step})
        return
    print_words(f"{describe_database(folder)} is up to date (step {step}).")


def check_database(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Compare everything in the store with its hashes; see the command's help."""
    folder = read_settings(home).home
    from geo.errors import StoreError  # noqa: PLC0415
    from geo.store.files import check, describe_database  # noqa: PLC0415

    with working("Reading everything in the store"):
        found = check(folder)
    if found.problems:
        message = "\n".join(
            [
                f"{describe_database(folder)} is damaged: {len(found.problems)} problem(s).",
                *(f"  - {problem}" for problem in found.problems),
                "Restore it from a backup with `norrsyn db restore`; surfaces can be scored again.",
            ]
        )
        raise StoreError(message)
    counts = {"rows": sum(found.versions.values()), "snapshots": found.snapshots, "surfaces": found.surfaces}
    if as_json:
        print_json({"home": str(folder), "database": describe_database(folder), **counts})
        return
    words = ", ".join(f"{n:,} {name}" for name, n in counts.items())
    print_words(f"{describe_database(folder)} is whole: {words} are what was written.")


def back_up(
    out: Annotated[Path, typer.Argument(help="The file to write; an older one is replaced.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything into one file; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import backup  # noqa: PLC0415

    with working("Writing everything down"):
        done = backup(folder, out)
    if as_json:
        print_json({"home": str(folder), **_describe(done)})
        return
    print_words(f"{out} holds everything ({done.size / 1e6:,.1f} MB). Keep it as safe as the store itself.")


def restore_database(
    file: Annotated[Path, typer.Argument(help="A file that norrsyn db backup wrote.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup into an empty store; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import describe_database, restore  # noqa: PLC0415

    with working("Checking and restoring"):
        done = restore(file, folder)
    if as_json:
        print_json({"home": str(folder), "database": describe_database(folder), **_describe(done)})
        return
    print_words(f"{describe_database(folder)} holds what {file} held on {done.created_at[:16].replace('T', ' ')} UTC.")
    print_table(("table", "rows"), [(name, f"{n:,}") for name, n in done.rows.items() if n], numbers=("rows",))


def erase_rows(
    today: Annotated[
        str | None,
        typer.Option(
            "--today", help="Erase what ended before this day, YYYY-MM-DD. Default: today.", show_default=False
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase what may not be kept any longer; see the command's help."""
    settings = read_settings(home)
    folder = settings.home
    from api.days import begin_day, end_day  # noqa: PLC0415
    from geo.risk.scoring import parse_day  # noqa: PLC0415
    from geo.store.database import find_store  # noqa: PLC0415
    from geo.store.files import erase_expired  # noqa: PLC0415
    from geo.store.people.emptying import empty_events  # noqa: PLC0415
    from geo.store.people.shares.emptying import empty_links  # noqa: PLC0415
    from geo.store.releases import forget_expired  # noqa: PLC0415

    now, days, day = time.time(), settings.audit_days, datetime.now(UTC).date() if today is None else parse_day(today)
    with working("Erasing"):
        find_store(folder)
        # releases before the store's files are rewritten; what people did and were shown, by the clock as well
        n_forgotten = forget_expired(folder, now=datetime.fromtimestamp(min(now, end_day(day.isoformat())), UTC))
        done = erase_expired(folder, day)
        before = begin_day((day - timedelta(days=days)).isoformat())
        n_links = empty_links(folder, before=before, days=days, now=now, name=name_operator())
        emptied = empty_events(folder, before=before, days=days, now=now, name=name_operator())
    if as_json:
        erased = [
            {
                "layer": one.layer,
                "erased_at": one.erased_at,
                "versions": one.versions,
                "quarantined": one.quarantined,
                "imports": one.imports,
                "snapshots": list(one.snapshots),
            }
            for one in done
        ]
        told = {"events_emptied": emptied.events, "links_emptied": n_links, "releases_forgotten": n_forgotten}
        print_json({"home": str(folder), "expired_before": day.isoformat(), "erased": erased, **told})
        return
    if emptied.events:
        print_words(f"{emptied.events:,} events of the audit log were emptied: they are older than {days} days.")
    if n_links:
        print_words(f"{n_links:,} share links were emptied: they ended more than {days} days ago.")
    if n_forgotten:
        print_words(f"{n_forgotten:,} expired releases were erased, with what audits needed of them.")
    if not done:
        is_else = emptied.events or n_links or n_forgotten
        print_words(f"Nothing {'else ' if is_else else ''}had to be erased before {day}.")
        return
    rows = [(one.layer, f"{one.versions:,}", f"{one.quarantined:,}", f"{len(one.snapshots):,}") for one in done]
    print_table(("layer", "rows erased", "quarantined", "snapshots"), rows, numbers=("rows erased", "quarantined"))
    print_words("Older backups hold the rows still: erase those, too.")


def _describe(done: Backup) -> dict[str, object]:
    return {
        "file": str(done.file),
        "bytes": done.size,
        "created_at": done.created_at,
        "rows": done.rows,
        "surfaces": done.surfaces,
    }


COMMANDS = (
    Group(
        "db",
        "Look after the database: check, backup, restore, erase.",
        "Look after the database that keeps layers and surfaces: a file in the data folder, or the PostgreSQL that "
        "NORRSYN_DATABASE_URL names.",
        (
            Command(
                "upgrade",
                upgrade_database,
                "Make the database, or bring it up to date.",
                "Make the database, or bring its tables up to date. Every other command does the same when it opens "
                "the store; this one is for doing it at a moment of your choice.",
                ("norrsyn db upgrade",),
            ),
            Command(
                "check",
                check_database,
                "Compare everything in the store with its hashes.",
                "Read every row of every snapshot and every raster, and compare them with the hashes that were kept "
                "when they were written. What is not right is named, and the exit code is 4.",
                ("norrsyn db check", "norrsyn db check --json"),
            ),
            Command(
                "backup",
                back_up,
                "Write everything into one file.",
                "Write every snapshot, import, quarantined row and surface into one file, all from one moment, each "
                "part with its SHA-256. It can be restored into either kind of database.",
                ("norrsyn db backup norrsyn-backup.zip",),
            ),
            Command(
                "restore",
                restore_database,
                "Put a backup into an empty store.",
                "Put a backup into an empty store and hash everything anew to prove that it is the same. A file that "
                "is damaged is refused, with the name of the part, before anything is written.",
                ("norrsyn db restore norrsyn-backup.zip --home ./another-folder",),
            ),
            Command(
                "erase",
                erase_rows,
                "Erase what may not be kept any longer.",
                "Erase every row whose retain_until has passed, from every snapshot, from the quarantine and from the "
                "database's files; expired releases; and empty events of the audit log and ended share links that are "
                "older than NORRSYN_AUDIT_DAYS by the clock, whatever day is given. How much went and the hashes "
                "before and after are kept as proof.",
                ("norrsyn db erase", "norrsyn db erase --today 2027-01-01 --json"),
            ),
        ),
    ),
)
