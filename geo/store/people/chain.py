"""What chains the log of what was done: each event's hash holds the one before it.

So no event can be altered, taken out or put in without every later hash changing.

``content_hash = SHA-256(salt, content)`` and ``hash = SHA-256(previous hash, number, time, what, content_hash)``. Who,
about and basis stand in the content alone, so that they can be emptied when they are old while the chain still holds;
the salt goes with them, or whoever guesses a name could still tell that it was the right one.

Canonical form: JSON without blanks, UTF-8, nothing escaped that need not be; the salt's letters stand before the
content. A time is written with the fewest digits that give the same double. The first event follows `GENESIS`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any, NamedTuple

__all__ = ["GENESIS", "Content", "Head", "LogRow", "hash_content", "hash_event", "make_salt"]

GENESIS = "0" * 64
_SALT_BYTES = 16


class Content(NamedTuple):
    """What an event tells beside its time and kind, until it is emptied."""

    user_id: str | None
    user_name: str
    about: str
    basis: str


class Head(NamedTuple):
    """Number and hash of a chain's last event; who keeps it elsewhere can tell that all before it was left alone."""

    number: int
    hash: str


class LogRow(NamedTuple):
    """A row of the log, in the order of the table's columns; ``salt`` is None once its content was emptied."""

    number: int
    at: float
    user_id: str | None
    user_name: str
    what: str
    about: str
    basis: str
    salt: str | None
    content_hash: str
    hash: str

    @property
    def content(self) -> Content:
        """What its content hash is of."""
        return Content(self.user_id, self.user_name, self.about, self.basis)

    def hash_after(self, previous: str) -> str:
        """What its hash should be after an event."""
        return hash_event(previous, self.number, self.at, self.what, self.content_hash)


def make_salt() -> str:
    """128 random bits."""
    return secrets.token_hex(_SALT_BYTES)


def hash_content(salt: str, content: Content) -> str:
    """SHA-256 of who, about and basis, which nobody can guess at without the salt."""
    return _digest(f"{salt}{_write(list(content))}")


def hash_event(previous: str, number: int, at: float, what: str, content_hash: str) -> str:
    """SHA-256 that an event is chained by."""
    return _digest(_write([previous, number, at, what, content_hash]))


def _write(values: list[Any]) -> str:
    # what somebody put into the database by hand may be of any type
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=repr)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
