"""Pages on which an admin takes users in, changes what they may do, and shuts them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geo.reference import read_table
from geo.store.people.users import ROLES
from maps.i18n import translate
from maps.pages.accounts import Fault, list_agencies, say_faults, say_moment, say_role, say_title
from maps.pages.base import Query, render_page

__all__ = ["FormState", "KnownUser", "NewLink", "render_user_page", "render_users_page"]


@dataclass(frozen=True)
class KnownUser:
    """A user as admins see them.

    Attributes
    ----------
    user_id, name, agency, circle : str
    roles : sequence of str, in their order
    is_disabled : bool
    has_password : bool
    issuer : str, who vouches for the user; None for a local one
    created_at : float, s
    seen_at : float, s, None for somebody who was never here
    n_sessions : int
    is_self : bool, whether it is whoever looks
    """

    user_id: str
    name: str
    agency: str
    circle: str
    roles: Sequence[str]
    is_disabled: bool
    has_password: bool
    issuer: str | None
    created_at: float
    seen_at: float | None
    n_sessions: int
    is_self: bool


@dataclass(frozen=True)
class NewLink:
    """A one-time link that is shown now and never again: whose it is, and its address."""

    name: str
    address: str


@dataclass(frozen=True)
class FormState:
    """What a page's forms are filled with, and what became of the last one.

    Attributes
    ----------
    form_token : str
        Without it a form is not taken.
    typed : mapping
        What stood in the form, where something has to be put right.
    faults : sequence of Fault
    done : str
        ``changed``, ``same``, ``disabled``, ``enabled`` or ``sessions``: what has just been done.
    link : NewLink, optional
    """

    form_token: str
    typed: Mapping[str, str] | None = None
    faults: Sequence[Fault] = ()
    done: str = ""
    link: NewLink | None = None


def render_users_page(lang: str, users: Iterable[KnownUser], state: FormState, *, query: Query = ()) -> str:
    """Render every user and the form for another one, served at ``/admin/users``.

    Parameters
    ----------
    lang : str
    users : iterable of KnownUser, by name
    state : FormState
    query : pairs of str

    Returns
    -------
    str
    """
    form = dict(state.typed or {})
    return render_page(
        "admin_users.html",
        lang,
        "../",
        query,
        here="users",
        users=[_say_user(lang, each) for each in users],
        form_token=state.form_token,
        name=form.get("name", ""),
        link=state.link,
        synthetic=False,
        **_list_choices(lang, form.get("agency", ""), form.get("circle", ""), _find_roles(form)),
        **say_faults(lang, state.faults),
    )


def render_user_page(lang: str, user: KnownUser, state: FormState, *, query: Query = ()) -> str:
    """Render one user with all that may be done, served at ``/admin/users/{user_id}``.

    Parameters
    ----------
    lang : str
    user : KnownUser
    state : FormState
    query : pairs of str

    Returns
    -------
    str
    """
    form = state.typed
    if form is None:
        agency, circle, roles = user.agency, user.circle, set(user.roles)
    else:
        agency, circle, roles = form.get("agency", ""), form.get("circle", ""), _find_roles(form)
    return render_page(
        "admin_user.html",
        lang,
        "../../",
        [pair for pair in query if pair[0] != "done"],
        here="users",
        user=_say_user(lang, user),
        form_token=state.form_token,
        done=state.done,
        link=state.link,
        synthetic=False,
        **_list_choices(lang, agency, circle, roles),
        **say_faults(lang, state.faults),
    )


def _find_roles(form: Mapping[str, str]) -> set[str]:
    return {name.removeprefix("role-") for name in form if name.startswith("role-")}


def _list_choices(lang: str, agency: str, circle: str, chosen_roles: set[str]) -> dict[str, Any]:
    agencies = list_agencies(lang)
    circles = [(str(code), say_title(lang, "circles", "circle", str(code))) for code in read_table("circles")["circle"]]
    meanings = {
        "planner": translate(lang, "sees the map and plans"),
        "analyst": translate(lang, "the same, and imports files"),
        "coordinator": translate(lang, "what a planner may"),
        "admin": translate(lang, "looks after users, imports and surfaces; does not see the map"),
        "auditor": translate(lang, "reads the audit log, and nothing else"),
    }
    return {
        "agencies": agencies,
        "agency": agency,
        "circles": circles,
        "circle": circle,
        "roles": [(code, say_role(lang, code), meanings.get(code, ""), code in chosen_roles) for code in ROLES],
    }


def _say_user(lang: str, user: KnownUser) -> dict[str, Any]:
    return {
        "id": user.user_id,
        "name": user.name,
        "agency": say_title(lang, "agencies", "agency", user.agency),
        "circle": say_title(lang, "circles", "circle", user.circle),
        "roles": [say_role(lang, role) for role in user.roles],
        "state": _say_state(lang, user),
        "is_disabled": user.is_disabled,
        "issuer": user.issuer,
        "since": say_moment(lang, user.created_at),
        "seen": "" if user.seen_at is None else say_moment(lang, user.seen_at),
        "n_sessions": user.n_sessions,
        "is_self": user.is_self,
    }


def _say_state(lang: str, user: KnownUser) -> str:
    if user.is_disabled:
        return translate(lang, "Disabled")
    if user.issuer is not None:
        return translate(lang, "Signs in through another service")
    return translate(lang, "May sign in") if user.has_password else translate(lang, "Has no password yet")
