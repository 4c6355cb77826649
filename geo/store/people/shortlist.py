"""The places that a user has put aside to choose from: cells and sites in an order of one's own, with notes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import ChangedError, NotFoundError, ParameterError
from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.tables import SHORTLIST
from geo.store.people.texts import find_text_fault, tidy_text

__all__ = ["CELLS", "MAX_ENTRIES", "MAX_NOTE", "Entry", "add_entry", "change_entry", "list_entries", "remove_entry"]

# what stands for a layer where an entry is a cell
CELLS = "cells"
MAX_NOTE = 1_000
MAX_ENTRIES = 200


@dataclass(frozen=True)
class Entry:
    """A cell or site on a shortlist.

    Attributes
    ----------
    entry_id : str
    layer : str, of the record, or `CELLS`
    record_id : str, of the record or cell
    note : str
    added_at : float, s
    version : int, of the note
    """

    entry_id: str
    layer: str
    record_id: str
    note: str
    added_at: float
    version: int = 1


def list_entries(home: StrPath | None, user_id: str) -> list[Entry]:
    """A user's shortlist in its order.

    Raises
    ------
    StoreError
    """
    with read_people(home) as connection:
        return [] if connection is None else _list(connection, user_id)


def add_entry(
    home: StrPath | None, user_id: str, layer: str, record_id: str, *, note: str = "", now: float
) -> tuple[Entry, bool]:
    """Put a cell or site at the end of a user's shortlist; what is there already stays as it is.

    Returns
    -------
    Entry
    bool, whether it is new

    Raises
    ------
    ParameterError
        The note cannot be kept, or there are `MAX_ENTRIES` already.
    StoreError
    """
    kept = _check_note(note)
    with write_people(home) as connection:
        lock_people(connection)
        entries = _list(connection, user_id)
        for entry in entries:
            if (entry.layer, entry.record_id) == (layer, record_id):
                return entry, False
        if len(entries) >= MAX_ENTRIES:
            message = f"Your shortlist has {MAX_ENTRIES} entries, which is as many as it holds; remove one first."
            raise ParameterError(message)
        new = Entry(uuid.uuid4().hex, layer, record_id, kept, now)
        connection.execute(SHORTLIST.insert().values(user_id=user_id, position=len(entries), **new.__dict__))
        return new, True


def change_entry(
    home: StrPath | None,
    user_id: str,
    entry_id: str,
    *,
    position: int | None = None,
    note: str | None = None,
    version: int | None = None,
) -> Entry:
    """Move an entry to a position from 0, or to the end where there are fewer, and change its note; None stays.

    Parameters
    ----------
    home : path
    user_id, entry_id : str
    position : int, optional
    note : str, optional
    version : int, of the note that the new one is to take the place of; None: whichever is there

    Raises
    ------
    ChangedError
        There is another note than that one by now, and it is not the new one; nothing is changed.
    NotFoundError
        There is no such entry on the user's shortlist.
    ParameterError, StoreError
    """
    kept = None if note is None else _check_note(note)
    with write_people(home) as connection:
        lock_people(connection)
        entries = _list(connection, user_id)
        entry = _find(entries, entry_id)
        if kept is not None and kept != entry.note:
            if version not in {None, entry.version}:
                message = "The note was changed meanwhile, in another tab; look at both."
                raise ChangedError(message, entry)
            changed = {"note": kept, "version": entry.version + 1}
            connection.execute(SHORTLIST.update().where(SHORTLIST.c.entry_id == entry_id).values(**changed))
        if position is not None:
            ids = [one.entry_id for one in entries if one is not entry]
            ids.insert(max(position, 0), entry_id)
            _number(connection, ids)
        return _find(_list(connection, user_id), entry_id)


def remove_entry(home: StrPath | None, user_id: str, entry_id: str) -> None:
    """Take an entry off a user's shortlist; those after it move up.

    Raises
    ------
    NotFoundError
        There is no such entry on the user's shortlist.
    StoreError
    """
    with write_people(home) as connection:
        lock_people(connection)
        entries = _list(connection, user_id)
        gone = _find(entries, entry_id)
        connection.execute(SHORTLIST.delete().where(SHORTLIST.c.entry_id == entry_id))
        _number(connection, [one.entry_id for one in entries if one is not gone])


def _check_note(note: str) -> str:
    kept = tidy_text(note, has_lines=True)
    if fault := find_text_fault(kept, MAX_NOTE, has_lines=True):
        message = f"The note {fault}."
        raise ParameterError(message)
    return kept


def _list(connection: sa.Connection, user_id: str) -> list[Entry]:
    ask = sa.select(SHORTLIST).where(SHORTLIST.c.user_id == user_id)
    rows = connection.execute(ask.order_by(SHORTLIST.c.position, SHORTLIST.c.entry_id)).mappings()
    return [_read_entry(row) for row in rows]


def _find(entries: list[Entry], entry_id: str) -> Entry:
    for entry in entries:
        if entry.entry_id == entry_id:
            return entry
    message = "There is no such entry on your shortlist any more; it may have been removed in another tab."
    raise NotFoundError(message)


def _number(connection: sa.Connection, ids: list[str]) -> None:
    for position, entry_id in enumerate(ids):
        where = sa.and_(SHORTLIST.c.entry_id == entry_id, SHORTLIST.c.position != position)
        connection.execute(SHORTLIST.update().where(where).values(position=position))


def _read_entry(row: Any) -> Entry:
    return Entry(row["entry_id"], row["layer"], row["record_id"], row["note"], row["added_at"], row["version"])
