"""Cells to learn from: those where something happened, and some of the others, which then stand for more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sample", "join_samples", "take_sample"]

# Of the cells without an event in the horizon, this many with a past of their own and as many without one.
_QUIET_CELLS = 2_000


@dataclass(frozen=True)
class Sample:
    """Rows to fit on.

    Attributes
    ----------
    features : (n, n_features) float32, events per cell and horizon
    events : (n,) float64, what happened in the horizon
    weight : (n,) float64, >= 1, how many cells each row stands for
    """

    features: NDArray[np.float32]
    events: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def mean_events(self) -> float:
        """Events per cell and horizon."""
        return float(self.weight @ self.events / self.weight.sum())

    def first(self, n_features: int) -> Sample:
        """The same rows, of their features the first ones only."""
        return Sample(self.features[:, :n_features], self.events, self.weight)


def take_sample(
    features: NDArray[np.float32], events: NDArray[np.float64], has_past: NDArray[np.bool_], seed: int
) -> Sample:
    """All cells with an event in the horizon, and of the others at most 2 000 with a past of their own, 2 000 without.

    Parameters
    ----------
    features : (n_cells, n_features) float32
    events : (n_cells,) float64
    has_past : (n_cells,) bool
    seed : int

    Returns
    -------
    Sample
    """
    generator = np.random.default_rng(seed)
    eventful = np.flatnonzero(events > 0)
    chosen, weights = [eventful], [np.ones(len(eventful))]
    for quiet in (np.flatnonzero((events == 0) & has_past), np.flatnonzero((events == 0) & ~has_past)):
        n = min(len(quiet), _QUIET_CELLS)
        chosen.append(np.sort(generator.choice(quiet, n, replace=False)) if n < len(quiet) else quiet)
        weights.append(np.full(n, len(quiet) / max(n, 1)))
    rows = np.concatenate(chosen)
    return Sample(features[rows], events[rows], np.concatenate(weights))


def join_samples(samples: Sequence[Sample]) -> Sample:
    """Rows of several horizons as one."""
    return Sample(
        np.concatenate([each.features for each in samples]),
        np.concatenate([each.events for each in samples]),
        np.concatenate([each.weight for each in samples]),
    )
