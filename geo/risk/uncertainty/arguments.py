"""What may be asked of a simulation; all failures in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.kernels import check_threads
from geo.risk.ranking import MAX_TOP
from geo.risk.scored import ScoredSurface

__all__ = ["MAX_DRAWS", "MIN_DRAWS", "Choices", "parse_choices"]

# With fewer, the ends of a 90 % interval are the extremes themselves; with more, nothing is told apart that matters.
MIN_DRAWS, MAX_DRAWS = 20, 10_000


@dataclass(frozen=True, eq=False)
class Choices:
    """Checked arguments.

    Attributes
    ----------
    n_draws, top_k, seed, n_threads : int
    county : str, None for all
    ranked : one (n_rows, n_cols) bool for each surface, cells that may be among the highest
    """

    n_draws: int
    top_k: int
    seed: int
    county: str | None
    ranked: tuple[NDArray[np.bool_], ...]
    n_threads: int


def parse_choices(
    surfaces: Sequence[ScoredSurface], n_draws: int, top_k: int, seed: int, county: str | None, n_threads: int | None
) -> Choices:
    """Check arguments against the surfaces that they are for.

    Raises
    ------
    ParameterError
        Names everything that is wrong.
    """
    failures = []
    if not _is_whole(n_draws, MIN_DRAWS, MAX_DRAWS):
        failures.append(f"n_draws must be a whole number from {MIN_DRAWS} to {MAX_DRAWS}, got {n_draws!r}")
    if not _is_whole(seed, 0, None):
        failures.append(f"seed must be a whole number of 0 or more, got {seed!r}")
    threads, ranked = 1, tuple(surface.ranked for surface in surfaces)
    try:
        threads = check_threads(n_threads)
    except ParameterError as error:
        failures.append(str(error).rstrip("."))
    if county is not None:
        try:
            ranked = tuple(each.ranked & each.county_mask(county) for each in surfaces)
        except ParameterError as error:
            failures.append(str(error).rstrip("."))
    n_ranked = min(int(np.count_nonzero(each)) for each in ranked)
    if not _is_whole(top_k, 1, MAX_TOP):
        failures.append(f"top_k must be a whole number from 1 to {MAX_TOP}, got {top_k!r}")
    elif top_k > n_ranked:
        failures.append(f"top_k is {top_k}, but only {n_ranked} cell(s) have something to visit")
    stale = sorted({layer for surface in surfaces for layer in surface.stale_layers})
    if stale:
        failures.append(f"layers have changed since this was scored ({', '.join(stale)}); score again")
    failures += _differences(surfaces)
    if failures:
        message = f"How sure the scores are cannot be told: {'; '.join(failures)}."
        raise ParameterError(message)
    return Choices(int(n_draws), int(top_k), int(seed), county, ranked, threads)


def _differences(surfaces: Sequence[ScoredSurface]) -> list[str]:
    """What keeps surfaces from being compared."""
    first, last = surfaces[0], surfaces[-1]
    failures = []
    if first.grid != last.grid:
        failures.append("the two surfaces have different grids; score both on one")
    if first.model.version != last.model.version:
        versions = f"{first.model.version} and {last.model.version}"
        failures.append(f"the two surfaces have different model versions ({versions}), whose points do not compare")
    return failures


def _is_whole(value: object, low: int, high: int | None) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        return False
    return bool(value >= low and (high is None or value <= high))
