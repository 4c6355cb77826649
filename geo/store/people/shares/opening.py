"""Who opens a share link: attempts that are counted, and the link session that a recipient's browser holds.

Every attempt is counted before anything of it is looked at, in the database, so that the counts hold for all workers:
by address (IPv4, or IPv6 by its /64), by link (by the digest of whatever stands in the address, whether it is a link or
not), and all together. Who comes too early for the first two waits. Beyond the ceiling of the third, which no change of
address gets round, every failure is told to wait, and a right link still opens. Texts are not kept then unless they are
links; so that nothing tells them by it, what comes too early for one is looked at like everything, and opens nothing.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.errors import StoreError
from geo.store.home import StrPath
from geo.store.people.attempts import OF_SHARES, Patience, address_subject, count_attempt, take_back
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.events import insert_event
from geo.store.people.sessions import CLOCK_STEP_S, FORGET_ATTEMPTS_S, SEEN_EVERY_S, end_expired_shares
from geo.store.people.shares.links import ShareLink, describe_row, is_alive, read_names
from geo.store.people.shares.readable import find_row
from geo.store.people.shares.terms import describe_link
from geo.store.people.shares.tokens import hash_code, is_share_token
from geo.store.people.tables import ATTEMPTS, SHARE_LINKS, SHARE_SESSIONS
from geo.store.people.tokens import hash_token, is_token, make_token
from geo.store.people.users import RECIPIENT

__all__ = [
    "ALL_MISSES",
    "BY_LINK",
    "SHARE_BY_ADDRESS",
    "SHARE_IDLE_S",
    "SHARE_LASTS_S",
    "Attempt",
    "begin_opening",
    "end_share_session",
    "find_share_session",
    "finish_opening",
    "note_share_use",
]

# a recipient mistypes a password; a whole office stands behind one address
BY_LINK = Patience(5, 2.0, 900.0)
SHARE_BY_ADDRESS = Patience(30, 2.0, 900.0)
SHARE_IDLE_S = 2 * 3600.0
SHARE_LASTS_S = 12 * 3600.0
# no more of a text than that is an address worth telling from another
_MOST_TEXT = 2_000
_log = logging.getLogger("norrsyn")


@dataclass(frozen=True)
class Ceiling:
    """How many failures of all together are borne, and how they are forgotten: so many in a while, evenly.

    Attributes
    ----------
    most : int
    per_s : float, 1/s
    """

    most: int
    per_s: float

    def forget(self, failures: int, since: float, now: float) -> tuple[int, float]:
        """How many failures are left of those that were left at a time, and at what time that was exactly so.

        A clock that was put back forgets nothing.
        """
        n_forgotten = int(max(0.0, now - since) * self.per_s)
        if n_forgotten >= failures or now < since:
            return max(0, failures - n_forgotten), now
        return failures - n_forgotten, since + n_forgotten / self.per_s

    def add(self, failures: int) -> int:
        """One more; never so many that the flood would last for long after its end."""
        return min(failures + 1, 2 * self.most)


# ten minutes of quiet end a flood, and twenty forget all of it
ALL_MISSES = Ceiling(200, 200 / 600)
_TOLD_EVERY_S = 600.0
_ALL = f"{OF_SHARES}all"
_UNKNOWN = f"{OF_SHARES}unknown"
# nobody waits by it: what is counted so only takes as long as what is not
_NO_WAIT = Patience(2**31, 0.0, 0.0)


@dataclass(frozen=True)
class Attempt:
    """Somebody who would open a link.

    Attributes
    ----------
    wait_s : float, s, how long they must wait first; 0 where password and code may be looked at
    is_flooded : bool, whether a failure is told to wait
    is_held : bool, whether nothing opens it now, although it is looked at like any other
    password_hash : str, what the password is compared with; None where there is nothing
    asks_password : bool
    text : str, whatever stood in the address
    address : str
    row : Any, the link's, None where there is no such link
    """

    wait_s: float
    is_flooded: bool
    is_held: bool
    password_hash: str | None
    asks_password: bool
    text: str
    address: str
    row: Any


def begin_opening(home: StrPath | None, text: str, address: str, *, now: float) -> Attempt:
    """Count an attempt to open a link, and find the link if there is one.

    Parameters
    ----------
    home : path
    text : str, whatever stands where a token should
    address : str, of whoever asks
    now : float, s

    Raises
    ------
    StoreError
    """
    digest = hash_token(text[:_MOST_TEXT].encode("utf-8", "replace").decode())
    find = sa.select(SHARE_LINKS).where(SHARE_LINKS.c.token_hash == digest)
    with write_people(home) as connection:
        lock_people(connection)
        row = find_row(connection, find)
        if row is not None and not is_share_token(text):
            row = None
        of_all = connection.execute(sa.select(ATTEMPTS).where(ATTEMPTS.c.subject == _ALL)).first()
        before, since = (0, now) if of_all is None else ALL_MISSES.forget(of_all.failures, of_all.last_at, now)
        is_flooded = before >= ALL_MISSES.most
        of_address = {OF_SHARES + address_subject(address): SHARE_BY_ADDRESS}
        is_held = False
        if not is_flooded:
            wait_s = count_attempt(connection, {f"{OF_SHARES}link:{digest}": BY_LINK} | of_address, now=now)
        else:
            wait_s = count_attempt(connection, _list_kept(connection, of_address), now=now)
            is_held = not wait_s and _count_in_flood(connection, digest, now, is_known=row is not None)
        if not wait_s:
            told_until = None if of_all is None else of_all.blocked_until
            _count_all(connection, ALL_MISSES.add(before), since, told_until, now)
    kept = None if row is None else row.password_hash
    return Attempt(wait_s, is_flooded, is_held, kept, row is not None and row.has_password, text, address, row)


def _list_kept(connection: sa.Connection, subjects: Mapping[str, Patience]) -> dict[str, Patience]:
    """Those of some subjects that are counted already: in a flood the table does not grow by others."""
    kept = connection.execute(sa.select(ATTEMPTS.c.subject).where(ATTEMPTS.c.subject.in_(subjects))).scalars()
    return {subject: subjects[subject] for subject in kept}


def _count_in_flood(connection: sa.Connection, digest: str, now: float, *, is_known: bool) -> bool:
    """Count by link in a flood: whether the attempt comes too early.

    A link that was not counted before has a count of its own, which holds in floods only: after them it would tell the
    link from texts of which nothing was kept.
    """
    subjects = _list_kept(connection, {f"{OF_SHARES}link:{digest}": BY_LINK})
    if not subjects:
        subjects = {_in_flood(digest): BY_LINK} if is_known else {_UNKNOWN: _NO_WAIT}
    return count_attempt(connection, subjects, now=now) > 0


def _in_flood(digest: str) -> str:
    return f"{OF_SHARES}flood:{digest}"


def _count_all(connection: sa.Connection, failures: int, since: float, told_until: float | None, now: float) -> None:
    """Keep how many misses there were, and tell the log of a flood, once in a while however long it lasts.

    When the log is told again stands where others have the end of their wait; None: nothing is kept yet.
    """
    is_told = told_until is not None and now < told_until <= now + _TOLD_EVERY_S
    tells = failures >= ALL_MISSES.most and not is_told
    until = now + _TOLD_EVERY_S if tells else told_until or 0.0
    values = {"failures": failures, "last_at": since, "blocked_until": until}
    if told_until is None:
        connection.execute(ATTEMPTS.insert().values(subject=_ALL, **values))
    else:
        connection.execute(ATTEMPTS.update().where(ATTEMPTS.c.subject == _ALL).values(**values))
    if tells:
        about = f"{failures} misses within minutes, of links that need not exist; more are told to wait"
        insert_event(connection, None, "link-refused", about, now=now, name=_NOBODY)
        connection.execute(
            ATTEMPTS.delete().where(
                ATTEMPTS.c.subject.startswith(OF_SHARES), ATTEMPTS.c.last_at <= now - FORGET_ATTEMPTS_S
            )
        )


# how the log calls whoever opens no link
_NOBODY = "–"


def finish_opening(
    home: StrPath | None, attempt: Attempt, *, is_right: bool, code: str, now: float, instead_of: str | None = None
) -> tuple[ShareLink, str] | None:
    """Let a recipient in, or not: the link, and what the browser is to hold.

    Parameters
    ----------
    home : path
    attempt : Attempt
    is_right : bool, whether the password is the link's, and whatever is shown is still there
    code : str, as it was typed
    now : float, s
    instead_of : str, optional
        Token of a link session that ends now.

    Raises
    ------
    StoreError
    """
    row = attempt.row
    given = hash_code(attempt.text, code)
    wanted = given if row is None or not row.is_single_use else row.code_hash or ""
    is_right = secrets.compare_digest(given, wanted) and is_right and not attempt.is_held
    with write_people(home) as connection:
        lock_people(connection)
        end_expired_shares(connection, now)
        link = None if row is None or not is_right else _take_opening(connection, row.link_id, now)
        if link is None:
            _note_refusal(connection, attempt, now)
            return None
        if instead_of is not None:
            connection.execute(SHARE_SESSIONS.delete().where(SHARE_SESSIONS.c.session_hash == hash_token(instead_of)))
        for subject in (_ALL, OF_SHARES + address_subject(attempt.address)):
            take_back(connection, subject)
        counts = (f"{OF_SHARES}link:{row.token_hash}", _in_flood(row.token_hash))
        connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject.in_(counts)))
        token = make_token()
        connection.execute(
            SHARE_SESSIONS.insert().values(
                session_hash=hash_token(token),
                link_id=link.link_id,
                opened_at=now,
                seen_at=now,
                expires_at=min(now + SHARE_LASTS_S, link.expires_at),
            )
        )
        who = name_recipient(link)
        insert_event(connection, None, "link-opened", describe_link(link), now=now, name=who, basis=link.basis)
        return link, token


def _take_opening(connection: sa.Connection, link_id: str, now: float) -> ShareLink | None:
    """The link, if it is good now and may be opened once more, which is counted."""
    of_link = SHARE_LINKS.c.link_id == link_id
    row = find_row(connection, sa.select(SHARE_LINKS).where(of_link))
    if row is None or not is_alive(row, now):
        return None
    may_open = sa.or_(SHARE_LINKS.c.max_openings.is_(None), SHARE_LINKS.c.openings < SHARE_LINKS.c.max_openings)
    values = {"openings": SHARE_LINKS.c.openings + 1, "opened_at": now, "seen_at": max(now, row.seen_at)}
    if connection.execute(SHARE_LINKS.update().where(of_link, may_open).values(**values)).rowcount != 1:
        return None
    return describe_row(row, read_names(connection), now)


def _note_refusal(connection: sa.Connection, attempt: Attempt, now: float) -> None:
    """Note that a link was not opened; as much is written of one that there never was, so that it takes as long."""
    names = read_names(connection)
    if attempt.row is None:
        values = {"last_at": now, "blocked_until": 0.0}
        more = ATTEMPTS.update().where(ATTEMPTS.c.subject == _UNKNOWN)
        if connection.execute(more.values(failures=ATTEMPTS.c.failures + 1, **values)).rowcount != 1:
            connection.execute(ATTEMPTS.insert().values(subject=_UNKNOWN, failures=1, **values))
        return
    link = describe_row(attempt.row, names, now)
    insert_event(connection, None, "link-refused", describe_link(link), now=now, name=_NOBODY, basis=link.basis)


def find_share_session(home: StrPath | None, token: str, *, now: float) -> ShareLink | None:
    """The link whose recipient's browser holds a token, if session and link are good now; read anew each time.

    Raises
    ------
    StoreError
    """
    if not is_token(token):
        return None
    hashed = hash_token(token)
    held = SHARE_SESSIONS.c
    ask = (
        sa.select(SHARE_LINKS, held.seen_at.label("held_seen_at"), held.expires_at.label("held_expires_at"))
        .join(SHARE_SESSIONS, held.link_id == SHARE_LINKS.c.link_id)
        .where(held.session_hash == hashed)
    )
    with read_people(home) as connection:
        row = None if connection is None else find_row(connection, ask)
        names = {} if connection is None or row is None else read_names(connection)
    if row is None or not (isinstance(row.held_expires_at, float) and isinstance(row.held_seen_at, float)):
        return None
    last = min(row.held_expires_at, row.held_seen_at + SHARE_IDLE_S)
    if not (is_alive(row, now) and row.held_seen_at - CLOCK_STEP_S <= now < last):
        end_share_session(home, token, now=now)
        return None
    if now - row.held_seen_at >= SEEN_EVERY_S:
        _note_seen(home, hashed, row.link_id, now)
    return describe_row(row, names, now)


def end_share_session(home: StrPath | None, token: str, *, now: float) -> None:
    """Forget what a browser holds; also write down what has expired.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        connection.execute(SHARE_SESSIONS.delete().where(SHARE_SESSIONS.c.session_hash == hash_token(token)))
        end_expired_shares(connection, now)


