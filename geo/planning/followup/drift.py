"""Whether expected finds still hold, asked again after every plan without false alarms piling up.

The test is a bet against the chances being right. Somebody who believes that, from some plan on, the odds of every
visit are ``exp(θ)`` times what they were said to be, multiplies their stake at each visit by how much likelier that
makes what was found. Stakes are spread over shifts θ up and down and over the plans that a change may have begun with.
If the chances are right the whole stake is a martingale that begins at 1, and by Ville's inequality it ever reaches 1/α
with a probability of at most α: however many plans there will be, and however often one looks.

Source: Ville (1939); Shafer (2021), Testing by betting, JRSS A 184; Shin, Ramdas & Rinaldo (2024), E-detectors, New
England Journal of Statistics in Data Science 2, for changes that begin later
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError

__all__ = ["FALSE_ALARMS", "DriftTest", "watch_drift"]

Floats = NDArray[np.float64]
# Probability of ever warning while the chances are right.
FALSE_ALARMS = 0.05
# Odds that are 1.5 to 4 times as high or as low; a half of the stake on each side.
_SHIFTS = np.log([1.5, 2.0, 3.0, 4.0])
_THETAS = np.concatenate([-_SHIFTS, _SHIFTS])
# a chance of exactly 0 or 1 that is proven wrong would be worth any stake
_EDGE = 1e-6


@dataclass(frozen=True)
class DriftTest:
    """What the test says after each block of visits.

    Attributes
    ----------
    evidence : the whole stake after each block; 1 at the beginning
    limit : float, a warning is given once evidence has reached it
    warned_after : int, position of the block at which it first did; None where it never has
    begins_with : int, position of the block that the change most likely began with; None without a warning
    is_more : bool, whether more was found than expected; None without a warning
    """

    evidence: tuple[float, ...]
    limit: float
    warned_after: int | None
    begins_with: int | None
    is_more: bool | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**vars(self), "evidence": list(self.evidence)}


def watch_drift(blocks: Sequence[tuple[ArrayLike, ArrayLike]], *, false_alarms: float = FALSE_ALARMS) -> DriftTest:
    """Test whether chances were right, block after block.

    Parameters
    ----------
    blocks : of the chances, (n,) float64, 0 to 1, and of what was found, (n,) bool, at the visits of each plan, in the
        order of time; a change begins between two of them
    false_alarms : float, above 0 and below 1: the most that the probability of ever warning may be while they are right

    Returns
    -------
    DriftTest

    Raises
    ------
    ParameterError
    """
    if not 0 < false_alarms < 1:
        message = f"false_alarms must be above 0 and below 1, got {false_alarms!r}."
        raise ParameterError(message)
    limit = 1 / false_alarms
    gains = [_log_gains(*block) for block in blocks]
    # log stakes of every start that there was, by θ; what is put on starts still to come is 1 / n after n of them
    stakes = np.zeros((0, len(_THETAS)))
    evidence: list[float] = []
    warned: tuple[int, int, bool] | None = None
    for n, gain in enumerate(gains, start=1):
        stakes = np.vstack([stakes, np.full(len(_THETAS), -math.log(n * (n + 1) * len(_THETAS)))]) + gain
        evidence.append(float(np.exp(np.minimum(stakes, 700.0)).sum()) + 1 / (n + 1))
        if warned is None and evidence[-1] >= limit:
            start, theta = np.unravel_index(int(np.argmax(stakes)), stakes.shape)
            warned = n - 1, int(start), bool(_THETAS[theta] > 0)
    after, begins, more = warned if warned is not None else (None, None, None)
    return DriftTest(tuple(evidence), limit, after, begins, more)


def _log_gains(chances: ArrayLike, found: ArrayLike) -> Floats:
    """Logarithm of what a stake on each θ is multiplied with by one block, (n_thetas,)."""
    p, y = np.asarray(chances, dtype=np.float64), np.asarray(found, dtype=bool)
    if p.ndim != 1 or p.shape != y.shape or not ((p >= 0) & (p <= 1)).all():
        message = "Each block needs chances, (n,) numbers from 0 to 1, and as many answers whether something was found."
        raise ParameterError(message)
    p = np.clip(p, _EDGE, 1 - _EDGE)[:, None]
    # odds · e^θ: a find multiplies by e^θ / (1 − p + p e^θ), none by 1 / (1 − p + p e^θ)
    gains: Floats = (y[:, None] * _THETAS - np.log1p(p * np.expm1(_THETAS))).sum(axis=0)
    return gains
