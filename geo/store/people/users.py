"""Users: who they are, what they may do, and which agency and sharing circle they belong to."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError
from geo.reference import read_table
from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.tables import ATTEMPTS, LINKS, SESSIONS, USERS

__all__ = [
    "FIRST_ROLES",
    "MAX_NAME",
    "OPERATOR",
    "RECIPIENT",
    "ROLES",
    "NewUser",
    "StoredUser",
    "User",
    "change_user",
    "check_user",
    "count_users",
    "disable_user",
    "enable_user",
    "find_agency",
    "find_by_subject",
    "find_user",
    "get_user",
    "insert_user",
    "let_in",
    "list_users",
    "make_name_key",
    "make_user",
    "shut_out",
    "update_user",
]

ROLES = ("planner", "analyst", "coordinator", "admin", "auditor")
# Whoever sets Norrsyn up does everything in it, and does not audit themselves.
FIRST_ROLES = ("planner", "analyst", "coordinator", "admin")
MAX_NAME = 100
# how the log of what was done calls those who run commands on the server
OPERATOR = "cli:"
# how it calls recipients of share links, who are no users
RECIPIENT = "link:"
# what cannot be seen, breaks lines or turns the text around it
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# joins the parts of an emoji, and shapes letters of some scripts
_JOINERS = str.maketrans("", "", "\u200c\u200d")


@dataclass(frozen=True)
class User:
    """Whoever is signed in.

    Attributes
    ----------
    user_id, name : str
    agency : str, of the reference table ``agencies``
    circle : str, of the reference table ``circles``: what may be seen
    roles : frozenset of str, some of `ROLES`
    """

    user_id: str
    name: str
    agency: str
    circle: str
    roles: frozenset[str]


@dataclass(frozen=True)
class StoredUser(User):
    """A user with what is known beside.

    Attributes
    ----------
    password_hash : str, argon2id in PHC form; None where there is none
    issuer, subject : str, who vouches for this user under which name; None for a local user
    created_at, disabled_at : float, s; ``disabled_at`` is None for a user who may sign in
    """

    password_hash: str | None
    issuer: str | None
    subject: str | None
    created_at: float
    disabled_at: float | None

    @property
    def user(self) -> User:
        """Only what a request carries with it."""
        return User(self.user_id, self.name, self.agency, self.circle, self.roles)


@dataclass(frozen=True)
class NewUser:
    """A user to be: what `check_user` checks, and how they will sign in.

    Attributes
    ----------
    name, agency : str
    roles : iterable of str
    circle : str, that of the agency when left out
    password_hash : str, argon2id in PHC form; None: set by a link later, or not at all
    issuer, subject : str, who vouches for the user under which name
    """

    name: str
    agency: str
    roles: Iterable[str]
    circle: str | None = None
    password_hash: str | None = None
    issuer: str | None = None
    subject: str | None = None


def make_name_key(name: str) -> str:
    """What two names have in common that differ in case, width or spaces only."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_user(name: str, agency: str, roles: Iterable[str], circle: str | None = None) -> tuple[str, str, list[str]]:
    """The name as it is kept, the circle (the agency's own where none is given) and the roles in their order.

    Raises
    ------
    ParameterError
        All that is wrong, in one message.
    """
    kept = " ".join(unicodedata.normalize("NFC", name).split())
    agencies = read_table("agencies")
    circles = dict(zip(map(str, agencies["agency"]), map(str, agencies["circle"]), strict=True))
    known, wanted = set(read_table("circles")["circle"]), set(roles)
    failures = []
    if not kept or len(kept) > MAX_NAME:
        failures.append(f"a name has 1 to {MAX_NAME} characters")
    elif _UNSEEN.search(kept.translate(_JOINERS)):
        failures.append("a name holds no characters that cannot be seen")
    elif kept.casefold().startswith(OPERATOR):
        failures.append(f"a name that begins with {OPERATOR} is that of a command on the server")
    elif kept.casefold().startswith(RECIPIENT):
        failures.append(f"a name that begins with {RECIPIENT} is that of a share link's recipient")
    if agency not in circles:
        failures.append(f"there is no agency {agency[:MAX_NAME]!r}; use one of {', '.join(circles)}")
    if circle is not None and circle not in known:
        failures.append(f"there is no circle {circle[:MAX_NAME]!r}; use one of {', '.join(sorted(known))}")
    if unknown := sorted(wanted - set(ROLES)):
        failures.append(f"there is no role {', '.join(unknown)[:MAX_NAME]}; use {', '.join(ROLES)}")
    if failures:
        message = f"The user cannot be kept: {'; '.join(failures)}."
        raise ParameterError(message)
    return kept, circle or circles[agency], [role for role in ROLES if role in wanted]


