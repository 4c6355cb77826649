"""Bandwidths, half-lives and past horizons to learn from, laid out on what was known at a cutoff."""

from __future__ import annotations

import math

import numpy as np

from geo.risk.backtest.past import Past, to_duration

__all__ = ["IN_HORIZONS", "half_lives", "lay_bandwidths", "lay_origins", "rule_of_thumb"]

_N_BANDWIDTHS = 6
_DOUBLINGS = (3, 16)
# Quartic kernel with the variance of a Gaussian of bandwidth 1: b²/8 along each axis.
_GAUSSIAN_TO_QUARTIC = math.sqrt(8.0)
# Half-lives.
IN_HORIZONS = (1.0, 4.0, 12.0, 36.0)
# Before the first horizon to learn from there must be something to learn it from.
_BURN_IN_HORIZONS = 6
_BURN_IN_SHARE = 1 / 3
_FEW_ORIGINS = 8
_MOST_HALVINGS = 3


def rule_of_thumb(past: Past) -> float:
    """Silverman's bandwidth for points in the plane, as that of a quartic kernel, m; at least a cell.

    Source: Silverman (1986), eq. 4.14, with the geometric mean of the two spreads.
    """
    on = past.cell >= 0
    n = np.count_nonzero(on)
    if n < 2:  # noqa: PLR2004
        return past.grid.cell_m
    spread = math.sqrt(float(past.easting[on].std()) * float(past.northing[on].std()))
    return max(past.grid.cell_m, spread * n ** (-1 / 6) * _GAUSSIAN_TO_QUARTIC)


def lay_bandwidths(past: Past) -> tuple[float, ...]:
    """Six bandwidths, m, from a cell to about the rule of thumb, each the same multiple of the one before.

    The last is a cell doubled a whole number of times, so that more events seldom move the ladder.
    """
    cell_m = past.grid.cell_m
    low, high = _DOUBLINGS
    doublings = min(max(round(math.log2(rule_of_thumb(past) / cell_m)), low), high)
    return tuple((cell_m * np.geomspace(1.0, 2.0**doublings, _N_BANDWIDTHS)).tolist())


def half_lives(past: Past) -> tuple[float, ...]:
    """Half-lives, days: 1, 4, 12 and 36 horizons."""
    return tuple(many * past.horizon_days for many in IN_HORIZONS)


def lay_origins(past: Past, most: int) -> list[np.datetime64]:
    """Starts of horizons that are over at the cutoff, the last first.

    They lie a horizon apart, counted from the first event, so that cutoffs share them; half, a quarter or an eighth of
    one where there would be fewer than eight. At least six horizons lie before each, or a third of what is known.

    Parameters
    ----------
    past : Past
    most : int

    Returns
    -------
    list of datetime64[us], empty where too little is known
    """
    horizon, span = past.horizon_days, past.span_days
    burn_in = min(_BURN_IN_HORIZONS * horizon, _BURN_IN_SHARE * span)
    found: list[float] = []
    for halvings in range(_MOST_HALVINGS + 1):
        step = horizon / 2**halvings
        first, last = max(1, math.ceil(burn_in / step)), math.floor((span - horizon) / step + 1e-9)
        found = [step * i for i in range(last, max(first, last - most + 1) - 1, -1)]
        if len(found) >= _FEW_ORIGINS:
            break
    end = to_duration(horizon)
    starts = [past.time[0] + to_duration(days) for days in found]
    return [start for start in starts if start + end <= past.cutoff]
