"""Opening the store's database, reading one state of it, and being its only writer.

A data folder needs no set-up: its database is made, and brought up to date, when it is first opened.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from geo.errors import StoreError
from geo.store.address import describe_url, find_url, is_elsewhere
from geo.store.atomic import explain_os_error
from geo.store.home import LOCK_TIMEOUT_S, StrPath, default_home, find_home, has_old_store, lock_home, open_home

__all__ = [
    "HEAD",
    "STORE",
    "Chain",
    "close_databases",
    "explain_database_error",
    "find_store",
    "has_postgis",
    "hold_store",
    "is_postgres",
    "reach_engine",
    "read_engine",
    "read_store",
    "upgrade_store",
    "write_engine",
    "write_store",
]

# The newest step in `geo.store.migrations`; a store that is there already need not load alembic to be opened.
HEAD = "0005"
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS = 60_000
_WAL_LIMIT_BYTES = 64 * 2**20
_POLL_S = 0.02
_POSTGIS = "norrsyn_postgis"
_WRITES = "norrsyn_writes"
# SQLite's own words for a file that is not, or no longer, a database
_DAMAGED = ("malformed", "not a database", "file is encrypted", "disk image")


@dataclass(frozen=True)
class Chain:
    """A set of tables that alembic brings up to date by itself, whatever else stands in the same database.

    Attributes
    ----------
    name : str
    head : str, the newest step
    version_table : str, where the database says which step its tables are at
    migrations : Path of the steps
    find_url : data folder to the address of the database
    is_store : bool, whether the data folder's lock guards it; what is no layer and no surface never waits for an import
    """

    name: str
    head: str
    version_table: str
    migrations: Path
    find_url: Callable[[Path], sa.URL]
    is_store: bool = False


STORE = Chain("norrsyn", HEAD, "alembic_version", _MIGRATIONS, find_url, is_store=True)


@dataclass(frozen=True)
class _Key:
    """What tells one opened database from another: a file that was put in another's place is another."""

    url: sa.URL
    file: tuple[int, int] | None


_engines: dict[tuple[str, sa.URL], tuple[_Key, sa.Engine]] = {}
_lock = threading.RLock()


def is_postgres(connection: sa.Connection | sa.Engine) -> bool:
    """Whether the database is PostgreSQL."""
    return connection.dialect.name == "postgresql"


def has_postgis(connection: sa.Connection) -> bool:
    """Whether geometries are PostGIS columns."""
    return bool(connection.get_execution_options().get(_POSTGIS))


@contextmanager
def read_store(home: StrPath | None = None) -> Iterator[sa.Connection | None]:
    """One state of the store, whoever writes meanwhile; readers never wait.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`

    Yields
    ------
    Connection in a transaction; None where nothing was ever written

    Raises
    ------
    NotFoundError
        There is no data folder, and the database is a file in it.
    StoreError
        The database cannot be reached or is damaged.
    """
    engine = reach_engine(find_store(home), create=False)
    if engine is None:
        yield None
        return
    with read_engine(engine) as connection:
        yield connection


@contextmanager
def read_engine(engine: sa.Engine) -> Iterator[sa.Connection]:
    """`read_store` for whoever has the engine already."""
    with explain_database_error(engine.url, "read"):
        if is_postgres(engine):
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with engine.connect() as connection, connection.begin():
            yield connection


@contextmanager
def write_store(
    home: StrPath | None = None,
    timeout_s: float = LOCK_TIMEOUT_S,
    afterwards: Sequence[Callable[[], object]] = (),
) -> Iterator[sa.Connection]:
    """Be the only writer; what was written is there for readers when the block ends, all of it or none.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    timeout_s : float, s, how long to wait for another writer
    afterwards : functions to call when readers see what was written, and no other writer has begun; may grow meanwhile

    Yields
    ------
    Connection in a transaction

    Raises
    ------
    StoreError
        Another writer does not end, the disk is full, or the database cannot be reached.
    """
    path = open_home(home)
    engine = reach_engine(path, create=True)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    with hold_store(engine, path, timeout_s, afterwards) as connection:
        yield connection


@contextmanager
def hold_store(
    engine: sa.Engine,
    home: Path,
    timeout_s: float = LOCK_TIMEOUT_S,
    afterwards: Sequence[Callable[[], object]] = (),
) -> Iterator[sa.Connection]:
    """`write_store` for whoever has the engine already."""
    deadline = time.monotonic() + timeout_s
    with lock_home(home, timeout_s):
        with write_engine(engine) as connection:
            _wait_for_lease(connection, STORE, deadline)
            yield connection
        for work in afterwards:
            work()


