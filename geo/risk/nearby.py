"""What stands and has happened near a cell: past visits, those that found nothing too, and establishments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers.base import active_on
from geo.risk.table_row import is_near

__all__ = ["NearEstablishment", "NearVisit", "find_establishments", "find_visits", "read_visits"]

ESTABLISHMENTS_M = 50_000.0
N_ESTABLISHMENTS = 5
N_VISITS = 50


@dataclass(frozen=True)
class NearVisit:
    """A visit in a cell or within 2 km of its centre.

    Attributes
    ----------
    visit_id : str
    on : date
    outcome : code of ``visit_outcomes``
    agencies : codes of ``agencies``
    distance_m : float, m, from the cell's centre
    """

    visit_id: str
    on: date
    outcome: str
    agencies: tuple[str, ...]
    distance_m: float


@dataclass(frozen=True)
class NearEstablishment:
    """An establishment in its phase on the scoring date.

    Attributes
    ----------
    establishment_id, name : str, the id where it has no name
    phase : code of ``establishment_phases``
    next_phase : code of the phase that follows, None where none is known
    months_to_next : whole months until then, None where none is known
    distance_m : float, m, from the cell's centre to the nearest point of it
    easting, northing : float, m, EPSG:3006, that point
    """

    establishment_id: str
    name: str
    phase: str
    next_phase: str | None
    months_to_next: int | None
    distance_m: float
    easting: float
    northing: float


def find_visits(
    visits: gpd.GeoDataFrame, grid: Grid, cell: tuple[int, int], at: date
) -> tuple[int, tuple[NearVisit, ...]]:
    """Visits up to a day in a cell or within 2 km of its centre: how many, and the last 50, the last first.

    Parameters
    ----------
    visits : GeoDataFrame of the layer, EPSG:3006
    grid : Grid, EPSG:3006
    cell : row and column
    at : date
    """
    points = visits.geometry.to_numpy()
    easting, northing = shapely.get_x(points), shapely.get_y(points)
    near = is_near(grid, *cell, easting, northing) & (visits["visited_on"] <= pd.Timestamp(at)).to_numpy(dtype=bool)
    x, y = grid.centre(*cell)
    distance = np.hypot(easting - x, northing - y)[near]
    found = read_visits(visits[near], distance)
    return len(found), found[:N_VISITS]


def read_visits(visits: gpd.GeoDataFrame, distance_m: NDArray[np.float64]) -> tuple[NearVisit, ...]:
    """Visits with how far each is, the last first."""
    rows = zip(visits.to_dict("records"), distance_m.tolist(), strict=True)
    found = [
        NearVisit(
            visit_id=str(row["visit_id"]),
            on=row["visited_on"].date(),
            outcome=str(row["outcome"]),
            agencies=() if pd.isna(row["agencies"]) else tuple(filter(None, str(row["agencies"]).split("+"))),
            distance_m=away,
        )
        for row, away in rows
    ]
    return tuple(sorted(found, key=lambda visit: (-visit.on.toordinal(), visit.distance_m, visit.visit_id)))


def find_establishments(
    establishments: gpd.GeoDataFrame, easting: float, northing: float, at: date
) -> tuple[NearEstablishment, ...]:
    """The nearest establishments that have a phase on a day, at most five within 50 km, the nearest first.

    Parameters
    ----------
    establishments : GeoDataFrame of the layer, EPSG:3006
    easting, northing : float, m, EPSG:3006
    at : date
    """
    place = shapely.Point(easting, northing)
    away = shapely.distance(establishments.geometry.to_numpy(), place)
    close = establishments[np.asarray(active_on(establishments, at)) & (away <= ESTABLISHMENTS_M)]
    away = shapely.distance(close.geometry.to_numpy(), place)
    near = np.lexsort((close["establishment_id"].to_numpy(dtype=str), away)).tolist()[:N_ESTABLISHMENTS]
    # arrays of the columns once: a frame filtered for each of them takes most of the time of a cell's panel
    ids = establishments["establishment_id"].to_numpy(dtype=str)
    active_from = establishments["active_from"].to_numpy()
    later = active_from > np.datetime64(at)
    found = []
    for position in near:
        row = close.iloc[position]
        following = np.flatnonzero((ids == str(row["establishment_id"])) & later)
        starts, next_phase = None, None
        if following.size:
            first = following[np.argmin(active_from[following])]
            starts, next_phase = pd.Timestamp(active_from[first]).date(), str(establishments["phase"].iloc[first])
        nearest = shapely.get_point(shapely.shortest_line(row["geometry"], place), 0)
        found.append(
            NearEstablishment(
                establishment_id=str(row["establishment_id"]),
                name=str(row["establishment_id"] if pd.isna(row["name"]) or not row["name"] else row["name"]),
                phase=str(row["phase"]),
                next_phase=next_phase,
                months_to_next=None if starts is None else _count_months(at, starts),
                distance_m=float(away[position]),
                easting=float(nearest.x),
                northing=float(nearest.y),
            )
        )
    return tuple(found)


def _count_months(start: date, end: date) -> int:
    """Whole months from one day to a later one."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
