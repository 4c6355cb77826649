"""From a profile's mix of settings to points on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.demo.places import Places, Spots

__all__ = ["SETTINGS", "Placed", "place_many", "share_addresses"]

SETTINGS = ("centre", "industrial", "spread", "rural", "tourist")


@dataclass(frozen=True, eq=False)
class Placed:
    """Points with the setting they were placed in.

    Attributes
    ----------
    xy : (n, 2) float64, m, EPSG:3006, whole metres
    setting : (n,) int64, position in `SETTINGS`
    spot : (n,) int64, position among that setting's spots
    """

    xy: NDArray[np.float64]
    setting: NDArray[np.int64]
    spot: NDArray[np.int64]


def place_many(
    rng: np.random.Generator, places: Places, mix: NDArray[np.float64], town_exponent: NDArray[np.float64]
) -> Placed:
    """Place one thing per row of `mix`.

    Parameters
    ----------
    rng : Generator
    places : Places
    mix : (n, 5) float64, >= 0, shares of `SETTINGS`, any positive sum per row
    town_exponent : (n,) float64
        Above 1 the large towns get more than their share of inhabitants, below 1 less.

    Returns
    -------
    Placed
    """
    chances = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    setting = (rng.random(len(mix))[:, np.newaxis] > chances[:, :-1]).sum(axis=1)
    xy, spot = np.zeros((len(mix), 2)), np.zeros(len(mix), dtype=np.int64)
    for position, spots in enumerate(_spots_of(places)):
        for exponent in np.unique(town_exponent):
            rows = np.flatnonzero((setting == position) & (town_exponent == exponent))
            weight = _raise(spots, exponent, places.centres.weight)
            spot[rows] = rng.choice(len(weight), size=len(rows), p=weight / weight.sum())
        rows = np.flatnonzero(setting == position)
        xy[rows] = places.land.scatter(rng, spots.xy[spot[rows]], spots.spread_m[spot[rows]])
    return Placed(xy, setting.astype(np.int64), spot)


def share_addresses(rng: np.random.Generator, placed: Placed, share: float) -> Placed:
    """Move a share of the points in town centres and industrial areas to a neighbour's address.

    Malls and office houses hold many workplaces at one coordinate, and real registers show it.
    """
    order = np.lexsort((rng.random(len(placed.xy)), placed.spot, placed.setting))
    same_spot = np.zeros(len(order), dtype=bool)
    same_spot[1:] = (np.diff(placed.spot[order]) == 0) & (np.diff(placed.setting[order]) == 0)
    moves = same_spot & (placed.setting[order] <= SETTINGS.index("industrial")) & (rng.random(len(order)) < share)
    source = np.maximum.accumulate(np.where(moves, 0, np.arange(len(order))))
    xy = placed.xy.copy()
    xy[order] = placed.xy[order[source]]
    return Placed(xy, placed.setting, placed.spot)


def _spots_of(places: Places) -> tuple[Spots, ...]:
    return places.centres, places.zones, places.quarters, places.hamlets, places.resorts


def _raise(spots: Spots, exponent: float, town_population: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of spots with each town as a whole raised to the exponent, its parts in proportion."""
    if exponent == 1 or (spots.town < 0).any():
        return spots.weight
    return np.asarray(spots.weight * town_population[spots.town] ** (exponent - 1))
