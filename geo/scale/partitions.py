"""Layers as spatially sorted GeoParquet files, so that a process reads only the records that can reach its window.

::

    folder/
    ├── index.json              rows and content hash of each layer, rows and bounds of each file
    ├── workplaces-00000.parquet  GeoParquet with the bounds of each row beside it, neighbours together
    └── workplaces-wide-00000.parquet  those whose position is known to a circle only, which reach further
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS, get_layer
from geo.store.atomic import explain_os_error, write_file

__all__ = ["WHOLE_LAYERS", "Bounds", "Partitions", "read_records", "write_partitions"]

Bounds = tuple[float, float, float, float]
# Few records, each of them wide: every process reads them all.
WHOLE_LAYERS = ("sectors", "borders", "localities")
_INDEX = "index.json"
_N_ROWS = 20_000
_WIDE = "-wide"
_PAIR_CIRCLES = 3.0


class Partitions:
    """A folder of partitions; travels to other processes as its path.

    Parameters
    ----------
    folder : Path, as `write_partitions` fills it

    Raises
    ------
    NotFoundError
        It holds no partitions, or this machine cannot see it.
    StoreError
        It cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._index  # noqa: B018  missing files are told at once

    def __getstate__(self) -> dict[str, Path]:
        return {"folder": self.folder}

    @cached_property
    def _index(self) -> dict[str, Any]:
        path = self.folder / _INDEX
        try:
            index: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            message = (
                f"{self.folder} holds no partitions of layers, or cannot be seen from here; workers on other machines "
                "need a folder that they share."
            )
            raise NotFoundError(message) from None
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read: {error}; write the partitions again."
            raise StoreError(message) from error
        return index

    @property
    def layers(self) -> Mapping[str, Mapping[str, Any]]:
        """``rows`` and ``sha256`` of each layer that is not empty."""
        layers: dict[str, dict[str, Any]] = self._index["layers"]
        return layers

    @property
    def is_synthetic(self) -> bool:
        """Whether any record is made up."""
        return bool(self._index["synthetic"])

    @cached_property
    def _bounds(self) -> np.ndarray:
        bounds = [each["bounds"] for each in self._index["files"]]
        return np.array(bounds, dtype=np.float64).reshape(-1, 4)

    def find(self, names: Iterable[str], bounds: Bounds | None = None) -> list[Mapping[str, Any]]:
        """The files of some layers that touch a rectangle, or all: ``layer``, ``name``, ``rows``, ``bounds``."""
        west, south, east, north = bounds or (-np.inf, -np.inf, np.inf, np.inf)
        low, high = self._bounds[:, :2], self._bounds[:, 2:]
        touches = (low <= (east, north)).all(axis=1) & (high >= (west, south)).all(axis=1)
        wanted = set(names)
        found = (self._index["files"][at] for at in np.flatnonzero(touches))
        return [each for each in found if each["layer"] in wanted]


def write_partitions(layers: Layers, folder: Path, n_rows: int = _N_ROWS) -> Partitions:
    """Write layers as partitions.

    Parameters
    ----------
    layers : Layers
    folder : Path
        Made if it is not there. It holds the layers' records: whoever may read it may read them.
    n_rows : int, >= 1
        Most records in a file. Neighbours along a Hilbert curve stand in one file.

    Returns
    -------
    Partitions

    Raises
    ------
    ParameterError
        `n_rows` is below 1, or the folder holds partitions already.
    StoreError
        The folder cannot be written to.
    """
    if n_rows < 1:
        message = f"n_rows must be 1 or more, got {n_rows!r}."
        raise ParameterError(message)
    if (folder / _INDEX).exists():
        message = f"{folder} holds partitions already; choose an empty folder."
        raise ParameterError(message)
    files = []
    with explain_os_error(folder, "written"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in layers.hashes:
            frame = layers[name]
            along = frame.iloc[np.argsort(frame.hilbert_distance().to_numpy(), kind="stable")]
            margin = _margins(along)
            for kind, some in ((name, along[margin == 0]), (f"{name}{_WIDE}", along[margin > 0])):
                for number, start in enumerate(range(0, len(some), n_rows)):
                    part = some.iloc[start : start + n_rows]
                    file = f"{kind}-{number:05d}.parquet"
                    part.to_parquet(folder / file, compression="zstd", index=False, write_covering_bbox=True)
                    bounds = _wide_bounds(part)
                    total = [*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist()]
                    files.append({"layer": name, "name": file, "rows": len(part), "bounds": total})
    index = {
        "layers": {name: {"rows": len(layers[name]), "sha256": digest} for name, digest in layers.hashes.items()},
        "synthetic": layers.is_synthetic,
        "files": files,
    }
    # last, so that a folder with an index is complete
    write_file(folder / _INDEX, json.dumps(index).encode())
    return Partitions(folder)


def read_records(partitions: Partitions, bounds: Bounds | None = None, names: Iterable[str] = tuple(LAYERS)) -> Layers:
    """The records that touch a rectangle.

    Parameters
    ----------
    partitions : Partitions
    bounds : ``(x_min, y_min, x_max, y_max)``, m, EPSG:3006, optional
        All records when left out. Layers of `WHOLE_LAYERS` are always read whole.
    names : layers to read; the others are empty in the answer

    Returns
    -------
    Layers

    Raises
    ------
    StoreError
        A file that is needed cannot be read.
    """
    frames: dict[str, gpd.GeoDataFrame] = {}
    for name in names:
        within = None if name in WHOLE_LAYERS else bounds
        parts = [_read_file(partitions.folder / each["name"], within) for each in partitions.find([name], within)]
        parts = [part for part in parts if len(part)]
        if parts:
            together = gpd.GeoDataFrame(pd.concat(parts), crs=parts[0].crs)
            frames[name] = together.sort_values(list(get_layer(name).id_columns), kind="stable", ignore_index=True)
    return Layers(frames, checked=True)


def _margins(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """How far beyond its place a record matters, m.

    Its own circle, and twice that again: of a pair, the smaller circle may reach the window, and the larger one begin
    where the smaller ends.
    """
    if "spread_m" not in frame.columns:
        return np.zeros(len(frame))
    spread_m: NDArray[np.float64] = frame["spread_m"].to_numpy(dtype=np.float64)
    return _PAIR_CIRCLES * spread_m


def _wide_bounds(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    margin = _margins(frame)[:, np.newaxis]
    bounds: NDArray[np.float64] = frame.geometry.bounds.to_numpy() + margin * [-1, -1, 1, 1]
    return bounds


def _read_file(path: Path, bounds: Bounds | None) -> gpd.GeoDataFrame:
    try:
        if bounds is None or _WIDE not in path.name:
            return gpd.read_parquet(path, bbox=bounds)
        frame = gpd.read_parquet(path)
        reached = _wide_bounds(frame)
        west, south, east, north = bounds
        touches = (reached[:, :2] <= (east, north)).all(axis=1) & (reached[:, 2:] >= (west, south)).all(axis=1)
        return frame[touches]
    except (OSError, ValueError, pa.ArrowException) as error:
        message = f"{path} cannot be read: {error}; write the partitions again, in a folder that every worker sees."
        raise StoreError(message) from error
