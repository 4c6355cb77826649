"""Rules across the rows of a reference table: each tells what is wrong, one line per failure, with what to do.

A rule is a function from a table, columns already read as what they are, to its failures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pandas as pd

__all__ = [
    "classes_cover_scale",
    "differences_mirror",
    "falls_to_zero",
    "in_an_edition",
    "low_not_above_high",
    "one_meaning",
    "periods_follow",
    "spread_within_limits",
    "sums_to_one",
    "twelve_months",
]

_MONTHS = set(range(1, 13))
_SCALE_END = 100.0
_ROUNDING = 1e-9


def twelve_months(*key: str) -> Callable[[pd.DataFrame], list[str]]:
    """Every combination of the key columns has a row for each month."""

    def check(frame: pd.DataFrame) -> list[str]:
        months: dict[str, set[int]] = {}
        for *names, month in zip(*(frame[column].tolist() for column in (*key, "month")), strict=True):
            months.setdefault(" ".join(names), set()).add(month)
        return [
            f"column month: {name} has no row for month {', '.join(map(str, sorted(_MONTHS - found)))}"
            for name, found in months.items()
            if found != _MONTHS
        ]

    return check


def sums_to_one(column: str, within: str = "") -> Callable[[pd.DataFrame], list[str]]:
    """A column of shares adds up to 1: over all rows, or over those of each code of another column."""

    def check(frame: pd.DataFrame) -> list[str]:
        totals = frame.groupby(within)[column].sum().to_dict() if within else {"": frame[column].sum()}
        return [
            f"column {column}: adds up to {total:.6g}{f' for {code}' if within else ''}, must be 1"
            for code, total in totals.items()
            if abs(total - 1) > _ROUNDING
        ]

    return check


def differences_mirror(frame: pd.DataFrame) -> list[str]:
    """Classes of a difference follow one another over all that is possible, the same on both sides of 0."""
    edges = [*frame["low"].tolist(), frame["high"].iloc[-1]]
    ends = frame["high"].tolist()
    mirrored = [-edge for edge in reversed(edges)]
    is_sound = edges[1:] == ends and edges == sorted(set(edges)) == mirrored and edges[-1] == _SCALE_END
    return [] if is_sound and len(frame) % 2 else ["columns low and high: classes must mirror each other around 0"]


def classes_cover_scale(frame: pd.DataFrame) -> list[str]:
    """Classes of a score follow one another from 0 to 100."""
    low, high = frame["low"].tolist(), frame["high"].tolist()
    failures = [f"column low: the first class must begin at 0, not {low[0]:g}"] if low[0] != 0 else []
    if high[-1] != _SCALE_END:
        failures.append(f"column high: the last class must end at 100, not {high[-1]:g}")
    failures += [
        f"column low: class {code} begins at {begin:g}, but the class before ends at {end:g}"
        for code, begin, end in zip(frame["code"].tolist()[1:], low[1:], high[:-1], strict=True)
        if begin != end
    ]
    return failures + [
        f"column high: class {code} must end above {begin:g}, not at {end:g}"
        for code, begin, end in zip(frame["code"].tolist(), low, high, strict=True)
        if end <= begin
    ]


def falls_to_zero(column: str) -> Callable[[pd.DataFrame], list[str]]:
    """A curve falls from row to row, and ends at 0."""

    def check(frame: pd.DataFrame) -> list[str]:
        values = frame[column].tolist()
        failures = [] if values[-1] == 0 else [f"column {column}: the last row must hold 0, not {values[-1]:g}"]
        return failures + [
            f"column {column}: {later:g} must be below the row before, {earlier:g}"
            for earlier, later in pairwise(values)
            if later >= earlier
        ]

    return check


def low_not_above_high(frame: pd.DataFrame) -> list[str]:
    """No row has a lowest value above its highest."""
    return [
        f"column high: {high:g} is below low, {low:g}"
        for low, high in zip(frame["low"].tolist(), frame["high"].tolist(), strict=True)
        if low > high
    ]


def spread_within_limits(frame: pd.DataFrame) -> list[str]:
    """A position's usual spread lies between the smallest and the largest that are allowed."""
    columns = (frame[name].tolist() for name in ("precision", "spread_low_m", "spread_m", "spread_high_m"))
    return [
        f"column spread_m: {code} has {usual:g}, which is not from {low:g} to {high:g}"
        for code, low, usual, high in zip(*columns, strict=True)
        if not low <= usual <= high
    ]


def periods_follow(frame: pd.DataFrame) -> list[str]:
    """Phases of one establishment follow one another without overlap."""
    failures = []
    for name, periods in frame.groupby("establishment_id"):
        rows = periods.sort_values("active_from")
        starts, ends = rows["active_from"].tolist(), rows["active_to"].tolist()
        failures += [
            f"column active_to: {name} ends on {end:%Y-%m-%d}, before it begins on {start:%Y-%m-%d}"
            for start, end in zip(starts, ends, strict=True)
            if end < start
        ]
        failures += [
            f"column active_from: {name} has a gap or an overlap between {end:%Y-%m-%d} and {start:%Y-%m-%d}"
            for end, start in zip(ends[:-1], starts[1:], strict=True)
            if start - end != timedelta(days=1)
        ]
    return failures


def in_an_edition(frame: pd.DataFrame) -> list[str]:
    """Every class of industries is in an edition of the classification."""
    nowhere = frame.loc[~(frame["sni_2007"] | frame["sni_2025"]), "sni_class"].tolist()
    return [f"column sni_2007: class {code} is in no edition" for code in nowhere]


def one_meaning(fold: Callable[[str], str], *where: str) -> Callable[[pd.DataFrame], list[str]]:
    """A rule that no synonym stands twice in one place, whatever its spelling."""

    def check(frame: pd.DataFrame) -> list[str]:
        first: dict[tuple[str, ...], str] = {}
        failures = []
        for *place, synonym in zip(*(frame[column].tolist() for column in (*where, "synonym")), strict=True):
            key = (*place, fold(synonym))
            if not key[-1]:
                failures.append(f"column synonym: {synonym!r} has neither letters nor digits")
            elif key in first:
                failures.append(f"column synonym: {synonym!r} is {first[key]!r} over again ({' '.join(place)})")
            first.setdefault(key, synonym)
        return failures

    return check