@contextmanager
def write_engine(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes; on SQLite the only one of its file, on PostgreSQL one of several."""
    with (
        explain_database_error(engine.url, "written"),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


def find_store(home: StrPath | None) -> Path:
    """The data folder to read from; it need not be there where ``NORRSYN_DATABASE_URL`` names the database.

    Raises
    ------
    NotFoundError
    """
    path = default_home() if home is None else Path(home)
    return path if not path.exists() and is_elsewhere() else find_home(path)


def reach_engine(home: Path, *, create: bool, chain: Chain = STORE) -> sa.Engine | None:
    """The engine of a data folder's database, made and brought up to date where needed.

    Parameters
    ----------
    home : Path
    create : bool, whether to make a database file that is not there
    chain : Chain, whose tables it is opened for

    Returns
    -------
    Engine, or None where there is no database file and none was asked for

    Raises
    ------
    StoreError
        It cannot be opened, or a newer Norrsyn wrote it.
    """
    url = chain.find_url(home)
    old_store = chain.is_store and has_old_store(home)
    name = (chain.name, url)
    with _lock:
        known = _engines.get(name)
        key = _Key(url, _identify(url))
        if known is not None and known[0] == key and not old_store:
            return known[1]
        if key.file is None and url.get_backend_name() == "sqlite" and not (create or old_store):
            return None
        if known is not None:
            _engines.pop(name)[1].dispose()
        engine = _open(url, home, chain)
        _engines[name] = (_Key(url, _identify(url)), engine)
    if old_store:
        # the old store's readers stand on this module
        from geo.store.takeover import take_over_files  # noqa: PLC0415

        take_over_files(engine, home)
    return engine


def upgrade_store(home: StrPath | None = None, chain: Chain = STORE) -> str:
    """Make the database of a data folder, or bring it up to date; opening it does the same.

    Returns
    -------
    str, the step that its tables are at

    Raises
    ------
    StoreError
    """
    engine = reach_engine(open_home(home), create=True, chain=chain)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    with explain_database_error(engine.url, "read"), engine.connect() as connection:
        return str(_read_revision(connection, chain))


def close_databases() -> None:
    """Close every connection of this process that nobody uses; the next call opens them again."""
    with _lock:
        for _, engine in _engines.values():
            engine.dispose()
        _engines.clear()


@contextmanager
def explain_database_error(url: sa.URL, what: str) -> Iterator[None]:
    """Turn what a database says into a `StoreError` that names it and what to do.

    Parameters
    ----------
    url : URL of the database
    what : str, ``read`` or ``written``
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        raise StoreError(_explain(describe_url(url), what, error)) from error


def _explain(where: str, what: str, error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    # the lines after the first may quote a row
    words = str(cause).strip().partition("\n")[0].rstrip(".") or type(cause).__name__
    if any(each in words for each in _DAMAGED):
        return f"{where} is damaged ({words}); restore it from a backup with `norrsyn db restore`."
    if "locked" in words or isinstance(cause, psycopg.errors.LockNotAvailable):
        return f"{where} is being written to by another process; wait for it to end and try again."
    if isinstance(cause, psycopg.OperationalError) and not isinstance(cause, psycopg.errors.DiskFull):
        return f"{where} cannot be reached: {words}; check that it runs, and NORRSYN_DATABASE_URL."
    remedy = "who may read it" if what == "read" else "disk space and who may write there"
    return f"{where} cannot be {what}: {words}; check {remedy}."


def _identify(url: sa.URL) -> tuple[int, int] | None:
    if url.get_backend_name() != "sqlite":
        return None
    try:
        stat = Path(str(url.database)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_dev, stat.st_ino


def _open(url: sa.URL, home: Path, chain: Chain) -> sa.Engine:
    with explain_database_error(url, "opened"):
        if url.get_backend_name() == "sqlite":
            _make_file(Path(str(url.database)))
            engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
        try:
            _upgrade(engine, home, chain)
            if chain.is_store and is_postgres(engine):
                engine = engine.execution_options(**{_POSTGIS: _finds_postgis(engine)})
        except BaseException:
            engine.dispose()
            raise
    return engine


def _make_file(path: Path) -> None:
    """An empty file for its owner's eyes only; what SQLite puts beside it takes its mode from it."""
    with explain_os_error(path, "made"):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # the driver's own transactions begin too late for a reader to hold one state
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # what is deleted is overwritten at once
        "secure_delete = ON",
        f"journal_size_limit = {_WAL_LIMIT_BYTES}",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _wait_for_lease(connection: sa.Connection, chain: Chain, deadline: float) -> None:
    """Be the only writer of a chain's tables in a PostgreSQL schema until the transaction ends."""
    if not is_postgres(connection):
        return
    ask = sa.text("SELECT pg_try_advisory_xact_lock(hashtext(:name), hashtext(current_schema()))")
    while not connection.execute(ask, {"name": chain.name}).scalar_one():
        if time.monotonic() > deadline:
            where = describe_url(connection.engine.url)
            message = f"{where} is being written to by another process; wait for it to end and try again."
            raise StoreError(message)
        time.sleep(_POLL_S)


def _read_revision(connection: sa.Connection, chain: Chain) -> str | None:
    if not sa.inspect(connection).has_table(chain.version_table):
        return None
    version: sa.ColumnClause[str] = sa.column("version_num")
    return connection.execute(sa.select(version).select_from(sa.table(chain.version_table))).scalar_one_or_none()


def _upgrade(engine: sa.Engine, home: Path, chain: Chain) -> None:
    with engine.connect() as connection:
        if _read_revision(connection, chain) == chain.head:
            return
    from geo.store.migrate import migrate  # noqa: PLC0415  alembic is slow to load, and seldom needed

    with (
        lock_home(open_home(home)) if chain.is_store else nullcontext(),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        _wait_for_lease(connection, chain, time.monotonic() + LOCK_TIMEOUT_S)
        migrate(connection, _read_revision(connection, chain), chain)


def _finds_postgis(engine: sa.Engine) -> bool:
    ask = sa.text(
        "SELECT udt_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = 'records_workplaces' AND column_name = 'geometry'"
    )
    with engine.connect() as connection:
        return connection.execute(ask).scalar_one_or_none() == "geometry"


def _forget_after_fork() -> None:
    """A child must not speak over its parent's connections."""
    global _lock  # noqa: PLW0603  the parent's may be held by a thread that is not here
    _lock = threading.RLock()
    for _, engine in _engines.values():
        engine.dispose(close=False)
    _engines.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(close_databases)
