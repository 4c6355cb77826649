"""What a model may know: the events before a cutoff, and nothing after it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.risk.backtest.cells import StudyCells
from geo.risk.backtest.events import Events
from geo.risk.backtest.times import Moments

__all__ = ["DAY", "Past", "see_all", "to_duration"]

DAY = np.timedelta64(86_400_000_000, "us")
_T = TypeVar("_T")


def to_duration(days: float) -> np.timedelta64:
    """Days as a whole number of microseconds."""
    return np.timedelta64(round(days * 86_400_000_000), "us")


@dataclass(frozen=True)
class Past:
    """Events before a cutoff, as a model sees them. Arrays are read-only.

    Attributes
    ----------
    cutoff : datetime64[us]
        Every event here is earlier.
    horizon_days : float
        What is to be foretold: ``[cutoff, cutoff + horizon_days)``.
    n_top : int
        So many cells will be taken from the top.
    cells : StudyCells
        The cells to rank; ``cells.easting`` and ``cells.northing`` are their centres.
    easting, northing : (n,) float64, m, grid CRS
        In order of time; off the study's cells too.
    time : (n,) datetime64[us]
    cell : (n,) int64
        Position of each event's cell in `cells`, -1 off them.
    """

    cutoff: np.datetime64
    horizon_days: float
    n_top: int
    cells: StudyCells
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    time: Moments
    cell: NDArray[np.int64]
    _memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def grid(self) -> Grid:
        """The grid of the cells."""
        return self.cells.grid

    @property
    def age_days(self) -> NDArray[np.float64]:
        """(n,) float64, > 0: how long before the cutoff each event was."""
        return (self.cutoff - self.time) / DAY

    @property
    def span_days(self) -> float:
        """From the first event to the cutoff."""
        return float((self.cutoff - self.time[0]) / DAY)

    def counts(self, days: float | None = None) -> NDArray[np.float64]:
        """(n_cells,) float64: events per cell in the last `days` before the cutoff; None is all of them."""
        start = 0 if days is None else int(self.time.searchsorted(self.cutoff - to_duration(days)))
        return self._count(self.cell[start:])

    def before(self, origin: np.datetime64) -> Past:
        """What was known at an earlier time.

        Raises
        ------
        ParameterError
            `origin` is after the cutoff.
        """
        if origin > self.cutoff:
            message = f"{origin} is after the cutoff {self.cutoff}; a model knows the past only."
            raise ParameterError(message)
        n = int(self.time.searchsorted(origin))
        return replace(
            self,
            cutoff=origin,
            easting=self.easting[:n],
            northing=self.northing[:n],
            time=self.time[:n],
            cell=self.cell[:n],
        )

    def taking(self, n_top: int) -> Past:
        """The same, with another number of cells to be taken from the top."""
        return replace(self, n_top=n_top)

    def outcome(self, origin: np.datetime64, days: float | None = None) -> NDArray[np.float64]:
        """(n_cells,) float64: events per cell in ``[origin, origin + days)``, which must be over at the cutoff.

        Parameters
        ----------
        origin : datetime64[us]
        days : float, optional
            Default: the horizon.

        Raises
        ------
        ParameterError
            It is not over.
        """
        end = origin + to_duration(self.horizon_days if days is None else days)
        if end > self.cutoff:
            message = f"[{origin}, {end}) is not over at the cutoff {self.cutoff}; a model knows the past only."
            raise ParameterError(message)
        start, stop = self.time.searchsorted(np.array([origin, end]))
        return self._count(self.cell[start:stop])

    def remember(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What was made before under the same key from the same past, within one back-test; else make it.

        Parameters
        ----------
        key : hashable
            It must name everything that the value depends on but the events, the cutoff, the horizon and the cells.
        make : callable without arguments
        """
        whole = (self.cutoff, key)
        if whole not in self._memory:
            self._memory[whole] = make()
        found: _T = self._memory[whole]
        return found

    def _count(self, cell: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.bincount(cell[cell >= 0], minlength=len(self.cells)).astype(np.float64)


def see_all(events: Events, cells: StudyCells, horizon_days: float, end: np.datetime64) -> Past:
    """All events there are, from which `Past.before` cuts at any time up to an end; never handed to a model."""
    cell = cells.number_at(events.easting, events.northing)
    cell.flags.writeable = False
    return Past(end, horizon_days, 1, cells, events.easting, events.northing, events.time, cell)
