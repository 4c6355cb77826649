"""A surface as a GeoDataFrame, an xarray Dataset or a cloud-optimised GeoTIFF."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.shutil
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window
from xarray.backends import BackendArray
from xarray.core import indexing

from geo.errors import StoreError
from geo.grid import Grid
from geo.memory import require_memory
from geo.risk.rasters import Patch
from geo.risk.scored import OUTSIDE, STATE_NAMES, ScoredSurface

__all__ = ["to_geodataframe", "to_geotiff", "to_xarray", "write_geotiff"]

Describe = Callable[[], tuple[str, Mapping[str, Any]]]
# CRC-32 of each block of all bands, by its first row and column.
Checksums = dict[tuple[int, int], int]

_GEOTIFF = "`surface.to_geotiff`, `norrsyn export surface.tif`"
# A square, its two ids and its row while the frame is made: 900 to 920 bytes, measured at 1 km and 250 m.
_BYTES_PER_SQUARE = 1_000
# float32, beside two float64 rasters while it is summed up
_BYTES_PER_VALUE = 20
# Side of a block of a cloud-optimised GeoTIFF; overviews halve the raster until it fits into one.
_BLOCK = 512
# GDAL takes a twentieth of the machine's memory otherwise, and is no faster for it.
_GDAL_CACHE_BYTES = 32 * 2**20
# Much of a surface is empty: packed lightly, the file on the way takes 60 MB instead of 2 GB, in less time. GDAL's
# threads would be quicker still, but do not say when the disk is full, and may take the process down with it.
_PLAIN = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK, "interleave": "band", "compress": "ZSTD"}
_OPTIMISED = {"driver": "COG", "blocksize": _BLOCK, "compress": "DEFLATE", "predictor": "3"}


def to_geodataframe(surface: ScoredSurface) -> gpd.GeoDataFrame:
    """One square per cell of the region.

    Returns
    -------
    GeoDataFrame, grid CRS
        ``cell_id, scb_id, municipality, score, state``, one column of points per component, polygon geometry.

    Raises
    ------
    MemoryLimitError
        So many squares would not fit into memory; nothing was allocated.
    """
    grid = surface.grid
    n_squares = int(np.count_nonzero(surface.state))
    require_memory(
        n_squares * _BYTES_PER_SQUARE, f"A frame of {n_squares} squares", f"use a GeoTIFF ({_GEOTIFF}) or larger cells"
    )
    rows, cols = np.nonzero(surface.state != OUTSIDE)
    west, south = grid.x_min + cols * grid.cell_m, grid.y_min + (grid.n_rows - 1 - rows) * grid.cell_m
    columns = {
        "cell_id": grid.cell_ids(rows, cols),
        "scb_id": grid.scb_ids(rows, cols),
        "municipality": surface.municipality_codes(rows, cols),
        "score": surface.score[rows, cols],
        "state": np.array([STATE_NAMES[code] for code in range(len(STATE_NAMES))])[surface.state[rows, cols]],
        **{name: raster[rows, cols] for name, raster in surface.contributions.items()},
    }
    squares = shapely.box(west, south, west + grid.cell_m, south + grid.cell_m)
    return gpd.GeoDataFrame(columns, geometry=squares, crs=grid.crs)


def to_xarray(surface: ScoredSurface) -> xr.Dataset:
    """Score, state, components (own units) and contributions (points) on (northing, easting).

    Returns
    -------
    xarray.Dataset
        Variables ``score``, ``state``, ``value_<component>``, ``points_<component>``; the manifest as JSON in
        ``attrs["manifest"]``, the CRS in ``attrs["crs"]``. The rasters are the surface's own; a component's values,
        which it does not keep, are computed when they are first read, and a `MemoryLimitError` says then if they would
        not fit into memory.
    """
    units = {component.name: component.unit for component in surface.model.components}
    dims = ("northing", "easting")
    flags = {"flag_values": list(STATE_NAMES), "flag_meanings": " ".join(STATE_NAMES.values())}
    variables = {
        "score": (dims, surface.score, {"units": "points", "long_name": "Risk score, 0 to 100"}),
        "state": (dims, surface.state, flags),
        **{f"value_{name}": (dims, _read_late(surface, name), {"units": unit}) for name, unit in units.items()},
        **{f"points_{name}": (dims, raster, {"units": "points"}) for name, raster in surface.contributions.items()},
    }
    coordinates = {
        "northing": ("northing", surface.grid.northing, {"units": "m", "axis": "Y"}),
        "easting": ("easting", surface.grid.easting, {"units": "m", "axis": "X"}),
    }
    attributes = {"crs": surface.grid.crs, "surface": surface.id, "manifest": json.dumps(dict(surface.manifest))}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


class _LateRaster(BackendArray):
    """Raster of a component's values as xarray reads files: when it is asked for."""

    def __init__(self, surface: ScoredSurface, name: str) -> None:
        self._surface, self._name = surface, name
        self.shape, self.dtype = surface.grid.shape, np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> NDArray[np.float32]:
        values: NDArray[np.float32] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )
        return values

    def _read(self, key: tuple[Any, ...]) -> NDArray[np.float32]:
        require_memory(
            self._surface.grid.n_cells * _BYTES_PER_VALUE,
            f"The raster of the component {self._name!r}",
            "read its points instead, which the surface keeps, or use larger cells",
        )
        values: NDArray[np.float32] = self._surface.components[self._name][key]
        return values


