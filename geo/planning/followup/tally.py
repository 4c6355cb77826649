"""Expected beside found, of some visits, with exact intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scipy.stats import beta

from geo.planning.followup.poisson_binomial import interval_of_count
from geo.planning.followup.results import StopResult

__all__ = ["LEVEL", "Tally", "share_interval", "tally"]

# of every interval
LEVEL = 0.90


@dataclass(frozen=True)
class Tally:
    """Expected and found.

    Attributes
    ----------
    n : int, visits
    expected : float, finds, the sum of the visits' chances
    low, high : int, 90 % interval of the number of finds if every chance were right and visits were independent
    found : int, visits that found something
    share_low, share_high : float, 90 % interval of the share found, whatever was expected; 0 and 1 without visits
    """

    n: int
    expected: float
    low: int
    high: int
    found: int
    share_low: float
    share_high: float

    @property
    def expected_share(self) -> float | None:
        """Expected finds per visit; None without visits."""
        return self.expected / self.n if self.n else None

    @property
    def share(self) -> float | None:
        """Finds per visit; None without visits."""
        return self.found / self.n if self.n else None

    @property
    def is_unusual(self) -> bool:
        """Whether what was found lies outside the interval of what was expected."""
        return not self.low <= self.found <= self.high

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**vars(self), "expected_share": self.expected_share, "share": self.share}


def share_interval(found: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share by so many of n, exact for independent trials of one chance.

    Source: Clopper & Pearson (1934), Biometrika 26
    """
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, found, n - found + 1)) if found > 0 else 0.0
    high = float(beta.ppf(1 - tail, found + 1, n - found)) if found < n else 1.0
    return low, high


def tally(visits: Iterable[StopResult]) -> Tally:
    """Count visits of which it is known what was expected."""
    some = list(visits)
    chances = [one.stop.expected for one in some if one.stop.expected is not None]
    found = sum(one.found for one in some)
    low, high = interval_of_count(chances, LEVEL)
    share_low, share_high = share_interval(found, len(some))
    return Tally(len(some), float(sum(chances)), low, high, found, share_low, share_high)
