"""Weights drawn around those of the experts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONCENTRATION", "draw_points"]

# Experts gave weights in steps of 0.05. With this concentration a weight's standard deviation is about such a step, in
# the mean over the components: docs/adr/0017-how-sure.md.
CONCENTRATION = 50.0


def draw_points(weights: NDArray[np.float64], n_draws: int, seed: np.random.SeedSequence) -> NDArray[np.float32]:
    """The most that each component can give to the score in each draw: 100 times Dirichlet weights.

    Parameters
    ----------
    weights : (n_components,) float64, >= 0, not all 0
    n_draws : int
    seed : SeedSequence
        Two sets of weights drawn by one seed move together, because both come from the same uniform numbers.

    Returns
    -------
    (n_components, n_draws) float32, each draw adds up to 100; 0 where the weight is 0

    Source: Dirichlet as normalised Gamma variables, Devroye (1986), Non-Uniform Random Variate Generation, XI.4
    """
    from scipy.special import gammaincinv  # noqa: PLC0415  slow to load, and every command would wait for it

    uniform = np.random.Generator(np.random.Philox(seed)).random((len(weights), n_draws))
    shape = CONCENTRATION * weights / weights.sum()
    some = np.flatnonzero(shape > 0)
    gammas = np.zeros(uniform.shape)
    gammas[some] = gammaincinv(shape[some, np.newaxis], uniform[some])
    points: NDArray[np.float32] = (100.0 * gammas / gammas.sum(axis=0)).astype(np.float32)
    return points
