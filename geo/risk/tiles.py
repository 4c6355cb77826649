"""One pass over the tiles of a window: every component, the score and the state, computed together.

The whole grid, the surroundings of one changed record and a worker's share of a large region are all windows, and
give the same bits: a cell's value follows from the points that reach its segment of the row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.kernels import TILE_COLS, TILE_ROWS, Outputs, Weighing, score_tiles
from geo.layers.bundle import Layers
from geo.memory import require_memory
from geo.points import Group, index_points
from geo.region import Region
from geo.risk.components import COMPONENTS
from geo.risk.components.base import PointSource, Source
from geo.risk.components.rate import RateSource
from geo.risk.components.sector_density import AreaSource
from geo.risk.model import Model, saturate
from geo.risk.rasters import Patch

__all__ = [
    "Inputs",
    "Window",
    "make_outputs",
    "prepare_inputs",
    "score_window",
    "snap_to_bands",
    "window_bytes",
]

AreaCodes = NDArray[np.uint16] | NDArray[np.int32]
# What a surface of every cell takes: score and contributions as float32, the state as uint8.
_BYTES_SCORE, _BYTES_STATE = 4, 1
# Beside them while it is made: the region (int16), area codes (uint16) and each thread's tiles.
_BYTES_BESIDE = 4


@dataclass(frozen=True)
class Window:
    """A rectangle of a grid: whole bands of rows, as far as the grid goes, and any columns.

    Attributes
    ----------
    rows, cols : slice, start and stop given; the first row is a multiple of a tile's rows, the end too or the grid's
    """

    rows: slice
    cols: slice

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_rows, n_cols)``."""
        return self.rows.stop - self.rows.start, self.cols.stop - self.cols.start


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that scores are computed from, prepared for one date, choice of sectors and model.

    Attributes
    ----------
    sources : component name to Source, in the components' order
    model : Model
    """

    sources: Mapping[str, Source]
    model: Model

    @cached_property
    def rate(self) -> RateSource:
        """The component of findings per visit."""
        return next(source for source in self.sources.values() if isinstance(source, RateSource))

    @property
    def effort(self) -> PointSource:
        """Inspections, which say where somebody has looked; part of that component."""
        return self.rate.effort

    @cached_property
    def groups(self) -> tuple[tuple[Group, ...], ...]:
        """Groups of points of each component, the effort's last; areal components have none."""
        sources = (*self.sources.values(), self.effort)
        return tuple(source.groups if isinstance(source, (PointSource, RateSource)) else () for source in sources)


def prepare_inputs(layers: Layers, at: date, sectors: frozenset[str] | None, model: Model) -> Inputs:
    """Inputs of all components."""
    sources = {name: component.prepare(layers, at, sectors, model.parameters) for name, component in COMPONENTS.items()}
    return Inputs(sources, model)


def snap_to_bands(grid: Grid, rows: slice, cols: slice) -> Window:
    """The smallest window that holds some rows and columns."""
    (top, bottom, _), (left, right, _) = rows.indices(grid.n_rows), cols.indices(grid.n_cols)
    whole = slice(top // TILE_ROWS * TILE_ROWS, min(-(-bottom // TILE_ROWS) * TILE_ROWS, grid.n_rows))
    return Window(whole, slice(left, right))


def window_bytes(shape: tuple[int, int], n_components: int) -> int:
    """Memory that scoring a window takes at most, beside its points, bytes."""
    per_cell = _BYTES_SCORE * (1 + n_components) + _BYTES_STATE + _BYTES_BESIDE
    return math.prod(shape) * per_cell


def make_outputs(n_components: int, shape: tuple[int, int]) -> Outputs:
    """Rasters for `score_window` to fill; memory that was used before is several times faster than new memory."""
    return Outputs(np.empty(shape, np.float32), np.empty(shape, np.uint8), np.empty((n_components, *shape), np.float32))


def score_window(
    inputs: Inputs,
    region: Region,
    grid: Grid,
    window: Window | None = None,
    *,
    out: Outputs | None = None,
    n_threads: int | None = None,
) -> Patch:
    """Score, state and contributions of a window.

    Parameters
    ----------
    inputs : Inputs
    region : Region
    grid : Grid, EPSG:3006
    window : Window, optional
        Default: the whole grid.
    out : Outputs, optional
        What `make_outputs` gave for the window's shape, to fill and return in place of new memory.
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.

    Returns
    -------
    Patch
        Rasters ``score`` (float32), ``state`` (uint8) and one by each component's name (float32, points).

    Raises
    ------
    MemoryLimitError
        Before anything is allocated.
    ShapeError
        `out` does not fit.
    """
    window = window or snap_to_bands(grid, slice(None), slice(None))
    shape, names = window.shape, tuple(inputs.sources)
    if out is None:
        require_memory(
            window_bytes(shape, len(names)),
            f"Scoring {math.prod(shape)} cells of {grid.cell_m:g} m",
            "choose larger cells, or score on several machines (`norrsyn score --dask`)",
        )
        out = make_outputs(len(names), shape)
    areal = [source for source in inputs.sources.values() if isinstance(source, AreaSource)]
    coded = [source.coded(grid, window.rows, window.cols) for source in areal]
    groups = [group for of_source in inputs.groups for group in of_source]
    score_tiles(
        index_points(groups, grid, (window.rows, window.cols), max_segment=TILE_COLS),
        _weigh(inputs, [each.values for each in coded]),
        np.ascontiguousarray(region.municipality_raster(grid, window.rows, window.cols)),
        _stack([each.codes for each in coded], shape),
        out,
        first_cell=(window.rows.start, window.cols.start),
        grid_cols=grid.n_cols,
        n_threads=n_threads,
    )
    contributions = dict(zip(names, out.contributions, strict=True))
    return Patch(window.rows, window.cols, {"score": out.score, "state": out.state, **contributions})


def _weigh(inputs: Inputs, values: list[NDArray[np.float64]]) -> Weighing:
    components = inputs.model.components
    max_points = np.array([inputs.model.max_points[component.name] for component in components])
    level = np.array([component.reference_level for component in components])
    is_areal = np.array([isinstance(inputs.sources[component.name], AreaSource) for component in components])
    code_points = np.zeros((len(values), max(map(len, values), default=0)))
    for position, component in enumerate(np.flatnonzero(is_areal)):
        points = max_points[component] * saturate(values[position], level[component])
        code_points[position, : len(points)] = points
    return Weighing(
        first_group=np.cumsum([0, *map(len, inputs.groups)]),
        areal=np.where(is_areal, np.cumsum(is_areal) - 1, -1),
        code_points=code_points,
        max_points=max_points,
        level=level,
        is_exposure=np.array([COMPONENTS[component.name].is_exposure for component in components]),
        is_rate=np.array([inputs.sources[component.name] is inputs.rate for component in components]),
        prior=(inputs.rate.prior.findings, inputs.rate.prior.visits),
        effort_km2=inputs.rate.effort_km2,
        effort_threshold=inputs.model.parameters["effort_threshold"],
    )


def _stack(codes: list[AreaCodes], shape: tuple[int, int]) -> AreaCodes:
    if len(codes) == 1:
        # the usual case; nothing is copied
        return np.ascontiguousarray(codes[0])[np.newaxis]  # type: ignore[return-value]
    return np.array(codes, dtype=np.int32).reshape(-1, *shape)
