"""What small maps are drawn on: land, municipalities, places and roads, all of it from the data folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.region import Region, load_region

__all__ = ["Ground", "Locality", "clip", "make_ground", "packaged_ground"]


@dataclass(frozen=True)
class Locality:
    """A named place."""

    name: str
    population: int
    easting: float
    northing: float


@dataclass(frozen=True, eq=False)
class Ground:
    """Shapes in EPSG:3006.

    Attributes
    ----------
    municipalities : (n,) polygons
    localities : most inhabitants first
    roads : (m,) lines, none where none are imported
    """

    municipalities: NDArray[np.object_]
    localities: tuple[Locality, ...]
    roads: NDArray[np.object_]


def make_ground(region: Region, layers: Mapping[str, gpd.GeoDataFrame] | None = None) -> Ground:
    """Ground from a region, and roads where the layers have some."""
    roads = None if layers is None else layers.get("roads")
    points = region.localities.sort_values(["population", "name"], ascending=[False, True])
    return Ground(
        region.municipalities.geometry.to_numpy(),
        tuple(
            Locality(str(name), int(population), float(point.x), float(point.y))
            for name, population, point in zip(points["name"], points["population"], points.geometry, strict=True)
        ),
        np.array([], dtype=object) if roads is None or roads.empty else roads.geometry.to_numpy(),
    )


@lru_cache(maxsize=1)
def packaged_ground() -> Ground:
    """Ground from the packaged borders and places, without roads."""
    return make_ground(load_region())


def clip(
    shapes: NDArray[np.object_], box: tuple[float, float, float, float], simplify_m: float
) -> list[shapely.Geometry]:
    """What of shapes lies in a box, simplified; empty ones are left out."""
    if not len(shapes):
        return []
    near = shapes[shapely.intersects(shapely.box(*box), shapes)]
    clipped = shapely.simplify(shapely.clip_by_rect(shapely.simplify(near, simplify_m / 2), *box), simplify_m)
    return [shape for shape in clipped.tolist() if not shapely.is_empty(shape)]
