"""Which reference system a file without one is in, where its coordinates leave a single answer.

Candidates are the systems that Swedish files come in: SWEREF 99 TM, degrees, RT90 and the local zones of both. Zones
share their numbers: an easting of 150 000 m is the middle of each of twelve zones of SWEREF 99, one of 1 500 000 m the
middle of each of six zones of RT90. A guess is made only if nearly all rows lie in Sweden, or failing that in Region
Nord, under one candidate, and most of them do not under any other. A local zone is taken to be used in the
longitudes of its area of use in the EPSG registry and little beyond; RT90 2.5 gon V was used in all of Sweden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM, WGS84, classify_sweref, project
from geo.errors import CRSError
from geo.region import NEAREST_MUNICIPALITY_M, load_region

__all__ = ["CANDIDATES", "Candidate", "CrsGuess", "Fit", "fit_candidates", "guess_crs"]

# rows looked at; more tell no more
_N_SAMPLED = 2_000
# a few rows may be wrong in any file
_NEARLY_ALL = 0.95
# a candidate under which so many rows make sense is not ruled out
_HALF = 0.5
# how far beyond its area of use a local zone is taken to be used, degrees: 10 km or more
_ZONE_MARGIN = 0.25


@dataclass(frozen=True)
class Candidate:
    """A reference system that a file may be in.

    Attributes
    ----------
    epsg : int
    title : str, as people call it
    is_local : bool, whether it is made for a part of Sweden
    """

    epsg: int
    title: str
    is_local: bool = False

    @cached_property
    def crs(self) -> CRS:
        """The system itself."""
        return CRS.from_epsg(self.epsg)

    @cached_property
    def longitudes(self) -> tuple[float, float]:
        """Where it is taken to be used, degrees."""
        area = self.crs.area_of_use
        if not self.is_local or area is None:
            return -np.inf, np.inf
        return area.west - _ZONE_MARGIN, area.east + _ZONE_MARGIN


@dataclass(frozen=True)
class Fit:
    """How well a candidate fits.

    Attributes
    ----------
    candidate : Candidate
    is_swapped : bool, whether northing (latitude) is taken to come first
    in_sweden, in_region : float, 0 to 1, share of the rows that lie in Sweden and in Region Nord
    """

    candidate: Candidate
    is_swapped: bool
    in_sweden: float
    in_region: float


@dataclass(frozen=True)
class CrsGuess:
    """A guess and the sentence that says it aloud."""

    crs: CRS
    is_swapped: bool
    note: str


_SWEREF_ZONES = (
    "12 00", "13 30", "15 00", "16 30", "18 00", "14 15", "15 45", "17 15", "18 45", "20 15", "21 45", "23 15",
)  # fmt: skip
_RT90_ZONES = {3019: "7.5 gon V", 3020: "5 gon V", 3022: "0 gon", 3023: "2.5 gon O", 3024: "5 gon O"}

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(3006, "SWEREF 99 TM"),
    Candidate(4326, "WGS 84, degrees"),
    Candidate(3021, "RT90 2.5 gon V"),
    *(Candidate(epsg, f"RT90 {name}", is_local=True) for epsg, name in _RT90_ZONES.items()),
    *(Candidate(epsg, f"SWEREF 99 {name}", is_local=True) for epsg, name in enumerate(_SWEREF_ZONES, 3007)),
)


def guess_crs(source_name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> CrsGuess:
    """The reference system of coordinates that nobody has named, if only one makes sense of them.

    Parameters
    ----------
    source_name : str
    x, y : (n,) float64, first and second coordinate as they stand in the file; what is not finite is left out

    Returns
    -------
    CrsGuess

    Raises
    ------
    CRSError
        Several candidates make sense of them, or none does; the message lists them and how to say it.
    """
    fits = fit_candidates(x, y)
    chosen = _choose(fits)
    if chosen is None:
        raise CRSError(_explain_doubt(source_name, fits, x, y))
    order = ""
    if chosen.is_swapped:
        first = "latitude before longitude" if chosen.candidate.crs.is_geographic else "northing before easting"
        order = f", with {first}"
    note = (
        f"The file does not say which coordinate reference system it is in; its coordinates fit "
        f"EPSG:{chosen.candidate.epsg} ({chosen.candidate.title}) only{order}, and were read so."
    )
    return CrsGuess(chosen.candidate.crs, chosen.is_swapped, note)


def fit_candidates(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Fit, ...]:
    """How each candidate fits, both ways round; those under which no row lies in Sweden are left out.

    Parameters
    ----------
    x, y : (n,) float64

    Returns
    -------
    tuple of Fit, in the order of `CANDIDATES`
    """
    finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    step = max(1, -(-len(finite) // _N_SAMPLED))
    some = finite[::step]
    if not some.size:
        return ()
    first, second = np.asarray(x, dtype=np.float64)[some], np.asarray(y, dtype=np.float64)[some]
    fits = (
        _fit(candidate, *pair, is_swapped=is_swapped)
        for candidate in CANDIDATES
        for is_swapped, pair in ((False, (first, second)), (True, (second, first)))
    )
    return tuple(fit for fit in fits if fit.in_sweden > 0)


def _fit(candidate: Candidate, easting: NDArray[np.float64], northing: NDArray[np.float64], *, is_swapped: bool) -> Fit:
    # 90 is the largest latitude, and no metric system has Sweden below 100 000 m from its origin both ways
    looks_like_degrees = (np.abs(easting) <= 180) & (np.abs(northing) <= 90)  # noqa: PLR2004
    possible = looks_like_degrees == (candidate.epsg == 4326)  # noqa: PLR2004
    inside, near = np.zeros(len(easting), dtype=bool), np.zeros(len(easting), dtype=bool)
    if possible.any():
        tm_x, tm_y = project(easting[possible], northing[possible], f"EPSG:{candidate.epsg}", SWEREF99_TM)
        there = classify_sweref(tm_x, tm_y) == "inside"
        if candidate.is_local and there.any():
            lon, _ = project(tm_x[there], tm_y[there], SWEREF99_TM, WGS84)
            west, east = candidate.longitudes
            there[there] = (lon >= west) & (lon <= east)
        inside[possible] = there
        near[inside] = shapely.contains_xy(_wide_region(), tm_x[there], tm_y[there])
    return Fit(candidate, is_swapped, float(inside.mean()), float(near.mean()))


@lru_cache(maxsize=1)
def _wide_region() -> shapely.Geometry:
    """Region Nord and as far around it as a record may lie."""
    outline = shapely.union_all(load_region().municipalities.geometry.to_numpy())
    wide = shapely.buffer(shapely.simplify(outline, 1_000), NEAREST_MUNICIPALITY_M + 1_000)
    shapely.prepare(wide)
    return wide


def _choose(fits: Sequence[Fit]) -> Fit | None:
    """The one candidate that is left, first by Sweden, then by Region Nord."""
    for shares in ([fit.in_sweden for fit in fits], [fit.in_region for fit in fits]):
        left = [fit for fit, share in zip(fits, shares, strict=True) if share >= _HALF]
        if len(left) == 1 and max(shares) >= _NEARLY_ALL:
            return left[0]
    return None


def _explain_doubt(source_name: str, fits: Sequence[Fit], x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    said = f"{source_name}: it does not say which coordinate reference system its coordinates are in"
    left = [fit for fit in fits if fit.in_region >= _HALF] or [fit for fit in fits if fit.in_sweden >= _HALF]
    if not left:
        finite = np.isfinite(x) & np.isfinite(y)
        if not finite.any():
            return f"{said}, and it has no coordinates; say it with --crs, for instance --crs EPSG:3006."
        low, high = (np.quantile([x[finite], y[finite]], share, axis=1) for share in (0.05, 0.95))
        return (
            f"{said}, and they fit none of those used in Sweden (most of them lie from {low[0]:.6g} to {high[0]:.6g} "
            f"and from {low[1]:.6g} to {high[1]:.6g}); say it with --crs, for instance --crs EPSG:3006."
        )
    names = [f"EPSG:{fit.candidate.epsg} ({fit.candidate.title})" for fit in left]
    if len(names) == 1:
        return (
            f"{said}; {max(left[0].in_sweden, left[0].in_region):.0%} of them fit {names[0]}, too few to guess. "
            f"If it is right, say so: --crs EPSG:{left[0].candidate.epsg}."
        )
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{said}, and they fit {listed}; say which one it is, for instance --crs EPSG:{left[0].candidate.epsg}."
