"""Every place an inspection could go to, workplaces and accommodation in one table, with what nobody can see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from geo.demo.places import Places
from geo.reference import sectors_of
from geo.region import region_grid

__all__ = ["Sites", "gather_sites"]

_NEIGHBOUR_CELLS = 5


@dataclass(frozen=True, eq=False)
class Sites:
    """Workplaces first, accommodation after them.

    Attributes
    ----------
    ids : (n,) str objects
    layer : (n,) str objects, ``workplaces`` or ``accommodation``
    code : (n,) str objects, trade or housing type
    sector : (n,) objects, sector group, None for accommodation
    size : (n,) float64, employees or beds
    xy : (n, 2) float64, m, EPSG:3006
    active_from, active_to : (n,) datetime64[D], NaT where open
    to_large_town_m : (n,) float64, m
    n_neighbours : (n,) int64, workplaces in the 5 km × 5 km around, itself included
    conduct : (n,) float64
        Hidden; how badly the employer behaves, standard normal. It shapes truth and deficiencies alike and stands in
        no layer.
    """

    ids: NDArray[np.object_]
    layer: NDArray[np.object_]
    code: NDArray[np.object_]
    sector: NDArray[np.object_]
    size: NDArray[np.float64]
    xy: NDArray[np.float64]
    active_from: NDArray[np.datetime64]
    active_to: NDArray[np.datetime64]
    to_large_town_m: NDArray[np.float64]
    n_neighbours: NDArray[np.int64]
    conduct: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def exists_between(self, first: np.datetime64, last: np.datetime64) -> NDArray[np.bool_]:
        """Which sites exist on some day from the first to the last, (n,) bool."""
        begun = np.isnat(self.active_from) | (self.active_from <= last)
        return np.asarray(begun & (np.isnat(self.active_to) | (self.active_to >= first)))


def gather_sites(
    rng: np.random.Generator, places: Places, workplaces: pd.DataFrame, accommodation: pd.DataFrame
) -> Sites:
    """Sites from the drafts of both layers.

    Parameters
    ----------
    rng : Generator
        For the conduct.
    places : Places
    workplaces, accommodation : DataFrame

    Returns
    -------
    Sites
    """
    xy = pd.concat([workplaces, accommodation])[["easting", "northing"]].to_numpy(dtype=np.float64)
    sector = sectors_of(workplaces["sni"], workplaces["sni_version"])
    return Sites(
        ids=_join(workplaces["workplace_id"], accommodation["accommodation_id"]),
        layer=np.repeat(np.array(["workplaces", "accommodation"], dtype=object), [len(workplaces), len(accommodation)]),
        code=_join(workplaces["profile"], accommodation["housing_type"]),
        sector=np.concatenate([sector, np.full(len(accommodation), None)]),
        size=np.concatenate([workplaces["employees"].to_numpy(), accommodation["beds"].to_numpy()]),
        xy=xy,
        active_from=_days(workplaces["active_from"], accommodation["active_from"]),
        active_to=_days(workplaces["active_to"], accommodation["active_to"]),
        to_large_town_m=places.metres_to_large_town(xy),
        n_neighbours=_count_neighbours(xy[: len(workplaces)], xy),
        conduct=rng.normal(size=len(xy)),
    )


def _count_neighbours(workplaces: NDArray[np.float64], xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Workplaces in the 5 × 5 cells of 1 km around each point."""
    grid = region_grid(1_000)
    counts = np.zeros(grid.shape)
    np.add.at(counts, grid.cell_at(workplaces[:, 0], workplaces[:, 1]), 1)
    around = uniform_filter(counts, size=_NEIGHBOUR_CELLS, mode="constant") * _NEIGHBOUR_CELLS**2
    return np.asarray(np.round(around[grid.cell_at(xy[:, 0], xy[:, 1])]).astype(np.int64))


def _join(first: pd.Series, second: pd.Series) -> NDArray[np.object_]:
    return np.concatenate([first.to_numpy(dtype=object), second.to_numpy(dtype=object)])


def _days(first: pd.Series, second: pd.Series) -> NDArray[np.datetime64]:
    return np.concatenate([first.to_numpy(), second.to_numpy()]).astype("datetime64[D]")
