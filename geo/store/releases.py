"""Releases kept in the store: never changed; deleted or expired, they are gone but for what later audits need.

A deleted release counts in audits until it would have expired: whoever was shown it knows what it said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import sqlalchemy as sa

from geo.disclosure.release.rows import Release, read_release, write_release
from geo.errors import ChangedError, NotFoundError, StoreError
from geo.store.database import read_store, write_store
from geo.store.home import StrPath
from geo.store.tables import RELEASES

__all__ = [
    "ReleaseSummary",
    "StoredMemory",
    "delete_release",
    "forget_expired",
    "list_releases",
    "load_memories",
    "load_release",
    "save_release",
]

_MOST_KEPT = 8
_ASK_DOCUMENT = sa.select(
    RELEASES.c.digest, RELEASES.c.expires_at, sa.cast(RELEASES.c.document, sa.Text).label("document")
)


@dataclass(frozen=True)
class ReleaseSummary:
    """A release without its rows.

    Attributes
    ----------
    release_id, circle, surface_id : str
    made_at, expires_at : datetime, UTC
    digest : str, SHA-256 of the rows
    is_deleted : bool, whether it was deleted before it expired
    is_expired : bool
    """

    release_id: str
    circle: str
    surface_id: str
    made_at: datetime
    expires_at: datetime
    digest: str
    is_deleted: bool
    is_expired: bool

    @property
    def is_open(self) -> bool:
        """Whether links may still show it."""
        return not (self.is_deleted or self.is_expired)


@dataclass(frozen=True)
class StoredMemory:
    """What a release left for later audits.

    Attributes
    ----------
    release_id, circle : str
    made_at : datetime, UTC
    content : bytes, as `geo.disclosure.release.memory` writes them
    """

    release_id: str
    circle: str
    made_at: datetime
    content: bytes


def save_release(home: StrPath | None, release: Release, memory: bytes, against: Sequence[str] | None = None) -> None:
    """Keep a release; what was kept is never changed.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    release : Release
    memory : bytes, what later audits need
    against : ids of the releases that it was audited with; None leaves that unasked

    Raises
    ------
    ChangedError
        Other releases count by now than those it was audited with: build it anew.
    StoreError
        The store cannot be written to, or a release of that id is there.
    """
    with write_store(home) as connection:
        there = [row.release_id for row in connection.execute(_ask_counting(release.made_at))]
        if against is not None and sorted(there) != sorted(against):
            message = "Another release was made meanwhile, which this one was not audited with; build it again."
            raise ChangedError(message, there)
        known = sa.select(RELEASES.c.release_id).where(RELEASES.c.release_id == release.release_id)
        if connection.execute(known).first() is not None:
            message = f"There is a release {release.release_id} already, and none is ever changed; build another."
            raise StoreError(message)
        row = {
            "release_id": release.release_id,
            "circle": release.circle,
            "surface_id": release.surface_id,
            "made_at": _write_time(release.made_at),
            "expires_at": _write_time(release.expires_at),
            "digest": release.digest,
            "document": write_release(release),
            "memory": memory,
            "memory_sha256": hashlib.sha256(memory).hexdigest(),
        }
        connection.execute(RELEASES.insert(), row)


def load_release(home: StrPath | None, release_id: str, *, now: datetime | None = None) -> Release:
    """A release whose rows may be shown.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    release_id : str
    now : datetime; the clock's when left out

    Raises
    ------
    NotFoundError
        There is none, or it was deleted, or has expired: it looks the same.
    StoreError
        Its rows are not those that were saved.
    """
    with read_store(home) as connection:
        # a database may refuse to be asked for text that cannot be printed, which no id is
        row = (
            None
            if connection is None or not release_id.isprintable()
            else connection.execute(_ASK_DOCUMENT.where(RELEASES.c.release_id == release_id)).first()
        )
    if row is None or row.document is None or row.expires_at <= _write_time(now or datetime.now(UTC)):
        message = f"There is no release {release_id!r}; list them with `norrsyn release list`."
        raise NotFoundError(message)
    return _read_document(release_id, row.digest, row.document)


# every request of a shared map needs the release; what is stored is read each time, and understood once
@lru_cache(maxsize=_MOST_KEPT)
def _read_document(release_id: str, digest: str, document: str) -> Release:
    try:
        release = read_release(json.loads(document))
        is_whole = release.digest == digest and release.release_id == release_id
    except (KeyError, TypeError, ValueError) as error:
        message = f"Release {release_id} does not fit this version of Norrsyn ({type(error).__name__}); build another."
        raise StoreError(message) from error
    if not is_whole:
        message = f"Release {release_id} is damaged: its rows are not those that were saved. Delete it, build another."
        raise StoreError(message)
    return release


def list_releases(
    home: StrPath | None, circle: str | None = None, *, now: datetime | None = None
) -> tuple[ReleaseSummary, ...]:
    """Releases of a circle, or of all, the newest first; deleted and expired ones too, while anything of them is kept.

    Raises
    ------
    StoreError
    """
    columns = ("release_id", "circle", "surface_id", "made_at", "expires_at", "digest", "deleted_at")
    ask = sa.select(*(RELEASES.c[name] for name in columns))
    if circle is not None:
        ask = ask.where(RELEASES.c.circle == circle)
    at = _write_time(now or datetime.now(UTC))
    with read_store(home) as connection:
        order = (RELEASES.c.made_at.desc(), RELEASES.c.release_id)
        rows = [] if connection is None else connection.execute(ask.order_by(*order)).all()
    return tuple(
        ReleaseSummary(
            release_id=row.release_id,
            circle=row.circle,
            surface_id=row.surface_id,
            made_at=datetime.fromisoformat(row.made_at),
            expires_at=datetime.fromisoformat(row.expires_at),
            digest=row.digest,
            is_deleted=row.deleted_at is not None,
            is_expired=row.expires_at <= at,
        )
        for row in rows
    )


def load_memories(home: StrPath | None, *, now: datetime | None = None) -> tuple[StoredMemory, ...]:
    """What every release left that has not expired, deleted ones too, the oldest first.

    Raises
    ------
    StoreError
        One of them is damaged: nothing can be audited with it.
    """
    with read_store(home) as connection:
        asked = _ask_counting(now or datetime.now(UTC))
        rows = [] if connection is None else connection.execute(asked).all()
    damaged = [row.release_id for row in rows if hashlib.sha256(row.memory).hexdigest() != row.memory_sha256]
    if damaged:
        message = (
            f"What release {', '.join(damaged)} left for audits is damaged, so that no release can be audited with it; "
            "put the last backup back with `norrsyn db restore`."
        )
        raise StoreError(message)
    return tuple(
        StoredMemory(row.release_id, row.circle, datetime.fromisoformat(row.made_at), row.memory) for row in rows
    )


def delete_release(home: StrPath | None, release_id: str, *, now: datetime | None = None) -> None:
    """Take a release's rows away at once; what later audits need of it stays until it would have expired.

    Raises
    ------
    NotFoundError
        There is none, or it was deleted already.
    StoreError
    """
    at = _write_time(now or datetime.now(UTC))
    there = (RELEASES.c.release_id == release_id) & RELEASES.c.deleted_at.is_(None)
    with write_store(home) as connection:
        done = connection.execute(RELEASES.update().where(there).values(document=sa.null(), deleted_at=at))
        if not done.rowcount:
            message = f"There is no release {release_id!r}; list them with `norrsyn release list`."
            raise NotFoundError(message)


def forget_expired(home: StrPath | None, *, now: datetime | None = None) -> int:
    """Take everything away of releases that have expired, and say how many there were.

    Raises
    ------
    StoreError
    """
    at = _write_time(now or datetime.now(UTC))
    with write_store(home) as connection:
        return int(connection.execute(RELEASES.delete().where(RELEASES.c.expires_at <= at)).rowcount)


def _ask_counting(now: datetime) -> sa.Select[tuple[object, ...]]:
    """Releases that audits count, the oldest first."""
    return (
        sa.select(RELEASES)
        .where(RELEASES.c.expires_at > _write_time(now))
        .order_by(RELEASES.c.made_at, RELEASES.c.release_id)
    )


def _write_time(at: datetime) -> str:
    """Of one length, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
