"""What stands and has happened in a drawn area, in numbers: no record of it leaves here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.layers.base import active_on
from geo.reference import are_discovered, score_classes, sectors_of
from geo.risk.area.drawn import DrawnArea
from geo.risk.naming import name_place
from geo.risk.scored import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, ScoredSurface
from geo.risk.words import Sentence

__all__ = ["AreaTotals", "HighestCell", "LayerTotals", "sum_area"]

N_MONTHS = 24
_NOTHING_FOUND = "nothing_found"
# Layer to the column of its size; what its records are told apart by follows from the layer.
_SIZES = {"workplaces": "employees", "accommodation": "beds", "establishments": "workforce"}


@dataclass(frozen=True)
class HighestCell:
    """The highest ranked cell of an area.

    Attributes
    ----------
    cell_id : str
    score : float
    easting, northing : float, m, EPSG:3006, its centre
    name : where it lies
    """

    cell_id: str
    score: float
    easting: float
    northing: float
    name: Sentence


@dataclass(frozen=True)
class LayerTotals:
    """Records of a layer in an area, active on the scoring date.

    Attributes
    ----------
    n : int, records
    size : float, employees, beds or workers
    groups : code to records and size, the most records first: sector group, housing type or phase
    """

    n: int
    size: float
    groups: Mapping[str, tuple[int, float]]


@dataclass(frozen=True)
class AreaTotals:
    """A drawn area in numbers.

    Attributes
    ----------
    km2 : float, of the area as drawn
    n_cells : int, cells of the region in it, by their centres; those it reaches into where it holds no centre
    holds_centres : bool
    classes : number of ranked cells by class code, every class
    n_nothing_known, n_never_inspected, n_inspected : int, cells by state
    mean_score : float over ranked cells, None where none is ranked
    highest : HighestCell, None where none is ranked
    sites : layer to LayerTotals: workplaces by sector group, accommodation by housing type, establishments by phase
    establishment_sectors : code of the sector group to establishments and workers
    visits : outcome to number of visits, up to the scoring date
    months : first days of the last 24 months, the scoring date's being the last
    findings_by_month : number of discovered findings in each
    visits_by_month : number of visits in each
    municipalities : code to share of the area's cells, the largest first; they add up to 1
    """

    km2: float
    n_cells: int
    holds_centres: bool
    classes: Mapping[str, int]
    n_nothing_known: int
    n_never_inspected: int
    n_inspected: int
    mean_score: float | None
    highest: HighestCell | None
    sites: Mapping[str, LayerTotals]
    establishment_sectors: Mapping[str, tuple[int, float]]
    visits: Mapping[str, int]
    months: tuple[date, ...]
    findings_by_month: tuple[int, ...]
    visits_by_month: tuple[int, ...]
    municipalities: Mapping[str, float]


def sum_area(surface: ScoredSurface, area: DrawnArea, layers: Mapping[str, gpd.GeoDataFrame]) -> AreaTotals:
    """Count what an area holds.

    Points count where the area's border is around them or runs through them; a line counts where any part of it lies in
    the area.

    Parameters
    ----------
    surface : ScoredSurface
    area : DrawnArea on the surface's grid
    layers : mapping of layer name to GeoDataFrame, EPSG:3006
    """
    at, window = surface.at, (area.rows, area.cols)
    state = surface.state[window][area.inside]
    score = surface.score[window][area.inside].astype(np.float64)
    ranked = score[state >= NEVER_INSPECTED]
    breaks = [each.low for each in score_classes()[1:]]
    counts = np.bincount(np.searchsorted(breaks, ranked, side="right"), minlength=len(breaks) + 1)
    inside = {name: _choose_inside(layers[name], area.polygon) for name in (*_SIZES, "visits", "findings")}
    sites = {name: inside[name][active_on(inside[name], at)] for name in _SIZES}
    workplaces, establishments = sites["workplaces"], sites["establishments"]
    groups = {
        "workplaces": sectors_of(workplaces["sni"], workplaces["sni_version"]),
        "accommodation": sites["accommodation"]["housing_type"],
        "establishments": establishments["phase"],
    }
    visits = inside["visits"][_until(inside["visits"]["visited_on"], at)]
    months = _list_months(at)
    return AreaTotals(
        km2=area.km2,
        n_cells=int(area.inside.sum()),
        holds_centres=area.holds_centres,
        classes={each.code: int(n) for each, n in zip(score_classes(), counts, strict=True)},
        n_nothing_known=int((state == NOTHING_KNOWN).sum()),
        n_never_inspected=int((state == NEVER_INSPECTED).sum()),
        n_inspected=int((state == INSPECTED).sum()),
        mean_score=float(ranked.mean()) if len(ranked) else None,
        highest=_find_highest(surface, area) if len(ranked) else None,
        sites={name: _total(sites[name][_SIZES[name]], groups[name]) for name in _SIZES},
        establishment_sectors=_total(establishments["workforce"], establishments["sector"]).groups,
        visits=dict(visits["outcome"].value_counts().items()),
        months=months,
        findings_by_month=_count_months(_discovered(inside["findings"], at)["observed_on"], months),
        visits_by_month=_count_months(visits["visited_on"], months),
        municipalities=_share_municipalities(surface, area),
    )


def _choose_inside(frame: gpd.GeoDataFrame, polygon: shapely.Geometry) -> gpd.GeoDataFrame:
    if frame.empty:
        return frame
    shapely.prepare(polygon)
    return frame[shapely.intersects(polygon, frame.geometry.to_numpy())]


def _until(days: pd.Series, at: date) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = (days <= pd.Timestamp(at)).to_numpy(dtype=bool)
    return known


def _discovered(findings: gpd.GeoDataFrame, at: date) -> gpd.GeoDataFrame:
    """Findings of inspections up to a day that may still be kept; tips are none."""
    if findings.empty:
        return findings
    expired = (findings["retain_until"] < pd.Timestamp(at)).to_numpy(dtype=bool)
    return findings[_until(findings["observed_on"], at) & are_discovered(findings["source"]) & ~expired]


def _total(sizes: pd.Series, groups: Sequence[str] | pd.Series | NDArray[np.object_]) -> LayerTotals:
    sizes = pd.Series(sizes.to_numpy(dtype=np.float64))
    by_group = sizes.groupby(np.asarray(groups, dtype=object)).agg(["size", "sum"])
    by_group = by_group.sort_index().sort_values("size", ascending=False, kind="stable")
    rows = zip(by_group.index, by_group["size"], by_group["sum"], strict=True)
    return LayerTotals(len(sizes), float(sizes.sum()), {str(code): (int(n), float(size)) for code, n, size in rows})


def _find_highest(surface: ScoredSurface, area: DrawnArea) -> HighestCell:
    window = (area.rows, area.cols)
    shown = area.inside & (surface.state[window] >= NEVER_INSPECTED)
    scores = np.where(shown, surface.score[window], -np.inf)
    row, col = np.unravel_index(int(scores.argmax()), scores.shape)
    row, col = int(row) + area.rows.start, int(col) + area.cols.start
    easting, northing = surface.grid.centre(row, col)
    name = name_place(surface.region.localities, easting, northing)
    return HighestCell(surface.grid.cell_id(row, col), float(surface.score[row, col]), easting, northing, name)


def _list_months(at: date) -> tuple[date, ...]:
    last = at.year * 12 + at.month - 1
    return tuple(date(month // 12, month % 12 + 1, 1) for month in range(last - N_MONTHS + 1, last + 1))


def _count_months(days: pd.Series, months: tuple[date, ...]) -> tuple[int, ...]:
    first = months[0].year * 12 + months[0].month - 1
    number = (days.dt.year * 12 + days.dt.month - 1 - first).to_numpy(dtype=np.int64)
    recent = number[(number >= 0) & (number < len(months))]
    return tuple(np.bincount(recent, minlength=len(months)).tolist())


def _share_municipalities(surface: ScoredSurface, area: DrawnArea) -> dict[str, float]:
    position = surface.region.municipality_raster(surface.grid, area.rows, area.cols)[area.inside]
    counts = np.bincount(position, minlength=len(surface.region.codes))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-counts[at], at))
    return {surface.region.codes[at]: float(counts[at] / len(position)) for at in order}
