"""One-time links: the first user comes in by one, and everybody sets their own password by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from geo.errors import NotFoundError
from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.sessions import CLOCK_STEP_S, insert_session
from geo.store.people.tables import LINKS, SESSIONS, USERS
from geo.store.people.tokens import hash_token, is_token, make_token
from geo.store.people.users import FIRST_ROLES, NewUser, forget_name, insert_user

__all__ = [
    "LINK_LASTS_S",
    "SignedIn",
    "WelcomeLink",
    "find_link",
    "insert_link",
    "make_first_link",
    "make_link",
    "set_password",
    "use_first_link",
    "use_link",
]

LINK_LASTS_S = 24 * 3600.0


@dataclass(frozen=True)
class WelcomeLink:
    """What a link is for.

    Attributes
    ----------
    user_id, name : str, whose password it sets; None where it makes the first user
    """

    user_id: str | None
    name: str | None


@dataclass(frozen=True)
class SignedIn:
    """Somebody who has just come in: the user's id and name, and the token for the cookie."""

    user_id: str
    name: str
    token: str


def make_first_link(home: StrPath | None, *, now: float) -> str | None:
    """A link that makes the first user, instead of every earlier one; None where there is a user already.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        lock_people(connection)
        if _has_users(connection):
            return None
        connection.execute(LINKS.delete().where(LINKS.c.user_id.is_(None)))
        return _insert_link(connection, None, now)


def make_link(home: StrPath | None, user_id: str, *, now: float) -> str:
    """A link by which a user sets a password, instead of every earlier one; failed sign-ins are forgotten.

    Raises
    ------
    NotFoundError
        There is no such user, or the user may not sign in.
    StoreError
    """
    with write_people(home) as connection:
        return insert_link(connection, user_id, now=now)


def insert_link(connection: sa.Connection, user_id: str, *, now: float) -> str:
    """`make_link` within a transaction.

    Raises
    ------
    NotFoundError
    """
    name = connection.execute(
        sa.select(USERS.c.name).where(USERS.c.user_id == user_id, USERS.c.disabled_at.is_(None))
    ).scalar_one_or_none()
    if name is None:
        message = "There is no such user who may sign in."
        raise NotFoundError(message)
    connection.execute(LINKS.delete().where(LINKS.c.user_id == user_id))
    forget_name(connection, name)
    return _insert_link(connection, user_id, now)


def find_link(home: StrPath | None, token: str, *, now: float) -> WelcomeLink | None:
    """What a link is for; None for one that is unknown, used or too old. Looking uses no link up.

    Raises
    ------
    StoreError
    """
    if not is_token(token):
        return None
    expired = sa.and_(LINKS.c.token_hash == hash_token(token), LINKS.c.expires_at <= now)
    with read_people(home) as connection:
        if connection is None:
            return None
        found = _find(connection, token, now)
        is_too_old = found is None and connection.execute(sa.select(LINKS).where(expired)).first() is not None
    if is_too_old:
        # a clock that is put back must not make it good again
        with write_people(home) as connection:
            connection.execute(LINKS.delete().where(expired))
    return found


def use_first_link(
    home: StrPath | None,
    token: str,
    *,
    name: str,
    agency: str,
    password_hash: str,
    now: float,
    lasts_s: float,
    browser: str = "",
) -> SignedIn:
    """Make the first user by a link and sign them in, all of it or nothing.

    Raises
    ------
    NotFoundError
        The link is good no more.
    ParameterError
        The name or the agency cannot be kept; the link stays good.
    StoreError
    """
    with _consume(home, token, now) as (connection, link):
        if link.user_id is not None or _has_users(connection):
            raise _gone()
        user = insert_user(connection, NewUser(name, agency, FIRST_ROLES, password_hash=password_hash), now=now)
        new = insert_session(connection, user.user_id, now=now, lasts_s=lasts_s, browser=browser)
        insert_event(connection, user.user_id, "first-user", user.name, now=now)
        return SignedIn(user.user_id, user.name, new)


def use_link(
    home: StrPath | None, token: str, *, password_hash: str, now: float, lasts_s: float, browser: str = ""
) -> SignedIn:
    """Set a user's password by a link, end every session of theirs and sign them in, all of it or nothing.

    Raises
    ------
    NotFoundError
        The link is good no more.
    StoreError
    """
    with _consume(home, token, now) as (connection, link):
        if link.user_id is None or link.name is None:
            raise _gone()
        new = _replace_password(connection, link.user_id, password_hash, now, lasts_s, browser)
        return SignedIn(link.user_id, link.name, new)


def set_password(
    home: StrPath | None, user_id: str, *, password_hash: str, now: float, lasts_s: float, browser: str = ""
) -> str:
    """Change a password; every session of the user ends, also this one, and a new one begins.

    Returns
    -------
    str, the token for the new session's cookie

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        return _replace_password(connection, user_id, password_hash, now, lasts_s, browser)


def _replace_password(
    connection: sa.Connection, user_id: str, password_hash: str, now: float, lasts_s: float, browser: str
) -> str:
    connection.execute(USERS.update().where(USERS.c.user_id == user_id).values(password_hash=password_hash))
    connection.execute(SESSIONS.delete().where(SESSIONS.c.user_id == user_id))
    connection.execute(LINKS.delete().where(LINKS.c.user_id == user_id))
    insert_event(connection, user_id, "password-set", now=now)
    return insert_session(connection, user_id, now=now, lasts_s=lasts_s, browser=browser)


@contextmanager
def _consume(home: StrPath | None, token: str, now: float) -> Iterator[tuple[sa.Connection, WelcomeLink]]:
    """The link's transaction: the link is gone when the block ends well, and as good as before when it does not."""
    with write_people(home) as connection:
        lock_people(connection)
        link = _find(connection, token, now)
        gone = LINKS.delete().where(LINKS.c.token_hash == hash_token(token))
        if link is None or connection.execute(gone).rowcount != 1:
            raise _gone()
        yield connection, link


def _find(connection: sa.Connection, token: str, now: float) -> WelcomeLink | None:
    ask = (
        sa.select(LINKS.c.user_id, LINKS.c.created_at, LINKS.c.expires_at, USERS.c.name, USERS.c.disabled_at)
        .outerjoin(USERS, USERS.c.user_id == LINKS.c.user_id)
        .where(LINKS.c.token_hash == hash_token(token))
    )
    row = connection.execute(ask).first()
    if row is None or row.disabled_at is not None or not row.created_at - CLOCK_STEP_S <= now < row.expires_at:
        return None
    if row.user_id is None and _has_users(connection):
        return None
    return WelcomeLink(row.user_id, row.name)


def _insert_link(connection: sa.Connection, user_id: str | None, now: float) -> str:
    token = make_token()
    connection.execute(
        LINKS.insert().values(
            token_hash=hash_token(token), user_id=user_id, created_at=now, expires_at=now + LINK_LASTS_S
        )
    )
    return token


def _has_users(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(USERS.c.user_id).limit(1)).first() is not None


def _gone() -> NotFoundError:
    return NotFoundError("The link is not good any more: it was used, is too old, or never was one.")
