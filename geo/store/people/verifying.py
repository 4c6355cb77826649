"""Whether the log of what was done is what was noted: every hash computed anew, row by row, the first fault named.

Where it is, share links are held against it, too: they stand in a table that is not chained.

What the chain alone cannot show: events missing at the end (the database's own head tells, and any head that was kept)
and a chain that somebody with the database has hashed anew from some event on (only a head that was kept elsewhere
tells).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from geo.errors import ParameterError
from geo.store.home import StrPath, default_home
from geo.store.people.appending import find_head
from geo.store.people.chain import GENESIS, Head, LogRow, hash_content, hash_event
from geo.store.people.database import read_people
from geo.store.people.emptied import Early, Told, find_early, read_told
from geo.store.people.heads import read_kept_head
from geo.store.people.shares.comparing import ChangedLink, NotedTerms, find_changed_links
from geo.store.people.tables import EVENTS

__all__ = [
    "TAKEN_IN",
    "Fault",
    "Verdict",
    "describe_changed_link",
    "describe_fault",
    "read_rows",
    "verify_log",
    "verify_rows",
]

TAKEN_IN = "chain-begun"
_RANGE = re.compile(r"1–(\d{1,18})")
_HASH = re.compile(r"[0-9a-f]{64}")
_BATCH = 5_000

_WORDS: Final = {
    "content": "who, about, basis or salt of event {number} is not what was noted",
    "content-hash": "the content hash of event {number} was changed",
    "hash": "the hash of event {number} was changed",
    "time-or-kind": "time, kind or number of event {number} was changed, or one was taken out or put in before it",
    "gap": "event {number} is missing",
    "inserted": "an event that does not belong there stands before event {number}",
    "reordered": "event {number} stands in another place",
    "emptied": "event {number} was emptied, and not by the retention of the log",
    "emptied-early": "event {number} was emptied after {kept_days} days, and had to be kept for {least_days}; in all "
    "{n} were emptied too early",
    "cut-off": "events are missing at the end, from event {number} on",
    "head": "the head that the database keeps is not that of event {number}, the last one",
    "rewritten": "event {number} has another hash than the head that was kept: the log was hashed anew, or cut off",
}

_OF_LINKS: Final = {
    "changed": "share link {link} is not as event {number} left it: what limits it was changed",
    "gone": "share link {link}, of which event {number} tells, is not there",
    "unnoted": "no event tells of the making of share link {link}",
    "emptied": "share link {link} was emptied, and not by the retention",
}


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong.

    Attributes
    ----------
    number : int, of the event
    way : str, one of ``content``, ``content-hash``, ``hash``, ``time-or-kind``, ``gap``, ``inserted``, ``reordered``,
        ``emptied``, ``emptied-early``, ``cut-off``, ``head``, ``rewritten``
    early : Early, how early, of ``emptied-early``
    """

    number: int
    way: str
    early: Early | None = None


