"""Pages by which people come in, go out and look after their account; and who is signed in, for scripts."""

from __future__ import annotations

import math
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth.accounts import Accounts, Refusal
from api.auth.cookies import clear_cookie, set_cookie, set_device_cookie
from api.auth.forms import has_form_token, make_form_token, read_form
from api.auth.passwords import MAX_PASSWORD, MIN_PASSWORD, find_fault
from api.auth.paths import HOME, choose_next
from api.auth.signed_in import TheSession, TheUser
from api.routes.pages import PageLanguage
from api.schemas import Me
from geo.errors import NotFoundError, ParameterError
from geo.reference import read_table
from geo.store.people.links import SignedIn, WelcomeLink
from geo.store.people.sessions import Session
from geo.store.people.users import MAX_NAME, OPERATOR, RECIPIENT, ROLES, check_user, find_user
from maps.i18n import pick_language
from maps.pages.accounts import (
    PROBLEMS,
    Account,
    AccountSession,
    Fault,
    render_account_page,
    render_sign_in_page,
    render_signed_in_page,
    render_welcome_page,
)
from maps.pages.base import render_error_page

__all__ = ["TheAccounts", "TheForm", "find_name_fault", "go_on", "router"]

router = APIRouter(tags=["accounts"])

_NO_STORE = {"Cache-Control": "no-store"}
# what a browser has kept of pages and data goes with the session
_WIPE = '"cache", "storage"'
_PROBLEM_STATUS = {"cancelled": 403, "expired": 400, "refused": 403, "unreachable": 502}


async def get_accounts(request: Request) -> Accounts:
    """The server's users and sessions."""
    accounts: Accounts = request.app.state.accounts
    return accounts


TheAccounts = Annotated[Accounts, Depends(get_accounts)]
TheForm = Annotated[dict[str, str], Depends(read_form)]
Token = Annotated[str, Path(description="Token of the one-time link")]
_Next = Annotated[str | None, Query(alias="next", description="Page to go on to; only a path of this server")]


@router.get("/sign-in", summary="Sign in", response_class=HTMLResponse)
def show_sign_in(
    request: Request,
    accounts: TheAccounts,
    lang: PageLanguage = None,
    wanted: _Next = None,
    problem: Annotated[str, Query(description="Why a sign-in through a provider, or a form, came to nothing")] = "",
) -> Response:
    """The sign-in form; whoever is signed in already goes on at once."""
    if accounts.find_session(request) is not None:
        return RedirectResponse(choose_next(wanted, lang), 303)
    page = render_sign_in_page(
        pick_language(lang),
        next_path=_keep_next(wanted),
        provider=_name_provider(accounts),
        problem=problem if problem in PROBLEMS else "",
    )
    return _page(page, _PROBLEM_STATUS.get(problem, 200))


@router.post("/sign-in", include_in_schema=False)
def sign_in(request: Request, accounts: TheAccounts, form: TheForm, lang: PageLanguage = None) -> Response:
    """Sign in by name and password."""
    name, password = form.get("name", ""), form.get("password", "")
    faults = [Fault(field, "missing") for field in ("name", "password") if not form.get(field, "").strip()]
    status = 422
    headers: dict[str, str] = {}
    if not faults:
        done = accounts.sign_in(request, name[: MAX_NAME + 1], password[: 2 * MAX_PASSWORD])
        if isinstance(done, SignedIn):
            return _go_on_known(request, accounts, choose_next(form.get("next"), lang), done)
        status, faults, headers = _refuse(done, Fault("", "wrong"))
    page = render_sign_in_page(
        pick_language(lang),
        name=name,
        next_path=_keep_next(form.get("next")),
        faults=faults,
        provider=_name_provider(accounts),
    )
    return _page(page, status, headers)


@router.post("/sign-out", include_in_schema=False)
def sign_out(request: Request, accounts: TheAccounts, lang: PageLanguage = None) -> Response:
    """End the session; works as well where it has ended by itself."""
    session = accounts.find_session(request)
    if session is not None:
        accounts.end_session(session)
    response = RedirectResponse(f"/sign-in?{urlencode({'lang': pick_language(lang)})}", 303)
    clear_cookie(request, response)
    response.headers["Clear-Site-Data"] = _WIPE
    return response


