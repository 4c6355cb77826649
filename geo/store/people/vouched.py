"""Users that an identity provider vouches for: known by issuer and subject, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from geo.errors import ParameterError
from geo.store.home import StrPath
from geo.store.people.database import lock_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.links import SignedIn
from geo.store.people.management import describe_user
from geo.store.people.sessions import insert_session
from geo.store.people.tables import SESSIONS, USERS
from geo.store.people.tokens import hash_token
from geo.store.people.users import (
    MAX_NAME,
    NewUser,
    StoredUser,
    check_user,
    get_user,
    insert_user,
    make_name_key,
    update_user,
)

__all__ = ["Vouched", "sign_in_vouched"]

_MAX_SAME_NAMES = 1000


@dataclass(frozen=True)
class Vouched:
    """Somebody whom a provider vouches for.

    Attributes
    ----------
    issuer, subject : str
    names : tuple of str
        What to call a new user, the best first; the first that can be kept is taken.
    agency : str, optional
        Code of the agency; None: nothing says which.
    roles : frozenset of str
    """

    issuer: str
    subject: str
    names: tuple[str, ...]
    agency: str | None
    roles: frozenset[str]


def sign_in_vouched(
    home: StrPath | None,
    vouched: Vouched,
    *,
    now: float,
    lasts_s: float,
    browser: str = "",
    instead_of: str | None = None,
) -> SignedIn | None:
    """Sign in somebody whom a provider vouches for, all of it or nothing.

    A user is made at the first sign-in, with a name of their own even where a user of that name is there already. At
    each later one roles and agency follow what is vouched for; where they change, every session of before ends.

    Parameters
    ----------
    home : path
    vouched : Vouched
    now : float, s
    lasts_s : float, s, until the session ends however much it is used
    browser : str, as it calls itself
    instead_of : str, optional
        Token of a session that ends now.

    Returns
    -------
    SignedIn, or None where there is no role or no agency for them, or they are disabled

    Raises
    ------
    ParameterError
        No name can be kept.
    StoreError
    """
    roles = frozenset() if vouched.agency is None else vouched.roles
    with write_people(home) as connection:
        lock_people(connection)
        known = USERS.c.issuer == vouched.issuer, USERS.c.subject == vouched.subject
        user_id = connection.execute(sa.select(USERS.c.user_id).where(*known)).scalar_one_or_none()
        if user_id is not None:
            user = _follow(connection, get_user(connection, user_id), vouched.agency, roles, now=now)
        elif vouched.agency is None or not roles:
            return None
        else:
            user = _take_in(connection, vouched, vouched.agency, now=now)
        if not user.roles or user.disabled_at is not None:
            return None
        if instead_of is not None:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == hash_token(instead_of)))
        insert_event(connection, user.user_id, "signed-in", now=now)
        token = insert_session(connection, user.user_id, now=now, lasts_s=lasts_s, browser=browser)
        return SignedIn(user.user_id, user.name, token)


def _follow(
    connection: sa.Connection, old: StoredUser, agency: str | None, roles: frozenset[str], *, now: float
) -> StoredUser:
    """Give a user what is vouched for now; an admin's choice of circle stays as long as the agency does."""
    moved = None if agency == old.agency else agency
    if moved is None and roles == old.roles:
        return old
    new = update_user(connection, old.user_id, roles=roles, agency=moved)
    about = f"{new.name}: {describe_user(old)} → {describe_user(new)}"
    insert_event(connection, old.user_id, "user-changed", about, now=now)
    return new


def _take_in(connection: sa.Connection, vouched: Vouched, agency: str, *, now: float) -> StoredUser:
    new = NewUser(
        _find_free_name(connection, vouched),
        agency,
        vouched.roles,
        issuer=vouched.issuer,
        subject=vouched.subject,
    )
    user = insert_user(connection, new, now=now)
    insert_event(connection, user.user_id, "user-added", f"{user.name}: {describe_user(user)}", now=now)
    return user


def _find_free_name(connection: sa.Connection, vouched: Vouched) -> str:
    for name in _number(_choose_name(vouched)):
        taken = sa.select(USERS.c.user_id).where(USERS.c.name_key == make_name_key(name))
        if connection.execute(taken).first() is None:
            return name
    message = "There are too many users of that name."
    raise ParameterError(message)


def _choose_name(vouched: Vouched) -> str:
    for name in vouched.names:
        try:
            kept, _, _ = check_user(name[:MAX_NAME], str(vouched.agency), ())
        except ParameterError:
            continue
        return kept
    message = "The provider gives no name that can be kept."
    raise ParameterError(message)


def _number(name: str) -> Iterator[str]:
    yield name
    for n in range(2, _MAX_SAME_NAMES):
        sign = f" ({n})"
        yield name[: MAX_NAME - len(sign)].rstrip() + sign
