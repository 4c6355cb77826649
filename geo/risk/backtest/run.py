"""The back-test: at each cutoff rank the cells on the past, then count what happened in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.grid import Grid
from geo.risk.backtest.arguments import Choices, read_choices
from geo.risk.backtest.events import Events
from geo.risk.backtest.measures import best_hits, rank_cells
from geo.risk.backtest.models.named import predict
from geo.risk.backtest.past import Past, see_all, to_duration

__all__ = ["backtest"]


def backtest(  # noqa: PLR0913
    events: pd.DataFrame,
    grid: Grid,
    *,
    time: str = "observed_on",
    cutoffs: Any,
    horizon_days: float,
    area_km2: float | Sequence[float],
    region: Any = None,
    models: Any = None,
    window_km2: float | None = None,
) -> pd.DataFrame:
    """How well models foretell where events happen next, with a rolling origin.

    At each cutoff a model sees the events before it, ranks the cells, and the events of
    ``[cutoff, cutoff + horizon_days)`` in its top cells are counted. Parameters are chosen on the past of the cutoff.

    Parameters
    ----------
    events : GeoDataFrame of points, or DataFrame with ``easting`` and ``northing`` (m, grid CRS)
        One row per event; rows alike are events of their own. A frame that names another CRS is projected. Events off
        the grid are neither counted nor foretold, but kernels near the edge see them; events after the last horizon are
        not used. ``result.attrs`` says how many there were of each.
    grid : Grid
        In any projected CRS in metres.
    time : str
        Column of dates or times: of pandas, Python's own, or ISO 8601 text. A time zone is kept as the clock it names.
    cutoffs : date, time or ISO 8601 text, or several
        Each after the first event. One without a zone is read on the events' clock.
    horizon_days : float, > 0
    area_km2 : float or several, km²
        What is taken from the top, rounded down to whole cells, at least one, at most all.
    region : polygon in the grid's CRS, GeoSeries or GeoDataFrame, optional
        Only cells at least 99 % inside are ranked. Default: all of the grid.
    models : name, function, object with `predict`, several, or mapping of names to them, optional
        Default: ``count``, ``kde``, ``kde_decay`` and ``norrsyn``. A function takes a
        `geo.risk.backtest.past.Past` and gives one finite number per cell, higher is sooner. Cells with the same one
        are taken in the order of a fixed shuffle.
    window_km2 : float, km², optional
        The A of PAI: area of the study window where that is not the cells ranked. N is then counted in all of the
        region (without one, of the grid), not only in whole cells. Default: the cells ranked, for both.

    Returns
    -------
    DataFrame
        A row per cutoff, model and area, in this order: ``cutoff``, ``model``, ``n_events`` (N), ``hits`` (n),
        ``hit_rate`` (n/N), ``pai`` ((n/N)/(a/A)), ``pei_star`` (n/n*), ``area_km2`` (a, what the cells cover),
        ``asked_km2``, ``n_cells``, ``best_hits`` (n*), ``window_km2`` (A). In a horizon without events there is
        nothing to find: the three ratios are ``NA`` there, and ``n_events`` is 0.

    Raises
    ------
    SchemaError
        The events cannot be used; everything that is wrong with them, and with the arguments, in one message.
    ParameterError
        The arguments cannot be used, or a model does not give a finite number per cell.
    MemoryLimitError

    Source: Chainey et al. (2008) for PAI, Hunt (2016) for PEI*.
    """
    choices = read_choices(
        events,
        grid,
        time=time,
        cutoffs=cutoffs,
        horizon_days=horizon_days,
        area_km2=area_km2,
        region=region,
        models=models,
        window_km2=window_km2,
    )
    everything = see_all(choices.events, choices.cells, choices.horizon_days, choices.cutoffs.max())
    of_cutoff: dict[int, list[dict[str, Any]]] = {}
    # from the first on, so that what models remember never comes from after a cutoff
    for position in np.argsort(choices.cutoffs, kind="stable").tolist():
        of_cutoff[position] = _test_at(choices.cutoffs[position], everything, choices)
    rows = [row for position in range(len(choices.cutoffs)) for row in of_cutoff[position]]
    frame = _to_frame(rows)
    frame.attrs.update(_account_for(choices.events, choices, everything))
    return frame


def _test_at(cutoff: np.datetime64, everything: Past, choices: Choices) -> list[dict[str, Any]]:
    end = cutoff + to_duration(choices.horizon_days)
    first, last = everything.time.searchsorted(np.array([cutoff, end]))
    outcome = everything.cell[first:last]
    counts = np.bincount(outcome[outcome >= 0], minlength=len(choices.cells)).astype(np.float64)
    n_events = int(np.count_nonzero(choices.is_counted[first:last]))
    past = everything.before(cutoff)
    rows = []
    for name, model in choices.models.items():
        for asked_km2, n_top in zip(choices.areas_km2, choices.n_top, strict=True):
            hits = _count_hits(name, model, past.taking(n_top), counts)
            best = int(best_hits(counts, n_top))
            covered_km2 = n_top * choices.cells.grid.cell_km2
            rate = hits / n_events if n_events else None
            rows.append(
                {
                    "cutoff": cutoff,
                    "model": name,
                    "n_events": n_events,
                    "hits": hits,
                    "hit_rate": rate,
                    "pai": None if rate is None else rate / (covered_km2 / choices.window_km2),
                    "pei_star": hits / best if best else None,
                    "area_km2": covered_km2,
                    "asked_km2": asked_km2,
                    "n_cells": n_top,
                    "best_hits": best,
                    "window_km2": choices.window_km2,
                }
            )
    return rows


def _count_hits(name: str, model: Callable[[Past], ArrayLike], past: Past, counts: NDArray[np.float64]) -> int:
    top = rank_cells(predict(name, model, past), past.n_top)
    return int(counts[top].sum())


def _to_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame["cutoff"] = pd.to_datetime(frame["cutoff"])
    ratios = dict.fromkeys(("hit_rate", "pai", "pei_star"), "Float64")
    return frame.astype({**ratios, "model": "str"})


def _account_for(events: Events, choices: Choices, everything: Past) -> dict[str, int]:
    """Where each event went."""
    last = max(choices.cutoffs) + to_duration(choices.horizon_days)
    return {
        "n_rows": len(events),
        "n_off_grid": int(np.count_nonzero(choices.cells.grid.cell_at(events.easting, events.northing)[0] < 0)),
        "n_off_cells": int(np.count_nonzero(everything.cell < 0)),
        "n_after_last_horizon": int(np.count_nonzero(events.time >= last)),
        "n_repeated": events.n_repeated,
    }
