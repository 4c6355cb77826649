"""What a back-test asks of a model."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.risk.backtest.past import Past

__all__ = ["PredictingModel", "RankingModel"]

Scores = NDArray[np.float64]


class RankingModel(Protocol):
    """A model is a function: what was before a cutoff in, a score per cell out, higher is sooner."""

    def __call__(self, past: Past, /) -> ArrayLike:
        """(n_cells,) finite numbers, in the order of ``past.cells``."""


@runtime_checkable
class PredictingModel(Protocol):
    """Or an object that answers the same with `predict`."""

    def predict(self, past: Past, /) -> ArrayLike:
        """(n_cells,) finite numbers, in the order of ``past.cells``."""
