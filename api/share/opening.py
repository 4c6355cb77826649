"""Opening a share link: one answer for everything that does not open, after the same work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request

from api.auth.cookies import read_named_cookie, share_cookie_name
from api.auth.passwords import MAX_PASSWORD, Passwords
from api.errors import BusyError
from api.share.line import find_line
from api.share.sessions import has_release
from geo.store.people.attempts import address_subject
from geo.store.people.shares.links import ShareLink
from geo.store.people.shares.opening import begin_opening, end_share_session, finish_opening

__all__ = ["Opened", "Refused", "leave_share", "open_share"]

# how long somebody is told to wait where everybody is
_FLOOD_WAIT_S = 60.0
# until those who stand in a full line are served
_LINE_WAIT_S = 10.0


@dataclass(frozen=True)
class Opened:
    """A link that was opened, and what the browser is to hold."""

    link: ShareLink
    token: str


@dataclass(frozen=True)
class Refused:
    """Nothing was opened; ``wait_s`` is how long to wait before the next attempt, 0 where none is asked for."""

    wait_s: float = 0.0


async def open_share(request: Request, text: str, password: str, code: str) -> Opened | Refused:
    """Open the link of an address, with whatever was typed, once it is its turn.

    Where the line is full nothing is counted or looked at: whoever has the right link comes again in a few seconds.

    Raises
    ------
    StoreError
    """
    address = request.app.state.accounts.find_client(request)
    work = partial(_open, request, text, password, code, address)
    try:
        return await find_line().serve(address_subject(address), work)
    except BusyError:
        return Refused(_LINE_WAIT_S)


def _open(request: Request, text: str, password: str, code: str, address: str) -> Opened | Refused:
    """Open the link of an address.

    Unknown, cut off, expired, revoked, used up, a wrong password, a wrong code, a release that is gone, in a flood also
    what comes too early for a link: all of them are counted, look one password up and compare it (argon2id), and are
    refused alike.
    """
    home, accounts = request.app.state.service.settings.home, request.app.state.accounts
    passwords: Passwords = request.app.state.share_passwords
    now = float(accounts.clock())
    attempt = begin_opening(home, text, address, now=now)
    if attempt.wait_s:
        # in a flood it is the address that waits, whatever stands in it
        return Refused(max(_FLOOD_WAIT_S, attempt.wait_s) if attempt.is_flooded else attempt.wait_s)
    is_right = passwords.verify(attempt.password_hash, password[: 2 * MAX_PASSWORD])
    is_right = is_right or not attempt.asks_password
    row = attempt.row
    is_there = has_release(request, "" if row is None else row.release_id, "public" if row is None else row.circle)
    done = finish_opening(
        home,
        attempt,
        is_right=is_right and is_there,
        code=code,
        now=now,
        instead_of=read_named_cookie(request, share_cookie_name(request)),
    )
    if done is None:
        return Refused(_FLOOD_WAIT_S if attempt.is_flooded else 0.0)
    return Opened(*done)


def leave_share(request: Request) -> None:
    """End the link session of a browser, if it has one."""
    token = read_named_cookie(request, share_cookie_name(request))
    if token is not None:
        home = request.app.state.service.settings.home
        end_share_session(home, token, now=float(request.app.state.accounts.clock()))
