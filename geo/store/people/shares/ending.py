"""Links that come back from a backup are over."""

from __future__ import annotations

import sqlalchemy as sa

from geo.store.people.events import insert_event
from geo.store.people.sessions import end_expired_shares
from geo.store.people.shares.links import describe_row, read_names
from geo.store.people.shares.readable import find_row
from geo.store.people.shares.terms import EXPIRED, RESTORED, describe_terms, describe_unreadable, find_terms
from geo.store.people.tables import SHARE_LINKS, SHARE_SESSIONS

__all__ = ["RESTORED_BY", "end_restored"]

# stands where a user's id does
RESTORED_BY = "norrsyn"


def end_restored(connection: sa.Connection, *, now: float) -> int:
    """End every link that is not over, also one that only waits for its address; the log tells of each, and why.

    It also tells of those that have expired meanwhile, since the backup may have them otherwise than the log had.
    """
    held = SHARE_LINKS.c
    is_open = held.ended_at.is_(None)
    came_back = connection.execute(sa.select(held.link_id).where(is_open).order_by(held.link_id)).scalars().all()
    # what has expired meanwhile has done so by itself
    end_expired_shares(connection, now)
    values = {"ended_at": now, "ended_by": RESTORED_BY, "ended_why": "restored"}
    n_ended = connection.execute(SHARE_LINKS.update().where(is_open).values(**values)).rowcount
    connection.execute(SHARE_SESSIONS.delete())
    for link_id in came_back:
        terms = find_terms(connection, link_id)
        row = find_row(connection, sa.select(SHARE_LINKS).where(held.link_id == link_id))
        if row is None:
            # changed by hand before it came into the backup
            what, told, basis = "link-revoked", f"{describe_unreadable(link_id, terms)}; {RESTORED}", ""
        else:
            link = describe_row(row, read_names(connection), now)
            what, why = ("link-restored", EXPIRED) if link.state == "expired" else ("link-revoked", RESTORED)
            told, basis = f"{describe_terms(link, terms)}; {why}", link.basis
        insert_event(connection, None, what, told, now=now, name=RESTORED_BY, basis=basis)
    return int(n_ended)
