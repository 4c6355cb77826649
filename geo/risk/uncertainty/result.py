"""What is known of how sure scores are: intervals, the probability of being among the highest, a word for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import NotFoundError, ParameterError
from geo.grid import Grid
from geo.memory import require_memory
from geo.reference import certainty_classes

__all__ = ["CellUncertainty", "DeltaUncertainty", "Uncertainty", "lay_out"]

# A square, its id and its row while the frame is made.
_BYTES_PER_SQUARE = 1_000


@dataclass(frozen=True)
class CellUncertainty:
    """How sure one cell's score is.

    Attributes
    ----------
    cell_id : str
    score, low, median, high : float, points; the score as it stands on the surface, and a 90 % interval of the draws
    p_top : float, 0 to 1, probability of being among the highest cells
    certainty : code of ``certainty_classes``
    """

    cell_id: str
    score: float
    low: float
    median: float
    high: float
    p_top: float
    certainty: str


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """How sure the scores of a surface are.

    Attributes
    ----------
    grid : Grid
    n_draws, top_k, seed : int
    county : the county that was drawn, None for all
    score : (n_rows, n_cols) float32, points, of the surface
    cells : (n,) uint32, row × columns + column of the cells that were drawn, ascending
    numbers : (4, n) float32: low, median, high and p_top of each of them
    """

    grid: Grid
    n_draws: int
    top_k: int
    seed: int
    county: str | None
    score: NDArray[np.float32]
    cells: NDArray[np.uint32]
    numbers: NDArray[np.float32]

    @cached_property
    def low(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, points, lower end of the 90 % interval, NaN where unranked; made on first use."""
        return self._lay_out(0)

    @cached_property
    def median(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, points, NaN where unranked; made on first use."""
        return self._lay_out(1)

    @cached_property
    def high(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, points, upper end of the 90 % interval, NaN where unranked; made on first use."""
        return self._lay_out(2)

    @cached_property
    def p_top(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, share of draws in which the cell is among the `top_k` highest, NaN where unranked.

        Made on first use.
        """
        return self._lay_out(3)

    @property
    def certainty(self) -> NDArray[np.uint8]:
        """(n_rows, n_cols) uint8: position in ``certainty_classes`` from 1, the surest first; 0 where unranked."""
        classes = np.zeros(self.grid.n_cells, dtype=np.uint8)
        classes[self.cells] = _classify(self.numbers[3]) + 1
        return classes.reshape(self.grid.shape)

    def at(self, cell_id: str) -> CellUncertainty:
        """How sure one cell's score is.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or the cell was not drawn.
        """
        row, col = self.grid.parse_cell_id(cell_id)
        cell = row * self.grid.n_cols + col
        position = int(np.searchsorted(self.cells, cell))
        if position == len(self.cells) or self.cells[position] != cell:
            raise _not_drawn(cell_id)
        low, median, high, p_top = self.numbers[:, position].tolist()
        return CellUncertainty(
            cell_id=self.grid.cell_id(row, col),
            score=float(self.score[row, col]),
            low=low,
            median=median,
            high=high,
            p_top=p_top,
            certainty=certainty_classes()[int(_classify(self.numbers[3:, position])[0])].code,
        )

    def top(self, n: int = 20) -> pd.DataFrame:
        """The n cells that are most often among the highest, then those with the highest median.

        Returns
        -------
        DataFrame
            ``rank, cell_id, score, low, median, high, p_top, certainty``

        Raises
        ------
        ParameterError
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            message = f"n must be a whole number of 1 or more, got {n!r}."
            raise ParameterError(message)
        _, median, _, p_top = self.numbers
        chosen = np.lexsort((self.cells, -median, -p_top))[:n]
        return pd.DataFrame({"rank": np.arange(1, len(chosen) + 1), **self._columns(chosen)})

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """One square per cell that was drawn, with the columns of `top` but the rank.

        Raises
        ------
        MemoryLimitError
            So many squares would not fit into memory; nothing was allocated.
        """
        n_squares = len(self.cells)
        require_memory(n_squares * _BYTES_PER_SQUARE, f"A frame of {n_squares} squares", "choose larger cells")
        grid, (row, col) = self.grid, self._places(np.arange(n_squares))
        west, south = grid.x_min + col * grid.cell_m, grid.y_min + (grid.n_rows - 1 - row) * grid.cell_m
        squares = shapely.box(west, south, west + grid.cell_m, south + grid.cell_m)
        return gpd.GeoDataFrame(self._columns(np.arange(n_squares)), geometry=squares, crs=grid.crs)

    def _columns(self, chosen: NDArray[np.int64]) -> dict[str, object]:
        """What a table says of some of the cells, given by their positions among those that were drawn."""
        row, col = self._places(chosen)
        low, median, high, p_top = self.numbers[:, chosen]
        codes = np.array([each.code for each in certainty_classes()], dtype=object)
        return {
            "cell_id": self.grid.cell_ids(row, col),
            "score": self.score[row, col],
            "low": low,
            "median": median,
            "high": high,
            "p_top": p_top,
            "certainty": codes[_classify(p_top)],
        }

    def _places(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns."""
        row, col = np.divmod(self.cells[chosen].astype(np.int64), self.grid.n_cols)
        return row, col

    def _lay_out(self, which: int) -> NDArray[np.float32]:
        return lay_out(self.grid, self.cells, self.numbers[which])


@dataclass(frozen=True, eq=False)
class DeltaUncertainty:
    """How sure the differences between two surfaces are, drawn together.

    Attributes
    ----------
    grid : Grid
    before, after : Uncertainty of each surface by itself
    low, median, high : (n_rows, n_cols) float32, points, after minus before; NaN where neither is ranked
    """

    grid: Grid
    before: Uncertainty
    after: Uncertainty
    low: NDArray[np.float32]
    median: NDArray[np.float32]
    high: NDArray[np.float32]

    def at(self, cell_id: str) -> tuple[float, float, float]:
        """Low, median and high of one cell's difference, points.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or the cell was not drawn.
        """
        row, col = self.grid.parse_cell_id(cell_id)
        if np.isnan(self.low[row, col]):
            raise _not_drawn(cell_id)
        return float(self.low[row, col]), float(self.median[row, col]), float(self.high[row, col])


def lay_out(grid: Grid, cells: NDArray[np.integer], numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    """Numbers of some cells as a read-only raster, NaN elsewhere.

    Parameters
    ----------
    grid : Grid
    cells : (n,) int, row × columns + column
    numbers : (n,) float
    """
    raster = np.full(grid.n_cells, np.nan, dtype=np.float32)
    raster[cells] = numbers
    raster.flags.writeable = False
    return raster.reshape(grid.shape)


def _not_drawn(cell_id: str) -> NotFoundError:
    return NotFoundError(f"Cell {cell_id} has nothing to visit or lies outside what was drawn; choose a ranked cell.")


def _classify(p_top: NDArray[np.floating]) -> NDArray[np.int64]:
    """Positions in ``certainty_classes``."""
    least = np.array([each.p_top_min for each in certainty_classes()], dtype=np.float32)
    return np.searchsorted(-least, -p_top, side="left")
