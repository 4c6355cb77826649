"""Parameters chosen by how they would have done on horizons that were over at the cutoff."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo.risk.backtest.measures import best_hits, rank_cells
from geo.risk.backtest.models.ladders import lay_origins
from geo.risk.backtest.past import Past

__all__ = ["choose"]

_MOST_ORIGINS = 12


def choose(past: Past, family: str, candidates: Mapping[Hashable, Callable[[Past], NDArray[np.float64]]]) -> Hashable:
    """The candidate that found most in the last twelve horizons that were over; among equals the first one.

    Parameters
    ----------
    past : Past
    family : str
        Name of the model: what its candidates are remembered by.
    candidates : mapping of parameters to the model with them, the one for want of a past first

    Returns
    -------
    key of `candidates`
    """
    found = dict.fromkeys(candidates, 0.0)
    for origin in lay_origins(past, _MOST_ORIGINS):
        outcome = past.outcome(origin)
        if not best_hits(outcome, past.n_top):
            continue
        then = past.before(origin)
        for parameters, model in candidates.items():
            # of an earlier past, and so the same for every later cutoff
            top = then.remember((family, parameters, past.n_top), partial(_rank, model, then))
            found[parameters] += float(outcome[top].sum())
    return max(candidates, key=lambda parameters: found[parameters])


def _rank(model: Callable[[Past], NDArray[np.float64]], past: Past) -> NDArray[np.int64]:
    return rank_cells(model(past), past.n_top)
