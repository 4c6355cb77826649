"""The tables of users, sessions, failed sign-ins and links, of what users keep and share, and of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa

__all__ = [
    "ATTEMPTS",
    "DEVICES",
    "EVENTS",
    "EVENT_HEAD",
    "KEPT_IN_BACKUPS",
    "LINKS",
    "NOT_IN_BACKUPS",
    "PEOPLE",
    "SAVED_VIEWS",
    "SESSIONS",
    "SHARE_LINKS",
    "SHARE_SESSIONS",
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

# in the order of `geo.store.people.chain.LogRow`; the database refuses to change or delete a row
EVENTS = sa.Table(
    "events",
    PEOPLE,
    # counts without a gap
    sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False, index=True),
    # no foreign key: what somebody did outlasts them, and the name is the one that they had then
    sa.Column("user_id", sa.Text),
    sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    # role or legal basis
    sa.Column("basis", sa.Text, nullable=False),
    # None: who, about and basis were emptied when they were old
    sa.Column("salt", sa.Text),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

# One row: the last event. Whoever adds one locks it, and it shows that none is missing at the end.
EVENT_HEAD = sa.Table(
    "event_head",
    PEOPLE,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

SHARE_LINKS = sa.Table(
    "share_links",
    PEOPLE,
    # how pages, the log and the watermark name it; nothing can be opened with it
    sa.Column("link_id", sa.Text, primary_key=True),
    # SHA-256 of the token in the address, which is kept nowhere; None until it is issued
    sa.Column("token_hash", sa.Text, unique=True),
    sa.Column("has_password", sa.Boolean, nullable=False),
    # argon2id in PHC form
    sa.Column("password_hash", sa.Text),
    # SHA-256 of token and code; None where it asks for no code
    sa.Column("code_hash", sa.Text),
    sa.Column("recipient", sa.Text, nullable=False),
    # what is compared: the same for every way to write the recipient
    sa.Column("recipient_key", sa.Text, nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("circle", sa.Text, nullable=False, index=True),
    sa.Column("release_id", sa.Text, nullable=False, index=True),
    # ids of cells; None for all of the release
    sa.Column("area", sa.JSON(none_as_null=True)),
    # the area as it was asked for, in words for whoever looks after the link
    sa.Column("area_asked", sa.JSON(none_as_null=True)),
    sa.Column("sectors", sa.JSON(none_as_null=True), nullable=False),
    sa.Column("layers", sa.JSON(none_as_null=True), nullable=False),
    sa.Column("finest_m", sa.Integer, nullable=False),
    sa.Column("lang", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("is_single_use", sa.Boolean, nullable=False),
    # None: as often as its recipient likes
    sa.Column("max_openings", sa.Integer),
    sa.Column("needs_approval", sa.Boolean, nullable=False),
    sa.Column("openings", sa.Integer, nullable=False),
    sa.Column("views", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.Double),
    # the newest moment at which the link was known to be good: a clock before it is wrong
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    # users by id, without foreign key: what somebody did outlasts them
    *(
        column
        for what, is_always in (
            ("created", True), ("approved", False), ("issued", False), ("extended", False), ("ended", False)
        )
        for column in (
            sa.Column(f"{what}_at", sa.Double, nullable=not is_always),
            sa.Column(f"{what}_by", sa.Text, nullable=not is_always),
        )
    ),
    # ``revoked``, ``expired``, or ``restored``: ended by the restoring of a backup
    sa.Column("ended_why", sa.Text),
)  # fmt: skip

SHARE_SESSIONS = sa.Table(
    "share_sessions",
    PEOPLE,
    # SHA-256 of what the recipient's cookie holds
    sa.Column("session_hash", sa.Text, primary_key=True),
    sa.Column("link_id", sa.Text, sa.ForeignKey("share_links.link_id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)

# Sessions, counters and one-time links are worth nothing in another place or at another time. Users come first: the
# others name them.
KEPT_IN_BACKUPS = (USERS, SAVED_VIEWS, SHORTLIST, SHARE_LINKS, EVENTS)
# Who was shared with, why and on which basis is kept for whoever asks later; what a link opens with is not, so that one
# that comes back from a backup, where it may not have been revoked yet, opens nothing.
NOT_IN_BACKUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"share_links": frozenset({"token_hash", "password_hash", "code_hash"})}
)
