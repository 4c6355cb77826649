"""Drive times from coordinates alone: an estimate, and said to be one everywhere.

The way is the geodesic's length times a detour factor. Speed rises with the way: its first kilometres are streets, the
rest roads between localities, so time grows with every metre, and a longer way never takes less time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

from geo.crs import SWEREF99_TM, project
from geo.errors import ParameterError
from geo.planning.drive.base import DriveMatrix, check_places
from geo.reference import planning_parameters, read_table
from geo.risk.words import Sentence

__all__ = ["EstimatedDrive"]

_WGS84 = "EPSG:4326"
_MINUTES_PER_HOUR = 60.0
_M_PER_KM = 1000.0
_Places = tuple[NDArray[np.float64], NDArray[np.float64]]
ESTIMATED = Sentence("Drive times are estimates from distance as the crow flies, not from roads.")


@dataclass(frozen=True)
class EstimatedDrive:
    """Geodesic × detour factor, with a speed for each stretch of the way.

    Attributes
    ----------
    detour : float, length of a way by road / that of the straight line, >= 1
    from_km : where each stretch begins, km along the way, rising from 0
    speed_kmh : speed on each stretch, km/h, > 0

    Raises
    ------
    ParameterError
        The stretches do not begin at 0 and rise, a speed is not above 0, or the detour factor is below 1.
    """

    detour: float
    from_km: tuple[float, ...]
    speed_kmh: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.from_km, self.from_km[1:], strict=False))
        problems = []
        if not self.from_km or self.from_km[0] != 0 or not rising or len(self.from_km) != len(self.speed_kmh):
            problems.append("from_km must begin at 0 and rise, with one speed_kmh for each")
        if not all(np.isfinite(speed) and speed > 0 for speed in self.speed_kmh):
            problems.append("speed_kmh must be finite numbers above 0")
        if not (np.isfinite(self.detour) and self.detour >= 1):
            problems.append("detour must be a finite number of at least 1")
        if problems:
            raise ParameterError("; ".join(problems) + ".")

    @classmethod
    def from_reference(cls) -> EstimatedDrive:
        """With the detour factor of ``planning_parameters`` and the speeds of ``drive_speeds``."""
        parameters = planning_parameters()
        rows = read_table("drive_speeds").sort_values("from_km")
        stretches = (tuple(float(value) for value in rows[name]) for name in ("from_km", "speed_kmh"))
        return cls(float(parameters["detour"]), *stretches)

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """See `DriveProvider.drive`; every place can be reached."""
        x, y = check_places(easting, northing)
        way_m = self._ways((x, y), (x, y))
        # the same both ways, whatever the last digits of the geodesic are
        way_m = np.maximum(way_m, way_m.T)
        np.fill_diagonal(way_m, 0.0)
        return DriveMatrix(self._minutes(way_m), way_m, "estimate", (ESTIMATED,))

    def minutes_between(
        self, easting: ArrayLike, northing: ArrayLike, to_easting: ArrayLike, to_northing: ArrayLike
    ) -> NDArray[np.float64]:
        """(n, m) float64: minutes from each of n places to each of m others.

        Parameters
        ----------
        easting, northing : (n,) float, m, EPSG:3006
        to_easting, to_northing : (m,) float, m, EPSG:3006

        Raises
        ------
        ParameterError, ShapeError
        """
        return self._minutes(self._ways(check_places(easting, northing), check_places(to_easting, to_northing)))

    def _ways(self, starts: _Places, ends: _Places) -> NDArray[np.float64]:
        """(n, m) float64, m: the geodesics' lengths with their detours."""
        (lon, lat), (to_lon, to_lat) = (project(x, y, SWEREF99_TM, _WGS84) for x, y in (starts, ends))
        shape = len(lon), len(to_lon)
        from_, to = (part.ravel() for part in np.indices(shape))
        _, _, straight_m = Geod(ellps="GRS80").inv(lon[from_], lat[from_], to_lon[to], to_lat[to])
        return self.detour * np.asarray(straight_m, dtype=np.float64).reshape(shape)

    def _minutes(self, way_m: NDArray[np.float64]) -> NDArray[np.float64]:
        way_km = way_m / _M_PER_KM
        minutes = np.zeros_like(way_km)
        for begin, end, speed in zip(self.from_km, (*self.from_km[1:], np.inf), self.speed_kmh, strict=True):
            minutes += np.clip(way_km - begin, 0, end - begin) / speed * _MINUTES_PER_HOUR
        return minutes
