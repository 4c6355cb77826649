"""Pages by which people come in and look after their account: sign-in, the one-time link, the account itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from geo.reference import read_table
from maps.i18n import SWEDEN, format_date, translate
from maps.pages.base import Query, render_page

__all__ = [
    "PROBLEMS",
    "Account",
    "AccountSession",
    "Fault",
    "list_agencies",
    "render_account_page",
    "render_sign_in_page",
    "render_signed_in_page",
    "render_welcome_page",
    "say_faults",
    "say_moment",
    "say_role",
    "say_title",
]

_FEW_SECONDS = 90
# why a sign-in through an identity provider, or a form, came to nothing; words stand in `_say_fault`
PROBLEMS = ("cancelled", "ended", "expired", "refused", "unreachable")
# what browsers call themselves, the more telling first
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a form: the field's name, empty for the form as a whole, and a word for it.

    Words stand in `_say_fault`; ``n`` is the number in them, ``codes`` are what they name.
    """

    field: str
    word: str
    n: int = 0
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountSession:
    """A session in the list of one's own: id, moments in seconds since 1970, browser, and whether it is this one."""

    session_id: str
    created_at: float
    seen_at: float
    browser: str
    is_own: bool


@dataclass(frozen=True)
class Account:
    """Somebody's account as its page shows it; an identity provider's user has no password that could be changed."""

    name: str
    agency: str
    circle: str
    roles: Sequence[str]
    sessions: Sequence[AccountSession]
    has_password: bool


def render_sign_in_page(
    lang: str,
    *,
    name: str = "",
    next_path: str = "",
    faults: Sequence[Fault] = (),
    provider: str | None = None,
    problem: str = "",
) -> str:
    """Render the sign-in page, served at ``/sign-in``.

    Parameters
    ----------
    lang : str
    name : str
        What was typed before; a password never comes back.
    next_path : str
        Page to go on to.
    faults : sequence of Fault
    provider : str, optional
        Words on the button that leads to an identity provider.
    problem : str
        Why a sign-in through the provider, or a form, came to nothing (`PROBLEMS`); empty where there was none.

    Returns
    -------
    str
    """
    return render_page(
        "sign_in.html",
        lang,
        "",
        [pair for pair in (("next", next_path), ("problem", problem)) if pair[1]],
        name=name,
        next_path=next_path,
        provider=provider,
        provider_query=urlencode({"next": next_path, "lang": lang}),
        synthetic=False,
        **say_faults(lang, [*faults, *([Fault("", problem)] if problem else [])]),
    )


def render_welcome_page(
    lang: str,
    *,
    form_token: str,
    user_name: str | None,
    name: str = "",
    agency: str = "",
    min_password: int,
    faults: Sequence[Fault] = (),
) -> str:
    """Render what a one-time link leads to, served at ``/welcome/{token}``: a password, and for the first user a name.

    Parameters
    ----------
    lang : str
    form_token : str
        Without it the form is not taken.
    user_name : str, optional
        Whose password it is; None where the first user is made.
    name, agency : str
        What was typed before.
    min_password : int
        Characters that a password has at least.
    faults : sequence of Fault

    Returns
    -------
    str
    """
    return render_page(
        "welcome.html",
        lang,
        "../",
        (),
        form_token=form_token,
        user_name=user_name,
        name=name,
        agency=agency,
        agencies=list_agencies(lang),
        min_password=min_password,
        synthetic=False,
        **say_faults(lang, faults),
    )


def render_account_page(
    lang: str,
    account: Account,
    *,
    min_password: int,
    faults: Sequence[Fault] = (),
    done: str = "",
    query: Query = (),
    root: str = "",
) -> str:
    """Render one's own account, served at ``/account``.

    Parameters
    ----------
    lang : str
    account : Account
    min_password : int
        Characters that a password has at least.
    faults : sequence of Fault
    done : str
        ``password`` or ``sessions``: what has just been changed.
    query : pairs of str
    root : str
        Way from the page to the site's root.

    Returns
    -------
    str
    """
    return render_page(
        "account.html",
        lang,
        root,
        [pair for pair in query if pair[0] != "done"],
        name=account.name,
        agency=dict(list_agencies(lang)).get(account.agency, account.agency),
        circle=say_title(lang, "circles", "circle", account.circle),
        roles=[say_role(lang, role) for role in account.roles],
        sessions=[
            {
                "id": each.session_id,
                "browser": _say_browser(lang, each.browser),
                "began": say_moment(lang, each.created_at),
                "seen": say_moment(lang, each.seen_at),
                "is_own": each.is_own,
            }
            for each in account.sessions
        ],
        has_password=account.has_password,
        min_password=min_password,
        done=done,
        synthetic=False,
        **say_faults(lang, faults),
    )


