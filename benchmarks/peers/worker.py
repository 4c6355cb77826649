"""The other programs, each called as its users call it; run with their own Python, apart from ours.

One line of JSON in, one line of JSON out: ``prepare`` a task (arrays from a .npz file), ``call`` it (seconds of that
call alone come back), ``save`` what the last call gave, as a raster in our orientation and unit, to a .npy file. Only
packages of ``requirements.lock`` beside this file are imported here, and nothing of Norrsyn.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PACKAGES = ("libkdv", "xarray-spatial", "scikit-learn", "scipy", "geopandas", "shapely", "pandas", "numba", "numpy")
M2_PER_KM2 = 1e6

Arrays = Mapping[str, NDArray[np.float64]]
Options = Mapping[str, Any]


class Task(NamedTuple):
    """A call to time, and the way from what it gives to a raster, row 0 northmost, weight per km²."""

    call: Callable[[], Any]
    to_raster: Callable[[Any], NDArray[np.float64]]


def prepare_libkdv(arrays: Arrays, options: Options) -> Task:
    """SLAM through LIBKDV's own class, from a frame of points to its table of pixels; Epanechnikov.

    What it needs is found in its source: half the bandwidth (it doubles it); bounds as south, north, west, east, from
    the first to the last cell centre and relative to the lowest coordinates, which it subtracts from the points but
    not from the bounds; a weight column ``w``. Values come as shares of the highest, pixels of value 0 are left out.
    """
    import libkdv
    import pandas as pd

    # Its own check knows a frame by the name of the module that defined DataFrame before pandas 3.
    sys.modules["libkdv.kdv"].is_pandas_df = lambda thing: isinstance(thing, pd.DataFrame)  # type: ignore[attr-defined]
    easting, northing = arrays["easting"], arrays["northing"]
    west, south = arrays["x"].min(), arrays["y"].min()
    points = pd.DataFrame({"x": arrays["x"] - west, "y": arrays["y"] - south, "w": arrays["weight"]})
    bounds = [northing[-1] - south, northing[0] - south, easting[0] - west, easting[-1] - west]

    def call() -> pd.DataFrame:
        return libkdv.kdv(
            points,
            GPS=False,
            bound=list(bounds),
            num_threads=options["n_threads"],
            row_pixels=len(easting),
            col_pixels=len(northing),
            bandwidth=options["bandwidth_m"] / 2,
        ).compute()

    def to_raster(pixels: pd.DataFrame) -> NDArray[np.float64]:
        raster = np.zeros((len(northing), len(easting)))
        cell_m = easting[1] - easting[0]
        row = np.rint((northing[0] - south - pixels["y"]) / cell_m).astype(int)
        col = np.rint((pixels["x"] - (easting[0] - west)) / cell_m).astype(int)
        raster[row, col] = pixels["val"]
        return raster

    return Task(call, to_raster)


def prepare_xarray_spatial(arrays: Arrays, options: Options) -> Task:
    """``xrspatial.kde`` on a template raster, quartic; it has one thread."""
    import xarray as xr
    from xrspatial.kde import kde

    easting, northing = arrays["easting"], arrays["northing"]
    template = xr.DataArray(
        np.zeros((len(northing), len(easting))), dims=("y", "x"), coords={"y": northing, "x": easting}
    )

    def call() -> xr.DataArray:
        return kde(
            arrays["x"],
            arrays["y"],
            weights=arrays["weight"],
            bandwidth=options["bandwidth_m"],
            kernel="quartic",
            template=template,
        )

    return Task(call, lambda density: density.to_numpy() * M2_PER_KM2)


def prepare_fft(arrays: Arrays, options: Options) -> Task:
    """Weights counted per cell, convolved with the quartic kernel by scipy's FFT: every point moves to its cell."""
    import scipy.fft
    import scipy.signal

    easting, northing = arrays["easting"], arrays["northing"]
    cell_m, n_rows, n_cols = easting[1] - easting[0], len(northing), len(easting)
    radius = options["bandwidth_m"] / cell_m
    scale = 3 * M2_PER_KM2 / (np.pi * options["bandwidth_m"] ** 2)

    def call() -> NDArray[np.float64]:
        col = np.clip(((arrays["x"] - easting[0]) / cell_m + 0.5).astype(np.int64), 0, n_cols - 1)
        row = np.clip(((northing[0] - arrays["y"]) / cell_m + 0.5).astype(np.int64), 0, n_rows - 1)
        counts = np.bincount(row * n_cols + col, arrays["weight"], n_rows * n_cols).reshape(n_rows, n_cols)
        offset = np.arange(-int(radius), int(radius) + 1) / radius
        kernel = scale * np.maximum(1 - (offset[:, None] ** 2 + offset**2), 0) ** 2
        with scipy.fft.set_workers(options["n_threads"]):
            return scipy.signal.fftconvolve(counts, kernel, mode="same")

    return Task(call, lambda density: density)


