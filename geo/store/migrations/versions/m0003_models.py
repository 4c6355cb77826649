"""Frozen versions of the model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of models."""
    op.create_table(
        "models",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("frozen_at", sa.Text, nullable=False),
        sa.Column("frozen_by", sa.Text, nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
    )
