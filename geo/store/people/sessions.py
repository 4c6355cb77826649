"""Sessions: who is signed in, for how long, and how that ends.

A session ends when its row is gone. Rows that have expired are deleted as soon as anybody looks, and one that was seen
in what is now the future is dead too: a clock that is put back revives nothing.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import StoreError
from geo.store.home import StrPath
from geo.store.people.database import read_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.tables import ATTEMPTS, DEVICES, LINKS, SESSIONS, SHARE_LINKS, SHARE_SESSIONS, USERS
from geo.store.people.tokens import hash_token, is_token, make_token
from geo.store.people.users import User

__all__ = [
    "CLOCK_STEP_S",
    "DEVICE_LASTS_S",
    "SEEN_EVERY_S",
    "OpenSession",
    "Session",
    "end_expired_shares",
    "end_session",
    "end_sessions",
    "find_session",
    "insert_session",
    "list_sessions",
    "open_session",
    "prune_people",
]

# how often, at most, it is written down that a session is in use
SEEN_EVERY_S = 60.0
# how far a clock may be put back without ending sessions
CLOCK_STEP_S = 120.0
# after which a name or address that failed to sign in has a clean sheet
FORGET_ATTEMPTS_S = 24 * 3600.0
# after which a browser from which somebody signed in is like any other
DEVICE_LASTS_S = 180 * 86_400.0
_MAX_BROWSER = 200
_log = logging.getLogger("norrsyn")


@dataclass(frozen=True)
class Session:
    """A session that is good now.

    Attributes
    ----------
    session_id : str, how pages name it
    session_hash : str
    user : User
    created_at, seen_at, expires_at : float, s
    """

    session_id: str
    session_hash: str
    user: User
    created_at: float
    seen_at: float
    expires_at: float


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner, or an admin, sees it in a list.

    Attributes
    ----------
    session_id, user_id, user_name : str
    created_at, seen_at, expires_at : float, s
    browser : str, as it called itself
    """

    session_id: str
    user_id: str
    user_name: str
    created_at: float
    seen_at: float
    expires_at: float
    browser: str


def open_session(
    home: StrPath | None, user_id: str, *, now: float, lasts_s: float, browser: str = "", instead_of: str | None = None
) -> str:
    """Sign a user in.

    Parameters
    ----------
    home : path
    user_id : str
    now : float, s
    lasts_s : float, s, until it ends however much it is used
    browser : str, as it calls itself
    instead_of : str, optional
        Token of a session that ends now.

    Returns
    -------
    str, the token for the cookie; it is kept nowhere

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        if instead_of is not None:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == hash_token(instead_of)))
        insert_event(connection, user_id, "signed-in", now=now)
        return insert_session(connection, user_id, now=now, lasts_s=lasts_s, browser=browser)


def insert_session(connection: sa.Connection, user_id: str, *, now: float, lasts_s: float, browser: str = "") -> str:
    """`open_session` within a transaction."""
    token = make_token()
    connection.execute(
        SESSIONS.insert().values(
            session_hash=hash_token(token),
            session_id=secrets.token_hex(8),
            user_id=user_id,
            created_at=now,
            seen_at=now,
            expires_at=now + lasts_s,
            browser="".join(one if one.isprintable() else " " for one in browser)[:_MAX_BROWSER],
        )
    )
    return token


def find_session(home: StrPath | None, token: str, *, now: float, idle_s: float) -> Session | None:
    """The session of a cookie, if it is good now; that it is in use is written down at most once a minute.

    Parameters
    ----------
    home : path
    token : str, whatever the cookie holds
    now : float, s
    idle_s : float, s, after which a session that nobody uses ends

    Raises
    ------
    StoreError
        The database cannot be read.
    """
    if not is_token(token):
        return None
    hashed = hash_token(token)
    ask = (
        sa.select(SESSIONS, USERS.c.name, USERS.c.agency, USERS.c.circle, USERS.c.roles, USERS.c.disabled_at)
        .join(USERS, USERS.c.user_id == SESSIONS.c.user_id)
        .where(SESSIONS.c.session_hash == hashed)
    )
    with read_people(home) as connection:
        row = None if connection is None else connection.execute(ask).mappings().first()
    if row is None:
        return None
    if row["disabled_at"] is not None or not _is_good(row, now, idle_s):
        end_session(home, hashed)
        return None
    if now - row["seen_at"] >= SEEN_EVERY_S:
        _note_use(home, hashed, now, idle_s)
    user = User(row["user_id"], row["name"], row["agency"], row["circle"], frozenset(row["roles"]))
    return Session(row["session_id"], hashed, user, row["created_at"], row["seen_at"], row["expires_at"])


def list_sessions(home: StrPath | None, *, now: float, idle_s: float, user_id: str | None = None) -> list[OpenSession]:
    """Sessions that are good now, of one user or of all, the last used first.

    Raises
    ------
    StoreError
    """
    ask = (
        sa.select(SESSIONS, USERS.c.name)
        .join(USERS, USERS.c.user_id == SESSIONS.c.user_id)
        .order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.session_id)
    )
    if user_id is not None:
        ask = ask.where(SESSIONS.c.user_id == user_id)
    with read_people(home) as connection:
        rows = [] if connection is None else connection.execute(ask).mappings().all()
    return [
        OpenSession(
            row["session_id"],
            row["user_id"],
            row["name"],
            row["created_at"],
            row["seen_at"],
            row["expires_at"],
            row["browser"],
        )
        for row in rows
        if _is_good(row, now, idle_s)
    ]


def end_session(home: StrPath | None, session_hash: str, *, signed_out: str | None = None, now: float = 0.0) -> None:
    """End one session; the next request with its cookie is refused, on every worker.

    Parameters
    ----------
    home : path
    session_hash : str
    signed_out : str, optional
        Id of the user who signs out, which is noted; None where the session ends by itself.
    now : float, s

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        if signed_out is not None:
            insert_event(connection, signed_out, "signed-out", now=now)
        connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == session_hash))


