"""Who asks: a person with a browser, who reads pages, or a program, which reads problem details."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["wants_page"]

# Below these, programs ask; everywhere else it may be a person with a browser.
_FOR_PROGRAMS = ("/api", "/tiles", "/static", "/i18n", "/map/", "/healthz", "/openapi.json")


def wants_page(request: Request) -> bool:
    """Whether a request is answered with a page, also where it fails."""
    if request.url.path.startswith(_FOR_PROGRAMS):
        return False
    return request.method in {"GET", "POST"} and "text/html" in request.headers.get("accept", "")
