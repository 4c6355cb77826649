"""Totals over the cutoffs of a back-test, and how much of them is chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError, SchemaError

__all__ = ["summarise_backtest"]

_NEEDED = ("cutoff", "model", "n_events", "hits", "best_hits", "area_km2", "asked_km2", "window_km2")
_MOST_DRAWS = 1_000_000


def summarise_backtest(
    result: pd.DataFrame, *, n_draws: int = 2_000, seed: int = 68656048, level: float = 0.9
) -> pd.DataFrame:
    """Hits of all cutoffs together, with bootstrap intervals from drawing the cutoffs anew.

    Parameters
    ----------
    result : DataFrame that `geo.backtest` gave
    n_draws : int, >= 1
    seed : int
    level : float, between 0 and 1
        Share of the draws inside an interval.

    Returns
    -------
    DataFrame
        A row per model and area: ``model``, ``asked_km2``, ``n_cutoffs``, ``n_events``, ``hits``, ``best_hits``,
        ``hit_rate``, ``pai``, ``pai_low``, ``pai_high``, ``pai_sd``, ``pei_star``, ``pei_star_low``,
        ``pei_star_high``, ``pei_star_sd``. ``NA`` where no horizon has an event; draws without one are left out of the
        intervals. The same draws serve every row, so that models are compared on the same cutoffs.

    Raises
    ------
    SchemaError, ParameterError
    """
    missing = [name for name in _NEEDED if name not in result.columns]
    if missing:
        message = f"result lacks {', '.join(missing)}; give the frame that geo.backtest returns."
        raise SchemaError(message, (message,))
    if isinstance(n_draws, bool) or not isinstance(n_draws, (int, np.integer)) or not 1 <= n_draws <= _MOST_DRAWS:
        message = f"n_draws must be a whole number from 1 to {_MOST_DRAWS}, got {n_draws!r}."
        raise ParameterError(message)
    if not 0 < level < 1:
        message = f"level must lie between 0 and 1, got {level!r}."
        raise ParameterError(message)
    cutoffs = pd.Index(result["cutoff"].unique())
    drawn = np.random.default_rng(seed).integers(len(cutoffs), size=(n_draws, len(cutoffs)))
    # how often each cutoff is drawn
    times = np.stack([np.bincount(draw, minlength=len(cutoffs)) for draw in drawn])
    rows = [
        {"model": model, "asked_km2": asked_km2, **_total(rows, cutoffs, times, level)}
        for (model, asked_km2), rows in result.groupby(["model", "asked_km2"], sort=False)
    ]
    ratios = [name for name in rows[0] if name.startswith(("hit_rate", "pai", "pei_star"))] if rows else []
    return pd.DataFrame(rows).astype(dict.fromkeys(ratios, "Float64"))


def _total(
    rows: pd.DataFrame, cutoffs: pd.Index, times: NDArray[np.int64], level: float
) -> dict[str, float | int | None]:
    of_cutoff = rows.set_index("cutoff")[["n_events", "hits", "best_hits"]].reindex(cutoffs, fill_value=0)
    n_events, hits, best = (of_cutoff[name].to_numpy(dtype=np.float64) for name in of_cutoff)
    share = float(rows["area_km2"].iloc[0] / rows["window_km2"].iloc[0])
    found: dict[str, float | int | None] = {
        "n_cutoffs": len(rows),
        "n_events": int(n_events.sum()),
        "hits": int(hits.sum()),
        "best_hits": int(best.sum()),
        "hit_rate": _divide(hits.sum(), n_events.sum()),
    }
    for name, possible, scale in (("pai", n_events, 1 / share), ("pei_star", best, 1.0)):
        total = _divide(hits.sum(), possible.sum())
        found[name] = None if total is None else total * scale
        below = times @ possible
        draws = (times @ hits)[below > 0] / below[below > 0] * scale
        low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2]) if len(draws) else (None, None)
        found |= {f"{name}_low": low, f"{name}_high": high, f"{name}_sd": draws.std() if len(draws) else None}
    return found


def _divide(above: float, below: float) -> float | None:
    return float(above / below) if below else None
