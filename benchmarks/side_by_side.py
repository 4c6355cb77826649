"""Time several ways to do one thing in turn, in one run, so that their ratio holds on a noisy machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

__all__ = ["compare", "print_table"]


def compare(ways: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Median seconds of each way, after one call of each that is not counted.

    Parameters
    ----------
    ways : name to function without arguments
    rounds : int, how often each is called, in turn: A B A B …

    Returns
    -------
    dict, name to seconds
    """
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_table(title: str, seconds: Mapping[str, float]) -> None:
    """Medians and their ratio to the first way."""
    first = next(iter(seconds.values()))
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:<48} {value * 1000:>10.2f} ms   × {value / first:.2f}")
