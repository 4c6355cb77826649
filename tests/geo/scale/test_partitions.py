"""Partitions: what was written comes back, and of it only what touches a rectangle."""

from __future__ import annotations

from pathlib import Path

import pytest

import geo
from geo.errors import NotFoundError, ParameterError, StoreError
from geo.layers.bundle import Layers
from geo.scale.partitions import Partitions, read_records, write_partitions
from tests.frames import TOWN


@pytest.mark.parametrize("n_rows", [1, 7, 20_000])
def test_all_records_come_back(layers: Layers, tmp_path: Path, n_rows: int) -> None:
    records = write_partitions(layers, tmp_path / "new", n_rows)

    assert read_records(records).hashes == layers.hashes
    assert {name: each["sha256"] for name, each in records.layers.items()} == layers.hashes
    assert all(each["rows"] <= n_rows for each in records.find(geo.LAYERS))


def test_a_rectangle_gives_what_touches_it(scattered: Layers, tmp_path: Path) -> None:
    records = write_partitions(scattered, tmp_path, n_rows=9)
    bounds = (TOWN[0] - 5_000, TOWN[1] - 8_000, TOWN[0] + 4_000, TOWN[1] + 2_000)

    near = read_records(records, bounds)

    for name in ("workplaces", "accommodation", "visits", "findings"):
        frame = scattered[name]
        expected = frame.cx[bounds[0] : bounds[2], bounds[1] : bounds[3]].reset_index(drop=True)
        assert 0 < len(expected) < len(frame)
        assert near[name].equals(expected)
    assert len(near["sectors"]) == len(scattered["sectors"])


def test_a_line_comes_whole(scattered: Layers, tmp_path: Path) -> None:
    records = write_partitions(scattered, tmp_path)
    line = scattered["establishments"].geometry.iloc[0]
    x, y = line.coords[1]

    near = read_records(records, (x - 10, y - 10, x + 10, y + 10), ["establishments"])

    assert near["establishments"].geometry.tolist() == [line]
    assert len(near["workplaces"]) == 0


def test_files_elsewhere_are_not_opened(scattered: Layers, tmp_path: Path) -> None:
    records = write_partitions(scattered, tmp_path, n_rows=9)
    bounds = (TOWN[0] - 3_000, TOWN[1] - 3_000, TOWN[0] + 3_000, TOWN[1] + 3_000)
    needed = {each["name"] for each in records.find(["workplaces"], bounds)}
    for path in tmp_path.glob("workplaces-*"):
        if path.name not in needed:
            path.write_bytes(b"not Parquet")

    assert 0 < len(needed) < len(records.find(["workplaces"]))
    assert len(read_records(records, bounds, ["workplaces"])["workplaces"])
    with pytest.raises(StoreError, match=r"workplaces-\d+\.parquet cannot be read"):
        read_records(records, names=["workplaces"])


def test_no_layers(tmp_path: Path) -> None:
    records = write_partitions(geo.Layers({}), tmp_path)
    assert read_records(records).hashes == {}
    assert not records.is_synthetic


def test_what_cannot_be_used_is_told(layers: Layers, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="folder that they share"):
        Partitions(tmp_path)
    with pytest.raises(ParameterError, match="n_rows must be 1 or more"):
        write_partitions(layers, tmp_path, n_rows=0)
    write_partitions(layers, tmp_path)
    with pytest.raises(ParameterError, match="already"):
        write_partitions(layers, tmp_path)
    (tmp_path / "index.json").write_text("{", "utf-8")
    with pytest.raises(StoreError, match=r"index\.json cannot be read"):
        Partitions(tmp_path)
