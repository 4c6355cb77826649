"""From a surface, or two of them, to how sure they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.memory import require_memory
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty.arguments import Choices, parse_choices
from geo.risk.uncertainty.noise import NoiseField
from geo.risk.uncertainty.result import DeltaUncertainty, Uncertainty
from geo.risk.uncertainty.simulation import Drawn, Simulation, simulation_bytes
from geo.risk.uncertainty.values import find_drawn, read_values, values_bytes
from geo.risk.uncertainty.weights import draw_points

__all__ = ["compare_uncertainty", "estimate_uncertainty"]

# Rasters of one component on one shifted grid, float64, with what is added up on the way.
_BYTES_BESIDE = 40


def estimate_uncertainty(
    surface: ScoredSurface,
    n_draws: int = 500,
    top_k: int = 20,
    seed: int = 0,
    county: str | None = None,
    *,
    n_threads: int | None = None,
) -> Uncertainty:
    """How sure the scores of a surface are; see `geo.risk.surface.RiskSurface.uncertainty`."""
    choices = parse_choices([surface], n_draws, top_k, seed, county, n_threads)
    cells = np.flatnonzero(choices.ranked[0])
    drawn = _draw([surface], cells, choices)
    return _make_uncertainty(surface, choices, cells, drawn, 0)


def compare_uncertainty(
    before: ScoredSurface,
    after: ScoredSurface,
    n_draws: int = 500,
    top_k: int = 20,
    seed: int = 0,
    county: str | None = None,
    *,
    n_threads: int | None = None,
) -> DeltaUncertainty:
    """How sure the differences between two surfaces are, both drawn with the same weights, shifts and noise.

    Parameters
    ----------
    before, after : ScoredSurface, of one grid and one model version
    n_draws, top_k, seed, county, n_threads
        As for `geo.risk.surface.RiskSurface.uncertainty`.

    Returns
    -------
    DeltaUncertainty
        For cells ranked in one of the two; exactly 0 where nothing has changed.

    Raises
    ------
    ParameterError
        As for one surface, and where the two cannot be compared; names everything that is wrong.
    MemoryLimitError
        Before anything is allocated.
    """
    surfaces = [before, after]
    choices = parse_choices(surfaces, n_draws, top_k, seed, county, n_threads)
    cells = np.flatnonzero(choices.ranked[0] | choices.ranked[1])
    drawn = _draw(surfaces, cells, choices)
    low, median, high = (_on_grid(before, cells, numbers) for numbers in drawn.quantiles[2])
    return DeltaUncertainty(
        grid=before.grid,
        before=_make_uncertainty(before, choices, cells, drawn, 0),
        after=_make_uncertainty(after, choices, cells, drawn, 1),
        low=low,
        median=median,
        high=high,
    )


def _draw(surfaces: Sequence[ScoredSurface], cells: NDArray[np.int64], choices: Choices) -> Drawn:
    first = surfaces[0]
    grid, n_components, n_surfaces = first.grid, len(first.sources), len(surfaces)
    drawn = max(find_drawn(surface) for surface in surfaces)
    require_memory(
        n_surfaces * values_bytes(len(cells), n_components, is_drawn=drawn >= 0)
        + simulation_bytes(len(cells), n_surfaces, choices.n_draws, choices.top_k, choices.n_threads)
        + (_BYTES_BESIDE + 4 * 4 * (2 * n_surfaces - 1)) * grid.n_cells,
        f"Drawing the scores of {len(cells)} cells of {grid.cell_m:g} m",
        "choose larger cells, or one county",
    )
    of_weights, of_noise = np.random.SeedSequence(choices.seed).spawn(2)
    weights = [np.array(list(surface.model.weights.values())) for surface in surfaces]
    row, col = np.divmod(cells, grid.n_cols)
    return Simulation(
        easting=grid.easting[col],
        northing=grid.northing[row],
        values=read_values(surfaces, cells, drawn),
        points=[draw_points(each, choices.n_draws, of_weights) for each in weights],
        ranked=[ranked.reshape(-1)[cells] for ranked in choices.ranked],
        drawn=drawn,
        bandwidth_m=first.model.parameters["findings_bandwidth_m"],
        noise=NoiseField.from_seed(of_noise, choices.n_draws),
        top_k=choices.top_k,
    ).run(choices.n_threads)


def _make_uncertainty(
    surface: ScoredSurface, choices: Choices, cells: NDArray[np.int64], drawn: Drawn, which: int
) -> Uncertainty:
    ranked = choices.ranked[which].reshape(-1)[cells]
    mine = cells[ranked]
    low, median, high = (_on_grid(surface, mine, numbers[ranked]) for numbers in drawn.quantiles[which])
    return Uncertainty(
        grid=surface.grid,
        n_draws=choices.n_draws,
        top_k=choices.top_k,
        seed=choices.seed,
        county=choices.county,
        score=surface.score,
        low=low,
        median=median,
        high=high,
        p_top=_on_grid(surface, mine, drawn.p_top[which][ranked]),
    )


def _on_grid(surface: ScoredSurface, cells: NDArray[np.int64], numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    raster = np.full(surface.grid.n_cells, np.nan, dtype=np.float32)
    raster[cells] = numbers
    raster.flags.writeable = False
    return raster.reshape(surface.grid.shape)
