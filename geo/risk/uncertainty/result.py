"""What is known of how sure scores are: intervals, the probability of being among the highest, a word for it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import NotFoundError, ParameterError
from geo.grid import Grid
from geo.memory import require_memory
from geo.reference import certainty_classes

__all__ = ["CellUncertainty", "DeltaUncertainty", "Uncertainty"]

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
    low, median, high : (n_rows, n_cols) float32, points; ends of the 90 % interval and the median, NaN where unranked
    p_top : (n_rows, n_cols) float32, share of draws in which the cell is among the `top_k` highest, NaN where unranked
    """

    grid: Grid
    n_draws: int
    top_k: int
    seed: int
    county: str | None
    score: NDArray[np.float32]
    low: NDArray[np.float32]
    median: NDArray[np.float32]
    high: NDArray[np.float32]
    p_top: NDArray[np.float32]

    @property
    def certainty(self) -> NDArray[np.uint8]:
        """(n_rows, n_cols) uint8: position in ``certainty_classes`` from 1, the surest first; 0 where unranked."""
        classes = np.full(self.grid.shape, 0, dtype=np.uint8)
        known = ~np.isnan(self.p_top)
        classes[known] = _classify(self.p_top[known]) + 1
        return classes

    def at(self, cell_id: str) -> CellUncertainty:
        """How sure one cell's score is.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or the cell was not drawn.
        """
        row, col = _find(self.grid, cell_id, self.low)
        p_top = self.p_top[row, col]
        return CellUncertainty(
            cell_id=self.grid.cell_id(row, col),
            score=float(self.score[row, col]),
            low=float(self.low[row, col]),
            median=float(self.median[row, col]),
            high=float(self.high[row, col]),
            p_top=float(p_top),
            certainty=certainty_classes()[int(_classify(np.array([p_top]))[0])].code,
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
        cells = np.flatnonzero(~np.isnan(self.p_top))
        p_top, median = (each.reshape(-1)[cells] for each in (self.p_top, self.median))
        chosen = cells[np.lexsort((cells, -median, -p_top))[:n]]
        return pd.DataFrame({"rank": np.arange(1, len(chosen) + 1), **self._columns(chosen)})

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """One square per cell that was drawn, with the columns of `top` but the rank.

        Raises
        ------
        MemoryLimitError
            So many squares would not fit into memory; nothing was allocated.
        """
        n_squares = int(np.count_nonzero(~np.isnan(self.p_top)))
        require_memory(n_squares * _BYTES_PER_SQUARE, f"A frame of {n_squares} squares", "choose larger cells")
        cells = np.flatnonzero(~np.isnan(self.p_top))
        grid, (row, col) = self.grid, np.divmod(cells, self.grid.n_cols)
        west, south = grid.x_min + col * grid.cell_m, grid.y_min + (grid.n_rows - 1 - row) * grid.cell_m
        squares = shapely.box(west, south, west + grid.cell_m, south + grid.cell_m)
        return gpd.GeoDataFrame(self._columns(cells), geometry=squares, crs=grid.crs)

    def _columns(self, cells: NDArray[np.int64]) -> dict[str, object]:
        row, col = np.divmod(cells, self.grid.n_cols)
        rasters = {"score": self.score, "low": self.low, "median": self.median, "high": self.high, "p_top": self.p_top}
        codes = np.array([each.code for each in certainty_classes()], dtype=object)
        return {
            "cell_id": self.grid.cell_ids(row, col),
            **{name: raster[row, col] for name, raster in rasters.items()},
            "certainty": codes[_classify(self.p_top[row, col])],
        }


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
        row, col = _find(self.grid, cell_id, self.low)
        return float(self.low[row, col]), float(self.median[row, col]), float(self.high[row, col])


def _find(grid: Grid, cell_id: str, raster: NDArray[np.float32]) -> tuple[int, int]:
    row, col = grid.parse_cell_id(cell_id)
    if np.isnan(raster[row, col]):
        message = f"Cell {cell_id} has nothing to visit or lies outside what was drawn; choose a ranked cell."
        raise NotFoundError(message)
    return row, col


def _classify(p_top: NDArray[np.floating]) -> NDArray[np.int64]:
    """Positions in ``certainty_classes``."""
    least = np.array([each.p_top_min for each in certainty_classes()], dtype=np.float32)
    return np.searchsorted(-least, -p_top, side="left")
