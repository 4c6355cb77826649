"""The door: every request passes it, is known by its session, and goes on only where the table lets it."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from api.audience import wants_page
from api.auth.accounts import Accounts
from api.auth.paths import make_sign_in_path
from api.auth.permissions import PUBLIC, find_rule, is_allowed
from api.errors import path_of, problem_response, respond_to_error, respond_to_status
from geo.errors import NorrsynError
from geo.store.people.sessions import Session
from maps.i18n import pick_language
from maps.pages.base import Viewer, render_error_page, seen_by

__all__ = ["DoorKeeper"]

_POLICY_VIOLATION = 1008
# sessions are looked up on threads of their own: those of the routes may all be busy scoring
_THREADS = 8
_log = logging.getLogger("norrsyn")


class DoorKeeper:
    """Let a request through to its route, or refuse it: 404 what no row allows, 401 nobody, 403 somebody else.

    Parameters
    ----------
    app : ASGIApp
    accounts : Accounts
    """

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self.app = app
        self.accounts = accounts
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it before any of its body is read."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, is_whole = _find_route(scope)
        if path is not None and not is_whole:
            # another method than the address takes: the router says which ones
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        rule = None if path is None else find_rule(scope["method"], path)
        if rule is None:
            await _refuse(request, 404, "Page not found")(scope, receive, send)
            return
        session: Session | None = None
        if rule is not PUBLIC:
            try:
                session = await self._find_session(request)
            except NorrsynError as error:
                _log.exception("a session could not be looked up")
                await respond_to_error(request, error)(scope, receive, send)
                return
            if not is_allowed(None if session is None else session.user.roles, rule):
                await _refuse_somebody(request, session)(scope, receive, send)
                return
        if session is not None:
            scope.setdefault("state", {}).update(user=session.user, session=session)
        with (
            nullcontext()
            if session is None
            else seen_by(Viewer(session.user.user_id, session.user.name, session.user.roles))
        ):
            await self.app(scope, receive, send)

    async def _find_session(self, request: Request) -> Session | None:
        if self._limiter is None:
            self._limiter = CapacityLimiter(_THREADS)
        return await run_sync(self.accounts.find_session, request, limiter=self._limiter)


def _find_route(scope: Scope) -> tuple[str | None, bool]:
    """Path of the route that the router will choose, and whether it takes the method; None where there is no route."""
    partial: str | None = None
    for route in iter_route_contexts(scope["app"].routes):
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return _path_of_route(route), True
        if match is Match.PARTIAL and partial is None:
            partial = _path_of_route(route)
    return partial, False


def _path_of_route(route: Any) -> str:
    return str(route.path)


def _refuse_somebody(request: Request, session: Session | None) -> Response:
    if session is not None:
        return _refuse(request, 403, "This is not for your role")
    if wants_page(request):
        return RedirectResponse(make_sign_in_path(request), 303)
    return problem_response(
        401,
        "sign-in",
        "Sign in first",
        "Nobody is signed in, or the session has ended. Sign in at /sign-in and ask again.",
        instance=path_of(request),
        headers={"WWW-Authenticate": 'Session realm="Norrsyn"'},
    )


def _refuse(request: Request, status: int, heading: str) -> Response:
    if wants_page(request):
        return HTMLResponse(render_error_page(pick_language(request.query_params.get("lang")), status, heading), status)
    if status == 403:  # noqa: PLR2004
        return problem_response(
            403,
            "role",
            "Not for this role",
            "None of the roles of whoever is signed in may do this; an admin gives roles.",
            instance=path_of(request),
        )
    return respond_to_status(request, status)
