"""What was done, when, by whom and on which basis: rows that are added to a chain of hashes and never changed.

An event names an action and what it was about, and holds nothing of any record. It is written in the transaction of
what it tells of, wherever that is one of these tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.store.home import StrPath
from geo.store.people.appending import NewEvent
from geo.store.people.chain import Content
from geo.store.people.database import queue_event, read_people, write_people
from geo.store.people.tables import EVENTS, USERS

__all__ = [
    "KINDS",
    "OF_RECORDS",
    "Event",
    "EventFilter",
    "insert_event",
    "list_events",
    "list_last_events",
    "note_event",
    "note_events",
]

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
    # it came back from a backup, and has expired meanwhile
    "link-restored",
    # who saw what: see `api.witness`
    "map-viewed",
    "cell-viewed",
    "site-viewed",
    "sites-listed",
    # pages of share links, which name their recipients
    "links-viewed",
    "plan-viewed",
    "import-viewed",
    "quarantine-viewed",
    "quarantine-exported",
    "layer-exported",
    "surface-exported",
    "surface-scored",
    # of the log itself; what they are about is read by `geo.store.people.verifying`
    "chain-begun",
    "log-restored",
    "audit-emptied",
    "links-emptied",
    # noted in a log that a backup's was put before: of numbers that are others now
    "chain-begun-elsewhere",
    "audit-emptied-elsewhere",
    "audit-viewed",
    "audit-exported",
    "audit-verified",
)


# what they are about names records, or surfaces scored from all of them, which not every circle may know of
OF_RECORDS = frozenset(
    {
        "cell-viewed",
        "site-viewed",
        "import-viewed",
        "quarantine-viewed",
        "quarantine-exported",
        "layer-exported",
        "surface-exported",
        "surface-published",
        "surface-scored",
    }
)


@dataclass(frozen=True)
class Event:
    """Something that was done.

    Attributes
    ----------
    event_id : int, counts from 1 without a gap
    at : float, s
    user_id, user_name : str, whoever did it, by the name of that day; ``user_id`` is None for nobody who is known, and
        for a command on the server, whose name is ``cli:`` and the system's user
    what : str, one of `KINDS`
    about : str, which user, surface, layer, record or plan; may be empty
    basis : str, role or legal basis on which it was done or seen; may be empty
    is_emptied : bool, whether who, about and basis were kept long enough and are gone
    """

    event_id: int
    at: float
    user_id: str | None
    user_name: str
    what: str
    about: str
    basis: str = ""
    is_emptied: bool = False


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted.

    Attributes
    ----------
    what : str, one of `KINDS`; empty for all
    who : str, part of a name, or an id
    thing : str, part of what they are about
    since, until : float, s, the first moment and the one after the last; None for no limit
    hides_records : bool, whether ``about`` is withheld where it names records, and not looked for there
    """

    what: str = ""
    who: str = ""
    thing: str = ""
    since: float | None = None
    until: float | None = None
    hides_records: bool = False


def insert_event(
    connection: sa.Connection,
    user_id: str | None,
    what: str,
    about: str = "",
    *,
    now: float,
    name: str = "",
    basis: str = "",
) -> None:
    """Note what a user has done, or whoever is called ``name``, within the transaction in which it is done.

    The row is written when the transaction of `write_people` ends.
    """
    if what not in KINDS:
        raise ValueError(what)
    found = connection.execute(sa.select(USERS.c.name).where(USERS.c.user_id == user_id)).scalar_one_or_none()
    queue_event(connection, NewEvent(float(now), what, Content(user_id or None, found or name, about, basis)))


def note_event(
    home: StrPath | None,
    user_id: str | None,
    what: str,
    about: str = "",
    *,
    now: float,
    name: str = "",
    basis: str = "",
) -> None:
    """Note what a user has done, or whoever is called ``name``, elsewhere than in these tables.

    Raises
    ------
    StoreError
    """
    note_events(home, user_id, what, [about], now=now, name=name, basis=basis)


def note_events(
    home: StrPath | None,
    user_id: str | None,
    what: str,
    things: Iterable[str],
    *,
    now: float,
    name: str = "",
    basis: str = "",
) -> None:
    """`note_event` for several things at once: all of them are noted, or none.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        for about in things:
            insert_event(connection, user_id, what, about, now=now, name=name, basis=basis)


def list_events(
    home: StrPath | None, wanted: EventFilter | None = None, *, before: int | None = None, limit: int = 100
) -> tuple[int, list[Event]]:
    """How many events there are, and the newest of them.

    Parameters
    ----------
    home : path
    wanted : EventFilter, optional
        Only these; all when left out.
    before : int, optional
        Only those older than the event of this number.
    limit : int

    Raises
    ------
    StoreError
    """
    wanted = wanted or EventFilter()
    conditions = _list_conditions(wanted)
    ask = sa.select(EVENTS).where(*conditions).order_by(EVENTS.c.event_id.desc()).limit(limit)
    if before is not None:
        ask = ask.where(EVENTS.c.event_id < before)
    with read_people(home) as connection:
        if connection is None:
            return 0, []
        total = connection.execute(sa.select(sa.func.count()).select_from(EVENTS).where(*conditions)).scalar_one()
        rows = connection.execute(ask).all()
    return total, [_describe(row, hides=wanted.hides_records) for row in rows]


def _describe(row: sa.Row[Any], *, hides: bool) -> Event:
    about = "" if hides and row.what in OF_RECORDS else row.about
    told = (row.event_id, row.at, row.user_id, row.user_name, row.what, about, row.basis)
    return Event(*told, is_emptied=row.salt is None)


def _list_conditions(wanted: EventFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.what:
        found.append(EVENTS.c.what == wanted.what)
    if wanted.who:
        is_named = EVENTS.c.user_name.icontains(wanted.who, autoescape=True)
        found.append(is_named | (EVENTS.c.user_id == wanted.who))
    if wanted.thing:
        found.append(EVENTS.c.about.icontains(wanted.thing, autoescape=True))
        if wanted.hides_records:
            found.append(EVENTS.c.what.not_in(OF_RECORDS))
    if wanted.since is not None:
        found.append(EVENTS.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(EVENTS.c.at < wanted.until)
    return found


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
