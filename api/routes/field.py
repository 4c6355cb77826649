"""The script that answers from saved areas where there is no network."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.caching import respond_cached
from api.params import TheService
from maps.pages.base import STATIC_FOLDER

__all__ = ["router"]

router = APIRouter(tags=["pages"])


@router.get(
    "/sw.js",
    summary="The service worker of saved areas",
    response_class=Response,
    responses={200: {"content": {"text/javascript": {}}}},
)
def get_worker(request: Request, service: TheService) -> Response:
    """What browsers register when somebody saves an area for the field.

    Browsers ask for it again on visits to the map. Where saving is turned off, it deletes what was saved, and itself.
    """
    name = "field.js" if service.settings.allow_offline else "off.js"
    script = (STATIC_FOLDER / "worker" / name).read_bytes()
    return respond_cached(request, script, "text/javascript; charset=utf-8")