def render_signed_in_page(lang: str, *, query: Query = ()) -> str:
    """Render what stands in the tab in which somebody signed in again, served at ``/signed-in``."""
    return render_page("signed_in.html", lang, "", query, synthetic=False)


def say_faults(lang: str, faults: Sequence[Fault]) -> dict[str, Any]:
    """What is wrong with a form in words, in order and by field, for templates."""
    said = [(fault.field, _say_fault(lang, fault)) for fault in faults]
    return {"faults": said, "fault_of": dict(said)}


def _say_fault(lang: str, fault: Fault) -> str:
    n = fault.n
    said = {
        "name missing": translate(lang, "Write the name."),
        "password missing": translate(lang, "Write your password."),
        "old_password missing": translate(lang, "Write your password."),
        "agency unknown": translate(lang, "Choose the agency."),
        "wrong": translate(lang, "Name and password do not belong together. Check both and try again."),
        "wrong-password": translate(lang, "The password is not right."),
        "wait": _say_wait(lang, n),
        "short": translate(lang, "The password needs at least {n} characters.", n=n),
        "long": translate(lang, "The text is too long: {n} characters at most.", n=n),
        "name": translate(lang, "The password may not be the name."),
        "obvious": translate(lang, "The password is easy to guess. Take several words that do not belong together."),
        "different": translate(lang, "The two passwords differ."),
        "unseen": translate(lang, "The name holds characters that cannot be seen. Write it anew."),
        "reserved": translate(
            lang, "Names that begin like this are kept for the log of what was done. Choose another."
        ),
        "refused": translate(
            lang, "You are known, but not to Norrsyn: nothing says what you may do here. Ask whoever looks after it."
        ),
        "cancelled": translate(lang, "You did not sign in through the other service. Nothing is changed; try again."),
        "ended": translate(
            lang, "You had been signed out, so what you sent was not done. Sign in, and send it once more."
        ),
        "expired": translate(
            lang, "Signing in took too long, or was begun in another window. Nothing is changed; begin again."
        ),
        "unreachable": translate(lang, "Signing in through the other service did not work. Try again in a moment."),
        "taken": translate(lang, "There is a user of that name already."),
        "circle unknown": translate(lang, "Choose a sharing circle."),
        "last-admin": translate(
            lang, "This is the only administrator who can sign in. Make somebody else administrator first."
        ),
        "elsewhere": translate(lang, "This user signs in through another service, which keeps the password."),
        "disabled": translate(lang, "The user may not sign in. Let them in again first."),
        "moved": translate(lang, "Another surface has been published meanwhile. Look again before you publish."),
        "damaged": translate(lang, "This surface cannot be used: its files are damaged or of another version."),
        "stale": translate(lang, "The form was not complete. Nothing is changed; send it again."),
    }
    return said.get(f"{fault.field} {fault.word}") or said[fault.word]


def _say_wait(lang: str, seconds: int) -> str:
    if seconds <= _FEW_SECONDS:
        return translate(lang, "Too many attempts. Wait {n} seconds and try again.", n=seconds)
    return translate(lang, "Too many attempts. Wait {n} minutes and try again.", n=-(-seconds // 60))


def say_role(lang: str, role: str) -> str:
    """Title of a role."""
    titles = {
        "planner": translate(lang, "Planner"),
        "analyst": translate(lang, "Analyst"),
        "coordinator": translate(lang, "Coordinator"),
        "admin": translate(lang, "Administrator"),
        "auditor": translate(lang, "Auditor"),
    }
    return titles.get(role, role)


def _say_browser(lang: str, browser: str) -> str:
    name = next((name for sign, name in _BROWSERS if sign in browser), None)
    system = next((name for sign, name in _SYSTEMS if sign in browser), None)
    if name is None:
        return translate(lang, "A program or an unknown browser")
    return name if system is None else translate(lang, "{browser} on {system}", browser=name, system=system)


def say_moment(lang: str, at: float) -> str:
    """A moment, in seconds since 1970, as a clock in Sweden shows it."""
    moment = datetime.fromtimestamp(at, SWEDEN)
    return f"{format_date(lang, moment.date())} {moment:%H:%M}"


def list_agencies(lang: str) -> list[tuple[str, str]]:
    """Code and title of every agency."""
    table = read_table("agencies")
    return [(str(code), translate(lang, title)) for code, title in zip(table["agency"], table["title"], strict=True)]


def say_title(lang: str, table: str, column: str, code: str) -> str:
    """Title of a code of a reference table; the code where it has none."""
    rows = read_table(table)
    titles = dict(zip(rows[column], rows["title"], strict=True))
    return translate(lang, str(titles.get(code, code)))
