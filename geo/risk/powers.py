"""Where which agency has something to do: its powers on site, by the reference table ``capabilities``.

An agency has a power at a site where a check of it applies to the site's sector and kind, and it attends on site. It
has one in a cell where such a site, active on the scoring date, lies in the cell or no more than 1 km from its edges,
to the east or west and to the north or south: a crew that goes to a cell looks at what stands beside it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers.base import active_on
from geo.reference import find_checks, read_table, sectors_of

__all__ = ["REACH_M", "agencies_on_site", "find_powers", "map_powers"]

REACH_M = 1_000.0
_ON_SITE = "on_site"
_LAYERS = ("workplaces", "accommodation")


@lru_cache(maxsize=1)
def agencies_on_site() -> tuple[str, ...]:
    """Codes of the agencies that attend on site and have a power there, in the order of the reference table.

    Those that attend from a distance, on call or never in targeting have none.
    """
    rows = read_table("capabilities")
    able = set(rows.loc[rows["attendance"].str.startswith(_ON_SITE) & rows["applies"], "agency"])
    return tuple(agency for agency in read_table("agencies")["agency"] if agency in able)


@lru_cache(maxsize=256)
def find_powers(layer: str, sector: str) -> int:
    """Which agencies have a power at a site, as bits: the first of `agencies_on_site` is 1, the next 2, then 4.

    Parameters
    ----------
    layer : ``workplaces`` or ``accommodation``
    sector : sector group, ``""`` for accommodation
    """
    able = {check.agency for check in find_checks(layer, sector) if check.attendance.startswith(_ON_SITE)}
    return sum(1 << position for position, agency in enumerate(agencies_on_site()) if agency in able)


def map_powers(layers: Mapping[str, gpd.GeoDataFrame], grid: Grid, at: date) -> NDArray[np.unsignedinteger]:
    """Which agencies have a power in each cell on a day.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006
    grid : Grid, EPSG:3006
    at : date

    Returns
    -------
    (n_rows, n_cols) unsigned, bits as in `find_powers`; read-only
    """
    raster = np.zeros(grid.shape, dtype=np.min_scalar_type((1 << len(agencies_on_site())) - 1))
    parts = [_locate(layers[layer], layer, at) for layer in _LAYERS if len(layers[layer])]
    if parts:
        easting, northing, bits = (np.concatenate(column) for column in zip(*parts, strict=True))
        for top, bottom, left, right, bit in _find_boxes(grid, easting, northing, bits):
            raster[top:bottom, left:right] |= raster.dtype.type(bit)
    raster.flags.writeable = False
    return raster


def _locate(
    frame: gpd.GeoDataFrame, layer: str, at: date
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Easting, northing and bits of the active sites at which somebody has a power."""
    active = frame[active_on(frame, at)]
    sector = sectors_of(active["sni"], active["sni_version"]) if layer == "workplaces" else [""] * len(active)
    bits = np.array([find_powers(layer, code) for code in sector], dtype=np.int64)
    able = bits > 0
    return active.geometry.x.to_numpy()[able], active.geometry.y.to_numpy()[able], bits[able]


def _find_boxes(
    grid: Grid, easting: NDArray[np.float64], northing: NDArray[np.float64], bits: NDArray[np.int64]
) -> list[list[int]]:
    """Windows of cells within reach of the sites, each once: first row, last + 1, first column, last + 1, bits."""
    east, north = (easting - grid.x_min) / grid.cell_m, (grid.y_max - northing) / grid.cell_m
    reach = REACH_M / grid.cell_m
    # a cell's far edges belong to the next cell, its near ones to itself: those of a row lie in the south
    left, right = np.floor(east - reach), np.floor(east + reach) + 1
    top, bottom = np.ceil(north - reach) - 1, np.ceil(north + reach)
    rows = np.clip(np.column_stack([top, bottom]), 0, grid.n_rows).astype(np.int64)
    cols = np.clip(np.column_stack([left, right]), 0, grid.n_cols).astype(np.int64)
    boxes: list[list[int]] = np.unique(np.column_stack([rows, cols, bits]), axis=0).tolist()
    return boxes
