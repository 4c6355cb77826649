"""What people say of records that may be one place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of decisions."""
    op.create_table(
        "duplicate_decisions",
        sa.Column("decision_id", sa.Integer, primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("other_layer", sa.Text, nullable=False),
        sa.Column("other_key", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_duplicate_decisions_pair",
        "duplicate_decisions",
        ["layer", "record_key", "other_layer", "other_key"],
    )
