"""Time several ways to do one thing in turn, in one run, so that their ratio holds on a noisy machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Timing", "compare", "timed"]

ROUNDS = 5
# what is over in no time is repeated more often, because it is disturbed more easily
MOST_ROUNDS, WORTH_REPEATING_S = 25, 1.5
# what takes longer than this a call is repeated less often, and the table says how often
LONG_S, LONG_ROUNDS = 20.0, 3


@dataclass(frozen=True)
class Timing:
    """Seconds of each way (medians), and how many rounds they are the medians of."""

    seconds: Mapping[str, float]
    rounds: int


def timed(function: Callable[[], object]) -> Callable[[], float]:
    """The function as one that answers how many seconds it took."""

    def measure() -> float:
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    return measure


def compare(ways: Mapping[str, Callable[[], float]], rounds: int | None = None) -> Timing:
    """Median seconds of each way, after one call of each that is not counted.

    Parameters
    ----------
    ways : name to function that answers its own seconds, such as `timed` gives
    rounds : int, how often each is called, in turn: A B A B …
        Default: 5; up to 25 where that stays within a second or so; 3 where a call takes more than 20 s.

    Returns
    -------
    Timing
    """
    for way in ways.values():
        way()
    seconds = {name: [way()] for name, way in ways.items()}
    if rounds is None:
        first = [values[0] for values in seconds.values()]
        often = min(MOST_ROUNDS, int(WORTH_REPEATING_S / sum(first)))
        rounds = LONG_ROUNDS if max(first) > LONG_S else max(ROUNDS, often)
    for _ in range(rounds - 1):
        for name, way in ways.items():
            seconds[name].append(way())
    return Timing({name: statistics.median(values) for name, values in seconds.items()}, rounds)
