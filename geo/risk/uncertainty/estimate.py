"""From a surface, or two of them, to how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.memory import require_memory
from geo.risk.components.base import Source
from geo.risk.model import Model
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty.arguments import Choices, parse_choices
from geo.risk.uncertainty.noise import NoiseField
from geo.risk.uncertainty.result import DeltaUncertainty, Uncertainty, lay_out
from geo.risk.uncertainty.simulation import Drawn, Simulation, simulation_bytes
from geo.risk.uncertainty.values import Drawable, find_drawn, read_values, values_bytes
from geo.risk.uncertainty.weights import draw_points

__all__ = ["Question", "answer_question", "ask_question", "compare_uncertainty", "estimate_uncertainty", "read_answer"]

# Rasters of one component on one shifted grid, float64, with what is added up on the way.
_BYTES_BESIDE = 40
# What is kept of a cell that was drawn: four numbers and its place; and of a cell of the grid, of two surfaces.
_BYTES_KEPT, _BYTES_DIFFERENCE = 20, 12


@dataclass(frozen=True, eq=False)
class Question:
    """All that the draws of one surface follow from: a few MB, without layers or rasters, for another process too.

    Attributes
    ----------
    grid : Grid
    model : Model
    sources : component name to Source
    cells : (n,) uint32, row × columns + column of the cells to draw, ascending
    n_draws, top_k, seed, n_threads : int
    """

    grid: Grid
    model: Model
    sources: Mapping[str, Source]
    cells: NDArray[np.uint32]
    n_draws: int
    top_k: int
    seed: int
    n_threads: int


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
    question = ask_question(surface, choices)
    return read_answer(surface, choices, question.cells, answer_question(question))


def ask_question(surface: ScoredSurface, choices: Choices) -> Question:
    """What `answer_question` needs of a surface."""
    cells = np.flatnonzero(choices.ranked[0]).astype(np.uint32)
    return Question(
        surface.grid,
        surface.model,
        dict(surface.sources),
        cells,
        choices.n_draws,
        choices.top_k,
        choices.seed,
        choices.n_threads,
    )


def answer_question(question: Question) -> NDArray[np.float32]:
    """Draw.

    Returns
    -------
    (4, n_cells) float32: low, median, high and p_top of each cell

    Raises
    ------
    MemoryLimitError
        Before anything is allocated.
    """
    everywhere = np.ones(len(question.cells), dtype=bool)
    drawn = _draw([question], question.cells.astype(np.int64), [everywhere], question)
    return _make_numbers(drawn, 0)


def read_answer(
    surface: ScoredSurface, choices: Choices, cells: NDArray[np.uint32], numbers: NDArray[np.float32]
) -> Uncertainty:
    """What `answer_question` found, as what is known of a surface."""
    numbers.flags.writeable = False
    return Uncertainty(
        grid=surface.grid,
        n_draws=choices.n_draws,
        top_k=choices.top_k,
        seed=choices.seed,
        county=choices.county,
        score=surface.score,
        cells=cells,
        numbers=numbers,
    )


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
    ranked = [each.reshape(-1)[cells] for each in choices.ranked]
    drawn = _draw(surfaces, cells, ranked, choices)
    low, median, high = (lay_out(before.grid, cells, numbers) for numbers in drawn.quantiles[2])

    def read(surface: ScoredSurface, which: int) -> Uncertainty:
        mine = ranked[which]
        return read_answer(surface, choices, cells[mine].astype(np.uint32), _make_numbers(drawn, which)[:, mine])

    return DeltaUncertainty(
        grid=before.grid,
        before=read(before, 0),
        after=read(after, 1),
        low=low,
        median=median,
        high=high,
    )


def _draw(
    surfaces: Sequence[Drawable],
    cells: NDArray[np.int64],
    ranked: Sequence[NDArray[np.bool_]],
    asked: Choices | Question,
) -> Drawn:
    first = surfaces[0]
    grid, n_components, n_surfaces = first.grid, len(first.sources), len(surfaces)
    drawn = max(find_drawn(surface) for surface in surfaces)
    require_memory(
        n_surfaces * values_bytes(len(cells), n_components, is_drawn=drawn >= 0)
        + simulation_bytes(len(cells), n_surfaces, asked.n_draws, asked.top_k, asked.n_threads)
        + n_surfaces * _BYTES_KEPT * len(cells)
        + (_BYTES_BESIDE + _BYTES_DIFFERENCE * (n_surfaces - 1)) * grid.n_cells,
        f"Drawing the scores of {len(cells)} cells of {grid.cell_m:g} m",
        "choose larger cells, or one county",
    )
    of_weights, of_noise = np.random.SeedSequence(asked.seed).spawn(2)
    weights = [np.array(list(surface.model.weights.values())) for surface in surfaces]
    row, col = np.divmod(cells, grid.n_cols)
    return Simulation(
        easting=grid.easting[col],
        northing=grid.northing[row],
        values=read_values(surfaces, cells, drawn),
        points=[draw_points(each, asked.n_draws, of_weights) for each in weights],
        ranked=ranked,
        drawn=drawn,
        bandwidth_m=first.model.parameters["findings_bandwidth_m"],
        noise=NoiseField.from_seed(of_noise, asked.n_draws),
        top_k=asked.top_k,
    ).run(asked.n_threads)


def _make_numbers(drawn: Drawn, which: int) -> NDArray[np.float32]:
    """Low, median, high and p_top of each cell, of one surface."""
    return np.concatenate([drawn.quantiles[which], drawn.p_top[which : which + 1].astype(np.float32)])