@router.get("/signed-in", summary="Signed in again", response_class=HTMLResponse)
def show_signed_in(request: Request, lang: PageLanguage = None) -> Response:
    """What stands in the tab in which somebody signed in again, beside the page that waits for it."""
    return _page(render_signed_in_page(pick_language(lang), query=request.query_params.multi_items()))


@router.get("/api/me", summary="Who is signed in", response_model=Me)
def get_me(user: TheUser) -> dict[str, Any]:
    """Name, agency, sharing circle and roles of whoever asks."""
    roles = [role for role in ROLES if role in user.roles]
    return {"user_id": user.user_id, "name": user.name, "agency": user.agency, "circle": user.circle, "roles": roles}


# ---- one-time links


@router.get("/welcome/{token}", summary="A one-time link", response_class=HTMLResponse)
def show_welcome(accounts: TheAccounts, token: Token, lang: PageLanguage = None) -> Response:
    """Choose a password, and for the first user a name; looking at it uses the link up in no way."""
    link = accounts.find_link(token)
    if link is None:
        return _gone(lang)
    return _show_welcome(lang, token, link)


@router.post("/welcome/{token}", include_in_schema=False)
def use_welcome(
    request: Request, accounts: TheAccounts, token: Token, form: TheForm, lang: PageLanguage = None
) -> Response:
    """Take the password, and sign in; a form with a fault uses nothing up."""
    link = accounts.find_link(token)
    if link is None:
        return _gone(lang)
    if faults := _check_welcome(form, token, link):
        return _show_welcome(lang, token, link, form, faults)
    try:
        if link.user_id is None:
            done = accounts.use_first_link(request, token, form["name"], form["agency"], form["password"])
        else:
            done = accounts.use_link(request, token, form["password"])
    except NotFoundError:
        # somebody else was quicker
        return _gone(lang)
    return _go_on_known(request, accounts, choose_next(None, lang), done)


def _check_welcome(form: dict[str, str], token: str, link: WelcomeLink) -> list[Fault]:
    if not has_form_token(form, token):
        return [Fault("", "stale")]
    faults = []
    name = form.get("name", "") if link.name is None else link.name
    if link.user_id is None:
        if fault := find_name_fault(name):
            faults.append(fault)
        if form.get("agency", "") not in set(read_table("agencies")["agency"]):
            faults.append(Fault("agency", "unknown"))
    return faults + _check_new_password(form, name)


def find_name_fault(name: str) -> Fault | None:
    """What is wrong with a name, if anything."""
    if not name.strip():
        return Fault("name", "missing")
    if len(" ".join(name.split())) > MAX_NAME:
        return Fault("name", "long", MAX_NAME)
    if name.strip().casefold().startswith((OPERATOR, RECIPIENT)):
        return Fault("name", "reserved")
    try:
        check_user(name, str(read_table("agencies")["agency"].iloc[0]), ())
    except ParameterError:
        return Fault("name", "unseen")
    return None


def _check_new_password(form: dict[str, str], name: str) -> list[Fault]:
    password, again = form.get("password", ""), form.get("again", "")
    if not password:
        return [Fault("password", "missing")]
    if word := find_fault(password, name):
        return [Fault("password", word, {"short": MIN_PASSWORD, "long": MAX_PASSWORD}.get(word, 0))]
    return [] if again == password else [Fault("again", "different")]


def _show_welcome(
    lang: str | None,
    token: str,
    link: WelcomeLink,
    form: dict[str, str] | None = None,
    faults: list[Fault] | None = None,
) -> Response:
    typed = form or {}
    page = render_welcome_page(
        pick_language(lang),
        form_token=make_form_token(token),
        user_name=link.name,
        name=typed.get("name", ""),
        agency=typed.get("agency", ""),
        min_password=MIN_PASSWORD,
        faults=faults or (),
    )
    return _page(page, 422 if faults else 200)


def _gone(lang: str | None) -> Response:
    return _page(render_error_page(pick_language(lang), 404, "The link is not good any more"), 404)


