"""A region to score in windows: which records each window needs, how much memory it takes, and the window itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from uuid import uuid4

import numpy as np

from geo.errors import ParameterError
from geo.grid import Grid
from geo.kernels import TILE_COLS
from geo.memory import format_bytes
from geo.recent import Recent
from geo.reference import read_table
from geo.region import Region
from geo.risk.components import COMPONENTS
from geo.risk.components.base import Source
from geo.risk.model import Model
from geo.risk.rasters import Patch
from geo.risk.tiles import Inputs, Window, score_window, snap_to_bands, window_bytes
from geo.scale.partitions import WHOLE_LAYERS, Bounds, Partitions, read_records

__all__ = ["WINDOW_CELLS", "Job", "reach_m", "score_part"]

WINDOW_CELLS = 2_048
# A record as a row of its frame, as points and in the index of its tiles: measured at 57 000 workplaces.
_BYTES_PER_RECORD = 2_000
_N_HELD = 3


@dataclass(frozen=True, eq=False)
class Job:
    """What the workers are told.

    Attributes
    ----------
    records : Partitions
    grid : Grid, EPSG:3006
    at : date
    sectors : sector groups kept; None for all
    model : Model
    window_cells : int, side of a window, a multiple of 512
    key : str, tells one job from another in a worker's memory

    Raises
    ------
    ParameterError
        `window_cells` is no such number.
    """

    records: Partitions
    grid: Grid
    at: date
    sectors: frozenset[str] | None
    model: Model
    window_cells: int = WINDOW_CELLS
    key: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        given = self.window_cells
        if isinstance(given, bool) or not isinstance(given, int) or given < TILE_COLS or given % TILE_COLS:
            message = f"window_cells must be a multiple of {TILE_COLS}, {TILE_COLS} or more, got {given!r}."
            raise ParameterError(message)
        # a plain dict, which travels to other processes
        object.__setattr__(self, "model", replace(self.model, parameters=dict(self.model.parameters)))

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Windows that cover the grid, row by row."""
        side = self.window_cells
        return tuple(
            snap_to_bands(self.grid, slice(top, top + side), slice(left, left + side))
            for top in range(0, self.grid.n_rows, side)
            for left in range(0, self.grid.n_cols, side)
        )

    def bounds(self, window: Window) -> Bounds:
        """The window and as far around it as a record can reach, m."""
        grid, reach = self.grid, reach_m(self.model) + self.grid.cell_m
        return (
            grid.x_min + window.cols.start * grid.cell_m - reach,
            grid.y_max - window.rows.stop * grid.cell_m - reach,
            grid.x_min + window.cols.stop * grid.cell_m + reach,
            grid.y_max - window.rows.start * grid.cell_m + reach,
        )

    def task_bytes(self, window: Window) -> int:
        """Memory that a worker's thread needs at most for a window, beside the process itself, bytes.

        Three times the rasters: one window's are made while another's are sent and a third's wait.
        """
        files = self.records.find(_POINT_LAYERS, self.bounds(window)) + self.records.find(WHOLE_LAYERS)
        n_records = sum(int(each["rows"]) for each in files)
        return _N_HELD * window_bytes(window.shape, len(COMPONENTS)) + n_records * _BYTES_PER_RECORD

    @cached_property
    def bytes_per_task(self) -> int:
        """Memory of the window that needs most, bytes."""
        return max(map(self.task_bytes, self.windows))

    def describe(self) -> str:
        """How many windows there are and what each takes, in a sentence."""
        return (
            f"{len(self.windows)} windows of at most {self.window_cells} × {self.window_cells} cells; each takes at "
            f"most {self.bytes_per_task} bytes ({format_bytes(self.bytes_per_task)}) of a worker's memory."
        )


# Layers of points, of which a window needs only those around it.
_READ = {name for each in COMPONENTS.values() for name in each.reads}
_POINT_LAYERS = tuple(sorted(_READ.difference(WHOLE_LAYERS)))


def reach_m(model: Model) -> float:
    """How far a record can reach, m: the largest bandwidth, and as far as a pair's two ends stand apart."""
    bandwidths = [value for name, value in model.parameters.items() if name.endswith("_bandwidth_m")]
    widest = max(*bandwidths, float(np.nanmax(read_table("sectors")["bandwidth_m"].to_numpy(dtype=np.float64))))
    return widest + model.parameters["colocation_m"]


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all windows of a job have in common: the region and the components of areas."""

    region: Region
    areal: Mapping[str, Source]


_shared: Recent[str, _Shared] = Recent(1)


def score_part(job: Job, window: Window) -> Patch:
    """One window, from only the records that reach it: the same bits as that part of the whole.

    Raises
    ------
    NotFoundError, StoreError
        The partitions cannot be read from here.
    MemoryLimitError
        The window does not fit into this machine's memory.
    """
    shared = _shared.get(job.key) or _shared.put(job.key, _prepare_shared(job))
    parameters = job.model.parameters
    layers = read_records(job.records, job.bounds(window), _POINT_LAYERS)
    sources = {
        name: shared.areal[name] if name in shared.areal else each.prepare(layers, job.at, job.sectors, parameters)
        for name, each in COMPONENTS.items()
    }
    inputs = Inputs(sources, job.model)
    # a worker's threads have a window each
    return score_window(inputs, shared.region, job.grid, window, n_threads=1)


def _prepare_shared(job: Job) -> _Shared:
    layers = read_records(job.records, names=WHOLE_LAYERS)
    areal = {
        name: each.prepare(layers, job.at, job.sectors, job.model.parameters)
        for name, each in COMPONENTS.items()
        if set(each.reads) <= set(WHOLE_LAYERS)
    }
    return _Shared(layers.region, areal)
