"""What the log says of its own emptying, and whether what was emptied was old enough by that.

An event that was emptied keeps its time, and the event that tells of the emptying has one, too: both are chained.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from geo.store.people.chain import LogRow

__all__ = ["DAY_S", "EMPTIED", "LEAST_DAYS", "Early", "Told", "find_early", "read_told", "write_told"]

EMPTIED = "audit-emptied"
# a yearly review, and twice as long as a release of shared maps counts: docs/adr/0031-audit-log.md
LEAST_DAYS = 365
DAY_S = 86_400.0
_ABOUT = re.compile(r"1–(\d{1,18})(?:; (\d{1,6}) days)?")


class Told(NamedTuple):
    """What an event tells of an emptying: its own number and time, how far, and how many days were kept."""

    number: int
    at: float
    up_to: int
    days: int


@dataclass(frozen=True)
class Early:
    """Events that were emptied too early.

    Attributes
    ----------
    number : int, the first of them
    n : int, how many they are
    kept_days, least_days : int, how long that one was kept, and how long it had to be
    """

    number: int
    n: int
    kept_days: int
    least_days: int


def write_told(up_to: int, days: int) -> str:
    """What an event that tells of an emptying is about."""
    return f"1–{up_to}; {days} days"


def read_told(row: LogRow) -> Told | None:
    """What a row tells of an emptying; None where it tells of something else."""
    found = _ABOUT.fullmatch(row.about) if row.what == EMPTIED else None
    if found is None:
        return None
    return Told(row.number, row.at, min(int(found[1]), row.number - 1), max(int(found[2] or 0), LEAST_DAYS))


def find_early(rows: Iterable[LogRow], told: Sequence[Told], *, now: float) -> Early | None:
    """Whether events were emptied before they were as old as is told, and as `LEAST_DAYS`.

    An event from a clock that was ahead is passed over, like by the emptying: where an older one stands after it, and
    such events are not the most of those that were emptied together.

    Parameters
    ----------
    rows : the log from its beginning; what follows the first event that is not emptied is not read
    told : by number, every emptying that the log still tells of
    now : float, s; an emptying is not believed to be later

    Returns
    -------
    Early, None where all were old
    """
    groups = [_Group(each, now) for each in told]
    reach = list(accumulate((each.up_to for each in told), max))
    for row in rows:
        if row.salt is not None:
            break
        # the first that reaches so far; of others the log does not tell any more
        place = bisect_left(reach, row.number)
        if place < len(groups):
            groups[place].take(row)
    early = [found for group in groups if (found := group.find_early()) is not None]
    if not early:
        return None
    first = min(early, key=lambda one: one.number)
    return Early(first.number, sum(each.n for each in early), first.kept_days, first.least_days)


class _Group:
    """Events that were emptied together."""

    def __init__(self, told: Told, now: float) -> None:
        self.days = told.days
        # a day, since another machine's clock may be a little before this one's
        self.clock = told.at if told.at <= now + DAY_S else now
        self.limit = self.clock - self.days * DAY_S
        self.n_old = 0
        self.is_last_old = True
        self.young: list[tuple[int, float]] = []
        self.ahead: list[tuple[int, float]] = []

    def take(self, row: LogRow) -> None:
        self.is_last_old = row.at < self.limit
        if self.is_last_old:
            self.n_old += 1
        else:
            (self.ahead if row.at > self.clock else self.young).append((row.number, row.at))

    def find_early(self) -> Early | None:
        is_ahead_passed = self.is_last_old and len(self.ahead) <= self.n_old
        early = sorted(self.young if is_ahead_passed else [*self.young, *self.ahead])
        if not early:
            return None
        number, at = early[0]
        return Early(number, len(early), max(0, int((self.clock - at) // DAY_S)), self.days)
