"""What a share link is: whom it is for, what it shows, and how far it has come; and reading them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import NotFoundError, UnreadableError
from geo.layers.circles import VISIBLE
from geo.reference.tables import read_columns
from geo.store.home import StrPath
from geo.store.people.database import read_people, write_people
from geo.store.people.sessions import CLOCK_STEP_S, end_expired_shares
from geo.store.people.shares.readable import ENDS, find_row, read_rows
from geo.store.people.tables import SHARE_LINKS, USERS
from geo.store.people.users import make_name_key

__all__ = [
    "ACTIVE",
    "DAY_S",
    "DEFAULT_LASTS_S",
    "MAX_LASTS_S",
    "STATES",
    "Moment",
    "NewShare",
    "ShareLink",
    "ShareScope",
    "describe_row",
    "find_approval_limit",
    "find_share_link",
    "get_share_link",
    "is_alive",
    "is_of",
    "list_share_links",
    "make_recipient_key",
    "read_links",
    "read_names",
    "read_share_list",
]

DAY_S = 86_400.0
DEFAULT_LASTS_S = 14 * DAY_S
MAX_LASTS_S = 90 * DAY_S
# how far a link has come, in that order; ``restored`` came back from a backup, which ended it
STATES = ("awaiting", "ready", "issued", "opened", "used-up", "expired", "revoked", "restored")
# those that show something, or will
ACTIVE = frozenset({"awaiting", "ready", "issued", "opened"})


@dataclass(frozen=True)
class ShareScope:
    """What of a release a link shows.

    Attributes
    ----------
    release_id : str
    area : tuple of cell ids, None for all of the release
    sectors, layers : tuple of str, codes
    finest_m : int, m, side of the smallest squares
    """

    release_id: str
    area: tuple[str, ...] | None
    sectors: tuple[str, ...]
    layers: tuple[str, ...]
    finest_m: int


@dataclass(frozen=True)
class NewShare:
    """A link to be.

    Attributes
    ----------
    recipient, purpose, contact : str
        Who gets it, what for, and whom they may ask.
    basis, circle : str, codes of the reference tables ``sharing_bases`` and ``circles``
    scope : ShareScope
    area_asked : mapping, how the area was chosen, for whoever looks after the link
    lang : str, of the recipient
    expires_at : float, s
    needs_approval : bool, whether somebody else must approve it
    password_hash : str, argon2id in PHC form; None for no password
    is_single_use : bool, whether it opens once, with a code
    max_openings : int, None for any number
    """

    recipient: str
    purpose: str
    contact: str
    basis: str
    circle: str
    scope: ShareScope
    area_asked: Mapping[str, Any]
    lang: str
    expires_at: float
    needs_approval: bool
    password_hash: str | None = None
    is_single_use: bool = False
    max_openings: int | None = None


@dataclass(frozen=True)
class Moment:
    """When something was done, s, and by which user: id and name."""

    at: float
    user_id: str
    name: str


@dataclass(frozen=True)
class ShareLink:
    """A link as it is stored, without anything that opens it.

    Attributes
    ----------
    link_id : str
    state : str, one of `STATES`, at the time of reading
    recipient, recipient_key, purpose, contact, basis, circle, lang : str
    scope : ShareScope
    area_asked : mapping
    has_password, is_single_use, needs_approval : bool
    max_openings : int, optional
    openings, views : int, how often it was opened, and how often its pages were looked at
    opened_at : float, s, when it was opened last
    expires_at : float, s
    created : Moment
    approved, issued, extended, revoked : Moment, optional
        The last one also of a link that a restored backup has ended.
    """

    link_id: str
    state: str
    recipient: str
    recipient_key: str
    purpose: str
    contact: str
    basis: str
    circle: str
    lang: str
    scope: ShareScope
    area_asked: Mapping[str, Any]
    has_password: bool
    is_single_use: bool
    needs_approval: bool
    max_openings: int | None
    openings: int
    views: int
    opened_at: float | None
    expires_at: float
    created: Moment
    approved: Moment | None
    issued: Moment | None
    extended: Moment | None
    revoked: Moment | None

    @property
    def is_active(self) -> bool:
        """Whether it shows something, or will."""
        return self.state in ACTIVE

    @property
    def is_emptied(self) -> bool:
        """Whether it ended so long ago that whom it was for, by whom and what for is gone."""
        return not self.recipient_key

    @property
    def is_over(self) -> bool:
        """Whether it was revoked, has expired or came back from a backup: nothing changes it any more."""
        return self.state in ENDS


def find_approval_limit() -> int:
    """Side of the squares, m, below which somebody else must approve a link."""
    return int(dict(read_columns("disclosure_parameters", "name", "value"))["second_approver_below_m"])


def make_recipient_key(recipient: str) -> str:
    """What is compared of a recipient: the same however the name is written."""
    return make_name_key(recipient)


def is_alive(row: Any, now: float) -> bool:
    """Whether a row's link may be open: approved if it must be, issued, and neither revoked nor expired.

    A clock before what the link has seen is not believed.
    Whether all of its openings are used is another question: an open browser goes on.
    """
    return bool(
        row.token_hash is not None
        and _was_done(row, "issued")
        and (_was_done(row, "approved") or not row.needs_approval)
        and row.ended_at is None
        and row.seen_at - CLOCK_STEP_S <= now < row.expires_at
    )


def list_share_links(home: StrPath | None, *, now: float, circles: Collection[str] | None = None) -> list[ShareLink]:
    """Links that can be read, newest first: the first half of `read_share_list`."""
    return read_share_list(home, now=now, circles=circles)[0]


def read_share_list(
    home: StrPath | None, *, now: float, circles: Collection[str] | None = None
) -> tuple[list[ShareLink], list[str]]:
    """Links, newest first, and ids of those whose rows somebody has changed by hand, which open nothing.

    Parameters
    ----------
    home : path
    now : float, s
    circles : collection of str, those whose links are wanted; all when left out

    Raises
    ------
    StoreError
    """
    ask = _ask(circles).order_by(SHARE_LINKS.c.created_at.desc(), SHARE_LINKS.c.link_id)
    with read_people(home) as connection:
        if connection is None:
            return [], []
        read = list(read_rows(connection, ask))
        names = read_names(connection)
    rows = [row for _, row in read if row is not None]
    if any(row.ended_at is None and row.expires_at <= now for row in rows):
        with write_people(home) as connection:
            end_expired_shares(connection, now)
    return [describe_row(row, names, now) for row in rows], sorted(link_id for link_id, row in read if row is None)


def _ask(circles: Collection[str] | None) -> sa.Select[Any]:
    ask = sa.select(SHARE_LINKS)
    return ask if circles is None else ask.where(is_of(circles))


def is_of(circles: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a row is of some circles; one that says that it is of none there is cannot be read, and is anybody's."""
    return SHARE_LINKS.c.circle.in_(sorted(circles)) | SHARE_LINKS.c.circle.not_in(sorted(VISIBLE))


