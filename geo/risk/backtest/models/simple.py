"""The baselines: where it happened before, plain or spread, whole or fading."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo.risk.backtest.models.choosing import choose
from geo.risk.backtest.models.ladders import half_lives, lay_bandwidths, rule_of_thumb
from geo.risk.backtest.models.rates import kernel_rate, window_rate
from geo.risk.backtest.past import Past

__all__ = ["rank_by_count", "rank_by_fading_kernel", "rank_by_kernel"]

_WINDOWS_IN_HORIZONS = (math.inf, 36.0, 12.0)


def rank_by_count(past: Past) -> NDArray[np.float64]:
    """Events per cell; how far to look back is chosen on the past: all of it, 36 or 12 horizons.

    Parameters
    ----------
    past : Past

    Returns
    -------
    (n_cells,) float64, events per cell and horizon
    """
    candidates: dict[Hashable, Callable[[Past], NDArray[np.float64]]] = {
        many: partial(_count_in, many=many) for many in _WINDOWS_IN_HORIZONS
    }
    return candidates[choose(past, "count", candidates)](past)


def _count_in(past: Past, many: float) -> NDArray[np.float64]:
    return window_rate(past, min(many * past.horizon_days, past.span_days))


def rank_by_kernel(past: Past) -> NDArray[np.float64]:
    """Kernel density of all past events; its bandwidth is chosen on the past.

    Parameters
    ----------
    past : Past

    Returns
    -------
    (n_cells,) float64, events per cell and horizon
    """
    return _choose_kernel(past, "kde", (math.inf,))


def rank_by_fading_kernel(past: Past) -> NDArray[np.float64]:
    """Kernel density of past events that fade; bandwidth and half-life are chosen on the past.

    Parameters
    ----------
    past : Past

    Returns
    -------
    (n_cells,) float64, events per cell and horizon
    """
    return _choose_kernel(past, "kde_decay", tuple(reversed(half_lives(past))))


def _choose_kernel(past: Past, name: str, lives: tuple[float, ...]) -> NDArray[np.float64]:
    usual = math.log(rule_of_thumb(past))
    ladder = sorted(lay_bandwidths(past), key=lambda bandwidth_m: abs(math.log(bandwidth_m) - usual))
    candidates: dict[Hashable, Callable[[Past], NDArray[np.float64]]] = {
        (bandwidth_m, life): partial(kernel_rate, bandwidth_m=bandwidth_m, half_life_days=life)
        for life in lives
        for bandwidth_m in ladder
    }
    return candidates[choose(past, name, candidates)](past)