def end_sessions(home: StrPath | None, user_id: str, *, session_id: str | None = None, but: str | None = None) -> int:
    """End sessions of a user: all of them, one, or all but the one with a hash.

    Returns
    -------
    int, how many ended

    Raises
    ------
    StoreError
    """
    where = [SESSIONS.c.user_id == user_id]
    if session_id is not None:
        where.append(SESSIONS.c.session_id == session_id)
    if but is not None:
        where.append(SESSIONS.c.session_hash != but)
    with write_people(home) as connection:
        return connection.execute(SESSIONS.delete().where(*where)).rowcount


def prune_people(home: StrPath | None, *, now: float, idle_s: float) -> None:
    """Delete what has had its time: sessions, links, and failures that are forgotten.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        _prune(connection, now, idle_s)


def _is_good(row: Any, now: float, idle_s: float) -> bool:
    return bool(row["seen_at"] - CLOCK_STEP_S <= now < min(row["expires_at"], row["seen_at"] + idle_s))


def _note_use(home: StrPath | None, session_hash: str, now: float, idle_s: float) -> None:
    try:
        with write_people(home) as connection:
            connection.execute(
                SESSIONS.update()
                .where(SESSIONS.c.session_hash == session_hash, SESSIONS.c.seen_at < now)
                .values(seen_at=now)
            )
            _prune(connection, now, idle_s)
    except StoreError:
        # a full disk is no reason to refuse who only reads
        _log.exception("that a session is in use could not be written down")


def _prune(connection: sa.Connection, now: float, idle_s: float) -> None:
    connection.execute(
        SESSIONS.delete().where(sa.or_(SESSIONS.c.expires_at <= now, SESSIONS.c.seen_at <= now - idle_s))
    )
    connection.execute(LINKS.delete().where(LINKS.c.expires_at <= now))
    connection.execute(DEVICES.delete().where(DEVICES.c.made_at <= now - DEVICE_LASTS_S))
    end_expired_shares(connection, now)
    connection.execute(
        ATTEMPTS.delete().where(ATTEMPTS.c.last_at <= now - FORGET_ATTEMPTS_S, ATTEMPTS.c.blocked_until <= now)
    )


def end_expired_shares(connection: sa.Connection, now: float) -> None:
    """Write down which share links have expired, so that a clock that is put back revives none of them."""
    expired = sa.and_(SHARE_LINKS.c.ended_at.is_(None), SHARE_LINKS.c.expires_at <= now)
    values = {"ended_at": SHARE_LINKS.c.expires_at, "ended_why": "expired"}
    connection.execute(SHARE_LINKS.update().where(expired).values(**values))
    connection.execute(SHARE_SESSIONS.delete().where(SHARE_SESSIONS.c.expires_at <= now))
