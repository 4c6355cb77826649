"""The cookie that holds a session: read by no script, sent with no request of another site."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.auth.addresses import is_guarded

__all__ = [
    "clear_cookie",
    "clear_share_cookie",
    "cookie_name",
    "device_cookie_name",
    "read_cookie",
    "read_named_cookie",
    "set_cookie",
    "set_device_cookie",
    "set_share_cookie",
    "share_cookie_name",
]

_NAME = "norrsyn"
_DEVICE_LASTS_S = 180 * 86_400


def cookie_name(request: Request) -> str:
    """``__Host-norrsyn`` where the way is TLS: browsers then let no other host or path set it."""
    return f"__Host-{_NAME}" if is_guarded(request) else _NAME


def read_cookie(request: Request) -> str | None:
    """The session's token, None where there is none or there are several to choose from."""
    return read_named_cookie(request, cookie_name(request))


def read_named_cookie(request: Request, name: str) -> str | None:
    """What a cookie holds, None where there is none of the name or there are several to choose from."""
    found = [
        value.strip()
        for header in request.headers.getlist("cookie")
        for given, _, value in (part.partition("=") for part in header.split(";"))
        if given.strip() == name
    ]
    return found[0] if len(found) == 1 else None


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser a session; it ends with the browser, or when the server says so."""
    response.set_cookie(
        cookie_name(request), token, path="/", secure=is_guarded(request), httponly=True, samesite="lax"
    )


def device_cookie_name(request: Request) -> str:
    """Name of the cookie that tells a browser from which somebody signed in before."""
    return f"{cookie_name(request)}-device"


def set_device_cookie(request: Request, response: Response, token: str) -> None:
    """Have the browser known again; it outlasts the session, and lets nobody in."""
    response.set_cookie(
        device_cookie_name(request),
        token,
        max_age=_DEVICE_LASTS_S,
        path="/",
        secure=is_guarded(request),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(request: Request, response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(cookie_name(request), path="/", secure=is_guarded(request), httponly=True, samesite="lax")


def share_cookie_name(request: Request) -> str:
    """Name of the cookie by which a recipient's browser is known; it has nothing to do with anybody's session."""
    return f"{cookie_name(request)}-share"


def set_share_cookie(request: Request, response: Response, token: str) -> None:
    """Give a recipient's browser a link session; it ends with the browser, or when the server says so."""
    response.set_cookie(
        share_cookie_name(request), token, path="/", secure=is_guarded(request), httponly=True, samesite="strict"
    )


def clear_share_cookie(request: Request, response: Response) -> None:
    """Take the link session away from the browser."""
    response.delete_cookie(
        share_cookie_name(request), path="/", secure=is_guarded(request), httponly=True, samesite="strict"
    )
