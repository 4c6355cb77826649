"""The arguments of a back-test, checked all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray

from geo.errors import ParameterError, SchemaError
from geo.grid import Grid
from geo.risk.backtest.cells import StudyCells, count_cells, keep_cells, read_region
from geo.risk.backtest.events import Events, read_events
from geo.risk.backtest.models.named import read_models
from geo.risk.backtest.past import Past
from geo.risk.backtest.times import Moments, read_times

__all__ = ["Choices", "read_choices"]

# A lifetime of days: whatever is longer is no horizon, and would leave the calendar.
_HORIZON_MAX_DAYS = 36_525.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class Choices:
    """What a back-test works on.

    Attributes
    ----------
    events : Events
    is_counted : (n,) bool, which of them are of the window whose area is `window_km2`
    cells : StudyCells
    cutoffs : (n_cutoffs,) datetime64[us], in the order given
    horizon_days : float
    areas_km2, n_top : tuple, one for each area: as asked for, and in cells
    window_km2 : float
    models : name to function of a `Past`
    """

    events: Events
    is_counted: NDArray[np.bool_]
    cells: StudyCells
    cutoffs: Moments
    horizon_days: float
    areas_km2: tuple[float, ...]
    n_top: tuple[int, ...]
    window_km2: float
    models: Mapping[str, Callable[[Past], ArrayLike]]


class _Failures:
    """What went wrong, gathered: what can still be checked is."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.of_events: list[str] = []

    def attempt(self, make: Callable[[], _T]) -> _T | None:
        try:
            return make()
        except SchemaError as error:
            self.of_events += error.failures
        except ParameterError as error:
            self.lines.append(str(error).rstrip("."))
        return None

    def raise_any(self) -> None:
        lines = self.of_events + self.lines
        if not lines:
            return
        message = "No back-test can be made of this: " + "; ".join(lines) + "."
        if self.of_events:
            raise SchemaError(message, tuple(lines))
        raise ParameterError(message)


def read_choices(events: Any, grid: Any, *, time: str, **given: Any) -> Choices:
    """Check everything that `geo.backtest` is given.

    Raises
    ------
    SchemaError, ParameterError
        All failures at once; the first where one is of the events.
    MemoryLimitError
    """
    if not isinstance(grid, Grid):
        message = f"grid must be a geo.Grid, got {type(grid).__name__}."
        raise ParameterError(message)
    failures = _Failures()
    table = failures.attempt(lambda: read_events(events, grid, time))
    horizon_days = _read_positive("horizon_days", given["horizon_days"], failures)
    if horizon_days > _HORIZON_MAX_DAYS:
        failures.lines.append(f"horizon_days must be at most {_HORIZON_MAX_DAYS:g}, got {horizon_days:g}")
    region = None
    if given["region"] is not None:
        region = failures.attempt(lambda: read_region(given["region"], grid))
    cells = None
    if given["region"] is None or region is not None:
        cells = failures.attempt(lambda: keep_cells(grid, region))
    areas = _read_areas(given["area_km2"], grid, cells, failures)
    window_km2 = _read_window(given["window_km2"], areas, failures)
    models, wrong = read_models(given["models"])
    failures.lines += wrong
    cutoffs = _read_cutoffs(given["cutoffs"], table, failures)
    if table is not None and cells is not None:
        _check_cells_have_events(table, cells, failures)
    failures.raise_any()
    if table is None or cells is None:  # pragma: no cover - raised above
        raise ParameterError
    return Choices(
        events=table,
        is_counted=_count_in_window(table, cells, region, is_window_given=window_km2 is not None),
        cells=cells,
        cutoffs=cutoffs,
        horizon_days=horizon_days,
        areas_km2=areas,
        n_top=tuple(count_cells(area, grid) for area in areas),
        window_km2=cells.area_km2 if window_km2 is None else window_km2,
        models=models,
    )


def _read_positive(name: str, value: Any, failures: _Failures) -> float:
    try:
        number = math.nan if isinstance(value, (bool, str, bytes)) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        failures.lines.append(f"{name} must be a finite number above 0, got {value!r}")
    return number


