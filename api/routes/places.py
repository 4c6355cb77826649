"""Rankings: the highest cells, and the places they make, of those that a filter shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Depends

from api.filters import CellsShown
from api.params import CountParameter, CurrentSnapshot, LanguageParameter, OneSurface, known_parameters_only
from api.schemas import FiltersAnswer, PlacesAnswer, TopAnswer
from api.service import Snapshot
from api.surfaces import ServedSurface
from geo.risk.table_row import Glance, days_since_visits
from maps.answers import describe_glance, describe_place, describe_top_cell
from maps.filter_choices import describe_choices

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["ranking"], dependencies=[Depends(known_parameters_only)])


@router.get("/top", summary="The highest cells", response_model=TopAnswer)
def list_top(
    snapshot: CurrentSnapshot,
    served: OneSurface,
    shown: CellsShown,
    n: CountParameter = 20,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """The n highest cells that the filter shows, best first, each with the points that every component adds."""
    components = tuple(served.surface.components)
    rows = served.top(n, shown).to_dict("records")
    glances = _describe_glances(lang, snapshot, served, [row["cell_id"] for row in rows], served.glances(n, shown))
    cells = [{**describe_top_cell(lang, row, components), **glance} for row, glance in zip(rows, glances, strict=True)]
    return {"surface": served.id, "cells": cells}


@router.get("/places", summary="The highest places", response_model=PlacesAnswer)
def list_places(
    snapshot: CurrentSnapshot,
    served: OneSurface,
    shown: CellsShown,
    n: CountParameter = 20,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """The n highest places, best first: neighbouring top cells are one place, named after the nearest locality.

    A filter shows the places of which it shows a cell, each told by the highest of these; `peak` is the one above it.
    """
    places = served.places(n, shown)
    cell_ids, known = [place.place_id for place in places], [place.glance for place in places]
    glances = _describe_glances(lang, snapshot, served, cell_ids, known)
    described = [
        {**describe_place(lang, served.surface, place), **glance} for place, glance in zip(places, glances, strict=True)
    ]
    return {"surface": served.id, "places": described}


@router.get("/filters", summary="What can be filtered by", response_model=FiltersAnswer)
def list_filters(snapshot: CurrentSnapshot, lang: LanguageParameter = "en") -> dict[str, Any]:
    """Every value that the filter's parameters take, in words: counties, municipalities, states, agencies, classes."""
    return describe_choices(lang, snapshot.region)


def _describe_glances(
    lang: str, snapshot: Snapshot, served: ServedSurface, cell_ids: Sequence[str], glances: Sequence[Glance]
) -> Iterator[dict[str, Any]]:
    surface, certainty = served.surface, served.certainty
    cells = [surface.grid.parse_cell_id(cell_id) for cell_id in cell_ids]
    days = days_since_visits(snapshot.layers["visits"], surface.grid, surface.at, cells)
    for rank, (cell, glance, since) in enumerate(zip(cells, glances, days, strict=True), start=1):
        sure = 0 if certainty is None else int(certainty[cell])
        yield {"rank_shown": rank, **describe_glance(lang, surface, glance, sure, since)}
