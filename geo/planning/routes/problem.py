"""What is asked of the optimiser: crews' days, places worth a visit, and what a minute on the road takes off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall

from geo.errors import ParameterError, ShapeError
from geo.reference import planning_parameters

__all__ = ["MINUTES_PER_DAY", "NO_ROAD", "Problem", "Shift", "Stop", "default_minute_cost"]

MINUTES_PER_DAY = 1440
# Minutes of a drive that does not exist: past every shift, and small enough to be added up.
NO_ROAD = 10**6
_MAX_PRIZE = 1e6
# A drive of 30.0000001 minutes is one of 30; and a drive of 0 minutes must not read as none.
_TINY = 1e-6


@dataclass(frozen=True)
class Shift:
    """One crew on one day.

    Attributes
    ----------
    start_place, end_place : int, rows of the drive matrix
    start_minute, end_minute : int, minutes of the day: when the crew may leave at the earliest, and must be back
    """

    start_place: int
    end_place: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True)
class Stop:
    """A place that a crew may visit, once.

    Attributes
    ----------
    place : int, row of the drive matrix
    prize : float, points, >= 0
    service_minutes : int, >= 1
    is_mandatory : whether every plan must hold it
    fixed_shift : int or None: if it is visited, then in this shift
    """

    place: int
    prize: float
    service_minutes: int
    is_mandatory: bool = False
    fixed_shift: int | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """Crews' days and the stops to choose from.

    Drive minutes count as whole ones, rounded up. A crew may drive through any place: where the way by another place is
    quicker than the direct one, its time counts.

    Attributes
    ----------
    drive_minutes : (n_places, n_places) float, from the row's place to the column's; infinite where there is no road
    shifts : one crew on one day each
    stops : what may be visited
    may_visit : (n_stops, n_shifts) bool: whether that crew has the powers to go there
    earliest, latest : (n_stops, n_shifts) int, minutes of the day between which service may begin; latest below
        earliest where it may not on that day (season, daylight, opening hours)
    minute_cost : float, points that a minute of driving takes off, >= 0
    orders : pairs of stops: both are visited in one shift, the first before the second, or neither is
    minutes : (n_places, n_places) int64, what counts as drive minutes; `NO_ROAD` where there is none

    Raises
    ------
    ShapeError
        Arrays do not fit the numbers of stops and shifts.
    ParameterError
        Anything else that makes no sense, all failures at once.
    """

    drive_minutes: NDArray[np.float64]
    shifts: tuple[Shift, ...]
    stops: tuple[Stop, ...]
    may_visit: NDArray[np.bool_]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    minute_cost: float
    orders: tuple[tuple[int, int], ...] = ()
    minutes: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        given = {name: np.asarray(getattr(self, name)) for name in ("drive_minutes", "may_visit", "earliest", "latest")}
        _check_shapes(given, len(self.stops), len(self.shifts))
        problems = [
            *_check_numbers(given, self.minute_cost),
            *_check_shifts(self.shifts, len(given["drive_minutes"])),
            *_check_stops(self.stops, len(given["drive_minutes"]), len(self.shifts)),
            *_check_orders(self.orders, len(self.stops)),
        ]
        if problems:
            raise ParameterError("; ".join(problems) + ".")
        drive = given["drive_minutes"].astype(np.float64)
        arrays: dict[str, NDArray[Any]] = {
            "drive_minutes": drive,
            "may_visit": given["may_visit"].astype(np.bool_),
            "earliest": given["earliest"].astype(np.int64),
            "latest": given["latest"].astype(np.int64),
            "minutes": _count_minutes(drive),
        }
        for name, values in arrays.items():
            values.flags.writeable = False
            object.__setattr__(self, name, values)


def default_minute_cost() -> float:
    """Points that a minute of driving takes off, from ``planning_parameters``."""
    return float(planning_parameters()["drive_minute_cost"])


def _count_minutes(drive: NDArray[np.float64]) -> NDArray[np.int64]:
    if not len(drive):
        return np.zeros((0, 0), dtype=np.int64)
    whole = np.maximum(np.ceil(drive - _TINY), _TINY)
    quickest = np.minimum(floyd_warshall(whole), NO_ROAD)
    np.fill_diagonal(quickest, 0)
    counted: NDArray[np.int64] = np.rint(quickest).astype(np.int64)
    return counted


def _check_shapes(given: dict[str, NDArray[Any]], n_stops: int, n_shifts: int) -> None:
    misfits = []
    drive = given["drive_minutes"].shape
    if len(drive) != 2 or drive[0] != drive[1]:  # noqa: PLR2004  a matrix has two axes
        misfits.append(f"drive_minutes must be a square matrix, not of shape {drive}")
    for name in ("may_visit", "earliest", "latest"):
        if given[name].shape != (n_stops, n_shifts):
            misfits.append(
                f"{name} must have a row for each of {n_stops} stops and a column for each of {n_shifts} shifts, "
                f"not shape {given[name].shape}"
            )
    if misfits:
        raise ShapeError("; ".join(misfits) + ".")


def _check_numbers(given: dict[str, NDArray[Any]], minute_cost: float) -> Iterator[str]:
    drive = given["drive_minutes"].astype(np.float64)
    if wrong := np.argwhere(np.isnan(drive) | (drive < 0)).tolist():
        from_, to = wrong[0]
        yield (
            f"drive_minutes must be 0 or more, or infinite; {len(wrong)} are not, first from place {from_} to {to}: "
            f"{drive[from_, to]}"
        )
    for name in ("earliest", "latest"):
        if given[name].size and not np.issubdtype(given[name].dtype, np.integer):
            yield f"{name} must be whole minutes, not {given[name].dtype}"
    if not (np.isfinite(minute_cost) and minute_cost >= 0):
        yield f"minute_cost must be a finite number of at least 0, not {minute_cost!r}"


def _check_shifts(shifts: tuple[Shift, ...], n_places: int) -> Iterator[str]:
    for i, shift in enumerate(shifts):
        for name in ("start_place", "end_place"):
            if not 0 <= getattr(shift, name) < n_places:
                yield f"shift {i}: {name} {getattr(shift, name)} is none of {n_places} places"
        if not 0 <= shift.start_minute < shift.end_minute <= MINUTES_PER_DAY:
            yield (
                f"shift {i} must begin before it ends, within minutes 0 to {MINUTES_PER_DAY}, not "
                f"{shift.start_minute} to {shift.end_minute}"
            )


def _check_stops(stops: tuple[Stop, ...], n_places: int, n_shifts: int) -> Iterator[str]:
    for i, stop in enumerate(stops):
        if not 0 <= stop.place < n_places:
            yield f"stop {i}: place {stop.place} is none of {n_places} places"
        if not 0 <= stop.prize <= _MAX_PRIZE:
            yield f"stop {i}: prize must be from 0 to {_MAX_PRIZE:,.0f}, not {stop.prize}"
        if stop.service_minutes < 1 or stop.service_minutes != int(stop.service_minutes):
            yield f"stop {i}: service_minutes must be a whole number of at least 1, not {stop.service_minutes}"
        if stop.fixed_shift is not None and not 0 <= stop.fixed_shift < n_shifts:
            yield f"stop {i}: fixed_shift {stop.fixed_shift} is none of {n_shifts} shifts"


def _check_orders(orders: tuple[tuple[int, int], ...], n_stops: int) -> Iterator[str]:
    for pair, times in Counter(orders).items():
        if len(set(pair)) != 2 or not all(0 <= stop < n_stops for stop in pair):  # noqa: PLR2004  a pair
            yield f"orders: {pair} must be two of {n_stops} stops"
        if times > 1:
            yield f"orders: {pair} is given {times} times"
