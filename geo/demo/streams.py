"""Random streams: one per part, so that a change in one part leaves the others as they were."""

from __future__ import annotations

import numpy as np

from geo.errors import ParameterError

__all__ = ["PARTS", "check_seed", "make_stream"]

# New parts go last: a part's stream depends on its position.
PARTS = (
    "places",
    "workplaces",
    "identity",
    "temporary",
    "accommodation",
    "statistics",
    "conduct",
    "truth",
    "tips",
    "visits",
    "findings",
    "reports",
)


def make_stream(seed: int, part: str) -> np.random.Generator:
    """Random generator of one part.

    Parameters
    ----------
    seed : int, >= 0
    part : str, one of `PARTS`

    Returns
    -------
    numpy Generator
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PARTS.index(part),)))


def check_seed(seed: int) -> int:
    """The seed as a plain int.

    Raises
    ------
    ParameterError
        It is no whole number from 0 up.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        message = f"seed must be a whole number from 0 up, got {seed!r}."
        raise ParameterError(message)
    return int(seed)