def make_user(home: StrPath | None, new: NewUser, *, now: float) -> User:
    """Take in a user.

    Raises
    ------
    ParameterError
        Something cannot be kept, or there is a user of that name.
    StoreError
    """
    with write_people(home) as connection:
        return insert_user(connection, new, now=now).user


def insert_user(connection: sa.Connection, new: NewUser, *, now: float) -> StoredUser:
    """`make_user` within a transaction.

    Raises
    ------
    ParameterError
    """
    name, circle, roles = check_user(new.name, new.agency, new.roles, new.circle)
    lock_people(connection)
    key = make_name_key(name)
    if connection.execute(sa.select(USERS.c.user_id).where(USERS.c.name_key == key)).first() is not None:
        message = f"There is a user {name!r} already; choose another name."
        raise ParameterError(message)
    row = {
        "user_id": uuid.uuid4().hex,
        "name": name,
        "name_key": key,
        "agency": new.agency,
        "circle": circle,
        "roles": roles,
        "password_hash": new.password_hash,
        "issuer": new.issuer,
        "subject": new.subject,
        "created_at": now,
        "disabled_at": None,
    }
    connection.execute(USERS.insert().values(**row))
    return _read_user(row)


def count_users(home: StrPath | None) -> int:
    """How many users there are, also those who may not sign in.

    Raises
    ------
    StoreError
    """
    with read_people(home) as connection:
        if connection is None:
            return 0
        return int(connection.execute(sa.select(sa.func.count()).select_from(USERS)).scalar_one())


def list_users(home: StrPath | None) -> list[StoredUser]:
    """Every user, by name.

    Raises
    ------
    StoreError
    """
    with read_people(home) as connection:
        if connection is None:
            return []
        return [_read_user(row) for row in connection.execute(sa.select(USERS).order_by(USERS.c.name_key)).mappings()]


def find_user(home: StrPath | None, name: str) -> StoredUser | None:
    """The user of a name, however it is written; None where there is none.

    Raises
    ------
    StoreError
    """
    return _find(home, USERS.c.name_key == make_name_key(name))


def find_by_subject(home: StrPath | None, issuer: str, subject: str) -> StoredUser | None:
    """The user that an identity provider vouches for; None where there is none yet.

    Raises
    ------
    StoreError
    """
    return _find(home, sa.and_(USERS.c.issuer == issuer, USERS.c.subject == subject))


def find_agency(home: StrPath | None, user_id: str) -> str:
    """Code of the agency of a user, by id; empty where there is no such user.

    Raises
    ------
    StoreError
    """
    user = _find(home, USERS.c.user_id == user_id)
    return "" if user is None else user.agency


def change_user(
    home: StrPath | None,
    user_id: str,
    *,
    roles: Iterable[str] | None = None,
    agency: str | None = None,
    circle: str | None = None,
    keep_session: str | None = None,
) -> StoredUser:
    """Give a user other roles, another agency or circle; whoever was signed in by that name signs in anew.

    Parameters
    ----------
    home : path
    user_id : str
    roles, agency, circle : as for `check_user`; what is None stays as it is, but the circle follows a new agency
    keep_session : str, hash of a session that its holder rotates by other means

    Raises
    ------
    NotFoundError, ParameterError, StoreError
    """
    with write_people(home) as connection:
        return update_user(connection, user_id, roles=roles, agency=agency, circle=circle, keep_session=keep_session)


