"""What limits a share link, as an event of the log has it: some of it to be read, all of it as a hash.

The log is chained and the table of links is not. Each event that makes or changes a link has the hash of how it found
the row and of how it left it, so that `find_changed_links` tells whether anything but Norrsyn has changed it, also
where Norrsyn changed it again after that. What opens a link (hashes of token, password and code) is not in it, since
backups leave that out; nor is how often it was opened and looked at, and when it was seen last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from geo.store.people.shares.links import ShareLink
from geo.store.people.tables import SHARE_LINKS

__all__ = [
    "EMPTIED",
    "EXPIRED",
    "RAW_LINKS",
    "RESTORED",
    "TERMS_NOTED",
    "NotedAbout",
    "describe_emptied",
    "describe_link",
    "describe_terms",
    "describe_unreadable",
    "find_terms",
    "hash_terms",
    "hide_hash",
    "read_emptied",
    "read_terms",
]

# kinds of events that say how they left a link
TERMS_NOTED: Final = frozenset(
    {"link-created", "link-approved", "link-issued", "link-extended", "link-revoked", "link-restored"}
)
# the kind of the event that says how many links were emptied
EMPTIED: Final = "links-emptied"
# what came back from a backup: it was ended by that, or has expired
RESTORED: Final = "restored from a backup"
EXPIRED: Final = "expired in a backup"
_SHA256: Final = "[0-9a-f]{64}"
_ID: Final = "[0-9a-f]{1,32}"
# the recipient stands before it, whatever the name is
_TERMS: Final = re.compile(
    rf"({_ID}): .*?(?:; was ({_SHA256}))?; terms ({_SHA256})(?:; (?:{RESTORED}|{EXPIRED}))?", re.DOTALL
)
_HASH: Final = re.compile(rf"; (?:was|terms) {_SHA256}(?=;|$)")
_EMPTIED: Final = re.compile(r"\d{1,18}; (\d{1,6}) days")
_OLD: Final = re.compile(rf"({_ID}): .*", re.DOTALL)

_JSON: Final = ("area", "area_asked", "sectors", "layers")
_FLAGS: Final = ("has_password", "is_single_use", "needs_approval")
_ENDED: Final = ("ended_at", "ended_by", "ended_why")
# One more column makes another hash: whoever adds it has events say so by another word than ``terms``, or every link
# that was noted before is told to be changed.
_HASHED: Final = (
    "link_id", "recipient", "recipient_key", "purpose", "contact", "basis", "circle", "release_id", "finest_m", "lang",
    "max_openings", "expires_at", *_JSON, *_FLAGS, *_ENDED,
    *(f"{what}_{half}" for what in ("created", "approved", "issued", "extended") for half in ("at", "by")),
)  # fmt: skip
# rows as the database has them: whatever somebody has written into a column can be read
RAW_LINKS: Final = sa.select(
    *(sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in SHARE_LINKS.c)
)


class NotedAbout(NamedTuple):
    """What an event of `TERMS_NOTED` is about: a link, and hashes of how it was found and left.

    ``terms`` is None where hashes were not noted yet, ``was`` there and where a link is made or came from a backup.
    """

    link_id: str
    was: str | None
    terms: str | None


def describe_link(link: ShareLink) -> str:
    """What the log says a share link is: nothing that opens it, and nothing of what it shows."""
    return f"{link.link_id}: {link.recipient}; {link.scope.release_id}"


def describe_terms(link: ShareLink, terms: str, *, was: str | None = None, was_until: float | None = None) -> str:
    """What the log says of a share link that was made or changed.

    Parameters
    ----------
    link : ShareLink, as it is now
    terms : str, `find_terms` of it as it is now
    was : str, `find_terms` of it as it was found
    was_until : float, s, when it would have ended before
    """
    scope = link.scope
    opens = f"{link.max_openings} openings" if link.max_openings is not None else ""
    told = [
        describe_link(link),
        f"until {_say(link.expires_at)}{'' if was_until is None else f' instead of {_say(was_until)}'}",
        "all squares" if scope.area is None else f"{len(scope.area)} squares",
        f"{scope.finest_m} m at the finest",
        _join("sectors", scope.sectors),
        _join("layers", scope.layers),
        opens,
        "password" if link.has_password else "",
        "needs approval" if link.needs_approval else "",
        "" if was is None else f"was {was}",
        f"terms {terms}",
    ]
    return "; ".join(filter(None, told))


def describe_unreadable(link_id: str, terms: str, *, was: str | None = None) -> str:
    """What the log says of a link that was ended although its row cannot be read."""
    return "; ".join(
        filter(None, [f"{link_id}: cannot be read", "" if was is None else f"was {was}", f"terms {terms}"])
    )


def find_terms(connection: sa.Connection, link_id: str) -> str:
    """`hash_terms` of a link as it stands now."""
    return hash_terms(connection.execute(RAW_LINKS.where(SHARE_LINKS.c.link_id == link_id)).mappings().one())


def hash_terms(row: sa.RowMapping) -> str:
    """SHA-256 of all that a row of `RAW_LINKS` says of what a link is and who did what with it: JSON, keys in order.

    A link that has ended by itself is what it was before.
    """
    told = {name: row[name] for name in _HASHED}
    told |= {name: _read_json(told[name]) for name in _JSON}
    # databases differ in how they keep these
    told |= {name: bool(told[name]) for name in _FLAGS if told[name] in (0, 1)}
    told |= {name: float(value) for name, value in told.items() if name.endswith("_at") and isinstance(value, int)}
    if told["ended_why"] == "expired" and told["ended_at"] == told["expires_at"] and told["ended_by"] is None:
        told |= dict.fromkeys(_ENDED)
    text = json.dumps(told, separators=(",", ":"), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        # nested without end is none, either
        return value


def read_terms(about: str) -> NotedAbout | None:
    """What an event of `TERMS_NOTED` says."""
    if found := _TERMS.fullmatch(about):
        return NotedAbout(found[1], found[2], found[3])
    if found := _OLD.fullmatch(about):
        return NotedAbout(found[1], None, None)
    return None


def describe_emptied(n: int, days: int) -> str:
    """What an event of `EMPTIED` is about: how many links, and how many days ago at least they had ended."""
    return f"{n}; {days} days"


def read_emptied(about: str) -> int | None:
    """The days of `describe_emptied`."""
    found = _EMPTIED.fullmatch(about)
    return None if found is None else int(found[1])


def hide_hash(about: str) -> str:
    """What an event is about without the hashes, which tell a reader nothing."""
    return _HASH.sub("", about)


def _say(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"


def _join(what: str, codes: Sequence[str]) -> str:
    return f"{what} {', '.join(codes)}"
