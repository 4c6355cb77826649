"""What stands and has happened near a cell, in a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd

from geo.risk.explain import Explanation
from geo.risk.nearby import NearEstablishment, NearVisit, find_establishments, find_visits
from geo.risk.surface import RiskSurface
from geo.risk.words import title_sentence
from maps.answers import describe_cell
from maps.degrees import to_degrees
from maps.i18n import say
from maps.record_names import RecordNames

__all__ = ["describe_nearby", "describe_panel", "describe_visit"]


def describe_panel(
    lang: str, surface: RiskSurface, names: RecordNames, layers: Mapping[str, gpd.GeoDataFrame], cell_id: str
) -> dict[str, Any]:
    """Why a cell has its score, and what stands and has happened near it, as `api.schemas.CellPanel`.

    Raises
    ------
    ParameterError, NotFoundError
        The id is no cell of the grid, or lies outside the region.
    """
    explanation = surface.explain(cell_id)
    nearby = describe_nearby(lang, surface, explanation, layers)
    return {**describe_cell(lang, surface, names, explanation, has_visit=nearby["n_visits"] > 0), **nearby}


def describe_nearby(
    lang: str, surface: RiskSurface, explanation: Explanation, layers: Mapping[str, gpd.GeoDataFrame]
) -> dict[str, Any]:
    """Past visits and the nearest establishments, as the fields that `api.schemas.CellPanel` adds."""
    cell = surface.grid.parse_cell_id(explanation.cell_id)
    n_visits, visits = find_visits(layers["visits"], surface.grid, cell, surface.at)
    place = explanation.easting, explanation.northing
    establishments = find_establishments(layers["establishments"], *place, surface.at)
    return {
        "n_visits": n_visits,
        "visits": [describe_visit(lang, visit) for visit in visits],
        "establishments": [_describe_establishment(lang, one) for one in establishments],
    }


def describe_visit(lang: str, visit: NearVisit) -> dict[str, Any]:
    """A visit, as `api.schemas.VisitInfo`."""
    return {
        "id": visit.visit_id,
        "on": visit.on.isoformat(),
        "outcome": _name(lang, "visit_outcomes", "outcome", visit.outcome),
        "agencies": [_name(lang, "agencies", "agency", agency) for agency in visit.agencies],
        "distance_m": visit.distance_m,
    }


def _describe_establishment(lang: str, one: NearEstablishment) -> dict[str, Any]:
    lon, lat = to_degrees(one.easting, one.northing)
    table = ("establishment_phases", "phase")
    return {
        "id": one.establishment_id,
        "layer": "establishments",
        "title": one.name,
        "phase": _name(lang, *table, one.phase),
        "next_phase": None if one.next_phase is None else _name(lang, *table, one.next_phase),
        "months_to_next": one.months_to_next,
        "distance_m": one.distance_m,
        "lon": lon,
        "lat": lat,
    }


def _name(lang: str, table: str, column: str, code: str) -> dict[str, str]:
    return {"code": code, "name": say(lang, title_sentence(table, column, code))}
