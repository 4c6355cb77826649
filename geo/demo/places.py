"""Where people are: towns with their parts, hamlets along roads, tourist places.

Town positions and sizes are real (localities and municipal populations); how a town is laid out inside, and every
hamlet, is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.demo.assumptions import read_assumptions
from geo.demo.land import Land
from geo.demo.roads import lay_roads, walk_roads
from geo.region import Region, packaged_localities

__all__ = ["LARGE_TOWN", "SMALL_PLACE_M", "Places", "Spots", "make_places"]

# "Small place": this far from every town of this size.
LARGE_TOWN = 8_000
SMALL_PLACE_M = 6_000.0

_RURAL_SHARE = (0.12, 0.65)
_INHABITANTS_PER_HAMLET = 55
_HAMLETS_PER_MUNICIPALITY = (25, 330)
_ROADSIDE_M = 700.0
_COMMUTE_M = 22_000.0
_INHABITANTS_PER_ZONE = 6_000
_INHABITANTS_PER_QUARTER = 1_800


@dataclass(frozen=True, eq=False)
class Spots:
    """Weighted spots around which things are scattered.

    Attributes
    ----------
    xy : (n, 2) float64, m, EPSG:3006
    weight : (n,) float64, inhabitants or any other relative size
    spread_m : (n,) float64, m, standard deviation of the scatter around the spot
    town : (n,) int64, position of the town that the spot is part of, -1 outside towns
    """

    xy: NDArray[np.float64]
    weight: NDArray[np.float64]
    spread_m: NDArray[np.float64]
    town: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """The settled region.

    Attributes
    ----------
    land : Land
    centres : Spots, one per town: its centre
    zones : Spots, industrial areas of towns
    quarters : Spots, neighbourhoods of towns
    hamlets : Spots outside towns
    resorts : Spots, tourist places
    roads : list of (m, 2) float64, m
    """

    land: Land
    centres: Spots
    zones: Spots
    quarters: Spots
    hamlets: Spots
    resorts: Spots
    roads: list[NDArray[np.float64]]

    def metres_to_large_town(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of points, (n, 2) m, from the edge of the nearest large town's centre, (n,) m."""
        large = self.centres.xy[self.centres.weight >= LARGE_TOWN]
        return np.asarray(cKDTree(large).query(xy)[0])


def make_places(rng: np.random.Generator, region: Region) -> Places:
    """Towns, hamlets and tourist places of the region.

    Parameters
    ----------
    rng : Generator
    region : Region

    Returns
    -------
    Places
    """
    resorts = read_assumptions("tourist_places")
    resorts = resorts[region.municipality_at(resorts["easting"], resorts["northing"]) != ""]
    resort_xy = resorts[["easting", "northing"]].to_numpy(dtype=np.float64)
    towns, rural = _share_out_population(region)
    town_xy = towns[["easting", "northing"]].to_numpy(dtype=np.float64)
    population = towns["population"].to_numpy(dtype=np.float64)
    everywhere = np.concatenate([town_xy, resort_xy])
    land = Land(region, everywhere)
    roads = lay_roads(rng, np.unique(everywhere, axis=0))
    radius_m = _town_radius_m(population)
    return Places(
        land=land,
        centres=Spots(town_xy, population, np.maximum(0.28 * radius_m, 110.0), np.arange(len(towns))),
        zones=_split_towns(rng, land, town_xy, population, _INHABITANTS_PER_ZONE, distance=1.1, spread=0.13),
        quarters=_split_towns(rng, land, town_xy, population, _INHABITANTS_PER_QUARTER, distance=0.75, spread=0.24),
        hamlets=_scatter_hamlets(rng, region, land, roads, rural),
        resorts=Spots(
            resort_xy,
            resorts["weight"].to_numpy(dtype=np.float64),
            np.full(len(resorts), 650.0),
            np.full(len(resorts), -1),
        ),
        roads=roads,
    )


def _town_radius_m(population: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(340.0 * (population / 1_000.0) ** 0.45)


def _share_out_population(region: Region) -> tuple[pd.DataFrame, dict[str, float]]:
    """Towns with inhabitants that fit the municipality's, and what is left for the countryside."""
    localities = packaged_localities()
    easting, northing = localities.geometry.x.to_numpy(), localities.geometry.y.to_numpy()
    municipality = region.municipality_at(easting, northing)
    listed = localities["population"].to_numpy(dtype=np.float64)
    populations = read_assumptions("populations").set_index("municipality")["population"]
    inhabitants = np.array([float(populations.get(code, 0)) for code in municipality])
    in_towns = pd.Series(listed).groupby(municipality).transform("sum").to_numpy()
    known = inhabitants > 0
    rural_share = np.clip(1 - in_towns[known] / inhabitants[known], *_RURAL_SHARE)
    towns = pd.DataFrame(
        {
            "easting": np.round(easting[known]),
            "northing": np.round(northing[known]),
            "population": listed[known] / in_towns[known] * inhabitants[known] * (1 - rural_share),
        }
    )
    rural = dict(zip(municipality[known], (rural_share * inhabitants[known]).tolist(), strict=True))
    return towns, dict(sorted(rural.items()))


def _split_towns(
    rng: np.random.Generator,
    land: Land,
    xy: NDArray[np.float64],
    population: NDArray[np.float64],
    inhabitants_per_part: int,
    *,
    distance: float,
    spread: float,
) -> Spots:
    """Parts of towns, the more the larger the town; distances in radii of the town."""
    n_parts = np.clip(np.round(population / inhabitants_per_part), 1, 40).astype(np.int64)
    town = np.repeat(np.arange(len(xy)), n_parts)
    radius_m = _town_radius_m(population)[town]
    size = rng.lognormal(0, 0.5, size=len(town))
    weight = population[town] * size / np.bincount(town, size)[town]
    return Spots(
        xy=land.scatter(rng, xy[town], radius_m * distance),
        weight=weight,
        spread_m=np.maximum(radius_m * spread, 130.0),
        town=town,
    )


def _scatter_hamlets(
    rng: np.random.Generator,
    region: Region,
    land: Land,
    roads: list[NDArray[np.float64]],
    rural: dict[str, float],
) -> Spots:
    """Hamlets beside the roads, thinning out away from places; each municipality gets its rural inhabitants."""
    on_road, to_end_m = walk_roads(rng, roads, 60_000)
    beside = np.round(on_road + rng.laplace(0, _ROADSIDE_M, size=on_road.shape))
    chance = 0.15 + 0.85 * np.exp(-to_end_m / _COMMUTE_M)
    kept = (rng.random(len(beside)) < chance) & land.holds(beside[:, 0], beside[:, 1])
    beside = beside[kept]
    municipality = region.municipality_at(beside[:, 0], beside[:, 1])
    xy, weight = [], []
    for code, inhabitants in rural.items():
        candidates = beside[municipality == code]
        n_hamlets = int(np.clip(inhabitants / _INHABITANTS_PER_HAMLET, *_HAMLETS_PER_MUNICIPALITY))
        chosen = candidates[:n_hamlets]
        size = rng.lognormal(0, 0.8, size=len(chosen))
        xy.append(chosen)
        weight.append(size / max(size.sum(), 1.0) * inhabitants)
    all_xy = np.concatenate(xy)
    return Spots(
        xy=all_xy,
        weight=np.concatenate(weight),
        spread_m=np.full(len(all_xy), 420.0),
        town=np.full(len(all_xy), -1),
    )
