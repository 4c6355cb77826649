"""Which database a data folder uses: ``NORRSYN_DATABASE_URL``, or a SQLite file in the folder itself."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from geo.errors import ConfigError

__all__ = ["DATABASE_NAME", "describe_database", "describe_url", "find_url", "is_elsewhere", "parse_url"]

DATABASE_NAME = "norrsyn.sqlite"
_VARIABLE = "NORRSYN_DATABASE_URL"
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}
_CONNECT_TIMEOUT_S = "10"


def find_url(home: Path) -> sa.URL:
    """Address of the database that keeps a data folder's layers.

    Parameters
    ----------
    home : Path of the data folder

    Returns
    -------
    URL of SQLite or PostgreSQL, with its driver

    Raises
    ------
    ConfigError
        ``NORRSYN_DATABASE_URL`` is no such address; the message holds no part of it that may be secret.
    """
    text = os.environ.get(_VARIABLE, "").strip()
    if not text:
        return sa.URL.create("sqlite+pysqlite", database=str((home / DATABASE_NAME).absolute()))
    return parse_url(text)


def is_elsewhere() -> bool:
    """Whether ``NORRSYN_DATABASE_URL`` names a database, instead of the file in the data folder."""
    return bool(os.environ.get(_VARIABLE, "").strip())


def describe_database(home: Path) -> str:
    """Where a data folder's layers are kept, for people: without user, password and options."""
    return describe_url(find_url(home))


def parse_url(text: str) -> sa.URL:
    """An address of SQLite or PostgreSQL from its text.

    Raises
    ------
    ConfigError
        It is none; the message holds no part of it that may be secret.
    """
    try:
        url = sa.make_url(text)
        backend = url.drivername.partition("+")[0]
        if backend not in _DRIVERS or not url.database or url.database == ":memory:":
            raise ValueError
        url = url.set(drivername=_DRIVERS[backend])
    except (ArgumentError, ValueError):
        message = (
            f"{_VARIABLE} is no address of a database that Norrsyn can use; write postgresql://user:password@host/name "
            "or sqlite:///folder/file.sqlite, or leave it out for a file in the data folder."
        )
        # the address may hold a password: neither it nor the error that quotes it is shown
        raise ConfigError(message) from None
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": _CONNECT_TIMEOUT_S})
    return url


def describe_url(url: sa.URL) -> str:
    """The address for people: without user, password and options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database}"
