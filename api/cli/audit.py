"""Commands for whoever watches over the log of what was done: audit verify, head, export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import note_done
from api.cli.options import HomeOption, JsonOption, read_settings
from api.cli.output import EXIT_STORE, Command, Group, note, print_json, print_words, working

if TYPE_CHECKING:
    from geo.store.people.verifying import Verdict

__all__ = ["COMMANDS"]

_HEAD = "Keep the head elsewhere: with it, norrsyn audit verify --head finds what was cut off or hashed anew."


def verify_audit(
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="HASH", help="A head that was kept: the log must hold it still.", show_default=False
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Verify this file of norrsyn audit export instead.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify the log, or a file of it; see the command's help."""
    from geo.store.people.heads import keep_head  # noqa: PLC0415
    from geo.store.people.log_files import verify_file  # noqa: PLC0415
    from geo.store.people.verifying import verify_log  # noqa: PLC0415

    folder = read_settings(home).home
    with working("Verifying"):
        verdict = verify_log(folder, head=head) if file is None else verify_file(file, head=head)
    if file is None and verdict.fault is None:
        keep_head(folder, verdict.head)
    if as_json:
        print_json({"home" if file is None else "file": str(file or folder), **_describe(verdict)})
    else:
        _tell(verdict, "The log" if file is None else str(file), is_part=file is not None)
    if not verdict.is_well:
        raise typer.Exit(EXIT_STORE)


def show_head(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Verify the log and print its head; see the command's help."""
    from geo.errors import StoreError  # noqa: PLC0415
    from geo.store.people.heads import keep_head  # noqa: PLC0415
    from geo.store.people.verifying import describe_fault, verify_log  # noqa: PLC0415

    folder = read_settings(home).home
    with working("Verifying"):
        verdict = verify_log(folder)
    if verdict.fault is not None:
        message = f"The log does not verify: {describe_fault(verdict.fault)}. Keep the heads of before."
        raise StoreError(message)
    keep_head(folder, verdict.head)
    if as_json:
        print_json({"home": str(folder), "head": verdict.head._asdict()})
        return
    print_words(f"{verdict.head.number} {verdict.head.hash}")


def export_audit(
    out: Annotated[Path, typer.Argument(help="The file to write: .csv or .jsonl.", show_default=False)],
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD, in Sweden.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day, YYYY-MM-DD, in Sweden.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the log with its hashes; see the command's help."""
    from geo.store.people.log_files import export_log  # noqa: PLC0415

    folder = read_settings(home).home
    from api.days import begin_day, end_day  # noqa: PLC0415

    first = None if since is None else begin_day(since)
    last = None if until is None else end_day(until)
    with working(f"Writing {out.name}"):
        done = export_log(folder, out, since=first, until=last)
    note_done(folder, "audit-exported", f"{done.first}–{done.head.number} {out.suffix.lower().removeprefix('.')}")
    if as_json:
        told = {"events": done.events, "first": done.first, "head": done.head._asdict()}
        print_json({"home": str(folder), "file": str(out), **told})
        return
    print_words(f"{out} holds {done.events:,} events. It names people: keep it as safe as the log itself.")
    if done.events:
        print_words(f"Head: {done.head.number} {done.head.hash}")
        print_words(_HEAD)


def _describe(verdict: Verdict) -> dict[str, Any]:
    from geo.store.people.verifying import describe_changed_link, describe_fault  # noqa: PLC0415

    fault = verdict.fault
    return {
        "ok": verdict.is_well,
        "events": verdict.n_events,
        "first": verdict.first,
        "emptied": verdict.n_emptied,
        "newest_emptied": _say_day(verdict),
        "taken_in": verdict.n_taken_in,
        "follows": verdict.previous,
        "head": verdict.head._asdict(),
        "fault": None if fault is None else {"event": fault.number, "way": fault.way, "detail": describe_fault(fault)},
        "links": [
            {"link": each.link_id, "event": each.number, "way": each.way, "detail": describe_changed_link(each)}
            for each in verdict.links
        ],
    }


def _say_day(verdict: Verdict) -> str | None:
    at = verdict.newest_emptied
    return None if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()


def _tell(verdict: Verdict, where: str, *, is_part: bool) -> None:
    from geo.store.people.verifying import describe_changed_link, describe_fault  # noqa: PLC0415

    if verdict.fault is not None:
        note(f"{where} does not verify: {describe_fault(verdict.fault)}.", style="bold red")
        note(f"{verdict.n_events:,} events before it are as they were noted.")
        return
    print_words(f"{where} verifies: {verdict.n_events:,} events are as they were noted.")
    for each in verdict.links:
        print_words(f"But {describe_changed_link(each)}.")
    if verdict.n_emptied:
        print_words(f"{verdict.n_emptied:,} of them are old and were emptied: who, about and basis are gone.")
        if verdict.newest_emptied is not None:
            print_words(f"The newest of these is of {_say_day(verdict)}.")
        if not verdict.is_emptying_told:
            print_words("That the retention has emptied them does not stand in this file; the log itself tells.")
    if verdict.n_taken_in:
        print_words(f"The first {verdict.n_taken_in:,} were noted before there was a chain, and taken into it.")
    if is_part and verdict.first > 1:
        print_words(f"The file begins with event {verdict.first}, which follows {verdict.previous}; compare that.")
    if verdict.head.number:
        print_words(f"Head: {verdict.head.number} {verdict.head.hash}")
        print_words(_HEAD)


COMMANDS = (
    Group(
        "audit",
        "Watch over the log of what was done: verify, head, export.",
        "Watch over the log of what was done, in which each event is chained to the one before by its hash.",
        (
            Command(
                "verify",
                verify_audit,
                "Show whether the log is as it was noted.",
                "Compute every hash anew, and name the first event that is not as it was noted and in what way; the "
                "exit code is then 4. Somebody who may write to the whole database can hash the log anew from some "
                "event on: only a head that was kept elsewhere, given with --head, shows that.",
                (
                    "norrsyn audit verify",
                    "norrsyn audit verify --head 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                    "norrsyn audit verify --file audit.csv --json",
                ),
            ),
            Command(
                "head",
                show_head,
                "Print the number and hash of the last event.",
                "Verify the log, and print the number and hash of its last event on one line, to be kept where nobody "
                "who may write to the database can change it.",
                ("norrsyn audit head",),
            ),
            Command(
                "export",
                export_audit,
                "Write the log, with its hashes, to a file.",
                "Write what was done, with its hashes, to a CSV file that no spreadsheet runs or to JSON lines, for "
                "norrsyn audit verify --file on any machine. That it was written is noted.",
                (
                    "norrsyn audit export audit.csv",
                    "norrsyn audit export audit.jsonl --from 2026-01-01 --to 2026-06-30",
                ),
            ),
        ),
    ),
)
