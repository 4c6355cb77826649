"""Whether share links are as the log left them: each event by how it found one, and the row by the last of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import sqlalchemy as sa

from geo.store.people.chain import LogRow
from geo.store.people.emptied import DAY_S, LEAST_DAYS
from geo.store.people.shares.links import MAX_LASTS_S
from geo.store.people.shares.readable import read_rows
from geo.store.people.shares.terms import (
    EMPTIED,
    RAW_LINKS,
    TERMS_NOTED,
    NotedAbout,
    hash_terms,
    read_emptied,
    read_terms,
)
from geo.store.people.tables import SHARE_LINKS

__all__ = ["ChangedLink", "NotedTerms", "find_changed_links"]

_RANGE: Final = re.compile(r"(\d{1,18})–(\d{1,18});.*")
_NEVER: Final = float("-inf")


@dataclass(frozen=True)
class ChangedLink:
    """A link that is not as the log left it.

    Attributes
    ----------
    link_id : str
    way : str
        ``changed``: what limits it was something else than an event had left; ``gone``: it is not there; ``unnoted``:
        no event tells of its making; ``emptied``: whom it was for is gone, and not by the retention.
    number : int, of the event that left it last as it should be; 0 where there is none
    """

    link_id: str
    way: str
    number: int


class _Noted(NamedTuple):
    """What an event says of a link, and when and of what kind it is."""

    number: int
    at: float
    what: str
    about: NotedAbout


class NotedTerms:
    """What the log says of links, gathered while its events are read by number."""

    def __init__(self) -> None:
        self._noted: dict[int, _Noted] = {}
        self._elsewhere: dict[int, tuple[int, int]] = {}
        self._newest_emptied = _NEVER
        # links that ended before it were emptied
        self._links_emptied = _NEVER

    def gather(self, rows: Iterable[LogRow]) -> Iterator[LogRow]:
        """Pass rows on, and keep what they say; some may come more than once."""
        for row in rows:
            if row.salt is None:
                self._newest_emptied = max(row.at, self._newest_emptied)
            elif row.what in TERMS_NOTED and (told := read_terms(row.about)):
                self._noted[row.number] = _Noted(row.number, row.at, row.what, told)
            elif row.what == "log-restored" and (found := _RANGE.fullmatch(row.about)):
                self._elsewhere[row.number] = int(found[1]), min(int(found[2]), row.number - 1)
            elif row.what == EMPTIED and (days := read_emptied(row.about)) is not None:
                self._links_emptied = max(row.at - days * DAY_S, self._links_emptied)
            yield row

    def list_lives(self) -> dict[str, list[_Noted]]:
        """Events of each link in order, but for those of a log that a backup's was put before.

        They tell of rows that the backup's have replaced. What they say of numbers, they say of those before that.
        """
        passed: list[tuple[int, int]] = []

        def is_passed(number: int) -> bool:
            return any(first <= number <= last for first, last in passed)

        for number in sorted(self._elsewhere, reverse=True):
            if not is_passed(number):
                passed.append(self._elsewhere[number])
        lives: dict[str, list[_Noted]] = {}
        for number in sorted(self._noted):
            if not is_passed(number):
                lives.setdefault(self._noted[number].about.link_id, []).append(self._noted[number])
        return lives

    def may_be_emptied(self, at: float) -> bool:
        """Whether events of a moment may have been emptied by now."""
        return at <= self._newest_emptied

    def has_emptied_links(self, at: float) -> bool:
        """Whether links that ended at a moment were emptied by the retention, as far as the log can still tell."""
        return at < self._links_emptied or self.may_be_emptied(at + LEAST_DAYS * DAY_S)


def find_changed_links(connection: sa.Connection, noted: NotedTerms, *, now: float) -> tuple[ChangedLink, ...]:
    """Links that are not as the log left them, by id.

    Parameters
    ----------
    connection : Connection, which sees one state of log and links
    noted : NotedTerms, of the whole log
    now : float, s

    Returns
    -------
    tuple of ChangedLink
        A link that was made before terms were noted is passed over until it is changed; so is one whose first events
        are emptied, and one that was emptied itself.
    """
    lives, changed = noted.list_lives(), []
    unreadable = {link_id for link_id, row in read_rows(connection, sa.select(SHARE_LINKS)) if row is None}
    for row in connection.execute(RAW_LINKS).mappings():
        link_id = str(row["link_id"])
        life = lives.pop(link_id, [])
        try:
            found = _find_fault(row, life, noted, now)
        except (TypeError, ValueError):
            # a text where a number should be: Norrsyn writes none
            found = None
        if found is None and link_id in unreadable:
            # also where what makes it so is in none of the hashes
            found = ("changed", life[-1].number) if life else ("unnoted", 0)
        if found is not None:
            changed.append(ChangedLink(link_id, *found))
    changed += [ChangedLink(link_id, "gone", life[-1].number) for link_id, life in lives.items()]
    return tuple(sorted(changed, key=lambda each: each.link_id))


def _find_fault(row: sa.RowMapping, life: Sequence[_Noted], noted: NotedTerms, now: float) -> tuple[str, int] | None:
    """In what way a row is not as the log left it, and by which event."""
    is_begun = bool(life) and (life[0].what == "link-created" or life[0].about.was is None)
    if not is_begun and not _may_lack_events(row, life, noted, now):
        return "unnoted", 0
    for before, after in pairwise(life):
        if None not in (before.about.terms, after.about.was) and before.about.terms != after.about.was:
            return "changed", before.number
    if _is_emptied(row):
        # one that had expired when it came back from a backup has done so before that
        last = life[-1].at if life and life[-1].what != "link-restored" else _NEVER
        is_right = noted.has_emptied_links(max(row["ended_at"], last))
        return None if is_right else ("emptied", life[-1].number if life else 0)
    terms = life[-1].about.terms if life else None
    return None if terms is None or terms == hash_terms(row) else ("changed", life[-1].number)


def _may_lack_events(row: sa.RowMapping, life: Sequence[_Noted], noted: NotedTerms, now: float) -> bool:
    """Whether the events of a link's making may be emptied, which takes a year."""
    if life:
        # between two of its events it lasts for no longer than a link may
        return noted.may_be_emptied(life[0].at - MAX_LASTS_S - DAY_S)
    # one that a clock that was ahead has made is not open by a clock that is right
    is_shut = row["ended_at"] is not None or row["expires_at"] <= now or row["seen_at"] > now
    return noted.may_be_emptied(row["created_at"]) and is_shut


def _is_emptied(row: sa.RowMapping) -> bool:
    """Whether a row is what the retention leaves of a link, which nothing opens."""
    return not row["recipient"] and not row["purpose"] and row["token_hash"] is None and row["ended_at"] is not None
