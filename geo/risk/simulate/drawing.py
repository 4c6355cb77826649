"""The stops of a month that explore."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.risk.drawing import draw_alike, round_at_random
from geo.risk.simulate.past import Past

__all__ = ["draw_exploration", "round_at_random"]


def draw_exploration(
    past: Past, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Stops among all places with exposure, each site with the same chance, whatever was found so far.

    Parameters
    ----------
    past : Past
    share : float, from 0 to 1, of the month's visits; the number is rounded at random so that its mean is the share
    rng : numpy Generator

    Returns
    -------
    explored : (n_places,) int64, stops drawn
    propensity : (n_places,) float64, how many were to be expected before anything was drawn; adds up to share · visits
    """
    return draw_alike(past.sites, share * past.n_visits, rng)
