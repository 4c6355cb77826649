"""Files whose coordinates are only the centres of localities, municipalities or counties, told by how rows pile up.

Such coordinates look exact and are not: whoever placed the rows knew the municipality and took its middle. The sign is
not that many rows share a point, as the firms of an office park do, but that nearly all rows of a file stand on a few
points, and that these are where maps write the names: beside the locality that a municipality is called after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.layers.gazetteer import normalise_key, normalise_keys
from geo.reading.extents import Extents, measure_places
from geo.reference import county_names
from geo.region import Region

__all__ = ["Pileups", "find_pileups"]

# rows on one point that make a heap, and the share of all rows that must stand on heaps
_HEAP = 10
_NEARLY_ALL = 0.9
# so many municipalities must have a heap at their name, and so large a share of all heaps stand at a locality
_N_CENTRES = 3
_SHARE_CENTRES = 0.5
_AT_NAME_M = 1_000.0
# no coordinate on Earth is as large
_FAR_M = 1e8
# more heaps than this per municipality stand for localities
_PER_MUNICIPALITY = 1.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pileups:
    """How well the rows of a file are placed in truth.

    Attributes
    ----------
    easting, northing : (n,) float64, m, EPSG:3006; rows known to their area stand in the middle of it
    precision : (n,) str objects, exact, locality, municipality or county
    spread_m : (n,) float64, m, radius of a circle as large as the area; 0 where the position is exact
    note : str, a sentence for the report; ``""`` where nothing was found
    """

    easting: Floats
    northing: Floats
    precision: NDArray[np.object_]
    spread_m: Floats
    note: str


def find_pileups(easting: Floats, northing: Floats, region: Region, names: pd.Series | None = None) -> Pileups:
    """Recognise rows that stand in the centres of areas.

    Parameters
    ----------
    easting, northing : (n,) float64, m, EPSG:3006; what is not finite is exact for all that is known
    region : Region
    names : (n,) texts, optional
        The file's own names of places, which tell counties from municipalities.

    Returns
    -------
    Pileups
    """
    n = len(easting)
    x, y = np.array(easting, dtype=np.float64), np.array(northing, dtype=np.float64)
    precision, spread_m = np.full(n, "exact", dtype=object), np.zeros(n)
    finite = np.flatnonzero((np.abs(x) < _FAR_M) & (np.abs(y) < _FAR_M))
    spots, spot, counts = _find_spots(x[finite], y[finite])
    centres = _Centres(spots, counts, region)
    if not centres.are_all:
        return Pileups(x, y, precision, spread_m, "")
    keys = None if names is None else _common_names(normalise_keys("county", names).to_numpy()[finite], spot, counts)
    kind, middles, radius = centres.assign(keys)
    placed = kind[spot] != "exact"
    rows = finite[placed]
    precision[rows] = kind[spot][placed]
    spread_m[rows] = radius[spot][placed]
    # a locality's middle is where the row stands already
    away = np.isin(precision[rows], ["municipality", "county"])
    x[rows[away]], y[rows[away]] = middles[spot[placed][away]].T
    found = ", ".join(
        f"{int((precision == each).sum())} to their {each}"
        for each in ("locality", "municipality", "county")
        if (precision == each).any()
    )
    note = (
        f"The coordinates are centres of areas, not places: {n} rows stand on {len(spots)} points. Known are {found}; "
        "they are spread over it."
    )
    return Pileups(x, y, precision, spread_m, note)


def _find_spots(x: Floats, y: Floats) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Distinct points to the metre, which of them each row has, and the number of rows at each."""
    # both coordinates in one whole number: sorting those takes a fraction of sorting pairs
    step = 2 * int(_FAR_M)
    key = np.rint(x).astype(np.int64) * step + np.rint(y).astype(np.int64) + step // 2
    distinct, spot, counts = np.unique(key, return_inverse=True, return_counts=True)
    easting, northing = np.divmod(distinct, step)
    spots = np.column_stack([easting, northing - step // 2]).astype(np.float64)
    return spots, spot.reshape(-1), counts


class _Centres:
    """Distinct points of a file against the names on a map of the region."""

    def __init__(self, spots: Floats, counts: NDArray[np.int64], region: Region) -> None:
        self.spots, self.counts, self.region = spots, counts, region
        self.is_heap = counts >= _HEAP

    @property
    def are_all(self) -> bool:
        """Whether nearly all rows stand on heaps, and enough of these at the name of a municipality or locality."""
        n_heaps = int(self.is_heap.sum())
        if n_heaps < _N_CENTRES or self.counts[self.is_heap].sum() < _NEARLY_ALL * self.counts.sum():
            return False
        self._find_names()
        n_named = len(set(self.homes[self.at_namesake & self.is_heap]))
        return n_named >= _N_CENTRES and (self.at_locality & self.is_heap).sum() >= _SHARE_CENTRES * n_heaps

    def _find_names(self) -> None:
        localities, frame = self.region.localities, self.region.municipalities
        self.homes = self.region.municipality_at(self.spots[:, 0], self.spots[:, 1])
        tree = shapely.STRtree(localities.geometry.to_numpy())
        spot, place = tree.query_nearest(shapely.points(self.spots), max_distance=_AT_NAME_M, all_matches=False)
        self.locality = np.full(len(self.spots), -1, dtype=np.int64)
        self.locality[spot] = place
        called = normalise_keys("locality", localities["name"]).to_numpy(dtype=object)
        name_of = {
            code: normalise_key("locality", name)
            for code, name in zip(frame["municipality"], frame["name"], strict=True)
        }
        self.at_locality = self.locality >= 0
        self.at_namesake = np.array(
            [at >= 0 and called[at] == name_of.get(home) for at, home in zip(self.locality, self.homes, strict=True)],
            dtype=bool,
        )

    def assign(self, keys: NDArray[np.object_] | None) -> tuple[NDArray[np.object_], Floats, Floats]:
        """Kind of each point, and middle (n, 2) and radius of its area."""
        kind = np.full(len(self.spots), "exact", dtype=object)
        near = self.at_locality & self.is_heap
        if near.sum() > _PER_MUNICIPALITY * len(set(self.homes[near])):
            kind[self.at_locality] = "locality"
        else:
            kind[self.at_namesake] = "municipality"
            named = set(self.homes[kind == "municipality"])
            for at in np.flatnonzero((kind == "exact") & self.is_heap & (self.homes != "")).tolist():
                # the second heap in a municipality is its county's, the only one its own though at no locality
                kind[at] = "county" if self.homes[at] in named else "municipality"
                named.add(self.homes[at])
        if keys is not None:
            kind = self._heed(kind, keys)
        return kind, *self._measure(kind)

    def _heed(self, kind: NDArray[np.object_], keys: NDArray[np.object_]) -> NDArray[np.object_]:
        """What the file calls its points goes before what they look like."""
        counties = {normalise_key("county", name): code for code, name in county_names().items()}
        counties |= {name.removesuffix("s lan"): code for name, code in counties.items()}
        frame = self.region.municipalities
        plain = normalise_keys("county", frame["name"])
        municipalities = dict(zip(plain, frame["municipality"], strict=True))
        told = kind.copy()
        for at in np.flatnonzero(self.is_heap).tolist():
            if counties.get(keys[at]) == self.homes[at][:2]:
                told[at] = "county"
            elif kind[at] == "county" and municipalities.get(keys[at]) == self.homes[at]:
                told[at] = "municipality"
        return told

    def _measure(self, kind: NDArray[np.object_]) -> tuple[Floats, Floats]:
        middles, radius = self.spots.copy(), np.zeros(len(self.spots))
        frame, counties = self.region.municipalities, self.region.counties
        areas = {
            "municipality": dict(zip(frame["municipality"], frame.geometry, strict=True)),
            "county": dict(zip(counties["county"], counties.geometry, strict=True)),
        }
        for at in np.flatnonzero(np.isin(kind, list(areas))).tolist():
            area = areas[kind[at]][self.homes[at] if kind[at] == "municipality" else self.homes[at][:2]]
            middles[at], radius[at] = (area.centroid.x, area.centroid.y), np.sqrt(area.area / np.pi)
        local = np.flatnonzero(kind == "locality")
        if local.size:
            radius[local] = self._measure_localities()[self.locality[local]]
        return middles, radius

    def _measure_localities(self) -> Floats:
        localities = self.region.localities
        n = len(localities)
        measured = measure_places(
            Extents(
                kind=np.full(n, "locality", dtype=object),
                key=np.arange(n).astype(str).astype(object),
                municipality=np.full(n, "", dtype=object),
                geometry=localities.geometry.to_numpy(),
                extent_m=np.full(n, np.nan),
                population=localities["population"].to_numpy(dtype=np.float64),
            )
        )
        return measured["spread_m"].to_numpy(dtype=np.float64)


def _common_names(keys: NDArray[np.object_], spot: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.object_]:
    """The name that nearly all rows of each point have, ``""`` where there is none."""
    common = np.full(len(counts), "", dtype=object)
    tally = pd.DataFrame({"spot": spot, "key": keys}).value_counts().reset_index()
    most = tally.drop_duplicates("spot")
    agreed = most[most["count"] >= _NEARLY_ALL * counts[most["spot"]]]
    common[agreed["spot"].to_numpy()] = agreed["key"].to_numpy(dtype=object)
    return common
