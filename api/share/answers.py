"""The pages that recipients get where nothing is shown: the same for every reason."""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from maps.i18n import pick_language
from maps.pages.share import render_share_refused_page

__all__ = ["respond_to_no_share", "respond_to_refusal"]


def respond_to_refusal(request: Request, wait_s: float = 0.0) -> Response:
    """The answer to everything that does not open: 404, or 429 where somebody must wait."""
    lang = pick_language(request.query_params.get("lang"))
    if not wait_s:
        return HTMLResponse(render_share_refused_page(lang), 404)
    seconds = math.ceil(wait_s)
    return HTMLResponse(render_share_refused_page(lang, wait_s=seconds), 429, headers={"Retry-After": str(seconds)})


async def respond_to_no_share(request: Request, _: Exception) -> Response:
    """The answer of every route below ``/share`` where nothing is shared, or not that."""
    return respond_to_refusal(request)
