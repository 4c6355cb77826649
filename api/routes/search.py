"""Place search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.params import CurrentSnapshot, known_parameters_only
from api.schemas import SearchAnswer
from api.search import Hit
from maps.degrees import bounds_in_degrees, to_degrees

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["search"], dependencies=[Depends(known_parameters_only)])


@router.get("/search", summary="Search for a place", response_model=SearchAnswer)
def search(
    snapshot: CurrentSnapshot,
    q: Annotated[str, Query(max_length=200, description="A name or its beginning, a cell id, or coordinates")],
) -> dict[str, Any]:
    """Localities, municipalities and counties by name, with or without dots and rings; cells by id; coordinates.

    Coordinates are SWEREF 99 TM in either order, or latitude and longitude with point or comma.
    """
    grid = None if snapshot.published is None else snapshot.published.surface.grid
    return {"results": [_describe(hit) for hit in snapshot.search.find(q, grid)]}


def _describe(hit: Hit) -> dict[str, Any]:
    lon, lat = to_degrees(hit.easting, hit.northing)
    return {
        "name": hit.name,
        "kind": hit.kind,
        "detail": hit.detail,
        "lon": lon,
        "lat": lat,
        "bounds": None if hit.bounds is None else bounds_in_degrees(hit.bounds),
        "cell_id": hit.cell_id,
    }
