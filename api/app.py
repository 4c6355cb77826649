"""The application: routes, middleware, error handlers, and the service behind them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.audience import wants_page
from api.auth.accounts import Accounts
from api.auth.doors import DoorKeeper
from api.auth.passwords import Passwords
from api.caching import REVALIDATE
from api.errors import find_kind, respond_to_error, respond_to_status, respond_to_validation
from api.middleware import HeadAsGet, HostGuard, SecurityHeaders, is_shared, security_headers
from api.openapi import describe_api
from api.origin import WriteGuard
from api.redacting import hide_tokens, redact_logs
from api.release import find_version
from api.routes import ROUTERS
from api.service import Service
from api.settings import Settings, load_settings
from api.share.answers import respond_to_no_share, respond_to_refusal
from api.share.sessions import NoShareError
from api.share.showing import SharedPictures, make_ground
from api.witness import Sightings
from geo.errors import NorrsynError
from maps.i18n import pick_language
from maps.pages.base import STATIC_FOLDER, leaflet_folder, render_error_page

__all__ = ["create_app"]

_GZIP_FROM_BYTES = 1_000
_GZIP_LEVEL = 5
_HEADINGS = {
    404: "Page not found",
    422: "The request cannot be used",
}
_HEADING = "Something went wrong"
_log = logging.getLogger("norrsyn")


def create_app(settings: Settings | None = None, *, passwords: Passwords | None = None) -> FastAPI:
    """Norrsyn as an ASGI application.

    It serves whoever is signed in and has a role for what they ask (`api.auth.permissions`).

    Parameters
    ----------
    settings : Settings, optional
        Those of the environment when left out.
    passwords : Passwords, optional
        How passwords are hashed; argon2id at full strength when left out.

    Returns
    -------
    FastAPI
        Its ``state.service`` is the `Service` behind the routes, ``state.accounts`` the `Accounts`; layers and the
        published surface are read when it starts.

    Raises
    ------
    ConfigError
        Settings that cannot be used, all of them named.
    """
    redact_logs()
    settings = load_settings() if settings is None else settings
    service, accounts = Service(settings), Accounts(settings, passwords)
    image_origin = None if service.base_map is None else service.base_map.origin
    app = FastAPI(
        title="Norrsyn",
        version=find_version(),
        # their pages load scripts from elsewhere
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # as they are: including a router would build each of its routes anew, at the first request of every application
        routes=[route for router in ROUTERS for route in router.routes],
        lifespan=_lifespan,
        middleware=[
            Middleware(SecurityHeaders, headers=security_headers(image_origin), crash=_respond_to_crash),
            Middleware(HostGuard, names=settings.host_names),
            Middleware(WriteGuard),
            Middleware(HeadAsGet),
            Middleware(DoorKeeper, accounts=accounts),
            Middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES, compresslevel=_GZIP_LEVEL),
        ],
        exception_handlers={
            NoShareError: respond_to_no_share,
            NorrsynError: _respond_to_error,
            RequestValidationError: _respond_to_validation,
            HTTPException: _respond_to_status,
        },
    )
    _equip(app, service, accounts)
    return app


def _equip(app: FastAPI, service: Service, accounts: Accounts) -> None:
    """Give an application what its routes ask of it, and the files that it serves."""
    app.state.service, app.state.accounts, app.state.sightings = service, accounts, Sightings()
    # who guesses at share links keeps nobody from signing in
    app.state.share_passwords = accounts.passwords.apart()
    app.state.shared_pictures = SharedPictures()
    app.openapi = partial(describe_api, app)  # type: ignore[method-assign]
    app.mount("/static/leaflet", _Static(leaflet_folder()), name="leaflet")
    app.mount("/static", _Static(STATIC_FOLDER), name="static")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await asyncio.to_thread(service.start)
    await asyncio.to_thread(app.state.accounts.start)
    await asyncio.to_thread(app.state.share_passwords.warm)
    # what the first recipient of a shared map would otherwise wait for
    service.drawing.prepare(make_ground)
    yield
    service.close()


class _Static(StaticFiles):
    """Files that browsers keep and ask after: after an update nobody runs yesterday's script."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or 304."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = REVALIDATE
        return response


async def _respond_to_error(request: Request, error: Exception) -> Response:
    kind = find_kind(error)
    if not kind.is_told:
        _log.error("%s %r failed", request.method, hide_tokens(request.url.path), exc_info=error)
    return await _respond(request, kind.status, lambda: respond_to_error(request, error))


async def _respond_to_crash(request: Request, error: Exception) -> Response:
    return await _respond(request, 500, lambda: respond_to_error(request, error))


async def _respond_to_validation(request: Request, error: Exception) -> Response:
    failures = cast("RequestValidationError", error)
    if is_shared(request.url.path):
        # what is no tile or no square is like one that is not shown
        return respond_to_refusal(request)
    return await _respond(request, 422, lambda: respond_to_validation(request, failures))


async def _respond_to_status(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    headers = dict(refusal.headers or {})
    if refusal.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_find_methods(request))
    return await _respond(
        request, refusal.status_code, lambda: respond_to_status(request, refusal.status_code, headers)
    )


async def _respond(request: Request, status: int, make_problem: Callable[[], Response]) -> Response:
    """A page for a person with a browser, problem details for everybody else."""
    if not wants_page(request):
        return make_problem()
    # Nothing of the request or of the error stands in the page: words of ours only.
    page = render_error_page(pick_language(request.query_params.get("lang")), status, _HEADINGS.get(status, _HEADING))
    return HTMLResponse(page, status)


def _find_methods(request: Request) -> list[str]:
    """What an address takes, where it does not take what was asked."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE)
    methods = {method for route in matching for method in getattr(route, "methods", None) or ()}
    return ["GET", "HEAD", *sorted(methods - {"GET", "HEAD"})]
