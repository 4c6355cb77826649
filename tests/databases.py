"""A store of each kind for a test: the file in the data folder, or a schema of its own in PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from geo.store import migrate
from geo.store.address import parse_url
from geo.store.database import close_databases, write_engine
from geo.store.people.database import PEOPLE_CHAIN, find_people_url

__all__ = ["database", "fresh_schema", "make_people_at"]


@contextmanager
def fresh_schema() -> Iterator[str]:
    """Address of an empty schema of the test server, which is dropped in the end."""
    server = os.environ.get("NORRSYN_TEST_DATABASE_URL")
    if not server:
        pytest.skip("no PostgreSQL: run tests/postgres.sh start, and export NORRSYN_TEST_DATABASE_URL as it says")
    url = parse_url(server)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    schema = f"test_{uuid.uuid4().hex[:12]}"
    with engine.connect() as connection:
        # one test at a time, or two of them make the extension at once
        connection.execute(sa.text("SELECT pg_advisory_lock(54329)"))
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public"))
        connection.execute(sa.text("SELECT pg_advisory_unlock(54329)"))
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    try:
        own = url.update_query_dict({"options": f"-csearch_path={schema},public"})
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_class ON relation = pg_class.oid "
                    "WHERE relnamespace = to_regnamespace(:schema) AND pid <> pg_backend_pid()"
                ),
                {"schema": schema},
            )
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.long])])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both kinds of database, one after the other; the kind's name."""
    if request.param == "sqlite":
        yield "sqlite"
        close_databases()
        return
    with fresh_schema() as address:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        yield "postgresql"
        close_databases()


def make_people_at(home: Path, step: str, inserts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """A people's database as the version left it whose newest step was this one, with some rows."""
    close_databases()
    engine = sa.create_engine(find_people_url(home))
    with write_engine(engine) as connection:
        config = migrate._configure(PEOPLE_CHAIN)
        config.attributes["connection"] = connection
        command.upgrade(config, step)
        for text, values in inserts:
            connection.execute(sa.text(text), values)
    engine.dispose()
