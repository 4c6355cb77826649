"""Sites in an R-tree that takes updates: what lies in a window, and what is nearest.

A site is a workplace, an accommodation or an establishment in one of its phases; a line, such as a railway, stands at
its middle. Past visits and findings are held in the same way: from their day on they are there. The tree holds points
in EPSG:3006 metres; the sites themselves stand in a table beside it, so a query answers whole sites.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from threading import RLock

import numpy as np
from rtree.index import Index, Property

from geo.crs import SWEREF99_TM, WGS84, project
from geo.errors import NotFoundError, ParameterError

__all__ = ["Bounds", "Key", "Site", "SiteIndex"]

Bounds = tuple[float, float, float, float]
Key = tuple[str, str, str]
# Updating one site costs about as much as building for this many.
_REBUILD_SHARE = 0.3
# So many sites are looked at one by one sooner than all others in a window are passed over.
_FEW = 3_000


@dataclass(frozen=True)
class Site:
    """A place that an inspection could go to.

    Attributes
    ----------
    layer, id : str
    easting, northing : float, m, EPSG:3006; a line's middle
    lon, lat : float, degrees, WGS84
    title : str, the record's name as imported, or its id where it has none
    kind : str, code: registered or temporary, housing type, phase
    sector : str, code of the sector group, empty for housing
    size : float, employees, beds or workers
    is_risk : bool, whether it weighs in the score at all
    synthetic : bool
    active_from, active_to : date, both included; None is open
    precision : str, code of ``precisions``
    spread_m : float, m, radius within which the site lies; 0 where its position is known
    agencies : str, codes joined by ``+`` of those who were at a visit or recorded a finding
    """

    layer: str
    id: str
    easting: float
    northing: float
    lon: float
    lat: float
    title: str
    kind: str
    sector: str
    size: float
    is_risk: bool
    synthetic: bool
    active_from: date | None = None
    active_to: date | None = None
    precision: str = "exact"
    spread_m: float = 0.0
    agencies: str = ""

    @property
    def key(self) -> Key:
        """What tells sites apart: layer, id, and the first day, since establishments have a row per phase."""
        return self.layer, self.id, "" if self.active_from is None else self.active_from.isoformat()

    def is_active(self, at: date) -> bool:
        """Whether the site is there on a day."""
        return (self.active_from is None or self.active_from <= at) and (self.active_to is None or at <= self.active_to)

    @property
    def bounds(self) -> Bounds:
        """The point as the rectangle that the tree wants."""
        return self.easting, self.northing, self.easting, self.northing

    def distance_m(self, easting: float, northing: float) -> float:
        """Distance from a point, m."""
        return math.hypot(self.easting - easting, self.northing - northing)


class SiteIndex:
    """Sites by place, safe to read and to update from several threads.

    The library under the tree is not: one lock is held for every call into it.

    Parameters
    ----------
    sites : iterable of Site

    Raises
    ------
    ParameterError
        Two sites have the same key, or one has coordinates that are not finite.
    """

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._lock = RLock()
        self._build(list(sites))

    def __len__(self) -> int:
        return len(self._sites)

    def __contains__(self, key: Key) -> bool:
        return key in self._numbers

    def get(self, key: Key) -> Site:
        """The site of that key.

        Raises
        ------
        NotFoundError
        """
        with self._lock:
            return self._sites[self._number(key)]

    def insert(self, site: Site) -> None:
        """Add a site.

        Raises
        ------
        ParameterError
            Its key is there already, or its coordinates are not finite.
        """
        _check(site)
        with self._lock:
            if site.key in self._numbers:
                message = f"Site {site.key} is in the index already; move or delete it first."
                raise ParameterError(message)
            number = self._next
            self._next += 1
            self._tree.insert(number, site.bounds)
            self._sites[number] = site
            self._numbers[site.key] = number
            self._of_layer[site.layer].add(number)

    def delete(self, key: Key) -> Site:
        """Take a site out.

        Returns
        -------
        Site, as it was

        Raises
        ------
        NotFoundError
        """
        with self._lock:
            number = self._number(key)
            site = self._sites.pop(number)
            del self._numbers[key]
            self._of_layer[site.layer].remove(number)
            self._tree.delete(number, site.bounds)
            return site

    def move(self, key: Key, easting: float, northing: float) -> Site:
        """Put a site somewhere else.

        Returns
        -------
        Site, as it is now

        Raises
        ------
        NotFoundError, ParameterError
        """
        with self._lock:
            old = self.get(key)
            new = _moved(old, easting, northing)
            _check(new)
            self.delete(key)
            self.insert(new)
            return new

    def replace(self, sites: Iterable[Site]) -> None:
        """Hold exactly these sites from now on; readers see all of the old ones or all of the new ones.

        Few changes are made one by one, many by building anew.
        """
        wanted = {site.key: site for site in sites}
        with self._lock:
            gone = [key for key, number in self._numbers.items() if wanted.get(key) != self._sites[number]]
            new = [site for key, site in wanted.items() if key in gone or key not in self._numbers]
            if len(gone) + len(new) > _REBUILD_SHARE * max(len(wanted), 1):
                self._build(list(wanted.values()))
                return
            for key in gone:
                self.delete(key)
            for site in new:
                self.insert(site)

    def window(self, bounds: Bounds, layers: Iterable[str]) -> list[Site]:
        """Sites of some layers in a rectangle, edges included, in no particular order.

        Parameters
        ----------
        bounds : (x_min, y_min, x_max, y_max), m, EPSG:3006
        layers : their names

        Raises
        ------
        ParameterError
        """
        _check_bounds(bounds)
        x_min, y_min, x_max, y_max = bounds
        with self._lock:
            chosen = {layer: self._of_layer[layer] for layer in layers if layer in self._of_layer}
            if sum(map(len, chosen.values())) <= _FEW:
                sites = (self._sites[number] for numbers in chosen.values() for number in numbers)
                return [site for site in sites if x_min <= site.easting <= x_max and y_min <= site.northing <= y_max]
            inside = (self._sites[number] for number in self._tree.intersection(bounds))
            return [site for site in inside if site.layer in chosen]

    def nearest(
        self, easting: float, northing: float, n: int, keep: Callable[[Site], bool] = lambda _: True
    ) -> list[tuple[float, Site]]:
        """The n sites nearest to a point, of those to keep; nearest first, equals by key.

        Returns
        -------
        list of (distance in m, Site)

        Raises
        ------
        ParameterError
        """
        if not (math.isfinite(easting) and math.isfinite(northing)):
            message = f"easting and northing must be finite numbers of metres, got {easting}, {northing}."
            raise ParameterError(message)
        if n < 1:
            message = f"n must be 1 or more, got {n}."
            raise ParameterError(message)
        with self._lock:
            asked = n
            while True:
                # the tree answers equals beyond the number asked for, never fewer than there are
                near = [self._sites[number] for number in self._tree.nearest((easting, northing) * 2, asked)]
                found = [site for site in near if keep(site)]
                if len(found) >= n or asked >= len(self._sites):
                    break
                asked = min(asked * 4, len(self._sites))
        ranked = ((site.distance_m(easting, northing), site) for site in found)
        return heapq.nsmallest(n, ranked, key=lambda pair: (pair[0], pair[1].key))

    def __iter__(self) -> Iterator[Site]:
        with self._lock:
            return iter(list(self._sites.values()))

    def _build(self, sites: list[Site]) -> None:
        for site in sites:
            _check(site)
        numbers = {site.key: number for number, site in enumerate(sites)}
        if len(numbers) < len(sites):
            message = f"{len(sites) - len(numbers)} site(s) have the key of another; give each its own id."
            raise ParameterError(message)
        properties = Property(dimension=2)
        entries = ((number, site.bounds, None) for number, site in enumerate(sites))
        tree = Index(entries, properties=properties) if sites else Index(properties=properties)
        self._tree, self._sites, self._numbers = tree, dict(enumerate(sites)), numbers
        self._of_layer: dict[str, set[int]] = defaultdict(set)
        for number, site in enumerate(sites):
            self._of_layer[site.layer].add(number)
        self._next = len(sites)

    def _number(self, key: Key) -> int:
        try:
            return self._numbers[key]
        except KeyError:
            message = f"There is no site {key}."
            raise NotFoundError(message) from None


def _moved(site: Site, easting: float, northing: float) -> Site:
    lon, lat = project(np.array([easting]), np.array([northing]), SWEREF99_TM, WGS84)
    return replace(site, easting=easting, northing=northing, lon=float(lon[0]), lat=float(lat[0]))


def _check(site: Site) -> None:
    if not all(map(math.isfinite, (site.easting, site.northing))):
        message = f"Site {site.key} has coordinates that are not finite; give metres in EPSG:3006."
        raise ParameterError(message)


def _check_bounds(bounds: Bounds) -> None:
    x_min, y_min, x_max, y_max = bounds
    if not all(map(math.isfinite, bounds)) or x_min > x_max or y_min > y_max:
        message = f"bounds must be finite (x_min, y_min, x_max, y_max) with min <= max, got {bounds}."
        raise ParameterError(message)