def _read_late(surface: ScoredSurface, name: str) -> indexing.MemoryCachedArray:
    late = indexing.LazilyIndexedArray(_LateRaster(surface, name))
    return indexing.MemoryCachedArray(late)  # type: ignore[no-untyped-call]


def to_geotiff(surface: ScoredSurface, path: Path) -> Path:
    """A cloud-optimised GeoTIFF, float32: band 1 the score, then points per component; NaN outside the region.

    Parameters
    ----------
    path : Path
        Written beside and renamed when complete, so that a reader never sees half a file.

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    bands, grid = {"score": surface.score, **surface.contributions}, surface.grid
    bands_of_rows = (slice(top, min(top + _BLOCK, grid.n_rows)) for top in range(0, grid.n_rows, _BLOCK))
    patches = (
        Patch(rows, slice(0, grid.n_cols), {name: band[rows] for name, band in bands.items()}) for rows in bands_of_rows
    )
    return write_geotiff(path, grid, tuple(bands), patches, lambda: (surface.id, surface.manifest))


def write_geotiff(path: Path, grid: Grid, bands: Sequence[str], patches: Iterable[Patch], describe: Describe) -> Path:
    """The same file from patches, of which only one is there at a time: for what never is in memory as a whole.

    Parameters
    ----------
    path : Path
    grid : Grid
    bands : names of the rasters that become bands, in this order
    patches : Patches that cover the grid without overlap, in any order
        Rows and columns start at multiples of 512, and end at one or with the grid.
    describe : asked for the surface's id and manifest when the last patch is written

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    unfinished: Path | None = None
    try:
        unfinished = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_BYTES):
            checksums = _write_plain(unfinished / "plain.tif", grid, bands, patches, describe)
            with rasterio.open(unfinished / "plain.tif") as plain:
                rasterio.shutil.copy(plain, unfinished / "optimised.tif", **_OPTIMISED)
            if _checksums(unfinished / "optimised.tif") != checksums:
                raise OSError(errno.EIO, "the disk does not hold all of it")
        with (unfinished / "optimised.tif").open("rb") as file:
            os.fsync(file.fileno())
        (unfinished / "optimised.tif").replace(path)
    except (OSError, RasterioError, CPLE_BaseError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{path} cannot be written: {reason}. Choose another folder or make room."
        raise StoreError(message) from error
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    return path


def _write_plain(
    path: Path, grid: Grid, bands: Sequence[str], patches: Iterable[Patch], describe: Describe
) -> Checksums:
    """The same bands and overviews as a plain GeoTIFF, block by block; the COG driver puts them in order."""
    size = {"count": len(bands), "height": grid.n_rows, "width": grid.n_cols, "dtype": "float32", "nodata": np.nan}
    place = {"crs": grid.crs, "transform": rasterio.Affine(*grid.transform)}
    checksums: Checksums = {}
    with rasterio.open(path, "w+", driver="GTiff", zstd_level=1, **size, **place, **_PLAIN) as raster:
        for patch in patches:
            rasters = [patch.values[name] for name in bands]
            for index, values in enumerate(rasters, start=1):
                raster.write(values, index, window=Window.from_slices(patch.rows, patch.cols))
            for top in range(0, rasters[0].shape[0], _BLOCK):
                for left in range(0, rasters[0].shape[1], _BLOCK):
                    block = [values[top : top + _BLOCK, left : left + _BLOCK] for values in rasters]
                    checksums[patch.rows.start + top, patch.cols.start + left] = _checksum(block)
        for index, name in enumerate(bands, start=1):
            raster.set_band_description(index, name)
        surface_id, manifest = describe()
        raster.update_tags(
            surface=surface_id,
            manifest=json.dumps(dict(manifest), sort_keys=True),
            synthetic=str(bool(manifest["synthetic"])).lower(),
        )
        # the COG driver would make overviews too, and take 250 MB more at 100 m
        factors = [2**level for level in range(1, math.ceil(math.log2(max(grid.shape) / _BLOCK)) + 1)]
        if factors:
            raster.build_overviews(factors, Resampling.nearest)
    return checksums


def _checksums(path: Path) -> Checksums:
    """Checksums of what a file holds: what GDAL cannot write when it closes a file, it tells nobody."""
    with rasterio.open(path) as raster:
        return {
            (window.row_off, window.col_off): _checksum(raster.read(window=window))
            for _, window in raster.block_windows(1)
        }


def _checksum(block: Iterable[NDArray[np.float32]]) -> int:
    total = 0
    for values in block:
        total = zlib.crc32(np.ascontiguousarray(values).data, total)
    return total
