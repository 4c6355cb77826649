"""Two surfaces compared: in figures, and as tiles of their difference."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.caching import FOREVER, REVALIDATE, respond_cached
from api.difference_schemas import CompareAnswer
from api.params import CurrentSnapshot, LanguageParameter, OneSurface, SurfaceByPath, TheService, known_parameters_only
from api.service import CURRENT
from api.surfaces import ServedSurface
from api.viewers import TheUserName
from maps.difference_answers import describe_difference
from maps.tiles import MAX_ZOOM, MIN_ZOOM

__all__ = ["router"]

MAX_CHANGES = 100

router = APIRouter(tags=["surfaces"], dependencies=[Depends(known_parameters_only)])


def find_other(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUserName,
    other: Annotated[str, Query(description="Id of the other surface, or `current` for the published one")],
) -> ServedSurface:
    """The surface that is compared with."""
    return service.find_surface(snapshot, other, user)


def find_other_by_path(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUserName,
    other: Annotated[str, Path(description="Id of the other surface, or `current` for the published one")],
) -> ServedSurface:
    """The surface that is compared with, as the path names it."""
    return service.find_surface(snapshot, other, user)


@router.get("/api/compare", summary="Two surfaces compared", response_model=CompareAnswer)
def compare(
    service: TheService,
    served: OneSurface,
    other: Annotated[ServedSurface, Depends(find_other)],
    n: Annotated[int, Query(ge=1, le=MAX_CHANGES, description="How many rises and how many falls")] = 10,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """How the other surface differs: likeness of the rankings, moves between classes, largest rises and falls.

    Both must have the same grid; with another cell size the answer is 422.
    """
    compared = service.compare(served, other)
    with service.turns.take():
        return describe_difference(lang, compared.difference, n)


@router.get(
    "/tiles/compare/{surface}/{other}/{z}/{x}/{y}.png",
    summary="A tile of a difference",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "256 × 256 palette PNG"}},
)
def get_difference_tile(
    request: Request,
    service: TheService,
    served: SurfaceByPath,
    other: Annotated[ServedSurface, Depends(find_other_by_path)],
    z: Annotated[int, Path(description=f"Zoom, {MIN_ZOOM} to {MAX_ZOOM}")],
    x: Annotated[int, Path(description="Column from the west")],
    y: Annotated[int, Path(description="Row from the north")],
) -> Response:
    """Where the other surface is higher (brown) or lower (blue, striped); from afar, the largest change in a pixel.

    Browsers keep it as they do a tile of each surface.
    """
    compared = service.compare(served, other)
    names = request.path_params["surface"], request.path_params["other"]
    may_change = CURRENT in names or bool(served.changed_weights or other.changed_weights)
    return respond_cached(request, compared.tiles.render(z, x, y), "image/png", REVALIDATE if may_change else FOREVER)
