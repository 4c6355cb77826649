"""Writing events at the end of their chain, one writer after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from geo.store.database import is_postgres
from geo.store.people.chain import GENESIS, Content, Head, LogRow, hash_content, hash_event, make_salt
from geo.store.people.tables import EVENT_HEAD, EVENTS

__all__ = [
    "NewEvent",
    "append_events",
    "chain_events",
    "find_head",
    "find_last",
    "guard_events",
    "lock_head",
    "set_head",
    "unguard_events",
]

_BATCH = 5_000
_MESSAGE = "the audit log is append-only"
# what may become of an event: nothing, but that its content is emptied
_FIXED = ("event_id", "at", "what", "content_hash", "hash")
_IS_EMPTIED = "NEW.salt IS NULL AND NEW.user_id IS NULL AND NEW.user_name = '' AND NEW.about = '' AND NEW.basis = ''"


class NewEvent(NamedTuple):
    """An event that has no number yet."""

    at: float
    what: str
    content: Content


def append_events(connection: sa.Connection, new: Iterable[NewEvent]) -> Head:
    """Put events at the end of the chain; other writers wait until the transaction ends.

    Returns
    -------
    Head, the last of them
    """
    head = lock_head(connection)
    batch: list[LogRow] = []
    for row in chain_events(new, head):
        batch.append(row)
        if len(batch) == _BATCH:
            _insert(connection, batch)
            batch = []
        head = Head(row.number, row.hash)
    _insert(connection, batch)
    set_head(connection, head)
    return head


def chain_events(new: Iterable[NewEvent], head: Head) -> Iterator[LogRow]:
    """Events as they stand in the chain after a head."""
    for each in new:
        salt, number = make_salt(), head.number + 1
        content_hash = hash_content(salt, each.content)
        linked = hash_event(head.hash, number, each.at, each.what, content_hash)
        content = each.content
        yield LogRow(
            number,
            each.at,
            content.user_id,
            content.user_name,
            each.what,
            content.about,
            content.basis,
            salt,
            content_hash,
            linked,
        )
        head = Head(number, linked)


def lock_head(connection: sa.Connection) -> Head:
    """The chain's last event, which nobody else goes on from until the transaction ends."""
    ask = sa.select(EVENT_HEAD.c.number, EVENT_HEAD.c.hash)
    # on SQLite whoever writes is alone already
    row = connection.execute(ask.with_for_update() if is_postgres(connection) else ask).one_or_none()
    if row is not None:
        return Head(row.number, row.hash)
    # somebody has deleted it: what is done now must be noted all the same
    head = find_last(connection)
    connection.execute(EVENT_HEAD.insert().values(head_id=1, number=head.number, hash=head.hash))
    return head


def find_last(connection: sa.Connection) -> Head:
    """The last row; number 0 where there is none."""
    ask = sa.select(EVENTS.c.event_id, EVENTS.c.hash).order_by(EVENTS.c.event_id.desc()).limit(1)
    row = connection.execute(ask).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.event_id, row.hash)


def find_head(connection: sa.Connection) -> Head:
    """The chain's last event as the database has it; number 0 where there is none."""
    row = connection.execute(sa.select(EVENT_HEAD.c.number, EVENT_HEAD.c.hash)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.number, row.hash)


def set_head(connection: sa.Connection, head: Head) -> None:
    """Say which event is the last."""
    connection.execute(EVENT_HEAD.update().values(number=head.number, hash=head.hash))


def guard_events(connection: sa.Connection) -> None:
    """Let the database itself refuse to change, delete or replace events; emptying one stays possible."""
    changes = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FIXED)
    if is_postgres(connection):
        _guard_postgres(connection, changes)
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    changes = changes.replace("IS DISTINCT FROM", "IS NOT")
    for statement in (
        f"CREATE TRIGGER events_kept BEFORE DELETE ON events {refuse}",
        f"CREATE TRIGGER events_fixed BEFORE UPDATE ON events WHEN {changes} OR NOT ({_IS_EMPTIED}) {refuse}",
        # REPLACE deletes without asking the trigger above; a gap that somebody has made must not stop the log
        "CREATE TRIGGER events_appended BEFORE INSERT ON events "  # noqa: S608  our own names
        f"WHEN NEW.event_id <= (SELECT max(event_id) FROM events) {refuse}",
    ):
        connection.exec_driver_sql(statement)


def unguard_events(connection: sa.Connection) -> None:
    """Take the guards off, for restoring a backup into a log that holds something."""
    table = " ON events" if is_postgres(connection) else ""
    for name in ("events_kept", "events_fixed", "events_appended"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{table}")


def _guard_postgres(connection: sa.Connection, changes: str) -> None:
    function = (
        "CREATE OR REPLACE FUNCTION norrsyn_refuse_event() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
    )
    refuse = "EXECUTE FUNCTION norrsyn_refuse_event()"
    for statement in (
        function,
        f"CREATE TRIGGER events_kept BEFORE DELETE OR TRUNCATE ON events FOR EACH STATEMENT {refuse}",
        f"CREATE TRIGGER events_fixed BEFORE UPDATE ON events FOR EACH ROW "
        f"WHEN ({changes} OR NOT ({_IS_EMPTIED})) {refuse}",
    ):
        connection.exec_driver_sql(statement)


def _insert(connection: sa.Connection, rows: Sequence[LogRow]) -> None:
    if rows:
        names = EVENTS.columns.keys()
        connection.execute(EVENTS.insert(), [dict(zip(names, row, strict=True)) for row in rows])
