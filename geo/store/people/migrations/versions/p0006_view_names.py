"""One user's saved views have different names, as the database sees to; those that have one name already keep it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from geo.store.people.users import make_name_key

revision = "p0006"
down_revision = "p0005"
branch_labels = None
depends_on = None

_VIEWS = sa.table(
    "saved_views",
    sa.column("view_id"),
    sa.column("user_id"),
    sa.column("name"),
    sa.column("name_key"),
    sa.column("changed_at"),
)


def upgrade() -> None:
    """Give each view its key; of several of one name, the last changed one."""
    op.add_column("saved_views", sa.Column("name_key", sa.Text))
    connection = op.get_bind()
    taken = set()
    ask = sa.select(_VIEWS.c.view_id, _VIEWS.c.user_id, _VIEWS.c.name).order_by(
        sa.desc(_VIEWS.c.changed_at), _VIEWS.c.view_id
    )
    for view_id, user_id, name in connection.execute(ask).all():
        key = make_name_key(name)
        if (user_id, key) in taken:
            continue
        taken.add((user_id, key))
        connection.execute(_VIEWS.update().where(_VIEWS.c.view_id == view_id).values(name_key=key))
    op.create_index("uq_saved_views_name", "saved_views", ["user_id", "name_key"], unique=True)
