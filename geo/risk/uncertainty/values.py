"""What scores are drawn from: the components' values in some cells, on each of the shifted grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.risk.components.base import Source
from geo.risk.model import Model, saturate
from geo.risk.uncertainty.shifts import N_SHIFTS, shift_grids

__all__ = ["Drawable", "PosteriorSource", "Values", "find_drawn", "read_values", "values_bytes"]

# `geo.density.kernel_density` is exact to this share of the largest value: less is rounding, not a change.
_ROUNDING = 1e-11


class Drawable(Protocol):
    """What scores are drawn from."""

    @property
    def grid(self) -> Grid: ...  # noqa: D102  as `ScoredSurface` says
    @property
    def model(self) -> Model: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, Source]: ...  # noqa: D102


@runtime_checkable
class PosteriorSource(Protocol):
    """A component that is known up to a Gamma distribution in each cell."""

    def posterior(self, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shape and rate, (n_rows, n_cols) float64 each, > 0."""


class Values(NamedTuple):
    """Values of the components in some cells.

    Attributes
    ----------
    share : (n_cells, n_components, n_shifts) float32, ``x / (x + m)``; 0 for the component that is drawn
    log_shape : (n_cells, n_shifts) float64, of the component that is drawn, natural logarithm
    log_scale : (n_cells, n_shifts) float64, ln(rate · m)
    """

    share: NDArray[np.float32]
    log_shape: NDArray[np.float64]
    log_scale: NDArray[np.float64]


def find_drawn(surface: Drawable) -> int:
    """Position of the component whose value is drawn from a posterior; -1 where none with a weight is."""
    weights = surface.model.weights
    drawn = [
        position
        for position, (name, source) in enumerate(surface.sources.items())
        if isinstance(source, PosteriorSource) and weights[name] > 0
    ]
    return drawn[0] if drawn else -1


def values_bytes(n_cells: int, n_components: int, *, is_drawn: bool) -> int:
    """Memory that the values of one surface take, bytes."""
    return n_cells * N_SHIFTS * (4 * n_components + (16 if is_drawn else 0))


def read_values(surfaces: Sequence[Drawable], cells: NDArray[np.int64], drawn: int) -> tuple[Values, ...]:
    """Exact values in some cells of one surface, or of two on one grid.

    Parameters
    ----------
    surfaces : of one grid and one model version
    cells : (n,) int64, row × columns + column
    drawn : int, position of the component that is drawn, -1 for none

    Returns
    -------
    tuple of Values
        To the bit the same in both where a component differs by no more than rounding.
    """
    n_cells, names = len(cells), list(surfaces[0].sources)
    n_drawn = n_cells if drawn >= 0 else 0
    values = tuple(
        Values(
            np.zeros((n_cells, len(names), N_SHIFTS), dtype=np.float32),
            np.zeros((n_drawn, N_SHIFTS)),
            np.zeros((n_drawn, N_SHIFTS)),
        )
        for _ in surfaces
    )
    for shift, grid in enumerate(shift_grids(surfaces[0].grid)):
        for position, name in enumerate(names):
            is_drawn = position == drawn
            found = _read_component([surface.sources[name] for surface in surfaces], grid, cells, is_drawn=is_drawn)
            for surface, into, numbers in zip(surfaces, values, found, strict=True):
                level = surface.model.components[position].reference_level
                if is_drawn:
                    into.log_shape[:, shift] = np.log(numbers[0])
                    into.log_scale[:, shift] = np.log(numbers[1] * level)
                elif surface.model.weights[name] > 0:
                    into.share[:, position, shift] = saturate(numbers[0], level)
    return values


def _read_component(
    sources: Sequence[Source], grid: Grid, cells: NDArray[np.int64], *, is_drawn: bool
) -> list[tuple[NDArray[np.float64], ...]]:
    """Values of one component in some cells, or shape and rate, for each surface; shared sources are read once."""
    found: list[tuple[NDArray[np.float64], ...]] = []
    for source in sources:
        if found and source is sources[0]:
            found.append(found[0])
            continue
        rasters = source.posterior(grid) if is_drawn and isinstance(source, PosteriorSource) else (source.raster(grid),)
        numbers = tuple(raster.reshape(-1)[cells] for raster in rasters)
        found.append(tuple(map(_forget_rounding, numbers, found[0])) if found else numbers)
    return found


def _forget_rounding(after: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = max(after.max(initial=0.0), before.max(initial=0.0))
    return np.where(np.abs(after - before) <= _ROUNDING * largest, before, after)
