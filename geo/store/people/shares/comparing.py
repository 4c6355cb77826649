"""Whether share links are as the log left them: what limits each, by the last event that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from geo.store.people.chain import LogRow
from geo.store.people.shares.links import describe_row
from geo.store.people.shares.terms import TERMS_NOTED, hash_terms, read_terms
from geo.store.people.tables import SHARE_LINKS

__all__ = ["ChangedLink", "NotedTerms", "find_changed_links"]

_RANGE: Final = re.compile(r"(\d{1,18})–(\d{1,18});.*")


@dataclass(frozen=True)
class ChangedLink:
    """A link that is not as the log left it.

    Attributes
    ----------
    link_id : str
    way : str
        ``changed``: what limits it is something else; ``gone``: it is not there; ``unnoted``: no event tells of it.
    number : int, of the event that left it last; 0 where there is none
    """

    link_id: str
    way: str
    number: int


class NotedTerms:
    """What the log says of links, gathered while its events are read by number."""

    def __init__(self) -> None:
        self._noted: dict[int, tuple[str, str | None]] = {}
        self._elsewhere: dict[int, tuple[int, int]] = {}
        self._newest_emptied: float | None = None

    def gather(self, rows: Iterable[LogRow]) -> Iterator[LogRow]:
        """Pass rows on, and keep what they say; some may come more than once."""
        for row in rows:
            if row.salt is None:
                self._newest_emptied = max(row.at, self._newest_emptied or row.at)
            elif row.what in TERMS_NOTED and (told := read_terms(row.about)):
                self._noted[row.number] = told
            elif row.what == "log-restored" and (found := _RANGE.fullmatch(row.about)):
                self._elsewhere[row.number] = int(found[1]), min(int(found[2]), row.number - 1)
            yield row

    def list_last(self) -> dict[str, tuple[int, str | None]]:
        """Number and hash of the last event of each link, but for events of a log that a backup's was put before.

        Those tell of rows that the backup's have replaced. What they say of numbers, they say of those before that.
        """
        passed: list[tuple[int, int]] = []

        def is_passed(number: int) -> bool:
            return any(first <= number <= last for first, last in passed)

        for number in sorted(self._elsewhere, reverse=True):
            if not is_passed(number):
                passed.append(self._elsewhere[number])
        return {
            link_id: (number, terms)
            for number, (link_id, terms) in sorted(self._noted.items())
            if not is_passed(number)
        }

    def may_be_emptied(self, at: float) -> bool:
        """Whether events of a moment may have been emptied by now."""
        return self._newest_emptied is not None and at <= self._newest_emptied


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
        A link that was made before terms were noted is passed over until it is changed; one whose events are emptied,
        and one that was emptied itself, as long as nothing opens it.
    """
    last, changed = noted.list_last(), []
    for row in connection.execute(sa.select(SHARE_LINKS)):
        number, terms = last.pop(row.link_id, (0, None))
        is_over = row.ended_at is not None or row.expires_at <= now
        if not row.recipient_key and row.token_hash is None and row.ended_at is not None:
            continue
        if not number:
            if not (is_over and noted.may_be_emptied(row.created_at)):
                changed.append(ChangedLink(row.link_id, "unnoted", 0))
        elif terms is not None and terms != hash_terms(describe_row(row, {}, now)):
            changed.append(ChangedLink(row.link_id, "changed", number))
    changed += [ChangedLink(link_id, "gone", number) for link_id, (number, _) in last.items()]
    return tuple(sorted(changed, key=lambda each: each.link_id))
