"""Lines as a network: where they meet, how long each piece is, and how long a car takes along it.

Lines meet where one of them ends at a point of another, or at its end, to within a tolerance. A line that only crosses
another, as a bridge does, does not meet it.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.reference import read_table

__all__ = ["Network", "build_network"]

_M_PER_KMH_MINUTE = 1000.0 / 60.0


@dataclass(frozen=True, eq=False)
class Network:
    """Pieces of road between the places where lines meet or end. Every piece can be driven both ways.

    Attributes
    ----------
    tail, head : (n_pieces,) int64, the node at the beginning and at the end of each piece
    length_m : (n_pieces,) float64, m
    minutes : (n_pieces,) float64
    shape : (n_pieces,) LineString, EPSG:3006, from tail to head
    n_nodes : int
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    minutes: NDArray[np.float64]
    shape: NDArray[np.object_]
    n_nodes: int

    def __len__(self) -> int:
        return len(self.tail)


def build_network(roads: gpd.GeoDataFrame, tolerance_m: float) -> Network:
    """The network that a layer of roads makes.

    Parameters
    ----------
    roads : GeoDataFrame, EPSG:3006, as `geo.layers.roads`
    tolerance_m : float, m, > 0: points closer than about this are one

    Raises
    ------
    ParameterError
        There are no roads, or the tolerance is not above 0.
    """
    if not (np.isfinite(tolerance_m) and tolerance_m > 0):
        message = f"tolerance_m must be a finite number above 0, not {tolerance_m!r}."
        raise ParameterError(message)
    if not len(roads):
        message = "The layer of roads is empty; import one, or use estimated drive times."
        raise ParameterError(message)
    parts, road = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    points, line = shapely.get_coordinates(parts, return_index=True)
    place = _name_places(points, tolerance_m)
    # a line bends within one place where it is drawn finer than the tolerance: its ends stay, the bend goes
    is_first = np.r_[True, line[1:] != line[:-1]]
    is_last = np.r_[is_first[1:], True]
    is_node = np.isin(place, place[is_first | is_last])
    nodes, node_of = np.unique(place[is_node], return_inverse=True)
    at = np.flatnonzero(is_node)
    # two nodes of one line that follow each other are the ends of a piece
    is_piece = line[at[:-1]] == line[at[1:]]
    begin, end = at[:-1][is_piece], at[1:][is_piece]
    tail, head = node_of[:-1][is_piece], node_of[1:][is_piece]
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    length = along[end] - along[begin]
    shape = _cut(points, begin, end)
    speed = _speeds(roads)[road][line[begin]]
    is_way = (tail != head) & (length > 0)
    return Network(
        tail[is_way].astype(np.int64),
        head[is_way].astype(np.int64),
        length[is_way],
        length[is_way] / (speed[is_way] * _M_PER_KMH_MINUTE),
        shape[is_way],
        len(nodes),
    )


def _name_places(points: NDArray[np.float64], tolerance_m: float) -> NDArray[np.int64]:
    """(n,) int64: equal for points that count as one."""
    cells = np.round(points / tolerance_m).astype(np.int64)
    _, place = np.unique(cells, axis=0, return_inverse=True)
    return place.reshape(-1).astype(np.int64)


def _cut(points: NDArray[np.float64], begin: NDArray[np.intp], end: NDArray[np.intp]) -> NDArray[np.object_]:
    """Lines through the points from each beginning to its end, both included."""
    n = end - begin + 1
    which = np.repeat(np.arange(len(n)), n)
    first = np.repeat(begin - np.concatenate([[0], np.cumsum(n)[:-1]]), n) if len(n) else np.empty(0, dtype=np.intp)
    lines: NDArray[np.object_] = shapely.linestrings(points[first + np.arange(n.sum())], indices=which)
    return lines


def _speeds(roads: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """km/h of each road: its own, else that of its class."""
    classes = read_table("road_classes").set_index("road_class")["speed_kmh"]
    usual: NDArray[np.float64] = roads["road_class"].map(classes).to_numpy(dtype=np.float64)
    if "speed_kmh" not in roads:
        return usual
    own: NDArray[np.float64] = roads["speed_kmh"].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(own), usual, own)