def update_user(
    connection: sa.Connection,
    user_id: str,
    *,
    roles: Iterable[str] | None = None,
    agency: str | None = None,
    circle: str | None = None,
    keep_session: str | None = None,
) -> StoredUser:
    """`change_user` within a transaction.

    Raises
    ------
    NotFoundError, ParameterError
    """
    old = get_user(connection, user_id)
    new_circle = circle if circle is not None or agency is not None else old.circle
    _, kept_circle, kept_roles = check_user(
        old.name, agency or old.agency, old.roles if roles is None else roles, new_circle
    )
    changes = {"agency": agency or old.agency, "circle": kept_circle, "roles": kept_roles}
    connection.execute(USERS.update().where(USERS.c.user_id == user_id).values(**changes))
    gone = SESSIONS.c.user_id == user_id
    if keep_session is not None:
        gone = sa.and_(gone, SESSIONS.c.session_hash != keep_session)
    connection.execute(SESSIONS.delete().where(gone))
    return get_user(connection, user_id)


def disable_user(home: StrPath | None, user_id: str, *, now: float) -> None:
    """Let a user sign in no more, and end every session and link of theirs at once.

    Raises
    ------
    NotFoundError, StoreError
    """
    with write_people(home) as connection:
        shut_out(connection, user_id, now=now)


def shut_out(connection: sa.Connection, user_id: str, *, now: float) -> StoredUser:
    """`disable_user` within a transaction; the user as they were.

    Raises
    ------
    NotFoundError
    """
    user = get_user(connection, user_id)
    connection.execute(USERS.update().where(USERS.c.user_id == user_id).values(disabled_at=now))
    for table in (SESSIONS, LINKS):
        connection.execute(table.delete().where(table.c.user_id == user_id))
    return user


def enable_user(home: StrPath | None, user_id: str) -> None:
    """Let a user sign in again, and forget failed sign-ins under that name.

    Raises
    ------
    NotFoundError, StoreError
    """
    with write_people(home) as connection:
        let_in(connection, user_id)


def let_in(connection: sa.Connection, user_id: str) -> StoredUser:
    """`enable_user` within a transaction; the user as they were.

    Raises
    ------
    NotFoundError
    """
    user = get_user(connection, user_id)
    connection.execute(USERS.update().where(USERS.c.user_id == user_id).values(disabled_at=None))
    forget_name(connection, user.name)
    return user


def forget_name(connection: sa.Connection, name: str) -> None:
    """Forget failed sign-ins under a name."""
    from geo.store.people.attempts import name_subject  # noqa: PLC0415  it needs this module

    connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == name_subject(name)))


def _find(home: StrPath | None, where: sa.ColumnElement[bool]) -> StoredUser | None:
    with read_people(home) as connection:
        if connection is None:
            return None
        row = connection.execute(sa.select(USERS).where(where)).mappings().first()
        return None if row is None else _read_user(row)


def get_user(connection: sa.Connection, user_id: str) -> StoredUser:
    """The user of an id, within a transaction.

    Raises
    ------
    NotFoundError
    """
    row = connection.execute(sa.select(USERS).where(USERS.c.user_id == user_id)).mappings().first()
    if row is None:
        message = f"There is no user {user_id[:MAX_NAME]!r}."
        raise NotFoundError(message)
    return _read_user(row)


def _read_user(row: Any) -> StoredUser:
    return StoredUser(
        row["user_id"],
        row["name"],
        row["agency"],
        row["circle"],
        frozenset(row["roles"]),
        row["password_hash"],
        row["issuer"],
        row["subject"],
        row["created_at"],
        row["disabled_at"],
    )
