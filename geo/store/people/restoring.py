"""Tables of people from a backup: whom it knows, what they keep, share links, and the log of what was done.

No link comes back alive: one may have been revoked after the backup was taken, and what opens it is not in there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeAlias

import pyarrow.parquet as pq
import sqlalchemy as sa

from geo.errors import StoreError
from geo.store.people.appending import (
    NewEvent,
    append_events,
    find_last,
    guard_events,
    set_head,
    unguard_events,
)
from geo.store.people.chain import GENESIS, Content, Head, LogRow
from geo.store.people.emptied import EMPTIED
from geo.store.people.shares.ending import end_restored
from geo.store.people.tables import EVENTS, KEPT_IN_BACKUPS
from geo.store.people.verifying import TAKEN_IN, read_rows
from geo.store.table_files import read_table

__all__ = ["restore_people"]

OpenTable: TypeAlias = Callable[[sa.Table], IO[bytes] | None]

_BATCH = 20_000
# of an event in backups of before there was a chain
_BEFORE_CHAIN = ("at", "user_id", "user_name", "what", "about")
# what these tell is of numbers that events had before, and would be taken for those that they get
_OF_NUMBERS = frozenset({EMPTIED, TAKEN_IN})
_ELSEWHERE = "-elsewhere"


def restore_people(people: sa.Connection, open_table: OpenTable, home: Path, told_head: Any) -> bool:
    """Put back what a backup has of people, and say whether the log that was here is another now.

    Parameters
    ----------
    people : Connection, of `write_people`
    open_table : function that opens a table's Parquet file; None where the backup has none
    home : Path, for what is told
    told_head : number and hash of the log's last event, as the backup says them

    Raises
    ------
    StoreError
        Somebody is here who is not in the backup.
    """
    # who owns a row goes after it, and comes back before it
    owned = [table for table in KEPT_IN_BACKUPS if table is not EVENTS]
    for table in reversed(owned):
        _refuse_others(people, table, open_table, home)
    for table in owned:
        file = open_table(table)
        if file is not None:
            with file:
                read_table(people, table, file)
    end_restored(people, now=time.time())
    return _restore_log(people, open_table, _read_head(told_head))


def _refuse_others(people: sa.Connection, table: sa.Table, open_table: OpenTable, home: Path) -> None:
    """Clear a table of people that holds nothing but what comes back, and refuse one that holds anybody else."""
    (key,) = table.primary_key.columns
    there = set(people.execute(sa.select(key)).scalars())
    file = open_table(table)
    if file is not None:
        with file:
            there -= set(pq.read_table(file, columns=[key.name])[key.name].to_pylist())
        if not there:
            people.execute(table.delete())
    if there:
        message = (
            f"{home} has users who are not in the backup, or saved views or shortlists of theirs, and a backup is "
            "restored into an empty store only; choose another data folder or database."
        )
        raise StoreError(message)


def _restore_log(people: sa.Connection, open_table: OpenTable, told_head: Head | None) -> bool:
    """The log that was backed up, and after it what was noted here; whether the log that was here is another now.

    No event is lost, and an event tells which of them were noted here, with the head that they had. A log that goes on
    from the backup's stays as it is.
    """
    file = open_table(EVENTS)
    if file is None:
        return False
    head = find_last(people)
    with file:
        rows = pq.ParquetFile(file)
        here = _list_others(people, rows)
        if here is None:
            return False
        if head.number:
            unguard_events(people)
            people.execute(EVENTS.delete())
            guard_events(people)
        _put_first(people, rows, file, told_head)
    if here:
        last = append_events(people, (_take_in(row._asdict(), row.basis) for row in here)).number
        _tell(people, "log-restored", f"{last - len(here) + 1}–{last}; {head.number} {head.hash}")
    return bool(head.number)


def _is_chained(rows: pq.ParquetFile) -> bool:
    return "hash" in rows.schema_arrow.names


def _list_others(people: sa.Connection, rows: pq.ParquetFile) -> list[LogRow] | None:
    """Events noted here that are not in the backup; None where the log here goes on from the backup's."""
    columns = ["hash"] if _is_chained(rows) else list(_BEFORE_CHAIN)
    known = [tuple(row.values()) for row in rows.read(columns).to_pylist()]
    if _is_chained(rows) and known:
        ask = sa.select(EVENTS.c.hash).where(EVENTS.c.hash == known[-1][0])
        if people.scalar(ask):
            return None
    there = set(known)
    return [row for row in read_rows(people) if tuple(row._asdict()[each] for each in columns) not in there]


def _put_first(people: sa.Connection, rows: pq.ParquetFile, file: IO[bytes], told_head: Head | None) -> None:
    """The backup's events into an empty log."""
    set_head(people, Head(0, GENESIS))
    if _is_chained(rows):
        file.seek(0)
        read_table(people, EVENTS, file)
        set_head(people, told_head or find_last(people))
    elif rows.metadata.num_rows:
        old = (row for batch in rows.iter_batches(_BATCH) for row in batch.to_pylist())
        _tell(people, TAKEN_IN, f"1–{append_events(people, (_take_in(row, '') for row in old)).number}")


def _read_head(told: Any) -> Head | None:
    try:
        number, digest = told
        return Head(int(number), str(digest))
    except (TypeError, ValueError):
        return None


def _take_in(row: dict[str, Any], basis: str) -> NewEvent:
    what = f"{row['what']}{_ELSEWHERE}" if row["what"] in _OF_NUMBERS else row["what"]
    return NewEvent(row["at"], what, Content(row["user_id"], row["user_name"], row["about"], basis))


def _tell(people: sa.Connection, what: str, about: str) -> None:
    append_events(people, [NewEvent(time.time(), what, Content(None, "norrsyn", about, ""))])
