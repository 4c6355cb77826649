"""Links that show a part of a release to somebody without an account, and what their browsers hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "p0007"
down_revision = "p0006"
branch_labels = None
depends_on = None

_REQUIRED = ("recipient", "recipient_key", "purpose", "basis", "circle", "release_id")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "share_links",
        sa.Column("link_id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, unique=True),
        sa.Column("has_password", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("code_hash", sa.Text),
        *(sa.Column(name, sa.Text, nullable=False) for name in _REQUIRED),
        sa.Column("area", sa.JSON),
        sa.Column("area_asked", sa.JSON),
        sa.Column("sectors", sa.JSON, nullable=False),
        sa.Column("layers", sa.JSON, nullable=False),
        sa.Column("finest_m", sa.Integer, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("is_single_use", sa.Boolean, nullable=False),
        sa.Column("max_openings", sa.Integer),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("views", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Double),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        *(
            sa.Column(f"{what}_{end}", kind)
            for what in ("approved", "issued", "extended", "ended")
            for end, kind in (("at", sa.Double), ("by", sa.Text))
        ),
        sa.Column("ended_why", sa.Text),
    )
    for name in ("recipient_key", "circle", "release_id"):
        op.create_index(f"ix_share_links_{name}", "share_links", [name])
    op.create_table(
        "share_sessions",
        sa.Column("session_hash", sa.Text, primary_key=True),
        sa.Column("link_id", sa.Text, sa.ForeignKey("share_links.link_id", ondelete="CASCADE"), nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("ix_share_sessions_link_id", "share_sessions", ["link_id"])
