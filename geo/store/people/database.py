"""Reading and writing the tables of users and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from geo.store.address import find_url
from geo.store.database import Chain, is_postgres, reach_engine, read_engine, write_engine
from geo.store.home import StrPath, default_home, open_home
from geo.store.people.appending import NewEvent, append_events

__all__ = [
    "PEOPLE_CHAIN",
    "PEOPLE_HEAD",
    "PEOPLE_NAME",
    "lock_people",
    "queue_event",
    "read_people",
    "write_people",
]

PEOPLE_NAME = "people.sqlite"
_QUEUED = "norrsyn_queued_events"
# the newest step in `geo.store.people.migrations`
PEOPLE_HEAD = "p0008"


def find_people_url(home: Path) -> sa.URL:
    """Address of the database of users: a file in the data folder, or the PostgreSQL that keeps the layers."""
    url = find_url(home)
    if url.get_backend_name() != "sqlite":
        return url
    return sa.URL.create(url.drivername, database=str((home / PEOPLE_NAME).absolute()))


PEOPLE_CHAIN = Chain(
    "norrsyn-people", PEOPLE_HEAD, "alembic_version_people", Path(__file__).parent / "migrations", find_people_url
)


@contextmanager
def read_people(home: StrPath | None = None) -> Iterator[sa.Connection | None]:
    """One state of the tables; None where nothing was ever written. Readers never wait.

    Raises
    ------
    StoreError
    """
    path = default_home() if home is None else Path(home)
    engine = reach_engine(path, create=False, chain=PEOPLE_CHAIN)
    if engine is None:
        yield None
        return
    with read_engine(engine) as connection:
        yield connection


@contextmanager
def write_people(home: StrPath | None = None) -> Iterator[sa.Connection]:
    """A transaction that changes the tables, all of it or nothing; it waits for no import.

    Events that are noted in it are written when the block ends: whoever writes them keeps all others waiting, and must
    wait for nothing more.

    Raises
    ------
    StoreError
    """
    engine = reach_engine(open_home(home), create=True, chain=PEOPLE_CHAIN)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    queued: list[NewEvent] = []
    with write_engine(engine) as connection:
        yield connection.execution_options(**{_QUEUED: queued})
        if queued:
            append_events(connection, queued)


def queue_event(connection: sa.Connection, event: NewEvent) -> None:
    """Have an event written when the transaction of `write_people` ends."""
    connection.get_execution_options()[_QUEUED].append(event)


def lock_people(connection: sa.Connection) -> None:
    """Be the only writer until the transaction ends, for what depends on rows that are not there yet."""
    if is_postgres(connection):
        ask = sa.text("SELECT pg_advisory_xact_lock(hashtext('norrsyn-people-rows'), hashtext(current_schema()))")
        connection.execute(ask)
