"""Who may change anything: our own pages, and programs that say so; never a page of another site."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import path_of, problem_response

__all__ = ["PROGRAM_HEADER", "READING", "WriteGuard", "is_own_write"]

# What changes nothing; every other method does, also those that nobody has thought of yet.
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# A page of another site cannot send this header without asking us first, and is never told that it may.
PROGRAM_HEADER = ("x-requested-with", "norrsyn")


class WriteGuard:
    """Refuse every request that could change something and does not come from a page of ours, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it before any of its body is read."""
        if scope["type"] != "http" or scope["method"] in READING or is_own_write(scope):
            await self.app(scope, receive, send)
            return
        response = problem_response(
            403,
            "origin",
            "Not for other sites",
            "Only Norrsyn's own pages may change anything. A program that is no browser sends the header "
            "X-Requested-With: norrsyn, and no Origin.",
            instance=path_of(Request(scope)),
        )
        await response(scope, receive, send)


def is_own_write(scope: Scope) -> bool:
    """Whether a request that changes something comes from a page of this server, or from a program that says so.

    ``Origin`` must be this server's own, as ``Host`` names it (which `api.middleware.HostGuard` has checked). Where a
    browser sends none, or ``null`` as for the forms of pages that send no ``Referer``, ``Sec-Fetch-Site`` must be
    ``same-origin``. Where there is neither, it is no browser of today, and must send `PROGRAM_HEADER`.
    """
    given: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip().lower())
    if (origins := given.get("origin")) and origins != ["null"]:
        host = given.get("host", [""])[0]
        # a proxy on this machine may have taken TLS away
        return len(origins) == 1 and origins[0] in {f"{scope['scheme']}://{host}", f"https://{host}"}
    if sites := given.get("sec-fetch-site"):
        return sites == ["same-origin"]
    name, value = PROGRAM_HEADER
    return not origins and given.get(name) == [value]
