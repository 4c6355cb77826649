"""How alembic reaches the store: over the connection, and in the transaction, of whoever opens it."""

from __future__ import annotations

from alembic import context

from geo.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
