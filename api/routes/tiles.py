"""Score tiles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.caching import FOREVER, REVALIDATE, respond_cached
from api.filters import CellsShownByPath, OneFilter
from api.params import SurfaceByPath, known_parameters_only
from api.service import CURRENT
from maps.tiles import MAX_ZOOM, MIN_ZOOM

__all__ = ["router"]

router = APIRouter(tags=["tiles"], dependencies=[Depends(known_parameters_only)])


@router.get(
    "/tiles/{surface}/{z}/{x}/{y}.png",
    summary="A score tile",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "256 × 256 palette PNG"}},
)
def get_tile(
    request: Request,
    served: SurfaceByPath,
    z: Annotated[int, Path(description=f"Zoom, {MIN_ZOOM} to {MAX_ZOOM}")],
    x: Annotated[int, Path(description="Column from the west")],
    y: Annotated[int, Path(description="Row from the north")],
    chosen: OneFilter,
    shown: CellsShownByPath,
    never: Annotated[bool, Query(description="Stripe the cells that were never inspected")] = True,
) -> Response:
    """Score classes as a Web Mercator tile (XYZ); clear where nothing is drawn, and where a filter leaves cells out.

    A tile of a surface id never changes, so browsers keep it; those of `current` are asked for anew. So are those for
    an `agency`, because where it has powers follows from the sites, which may change while the surface stays, and those
    with weights of one's own, which nobody may be shown any more whose session has ended.
    """
    content = served.draw_tile(z, x, y, shown, stripes=never)
    may_change = request.path_params["surface"] == CURRENT or bool(chosen.agencies) or bool(served.changed_weights)
    return respond_cached(request, content, "image/png", REVALIDATE if may_change else FOREVER)
