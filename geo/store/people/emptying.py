"""Emptying events that were kept long enough: who, about, basis and salt go, number, time, kind and hashes stay.

What is emptied are always the oldest events by number, up to the first that is younger. An event tells how far, so that
verifying tells it from an event that somebody else has emptied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from geo.store.database import reach_engine
from geo.store.forgetting import forget_pages
from geo.store.home import StrPath, default_home, open_home
from geo.store.people.appending import lock_head
from geo.store.people.chain import Content
from geo.store.people.database import PEOPLE_CHAIN, write_people
from geo.store.people.events import insert_event
from geo.store.people.tables import EVENTS
from geo.store.people.verifying import EMPTIED

__all__ = ["Emptied", "empty_events"]


@dataclass(frozen=True)
class Emptied:
    """How many events were emptied now, and up to which number all are."""

    events: int
    up_to: int


def empty_events(home: StrPath | None, *, before: float, now: float, name: str) -> Emptied:
    """Empty the events of before a moment, in the table and in the database's files.

    Parameters
    ----------
    home : path
    before, now : float, s
    name : str, whoever does it

    Raises
    ------
    StoreError
        The log cannot be written to, or a reader keeps the old pages; ask again then.
    """
    path = default_home() if home is None else Path(home)
    if reach_engine(path, create=False, chain=PEOPLE_CHAIN) is None:
        return Emptied(0, 0)
    number = EVENTS.c.event_id
    with write_people(path) as connection:
        lock_head(connection)
        # a clock that was ahead for a while must not keep what came after it
        is_young = (EVENTS.c.at >= before) & (EVENTS.c.at <= now)
        young = connection.execute(sa.select(sa.func.min(number)).where(is_young)).scalar_one()
        last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(number), 0))).scalar_one()
        up_to = int(last if young is None else young - 1)
        nothing = Content(None, "", "", "")._asdict()
        old = (number <= up_to) & EVENTS.c.salt.is_not(None)
        n_emptied = connection.execute(EVENTS.update().where(old).values(salt=None, **nothing)).rowcount
        if n_emptied:
            insert_event(connection, None, EMPTIED, f"1–{up_to}", now=now, name=name)
    # also where nothing was found: an earlier run may have been killed before it came to this
    engine = reach_engine(open_home(path), create=True, chain=PEOPLE_CHAIN)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    forget_pages(engine, [EVENTS])
    return Emptied(n_emptied, up_to)
