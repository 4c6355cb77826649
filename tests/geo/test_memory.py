"""Refused before anything is allocated, with the number of bytes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import psutil
import pytest

import geo
from geo import memory
from geo.density import kernel_density
from geo.errors import MemoryLimitError, ShapeError
from geo.grid import Grid
from geo.layers.bundle import Layers

LITTLE = 50_000_000
# 10⁸ cells
HUGE = Grid(340_000, 6_820_000, 50, n_rows=10_000, n_cols=10_000)


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 50 MB left."""
    monkeypatch.setattr(memory, "available_bytes", lambda: LITTLE)


@pytest.mark.usefixtures("little")
def test_a_raster_too_large_is_refused_before_it_is_allocated() -> None:
    tracemalloc.start()
    with pytest.raises(MemoryLimitError, match=r"800000000 bytes \(800\.0 MB\) of memory, and 50\.0 MB are free"):
        kernel_density([400_000.0], [7_000_000.0], [1.0], HUGE, 2_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.usefixtures("little")
def test_a_score_too_large_is_refused(layers: Layers) -> None:
    # seven rasters of 4 bytes, a state, the region and the areas' codes: 33 bytes to a cell
    with pytest.raises(MemoryLimitError, match=r"3700000000 bytes .* larger cells"):
        geo.score(layers, HUGE, "2026-07-15")


@pytest.mark.usefixtures("little")
def test_memory_that_is_there_already_is_not_asked_for() -> None:
    grid = Grid(0, 0, 1.0, n_rows=3_000, n_cols=2_000)
    with pytest.raises(MemoryLimitError):
        kernel_density([5.0], [5.0], [1.0], grid, 2.0)
    out = np.full(grid.shape, 7.0)

    found = kernel_density([5.0], [5.0], [1.0], grid, 2.0, out=out)

    assert found is out
    assert 0 < np.count_nonzero(out) < 20


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((4, 3)),
        np.zeros((3, 4), np.float32),
        np.zeros((4, 3)).T,
        np.broadcast_to(np.zeros(4), (3, 4)),
        [[0.0] * 4] * 3,
    ],
    ids=["shape", "dtype", "order", "read-only", "list"],
)
def test_an_array_that_cannot_be_filled(out: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"\(3, 4\) float64"):
        kernel_density([1.0], [1.0], [1.0], Grid(0, 0, 1.0, 3, 4), 2.0, out=out)


@pytest.mark.parametrize(
    ("limit", "free"),
    [
        ("max\n", 10_000),
        ("5000\n", 5_000 - 3_000 + 1_000),
        ("900\n", 0),
        ("1000000\n", 10_000),
        (None, 10_000),
    ],
)
def test_what_is_free_in_a_container(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str | None, free: int
) -> None:
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text("3000\n")
        (tmp_path / "memory.stat").write_text("anon 2000\ninactive_file 1000\nslab 7\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 10_000}))

    assert memory.available_bytes() == free


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2.5e6, "2.5 MB"), (7.25e12, "7250.0 GB")],
)
def test_bytes_for_people(n_bytes: float, text: str) -> None:
    assert memory.format_bytes(n_bytes) == text
