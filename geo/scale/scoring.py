"""Scores from a Dask cluster: as a surface where it fits into memory, as a GeoTIFF where it does not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from geo.errors import ConfigError, MemoryLimitError, ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.memory import format_bytes, require_memory
from geo.risk.components import COMPONENTS
from geo.risk.export import write_geotiff
from geo.risk.manifest import count_states, identify_choices, name_libraries, name_states, surface_id
from geo.risk.model import Model
from geo.risk.rasters import Patch, Raster, Rasters
from geo.risk.scoring import check_grid, check_layers, parse_choices
from geo.risk.states import STATE_NAMES
from geo.risk.surface import RiskSurface
from geo.risk.tiles import window_bytes
from geo.scale.job import WINDOW_CELLS, Job, score_part
from geo.scale.partitions import Partitions, write_partitions
from geo.store.atomic import explain_os_error

try:
    from distributed import Client, Future, KilledWorker, LocalCluster, as_completed
except ImportError as error:
    MESSAGE = "Dask is not installed here; install it with `pip install 'norrsyn[scale]'`, or score in one process."
    raise ConfigError(MESSAGE) from error

__all__ = ["check_workers", "open_client", "score", "score_job", "score_to_geotiff"]

# Python with its libraries, the compiled loops and what Dask keeps: 515 MB, measured between windows.
_BYTES_PER_WORKER = 600_000_000
# Above this share of its memory Dask gives a worker no more work.
_SHARE = 0.8
_TIMEOUT_S = 10
# Dask's pages about itself: it makes them in any case, on every network that the machine has, unless told where.
_UNSEEN = "127.0.0.1:0"


@contextmanager
def open_client(where: str) -> Iterator[Client]:
    """A client of a cluster: of one on this machine that ends with it, or of one that runs already.

    Parameters
    ----------
    where : ``"local"`` (a process per core, no dashboard), or the address of a scheduler such as ``"tcp://host:8786"``

    Yields
    ------
    distributed.Client

    Raises
    ------
    ParameterError
        `where` is neither.
    ConfigError
        No scheduler answers there.
    """
    if where == "local":
        with (
            LocalCluster(
                threads_per_worker=1,
                processes=True,
                dashboard_address=_UNSEEN,
                worker_dashboard_address=_UNSEEN,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    if "://" not in where:
        message = f"{where!r} is no Dask cluster: write local, or a scheduler's address such as tcp://host:8786."
        raise ParameterError(message)
    try:
        client = Client(where, timeout=_TIMEOUT_S)
    except (OSError, ValueError) as error:
        message = f"No Dask scheduler answers at {where} ({error}); start one with `dask scheduler`, or use local."
        raise ConfigError(message) from error
    with client:
        yield client


def score(  # noqa: PLR0913  those of `geo.score`, and where to compute
    layers: Mapping[str, gpd.GeoDataFrame],
    grid: Grid,
    at: str | date | None = None,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    client: Client,
    folder: Path | None = None,
    model: Model | None = None,
    tell: Callable[[str], None] = lambda _words: None,
) -> RiskSurface:
    """Score on a cluster what fits into this process's memory: the same bits as `geo.score` without a client.

    Parameters
    ----------
    layers, grid, at, sectors, weights, model : as in `geo.score`
    client : distributed.Client
    folder : Path, optional
        The layers are written to a folder of their own in it, which is removed afterwards. Workers on other machines
        must see it under the same path. Default: the system's temporary folder, enough for workers on this machine.
    tell : called with a sentence on windows and memory before anything is computed

    Returns
    -------
    RiskSurface

    Raises
    ------
    As `geo.score`, and as `score_job`.
    """
    check_grid(grid)
    day, kept, chosen = parse_choices(at, sectors, weights, model)
    checked = check_layers(layers)
    require_memory(
        window_bytes(grid.shape, len(COMPONENTS)), f"A surface of {grid.n_cells} cells", "write a GeoTIFF instead"
    )
    with _partitions(checked, folder) as records:
        job = Job(records, grid, day, kept, chosen)
        check_workers(job, client)
        tell(job.describe())
        whole: dict[str, Raster] = {name: np.empty(grid.shape, np.float32) for name in ("score", *COMPONENTS)}
        whole["state"] = np.empty(grid.shape, np.uint8)
        for patch in score_job(job, client):
            for name, raster in whole.items():
                raster[patch.rows, patch.cols] = patch.values[name]
    return RiskSurface(grid, day, kept, chosen, checked, Rasters(whole))


def score_to_geotiff(  # noqa: PLR0913  those of `geo.score`, and where to write
    records: Partitions,
    path: Path,
    grid: Grid,
    at: str | date | None = None,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    client: Client,
    window_cells: int = WINDOW_CELLS,
    model: Model | None = None,
) -> Path:
    """Score what fits into no process's memory: windows go into one cloud-optimised GeoTIFF as they are done.

    Parameters
    ----------
    records : Partitions that the workers see under the same path
    path : Path, as in `RiskSurface.to_geotiff`
    grid, at, sectors, weights, model : as in `geo.score`
    client : distributed.Client
    window_cells : int, side of a window, a multiple of 512

    Returns
    -------
    Path
        The bands and the id are those of the surface's own GeoTIFF. Its manifest holds no comparison with the density
        of employees, which would take a whole raster.

    Raises
    ------
    ParameterError, CRSError, StoreError, and as `score_job`
    """
    check_grid(grid)
    day, kept, chosen = parse_choices(at, sectors, weights, model)
    job = Job(records, grid, day, kept, chosen, window_cells)
    check_workers(job, client)
    cells = np.zeros(len(STATE_NAMES), dtype=np.int64)

    def count() -> Iterator[Patch]:
        for patch in score_job(job, client):
            cells[:] += count_states(patch.values["state"])
            yield patch

    def describe() -> tuple[str, Mapping[str, Any]]:
        manifest = {
            **identify_choices(job.model, day, kept, grid, records.layers),
            "model_origin": dict(job.model.origin),
            "synthetic": records.is_synthetic,
            "states": name_states(cells),
            "comparison": {"rank_correlation": None, "top20_overlap": None},
            "libraries": name_libraries(),
        }
        return surface_id(manifest), manifest

    return write_geotiff(path, grid, ("score", *job.model.weights), count(), describe)


def score_job(job: Job, client: Client) -> Iterator[Patch]:
    """The windows of a job as they are done, in any order; those of a worker that dies are given to another.

    One window more than there are threads is on its way at any time, so that neither the scheduler nor the caller holds
    more.

    Raises
    ------
    MemoryLimitError, ConfigError
        As `check_workers`.
    ConfigError
        A window ended several workers, or the scheduler is gone.
    """
    n_threads = check_workers(job, client)
    waiting = iter(job.windows)

    def submit() -> list[Future[Patch]]:
        return [client.submit(score_part, job, window, pure=False) for window in islice(waiting, 1)]

    under_way = {future for _ in range(n_threads + 1) for future in submit()}
    done = as_completed(under_way)
    try:
        for future in done:
            try:
                patch: Patch = future.result()
            except KilledWorker as error:
                message = (
                    f"A window of {job.window_cells} × {job.window_cells} cells ended every worker that it was given "
                    "to, most likely for want of memory; use smaller windows, or workers with more of it."
                )
                raise ConfigError(message) from error
            except (OSError, CancelledError) as error:
                message = f"The Dask scheduler is gone ({error}); see what it wrote last, and score again."
                raise ConfigError(message) from error
            under_way.discard(future)
            future.release()
            more = submit()
            under_way.update(more)
            done.update(more)
            yield patch
    finally:
        client.cancel(list(under_way))


def check_workers(job: Job, client: Client) -> int:
    """Refuse windows that are too large for the workers, before anything is sent.

    Returns
    -------
    int, threads of all workers

    Raises
    ------
    ConfigError
        There are no workers.
    MemoryLimitError
        One of them has too little memory.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    if not workers:
        message = "The Dask cluster has no workers; start some with `dask worker ADDRESS`."
        raise ConfigError(message)
    for worker in workers:
        limit = worker["memory_limit"]
        need = _BYTES_PER_WORKER + worker["nthreads"] * job.bytes_per_task
        if limit and need > limit * _SHARE:
            message = (
                f"Windows of {job.window_cells} × {job.window_cells} cells need {need} bytes ({format_bytes(need)}) "
                f"in a worker of {worker['nthreads']} thread(s), and {worker['name']} may use {_SHARE:.0%} of "
                f"{format_bytes(limit)}; use smaller windows, fewer threads, or workers with more memory."
            )
            raise MemoryLimitError(message)
    return sum(worker["nthreads"] for worker in workers)


@contextmanager
def _partitions(layers: Layers, folder: Path | None) -> Iterator[Partitions]:
    with explain_os_error(folder or Path(tempfile.gettempdir()), "written"):
        made = Path(tempfile.mkdtemp(prefix=".part-dask-", dir=folder))
    try:
        yield write_partitions(layers, made)
    finally:
        shutil.rmtree(made, ignore_errors=True)
