"""The door: every request passes it, is known by its session, and goes on only where the table lets it."""

from __future__ import annotations

import logging
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from api.audience import wants_page
from api.auth.accounts import Accounts
from api.auth.paths import HOME, make_sign_in_path
from api.auth.permissions import PUBLIC, find_rule, is_allowed, list_pages
from api.errors import find_language, path_of, problem_response, respond_to_error, respond_to_status
from api.middleware import is_shared
from api.share.answers import respond_to_refusal
from geo.errors import NorrsynError
from geo.layers.circles import INNER_CIRCLE
from geo.store.people.sessions import Session
from maps.i18n import pick_language
from maps.pages.base import Viewer, render_error_page, seen_by

__all__ = ["DoorKeeper"]

# Our own pages name the user they were made for, by id.
PAGE_HEADER = "x-norrsyn-user"
_POLICY_VIOLATION = 1008
# sessions are looked up on threads of their own: those of the routes may all be busy scoring
_THREADS = 8
# for those who look after Norrsyn and do not see the map
_OTHER_HOMES = ("/admin", "/audit")
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
        found = await self._decide(Request(scope), path)
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        if found is None:
            await self.app(scope, receive, send)
            return
        basis = _say_basis(found, find_rule(Request(scope).method, path or ""))
        scope.setdefault("state", {}).update(user=found.user, session=found, basis=basis)
        with seen_by(_view(found)):
            await self.app(scope, receive, send)

    async def _decide(self, request: Request, path: str | None) -> Response | Session | None:
        """The session with which a request goes on, None where it needs none, or the refusal."""
        rule = None if path is None else find_rule(request.method, path)
        if rule is None:
            # a mounted folder takes every method, and is only read
            is_read = path is not None and find_rule("GET", path) is not None
            if is_read:
                return respond_to_status(request, 405, {"Allow": "GET, HEAD"})
            is_hidden = is_shared(request.url.path)
            return respond_to_refusal(request) if is_hidden else _refuse(request, 404, "Page not found")
        if rule is PUBLIC:
            return None
        try:
            session = await self._find_session(request)
        except NorrsynError as error:
            _log.exception("a session could not be looked up")
            return respond_to_error(request, error)
        if session is not None and not _is_meant(request, session):
            # another user has signed in since: what an open page of the first one asks is nobody's
            session = None
        if session is None or not is_allowed(session.user.roles, rule):
            return _refuse_somebody(request, session)
        return session

    async def _find_session(self, request: Request) -> Session | None:
        if self._limiter is None:
            self._limiter = CapacityLimiter(_THREADS)
        return await run_sync(self.accounts.find_session, request, limiter=self._limiter)


def _say_basis(session: Session, rule: frozenset[str] | None) -> str:
    """Roles that let somebody do this, and the circle whose records they see, as the log tells it."""
    roles = sorted(session.user.roles & (rule or frozenset()))
    return f"{', '.join(roles)}; {session.user.circle}"


def _is_meant(request: Request, session: Session) -> bool:
    """Whether a page that says whom it was made for asks for them."""
    return request.headers.get(PAGE_HEADER, session.user.user_id) == session.user.user_id


def _find_route(scope: Scope) -> tuple[str | None, bool]:
    """Path of the route that the router will choose, and whether it takes the method; None where there is no route."""
    partial: str | None = None
    for route in scope["app"].routes:
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
        return _lead_elsewhere(request, session) or _refuse_role(request, session)
    if wants_page(request):
        return RedirectResponse(make_sign_in_path(request), 303)
    return problem_response(
        401,
        "sign-in",
        "Sign in first",
        "Nobody is signed in, or the session has ended. Sign in at /sign-in and ask again.",
        instance=path_of(request),
        headers={"WWW-Authenticate": 'Session realm="Norrsyn"'},
        lang=find_language(request),
    )


def _lead_elsewhere(request: Request, session: Session) -> Response | None:
    """Where whoever may not see the map goes on to after signing in, if there is a page that is theirs."""
    if request.url.path != HOME or not wants_page(request):
        return None
    for path in _OTHER_HOMES:
        rule = find_rule("GET", path)
        if rule is not None and is_allowed(session.user.roles, rule):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{path}{query}", 303)
    return None


def _refuse_role(request: Request, session: Session) -> Response:
    with seen_by(_view(session)):
        return _refuse(request, 403, "This is not for your role")


def _view(session: Session) -> Viewer:
    user = session.user
    return Viewer(user.user_id, user.name, user.roles, list_pages(user.roles), user.circle == INNER_CIRCLE)


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
            lang=find_language(request),
        )
    return respond_to_status(request, status)
