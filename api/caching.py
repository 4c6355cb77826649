"""Bytes with an ETag: what a browser has already is not sent again."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["FOREVER", "REVALIDATE", "respond_cached"]

# What a surface's id names never changes. Private: a proxy on the way has no business keeping it.
FOREVER = "private, max-age=604800, immutable"
REVALIDATE = "private, no-cache"


def respond_cached(request: Request, content: bytes, media_type: str, cache_control: str = REVALIDATE) -> Response:
    """Content with an ETag made of it, or 304 where the browser has it.

    Parameters
    ----------
    request : Request
    content : bytes
    media_type : str
    cache_control : str
    """
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": cache_control}
    if _holds(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _holds(if_none_match: str, tag: str) -> bool:
    """Whether a list of tags holds one, compared weakly (RFC 9110, 8.8.3.2)."""
    given = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given
