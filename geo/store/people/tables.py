"""The tables of users, sessions, failed sign-ins and one-time links, of what users keep, and of what was done."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = [
    "ATTEMPTS",
    "DEVICES",
    "EVENTS",
    "KEPT_IN_BACKUPS",
    "LINKS",
    "PEOPLE",
    "SAVED_VIEWS",
    "SESSIONS",
    "SHORTLIST",
    "USERS",
]

PEOPLE = sa.MetaData()

USERS = sa.Table(
    "users",
    PEOPLE,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # what is compared: the same for every way to write the name
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("circle", sa.Text, nullable=False),
    sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
    # None: no password yet, or somebody else vouches for this user
    sa.Column("password_hash", sa.Text),
    sa.Column("issuer", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("disabled_at", sa.Double),
    sa.UniqueConstraint("issuer", "subject", name="users_issuer_subject"),
)

SESSIONS = sa.Table(
    "sessions",
    PEOPLE,
    # SHA-256 of what the cookie holds, which is kept nowhere
    sa.Column("session_hash", sa.Text, primary_key=True),
    # how pages name it
    sa.Column("session_id", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("browser", sa.Text, nullable=False),
)

ATTEMPTS = sa.Table(
    "sign_in_attempts",
    PEOPLE,
    # ``name:`` or ``device:`` and a digest, or ``address:`` and an IPv4 address or IPv6 network
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False),
    sa.Column("blocked_until", sa.Double, nullable=False),
)

DEVICES = sa.Table(
    "devices",
    PEOPLE,
    # SHA-256 of what the browser's second cookie holds
    sa.Column("device_hash", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("made_at", sa.Double, nullable=False),
)

LINKS = sa.Table(
    "links",
    PEOPLE,
    # SHA-256 of the token in the address, which is kept nowhere
    sa.Column("token_hash", sa.Text, primary_key=True),
    # whose password it sets; None: it makes the first user
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.user_id", ondelete="CASCADE")),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)

SAVED_VIEWS = sa.Table(
    "saved_views",
    PEOPLE,
    sa.Column("view_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    # the user's when it was saved or shared last: a name that was meant for one circle is not shown to another
    sa.Column("circle", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    # what is compared: one user has no two views of one name; None where there were such before that was looked at
    sa.Column("name_key", sa.Text),
    # parameters of the map's address, as `maps.permalinks` writes them
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("is_shared", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("changed_at", sa.Double, nullable=False),
    # counts its changes
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Index("uq_saved_views_name", "user_id", "name_key", unique=True),
)

SHORTLIST = sa.Table(
    "shortlist",
    PEOPLE,
    sa.Column("entry_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    # a layer of sites, or ``cells``
    sa.Column("layer", sa.Text, nullable=False),
    # what a record is called is not kept: it is looked up among those that the reader may see
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("added_at", sa.Double, nullable=False),
    # counts the changes of the note, not of the order
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.UniqueConstraint("user_id", "layer", "record_id", name="shortlist_user_record"),
)

EVENTS = sa.Table(
    "events",
    PEOPLE,
    sa.Column("event_id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    # no foreign key: what somebody did outlasts them, and the name is the one that they had then
    sa.Column("user_id", sa.Text),
    sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
)

# Sessions, counters and links are worth nothing in another place or at another time. Users come first: the others
# name them.
KEPT_IN_BACKUPS = (USERS, SAVED_VIEWS, SHORTLIST, EVENTS)