@dataclass(frozen=True)
class Verdict:
    """What verifying found.

    Attributes
    ----------
    n_events : int, how many events were read
    n_emptied : int, how many of them were emptied because they were old
    n_taken_in : int, the first so many were noted before there was a chain, and taken into it
    first : int, number of the first event; 0 where there is none
    previous : str, hash that the first event follows
    head : Head, the last event
    fault : Fault, None where all is well
    is_emptying_told : bool, whether an event that was read tells of what was emptied; False for a part of the log only
    newest_emptied : float, s, the time of the newest event that was emptied; None where none was
    links : tuple of ChangedLink, share links that are not as the log left them, where there is no fault
    """

    n_events: int
    n_emptied: int
    n_taken_in: int
    first: int
    previous: str
    head: Head
    fault: Fault | None
    is_emptying_told: bool = True
    newest_emptied: float | None = None
    links: tuple[ChangedLink, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether there is neither a fault nor a link that was changed."""
        return self.fault is None and not self.links


def describe_fault(fault: Fault) -> str:
    """What is wrong, in words."""
    early = fault.early or Early(fault.number, 0, 0, 0)
    told = {"n": early.n, "kept_days": early.kept_days, "least_days": early.least_days}
    return _WORDS[fault.way].format(number=fault.number, **told)


def describe_changed_link(link: ChangedLink) -> str:
    """What is wrong with a share link, in words."""
    return _OF_LINKS[link.way].format(link=link.link_id, number=link.number)


def verify_log(home: StrPath | None, *, head: str | None = None, now: float | None = None) -> Verdict:
    """Verify the whole log, also against the head kept in the data folder and one kept elsewhere; and share links.

    Parameters
    ----------
    home : path
    head : str, optional
        Hash of an event, kept elsewhere: the log must hold it still.
    now : float, s; the clock's when left out

    Raises
    ------
    ParameterError
        That is no hash.
    StoreError
    """
    kept = [] if head is None else [Head(0, check_hash(head))]
    in_folder = read_kept_head(default_home() if home is None else home)
    if in_folder is not None:
        kept.append(in_folder)
    with read_people(home) as connection:
        if connection is None:
            return verify_rows(lambda: iter(()), told=Head(0, GENESIS), kept=kept, now=now)
        told, noted = find_head(connection), NotedTerms()
        verdict = verify_rows(lambda: noted.gather(read_rows(connection)), told=told, kept=kept, now=now)
        if verdict.fault is not None:
            return verdict
        return replace(verdict, links=find_changed_links(connection, noted, now=time.time() if now is None else now))


def check_hash(text: str) -> str:
    """A hash as people paste it.

    Raises
    ------
    ParameterError
    """
    found = text.strip().lower()
    if _HASH.fullmatch(found) is None:
        message = "A head is the 64 hexadecimal digits that `norrsyn audit head` prints."
        raise ParameterError(message)
    return found


def read_rows(connection: sa.Connection, first: int | None = None, last: int | None = None) -> Iterator[LogRow]:
    """Rows of the log by number, so many at a time."""
    ask = sa.select(EVENTS).order_by(EVENTS.c.event_id).limit(_BATCH)
    if last is not None:
        ask = ask.where(EVENTS.c.event_id <= last)
    wanted = ask if first is None else ask.where(EVENTS.c.event_id >= first)
    while batch := connection.execute(wanted).all():
        yield from map(LogRow._make, batch)
        wanted = ask.where(EVENTS.c.event_id > batch[-1].event_id)


def verify_rows(
    open_rows: Callable[[], Iterator[LogRow]],
    *,
    told: Head | None,
    kept: Sequence[Head] = (),
    after: Head = Head(0, GENESIS),  # noqa: B008  a tuple
    now: float | None = None,
) -> Verdict:
    """Verify rows that are read by number, once if all is well; those that were emptied twice.

    Parameters
    ----------
    open_rows : function that reads them from the first on
    told : Head that the last must be; None for a part of the log
    kept : Heads that must be among them; number 0 where only the hash is known
    after : Head that the first follows
    now : float, s; the clock's when left out
    """
    moment = time.time() if now is None else now
    walk = _Walk(after, kept, is_part=told is None, now=moment)
    fault = walk.follow(open_rows()) or walk.find_missing(told)
    if fault is not None and fault.way == "time-or-kind":
        fault = _look_elsewhere(open_rows, walk.head, fault)
    if fault is None and walk.n_emptied:
        early = find_early(open_rows(), walk.emptyings, now=moment)
        fault = None if early is None else Fault(early.number, "emptied-early", early)
    n_taken_in = max(0, min(walk.n_taken_in, walk.head.number))
    return Verdict(
        walk.n_events,
        walk.n_emptied,
        n_taken_in,
        walk.first,
        after.hash,
        walk.head,
        fault,
        walk.last_emptied <= walk.told_emptied,
        walk.newest_emptied,
    )


class _Walk:
    """Going through a chain from its beginning to its first fault."""

    def __init__(self, after: Head, kept: Sequence[Head], *, is_part: bool, now: float) -> None:
        self.head, self.is_part, self.now = after, is_part, now
        self.first = self.n_events = self.n_emptied = self.n_taken_in = 0
        # emptying begins with the oldest: an emptied event after another one is no such
        self.last_emptied, self.told_emptied, self.has_content = 0, 0, False
        self.newest_emptied: float | None = None
        self.emptyings: list[Told] = []
        self.kept = list(kept)

    def follow(self, rows: Iterable[LogRow]) -> Fault | None:
        """The first fault of what is there; the head stays at the event before it."""
        following = iter(rows)
        row = next(following, None)
        while row is not None:
            after = next(following, None)
            fault = self._find_fault(row, after)
            if fault is not None:
                return fault
            self._take(row)
            fault = self._find_rewritten()
            if fault is not None:
                return fault
            row = after
        if not self.is_part and self.last_emptied > self.told_emptied:
            return Fault(self.told_emptied + 1, "emptied")
        return None

    def find_missing(self, told: Head | None) -> Fault | None:
        """What is wrong with the end, when there was no fault before it."""
        number = self.head.number
        for kept in self.kept:
            return Fault(number + 1, "cut-off") if kept.number > number else Fault(number, "rewritten")
        if told is None or told == self.head:
            return None
        return Fault(number + 1, "cut-off") if told.number > number else Fault(number, "head")

    def _find_fault(self, row: LogRow, after: LogRow | None) -> Fault | None:
        wanted, previous = self.head.number + 1, self.head.hash
        if row.number != wanted:
            return Fault(wanted, "gap" if row.number > wanted else "inserted")
        own_hash = row.content_hash if row.salt is None else hash_content(row.salt, row.content)
        way = ""
        if row.hash_after(previous) != row.hash:
            way = _tell_what(row, previous, own_hash, after)
        elif own_hash != row.content_hash:
            way = "content"
        elif row.salt is None and (self.has_content or any(row.content)):
            way = "emptied"
        return Fault(wanted, way) if way else None

    def _take(self, row: LogRow) -> None:
        self.head = Head(row.number, row.hash)
        self.first = self.first or row.number
        self.n_events += 1
        if row.salt is None:
            self.n_emptied += 1
            self.last_emptied = row.number
            # one of a clock that was ahead says nothing
            if row.at <= self.now:
                self.newest_emptied = max(row.at, self.newest_emptied or row.at)
            return
        self.has_content = True
        told = read_told(row)
        if told is not None:
            self.emptyings.append(told)
            self.told_emptied = max(self.told_emptied, told.up_to)
        elif row.what == TAKEN_IN and (found := _RANGE.match(row.about)):
            self.n_taken_in = min(int(found[1]), row.number - 1)

    def _find_rewritten(self) -> Fault | None:
        """Tick off kept heads that were met; one of this number with another hash is a fault."""
        for kept in tuple(self.kept):
            if kept.hash == self.head.hash:
                self.kept.remove(kept)
            elif kept.number == self.head.number:
                return Fault(kept.number, "rewritten")
        return None


def _tell_what(row: LogRow, previous: str, own_hash: str, after: LogRow | None) -> str:
    """What of a row was changed, whose hash is not that of it and the one before."""
    if hash_event(previous, row.number, row.at, row.what, own_hash) == row.hash:
        return "content-hash"
    # what follows tells which hash this one had
    if after is not None and after.hash_after(row.hash_after(previous)) == after.hash:
        return "hash"
    return "time-or-kind"


def _look_elsewhere(open_rows: Callable[[], Iterator[LogRow]], head: Head, fault: Fault) -> Fault:
    """Whether the event that belongs in a place stands in another one."""
    for row in open_rows():
        moved = row._replace(number=fault.number)
        if row.number != fault.number and moved.hash_after(head.hash) == row.hash:
            return Fault(fault.number, "reordered")
    return fault
