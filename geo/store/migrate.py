"""Bringing the tables up to date with alembic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from geo.errors import StoreError
from geo.store.address import describe_url
from geo.store.database import STORE, Chain

__all__ = ["find_steps", "migrate"]


def find_steps(chain: Chain = STORE) -> list[str]:
    """Every step that this version of Norrsyn knows, the newest first."""
    return [step.revision for step in ScriptDirectory.from_config(_configure(chain)).walk_revisions()]


def migrate(connection: sa.Connection, found: str | None, chain: Chain = STORE) -> None:
    """Take the tables to the newest step, in the connection's transaction.

    Parameters
    ----------
    connection : Connection of the only writer
    found : the step they are at; None for an empty database
    chain : Chain, whose tables

    Raises
    ------
    StoreError
        A newer Norrsyn made them.
    """
    if found is not None and found not in find_steps(chain):
        where = describe_url(connection.engine.url)
        message = f"{where} was written by a newer version of Norrsyn (step {found}); update Norrsyn."
        raise StoreError(message)
    config = _configure(chain)
    config.attributes["connection"] = connection
    if chain.is_store:
        config.attributes["postgis"] = connection.dialect.name == "postgresql" and _get_postgis(connection)
    command.upgrade(config, "head")


def _configure(chain: Chain) -> Config:
    config = Config()
    config.set_main_option("script_location", str(chain.migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _get_postgis(connection: sa.Connection) -> bool:
    """Whether PostGIS is there, or can be put there by this user."""
    find = sa.text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")
    if connection.execute(find).scalar_one_or_none():
        return True
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION postgis"))
    except DBAPIError:
        # not installed on that machine, or not for this user: shapes are kept as bytes
        return False
    return True
