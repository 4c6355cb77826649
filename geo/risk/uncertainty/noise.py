"""Noise that neighbouring cells share, because they share their findings.

Independent standard normal numbers stand on a lattice that is fixed to the ground. A cell's noise is their sum under
the findings' own quartic kernel, scaled to variance 1: two cells are correlated as far as their kernels overlap, and
not at all from two bandwidths on. A number follows from the seed and its place alone, so that a cell has the same noise
on every grid, in every county and by any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LATTICE_STEPS", "NoiseField", "Tile", "make_tiles", "tile_bytes"]

# Steps of the lattice in a bandwidth: 50 numbers make a cell's noise.
LATTICE_STEPS = 4
# Numbers are made for squares of so many lattice points; cells are drawn by tiles of so many.
_BLOCK = LATTICE_STEPS
_TILE = 32
# Points of a tile and of what its cells reach beside it.
_SIDE = _TILE + 2 * LATTICE_STEPS


class Tile(NamedTuple):
    """Neighbouring cells, and where they stand.

    Attributes
    ----------
    cells : (n,) int64, positions among the cells given
    row, col : int, first lattice row and column that they reach
    northing, easting : (n,) float64, lattice steps from there
    """

    cells: NDArray[np.int64]
    row: int
    col: int
    northing: NDArray[np.float64]
    easting: NDArray[np.float64]


def make_tiles(easting: NDArray[np.float64], northing: NDArray[np.float64], bandwidth_m: float) -> Iterator[Tile]:
    """Cells by tile, so that what is drawn for a tile stays in a core's cache.

    Parameters
    ----------
    easting, northing : (n,) float64, m
    bandwidth_m : float, m, > 0
    """
    x, y = (each * (LATTICE_STEPS / bandwidth_m) for each in (easting, northing))
    col, row = (np.floor(each / _TILE).astype(np.int64) for each in (x, y))
    order = np.lexsort((col, row))
    change = (np.diff(row[order]) != 0) | (np.diff(col[order]) != 0)
    for cells in np.split(order, np.flatnonzero(change) + 1) if len(order) else []:
        first_row, first_col = (int(each[cells[0]]) * _TILE - LATTICE_STEPS for each in (row, col))
        yield Tile(cells, first_row, first_col, y[cells] - first_row, x[cells] - first_col)


def tile_bytes(n_draws: int) -> int:
    """Memory that the noise of one tile takes, bytes."""
    return _SIDE**2 * n_draws * 4


@dataclass(frozen=True)
class NoiseField:
    """Standard normal numbers on the lattice, by counter: any block can be made without those before it.

    Attributes
    ----------
    key : two 64-bit words
    n_draws : int

    Source: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox)
    """

    key: tuple[int, int]
    n_draws: int

    @classmethod
    def from_seed(cls, seed: np.random.SeedSequence, n_draws: int) -> NoiseField:
        """The field of a seed."""
        first, second = seed.generate_state(2, np.uint64).tolist()
        return cls((first, second), n_draws)

    def empty(self) -> NDArray[np.float32]:
        """Memory for `fill`."""
        return np.zeros((_SIDE, _SIDE, self.n_draws), dtype=np.float32)

    def fill(self, tile: Tile, out: NDArray[np.float32]) -> None:
        """Fill (n_rows, n_cols, n_draws) float32 with what a tile's cells reach; the rest is left as it is."""
        wanted = np.zeros((_SIDE // _BLOCK + 2,) * 2, dtype=bool)
        row, col = (each.astype(np.int64) // _BLOCK for each in (tile.northing, tile.easting))
        for down in range(3):
            for right in range(3):
                wanted[row + down, col + right] = True
        for i, j in np.argwhere(wanted[1:-1, 1:-1]).tolist():
            block = self._make_block(tile.row // _BLOCK + i, tile.col // _BLOCK + j)
            out[i * _BLOCK : (i + 1) * _BLOCK, j * _BLOCK : (j + 1) * _BLOCK] = block

    def _make_block(self, row: int, col: int) -> NDArray[np.float32]:
        counter = np.array([0, 0, col, row], dtype=np.int64).view(np.uint64)
        numbers = np.random.Generator(np.random.Philox(counter=counter, key=np.array(self.key, dtype=np.uint64)))
        return numbers.standard_normal((_BLOCK, _BLOCK, self.n_draws), dtype=np.float32)
