"""Dry land of the region, and scattering points so that they stay on it."""

from __future__ import annotations

import numpy as np
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray

from geo.region import Region, region_grid

__all__ = ["Land"]

CELL_M = 250
# Localities on islands that the simplified borders leave out still need ground under them.
LOCALITY_DISC_M = 1_500.0
_TRIES_BEFORE_CLOSER = 4
_TRIES = 24


class Land:
    """Where something can stand: inside a municipality, lakes left out, at 250 m.

    Parameters
    ----------
    region : Region
    centres : (n, 2) float64, m, EPSG:3006
        Settlements; those outside the borders get a small disc of land.
    """

    def __init__(self, region: Region, centres: NDArray[np.float64]) -> None:
        self._grid = region_grid(CELL_M)
        discs = shapely.buffer(shapely.points(centres), LOCALITY_DISC_M)
        polygons = region.municipalities.geometry.to_numpy()
        outside = centres_outside(polygons, centres)
        self._dry = rasterio.features.rasterize(
            [*polygons, *discs[outside]],
            out_shape=self._grid.shape,
            transform=rasterio.Affine(*self._grid.transform),
            fill=0,
            default_value=1,
            dtype="uint8",
        ).astype(bool)

    def holds(self, easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points, (n,) m, EPSG:3006, stand on land."""
        row, col = self._grid.cell_at(easting, northing)
        return np.asarray((row >= 0) & self._dry[row, col])

    def scatter(
        self,
        rng: np.random.Generator,
        centres: NDArray[np.float64],
        spread_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Points around centres, normally distributed, on land and on whole metres.

        Parameters
        ----------
        rng : Generator
        centres : (n, 2) float64, m, EPSG:3006
        spread_m : (n,) float64, m
            Standard deviation along each axis; where a point keeps falling into water it is drawn closer.

        Returns
        -------
        (n, 2) float64, m
        """
        points = np.round(centres).astype(np.float64)
        wanting = np.arange(len(centres))
        for attempt in range(_TRIES):
            closer = 0.5 ** (attempt // _TRIES_BEFORE_CLOSER)
            step = rng.normal(size=(len(wanting), 2)) * (spread_m[wanting] * closer)[:, np.newaxis]
            drawn = np.round(centres[wanting] + step)
            dry = self.holds(drawn[:, 0], drawn[:, 1])
            points[wanting[dry]] = drawn[dry]
            wanting = wanting[~dry]
            if not len(wanting):
                break
        return points

    def draw_uniform(
        self, rng: np.random.Generator, n: int, bounds: tuple[float, float, float, float] | None = None
    ) -> NDArray[np.float64]:
        """`n` points spread evenly over the land, (n, 2), m; of a rectangle only where one is given."""
        rows, cols = (slice(None), slice(None)) if bounds is None else self._grid.window(bounds)
        found_rows, found_cols = np.nonzero(self._dry[rows, cols])
        pick = rng.integers(len(found_rows), size=n)
        easting = self._grid.easting[cols][found_cols[pick]]
        northing = self._grid.northing[rows][found_rows[pick]]
        within = rng.uniform(-CELL_M / 2, CELL_M / 2, size=(n, 2))
        return np.floor(np.column_stack([easting, northing]) + within)


def centres_outside(polygons: NDArray[np.object_], centres: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which centres, (n, 2) m, lie in none of the polygons."""
    inside = np.zeros(len(centres), dtype=bool)
    inside[shapely.STRtree(polygons).query(shapely.points(centres), predicate="intersects")[0]] = True
    return ~inside
