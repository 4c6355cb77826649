"""Releases: what may be shared, and what later ones are audited with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of releases."""
    op.create_table(
        "releases",
        sa.Column("release_id", sa.Text, primary_key=True),
        sa.Column("circle", sa.Text, nullable=False),
        sa.Column("surface_id", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True)),
        sa.Column("memory", sa.LargeBinary, nullable=False),
        sa.Column("memory_sha256", sa.Text, nullable=False),
    )
