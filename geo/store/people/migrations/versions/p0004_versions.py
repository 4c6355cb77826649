"""A version of every saved view and note, so that a change to an older one is not written over a newer one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "p0004"
down_revision = "p0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count from 1 in both tables."""
    for table in ("saved_views", "shortlist"):
        op.add_column(table, sa.Column("version", sa.Integer, nullable=False, server_default="1"))
