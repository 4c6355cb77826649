"""Commands for whoever lets people in: users add, list, roles, reset, disable."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.events import act
from api.cli.options import HomeOption, JsonOption, read_settings
from api.cli.output import Command, Group, note, print_json, print_table, print_words

if TYPE_CHECKING:
    from api.settings import Settings
    from geo.store.people.users import StoredUser

__all__ = ["COMMANDS", "make_address"]

_NAME = typer.Argument(help="Name that the user signs in with.", show_default=False)
_ROLE = typer.Option(
    "--role", help="planner, analyst, coordinator, admin or auditor; may be repeated.", show_default=False
)
_UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Address by which people reach the server, for the link. Default: NORRSYN_PUBLIC_URL, else this machine "
        "and NORRSYN_PORT.",
        show_default=False,
    ),
]


def add_user(
    name: Annotated[str, _NAME],
    agency: Annotated[str, typer.Option("--agency", help="Code in the reference table agencies.", show_default=False)],
    role: Annotated[list[str], _ROLE],
    circle: Annotated[
        str | None, typer.Option("--circle", help="Sharing circle. Default: the agency's.", show_default=False)
    ] = None,
    url: _UrlOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a user in; see the command's help."""
    settings = read_settings(home, url)
    from geo.store.people import management  # noqa: PLC0415
    from geo.store.people.users import NewUser  # noqa: PLC0415

    user, token = management.add_user(settings.home, NewUser(name, agency, role, circle), act())
    address = make_address(settings, token)
    if as_json:
        print_json({"user_id": user.user_id, "name": user.name, "link": address})
        return
    print_words(f"{user.name} is taken in, and chooses a password here within 24 hours (the link works once):")
    print_words(address)
    _note_guess(settings)


def list_all_users(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show every user; see the command's help."""
    folder = read_settings(home).home
    from geo.store.people.users import list_users  # noqa: PLC0415

    found = list_users(folder)
    if as_json:
        print_json({"home": str(folder), "users": [_describe(user) for user in found]})
        return
    if not found:
        print_words(f"{folder} has no users yet; norrsyn serve prints a link for the first one.")
        return
    rows = [
        (user.name, user.agency, user.circle, ", ".join(_order(user)), _say_state(user), _say_day(user.created_at))
        for user in found
    ]
    print_table(("name", "agency", "circle", "roles", "state", "since"), rows)


def set_roles(
    name: Annotated[str, _NAME],
    role: Annotated[list[str] | None, _ROLE] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a user other roles; see the command's help."""
    folder = read_settings(home).home
    from geo.store.people.management import end_user_sessions, reassign_user  # noqa: PLC0415

    old, by = _find(folder, name), act()
    user, is_other = reassign_user(folder, old.user_id, by, roles=role or [], agency=old.agency, circle=old.circle)
    if not is_other:
        end_user_sessions(folder, old.user_id, by)
    if as_json:
        print_json(_describe(user))
        return
    print_words(f"{user.name} is now {', '.join(_order(user)) or 'without a role'}, and signs in anew.")


def reset_user(
    name: Annotated[str, _NAME], url: _UrlOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Let a user choose another password; see the command's help."""
    settings = read_settings(home, url)
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.store.people.management import give_link, unlock  # noqa: PLC0415

    user = _find(settings.home, name)
    if user.issuer is not None:
        message = f"{user.name} signs in through {user.issuer}, which keeps the password; reset it there."
        raise ParameterError(message)
    by = act()
    unlock(settings.home, user.user_id, by)
    address = make_address(settings, give_link(settings.home, user.user_id, by)[1])
    if as_json:
        print_json({"user_id": user.user_id, "name": user.name, "link": address})
        return
    print_words(f"{user.name} chooses a password here within 24 hours (the link works once):")
    print_words(address)
    _note_guess(settings)


def disable(name: Annotated[str, _NAME], home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Let a user in no more; see the command's help."""
    folder = read_settings(home).home
    from geo.store.people.management import lock_out  # noqa: PLC0415
    from geo.store.people.users import find_user  # noqa: PLC0415

    user = _find(folder, name)
    lock_out(folder, user.user_id, act())
    if as_json:
        print_json(_describe(find_user(folder, name) or user))
        return
    print_words(f"{user.name} is signed out everywhere and lets in no more; norrsyn users reset lets them in again.")


def make_address(settings: Settings, token: str, port: int | None = None) -> str:
    """Address of a one-time link."""
    base = settings.public_url or f"http://127.0.0.1:{port or settings.port}"
    return f"{base}/welcome/{token}"


def _note_guess(settings: Settings) -> None:
    """Say that nobody has told where the server is, which runs elsewhere and may have got another port."""
    if settings.public_url is None:
        note("That is this machine; where people reach the server by another address, give it with --url.")


def _find(folder: Path, name: str) -> StoredUser:
    from geo.errors import NotFoundError  # noqa: PLC0415
    from geo.store.people.users import find_user  # noqa: PLC0415

    user = find_user(folder, name)
    if user is None:
        message = f"There is no user {name!r}; norrsyn users list shows who there is."
        raise NotFoundError(message)
    return user


def _order(user: StoredUser) -> list[str]:
    from geo.store.people.users import ROLES  # noqa: PLC0415

    return [role for role in ROLES if role in user.roles]


def _describe(user: StoredUser) -> dict[str, object]:
    return {
        "user_id": user.user_id,
        "name": user.name,
        "agency": user.agency,
        "circle": user.circle,
        "roles": _order(user),
        "state": _say_state(user),
        "created_at": datetime.fromtimestamp(user.created_at, UTC).isoformat(timespec="seconds"),
    }


def _say_state(user: StoredUser) -> str:
    if user.disabled_at is not None:
        return "disabled"
    if user.issuer is not None:
        return "from elsewhere"
    return "active" if user.password_hash is not None else "no password yet"


def _say_day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


COMMANDS = (
    Group(
        "users",
        "Who may sign in: add, list, roles, reset, disable.",
        "Who may sign in, and what they may do. Nobody sets another's password: add and reset print a link that works "
        "once, for 24 hours, by which the user chooses it.",
        (
            Command(
                "add",
                add_user,
                "Take a user in, and print a link for the password.",
                "Take a user in, and print the link by which they choose a password.",
                (
                    "norrsyn users add anna --agency polismyndigheten --role planner",
                    "norrsyn users add bo --agency skatteverket --role analyst --role admin --json",
                    "norrsyn users add eva --agency polismyndigheten --role planner --url http://127.0.0.1:9000",
                ),
            ),
            Command(
                "list",
                list_all_users,
                "Show every user.",
                "Show every user with agency, sharing circle, roles and state.",
                ("norrsyn users list", "norrsyn users list --json"),
            ),
            Command(
                "roles",
                set_roles,
                "Give a user other roles.",
                "Give a user these roles instead of those until now; without --role, none. The user is signed out "
                "everywhere, and signs in anew.",
                ("norrsyn users roles anna --role planner --role coordinator",),
            ),
            Command(
                "reset",
                reset_user,
                "Print a link for another password.",
                "Print the link by which a user chooses another password, forget failed attempts, and let a disabled "
                "user in again. The password until now works until the link is used.",
                ("norrsyn users reset anna",),
            ),
            Command(
                "disable",
                disable,
                "Let a user in no more.",
                "End every session of a user at once, and let them in no more. Nothing that they did is deleted.",
                ("norrsyn users disable anna",),
            ),
        ),
    ),
)
