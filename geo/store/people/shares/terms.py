"""What limits a share link, as an event of the log has it: some of it to be read, all of it as a hash.

The log is chained and the table of links is not: with the hash of how a link was left last, `find_changed_links` tells
whether a row was changed by anything but Norrsyn. What opens a link (hashes of token, password and code) is not in it,
since backups leave that out; nor is how often it was opened and looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from geo.store.people.shares.links import Moment, ShareLink

__all__ = [
    "EXPIRED",
    "RESTORED",
    "TERMS_NOTED",
    "describe_link",
    "describe_terms",
    "hash_terms",
    "hide_hash",
    "read_terms",
]

# kinds of events that say how they left a link
TERMS_NOTED: Final = frozenset(
    {"link-created", "link-approved", "link-issued", "link-extended", "link-revoked", "link-restored"}
)
# what came back from a backup: it was ended by that, or has expired
RESTORED: Final = "restored from a backup"
EXPIRED: Final = "expired in a backup"
# the recipient stands before it, whatever the name is
_TERMS: Final = re.compile(rf"([0-9a-f]{{1,32}}): .*; terms ([0-9a-f]{{64}})(?:; (?:{RESTORED}|{EXPIRED}))?", re.DOTALL)
_HASH: Final = re.compile(r"; terms [0-9a-f]{64}(?=;|$)")
_OLD: Final = re.compile(r"([0-9a-f]{1,32}): .*", re.DOTALL)


def describe_link(link: ShareLink) -> str:
    """What the log says a share link is: nothing that opens it, and nothing of what it shows."""
    return f"{link.link_id}: {link.recipient}; {link.scope.release_id}"


def describe_terms(link: ShareLink, *, was_until: float | None = None) -> str:
    """What the log says of a share link that was made or changed.

    Parameters
    ----------
    link : ShareLink, as it is now
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
        f"terms {hash_terms(link)}",
    ]
    return "; ".join(filter(None, told))


def hash_terms(link: ShareLink) -> str:
    """SHA-256 of all that a link is, and of who did what with it when: JSON without blanks, keys in order."""
    scope = link.scope
    terms = {
        "id": link.link_id,
        "texts": [link.recipient, link.purpose, link.contact, link.basis, link.circle, link.lang],
        "release": scope.release_id,
        "area": None if scope.area is None else list(scope.area),
        "area_asked": dict(link.area_asked),
        "sectors": list(scope.sectors),
        "layers": list(scope.layers),
        "finest_m": scope.finest_m,
        "password": bool(link.has_password),
        "single_use": bool(link.is_single_use),
        "max_openings": link.max_openings,
        "needs_approval": bool(link.needs_approval),
        "until": float(link.expires_at),
        "moments": [_list(each) for each in (link.created, link.approved, link.issued, link.extended, link.revoked)],
    }
    text = json.dumps(terms, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_terms(about: str) -> tuple[str, str | None] | None:
    """Link and hash that an event of `TERMS_NOTED` is about; the hash is None in those of before it was noted."""
    if found := _TERMS.fullmatch(about):
        return found[1], found[2]
    if found := _OLD.fullmatch(about):
        return found[1], None
    return None


def hide_hash(about: str) -> str:
    """What an event is about without the hash, which tells a reader nothing."""
    return _HASH.sub("", about)


def _say(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"


def _join(what: str, codes: Sequence[str]) -> str:
    return f"{what} {', '.join(codes)}"


def _list(moment: Moment | None) -> list[float | str] | None:
    return None if moment is None else [float(moment.at), moment.user_id]
