"""The life of a share link: made, approved, issued, extended, revoked; each change one transaction with its event."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import ChangedError, ParameterError
from geo.reference import read_table
from geo.store.home import StrPath
from geo.store.people.database import lock_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.management import By
from geo.store.people.sessions import end_expired_shares
from geo.store.people.shares.links import (
    ACTIVE,
    DAY_S,
    MAX_LASTS_S,
    NewShare,
    ShareLink,
    describe_row,
    find_share_link,
    get_share_link,
    is_of,
    make_recipient_key,
    read_links,
    read_names,
)
from geo.store.people.shares.readable import LANGUAGES, find_misfits, find_row, read_rows
from geo.store.people.shares.terms import describe_terms, describe_unreadable, find_terms
from geo.store.people.shares.tokens import hash_code, make_code, make_share_token
from geo.store.people.tables import SHARE_LINKS, SHARE_SESSIONS
from geo.store.people.texts import find_text_fault, tidy_text
from geo.store.people.tokens import hash_token

__all__ = [
    "MAX_OPENINGS",
    "MAX_TEXT",
    "Issued",
    "RecipientTakenError",
    "approve_share",
    "create_share",
    "extend_share",
    "issue_share",
    "revoke_recipient",
    "revoke_release",
    "revoke_share",
]

# characters of each text
MAX_TEXT = {"recipient": 200, "purpose": 500, "contact": 300}
MAX_OPENINGS = 1000
# a form is filled in, and the clock goes on
_SLACK_S = 60.0


class RecipientTakenError(ParameterError):
    """The recipient has a link already.

    Attributes
    ----------
    links : tuple of ShareLink, those that are active
    """

    def __init__(self, links: tuple[ShareLink, ...]) -> None:
        self.links = links
        super().__init__("The recipient has an active link already: revoke it first, or replace it by this one.")


@dataclass(frozen=True)
class Issued:
    """A link, and what opens it: told now and never again.

    Attributes
    ----------
    link : ShareLink
    token : str, None where it must be approved first
    code : str, None where it asks for none
    """

    link: ShareLink
    token: str | None = None
    code: str | None = None


def create_share(
    home: StrPath | None, new: NewShare, by: By, *, among: Collection[str], replaces: bool = False
) -> Issued:
    """Make a link with all that limits it, in one transaction; where nobody else must approve it, with its token.

    Parameters
    ----------
    home : path
    new : NewShare
    by : By
    among : collection of str
        Circles that whoever makes it may see: whose links the recipient may have only one of.
    replaces : bool
        Whether the recipient's links until now are revoked.

    Raises
    ------
    ParameterError
        Something cannot be kept: all of it is told, and nothing is stored.
    RecipientTakenError
    StoreError
    """
    texts = {name: tidy_text(getattr(new, name)) for name in MAX_TEXT}
    _check_new(new, texts, by.now)
    key = make_recipient_key(texts["recipient"])
    with _changing(home, by) as connection:
        taken = _list_active(connection, key, among, by.now)
        if taken and not replaces:
            raise RecipientTakenError(taken)
        for each in taken:
            _end(connection, each.link_id, by)
        if replaces:
            _end_unreadable(connection, _is_for(key), among, by)
        row = _make_row(new, texts, by)
        connection.execute(SHARE_LINKS.insert().values(**row))
        link = get_share_link(connection, str(row["link_id"]), now=by.now)
        _note(connection, "link-created", link, by)
        return Issued(link) if new.needs_approval else _issue(connection, link, by)


def _make_row(new: NewShare, texts: Mapping[str, str], by: By) -> dict[str, Any]:
    """A new link as it is stored, with a new id."""
    return {
        "link_id": secrets.token_hex(5),
        "has_password": new.password_hash is not None,
        "password_hash": new.password_hash,
        **texts,
        "recipient_key": make_recipient_key(texts["recipient"]),
        "basis": new.basis,
        "circle": new.circle,
        **_scope_row(new),
        "lang": new.lang,
        "is_single_use": new.is_single_use,
        "max_openings": 1 if new.is_single_use else new.max_openings,
        "needs_approval": new.needs_approval,
        "openings": 0,
        "views": 0,
        "seen_at": by.now,
        "expires_at": new.expires_at,
        "created_at": by.now,
        "created_by": by.user_id or by.name,
    }


def _scope_row(new: NewShare) -> dict[str, Any]:
    return {
        "release_id": new.scope.release_id,
        "area": None if new.scope.area is None else list(new.scope.area),
        "area_asked": dict(new.area_asked),
        "sectors": list(new.scope.sectors),
        "layers": list(new.scope.layers),
        "finest_m": new.scope.finest_m,
    }


def approve_share(home: StrPath | None, link_id: str, by: By, *, among: Collection[str]) -> ShareLink:
    """Approve a link that somebody else has made.

    Raises
    ------
    ChangedError
        It is approved already, or over.
    NotFoundError
    ParameterError
        It is one's own.
    StoreError
    """
    with _changing(home, by) as connection:
        link = get_share_link(connection, link_id, now=by.now, circles=among)
        if by.user_id is None or link.created.user_id == by.user_id:
            message = "Whoever made the link cannot approve it: ask another coordinator or an administrator."
            raise ParameterError(message)
        was = _change(connection, link, {"awaiting"}, approved_at=by.now, approved_by=by.user_id)
        return _tell(connection, "link-approved", link_id, by, was)


def issue_share(home: StrPath | None, link_id: str, by: By, *, among: Collection[str]) -> Issued:
    """Make the token of a link that may be used now; it is told this once.

    Raises
    ------
    ChangedError
        It must be approved first, was issued already, or is over.
    NotFoundError, StoreError
    """
    with _changing(home, by) as connection:
        return _issue(connection, get_share_link(connection, link_id, now=by.now, circles=among), by)


def extend_share(
    home: StrPath | None,
    link_id: str,
    by: By,
    *,
    expires_at: float,
    among: Collection[str],
    was_until: float | None = None,
) -> ShareLink:
    """Let a link last longer, at most 90 days from now; one that had to be approved, by somebody who did not make it.

    Parameters
    ----------
    home : path
    link_id : str
    by : By
    expires_at : float, s
    among : collection of str, circles whose links may be extended
    was_until : float, s, optional
        When the link ended as it was looked at.

    Raises
    ------
    ChangedError
        It is over, or was extended meanwhile.
    NotFoundError
    ParameterError
        The moment is in the past, not later than until now, or too far off.
    StoreError
    """
    with _changing(home, by) as connection:
        link = get_share_link(connection, link_id, now=by.now, circles=among)
        if was_until is not None and was_until != link.expires_at:
            raise _changed_meanwhile(link)
        if faults := [*_find_expiry_fault(expires_at, by.now), *_find_extension_fault(link, expires_at, by)]:
            raise ParameterError("\n".join(faults))
        was = _change(
            connection,
            link,
            {*ACTIVE, "used-up"},
            sa.and_(SHARE_LINKS.c.expires_at == link.expires_at),
            expires_at=expires_at,
            extended_at=by.now,
            extended_by=by.user_id or by.name,
        )
        return _tell(connection, "link-extended", link_id, by, was, was_until=link.expires_at)


def revoke_share(
    home: StrPath | None, link_id: str, by: By, *, among: Collection[str] | None = None
) -> tuple[ShareLink, bool]:
    """End a link at once, on every worker; also whether it was this that ended it, and not somebody else before.

    Raises
    ------
    NotFoundError
    UnreadableError
        It was changed by hand; it is ended all the same.
    StoreError
    """
    with _changing(home, by) as connection:
        if not _end_unreadable(connection, SHARE_LINKS.c.link_id == link_id, among, by):
            link = get_share_link(connection, link_id, now=by.now, circles=among)
            is_ended = _end(connection, link.link_id, by)
            return get_share_link(connection, link_id, now=by.now), is_ended
    return find_share_link(home, link_id, now=by.now), False


def revoke_recipient(
    home: StrPath | None, recipient: str, by: By, *, among: Collection[str] | None = None
) -> list[ShareLink]:
    """End every link of a recipient at once, also what cannot be read; those that were ended by this and can be.

    Raises
    ------
    StoreError
    """
    with _changing(home, by) as connection:
        return _end_all(connection, _is_for(make_recipient_key(tidy_text(recipient))), among, by)


def revoke_release(home: StrPath | None, release_id: str, by: By) -> list[ShareLink]:
    """End every link to a release, which is about to go, also what cannot be read; those that were ended and can be.

    Raises
    ------
    StoreError
    """
    with _changing(home, by) as connection:
        return _end_all(connection, SHARE_LINKS.c.release_id == release_id, None, by)


@contextmanager
def _changing(home: StrPath | None, by: By) -> Iterator[sa.Connection]:
    with write_people(home) as connection:
        lock_people(connection)
        end_expired_shares(connection, by.now)
        yield connection


def _ask(which: sa.ColumnElement[bool], among: Collection[str] | None) -> sa.Select[Any]:
    ask = sa.select(SHARE_LINKS).where(which).order_by(SHARE_LINKS.c.created_at)
    return ask if among is None else ask.where(is_of(among))


def _is_for(key: str) -> sa.ColumnElement[bool]:
    return SHARE_LINKS.c.recipient_key == key


def _list_active(connection: sa.Connection, key: str, among: Collection[str], now: float) -> tuple[ShareLink, ...]:
    # one that is used up may still be open in a browser
    return tuple(
        link
        for link in read_links(connection, _ask(_is_for(key), among), now)
        if link.is_active or link.state == "used-up"
    )


def _issue(connection: sa.Connection, link: ShareLink, by: By) -> Issued:
    token = make_share_token()
    code = make_code() if link.is_single_use else None
    was = _change(
        connection,
        link,
        {"ready"},
        SHARE_LINKS.c.token_hash.is_(None),
        token_hash=hash_token(token),
        code_hash=None if code is None else hash_code(token, code),
        issued_at=by.now,
        issued_by=by.user_id or by.name,
    )
    return Issued(_tell(connection, "link-issued", link.link_id, by, was), token, code)


def _change(connection: sa.Connection, link: ShareLink, states: Collection[str], *where: Any, **values: Any) -> str:
    """Change a row that is in one of some states; whoever comes second is told what it is now. Hash of how it was."""
    if link.state not in states:
        raise ChangedError(_WORDS[link.state], link)
    of_link = SHARE_LINKS.c.link_id == link.link_id
    was = find_terms(connection, link.link_id)
    done = connection.execute(
        SHARE_LINKS.update().where(of_link, SHARE_LINKS.c.ended_at.is_(None), *where).values(**values)
    )
    if done.rowcount != 1:
        raise _changed_meanwhile(link)
    return was


def _changed_meanwhile(link: ShareLink) -> ChangedError:
    return ChangedError("The link was changed meanwhile; look at it again.", link)


# why nothing can be done with a link as it is
_WORDS = {
    "awaiting": "The link must be approved first, by somebody who did not make it.",
    "ready": "The link need not be approved, or is already; its address has not been made yet.",
    "issued": "The address of the link was made already, and is shown only once. If it is lost, revoke the link and make another.",  # noqa: E501
    "opened": "The address of the link was made already, and is shown only once. If it is lost, revoke the link and make another.",  # noqa: E501
    "used-up": "The link was opened as often as it may be. Make another.",
    "expired": "The link has expired. Make another.",
    "revoked": "The link was revoked. Make another.",
    "restored": "The link came back from a backup, which holds nothing that opens it. Make another.",
}


def _end_all(
    connection: sa.Connection, which: sa.ColumnElement[bool], among: Collection[str] | None, by: By
) -> list[ShareLink]:
    _end_unreadable(connection, which, among, by)
    links = read_links(connection, _ask(which, among), by.now)
    ended = [link.link_id for link in links if not link.is_over and _end(connection, link.link_id, by)]
    return [get_share_link(connection, link_id, now=by.now) for link_id in ended]


def _end_unreadable(
    connection: sa.Connection, which: sa.ColumnElement[bool], among: Collection[str] | None, by: By
) -> bool:
    """End those that cannot be read, lest somebody make them readable again; whether there were any."""
    found = [link_id for link_id, row in read_rows(connection, _ask(which, among)) if row is None]
    for link_id in found:
        _end(connection, link_id, by)
    return bool(found)


def _end(connection: sa.Connection, link_id: str, by: By) -> bool:
    of_link = SHARE_LINKS.c.link_id == link_id
    was = find_terms(connection, link_id)
    values = {"ended_at": by.now, "ended_by": by.user_id or by.name, "ended_why": "revoked"}
    done = connection.execute(SHARE_LINKS.update().where(of_link, SHARE_LINKS.c.ended_at.is_(None)).values(**values))
    connection.execute(SHARE_SESSIONS.delete().where(SHARE_SESSIONS.c.link_id == link_id))
    if done.rowcount != 1:
        return False
    row = find_row(connection, sa.select(SHARE_LINKS).where(of_link))
    if row is None:
        about = describe_unreadable(link_id, find_terms(connection, link_id), was=was)
        insert_event(connection, by.user_id, "link-revoked", about, now=by.now, name=by.name)
    else:
        _note(connection, "link-revoked", describe_row(row, read_names(connection), by.now), by, was)
    return True


def _tell(
    connection: sa.Connection, what: str, link_id: str, by: By, was: str, *, was_until: float | None = None
) -> ShareLink:
    link = get_share_link(connection, link_id, now=by.now)
    # what is known to be good now is so by this clock
    seen = SHARE_LINKS.update().where(SHARE_LINKS.c.link_id == link_id, SHARE_LINKS.c.seen_at < by.now)
    connection.execute(seen.values(seen_at=by.now))
    _note(connection, what, link, by, was, was_until=was_until)
    return link


def _note(
    connection: sa.Connection,
    what: str,
    link: ShareLink,
    by: By,
    was: str | None = None,
    *,
    was_until: float | None = None,
) -> None:
    """Note what was done with a link, and how that found and left it."""
    terms = find_terms(connection, link.link_id)
    about = describe_terms(link, terms, was=was, was_until=was_until)
    insert_event(connection, by.user_id, what, about, now=by.now, name=by.name, basis=link.basis)


def _check_new(new: NewShare, texts: dict[str, str], now: float) -> None:
    faults = [f"{name} {fault}." for name, text in texts.items() if (fault := find_text_fault(text, MAX_TEXT[name]))]
    bases = read_table("sharing_bases")
    if new.basis not in set(bases.loc[bases["circle"] == new.circle, "basis"]):
        faults.append("basis is none of the circle's; choose one of the reference table sharing_bases.")
    if new.lang not in LANGUAGES:
        faults.append(f"lang must be one of {', '.join(LANGUAGES)}.")
    if not new.scope.sectors or not new.scope.layers or new.scope.area == ():
        faults.append("the scope holds nothing: choose an area, sectors and layers that the release has.")
    else:
        misfits = {"area", "area_asked", "sectors", "layers", "finest_m"}.intersection(find_misfits(_scope_row(new)))
        faults += [f"{name} holds what no release has." for name in sorted(misfits)]
    if new.max_openings is not None and not 1 <= new.max_openings <= MAX_OPENINGS:
        faults.append(f"max_openings must be from 1 to {MAX_OPENINGS}.")
    faults += _find_expiry_fault(new.expires_at, now)
    if faults:
        raise ParameterError("\n".join(faults))


def _find_expiry_fault(expires_at: float, now: float) -> list[str]:
    if not expires_at > now:
        return ["expires_at is in the past; choose a later day."]
    if expires_at > now + MAX_LASTS_S + _SLACK_S:
        return [f"expires_at is too far off; a link lasts {MAX_LASTS_S / DAY_S:.0f} days at most."]
    return []


def _find_extension_fault(link: ShareLink, expires_at: float, by: By) -> list[str]:
    if link.is_over:
        return []
    if link.needs_approval and link.created.user_id == by.user_id:
        return ["This link had to be approved: somebody who did not make it extends it."]
    return [] if expires_at > link.expires_at else ["expires_at is not later than until now; choose a later day."]
