"""A row of the table: what was timed beside what, the bar it is held against, and how wrong either side is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Bar", "Row", "at_least", "at_most"]


@dataclass(frozen=True)
class Bar:
    """What a figure must reach (``≥``) or must not pass (``≤``)."""

    sign: str
    limit: float

    def is_met(self, figure: float) -> bool:
        """Whether the figure is on the right side."""
        return figure >= self.limit if self.sign == "≥" else figure <= self.limit


def at_least(limit: float) -> Bar:
    """``≥ limit``."""
    return Bar("≥", limit)


def at_most(limit: float) -> Bar:
    """``≤ limit``."""
    return Bar("≤", limit)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    work, case : what is computed, and on what
    threads : threads of our side and of the other, in words
    ours_s, other_s : median seconds; None where nothing was timed
    other : what `other_s` is the time of
    figure : what the bar is held against; None for a row that was not run
    unit : of the figure: ``×`` (a ratio), ``power`` (an exponent), ``max`` (an error over the maximum), or
        one that is written as it is: ``s``, ``ms``, ``kB``, ``MB``, ``GiB``
    bar : None where kernel bars say nothing about this row
    our_error, other_error : largest error against brute force over the raster's maximum; None where not compared
    rounds : how many calls the medians are of
    note : what else the reader must know, such as why the row was not run
    """

    work: str
    case: str
    threads: str = ""
    ours_s: float | None = None
    other_s: float | None = None
    other: str = ""
    figure: float | None = None
    unit: str = "×"
    bar: Bar | None = None
    our_error: float | None = None
    other_error: float | None = None
    rounds: int | None = None
    note: str = ""

    @property
    def was_run(self) -> bool:
        """False for a row that only says what is missing."""
        return self.figure is not None or self.ours_s is not None

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is met; None without a bar or a figure."""
        return None if self.bar is None or self.figure is None else self.bar.is_met(self.figure)

    def to_json(self) -> dict[str, Any]:
        """Everything, for the file of figures."""
        return {**asdict(self), "is_met": self.is_met}
