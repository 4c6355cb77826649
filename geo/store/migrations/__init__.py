"""Changes of the store's tables, one module per step, run by alembic when a store is opened."""