def note_share_use(home: StrPath | None, link: ShareLink, what: str, about: str = "", *, now: float) -> None:
    """Note that a recipient looks at what is shared (``link-viewed``), or takes it along (``link-exported``).

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        more = SHARE_LINKS.update().where(SHARE_LINKS.c.link_id == link.link_id)
        connection.execute(more.values(views=SHARE_LINKS.c.views + 1))
        # who that is stands in the lines of the link's making: what is looked at often repeats no name
        told = "; ".join(filter(None, [link.link_id, link.scope.release_id, about]))
        insert_event(connection, None, what, told, now=now, name=f"{RECIPIENT}{link.link_id}", basis=link.basis)


def name_recipient(link: ShareLink) -> str:
    """How the log calls a recipient, who is no user."""
    return f"{RECIPIENT}{link.link_id} {link.recipient}"


def _note_seen(home: StrPath | None, session_hash: str, link_id: str, now: float) -> None:
    try:
        with write_people(home) as connection:
            # links before sessions, as whoever revokes one: in another order each could wait for the other
            for table, key, value in (
                (SHARE_LINKS, SHARE_LINKS.c.link_id, link_id),
                (SHARE_SESSIONS, SHARE_SESSIONS.c.session_hash, session_hash),
            ):
                connection.execute(table.update().where(key == value, table.c.seen_at < now).values(seen_at=now))
            end_expired_shares(connection, now)
    except StoreError:
        # a full disk is no reason to refuse who only reads
        _log.exception("that a shared map is in use could not be written down")
