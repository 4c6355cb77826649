"""Time several ways to do one thing in turn, in one run, so that their ratio holds on a noisy machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Timing", "compare", "timed"]

ROUNDS = 5
# In its turn, what is over sooner than this is called several times in a row: the first calls after another program's
# turn find the caches full of that one's numbers and two threads on one core, and are no measure of either.
TURN_S, MOST_CALLS = 0.2, 50
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


def take_turn(way: Callable[[], float]) -> float:
    """Median seconds of a few calls in a row, of one call where that takes long."""
    seconds = [way()]
    while sum(seconds) < TURN_S and len(seconds) < MOST_CALLS:
        seconds.append(way())
    return statistics.median(seconds)


def compare(ways: Mapping[str, Callable[[], float]]) -> Timing:
    """Median seconds of each way, after one call of each that is not counted.

    Parameters
    ----------
    ways : name to function that answers its own seconds, such as `timed` gives
        They take turns: A B A B …

    Returns
    -------
    Timing
    """
    for way in ways.values():
        way()
    seconds = {name: [take_turn(way)] for name, way in ways.items()}
    rounds = LONG_ROUNDS if max(values[0] for values in seconds.values()) > LONG_S else ROUNDS
    for _ in range(rounds - 1):
        for name, way in ways.items():
            seconds[name].append(take_turn(way))
    return Timing({name: statistics.median(values) for name, values in seconds.items()}, rounds)
