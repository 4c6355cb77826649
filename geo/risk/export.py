"""A surface as a GeoDataFrame, an xarray Dataset or a cloud-optimised GeoTIFF."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.shutil
import shapely
import xarray as xr
from rasterio.io import MemoryFile

from geo.errors import StoreError
from geo.risk.scored import OUTSIDE, STATE_NAMES, ScoredSurface

__all__ = ["to_geodataframe", "to_geotiff", "to_xarray"]


def to_geodataframe(surface: ScoredSurface) -> gpd.GeoDataFrame:
    """One square per cell of the region.

    Returns
    -------
    GeoDataFrame, grid CRS
        ``cell_id, scb_id, municipality, score, state``, one column of points per component, polygon geometry.
    """
    grid = surface.grid
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
        ``attrs["manifest"]``, the CRS in ``attrs["crs"]``.
    """
    units = {component.name: component.unit for component in surface.model.components}
    dims = ("northing", "easting")
    flags = {"flag_values": list(STATE_NAMES), "flag_meanings": " ".join(STATE_NAMES.values())}
    variables = {
        "score": (dims, surface.score, {"units": "points", "long_name": "Risk score, 0 to 100"}),
        "state": (dims, surface.state, flags),
        **{f"value_{name}": (dims, raster, {"units": units[name]}) for name, raster in surface.components.items()},
        **{f"points_{name}": (dims, raster, {"units": "points"}) for name, raster in surface.contributions.items()},
    }
    coordinates = {
        "northing": ("northing", surface.grid.northing, {"units": "m", "axis": "Y"}),
        "easting": ("easting", surface.grid.easting, {"units": "m", "axis": "X"}),
    }
    attributes = {"crs": surface.grid.crs, "surface": surface.id, "manifest": json.dumps(dict(surface.manifest))}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


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
    bands = {"score": surface.score, **surface.contributions}
    profile = {
        "driver": "GTiff",
        "height": surface.grid.n_rows,
        "width": surface.grid.n_cols,
        "count": len(bands),
        "dtype": "float32",
        "nodata": np.nan,
        "crs": surface.grid.crs,
        "transform": rasterio.Affine(*surface.grid.transform),
    }
    with MemoryFile(ext=".tif") as plain, MemoryFile(ext=".tif") as optimised:
        with plain.open(**profile) as raster:
            for index, (name, band) in enumerate(bands.items(), start=1):
                raster.write(band, index)
                raster.set_band_description(index, name)
            raster.update_tags(
                surface=surface.id,
                manifest=json.dumps(dict(surface.manifest), sort_keys=True),
                synthetic=str(bool(surface.manifest["synthetic"])).lower(),
            )
        with plain.open() as raster:
            rasterio.shutil.copy(
                raster, optimised.name, driver="COG", compress="DEFLATE", predictor="3", overview_resampling="nearest"
            )
        _write_whole(path, optimised.read())
    return path


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        message = f"{path} cannot be written: {error.strerror or error}. Choose another folder or make room."
        raise StoreError(message) from error
