"""The log in a file, with its hashes, for whoever verifies it elsewhere: CSV or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.reading.formulas import escape_formula, restore_formula
from geo.store.atomic import explain_os_error, write_file
from geo.store.home import StrPath
from geo.store.people.chain import GENESIS, Head, LogRow
from geo.store.people.database import read_people
from geo.store.people.tables import EVENTS
from geo.store.people.verifying import Verdict, check_hash, read_rows, verify_rows

__all__ = [
    "COLUMNS",
    "Exported",
    "export_log",
    "read_log",
    "verify_file",
    "write_csv",
]

COLUMNS = (
    "number", "time", "at", "what", "user_id", "user_name", "about", "basis", "salt", "content_hash", "previous_hash",
    "hash",
)  # fmt: skip
_TEXTS = ("what", "user_id", "user_name", "about", "basis")
_MAX_CELL = 2**20


@dataclass(frozen=True)
class Exported:
    """What an export holds: how many events, the first's number, and the last."""

    events: int
    first: int
    head: Head


def export_log(home: StrPath | None, out: Path, *, since: float | None = None, until: float | None = None) -> Exported:
    """Write the log, or the events between two moments, to ``.csv`` or ``.jsonl``, in one step.

    Parameters
    ----------
    home : path
    out : Path
    since, until : float, s, optional
        All events from the first that is not earlier to the last that is earlier than ``until``.

    Raises
    ------
    ParameterError
        Another ending.
    StoreError
    """
    writers = {".csv": write_csv, ".jsonl": _write_jsonl}
    write = writers.get(out.suffix.lower())
    if write is None:
        message = f"{out} must end in .csv or .jsonl."
        raise ParameterError(message)
    if not out.absolute().parent.is_dir():
        message = f"{out} cannot be written: there is no folder {out.parent}; make it, or choose another."
        raise StoreError(message)
    counted = _Counter()
    with read_people(home) as connection:
        rows = iter(()) if connection is None else _read_between(connection, since, until)
        told = counted.count(rows)

        def fill(file: IO[bytes]) -> None:
            for text in write(told):
                file.write(text.encode())

        write_file(out.absolute(), fill)
    return Exported(counted.n_rows, counted.first, counted.head)


def write_csv(rows: Iterable[tuple[str, LogRow]]) -> Iterator[str]:
    """Rows, each with the hash before it, as CSV that no spreadsheet runs, a row at a time."""
    yield "\ufeff"
    yield _write_line(COLUMNS)
    for previous, row in rows:
        told = _describe(previous, row)
        yield _write_line(
            [
                "" if told[name] is None else escape_formula(told[name]) if name in _TEXTS else told[name]
                for name in COLUMNS
            ]
        )


def read_log(home: StrPath | None, since: float | None, until: float | None) -> Iterator[tuple[str, LogRow]]:
    """Rows between two moments, each with the hash before it.

    Raises
    ------
    StoreError
    """
    with read_people(home) as connection:
        if connection is not None:
            yield from _read_between(connection, since, until)


def verify_file(path: Path, *, head: str | None = None) -> Verdict:
    """Verify a file that `export_log` wrote.

    Parameters
    ----------
    path : Path
    head : str, optional
        Hash that the file must hold.

    Raises
    ------
    NotFoundError
        There is no such file.
    ParameterError
        It holds something else.
    """
    if not path.is_file():
        message = f"There is no file {path}."
        raise NotFoundError(message)
    with explain_os_error(path, "read"):
        first = next(_read_file(path), None)
        after = Head(0, GENESIS) if first is None else Head(first[1].number - 1, first[0])
        kept = [] if head is None else [Head(0, check_hash(head))]
        return verify_rows(partial(_read_checked, path), told=None, kept=kept, after=after)


class _Counter:
    """Rows as they pass."""

    def __init__(self) -> None:
        self.n_rows = self.first = 0
        self.head = Head(0, GENESIS)

    def count(self, rows: Iterable[tuple[str, LogRow]]) -> Iterator[tuple[str, LogRow]]:
        for previous, row in rows:
            self.n_rows += 1
            self.first = self.first or row.number
            self.head = Head(row.number, row.hash)
            yield previous, row


def _read_between(connection: sa.Connection, since: float | None, until: float | None) -> Iterator[tuple[str, LogRow]]:
    first = last = None
    if since is not None:
        first = connection.execute(sa.select(sa.func.min(EVENTS.c.event_id)).where(EVENTS.c.at >= since)).scalar_one()
    if until is not None:
        last = connection.execute(sa.select(sa.func.max(EVENTS.c.event_id)).where(EVENTS.c.at < until)).scalar_one()
    if (since is not None and first is None) or (until is not None and last is None):
        return
    before = connection.execute(
        sa.select(EVENTS.c.hash).where(EVENTS.c.event_id == (first or 1) - 1)
    ).scalar_one_or_none()
    previous = GENESIS if before is None else before
    for row in read_rows(connection, first, last):
        yield previous, row
        previous = row.hash


def _say_time(at: Any) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _describe(previous: str, row: LogRow) -> dict[str, Any]:
    told = dict(zip(LogRow._fields, row, strict=True))
    return told | {"time": _say_time(row.at), "previous_hash": previous}


def _write_line(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(list(cells))
    return line.getvalue()


def _write_jsonl(rows: Iterable[tuple[str, LogRow]]) -> Iterator[str]:
    for previous, row in rows:
        told = _describe(previous, row)
        yield json.dumps({name: told[name] for name in COLUMNS}, ensure_ascii=False) + "\n"


def _read_checked(path: Path) -> Iterator[LogRow]:
    previous = None
    for told, row in _read_file(path):
        # one of the two hashes was changed: neither is right then
        yield row if previous in {None, told} else row._replace(hash="")
        previous = row.hash


def _read_file(path: Path) -> Iterator[tuple[str, LogRow]]:
    read = _read_jsonl_rows if path.suffix.lower() == ".jsonl" else _read_csv_rows
    with path.open(encoding="utf-8-sig", newline="") as file:
        n_read = 0
        try:
            for told in read(file):
                row = _read_row(told)
                n_read += 1
                yield row
        except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            message = f"{path}: event {n_read + 1} of the file cannot be read; is it one of `norrsyn audit export`?"
            raise ParameterError(message) from error


def _read_csv_rows(file: IO[str]) -> Iterator[dict[str, Any]]:
    # the limit is the whole process's: whoever reads layers has a larger one
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL))
    for cells in csv.DictReader(file, strict=True):
        if set(cells) != set(COLUMNS):
            raise ValueError  # too many cells, or other columns
        told: dict[str, Any] = {
            name: restore_formula(cells[name]) if name in _TEXTS else cells[name] for name in COLUMNS
        }
        # whoever is nobody, and a salt that is gone
        yield (
            told
            | {"number": int(cells["number"]), "at": float(cells["at"])}
            | {name: told[name] or None for name in ("user_id", "salt")}
        )


def _read_jsonl_rows(file: IO[str]) -> Iterator[dict[str, Any]]:
    for line in file:
        told = json.loads(line)
        if set(told) != set(COLUMNS):
            raise ValueError  # other columns
        yield told


def _read_row(told: dict[str, Any]) -> tuple[str, LogRow]:
    row = LogRow(**{name: told[name] for name in LogRow._fields})
    # the readable time is only another way to write the exact one
    is_told = _say_time(row.at) == told["time"]
    return str(told["previous_hash"]), row if is_told else row._replace(at=float("nan"))
