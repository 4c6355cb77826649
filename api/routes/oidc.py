"""Signing in through an identity provider: the way there, and the way back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.auth.accounts import Accounts
from api.auth.addresses import is_guarded
from api.auth.paths import choose_next, read_language
from api.routes.accounts import TheAccounts, go_on
from api.routes.pages import PageLanguage
from geo.errors import ParameterError
from geo.store.people.vouched import Vouched
from maps.i18n import pick_language

__all__ = ["router"]

router = APIRouter(tags=["accounts"])

_RETURN = "/sign-in/oidc/return"
# what may be a name, the best first; the subject is there always
_NAMES = ("name", "preferred_username", "email", "sub")
_log = logging.getLogger("norrsyn")


@router.get("/sign-in/oidc", include_in_schema=False)
def begin(
    request: Request,
    accounts: TheAccounts,
    lang: PageLanguage = None,
    wanted: Annotated[str | None, Query(alias="next")] = None,
) -> Response:
    """Send the browser to the provider; where there is none, or somebody is signed in, to the sign-in page."""
    if accounts.provider is None or accounts.find_session(request) is not None:
        return _lead_back(wanted, lang)
    from api.oidc.errors import ProviderError  # noqa: PLC0415  see `api.auth.providers`
    from api.oidc.pending import make_pending, set_pending  # noqa: PLC0415

    path = choose_next(wanted)
    pending = make_pending(path, pick_language(lang or read_language(path)))
    try:
        address = accounts.provider.make_address(pending, _make_return(request))
    except ProviderError as error:
        _log.warning("a sign-in through the provider cannot begin: %s", error.reason)
        return _lead_back(wanted, lang, error.problem)
    response = RedirectResponse(address, 303)
    set_pending(request, response, pending, accounts.provider.key, now=accounts.clock())
    return response


@router.get(_RETURN, include_in_schema=False)
def come_back(request: Request, accounts: TheAccounts) -> Response:
    """Sign in whom the provider vouches for, if they have a role here."""
    if accounts.provider is None:
        return _lead_back(None, None)
    from api.oidc.errors import REFUSED, ProviderError  # noqa: PLC0415
    from api.oidc.pending import clear_pending, read_pending  # noqa: PLC0415

    pending = read_pending(request, accounts.provider.key, now=accounts.clock())
    wanted, lang = (None, None) if pending is None else (pending.wanted, pending.lang)
    try:
        claims = accounts.provider.find_claims(
            pending, _read_answer(request), _make_return(request), now=accounts.clock()
        )
        done = accounts.sign_in_vouched(request, _vouch(accounts, claims))
        if done is None:
            raise ProviderError(REFUSED, "there is no role or no agency for them here, or they are disabled")
    except ProviderError as error:
        _log.warning("a sign-in through the provider came to nothing: %s", error.reason)
        response = _lead_back(wanted, lang, error.problem)
    except ParameterError:
        _log.warning("a sign-in through the provider came to nothing: none of their names can be kept")
        response = _lead_back(wanted, lang, "refused")
    else:
        response = go_on(request, choose_next(wanted, lang), done.token)
    clear_pending(request, response)
    return response


def _read_answer(request: Request) -> Any:
    from api.oidc.provider import Answer  # noqa: PLC0415

    def read(name: str) -> str:
        found = request.query_params.getlist(name)
        return found[0] if len(found) == 1 else ""

    return Answer(read("state"), read("code"), read("error"), read("iss"))


def _vouch(accounts: Accounts, claims: Mapping[str, Any]) -> Vouched:
    provider = accounts.provider
    assert provider is not None  # noqa: S101  for mypy: the route has looked
    roles, agency = provider.find_roles(claims)
    names = tuple(claims[name] for name in _NAMES if isinstance(claims.get(name), str))
    return Vouched(provider.issuer, claims["sub"], names, agency, roles)


def _make_return(request: Request) -> str:
    """The address that the provider sends the browser back to, as it is registered there."""
    public = request.app.state.service.settings.public_url
    if public is not None:
        return f"{public}{_RETURN}"
    return f"{'https' if is_guarded(request) else request.url.scheme}://{request.url.netloc}{_RETURN}"


def _lead_back(wanted: str | None, lang: str | None, problem: str = "") -> Response:
    """To the sign-in page, which says what happened; code and state stay in no address."""
    path = choose_next(wanted)
    query = {"lang": pick_language(lang)} | ({"next": path} if path != "/" else {})
    return RedirectResponse(f"/sign-in?{urlencode(query | ({'problem': problem} if problem else {}))}", 303)
