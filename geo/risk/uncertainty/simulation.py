"""Scores drawn again and again: cells by tile over threads, and in each draw who is among the highest."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.kernels import DrawnCells, DrawnOutputs, Draws, Leaders, draw_cells
from geo.risk.uncertainty.gamma import gamma_table
from geo.risk.uncertainty.noise import LATTICE_STEPS, NoiseField, Tile, make_tiles, tile_bytes
from geo.risk.uncertainty.shifts import first_draws
from geo.risk.uncertainty.values import Values

__all__ = ["LEVELS", "Drawn", "Simulation", "simulation_bytes"]

# Ends of the 90 % interval, and the median between them.
LEVELS = (0.05, 0.5, 0.95)
_NOBODY = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is left of all draws.

    Attributes
    ----------
    quantiles : (n_kinds, 3, n_cells) float32: low, median, high of the score; of two surfaces and their difference
    p_top : (n_surfaces, n_cells) float64, 0 to 1, share of draws in which a cell is among the highest
    """

    quantiles: NDArray[np.float32]
    p_top: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulation:
    """Everything that a simulation follows from.

    Attributes
    ----------
    easting, northing : (n_cells,) float64, m
    values : Values of each surface, one or two
    points : (n_components, n_draws) float32 of each surface
    ranked : (n_cells,) bool of each surface, cells that may be among the highest
    drawn : int, position of the component that is drawn from its posterior, -1 for none
    bandwidth_m : float, m, of that component
    noise : NoiseField
    top_k : int
    """

    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    values: Sequence[Values]
    points: Sequence[NDArray[np.float32]]
    ranked: Sequence[NDArray[np.bool_]]
    drawn: int
    bandwidth_m: float
    noise: NoiseField
    top_k: int

    def run(self, n_threads: int) -> Drawn:
        """Draw; the number of threads does not change a bit of the result."""
        n_cells, n_surfaces = len(self.easting), len(self.values)
        out = DrawnOutputs(np.empty((2 * n_surfaces - 1, len(LEVELS), n_cells), np.float32), np.array(LEVELS))
        table = gamma_table()
        n_draws = self.noise.n_draws
        draws = Draws(first_draws(n_draws), self.drawn, table.log_shape, table.normal, table.values)
        cells = tuple(self._cells(values, points) for values, points in zip(self.values, self.points, strict=True))
        # several threads take from one iterator; each tile goes to one of them
        waiting = iter(list(make_tiles(self.easting, self.northing, self.bandwidth_m)))

        def work() -> tuple[Leaders, ...]:
            noise, leaders = self.noise.empty(), tuple(_no_leaders(n_draws, self.top_k) for _ in cells)
            for tile in waiting:
                self._draw_tile(tile, cells, draws, noise, leaders, out)
            return leaders

        if n_threads == 1:
            found = [work()]
        else:
            with ThreadPoolExecutor(n_threads, thread_name_prefix="norrsyn-draws") as pool:
                found = [each.result() for each in [pool.submit(work) for _ in range(n_threads)]]
        p_top = [_share_of_draws(each, self.top_k, n_cells) for each in zip(*found, strict=True)]
        return Drawn(out.quantiles, np.array(p_top))

    def _cells(self, values: Values, points: NDArray[np.float32]) -> DrawnCells:
        if self.drawn >= 0:
            return DrawnCells(points, *values)
        # no numbers are read where nothing is drawn from a posterior
        nothing = np.broadcast_to(0.0, (len(self.easting), values.share.shape[2]))
        return DrawnCells(points, values.share, nothing.copy(), nothing.copy())

    def _draw_tile(
        self,
        tile: Tile,
        cells: tuple[DrawnCells, ...],
        draws: Draws,
        noise: NDArray[np.float32],
        leaders: tuple[Leaders, ...],
        out: DrawnOutputs,
    ) -> None:
        if self.drawn >= 0:
            self.noise.fill(tile, noise)
        at, ranked = (tile.easting, tile.northing), tuple(self.ranked)
        draw_cells(cells, draws, noise, tile.cells, at, float(LATTICE_STEPS), ranked, leaders, out)


def simulation_bytes(n_cells: int, n_surfaces: int, n_draws: int, top_k: int, n_threads: int) -> int:
    """Memory that `Simulation.run` takes at most beside what it is given, bytes."""
    quantiles = (2 * n_surfaces - 1) * len(LEVELS) * 4 * n_cells
    # each draw's leaders, once by thread and once together while they are put in order
    leaders = n_surfaces * n_draws * top_k * n_threads * (12 + 32)
    return quantiles + leaders + n_threads * tile_bytes(n_draws) + n_surfaces * 8 * n_cells


def _no_leaders(n_draws: int, top_k: int) -> Leaders:
    return Leaders(np.full((n_draws, top_k), -np.inf, np.float32), np.full((n_draws, top_k), _NOBODY))


def _share_of_draws(found: Sequence[Leaders], top_k: int, n_cells: int) -> NDArray[np.float64]:
    """How often each cell is among the highest, from what each thread found."""
    score, cell = (np.concatenate(each, axis=1) for each in zip(*found, strict=True))
    if len(found) > 1:
        order = np.lexsort((cell, -score), axis=1)[:, :top_k]
        cell = np.take_along_axis(cell, order, axis=1)
    return np.bincount(cell.reshape(-1), minlength=n_cells) / len(cell)