# ---- one's own account


@router.get("/account", summary="One's own account", response_class=HTMLResponse)
def show_account(
    request: Request,
    accounts: TheAccounts,
    session: TheSession,
    lang: PageLanguage = None,
    done: Annotated[str, Query(description="What has just been changed: password or sessions")] = "",
) -> Response:
    """Name, agency, roles, where one is signed in, and a form for another password."""
    return _show_account(request, accounts, session, lang, done=done)


@router.post("/account/password", include_in_schema=False)
def change_password(
    request: Request, accounts: TheAccounts, session: TheSession, form: TheForm, lang: PageLanguage = None
) -> Response:
    """Change one's own password; every other session ends."""
    faults = [] if form.get("old_password") else [Fault("old_password", "missing")]
    faults += _check_new_password(form, session.user.name)
    status = 422
    headers: dict[str, str] = {}
    if not faults:
        done = accounts.change_password(
            request, session.user.name, form["old_password"][: 2 * MAX_PASSWORD], form["password"]
        )
        if isinstance(done, str):
            return go_on(request, f"/account?{urlencode({'lang': pick_language(lang), 'done': 'password'})}", done)
        status, faults, headers = _refuse(done, Fault("old_password", "wrong-password"))
    return _show_account(request, accounts, session, lang, faults=faults, status=status, headers=headers)


@router.post("/account/sessions", include_in_schema=False)
def end_own_sessions(accounts: TheAccounts, session: TheSession, form: TheForm, lang: PageLanguage = None) -> Response:
    """Sign out elsewhere: in one place, or everywhere but here."""
    wanted = form.get("session", "")
    accounts.end_sessions(session.user.user_id, session_id=None if wanted == "all" else wanted, but=session)
    query = urlencode({"lang": pick_language(lang), "done": "sessions"})
    return RedirectResponse(f"/account?{query}#sessions", 303)


def _show_account(
    request: Request,
    accounts: Accounts,
    session: Session,
    lang: str | None,
    *,
    faults: list[Fault] | None = None,
    done: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    user = session.user
    stored = find_user(request.app.state.service.settings.home, user.name)
    sessions = [
        AccountSession(
            each.session_id, each.created_at, each.seen_at, each.browser, each.session_id == session.session_id
        )
        for each in accounts.list_sessions(user.user_id)
    ]
    page = render_account_page(
        pick_language(lang),
        Account(
            user.name,
            user.agency,
            user.circle,
            [role for role in ROLES if role in user.roles],
            sessions,
            stored is not None and stored.password_hash is not None,
        ),
        min_password=MIN_PASSWORD,
        faults=faults or (),
        done=done if done in {"password", "sessions"} else "",
        query=request.query_params.multi_items(),
        # a form with a fault is answered at its own address, one level down
        root="../" if faults else "",
    )
    return _page(page, status, headers)


# ---- answers


def go_on(request: Request, path: str, token: str) -> Response:
    """Lead somebody who has just signed in to a page."""
    response = RedirectResponse(path, 303)
    set_cookie(request, response, token)
    return response


def _go_on_known(request: Request, accounts: Accounts, path: str, done: SignedIn) -> Response:
    """Lead on somebody who has shown a password, and know the browser again."""
    response = go_on(request, path, done.token)
    set_device_cookie(request, response, accounts.remember_device(request, done.user_id))
    return response


def _refuse(refusal: Refusal, fault: Fault) -> tuple[int, list[Fault], dict[str, str]]:
    if refusal.wait_s:
        seconds = math.ceil(refusal.wait_s)
        return 429, [Fault("", "wait", seconds)], {"Retry-After": str(seconds)}
    return 401, [fault], {"WWW-Authenticate": 'Session realm="Norrsyn"'}


def _name_provider(accounts: Accounts) -> str | None:
    return None if accounts.provider is None else accounts.provider.name


def _keep_next(wanted: str | None) -> str:
    """Where to go on to, empty for the map, which needs no saying."""
    path = choose_next(wanted)
    return "" if path == HOME else path


def _page(text: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(text, status, headers=_NO_STORE | (headers or {}))
