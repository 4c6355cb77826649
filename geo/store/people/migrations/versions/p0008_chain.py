"""Events are chained by hashes; those of before are taken in, which an event tells."""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from geo.store.people.appending import NewEvent, chain_events, guard_events
from geo.store.people.chain import GENESIS, Content, Head

revision = "p0008"
down_revision = "p0007"
branch_labels = None
depends_on = None

_BATCH = 5_000


def upgrade() -> None:
    """Make the table anew, with a number, a salt and two hashes for each event, and guard it."""
    chained = op.create_table(
        "events_chained",
        sa.Column("event_id", sa.Integer, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("salt", sa.Text),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="events_number"),
    )
    head_table = op.create_table(
        "event_head",
        sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    head = _take_in(connection, chained)
    connection.execute(head_table.insert().values(head_id=1, number=head.number, hash=head.hash))
    op.drop_table("events")
    op.rename_table("events_chained", "events")
    op.create_index("ix_events_at", "events", ["at"])
    guard_events(connection)


def _take_in(connection: sa.Connection, chained: sa.Table) -> Head:
    names, head, batch = chained.columns.keys(), Head(0, GENESIS), []
    for row in chain_events(_list_old(connection), head):
        batch.append(dict(zip(names, row, strict=True)))
        if len(batch) == _BATCH:
            connection.execute(chained.insert(), batch)
            batch = []
        head = Head(row.number, row.hash)
    if batch:
        connection.execute(chained.insert(), batch)
    return head


def _list_old(connection: sa.Connection) -> Iterator[NewEvent]:
    names = ("at", "user_id", "user_name", "what", "about")
    last, n_taken = None, 0
    while True:
        # a few at a time: they are written while they are read
        where = "" if last is None else "WHERE event_id > :last "
        ask = sa.text(f"SELECT event_id, {', '.join(names)} FROM events {where}ORDER BY event_id LIMIT {_BATCH}")  # noqa: S608
        rows = connection.execute(ask, {} if last is None else {"last": last}).all()
        for row in rows:
            yield NewEvent(row.at, row.what, Content(row.user_id, row.user_name, row.about, ""))
        n_taken += len(rows)
        if len(rows) < _BATCH:
            break
        last = rows[-1].event_id
    if n_taken:
        yield NewEvent(time.time(), "chain-begun", Content(None, "norrsyn", f"1–{n_taken}", ""))
