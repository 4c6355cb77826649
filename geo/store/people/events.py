"""What was done, when and by whom: rows that are added and never changed.

An event names an action and what it was about, and holds nothing of any record. It is written in the transaction of
what it tells of, wherever that is one of these tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from geo.store.home import StrPath
from geo.store.people.database import read_people, write_people
from geo.store.people.tables import EVENTS, USERS

__all__ = ["KINDS", "Event", "insert_event", "list_events", "list_last_events", "note_event"]

KINDS = (
    "first-user",
    "signed-in",
    "signed-out",
    "password-set",
    "user-added",
    "user-changed",
    "link-made",
    "user-disabled",
    "user-enabled",
    "sessions-ended",
    "surface-published",
    "import-sent",
    "layer-rolled-back",
    "plan-made",
    "plan-approved",
    "plan-outcome",
    "plan-closed",
    "plan-cancelled",
    "plan-exported",
    "picture-shared",
    "release-built",
    "release-deleted",
    "link-created",
    "link-approved",
    "link-issued",
    "link-opened",
    "link-refused",
    "link-viewed",
    "link-exported",
    "link-extended",
    "link-revoked",
)


@dataclass(frozen=True)
class Event:
    """Something that was done.

    Attributes
    ----------
    event_id : int, grows
    at : float, s
    user_id, user_name : str, whoever did it, by the name of that day; ``user_id`` is None for nobody who is known, and
        for a command on the server, whose name is ``cli:`` and the system's user
    what : str, one of `KINDS`
    about : str, which user, surface, layer or plan; may be empty
    """

    event_id: int
    at: float
    user_id: str | None
    user_name: str
    what: str
    about: str


def insert_event(
    connection: sa.Connection, user_id: str | None, what: str, about: str = "", *, now: float, name: str = ""
) -> None:
    """Note what a user has done, or whoever is called ``name``, within the transaction in which it is done."""
    if what not in KINDS:
        raise ValueError(what)
    found = connection.execute(sa.select(USERS.c.name).where(USERS.c.user_id == user_id)).scalar_one_or_none()
    row = {"at": now, "user_id": user_id, "user_name": found or name, "what": what, "about": about}
    connection.execute(EVENTS.insert().values(**row))


def note_event(
    home: StrPath | None, user_id: str | None, what: str, about: str = "", *, now: float, name: str = ""
) -> None:
    """Note what a user has done, or whoever is called ``name``, elsewhere than in these tables.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        insert_event(connection, user_id, what, about, now=now, name=name)


def list_events(home: StrPath | None, *, before: int | None = None, limit: int = 100) -> tuple[int, list[Event]]:
    """How many events there are, and the newest of them.

    Parameters
    ----------
    home : path
    before : int, optional
        Only those older than the event of this number.
    limit : int

    Raises
    ------
    StoreError
    """
    ask = sa.select(EVENTS).order_by(EVENTS.c.event_id.desc()).limit(limit)
    if before is not None:
        ask = ask.where(EVENTS.c.event_id < before)
    with read_people(home) as connection:
        if connection is None:
            return 0, []
        total = connection.execute(sa.select(sa.func.count()).select_from(EVENTS)).scalar_one()
        rows = connection.execute(ask).all()
    return total, [Event(row.event_id, row.at, row.user_id, row.user_name, row.what, row.about) for row in rows]


def list_last_events(home: StrPath | None) -> dict[str, float]:
    """When each user last did something that is noted, by user id.

    Raises
    ------
    StoreError
    """
    ask = sa.select(EVENTS.c.user_id, sa.func.max(EVENTS.c.at)).where(EVENTS.c.user_id.is_not(None))
    with read_people(home) as connection:
        rows = [] if connection is None else connection.execute(ask.group_by(EVENTS.c.user_id)).all()
    return {str(user_id): float(at) for user_id, at in rows}
