"""A made-up road net between the real places, along which the made-up hamlets lie.

Inland people live along valleys and roads, with empty forest between. No terrain data is at hand, so the net is a
Gabriel graph of the places (two are joined when no third lies in the circle between them), bent at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

__all__ = ["lay_roads", "walk_roads"]

LONGEST_ROAD_M = 75_000.0
_BENDS = 4
_BEND_SHARE = 0.11


def lay_roads(rng: np.random.Generator, places: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Join places by winding roads.

    Parameters
    ----------
    rng : Generator
    places : (n, 2) float64, m, no two the same

    Returns
    -------
    list of (m, 2) float64, m, one per road
    """
    edges = _gabriel_edges(places)
    length = np.hypot(*(places[edges[:, 0]] - places[edges[:, 1]]).T)
    tree = minimum_spanning_tree(coo_array((length, (edges[:, 0], edges[:, 1])), shape=(len(places),) * 2)).tocoo()
    spanning = {tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    kept = [
        (a, b)
        for (a, b), metres in zip(edges.tolist(), length.tolist(), strict=True)
        if metres <= LONGEST_ROAD_M or (a, b) in spanning
    ]
    return [_bend(rng, places[a], places[b]) for a, b in kept]


def walk_roads(
    rng: np.random.Generator, roads: list[NDArray[np.float64]], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points spread evenly along the roads.

    Returns
    -------
    points : (n, 2) float64, m
    towards_end : (n,) float64, m, distance along the road to its nearer end
    """
    starts = np.concatenate([road[:-1] for road in roads])
    ends = np.concatenate([road[1:] for road in roads])
    piece_m = np.hypot(*(ends - starts).T)
    road_of_piece = np.repeat(np.arange(len(roads)), [len(road) - 1 for road in roads])
    piece = rng.choice(len(piece_m), size=n, p=piece_m / piece_m.sum())
    share = rng.random(n)
    points = starts[piece] + (ends - starts)[piece] * share[:, np.newaxis]
    along = np.cumsum(piece_m) - piece_m
    first = np.array([along[np.searchsorted(road_of_piece, road)] for road in range(len(roads))])
    road_m = np.bincount(road_of_piece, piece_m)
    travelled = along[piece] - first[road_of_piece[piece]] + share * piece_m[piece]
    return points, np.minimum(travelled, road_m[road_of_piece[piece]] - travelled)


def _gabriel_edges(places: NDArray[np.float64]) -> NDArray[np.int64]:
    corners = Delaunay(places).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    edges = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    middle = (places[edges[:, 0]] + places[edges[:, 1]]) / 2
    radius = np.hypot(*(places[edges[:, 0]] - middle).T)
    nearest, _ = cKDTree(places).query(middle)
    return np.asarray(edges[nearest >= radius * (1 - 1e-9)])


def _bend(rng: np.random.Generator, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line between two points, bent at its middle, then at the middles of the halves, and so on."""
    line = np.stack([start, end])
    for _ in range(_BENDS):
        step = np.diff(line, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middles = line[:-1] + step / 2 + across * rng.normal(0, _BEND_SHARE, size=(len(step), 1))
        bent = np.empty((2 * len(line) - 1, 2))
        bent[::2], bent[1::2] = line, middles
        line = bent
    return line
