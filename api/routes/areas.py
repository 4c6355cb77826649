"""Drawn areas: what stands and has happened in them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from api.area_schemas import AreaAnswer, AreaRequest
from api.bodies import SmallBodyRoute
from api.params import CurrentSnapshot, LanguageParameter, OneSurface, known_parameters_only
from geo.risk.area import parse_area, sum_area
from maps.area_answers import describe_area

__all__ = ["router"]

router = APIRouter(
    prefix="/api", tags=["areas"], dependencies=[Depends(known_parameters_only)], route_class=SmallBodyRoute
)


@router.post("/area", summary="Totals of an area", response_model=AreaAnswer)
def sum_drawn_area(
    snapshot: CurrentSnapshot, served: OneSurface, drawn: AreaRequest, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """A drawn area in numbers: cells by class and state, the highest one, sites, visits, findings, municipalities.

    Nothing is written. The request is a POST because an area does not fit into an address.
    """
    surface = served.surface
    area = parse_area(drawn.model_dump(), surface.region, surface.grid)
    return describe_area(lang, surface, sum_area(surface, area, snapshot.layers))
