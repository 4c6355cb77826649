"""Pages on which an admin takes users in, changes what they may do, and shuts them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth.accounts import Accounts
from api.auth.addresses import find_origin
from api.auth.forms import has_form_token, make_form_token
from api.auth.signed_in import TheSession
from api.routes.accounts import TheAccounts, TheForm, find_name_fault
from api.routes.admin import NO_STORE
from api.routes.pages import PageLanguage
from geo.errors import NotFoundError, ParameterError
from geo.reference import read_table
from geo.store.people.events import list_last_events
from geo.store.people.management import (
    By,
    LastAdminError,
    add_user,
    end_user_sessions,
    give_link,
    lock_out,
    reassign_user,
    unlock,
)
from geo.store.people.sessions import Session
from geo.store.people.users import MAX_NAME, ROLES, NewUser, StoredUser, find_user, list_users
from maps.i18n import pick_language
from maps.pages.accounts import Fault
from maps.pages.admin_users import FormState, KnownUser, NewLink, render_user_page, render_users_page

__all__ = ["router"]

router = APIRouter(prefix="/admin/users", tags=["admin"])

UserId = Annotated[str, Path(description="Id of a user")]
_DONE = {"changed", "same", "disabled", "enabled", "sessions"}
_OWN_CIRCLE = "own"


@router.get("", summary="Users", response_class=HTMLResponse)
def show_users(request: Request, accounts: TheAccounts, session: TheSession, lang: PageLanguage = None) -> Response:
    """Every user with roles, sessions and state, and a form for another one."""
    return _show_users(request, accounts, session, lang)


@router.post("", include_in_schema=False)
def take_in_user(
    request: Request, accounts: TheAccounts, session: TheSession, form: TheForm, lang: PageLanguage = None
) -> Response:
    """Take a user in; the page shows the link for the password, this once."""
    faults = _check_new_user(request, session, form)
    if faults:
        return _show_users(request, accounts, session, lang, typed=form, faults=faults)
    circle = form["circle"] if form["circle"] != _OWN_CIRCLE else None
    new = NewUser(form["name"], form["agency"], _find_roles(form), circle)
    try:
        user, token = add_user(_home(request), new, _by(accounts, session))
    except ParameterError:
        # somebody else was quicker
        return _show_users(request, accounts, session, lang, typed=form, faults=[Fault("name", "taken")])
    return _show_users(request, accounts, session, lang, link=NewLink(user.name, _make_address(request, token)))


@router.get("/{user_id}", summary="A user", response_class=HTMLResponse)
def show_user(
    request: Request,
    accounts: TheAccounts,
    session: TheSession,
    user_id: UserId,
    lang: PageLanguage = None,
    done: Annotated[str, Query(description="What has just been done")] = "",
) -> Response:
    """One user, with forms for roles, password link, sessions, and letting in or not."""
    return _show_user(request, accounts, session, user_id, lang, done=done if done in _DONE else "")


@router.post("/{user_id}", include_in_schema=False)
def look_after_user(
    request: Request,
    accounts: TheAccounts,
    session: TheSession,
    user_id: UserId,
    form: TheForm,
    lang: PageLanguage = None,
) -> Response:
    """Do what the form's ``do`` says: change what a user may, make a link, sign out, disable or enable.

    All forms of the page come here, so that a page that tells of a fault has the address of the page itself.
    """
    user, by = _find(request, user_id), _by(accounts, session)
    wanted = form.get("do", "")
    faults = [] if has_form_token(form, session.session_hash) and wanted in _DO else [Fault("", "stale")]
    # what was chosen comes back with any fault
    state: dict[str, Any] = {"typed": form} if wanted == "change" else {}
    if not faults and wanted == "change":
        faults = _check_place(form)
    if not faults and wanted == "link":
        faults = _check_link(user)
    if not faults:
        try:
            done = _DO[wanted](_home(request), user_id, by, form)
        except LastAdminError:
            faults = [Fault("", "last-admin")]
        else:
            if wanted != "link":
                query = urlencode({"lang": pick_language(lang), "done": done})
                return RedirectResponse(f"/admin/users/{quote(user_id, safe='')}?{query}", 303)
            state = {"link": NewLink(user.name, _make_address(request, done))}
    return _show_user(request, accounts, session, user_id, lang, faults=faults, **state)


def _change(home: str, user_id: str, by: By, form: dict[str, str]) -> str:
    roles, circle = _find_roles(form), _choose_circle(form)
    _, is_changed = reassign_user(home, user_id, by, roles=roles, agency=form["agency"], circle=circle)
    return "changed" if is_changed else "same"


def _make_link(home: str, user_id: str, by: By, _: dict[str, str]) -> str:
    return give_link(home, user_id, by)[1]


def _disable(home: str, user_id: str, by: By, _: dict[str, str]) -> str:
    lock_out(home, user_id, by)
    return "disabled"


def _enable(home: str, user_id: str, by: By, _: dict[str, str]) -> str:
    unlock(home, user_id, by)
    return "enabled"


def _sign_out(home: str, user_id: str, by: By, _: dict[str, str]) -> str:
    end_user_sessions(home, user_id, by)
    return "sessions"


# each gives the word for what was done, or the link's token
_DO: Mapping[str, Callable[[str, str, By, dict[str, str]], str]] = MappingProxyType(
    {"change": _change, "link": _make_link, "disable": _disable, "enable": _enable, "sessions": _sign_out}
)


# ---- forms


def _check_new_user(request: Request, session: Session, form: dict[str, str]) -> list[Fault]:
    if not has_form_token(form, session.session_hash):
        return [Fault("", "stale")]
    fault = find_name_fault(form.get("name", ""))
    if fault is None and find_user(_home(request), form["name"]) is not None:
        fault = Fault("name", "taken")
    return [*([] if fault is None else [fault]), *_check_place(form)]


def _check_link(user: StoredUser) -> list[Fault]:
    if user.issuer is not None:
        return [Fault("", "elsewhere")]
    return [] if user.disabled_at is None else [Fault("", "disabled")]


def _check_place(form: dict[str, str]) -> list[Fault]:
    faults = []
    if form.get("agency", "") not in set(read_table("agencies")["agency"]):
        faults.append(Fault("agency", "unknown"))
    if form.get("circle", "") not in {_OWN_CIRCLE, *read_table("circles")["circle"]}:
        faults.append(Fault("circle", "unknown"))
    return faults


def _choose_circle(form: dict[str, str]) -> str:
    if form["circle"] != _OWN_CIRCLE:
        return form["circle"]
    agencies = read_table("agencies")
    return dict(zip(map(str, agencies["agency"]), map(str, agencies["circle"]), strict=True))[form["agency"]]


def _find_roles(form: dict[str, str]) -> list[str]:
    return [role for role in ROLES if f"role-{role}" in form]


# ---- answers


def _show_users(request: Request, accounts: Accounts, session: Session, lang: str | None, **state: Any) -> Response:
    """Every user; ``state`` is that of `FormState`."""
    page = render_users_page(
        pick_language(lang),
        _describe_users(request, accounts, session, list_users(_home(request))),
        FormState(make_form_token(session.session_hash), **state),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, 422 if state.get("faults") else 200, headers=NO_STORE)


def _show_user(
    request: Request, accounts: Accounts, session: Session, user_id: str, lang: str | None, **state: Any
) -> Response:
    """One user; ``state`` is that of `FormState`."""
    (user,) = _describe_users(request, accounts, session, [_find(request, user_id)])
    page = render_user_page(
        pick_language(lang),
        user,
        FormState(make_form_token(session.session_hash), **state),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, 422 if state.get("faults") else 200, headers=NO_STORE)


def _describe_users(request: Request, accounts: Accounts, session: Session, users: list[StoredUser]) -> list[KnownUser]:
    seen = list_last_events(_home(request))
    n_sessions: dict[str, int] = {}
    for each in accounts.list_sessions():
        seen[each.user_id] = max(each.seen_at, seen.get(each.user_id, 0.0))
        n_sessions[each.user_id] = n_sessions.get(each.user_id, 0) + 1
    return [
        KnownUser(
            user.user_id,
            user.name,
            user.agency,
            user.circle,
            [role for role in ROLES if role in user.roles],
            user.disabled_at is not None,
            user.password_hash is not None,
            user.issuer,
            user.created_at,
            seen.get(user.user_id),
            n_sessions.get(user.user_id, 0),
            user.user_id == session.user.user_id,
        )
        for user in users
    ]


def _find(request: Request, user_id: str) -> StoredUser:
    for user in list_users(_home(request)):
        if user.user_id == user_id:
            return user
    message = f"There is no user {user_id[:MAX_NAME]!r}."
    raise NotFoundError(message)


def _make_address(request: Request, token: str) -> str:
    """Address of a one-time link, by the name under which the admin has reached this server unless another is set."""
    return f"{find_origin(request)}/welcome/{token}"


def _by(accounts: Accounts, session: Session) -> By:
    return By(session.user.user_id, accounts.clock())


def _home(request: Request) -> str:
    return str(request.app.state.service.settings.home)
