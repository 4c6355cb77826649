"""Taking what was deleted or overwritten out of a database's files as well."""

from __future__ import annotations

import time
from collections.abc import Iterable

import sqlalchemy as sa

from geo.errors import StoreError
from geo.store.address import describe_url
from geo.store.database import explain_database_error, is_postgres

__all__ = ["forget_pages"]

_CHECKPOINT_S = 30.0


def forget_pages(engine: sa.Engine, tables: Iterable[sa.Table]) -> None:
    """Rewrite the database's file, or these tables of PostgreSQL, without what is no longer in them.

    Raises
    ------
    StoreError
        A reader keeps the old pages; ask again when it has ended.
    """
    with explain_database_error(engine.url, "written"):
        if not is_postgres(engine):
            with engine.connect() as connection:
                _forget_sqlite_pages(connection)
            return
        # VACUUM stands outside transactions
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in tables:
                connection.execute(sa.text(f"VACUUM (FULL) {table.name}"))


def _forget_sqlite_pages(connection: sa.Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("VACUUM")
    deadline = time.monotonic() + _CHECKPOINT_S
    while True:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        answer = cursor.fetchone()
        # the first number says whether a reader was in the way
        if answer is not None and not answer[0]:
            return
        if time.monotonic() > deadline:
            where = describe_url(connection.engine.url)
            message = f"{where} is being read, and keeps erased pages until that ends; erase again afterwards."
            raise StoreError(message)
        time.sleep(0.1)
