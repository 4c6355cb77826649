"""Drive times along roads that somebody has imported: shortest paths over the whole region.

A place is joined to the nearest point of the nearest road. The stretch between them is driven at walking pace of a
forest track; a place too far from every road is reached by none. Every road is driven both ways, because a layer of
lines does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.errors import ParameterError
from geo.planning.drive.base import DriveMatrix, check_places
from geo.planning.drive.network import Network, build_network
from geo.reference import planning_parameters
from geo.risk.words import Sentence

__all__ = ["RoadDrive"]

_NO_NODE = -9999
_M_PER_KMH_MINUTE = 1000.0 / 60.0
FROM_ROADS = Sentence("Drive times follow the imported roads, both ways, in fair weather.")


@dataclass(frozen=True, eq=False)
class RoadDrive:
    """Shortest paths over a network of roads.

    Attributes
    ----------
    network : Network
    snap_m : float, m, how far a place may lie from the nearest road
    access_kmh : float, km/h, speed between a place and the road

    Raises
    ------
    ParameterError
    """

    network: Network
    snap_m: float
    access_kmh: float

    def __post_init__(self) -> None:
        values = {"snap_m": self.snap_m, "access_kmh": self.access_kmh}
        wrong = [f"{name}, {value!r}" for name, value in values.items() if not 0 < value < np.inf]
        if wrong:
            message = f"Must be finite numbers above 0: {'; '.join(wrong)}."
            raise ParameterError(message)

    @classmethod
    def from_layer(cls, roads: gpd.GeoDataFrame) -> RoadDrive:
        """From a layer of roads, with the distances and the speed of ``planning_parameters``.

        Parameters
        ----------
        roads : GeoDataFrame, EPSG:3006, as `geo.layers.roads`

        Raises
        ------
        ParameterError
            There are no roads.
        """
        values = planning_parameters()
        network = build_network(roads, float(values["road_tolerance_m"]))
        return cls(network, float(values["road_snap_m"]), float(values["road_access_kmh"]))

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """See `DriveProvider.drive`. Where two places share the nearest point of a road, the way leads by it."""
        x, y = check_places(easting, northing)
        links = self._join(x, y)
        n = len(x)
        minutes, distance = np.full((n, n), np.inf), np.full((n, n), np.inf)
        graph = links.graph()
        for source in range(n):
            reached, before = _find_ways(graph, links.first + source)
            minutes[source] = reached[links.first :]
            distance[source] = links.measure(before, source)
        np.fill_diagonal(minutes, 0.0)
        np.fill_diagonal(distance, 0.0)
        return DriveMatrix(minutes, distance, "roads", (FROM_ROADS,))

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.network.shape)

    def _join(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> _Links:
        """The network with the places as nodes of its own, after all others."""
        network, n = self.network, len(x)
        points = shapely.points(x, y)
        place, piece = self._tree.query_nearest(points, max_distance=self.snap_m, all_matches=False)
        at_m = shapely.line_locate_point(network.shape[piece], points[place])
        away_m = shapely.distance(network.shape[piece], points[place])
        # the last digits may put a foot beyond the end
        share = np.minimum(at_m / network.length_m[piece], 1.0)
        # nodes: those of the network, then the feet of the places on their roads, then the places
        foot = network.n_nodes + np.arange(len(place))
        first = network.n_nodes + len(place)
        access = (foot, first + place, away_m, away_m / (self.access_kmh * _M_PER_KMH_MINUTE))
        order = np.lexsort((share, piece))
        chains = list(self._chain(piece[order], share[order], foot[order]))
        pieces = (network.tail, network.head, network.length_m, network.minutes)
        tail, head, length, minutes = (np.concatenate(parts) for parts in zip(pieces, *chains, access, strict=True))
        return _Links(tail, head, length, minutes, n_nodes=first + n, first=first)

    def _chain(
        self, piece: NDArray[np.intp], share: NDArray[np.float64], foot: NDArray[np.intp]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        """A piece of road cut at the feet on it: from its tail by each foot to its head."""
        network = self.network
        for one in np.unique(piece):
            on = piece == one
            stops = np.r_[network.tail[one], foot[on], network.head[one]].astype(np.int64)
            parts = np.diff(np.r_[0.0, share[on], 1.0])
            yield stops[:-1], stops[1:], parts * network.length_m[one], parts * network.minutes[one]


def _find_ways(graph: csr_array, start: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """(n_nodes,) minutes from one node to each, and the node before it on the quickest way."""
    minutes, before = dijkstra(graph, directed=True, indices=np.array([start]), return_predecessors=True)
    return minutes[0], before[0]


@dataclass(frozen=True, eq=False)
class _Links:
    """Links between nodes, for one question.

    Attributes
    ----------
    tail, head : (n_links,) int64
    length_m, minutes : (n_links,) float64
    n_nodes : int
    first : int, node of the first place
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    minutes: NDArray[np.float64]
    n_nodes: int
    first: int

    @cached_property
    def _both_ways(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Each pair of nodes once, by rising key: key, m and minutes of the quickest link between them."""
        key = np.concatenate([self.tail * self.n_nodes + self.head, self.head * self.n_nodes + self.tail])
        length, minutes = np.tile(self.length_m, 2), np.tile(self.minutes, 2)
        order = np.lexsort((length, minutes, key))
        is_first = np.r_[True, np.diff(key[order]) > 0]
        chosen = order[is_first]
        return key[chosen], length[chosen], minutes[chosen]

    def graph(self) -> csr_array:
        """(n_nodes, n_nodes) sparse, minutes."""
        key, _, minutes = self._both_ways
        return csr_array((minutes, (key // self.n_nodes, key % self.n_nodes)), shape=(self.n_nodes, self.n_nodes))

    def measure(self, before: NDArray[np.int32], source: int) -> NDArray[np.float64]:
        """(n_places,) float64, m along the quickest ways from one place to all, walked back from their ends."""
        key, length, _ = self._both_ways
        n = self.n_nodes - self.first
        here = np.arange(self.first, self.n_nodes)
        distance = np.where((before[self.first :] == _NO_NODE) & (np.arange(n) != source), np.inf, 0.0)
        going = np.flatnonzero(np.isfinite(distance) & (np.arange(n) != source))
        while going.size:
            earlier = before[here[going]].astype(np.int64)
            distance[going] += length[np.searchsorted(key, earlier * self.n_nodes + here[going])]
            here[going] = earlier
            going = going[earlier != self.first + source]
        return distance
