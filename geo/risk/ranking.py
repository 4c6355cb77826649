"""The highest cells, and the places they make: a hill of neighbouring cells is one place with one name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.reference import municipality_names
from geo.risk.explain import Explanation, explain_cell
from geo.risk.hills import Hill, find_hills
from geo.risk.scored import NEVER_INSPECTED, STATE_NAMES, ScoredSurface
from geo.risk.table_row import Glance, glance_at
from geo.risk.words import Sentence

__all__ = ["FLOAT32_SLACK", "Peak", "Place", "check_count", "make_place", "tabulate_cells", "top_cells", "top_places"]

MAX_TOP = 10_000
# rasters are float32: cells closer than this may change order when recomputed in float64
FLOAT32_SLACK = 1e-4


class Peak(NamedTuple):
    """The highest cell of a place: its id, its score and its state."""

    cell_id: str
    score: float
    state: str


@dataclass(frozen=True)
class Place:
    """Neighbouring top cells as one place to go to, told by its highest cell; with a filter, by the highest it shows.

    Attributes
    ----------
    rank : int, from 1
    place_id : str, the id of that cell
    name : Sentence
    municipality, municipality_code, county : of that cell
    score, state, contributions : of that cell
    n_cells : int
    easting, northing : float, m, centre of that cell
    bounds : (x_min, y_min, x_max, y_max) of its cells, m, EPSG:3006
    reasons : why, the weightiest first
    glance : Glance at that cell
    peak : Peak, the place's highest cell where a filter does not show it; None where it is that cell
    """

    rank: int
    place_id: str
    name: Sentence
    municipality: str
    municipality_code: str
    county: str
    score: float
    state: str
    contributions: dict[str, float]
    n_cells: int
    easting: float
    northing: float
    bounds: tuple[float, float, float, float]
    reasons: tuple[Sentence, ...]
    glance: Glance
    peak: Peak | None = None


def top_cells(surface: ScoredSurface, n: int, county: str | None) -> pd.DataFrame:
    """The n highest cells; see `RiskSurface.top`."""
    n = check_count(n)
    return tabulate_cells(surface, n, *_highest(surface, n, county))


def tabulate_cells(
    surface: ScoredSurface,
    n: int,
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    rank: Callable[[int, int], int] | None = None,
) -> pd.DataFrame:
    """The n highest of some cells as `RiskSurface.top` tells them, in their order in float64.

    Parameters
    ----------
    surface : ScoredSurface
    n : int
    rows, cols : (n_cells,) int64
    rank : of a row and a column, optional
        Ranks count from 1 when left out.
    """
    exact = [
        {component.name: surface.points_at(component, row, col) for component in surface.model.components}
        for row, col in zip(rows.tolist(), cols.tolist(), strict=True)
    ]
    totals = np.array([math.fsum(points.values()) for points in exact])
    order = np.lexsort((cols, rows, -totals))[:n]
    codes = surface.municipality_codes(rows, cols)
    names = municipality_names()
    records: list[dict[str, Any]] = []
    for position, i in enumerate(order, start=1):
        row, col = int(rows[i]), int(cols[i])
        easting, northing = surface.grid.centre(row, col)
        records.append(
            {
                "rank": position if rank is None else rank(row, col),
                "cell_id": surface.grid.cell_id(row, col),
                "scb_id": surface.grid.scb_id(row, col),
                "score": float(totals[i]),
                "state": STATE_NAMES[int(surface.state[row, col])],
                "municipality": names.get(codes[i], codes[i]),
                "municipality_code": codes[i],
                "county": codes[i][:2],
                "easting": easting,
                "northing": northing,
                **exact[i],
            }
        )
    columns = ["rank", "cell_id", "scb_id", "score", "state", "municipality", "municipality_code", "county"]
    columns += ["easting", "northing", *surface.model.weights]
    return pd.DataFrame(records, columns=columns)


def top_places(surface: ScoredSurface, n: int, county: str | None) -> tuple[Place, ...]:
    """The n highest places; see `RiskSurface.places`."""
    places = [make_place(surface, hill) for hill in find_hills(surface, check_count(n), county)]
    places.sort(key=lambda place: (-place.score, place.place_id))
    return tuple(replace(place, rank=rank) for rank, place in enumerate(places, start=1))


def make_place(surface: ScoredSurface, hill: Hill, cell: tuple[int, int] | None = None) -> Place:
    """A hill as a place without a rank, explained at its highest cell, or at another one of its place."""
    peak = hill.row, hill.col
    explanation: Explanation = explain_cell(surface, *(cell or peak), with_rank=False)
    grid = surface.grid
    west, south = grid.corner(hill.rows[1], hill.cols[0])
    east, north = grid.corner(hill.rows[0], hill.cols[1])
    return Place(
        rank=0,
        place_id=explanation.cell_id,
        name=explanation.place,
        municipality=explanation.municipality,
        municipality_code=explanation.municipality_code,
        county=explanation.county,
        score=explanation.score,
        state=explanation.state,
        contributions=explanation.contributions,
        n_cells=hill.n_cells,
        easting=explanation.easting,
        northing=explanation.northing,
        bounds=(west, south, east + grid.cell_m, north + grid.cell_m),
        reasons=explanation.reasons,
        glance=glance_at(explanation),
        peak=None if cell in {None, peak} else _tell_peak(surface, *peak),
    )


def _tell_peak(surface: ScoredSurface, row: int, col: int) -> Peak:
    score = math.fsum(surface.points_at(component, row, col) for component in surface.model.components)
    return Peak(surface.grid.cell_id(row, col), score, STATE_NAMES[int(surface.state[row, col])])


def _highest(surface: ScoredSurface, n: int, county: str | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells that may be among the n highest: those whose float32 score could be one of them after all in float64."""
    least = _nth_score(surface, n, county) - FLOAT32_SLACK
    score = surface.score
    rows, cols = [], []
    for band in surface.row_bands():
        chosen = _candidates(surface, band, county) & (score[band] >= least)
        row, col = np.unravel_index(np.flatnonzero(chosen), chosen.shape)
        rows.append(row + band.start)
        cols.append(col)
    return np.concatenate(rows), np.concatenate(cols)


def _nth_score(surface: ScoredSurface, n: int, county: str | None) -> np.float32:
    """The n-th highest score, or minus infinity where there are no more than n."""
    score, least = surface.score, np.float32(-np.inf)
    best = np.empty(0, dtype=np.float32)
    for band in surface.row_bands():
        values = score[band][_candidates(surface, band, county) & (score[band] > least)]
        best = np.concatenate([best, values])
        if len(best) > n:
            best = np.partition(best, len(best) - n)[len(best) - n :]
            least = best[0]
    return np.float32(least)


def _candidates(surface: ScoredSurface, band: slice, county: str | None) -> NDArray[np.bool_]:
    ranked: NDArray[np.bool_] = surface.state[band] >= NEVER_INSPECTED
    return ranked if county is None else ranked & surface.county_mask(county, band)


def check_count(n: int) -> int:
    """A number of rows, from 1 to 10 000.

    Raises
    ------
    ParameterError
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= MAX_TOP:
        message = f"n must be a whole number from 1 to {MAX_TOP}, got {n!r}."
        raise ParameterError(message)
    return int(n)