def prepare_sklearn(arrays: Arrays, options: Options) -> Task:
    """``KernelDensity`` at some cells only, Epanechnikov (it has no quartic), without tolerance; the tree is built too.

    Its density integrates to 1, so the sum of the weights brings it back to ours.
    """
    from sklearn.neighbors import KernelDensity

    points = np.column_stack([arrays["x"], arrays["y"]])
    cells = np.column_stack([arrays["cell_easting"], arrays["cell_northing"]])
    scale = arrays["weight"].sum() * M2_PER_KM2

    def call() -> NDArray[np.float64]:
        estimate = KernelDensity(kernel="epanechnikov", bandwidth=options["bandwidth_m"], atol=0, rtol=0)
        estimate.fit(points, sample_weight=arrays["weight"])
        return np.exp(estimate.score_samples(cells))

    return Task(call, lambda density: density * scale)


def prepare_join(arrays: Arrays, options: Options) -> Task:
    """``geopandas.sjoin(dwithin)`` of cell centres and points, then a groupby of the kernel, group by group.

    The frames are made beforehand; so is, after the first call, the index of the frame on the right. Points carry the
    number of their group, whose bandwidth is in ``options``; ``left`` says which frame stands first.
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    columns, rows = np.meshgrid(arrays["easting"], arrays["northing"])
    columns, rows = columns.ravel(), rows.ravel()
    centres = gpd.GeoDataFrame(geometry=shapely.points(columns, rows), crs="EPSG:3006")
    points = gpd.GeoDataFrame(
        {name: arrays[name] for name in ("x", "y", "weight")},
        geometry=shapely.points(arrays["x"], arrays["y"]),
        crs="EPSG:3006",
    )
    groups = [points[arrays["group"] == number] for number in range(len(options["bandwidths_m"]))]

    def sum_group(group: gpd.GeoDataFrame, bandwidth_m: float) -> pd.Series:
        if options["left"] == "cells":
            pairs = gpd.sjoin(centres, group, predicate="dwithin", distance=bandwidth_m)
            cell = pairs.index.to_numpy()
        else:
            pairs = gpd.sjoin(group, centres, predicate="dwithin", distance=bandwidth_m)
            cell = pairs["index_right"].to_numpy()
        d2 = (pairs["x"] - columns[cell]) ** 2 + (pairs["y"] - rows[cell]) ** 2
        value = pairs["weight"] * (1 - np.minimum(d2 / bandwidth_m**2, 1)) ** 2
        return value.groupby(cell).sum() * (3 * M2_PER_KM2 / (np.pi * bandwidth_m**2))

    def to_rasters(sums: list[pd.Series]) -> NDArray[np.float64]:
        rasters = np.zeros((len(sums), len(centres)))
        for raster, values in zip(rasters, sums, strict=True):
            raster[values.index.to_numpy()] = values.to_numpy()
        return rasters.reshape(len(sums), len(arrays["northing"]), len(arrays["easting"]))

    return Task(lambda: list(map(sum_group, groups, options["bandwidths_m"])), to_rasters)


TASKS = {
    "libkdv": prepare_libkdv,
    "xarray-spatial": prepare_xarray_spatial,
    "fft": prepare_fft,
    "sklearn": prepare_sklearn,
    "join": prepare_join,
}


def list_versions() -> dict[str, str]:
    """Versions of the packages that are installed here, and of Python."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


class Worker:
    """What is prepared, and what its last call gave."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self.given: Any = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what one line asks for."""
        what = request["do"]
        if what == "versions":
            return {"versions": list_versions()}
        if what == "prepare":
            with np.load(request["arrays"]) as file:
                arrays = dict(file)
            self.given = None
            self.task = TASKS[request["task"]](arrays, request["options"])
            return {}
        if self.task is None:
            message = "nothing is prepared"
            raise RuntimeError(message)
        if what == "call":
            start = time.perf_counter()
            given = self.task.call()
            seconds = time.perf_counter() - start
            self.given = given
            return {"seconds": seconds}
        if what == "save":
            np.save(Path(request["raster"]), self.task.to_raster(self.given))
            return {}
        message = f"no such request: {what!r}"
        raise ValueError(message)


def main() -> None:
    """Answer line by line until the input ends."""
    # What a library prints must not mix with the answers, not even from C.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
