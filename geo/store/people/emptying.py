"""Emptying events that were kept long enough: who, about, basis and salt go, number, time, kind and hashes stay.

What is emptied are always the oldest events by number, up to the first that is younger. An event tells how far and how
many days were kept, so that verifying tells it from an event that somebody else has emptied, or too early.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geo.errors import ParameterError
from geo.store.database import reach_engine
from geo.store.forgetting import forget_pages
from geo.store.home import StrPath, default_home, open_home
from geo.store.people.appending import lock_head
from geo.store.people.chain import Content, LogRow
from geo.store.people.database import PEOPLE_CHAIN, write_people
from geo.store.people.emptied import DAY_S, EMPTIED, LEAST_DAYS, read_told, write_told
from geo.store.people.events import insert_event
from geo.store.people.tables import EVENTS

__all__ = ["Emptied", "empty_events"]


@dataclass(frozen=True)
class Emptied:
    """How many events were emptied now, and up to which number all are."""

    events: int
    up_to: int


def empty_events(home: StrPath | None, *, before: float, days: int, now: float, name: str) -> Emptied:
    """Empty the events of before a moment that were kept so many days, in the table and in the database's files.

    Parameters
    ----------
    home : path
    before : float, s
    days : int, not fewer than `LEAST_DAYS`; what is younger by ``now`` stays, whatever ``before`` is
    now : float, s
    name : str, whoever does it

    Raises
    ------
    ParameterError
        So few days must not be kept.
    StoreError
        The log cannot be written to, or a reader keeps the old pages; ask again then.
    """
    if days < LEAST_DAYS:
        message = f"Events of the audit log are kept for {LEAST_DAYS} days at least, not for {days}."
        raise ParameterError(message)
    path = default_home() if home is None else Path(home)
    if reach_engine(path, create=False, chain=PEOPLE_CHAIN) is None:
        return Emptied(0, 0)
    with write_people(path) as connection:
        lock_head(connection)
        up_to = _find_last_old(connection, min(before, now - days * DAY_S), now)
        nothing = Content(None, "", "", "")._asdict()
        old = (EVENTS.c.event_id <= up_to) & EVENTS.c.salt.is_not(None)
        n_emptied = connection.execute(EVENTS.update().where(old).values(salt=None, **nothing)).rowcount
        if n_emptied:
            insert_event(connection, None, EMPTIED, write_told(up_to, days), now=now, name=name)
    # also where nothing was found: an earlier run may have been killed before it came to this
    engine = reach_engine(open_home(path), create=True, chain=PEOPLE_CHAIN)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    forget_pages(engine, [EVENTS])
    return Emptied(n_emptied, up_to)


def _find_last_old(connection: sa.Connection, before: float, now: float) -> int:
    """Number of the last event to be emptied; 0 where there is none.

    A clock that was ahead for a while must not keep what came after it: such events go with older ones that stand after
    them, unless they are the most, when it is rather the clock of now that is wrong.
    """
    number, at, is_full = EVENTS.c.event_id, EVENTS.c.at, EVENTS.c.salt.is_not(None)

    def find(what: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> int | None:
        found: int | None = connection.execute(sa.select(what).where(*where)).scalar_one()
        return found

    is_young = (at >= before) & (at <= now)
    end = find(sa.func.min(number), is_full, is_young)
    is_old = is_full & (at < before)
    up_to = find(sa.func.max(number), is_old, *([] if end is None else [number < end])) or 0
    # One that was ahead when it was emptied: what tells of it must stay, while by what would tell of it next it was not
    # old enough.
    tellings = [one for row in _list_tellings(connection) if (one := read_told(row)) is not None]
    while passed := [one for one in tellings if one.number <= up_to]:
        after = next((one for one in tellings if one.number > up_to), None)
        first, last = (before, now) if after is None else (after.at - after.days * DAY_S, after.at)
        if not find(sa.func.count(), ~is_full, at >= first, at <= last):
            break
        up_to = find(sa.func.max(number), is_old, number < passed[-1].number) or 0
    n_ahead = find(sa.func.count(), is_full, number <= up_to, at > now) or 0
    n_old = find(sa.func.count(), is_full, number <= up_to, at < before) or 0
    return up_to if n_ahead <= n_old else 0


def _list_tellings(connection: sa.Connection) -> list[LogRow]:
    """Events that tell of an emptying and are not emptied themselves, by number."""
    ask = sa.select(EVENTS).where(EVENTS.c.what == EMPTIED, EVENTS.c.salt.is_not(None)).order_by(EVENTS.c.event_id)
    return [LogRow._make(row) for row in connection.execute(ask)]
