"""Rankings: the highest cells, and the places they make."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from api.params import (
    CountParameter,
    CountyParameter,
    LanguageParameter,
    OneSurface,
    known_parameters_only,
)
from api.schemas import PlacesAnswer, TopAnswer
from maps.answers import describe_place, describe_top_cell

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["ranking"], dependencies=[Depends(known_parameters_only)])


@router.get("/top", summary="The highest cells", response_model=TopAnswer)
def list_top(
    served: OneSurface, n: CountParameter = 20, county: CountyParameter = None, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """The n highest cells, best first, each with the points that every component adds."""
    components = tuple(served.surface.components)
    rows = served.top(n, county).to_dict("records")
    return {"surface": served.id, "cells": [describe_top_cell(lang, row, components) for row in rows]}


@router.get("/places", summary="The highest places", response_model=PlacesAnswer)
def list_places(
    served: OneSurface, n: CountParameter = 20, county: CountyParameter = None, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """The n highest places, best first: neighbouring top cells are one place, named after the nearest locality."""
    places = [describe_place(lang, served.surface, place) for place in served.places(n, county)]
    return {"surface": served.id, "places": places}
