"""Events as they come, checked and made into arrays in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import DEGREES_MAX
from geo.errors import SchemaError
from geo.grid import Grid
from geo.risk.backtest.times import Moments, Times, read_times

__all__ = ["Events", "read_events"]

_SHOWN = 5
# A grid this far from its origin holds no coordinates that could be degrees.
_FAR_M = 100_000.0


@dataclass(frozen=True)
class Events:
    """Points in time and space, from the first to the last; those of one time from west to east, south to north.

    Attributes
    ----------
    easting, northing : (n,) float64, m, grid CRS
    time : (n,) datetime64[us]
    zone : tzinfo or str or None
        Of the clock that `time` is read from; ``"each its own"`` where rows name several.
    n_repeated : int
        Rows that have place and time in common with an earlier one; each counts as an event.
    """

    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    time: Moments
    zone: Any
    n_repeated: int

    def __len__(self) -> int:
        return len(self.time)


def read_events(events: Any, grid: Grid, time: str) -> Events:
    """Check a table of events.

    Parameters
    ----------
    events : GeoDataFrame of points, or DataFrame with ``easting`` and ``northing``
        A frame that names another CRS than the grid's is projected; one that names none is taken as the grid's.
    grid : Grid
    time : str, the column of the time

    Returns
    -------
    Events
        Off the grid ones too: they are near it, or reach nothing.

    Raises
    ------
    SchemaError
        Everything that is wrong with the table, in one message.
    """
    if not isinstance(events, pd.DataFrame):
        message = f"events must be a GeoDataFrame of points or a DataFrame, got {type(events).__name__}."
        raise SchemaError(message, (message,))
    failures: list[str] = []
    easting, northing = _read_places(events, grid, failures)
    times = _read_time_column(events, time, failures)
    if not len(events):
        failures.append("there is no event: give at least one before the first cutoff")
    if len(easting) == len(events):
        _check_places(easting, northing, events.index, grid, failures)
    if failures:
        message = "events cannot be used: " + "; ".join(failures) + "."
        raise SchemaError(message, tuple(failures))
    order = np.lexsort((northing, easting, times.moments))
    easting, northing, moment = easting[order], northing[order], times.moments[order]
    same = (np.diff(easting) == 0) & (np.diff(northing) == 0) & (moment[1:] == moment[:-1])
    for array in (easting, northing, moment):
        array.flags.writeable = False
    zone = times.zones[0] if len(times.zones) == 1 else "each its own"
    return Events(easting, northing, moment, zone, int(np.count_nonzero(same)))


def _read_places(
    events: pd.DataFrame, grid: Grid, failures: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nowhere = np.empty(0), np.empty(0)
    if isinstance(events, gpd.GeoDataFrame):
        if events.active_geometry_name is None:
            failures.append("the frame has no geometry: set one with set_geometry")
            return nowhere
        places = events.geometry
        is_point = (shapely.get_type_id(places.to_numpy()) == shapely.GeometryType.POINT) & ~places.is_empty.to_numpy()
        if not is_point.all():
            failures.append(f"{_name_rows(~is_point, events.index)} with no point as geometry: drop them")
            return nowhere
        if places.crs is not None and places.crs != CRS.from_user_input(grid.crs):
            places = places.to_crs(grid.crs)
        # shapely's own, because geopandas' refuses frames without rows
        array = places.to_numpy()
        return shapely.get_x(array), shapely.get_y(array)
    found = []
    for name in ("easting", "northing"):
        if name not in events.columns:
            failures.append(f"there is no column {name}: name it so (m, {grid.crs}) or give a GeoDataFrame of points")
            continue
        column = events[name]
        if isinstance(column, pd.DataFrame) or pd.api.types.is_complex_dtype(column.dtype):
            what = "there are several columns" if isinstance(column, pd.DataFrame) else "complex numbers are in"
            failures.append(f"{what} {name}: give one of real numbers (m, {grid.crs})")
            continue
        found.append(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))
    return (found[0], found[1]) if len(found) == 2 else nowhere  # noqa: PLR2004


def _read_time_column(events: pd.DataFrame, name: str, failures: list[str]) -> Times:
    if name not in events.columns or isinstance(events[name], pd.DataFrame):
        what = "there are several columns" if name in events.columns else "there is no column"
        failures.append(f"{what} {name!r}: name the column of the time with time=, there are {list(events.columns)}")
        return read_times([])
    times = read_times(events[name])
    remedies = {
        "without a time": (times.missing, "drop them or find out when it was"),
        "with a time that cannot be read": (times.unreadable, "write times as 2024-05-31 or 2024-05-31T14:30"),
        "that name a time zone where others name none, or the other way round": (
            times.clashing,
            "write all times on one clock",
        ),
    }
    failures += [
        f"{_name_rows(rows, events.index)} {what} in {name!r}: {remedy}"
        for what, (rows, remedy) in remedies.items()
        if rows.any()
    ]
    return times


def _check_places(
    easting: NDArray[np.float64],
    northing: NDArray[np.float64],
    index: pd.Index,
    grid: Grid,
    failures: list[str],
) -> None:
    is_finite = np.isfinite(easting) & np.isfinite(northing)
    if not is_finite.all():
        failures.append(
            f"{_name_rows(~is_finite, index)} with a coordinate that is no finite number: drop or mend them"
        )
    is_null = (easting == 0) & (northing == 0)
    is_small = is_finite & ~is_null & (np.abs(easting) <= DEGREES_MAX) & (np.abs(northing) <= DEGREES_MAX)
    reach = (grid.x_min - _FAR_M <= 0 <= grid.x_max + _FAR_M) and (grid.y_min - _FAR_M <= 0 <= grid.y_max + _FAR_M)
    if is_small.any() and not reach:
        failures.append(
            f"{_name_rows(is_small, index)} with coordinates that look like degrees: project them to {grid.crs}, "
            f"in a GeoDataFrame that names its CRS it is done here"
        )
    elif len(index) and is_finite.all() and not _on_grid(easting, northing, grid).any():
        hint = "easting and northing look swapped" if _on_grid(northing, easting, grid).any() else "is the CRS right?"
        bounds = ", ".join(f"{value:.0f}" for value in grid.bounds)
        failures.append(f"no event lies on the grid ({bounds}, {grid.crs}): {hint}")


def _on_grid(easting: NDArray[np.float64], northing: NDArray[np.float64], grid: Grid) -> NDArray[np.bool_]:
    return grid.cell_at(easting, northing)[0] >= 0


def _name_rows(is_bad: NDArray[np.bool_], index: pd.Index) -> str:
    bad = index[is_bad]
    shown = ", ".join(map(str, bad[:_SHOWN]))
    rows = "row" if len(bad) == 1 else "rows"
    return f"{len(bad)} {rows} ({shown}{', …' if len(bad) > _SHOWN else ''})"
