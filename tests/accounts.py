"""Users for tests: signed in by their session's row, without a password, and passwords that cost next to nothing."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.auth import permissions
from api.auth.passwords import Passwords
from api.middleware import is_this_machine
from geo.store.people.database import write_people
from geo.store.people.tables import SESSIONS, USERS
from geo.store.people.tokens import hash_token
from geo.store.people.users import ROLES, NewUser, find_user, make_user

__all__ = [
    "COOKIES",
    "HTTP",
    "PASSWORD",
    "allow_routes",
    "cheap_passwords",
    "enter",
    "make_account",
    "sign_in",
    "token_of",
]

PASSWORD = "fyra lax under isen"  # noqa: S105


def cheap_passwords() -> Passwords:
    """argon2id that takes a millisecond; only whoever makes the application can choose it."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def make_account(
    home: Path, name: str = "test", roles: Iterable[str] = ROLES, *, circle: str | None = None, password: str = ""
) -> str:
    """Id of a user with these roles, made if there is none of that name yet."""
    found = find_user(home, name)
    if found is not None:
        return found.user_id
    kept = cheap_passwords().hash(password) if password else None
    new = NewUser(name, "polismyndigheten", roles, password_hash=kept)
    user_id = make_user(home, new, now=time.time()).user_id
    if circle is not None:
        # written past the checks, so that a circle may be one that no longer exists
        with write_people(home) as connection:
            connection.execute(USERS.update().where(USERS.c.user_id == user_id).values(circle=circle))
    return user_id


def token_of(name: str = "test") -> str:
    """What a test user's cookie holds, the same in every data folder."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")


# of the user "test", for requests that no `enter` makes
COOKIES = {"norrsyn": token_of()}
# httpx's functions for that user; each closes its connection
HTTP = SimpleNamespace(**{name: partial(getattr(httpx, name), cookies=COOKIES) for name in ("get", "post", "stream")})


def sign_in(home: Path, name: str = "test", roles: Iterable[str] = ROLES, *, circle: str | None = None) -> None:
    """Let somebody with these roles in, whose cookie is `token_of` the name."""
    user_id, hashed, now = make_account(home, name, roles, circle=circle), hash_token(token_of(name)), time.time()
    row = {"session_hash": hashed, "session_id": hashed[:16], "user_id": user_id, "browser": "", "created_at": now}
    with write_people(home) as connection:
        connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == hashed))
        connection.execute(SESSIONS.insert().values(**row, seen_at=now, expires_at=now + 36_000))


def enter(
    app: FastAPI,
    name: str = "test",
    roles: Iterable[str] = ROLES,
    *,
    circle: str | None = None,
    base_url: str = "http://127.0.0.1",
    raise_server_exceptions: bool = True,
) -> TestClient:
    """A client of an application that is signed in with these roles."""
    home: Path = app.state.service.settings.home
    cookie = "norrsyn" if is_this_machine(str(urlsplit(base_url).hostname)) else "__Host-norrsyn"
    sign_in(home, name, roles, circle=circle)
    options = {"base_url": base_url, "raise_server_exceptions": raise_server_exceptions}
    return TestClient(app, cookies={cookie: token_of(name)}, **options)


@contextmanager
def allow_routes(*routes: str) -> Iterator[None]:
    """Rows of the permissions' table for routes that a test adds: open to whoever is signed in."""
    added = {tuple(route.split(" ")): permissions.SIGNED_IN for route in routes}
    with patch.object(permissions, "PERMISSIONS", {**permissions.PERMISSIONS, **added}):
        yield