def read_links(connection: sa.Connection, ask: sa.Select[Any], now: float) -> list[ShareLink]:
    """Links of rows that can be read."""
    names = read_names(connection)
    return [describe_row(row, names, now) for _, row in read_rows(connection, ask) if row is not None]


def find_share_link(
    home: StrPath | None, link_id: str, *, now: float, circles: Collection[str] | None = None
) -> ShareLink:
    """One link.

    Raises
    ------
    NotFoundError
        There is none of that id, or it is of another circle.
    UnreadableError
        It was changed by hand.
    StoreError
    """
    with read_people(home) as connection:
        if connection is None:
            raise _unknown()
        return get_share_link(connection, link_id, now=now, circles=circles)


def get_share_link(
    connection: sa.Connection, link_id: str, *, now: float, circles: Collection[str] | None = None
) -> ShareLink:
    """`find_share_link` within a transaction.

    Raises
    ------
    NotFoundError, UnreadableError
    """
    ask = _ask(circles).where(SHARE_LINKS.c.link_id == link_id)
    row = find_row(connection, ask)
    if row is not None:
        return describe_row(row, read_names(connection), now)
    if connection.execute(ask.with_only_columns(SHARE_LINKS.c.link_id)).first() is None:
        raise _unknown()
    message = (
        f"Share link {link_id} cannot be read: its row was changed by something else than Norrsyn. It opens nothing. "
        "Tell whoever runs Norrsyn; `norrsyn audit verify` names all such links."
    )
    raise UnreadableError(message)


def read_names(connection: sa.Connection) -> dict[str, str]:
    """Names of users by id."""
    return {str(row.user_id): str(row.name) for row in connection.execute(sa.select(USERS.c.user_id, USERS.c.name))}


def describe_row(row: Any, names: Mapping[str, str], now: float) -> ShareLink:
    """A row as a link."""

    def find_moment(what: str) -> Moment | None:
        at, user_id = getattr(row, f"{what}_at"), getattr(row, f"{what}_by")
        return None if at is None or user_id is None else Moment(at, user_id, names.get(user_id, user_id))

    return ShareLink(
        row.link_id,
        find_state(row, now),
        row.recipient,
        row.recipient_key,
        row.purpose,
        row.contact,
        row.basis,
        row.circle,
        row.lang,
        ShareScope(
            row.release_id,
            None if row.area is None else tuple(row.area),
            tuple(row.sectors),
            tuple(row.layers),
            row.finest_m,
        ),
        row.area_asked or {},
        row.has_password,
        row.is_single_use,
        row.needs_approval,
        row.max_openings,
        row.openings,
        row.views,
        row.opened_at,
        row.expires_at,
        Moment(row.created_at, row.created_by, names.get(row.created_by, row.created_by)),
        find_moment("approved"),
        find_moment("issued"),
        find_moment("extended"),
        find_moment("ended") if row.ended_why in {"revoked", "restored"} else None,
    )


def find_state(row: Any, now: float) -> str:
    """How far a row's link has come."""
    if row.ended_at is not None:
        return str(row.ended_why)
    if row.expires_at <= now:
        return "expired"
    if (row.issued_at is not None and row.token_hash is None) or (row.has_password and row.password_hash is None):
        return "restored"
    if not _was_done(row, "issued"):
        return "awaiting" if row.needs_approval and not _was_done(row, "approved") else "ready"
    if row.max_openings is not None and row.openings >= row.max_openings:
        return "used-up"
    return "opened" if row.openings else "issued"


def _was_done(row: Any, what: str) -> bool:
    """Whether a row says when something was done, and by whom."""
    return getattr(row, f"{what}_at") is not None and getattr(row, f"{what}_by") is not None


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such share link.")
