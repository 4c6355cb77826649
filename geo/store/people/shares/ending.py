"""Links that come back from a backup are over."""

from __future__ import annotations

import sqlalchemy as sa

from geo.store.people.events import insert_event
from geo.store.people.sessions import end_expired_shares
from geo.store.people.tables import SHARE_LINKS, SHARE_SESSIONS

__all__ = ["RESTORED_BY", "end_restored"]

# stands where a user's id does
RESTORED_BY = "norrsyn"


def end_restored(connection: sa.Connection, *, now: float) -> int:
    """End every link that is not over, also one that only waits for its address; the log tells of each, and why."""
    held = SHARE_LINKS.c
    # what has expired meanwhile has done so by itself
    end_expired_shares(connection, now)
    is_open = held.ended_at.is_(None)
    rows = connection.execute(
        sa.select(held.link_id, held.recipient, held.release_id, held.basis).where(is_open).order_by(held.link_id)
    ).all()
    values = {"ended_at": now, "ended_by": RESTORED_BY, "ended_why": "restored"}
    connection.execute(SHARE_LINKS.update().where(is_open).values(**values))
    connection.execute(SHARE_SESSIONS.delete())
    for row in rows:
        about = f"{row.link_id}: {row.recipient}; {row.release_id}; restored from a backup"
        insert_event(connection, None, "link-revoked", about, now=now, name=RESTORED_BY, basis=row.basis)
    return len(rows)
