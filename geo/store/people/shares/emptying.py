"""What is kept of links that ended long ago: what they showed and how often, not to whom, by whom or what for."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from geo.store.database import reach_engine
from geo.store.forgetting import forget_pages
from geo.store.home import StrPath, default_home, open_home
from geo.store.people.database import PEOPLE_CHAIN, lock_people, write_people
from geo.store.people.emptied import DAY_S
from geo.store.people.events import insert_event
from geo.store.people.sessions import end_expired_shares
from geo.store.people.shares.terms import EMPTIED, describe_emptied
from geo.store.people.tables import SHARE_LINKS

__all__ = ["empty_links"]

_WHO = ("created_by", "approved_by", "issued_by", "extended_by", "ended_by")
_TEXTS = ("recipient", "recipient_key", "purpose", "contact")
_NOTHING = ("token_hash", "password_hash", "code_hash", "area", "area_asked")


def empty_links(home: StrPath | None, *, before: float, days: int, now: float, name: str) -> int:
    """Empty links that ended before a moment and so many days ago, in the table and in the database's files.

    What stays is which release, sectors and layers they showed, on which basis, when, and how often: the log names them
    by their id. A drawn area may tell who it was drawn for, and goes.

    Parameters
    ----------
    home : path
    before : float, s
    days : int
    now : float, s
    name : str, whoever does it

    Returns
    -------
    int, how many

    Raises
    ------
    StoreError
        They cannot be written to, or a reader keeps the old pages; ask again then.
    """
    path = default_home() if home is None else Path(home)
    if reach_engine(path, create=False, chain=PEOPLE_CHAIN) is None:
        return 0
    held = SHARE_LINKS.c
    is_old = (held.ended_at < min(before, now - days * DAY_S)) & (held.recipient_key != "")
    # who is not there stays so
    who = {each: sa.case((held[each].is_(None), None), else_="") for each in _WHO}
    with write_people(path) as connection:
        lock_people(connection)
        end_expired_shares(connection, now)
        texts, nothing = dict.fromkeys(_TEXTS, ""), dict.fromkeys(_NOTHING, sa.null())
        done = connection.execute(SHARE_LINKS.update().where(is_old).values(**who, **texts, **nothing)).rowcount
        if done:
            insert_event(connection, None, EMPTIED, describe_emptied(done, days), now=now, name=name)
    # also where nothing was found: an earlier run may have been killed before it came to this
    engine = reach_engine(open_home(path), create=True, chain=PEOPLE_CHAIN)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    forget_pages(engine, [SHARE_LINKS])
    return int(done)
