"""How the scores of what is shown are spread: a histogram, counts by class and state, and where one cell stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFoundError, ParameterError
from geo.reference import score_classes
from geo.risk.filters import Shown
from geo.risk.states import NEVER_INSPECTED, OUTSIDE, STATE_NAMES
from geo.risk.surface import RiskSurface
from maps.i18n import translate

__all__ = ["BIN_POINTS", "AreaSpreads", "Spread", "describe_distribution", "measure_area_spreads", "measure_spread"]

# Width of a bin; every break between classes is a multiple of it, so that a bin belongs to one class.
BIN_POINTS = 2.5
_EDGES = np.arange(0.0, 100.0 + BIN_POINTS, BIN_POINTS)


@dataclass(frozen=True, eq=False)
class Spread:
    """Counts of cells in an area.

    Attributes
    ----------
    bins : (n_bins,) int64, ranked cells by score, `BIN_POINTS` each; the last bin holds 100 too
    states : (n_states,) int64, all cells by state
    n_below : ranked cells with a lower score than the chosen one; None without one that is ranked
    """

    bins: NDArray[np.int64]
    states: NDArray[np.int64]
    n_below: int | None

    @property
    def n_ranked(self) -> int:
        """Ranked cells."""
        return int(self.bins.sum())


@dataclass(frozen=True, eq=False)
class AreaSpreads:
    """Counts of cells in each municipality: made once for a surface, they add up to those of any area.

    Attributes
    ----------
    bins : (n_municipalities, n_bins) int64, as `Spread.bins`, in the order of the region's codes
    states : (n_municipalities, n_states) int64
    """

    bins: NDArray[np.int64]
    states: NDArray[np.int64]


def measure_area_spreads(surface: RiskSurface) -> AreaSpreads:
    """Count the cells of each municipality by score and state, in one walk over the rows."""
    n_areas, n_bins, n_states = len(surface.region.codes), len(_EDGES) - 1, len(STATE_NAMES)
    areas = surface.region.municipality_raster(surface.grid)
    bins = np.zeros(n_areas * n_bins, dtype=np.int64)
    states = np.zeros(n_areas * n_states, dtype=np.int64)
    for rows in surface.row_bands():
        inside = areas[rows] >= 0
        area, state = areas[rows][inside].astype(np.intp), surface.state[rows][inside]
        states += np.bincount(area * n_states + state, minlength=len(states))
        ranked = state >= NEVER_INSPECTED
        scores = surface.score[rows][inside][ranked].astype(np.float64)
        # as numpy's histogram: the last bin holds its upper edge too
        at = np.minimum(np.searchsorted(_EDGES, scores, side="right") - 1, n_bins - 1)
        bins += np.bincount(area[ranked] * n_bins + at, minlength=len(bins))
    return AreaSpreads(bins.reshape(n_areas, n_bins), states.reshape(n_areas, n_states))


def measure_spread(
    surface: RiskSurface,
    county: str | None = None,
    municipality: str | None = None,
    cell: tuple[int, int] | None = None,
    shown: Shown | None = None,
    by_area: AreaSpreads | None = None,
) -> Spread:
    """Count the cells of an area by score and state.

    Parameters
    ----------
    surface : RiskSurface
    county, municipality : codes, optional; all of the region when left out
    cell : row and column of a cell to place among them, optional
    shown : the cells that a filter shows, to count no others; optional
    by_area : what `measure_area_spreads` counted, where it is known: then nothing is counted for an area as such

    Returns
    -------
    Spread

    Raises
    ------
    ParameterError
        There is no such county or municipality, or the municipality lies in another county.
    """
    first, end = _find_codes(surface, county, municipality)
    if by_area is not None and cell is None and shown is None:
        return Spread(by_area.bins[first:end].sum(axis=0), by_area.states[first:end].sum(axis=0), None)
    areas = surface.region.municipality_raster(surface.grid)
    mark = None
    if cell is not None and surface.state[cell] >= NEVER_INSPECTED:
        mark = surface.score[cell]
    bins = np.zeros(len(_EDGES) - 1, dtype=np.int64)
    states = np.zeros(len(STATE_NAMES), dtype=np.int64)
    below = 0
    for rows in surface.row_bands():
        inside = (areas[rows] >= first) & (areas[rows] < end)
        if shown is not None:
            inside &= shown.includes(rows)
        state = surface.state[rows][inside]
        states += np.bincount(state, minlength=len(states))
        scores = surface.score[rows][inside][state >= NEVER_INSPECTED]
        # in float64, as classes are told
        bins += np.histogram(scores.astype(np.float64), _EDGES)[0]
        below += 0 if mark is None else int(np.count_nonzero(scores < mark))
    return Spread(bins, states, None if mark is None else below)


def describe_distribution(
    lang: str,
    surface: RiskSurface,
    county: str | None,
    municipality: str | None,
    cell_id: str | None,
    shown: Shown | None = None,
    by_area: AreaSpreads | None = None,
) -> dict[str, Any]:
    """The spread of scores, as `api.live_schemas.DistributionAnswer`.

    Raises
    ------
    ParameterError, NotFoundError
        An area or a cell that there is not.
    """
    cell = None if cell_id is None else surface.grid.parse_cell_id(cell_id)
    if cell is not None and surface.state[cell] == OUTSIDE:
        message = f"Cell {cell_id} lies outside the region; choose a cell on the map."
        raise NotFoundError(message)
    spread = measure_spread(surface, county, municipality, cell, shown, by_area)
    classes = list(_describe_classes(lang, spread.bins))
    return {
        "surface": surface.id,
        "county": county,
        "municipality": municipality,
        "n_ranked": spread.n_ranked,
        "bins": [
            {"low": float(low), "high": float(high), "class_code": _class_at(float(low)), "n_cells": int(n)}
            for low, high, n in zip(_EDGES[:-1], _EDGES[1:], spread.bins, strict=True)
        ],
        "classes": classes,
        "states": {name: int(spread.states[code]) for code, name in STATE_NAMES.items() if code != OUTSIDE},
        "cell": None if cell is None else _describe_cell(surface, cell, spread),
    }


def _describe_cell(surface: RiskSurface, cell: tuple[int, int], spread: Spread) -> dict[str, Any]:
    is_ranked = spread.n_below is not None and spread.n_ranked > 0
    return {
        "cell_id": surface.grid.cell_id(*cell),
        "score": float(surface.score[cell]),
        "share_below": (spread.n_below or 0) / spread.n_ranked if is_ranked else None,
    }


def _describe_classes(lang: str, bins: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    for one in score_classes():
        inside = (_EDGES[:-1] >= one.low) & (_EDGES[:-1] < one.high)
        yield {
            "code": one.code,
            "name": translate(lang, one.name),
            "colour": one.colour,
            "low": one.low,
            "high": one.high,
            "n_cells": int(bins[inside].sum()),
        }


def _class_at(points: float) -> str:
    return next(one.code for one in reversed(score_classes()) if points >= one.low)


def _find_codes(surface: RiskSurface, county: str | None, municipality: str | None) -> tuple[int, int]:
    """First and last + 1 of an area's positions in the municipality raster."""
    codes = surface.region.codes
    first, end = (0, len(codes)) if county is None else surface.county_codes(county)
    if municipality is None:
        return first, end
    if municipality not in codes[first:end]:
        where = "the region" if county is None else f"county {county}"
        message = f"{municipality!r} is no municipality of {where}; there are {', '.join(codes[first:end])}."
        raise ParameterError(message)
    position = codes.index(municipality)
    return position, position + 1
