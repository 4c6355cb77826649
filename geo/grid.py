"""The grid as a value: a rectangle of square cells in a projected metric CRS.

Row 0 is the northmost row. A cell owns its western and southern edge, as SCB's grid does, so every point of the
plane belongs to exactly one cell.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.crs import DEGREES_MAX, SWEREF99_TM_EPSG, classify_sweref, name_crs, parse_metric_crs
from geo.errors import CRSError, NotFoundError, ParameterError

__all__ = ["Grid"]

# No more digits than coordinates on Earth have: ids come from outside.
_INSPIRE_ID = re.compile(
    r"(?:[A-Z]{2}_)?CRS(?P<crs>\d{1,9})RES(?P<cell_m>\d{1,9})mN(?P<northing>-?\d{1,15})E(?P<easting>-?\d{1,15})",
    re.ASCII,
)
_ROW_COL_ID = re.compile(r"r(?P<row>\d{1,9})c(?P<col>\d{1,9})", re.ASCII)
_SCB_ID = re.compile(r"(?P<easting>\d{6})(?P<northing>\d{7})", re.ASCII)
_MAX_SIDE = 10_000_000
# A grid this far from its origin cannot mean coordinates that all lie within 180 m of it.
_FAR_M = 100_000.0


@dataclass(frozen=True)
class Grid:
    """A frozen, hashable grid of square cells.

    Parameters
    ----------
    x_min, y_min : float, m
        Lower left corner.
    cell_m : float, m, > 0
        Side of a cell.
    n_rows, n_cols : int, >= 1
    crs : str
        A projected CRS in metres, in any form that PROJ reads; kept as ``EPSG:<code>`` where it has a code, so that
        one grid has one value.

    Raises
    ------
    ParameterError
        All arguments out of range, in one message.
    CRSError
        `crs` is unknown, geographic, or not in metres.

    Examples
    --------
    >>> grid = Grid(759_000, 7_072_000, 1_000, n_rows=2, n_cols=3)
    >>> grid.cell_id(1, 0)
    'CRS3006RES1000mN7072000E759000'
    """

    x_min: float
    y_min: float
    cell_m: float
    n_rows: int
    n_cols: int
    crs: str = "EPSG:3006"

    def __post_init__(self) -> None:
        failures = []
        for name in ("x_min", "y_min", "cell_m"):
            value = _as_float(getattr(self, name))
            if not math.isfinite(value):
                failures.append(f"{name} must be a finite number of metres, got {getattr(self, name)!r}")
            object.__setattr__(self, name, value)
        if math.isfinite(self.cell_m) and self.cell_m <= 0:
            failures.append(f"cell_m must be > 0, got {self.cell_m!r}")
        for name in ("n_rows", "n_cols"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= _MAX_SIDE:
                failures.append(f"{name} must be a whole number from 1 to {_MAX_SIDE}, got {value!r}")
            else:
                object.__setattr__(self, name, int(value))
        if failures:
            message = "A grid cannot be made of this: " + "; ".join(failures) + "."
            raise ParameterError(message)
        object.__setattr__(self, "crs", name_crs(self.crs))

    def __reduce__(self) -> tuple[type[Grid], tuple[object, ...]]:
        return Grid, (self.x_min, self.y_min, self.cell_m, self.n_rows, self.n_cols, self.crs)

    @property
    def x_max(self) -> float:
        """Easting of the eastern edge, m."""
        return self.x_min + self.n_cols * self.cell_m

    @property
    def y_max(self) -> float:
        """Northing of the northern edge, m."""
        return self.y_min + self.n_rows * self.cell_m

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(x_min, y_min, x_max, y_max)``, m."""
        return self.x_min, self.y_min, self.x_max, self.y_max

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_rows, n_cols)``."""
        return self.n_rows, self.n_cols

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.n_rows * self.n_cols

    @property
    def cell_km2(self) -> float:
        """Area of a cell, km²."""
        return (self.cell_m / 1_000) ** 2

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine transform of the north-up raster: ``(cell, 0, x_min, 0, -cell, y_max)``."""
        return self.cell_m, 0.0, self.x_min, 0.0, -self.cell_m, self.y_max

    @cached_property
    def easting(self) -> NDArray[np.float64]:
        """(n_cols,) float64, m: easting of each column's centre, read-only."""
        return _frozen(self.x_min + (np.arange(self.n_cols) + 0.5) * self.cell_m)

    @cached_property
    def northing(self) -> NDArray[np.float64]:
        """(n_rows,) float64, m: northing of each row's centre, northmost first, read-only."""
        return _frozen(self.y_min + (np.arange(self.n_rows)[::-1] + 0.5) * self.cell_m)

    @cached_property
    def is_aligned(self) -> bool:
        """Whether edges are whole multiples of a whole cell size, as INSPIRE and SCB grids are."""
        if self.cell_m != int(self.cell_m):
            return False
        return self.x_min % self.cell_m == 0 and self.y_min % self.cell_m == 0

    @cached_property
    def _epsg(self) -> int | None:
        code: int | None = parse_metric_crs(self.crs).to_epsg()
        return code

    @property
    def _has_scb_ids(self) -> bool:
        return self.is_aligned and self._epsg == SWEREF99_TM_EPSG

    def cell_at(self, easting: ArrayLike, northing: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of the cell that owns each point.

        Parameters
        ----------
        easting, northing : (n,) float64, m, grid CRS

        Returns
        -------
        row, col : (n,) int64, both -1 where the point is off the grid or not finite
        """
        col = np.floor((np.asarray(easting, dtype=np.float64) - self.x_min) / self.cell_m)
        up = np.floor((np.asarray(northing, dtype=np.float64) - self.y_min) / self.cell_m)
        inside = (col >= 0) & (col < self.n_cols) & (up >= 0) & (up < self.n_rows)
        row = np.where(inside, self.n_rows - 1 - up, -1).astype(np.int64)
        return row, np.where(inside, col, -1).astype(np.int64)

    def centre(self, row: int, col: int) -> tuple[float, float]:
        """Easting and northing of one cell's centre, m."""
        self._check_cell(row, col)
        return float(self.easting[col]), float(self.northing[row])

    def corner(self, row: int, col: int) -> tuple[float, float]:
        """Easting and northing of one cell's lower left corner, m."""
        self._check_cell(row, col)
        return self.x_min + col * self.cell_m, self.y_min + (self.n_rows - 1 - row) * self.cell_m

    def cell_id(self, row: int, col: int) -> str:
        """Name of a cell: INSPIRE's form on an aligned grid with an EPSG code, else ``r{row}c{col}``.

        Source: INSPIRE data specification on geographical grid systems (2014), 6.2.
        """
        easting, northing = self.corner(row, col)
        if self.is_aligned and self._epsg is not None:
            return f"CRS{self._epsg}RES{int(self.cell_m)}mN{int(northing)}E{int(easting)}"
        return f"r{row}c{col}"

    def cell_ids(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> list[str]:
        """Names of many cells at once.

        Parameters
        ----------
        row, col : (n,) int64, on the grid

        Returns
        -------
        list of n str, as `cell_id` gives them
        """
        if not (self.is_aligned and self._epsg is not None):
            return [f"r{r}c{c}" for r, c in zip(row.tolist(), col.tolist(), strict=True)]
        size, x_min, y_min, last = int(self.cell_m), int(self.x_min), int(self.y_min), self.n_rows - 1
        prefix = f"CRS{self._epsg}RES{size}m"
        pairs = zip(row.tolist(), col.tolist(), strict=True)
        return [f"{prefix}N{y_min + (last - r) * size}E{x_min + c * size}" for r, c in pairs]

    def scb_id(self, row: int, col: int) -> str | None:
        """SCB's cell id: easting (6 digits) and northing (7 digits) of the lower left corner.

        Returns
        -------
        str, or None where SCB has no such cell (grid not aligned, not EPSG:3006, or more digits than the id holds)
        """
        easting, northing = self.corner(row, col)
        if not (self._has_scb_ids and 0 <= easting < 10**6 and 0 <= northing < 10**7):
            return None
        return f"{int(easting):06d}{int(northing):07d}"

    def scb_ids(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> list[str | None]:
        """SCB's names of many cells at once, as `scb_id` gives them.

        Parameters
        ----------
        row, col : (n,) int64, on the grid

        Returns
        -------
        list of n str or None
        """
        return [self.scb_id(r, c) for r, c in zip(row.tolist(), col.tolist(), strict=True)]

    def parse_cell_id(self, cell_id: str) -> tuple[int, int]:
        """Row and column of a cell named by any of its ids (INSPIRE, SCB, or row and column).

        Raises
        ------
        ParameterError
            The text is no cell id, or names a cell of another grid.
        NotFoundError
            A well-formed id of a cell that lies off this grid.
        """
        text = str(cell_id).strip()
        if match := _INSPIRE_ID.fullmatch(text):
            row, col = self._parse_inspire(text, match)
        elif match := _ROW_COL_ID.fullmatch(text):
            row, col = int(match["row"]), int(match["col"])
        elif (match := _SCB_ID.fullmatch(text)) and self._has_scb_ids:
            row, col = self._owner_of_corner(text, int(match["easting"]), int(match["northing"]))
        else:
            message = f"{text!r} is not a cell id of this grid; an id here looks like {self.cell_id(0, 0)!r}."
            raise ParameterError(message)
        if not (0 <= row < self.n_rows and 0 <= col < self.n_cols):
            raise NotFoundError(self._off_grid(text))
        return row, col

    def window(self, bounds: tuple[float, float, float, float]) -> tuple[slice, slice]:
        """Rows and columns of the cells that share more than an edge with a rectangle.

        Parameters
        ----------
        bounds : ``(x_min, y_min, x_max, y_max)``, m, grid CRS

        Returns
        -------
        row slice, column slice; empty where the rectangle misses the grid
        """
        x_min, y_min, x_max, y_max = bounds
        if not all(map(math.isfinite, bounds)) or x_min > x_max or y_min > y_max:
            message = f"bounds must be finite (x_min, y_min, x_max, y_max) with min <= max, got {bounds!r}."
            raise ParameterError(message)
        rows = _span(self.y_max - y_max, self.y_max - y_min, self.cell_m, self.n_rows)
        cols = _span(x_min - self.x_min, x_max - self.x_min, self.cell_m, self.n_cols)
        return rows, cols

    def check_axes(self, easting: NDArray[np.float64], northing: NDArray[np.float64], reach_m: float) -> None:
        """Say it when no point reaches the grid because axes or units are wrong; points that are just far are fine.

        Parameters
        ----------
        easting, northing : (n,) float64, m, grid CRS, finite
        reach_m : float, m
            How far a point's influence reaches.

        Raises
        ------
        CRSError
        """
        if not len(easting) or self._reached(easting, northing, reach_m).any():
            return
        small = (np.abs(easting) <= DEGREES_MAX) & (np.abs(northing) <= DEGREES_MAX)
        if small.all() and not self._reached(np.zeros(1), np.zeros(1), _FAR_M).any():
            message = f"The coordinates look like degrees; project them to the grid's CRS ({self.crs}) first."
            raise CRSError(message)
        if self._epsg == SWEREF99_TM_EPSG:
            swapped = bool((classify_sweref(easting, northing) == "swapped axes").any())
        else:
            swapped = bool(self._reached(northing, easting, reach_m).all())
        if swapped:
            message = "easting and northing look swapped: no point reaches the grid as given. Exchange them."
            raise CRSError(message)

    def _reached(
        self, easting: NDArray[np.float64], northing: NDArray[np.float64], reach_m: float
    ) -> NDArray[np.bool_]:
        across = (easting >= self.x_min - reach_m) & (easting <= self.x_max + reach_m)
        return across & (northing >= self.y_min - reach_m) & (northing <= self.y_max + reach_m)

    def _parse_inspire(self, text: str, match: re.Match[str]) -> tuple[int, int]:
        size, epsg = int(match["cell_m"]), int(match["crs"])
        if not self.is_aligned or size != self.cell_m or epsg != self._epsg:
            message = (
                f"{text!r} names a cell of {size} m in EPSG:{epsg}; this grid has cells of {self.cell_m:g} m in "
                f"{self.crs}, with ids such as {self.cell_id(0, 0)!r}."
            )
            raise ParameterError(message)
        return self._owner_of_corner(text, int(match["easting"]), int(match["northing"]))

    def _owner_of_corner(self, text: str, easting: int, northing: int) -> tuple[int, int]:
        if easting % self.cell_m or northing % self.cell_m:
            message = f"{text!r} is not the lower left corner of a {self.cell_m:g} m cell."
            raise ParameterError(message)
        half = self.cell_m / 2
        row, col = self.cell_at([easting + half], [northing + half])
        return int(row[0]), int(col[0])

    def _check_cell(self, row: int, col: int) -> None:
        if not (0 <= row < self.n_rows and 0 <= col < self.n_cols):
            raise NotFoundError(self._off_grid(f"row {row}, column {col}"))

    def _off_grid(self, what: str) -> str:
        return (
            f"{what} lies off the grid ({self.n_rows} × {self.n_cols} cells of {self.cell_m:g} m, easting "
            f"{self.x_min:.0f}–{self.x_max:.0f}, northing {self.y_min:.0f}–{self.y_max:.0f}, {self.crs})."
        )


def _as_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _frozen(values: NDArray[np.floating]) -> NDArray[np.float64]:
    frozen = values.astype(np.float64)
    frozen.flags.writeable = False
    return frozen


def _span(low: float, high: float, cell_m: float, n: int) -> slice:
    start = min(max(math.floor(low / cell_m), 0), n)
    stop = min(max(math.ceil(high / cell_m), start), n)
    return slice(start, stop)