def _read_areas(given: Any, grid: Grid, cells: StudyCells | None, failures: _Failures) -> tuple[float, ...]:
    several = list(given) if _is_several(given) else [given]
    if not several:
        failures.lines.append("area_km2 must hold at least one area")
    areas = tuple(_read_positive("area_km2", each, failures) for each in several)
    sound = [area for area in areas if math.isfinite(area) and area > 0]
    for area in sound:
        if count_cells(area, grid) < 1:
            failures.lines.append(
                f"area_km2 = {area:g} is less than one cell ({grid.cell_km2:g} km²): ask for more, or choose smaller "
                f"cells"
            )
        elif cells is not None and count_cells(area, grid) > len(cells):
            failures.lines.append(
                f"area_km2 = {area:g} is more than the {len(cells)} cells that are ranked ({cells.area_km2:g} km²): "
                f"ask for less"
            )
    if len(set(sound)) < len(sound):
        failures.lines.append(f"area_km2 names an area twice: {', '.join(f'{area:g}' for area in areas)}")
    return areas


def _read_window(given: Any, areas: tuple[float, ...], failures: _Failures) -> float | None:
    if given is None:
        return None
    window_km2 = _read_positive("window_km2", given, failures)
    most = max((area for area in areas if math.isfinite(area)), default=0.0)
    if 0 < window_km2 < most:
        failures.lines.append(
            f"window_km2 = {window_km2:g} is less than area_km2 = {most:g}: the window holds the area"
        )
    return window_km2


def _read_cutoffs(given: Any, table: Events | None, failures: _Failures) -> Moments:
    none = np.empty(0, dtype="datetime64[us]")
    several = list(given) if _is_several(given) else [given]
    if not several:
        failures.lines.append("cutoffs must hold at least one")
        return none
    zone = table.zone if table is not None and not isinstance(table.zone, str) else None
    times = read_times(several, zone)
    if (times.missing | times.unreadable).any():
        bad = [repr(value) for value, is_bad in zip(several, times.missing | times.unreadable, strict=True) if is_bad]
        failures.lines.append(
            f"cutoffs: {', '.join(bad[:5])} cannot be read: give dates, or texts such as 2024-05-31 or 2024-05-31T14:30"
        )
        return none
    if table is None:
        return times.moments
    if any(of is not None for of in times.zones) and (zone is None):
        clock = "each name their own" if table.zone is not None else "name none"
        failures.lines.append(
            f"cutoffs name a time zone and the events {clock}: give cutoffs without one, read on the events' clock"
        )
        return none
    early = times.moments[times.moments <= table.time[0]]
    if len(early):
        failures.lines.append(
            f"{len(early)} cutoff(s) ({', '.join(map(str, early[:5]))}) are not after the first event "
            f"({table.time[0]}), so that there is no past to learn from: choose later ones"
        )
    elif len(np.unique(times.moments)) < len(times.moments):
        failures.lines.append("cutoffs names one twice: give each once")
    return times.moments


def _is_several(given: Any) -> bool:
    return isinstance(given, (list, tuple, set, pd.Index, pd.Series, ExtensionArray)) or (
        isinstance(given, np.ndarray) and given.ndim == 1
    )


def _check_cells_have_events(table: Events, cells: StudyCells, failures: _Failures) -> None:
    if not (cells.number_at(table.easting, table.northing) >= 0).any():
        failures.lines.append("no event lies in a cell that is ranked: is region where the events are?")


def _count_in_window(
    events: Events, cells: StudyCells, region: shapely.Geometry | None, *, is_window_given: bool
) -> NDArray[np.bool_]:
    """Which events count as N: those in ranked cells, or all in the window where its area is given."""
    in_cells = cells.number_at(events.easting, events.northing) >= 0
    if not is_window_given:
        return in_cells
    if region is None:
        return cells.grid.cell_at(events.easting, events.northing)[0] >= 0
    shapely.prepare(region)
    in_region: NDArray[np.bool_] = shapely.intersects_xy(region, events.easting, events.northing)
    # a cell that is kept may stick out by a hundredth
    return in_region | in_cells
