"""What an admin does with users: each change, what ends with it, and the event that tells of it, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from geo.errors import ParameterError
from geo.store.home import StrPath
from geo.store.people.database import lock_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.links import insert_link
from geo.store.people.tables import SESSIONS, USERS
from geo.store.people.users import (
    ROLES,
    NewUser,
    StoredUser,
    get_user,
    insert_user,
    let_in,
    shut_out,
    update_user,
)

__all__ = [
    "By",
    "LastAdminError",
    "add_user",
    "end_user_sessions",
    "give_link",
    "lock_out",
    "reassign_user",
    "unlock",
]

_ADMIN = "admin"


class LastAdminError(ParameterError):
    """Without this user nobody could look after users any more."""


@dataclass(frozen=True)
class By:
    """Who does it, and when.

    Attributes
    ----------
    user_id : str, the admin's; None for a command on the server, which may do without an admin
    now : float, s
    name : str, how the log calls whoever has no user id
    """

    user_id: str | None
    now: float
    name: str = ""


def add_user(home: StrPath | None, new: NewUser, by: By) -> tuple[StoredUser, str]:
    """Take a user in; also the token of the link by which they choose a password.

    Raises
    ------
    ParameterError
        Something cannot be kept, or there is a user of that name.
    StoreError
    """
    with _changing(home) as connection:
        user = insert_user(connection, new, now=by.now)
        insert_event(
            connection, by.user_id, "user-added", f"{user.name}: {describe_user(user)}", now=by.now, name=by.name
        )
        return user, insert_link(connection, user.user_id, now=by.now)


def reassign_user(
    home: StrPath | None, user_id: str, by: By, *, roles: Iterable[str], agency: str, circle: str
) -> tuple[StoredUser, bool]:
    """Give a user other roles, another agency and circle; also whether anything changed, which ends their sessions.

    Raises
    ------
    LastAdminError, NotFoundError, ParameterError, StoreError
    """
    with _changing(home) as connection:
        old = get_user(connection, user_id)
        wanted = frozenset(roles)
        if (old.roles, old.agency, old.circle) == (wanted, agency, circle):
            return old, False
        if _ADMIN not in wanted:
            _refuse_last(connection, old, by)
        new = update_user(connection, user_id, roles=wanted, agency=agency, circle=circle)
        about = f"{new.name}: {describe_user(old)} → {describe_user(new)}"
        insert_event(connection, by.user_id, "user-changed", about, now=by.now, name=by.name)
        return new, True


def give_link(home: StrPath | None, user_id: str, by: By) -> tuple[StoredUser, str]:
    """The token of a link by which a user sets a password; the password until now works until it is used.

    Raises
    ------
    NotFoundError
        There is no such user who may sign in.
    ParameterError
        Somebody else keeps the user's password.
    StoreError
    """
    with _changing(home) as connection:
        user = get_user(connection, user_id)
        if user.issuer is not None:
            message = f"{user.name} signs in through {user.issuer}, which keeps the password; reset it there."
            raise ParameterError(message)
        token = insert_link(connection, user_id, now=by.now)
        insert_event(connection, by.user_id, "link-made", user.name, now=by.now, name=by.name)
        return user, token


def lock_out(home: StrPath | None, user_id: str, by: By) -> StoredUser:
    """`disable_user`, but for the last admin who can sign in.

    Raises
    ------
    LastAdminError, NotFoundError, StoreError
    """
    with _changing(home) as connection:
        user = get_user(connection, user_id)
        if user.disabled_at is None:
            _refuse_last(connection, user, by)
            shut_out(connection, user_id, now=by.now)
            insert_event(connection, by.user_id, "user-disabled", user.name, now=by.now, name=by.name)
        return user


def unlock(home: StrPath | None, user_id: str, by: By) -> StoredUser:
    """`enable_user`.

    Raises
    ------
    NotFoundError, StoreError
    """
    with _changing(home) as connection:
        user = get_user(connection, user_id)
        let_in(connection, user_id)
        if user.disabled_at is not None:
            insert_event(connection, by.user_id, "user-enabled", user.name, now=by.now, name=by.name)
        return user


def end_user_sessions(home: StrPath | None, user_id: str, by: By) -> int:
    """Sign a user out everywhere; how many sessions that ended.

    Raises
    ------
    NotFoundError, StoreError
    """
    with _changing(home) as connection:
        user = get_user(connection, user_id)
        n_ended = connection.execute(SESSIONS.delete().where(SESSIONS.c.user_id == user_id)).rowcount
        insert_event(connection, by.user_id, "sessions-ended", user.name, now=by.now, name=by.name)
        return n_ended


@contextmanager
def _changing(home: StrPath | None) -> Iterator[sa.Connection]:
    with write_people(home) as connection:
        # two admins who take each other's role away at once must not both succeed
        lock_people(connection)
        yield connection


def _refuse_last(connection: sa.Connection, user: StoredUser, by: By) -> None:
    """Refuse to do without an admin where no other one can sign in: enabled, and with a password or a provider."""
    if by.user_id is None or _ADMIN not in user.roles or user.disabled_at is not None:
        return
    others = connection.execute(
        sa.select(USERS.c.roles).where(
            USERS.c.user_id != user.user_id,
            USERS.c.disabled_at.is_(None),
            sa.or_(USERS.c.password_hash.is_not(None), USERS.c.issuer.is_not(None)),
        )
    ).scalars()
    if not any(_ADMIN in roles for roles in others):
        message = f"{user.name} is the only admin who can sign in; make another one first."
        raise LastAdminError(message)


def describe_user(user: StoredUser) -> str:
    """What a user may do and for whom, as events tell it."""
    roles = ", ".join(role for role in ROLES if role in user.roles) or "no role"
    return f"{roles}; {user.agency}; {user.circle}"
