"""Changes of the tables of users, one module per step, run by alembic when they are opened."""
