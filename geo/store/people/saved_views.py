"""Views of the map that users keep under a name, for themselves or for everybody in their sharing circle."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import ChangedError, NotFoundError, ParameterError
from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.tables import SAVED_VIEWS, USERS
from geo.store.people.texts import find_text_fault, tidy_text
from geo.store.people.users import User, make_name_key

__all__ = [
    "MAX_QUERY",
    "MAX_VIEWS",
    "MAX_VIEW_NAME",
    "SavedView",
    "change_view",
    "delete_view",
    "list_views",
    "save_view",
]

MAX_VIEW_NAME = 200
MAX_QUERY = 4_000
MAX_VIEWS = 200


@dataclass(frozen=True)
class SavedView:
    """A view of the map under a name.

    Attributes
    ----------
    view_id, name : str
    query : str, parameters of the map's address
    is_shared : bool, whether everybody of the circle may open it
    owner_id, owner : str, id and name of the user whose it is
    created_at, changed_at : float, s
    version : int, which every change counts up
    """

    view_id: str
    name: str
    query: str
    is_shared: bool
    owner_id: str
    owner: str
    created_at: float
    changed_at: float
    version: int = 1


def list_views(home: StrPath | None, user: User) -> list[SavedView]:
    """A user's own views, the last changed first, then those that others of the same circle share, by name.

    A view that was shared in one circle is not shown to another, whichever its owner belongs to now.

    Raises
    ------
    StoreError
    """
    shared = sa.and_(SAVED_VIEWS.c.is_shared, SAVED_VIEWS.c.circle == user.circle, USERS.c.circle == user.circle)
    ask = _select_views().where(sa.or_(SAVED_VIEWS.c.user_id == user.user_id, shared))
    with read_people(home) as connection:
        rows = [] if connection is None else connection.execute(ask).mappings().all()
    views = [_read_view(row) for row in rows]
    own = sorted((view for view in views if view.owner_id == user.user_id), key=lambda view: -view.changed_at)
    others = [view for view in views if view.owner_id != user.user_id]
    return own + sorted(others, key=lambda view: (view.name.casefold(), view.owner, view.view_id))


def save_view(home: StrPath | None, user: User, name: str, query: str, *, is_shared: bool, now: float) -> SavedView:
    """Keep a view under a name.

    Parameters
    ----------
    home : path
    user : User
    name : str, 1 to `MAX_VIEW_NAME` characters
    query : str, checked by `maps.permalinks.tidy_query`
    is_shared : bool
    now : float, s

    Raises
    ------
    ParameterError
        All that is wrong, in one message, which repeats neither name nor query; or there are `MAX_VIEWS` already, or
        one of that name.
    StoreError
    """
    kept = _check(name, query)
    with write_people(home) as connection:
        lock_people(connection)
        count = sa.select(sa.func.count()).select_from(SAVED_VIEWS).where(SAVED_VIEWS.c.user_id == user.user_id)
        if int(connection.execute(count).scalar_one()) >= MAX_VIEWS:
            message = f"You have {MAX_VIEWS} saved views, which is as many as are kept; delete one first."
            raise ParameterError(message)
        view_id, key = uuid.uuid4().hex, _find_free_key(connection, user, kept)
        row = {
            "name_key": key,
            "user_id": user.user_id,
            "circle": user.circle,
            "name": kept,
            "query": query,
            "is_shared": is_shared,
        }
        connection.execute(SAVED_VIEWS.insert().values(**row, view_id=view_id, created_at=now, changed_at=now))
        return _get_own(connection, user, view_id)


def change_view(
    home: StrPath | None,
    user: User,
    view_id: str,
    *,
    now: float,
    name: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
    version: int | None = None,
) -> SavedView:
    """Give one's own view another name or query, or share it or not; what is None stays.

    Parameters
    ----------
    home : path
    user : User
    view_id : str
    now : float, s
    name, query : str, optional
    is_shared : bool, optional
    version : int, of the view that is changed; None: whichever is there

    Raises
    ------
    ChangedError
        The view is another by now, and not as it is to become; nothing is changed.
    NotFoundError
        There is no such view, or it is somebody else's.
    ParameterError
        It cannot be kept, or another view of one's own has the name.
    StoreError
    """
    with write_people(home) as connection:
        lock_people(connection)
        old = _get_own(connection, user, view_id)
        kept = _check(old.name if name is None else name, old.query if query is None else query)
        changes = {
            "name": kept,
            "query": old.query if query is None else query,
            "is_shared": old.is_shared if is_shared is None else is_shared,
            "circle": user.circle,
            "version": old.version + 1,
        }
        if make_name_key(kept) != make_name_key(old.name):
            changes["name_key"] = _find_free_key(connection, user, kept)
        told = ("name", "query", "is_shared")
        if version not in {None, old.version} and any(changes[name] != getattr(old, name) for name in told):
            message = "The view was changed meanwhile, in another tab; look at both."
            raise ChangedError(message, old)
        connection.execute(
            SAVED_VIEWS.update().where(SAVED_VIEWS.c.view_id == view_id).values(**changes, changed_at=now)
        )
        return _get_own(connection, user, view_id)


def delete_view(home: StrPath | None, user: User, view_id: str) -> None:
    """Delete one's own view.

    Raises
    ------
    NotFoundError
        There is no such view, or it is somebody else's.
    StoreError
    """
    with write_people(home) as connection:
        _get_own(connection, user, view_id)
        connection.execute(SAVED_VIEWS.delete().where(SAVED_VIEWS.c.view_id == view_id))


def _check(name: str, query: str) -> str:
    kept = tidy_text(name)
    failures = []
    if fault := find_text_fault(kept, MAX_VIEW_NAME):
        failures.append(f"the name {fault}")
    if len(query) > MAX_QUERY:
        failures.append(f"the address has {len(query):,} characters; a view has at most {MAX_QUERY:,}")
    if failures:
        message = f"The view cannot be saved: {'; '.join(failures)}."
        raise ParameterError(message)
    return kept


def _find_free_key(connection: sa.Connection, user: User, name: str) -> str:
    """What a name is compared by, where no view of the user's has it; the database would refuse it too."""
    key = make_name_key(name)
    own = connection.execute(sa.select(SAVED_VIEWS.c.name).where(SAVED_VIEWS.c.user_id == user.user_id)).scalars()
    if any(make_name_key(other) == key for other in own):
        message = "You already have a view of that name; choose another name, or change or delete that view."
        raise ParameterError(message)
    return key


def _select_views() -> sa.Select[Any]:
    return sa.select(SAVED_VIEWS, USERS.c.name.label("owner")).join(USERS, USERS.c.user_id == SAVED_VIEWS.c.user_id)


def _get_own(connection: sa.Connection, user: User, view_id: str) -> SavedView:
    where = sa.and_(SAVED_VIEWS.c.view_id == view_id, SAVED_VIEWS.c.user_id == user.user_id)
    # what is no id need not be looked up
    is_id = view_id.isascii() and view_id.isalnum()
    row = connection.execute(_select_views().where(where)).mappings().first() if is_id else None
    if row is None:
        message = "There is no such view of yours any more; it may have been deleted in another tab."
        raise NotFoundError(message)
    return _read_view(row)


def _read_view(row: Any) -> SavedView:
    return SavedView(
        row["view_id"],
        row["name"],
        row["query"],
        bool(row["is_shared"]),
        row["user_id"],
        row["owner"],
        row["created_at"],
        row["changed_at"],
        row["version"],
    )
