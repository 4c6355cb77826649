"""What holds for every response: security headers, known hosts only, HEAD, and no traceback to anyone.

These are plain ASGI middlewares, so that they also see what no route answers. `SecurityHeaders` is the outermost: an
error that nobody caught is answered inside it, with the same headers as everything else.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import path_of, problem_response
from api.redacting import hide_tokens

__all__ = [
    "ASKING_WHERE",
    "CONTENT_SECURITY_POLICY",
    "SHARE_HEADERS",
    "HeadAsGet",
    "HostGuard",
    "SecurityHeaders",
    "is_head",
    "is_shared",
    "is_this_machine",
    "security_headers",
]

CONTENT_SECURITY_POLICY: Mapping[str, str] = MappingProxyType(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)
# Features of the browser that no page may use, and what a page says that may ask where its reader is, on a click.
_NO_FEATURES = "camera=(), geolocation=(), microphone=()"
ASKING_WHERE: Mapping[str, str] = MappingProxyType(
    {"Permissions-Policy": "camera=(), geolocation=(self), microphone=()"}
)
# What is shared with somebody without an account is stored and found nowhere, and asks nobody else for anything: no
# online base map either.
SHARE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "; ".join(
            f"{name} {value}" for name, value in CONTENT_SECURITY_POLICY.items() if name != "worker-src"
        ),
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
)
_SHARED = re.compile(r"/(s|share)(/|$)")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>\d{1,5}))?")
_POLICY_VIOLATION = 1008
_log = logging.getLogger("norrsyn")

Crash = Callable[[Request, Exception], Awaitable[Response]]


def is_shared(path: str) -> bool:
    """Whether a path is a share link's, or of what it shows."""
    return _SHARED.match(path) is not None


def security_headers(image_origin: str | None = None) -> dict[str, str]:
    """Headers that every response carries.

    Parameters
    ----------
    image_origin : str, optional
        The one other place that images may come from: that of the online base map, if there is one.
    """
    policy = dict(CONTENT_SECURITY_POLICY)
    if image_origin is not None:
        policy["img-src"] += f" {image_origin}"
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": _NO_FEATURES,
    }


class SecurityHeaders:
    """Set the security headers, forbid storing what is not marked as private, and answer errors that nobody caught."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str], crash: Crash) -> None:
        self.app = app
        self.headers = headers
        self.crash = crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                own = headers.get("Permissions-Policy")
                headers.update(self.headers)
                if own == ASKING_WHERE["Permissions-Policy"]:
                    headers.update(ASKING_WHERE)
                if is_shared(scope["path"]):
                    headers.update(SHARE_HEADERS)
                elif not headers.get("Cache-Control", "").startswith("private"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            _log.exception("%s %r failed", scope["method"], hide_tokens(scope["path"]))
            if has_started:
                raise
            response = await self.crash(Request(scope), error)
            await response(scope, receive, send_with_headers)


class HostGuard:
    """Serve only requests that name this machine, so that no other site's name can be pointed at it (DNS rebinding).

    Parameters
    ----------
    app : ASGIApp
    names : host names that the operator has allowed besides, in lower case
    """

    def __init__(self, app: ASGIApp, names: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        status = check_host(hosts, self.names)
        if status is None and scope["type"] == "http" and is_foreign_errand(scope["headers"]):
            response = problem_response(
                403,
                "cross-site",
                "Not for other sites",
                "A page of another site asked for this; open Norrsyn itself.",
                instance=path_of(Request(scope)),
            )
            await response(scope, receive, send)
            return
        if status is None:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        response = problem_response(
            status,
            "host",
            "This host is not served here",
            "Norrsyn answers on this machine only: open http://127.0.0.1 or http://localhost with its port. "
            "An operator allows other names with NORRSYN_ALLOWED_HOSTS.",
            instance=path_of(Request(scope)),
        )
        await response(scope, receive, send)


def is_foreign_errand(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a page of another site fetches this in a visitor's browser; following a link to us is welcome."""
    given = dict(headers)
    return given.get(b"sec-fetch-site") == b"cross-site" and given.get(b"sec-fetch-mode") != b"navigate"


def check_host(hosts: list[str], names: frozenset[str] = frozenset()) -> int | None:
    """Status with which a request is refused for its Host headers: 400 malformed, 421 foreign; None if it is ours."""
    if len(hosts) != 1 or (match := _HOST.fullmatch(hosts[0].strip())) is None:
        return 400
    if match["port"] is not None and int(match["port"]) > 65535:  # noqa: PLR2004  ports are 16 bits wide
        return 400
    name = match["name"].lower()
    if name in names or is_this_machine(name):
        return None
    if name.startswith("[") and not _is_ipv6(name[1:-1]):
        return 400
    return 421


def is_this_machine(name: str) -> bool:
    """Whether a host's name, without port, is one that every machine has for itself."""
    if name in {"localhost", "127.0.0.1"}:
        return True
    return name.startswith("[") and _is_ipv6(name[1:-1]) and ipaddress.IPv6Address(name[1:-1]).is_loopback


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_head(request: Request) -> bool:
    """Whether only the head of an answer goes out."""
    return getattr(request.state, "is_head", False) is True


class HeadAsGet:
    """Answer HEAD as GET without the body, for every route there is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # what shows nothing is no view: `is_head`
        state = {**scope.get("state", {}), "is_head": True}
        await self.app({**scope, "method": "GET", "state": state}, receive, send_without_body)
