"""How alembic reaches the tables of users; their step stands in a table of its own."""

from __future__ import annotations

from alembic import context

from geo.store.people.tables import PEOPLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=PEOPLE,
    transactional_ddl=True,
    version_table="alembic_version_people",
)
with context.begin_transaction():
    context.run_migrations()
