"""Scoring on a cluster: the same bits as in one process, from only the records that each window needs."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import rasterio
from distributed import Client, LocalCluster

import geo
from geo.errors import ConfigError, CRSError, MemoryLimitError, NotFoundError, ParameterError, StoreError
from geo.layers.bundle import Layers
from geo.risk.model import load_model
from geo.risk.rasters import Patch
from geo.risk.surface import RiskSurface
from geo.scale import scoring
from geo.scale.job import Job, score_part
from geo.scale.partitions import Partitions, write_partitions
from tests.frames import GRID, SCORING_DAY
from tests.geo.scale.conftest import FINE


@pytest.fixture(scope="module")
def records(scattered: Layers, tmp_path_factory: pytest.TempPathFactory) -> Partitions:
    return write_partitions(scattered, tmp_path_factory.mktemp("records"), n_rows=9)


def make_job(records: Partitions, window_cells: int = 512, **changes: Any) -> Job:
    choices = {"grid": FINE, "at": SCORING_DAY, "sectors": None, "model": load_model()} | changes
    return Job(records, window_cells=window_cells, **choices)


def assert_same_bits(patches: Iterable[Patch], expected: RiskSurface) -> None:
    """Patches that cover the grid once, with the bits of a surface."""
    seen = np.zeros(expected.grid.shape, dtype=np.int64)
    for patch in patches:
        for name, raster in expected.rasters.items():
            assert patch.values[name].tobytes() == raster[patch.rows, patch.cols].tobytes(), name
        seen[patch.rows, patch.cols] += 1
    assert (seen == 1).all()


# ---- the same bits ---------------------------------------------------------------------------------------------


def test_a_surface_is_the_same(scattered: Layers, client: Client, one_process: RiskSurface, tmp_path: Path) -> None:
    told: list[str] = []
    surface = scoring.score(scattered, FINE, SCORING_DAY, client=client, folder=tmp_path, tell=told.append)

    assert_same_bits([Patch(slice(0, FINE.n_rows), slice(0, FINE.n_cols), surface.rasters)], one_process)
    assert surface.manifest == one_process.manifest
    assert surface.id == one_process.id
    assert "1 windows of at most 2048" in told[0]
    assert list(tmp_path.iterdir()) == []


def test_through_the_public_call_with_choices(layers: Layers, client: Client) -> None:
    choices = {"at": "2026-01-15", "sectors": ["construction", "green"], "weights": {"findings": 0.0}}
    expected = geo.score(layers, GRID, **choices)
    surface = geo.score(layers, GRID, **choices, client=client)

    assert_same_bits([Patch(slice(0, 16), slice(0, 20), surface.rasters)], expected)
    assert surface.id == expected.id
    assert surface.explain(surface.top(1)["cell_id"][0]).score == expected.explain(expected.top(1)["cell_id"][0]).score


@pytest.mark.parametrize("window_cells", [512, 1_024, 4_096])
def test_for_any_window(records: Partitions, client: Client, one_process: RiskSurface, window_cells: int) -> None:
    job = make_job(records, window_cells)
    assert len(job.windows) == {512: 12, 1_024: 4, 4_096: 1}[window_cells]
    assert_same_bits(scoring.score_job(job, client), one_process)


def test_the_test_layers_cross_the_windows(records: Partitions, one_process: RiskSurface) -> None:
    """Without the records around it a window would differ: the test above would see it."""
    assert all(one_process.contributions[name][500:524, 500:524].any() for name in load_model().weights)
    # what is assumed of every place is no record
    assert (one_process.inputs.rate.findings.raster(FINE)[500:524, 500:524] > 0).any()
    job = make_job(records)
    object.__setattr__(job, "bounds", lambda _: (FINE.x_min, FINE.y_min, FINE.x_min, FINE.y_min))
    assert not np.array_equal(score_part(job, job.windows[0]).values["score"], one_process.score[:512, :512])


@pytest.mark.long
def test_a_geotiff_is_the_same(records: Partitions, client: Client, one_process: RiskSurface, tmp_path: Path) -> None:
    ours = scoring.score_to_geotiff(records, tmp_path / "a.tif", FINE, SCORING_DAY, client=client, window_cells=512)

    with rasterio.open(ours) as a, rasterio.open(one_process.to_geotiff(tmp_path / "b.tif")) as b:
        assert {**a.profile, "nodata": None} == {**b.profile, "nodata": None}
        assert a.descriptions == b.descriptions
        assert [a.overviews(band) for band in a.indexes] == [b.overviews(band) for band in b.indexes]
        np.testing.assert_array_equal(a.read(), b.read())
        tags, expected = a.tags(), b.tags()
        manifest, whole = json.loads(tags.pop("manifest")), json.loads(expected.pop("manifest"))
        assert tags == expected
    assert manifest == whole | {"comparison": {"rank_correlation": None, "top20_overlap": None}}


def test_few_windows_are_on_their_way(records: Partitions, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way = most = 0
    submit = client.submit

    def count(*args: Any, **options: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        return submit(*args, **options)

    monkeypatch.setattr(client, "submit", count)
    for _ in scoring.score_job(make_job(records), client):
        under_way -= 1
    # one more than there are threads, and the one that is being handed out
    assert most <= 4


def test_a_caller_who_stops_leaves_nothing_behind(records: Partitions, client: Client) -> None:
    patches = scoring.score_job(make_job(records), client)
    next(patches)
    patches.close()  # type: ignore[attr-defined]
    assert client.futures == {}


# ---- memory ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_window_takes_no_more_than_was_told(records: Partitions) -> None:
    job = make_job(records)
    score_part(job, job.windows[0])
    for window in job.windows[::5]:
        gc.collect()
        tracemalloc.start()
        patch = score_part(job, window)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sum(raster.nbytes for raster in patch.values.values()) < peak < job.task_bytes(window)
    assert job.bytes_per_task == max(map(job.task_bytes, job.windows)) < make_job(records, 1_024).bytes_per_task


def test_windows_that_a_worker_cannot_hold_are_refused(records: Partitions, client: Client) -> None:
    job = make_job(records)
    job.__dict__["bytes_per_task"] = 10**10
    with pytest.raises(MemoryLimitError, match=r"need 10600000000 bytes \(10\.6 GB\).*80% of 8\.0 GB.*smaller windows"):
        next(scoring.score_job(job, client))


def test_a_surface_that_the_caller_cannot_hold_is_refused(
    layers: Layers, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 1_000)
    with pytest.raises(MemoryLimitError, match="GeoTIFF"):
        scoring.score(layers, GRID, SCORING_DAY, client=client)


# ---- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window_cells", [0, -512, 100, 512.0, True, "512"])
def test_windows_that_are_none(records: Partitions, window_cells: Any) -> None:
    with pytest.raises(ParameterError, match="multiple of 512"):
        make_job(records, window_cells)


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ("tcp://127.0.0.1:9", ConfigError, r"No Dask scheduler answers at tcp://127\.0\.0\.1:9.*dask scheduler"),
        ("smoke://signals", ConfigError, "No Dask scheduler answers at smoke://signals"),
        ("everywhere", ParameterError, "write local, or a scheduler's address"),
    ],
)
def test_clusters_that_are_none(
    monkeypatch: pytest.MonkeyPatch, where: str, error: type[Exception], words: str
) -> None:
    monkeypatch.setattr(scoring, "_TIMEOUT_S", 0.2)
    with pytest.raises(error, match=words), scoring.open_client(where):
        pass


def test_a_scheduler_that_runs_already(records: Partitions, one_process: RiskSurface) -> None:
    with LocalCluster(n_workers=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as cluster:
        with scoring.open_client(cluster.scheduler_address) as other:
            assert_same_bits(scoring.score_job(make_job(records), other), one_process)
        assert cluster.workers


def test_dask_that_is_not_installed(layers: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("geo.scale.scoring")
    monkeypatch.delitem(sys.modules, "geo.scale.scoring")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'norrsyn\[scale\]'"):
        geo.score(layers, GRID, SCORING_DAY, client=object())


def test_a_cluster_without_workers(records: Partitions) -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(ConfigError, match="no workers"),
    ):
        next(scoring.score_job(make_job(records), client))


def test_workers_that_do_not_see_the_folder(scattered: Layers, client: Client, tmp_path: Path) -> None:
    job = make_job(write_partitions(scattered, tmp_path / "records"))
    shutil.rmtree(tmp_path / "records")
    with pytest.raises((NotFoundError, StoreError), match="records"):
        next(scoring.score_job(job, client))
    with pytest.raises(StoreError, match="nowhere"):
        scoring.score(scattered, GRID, SCORING_DAY, client=client, folder=tmp_path / "nowhere")


def test_arguments_are_checked_as_without_a_cluster(layers: Layers, client: Client, records: Partitions) -> None:
    with pytest.raises(ParameterError, match="grid must be"):
        scoring.score(layers, None, client=client)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="layers must map"):
        scoring.score([], GRID, client=client)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="mining"):
        scoring.score(layers, GRID, sectors=["mining"], client=client)
    with pytest.raises(CRSError, match="EPSG:3006"):
        scoring.score_to_geotiff(records, Path("a.tif"), geo.Grid(0, 0, 10, 1, 1, "EPSG:3035"), client=client)


# ---- processes -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_killed_workers_windows_are_computed_by_another(records: Partitions, one_process: RiskSurface) -> None:
    with (
        # how long a result is looked for on a worker that is gone
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        patches = []
        for patch in scoring.score_job(make_job(records), client):
            if not patches:
                busy = next(address for address, keys in client.processing().items() if keys)
                os.kill(pids[busy], signal.SIGKILL)
            patches.append(patch)
        assert pids[busy] not in client.run(os.getpid).values()
    assert_same_bits(patches, one_process)


@pytest.mark.long
def test_a_cluster_of_our_own(scattered: Layers, one_process: RiskSurface, tmp_path: Path) -> None:
    with scoring.open_client("local") as client:
        assert all(worker["nthreads"] == 1 for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        surface = scoring.score(scattered, FINE, SCORING_DAY, client=client, folder=tmp_path)
    assert_same_bits([Patch(slice(0, FINE.n_rows), slice(0, FINE.n_cols), surface.rasters)], one_process)
