"""How sure scores are, the slow way: one draw after another, one cell after another, with scipy's own quantiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from geo.grid import Grid
from geo.risk.scored import ScoredSurface
from geo.risk.surface import RiskSurface

# as documented: 4 × 4 shifts, weights of concentration 50, a lattice of a quarter of the findings' bandwidth
OFFSETS = np.array([-0.375, -0.125, 0.125, 0.375])
CONCENTRATION, STEPS, BLOCK = 50.0, 4, 4


@dataclass(frozen=True)
class FixedRate:
    """A component known up to one Gamma distribution, the same everywhere."""

    shape: float
    rate: float

    def posterior(self, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.full(grid.shape, self.shape), np.full(grid.shape, self.rate)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        return np.full(grid.shape, self.shape / self.rate)


def with_source(surface: RiskSurface, source: Any, level: float | None = None) -> RiskSurface:
    """A surface whose findings are known by another source; its own rasters stay as they are."""
    sources = {**surface.inputs.sources, "findings": source}
    components = tuple(
        replace(each, reference_level=level) if level and each.name == "findings" else each
        for each in surface.model.components
    )
    changed = replace(surface, model=replace(surface.model, components=components))
    changed.__dict__["inputs"] = replace(surface.inputs, sources=sources)
    return changed


def draw_normals(surface: ScoredSurface, cells: NDArray[np.int64], n_draws: int, seed: int) -> NDArray[np.float64]:
    """(n_draws, n_cells): lattice numbers around each cell, weighted by the quartic kernel, of variance 1."""
    key = np.random.SeedSequence(seed).spawn(2)[1].generate_state(2, np.uint64)
    blocks: dict[tuple[int, int], NDArray[np.float32]] = {}

    def number(row: int, col: int) -> NDArray[np.float64]:
        at = row // BLOCK, col // BLOCK
        if at not in blocks:
            counter = np.array([0, 0, at[1], at[0]], dtype=np.uint64)
            generator = np.random.Generator(np.random.Philox(counter=counter, key=key))
            blocks[at] = generator.standard_normal((BLOCK, BLOCK, n_draws), dtype=np.float32)
        return blocks[at][row % BLOCK, col % BLOCK].astype(float)

    step = surface.model.parameters["findings_bandwidth_m"] / STEPS
    normals = np.zeros((n_draws, len(cells)))
    for i, cell in enumerate(cells.tolist()):
        easting, northing = surface.grid.centre(*divmod(cell, surface.grid.n_cols))
        x, y, squares = easting / step, northing / step, 0.0
        for row in range(int(y) - STEPS - 1, int(y) + STEPS + 2):
            for col in range(int(x) - STEPS - 1, int(x) + STEPS + 2):
                u2 = ((row - y) ** 2 + (col - x) ** 2) / STEPS**2
                if u2 < 1:
                    normals[:, i] += (1 - u2) ** 2 * number(row, col)
                    squares += (1 - u2) ** 4
        normals[:, i] /= np.sqrt(squares)
    return normals


def draw_weights(surface: ScoredSurface, n_draws: int, seed: int) -> NDArray[np.float64]:
    """(n_draws, n_components), each draw adds up to 1."""
    weights = np.array(list(surface.model.weights.values()))
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed).spawn(2)[0]))
    uniform = generator.random((len(weights), n_draws))
    gammas = np.zeros((n_draws, len(weights)))
    for k, weight in enumerate(weights / weights.sum()):
        if weight > 0:
            gammas[:, k] = stats.gamma.ppf(uniform[k], CONCENTRATION * weight)
    return gammas / gammas.sum(axis=1, keepdims=True)


def draw_scores(surface: ScoredSurface, cells: NDArray[np.int64], n_draws: int, seed: int) -> NDArray[np.float64]:
    """(n_draws, n_cells) scores."""
    grid, models = surface.grid, surface.model.components
    shifted = [
        replace(grid, x_min=grid.x_min + x, y_min=grid.y_min + y)
        for y in OFFSETS * grid.cell_m
        for x in OFFSETS * grid.cell_m
    ]
    weights, normals = draw_weights(surface, n_draws, seed), draw_normals(surface, cells, n_draws, seed)
    scores = np.zeros((n_draws, len(cells)))
    for shift, moved in enumerate(shifted):
        draws = [d for d in range(n_draws) if shift * n_draws // 16 <= d < (shift + 1) * n_draws // 16]
        for k, model in enumerate(models):
            source: Any = surface.sources[model.name]
            if hasattr(source, "posterior"):
                shape, rate = (raster.ravel()[cells] for raster in source.posterior(moved))
                values = stats.gamma.ppf(stats.norm.cdf(normals[draws]), shape, scale=1 / rate)
            else:
                exact = [source.value_at(moved, *divmod(cell, grid.n_cols)) for cell in cells.tolist()]
                values = np.tile(exact, (len(draws), 1))
            scores[draws] += 100 * weights[draws, k : k + 1] * values / (values + model.reference_level)
    return scores


def count_top(scores: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Share of draws in which each cell is among the k highest."""
    highest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.bincount(highest.ravel(), minlength=scores.shape[1]) / len(scores)
