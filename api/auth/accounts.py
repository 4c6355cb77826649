"""Signing in and out: the rules of `geo.store.people` with this server's settings, clock and passwords."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from api.auth.addresses import find_client, parse_networks
from api.auth.cookies import device_cookie_name, read_cookie, read_named_cookie
from api.auth.passwords import Passwords
from api.auth.providers import make_provider
from api.settings import Settings
from geo.store.people.attempts import begin_attempt, clear_attempt
from geo.store.people.devices import find_device, remember_device
from geo.store.people.links import (
    SignedIn,
    WelcomeLink,
    find_link,
    make_first_link,
    make_link,
    set_password,
    use_first_link,
    use_link,
)
from geo.store.people.sessions import (
    OpenSession,
    Session,
    end_session,
    end_sessions,
    find_session,
    list_sessions,
    open_session,
    prune_people,
)
from geo.store.people.users import MAX_NAME, StoredUser, find_user
from geo.store.people.vouched import Vouched, sign_in_vouched

__all__ = ["Accounts", "Refusal"]

Clock = Callable[[], float]


@dataclass(frozen=True)
class Refusal:
    """Why nobody was signed in.

    Attributes
    ----------
    wait_s : float, s, until the next attempt is looked at; 0 where name and password do not belong together
    """

    wait_s: float = 0.0


class Accounts:
    """Users and sessions of one data folder.

    Parameters
    ----------
    settings : Settings
    passwords : Passwords, optional
    clock : function, optional
        Seconds since 1970; the machine's when left out.
    """

    def __init__(self, settings: Settings, passwords: Passwords | None = None, clock: Clock = time.time) -> None:
        self.passwords = Passwords() if passwords is None else passwords
        self.clock = clock
        self._home: Path = settings.home
        self._idle_s = settings.session_idle_minutes * 60.0
        self._lasts_s = settings.session_hours * 3600.0
        self._proxies = parse_networks(settings.trusted_proxies)
        self.provider = make_provider(settings)

    def start(self) -> None:
        """Get ready, and delete what has had its time."""
        self.passwords.warm()
        if (self._home / "people.sqlite").exists():
            prune_people(self._home, now=self.clock(), idle_s=self._idle_s)

    # ---- sessions

    def find_client(self, request: Request) -> str:
        """Address of whoever asks."""
        return find_client(request, self._proxies)

    def find_session(self, request: Request) -> Session | None:
        """The session that a request's cookie belongs to, if it is good now."""
        token = read_cookie(request)
        return None if token is None else find_session(self._home, token, now=self.clock(), idle_s=self._idle_s)

    def open_session(self, request: Request, user_id: str) -> str:
        """Sign somebody in who has shown who they are; the token of the new session."""
        return open_session(
            self._home,
            user_id,
            now=self.clock(),
            lasts_s=self._lasts_s,
            browser=_browser(request),
            instead_of=read_cookie(request),
        )

    def list_sessions(self, user_id: str | None = None) -> list[OpenSession]:
        """Sessions that are good now, of one user or of all."""
        return list_sessions(self._home, now=self.clock(), idle_s=self._idle_s, user_id=user_id)

    def end_session(self, session: Session) -> None:
        """Sign out."""
        end_session(self._home, session.session_hash, signed_out=session.user.user_id, now=self.clock())

    def end_sessions(self, user_id: str, *, session_id: str | None = None, but: Session | None = None) -> int:
        """End sessions of a user: all, one by its id, or all but one."""
        return end_sessions(self._home, user_id, session_id=session_id, but=None if but is None else but.session_hash)

    # ---- passwords

    def sign_in(self, request: Request, name: str, password: str) -> SignedIn | Refusal:
        """Sign somebody in by name and password; unknown, wrong and disabled look alike and take as long."""
        user = self._check(request, name, password)
        if isinstance(user, Refusal):
            return user
        return SignedIn(user.user_id, user.name, self.open_session(request, user.user_id))

    def change_password(self, request: Request, user: str, old: str, new: str) -> str | Refusal:
        """Change one's own password; every other session ends, and this one gets a new token."""
        found = self._check(request, user, old)
        if isinstance(found, Refusal):
            return found
        return set_password(
            self._home,
            found.user_id,
            password_hash=self.passwords.hash(new),
            now=self.clock(),
            lasts_s=self._lasts_s,
            browser=_browser(request),
        )

    def _check(self, request: Request, name: str, password: str) -> StoredUser | Refusal:
        address = self.find_client(request)
        device = find_device(self._home, self._read_device(request), name, now=self.clock())
        if wait_s := begin_attempt(self._home, name, address, now=self.clock(), device=device):
            return Refusal(wait_s)
        user = find_user(self._home, name) if len(name) <= MAX_NAME else None
        is_right = self.passwords.verify(None if user is None else user.password_hash, password)
        if user is None or not is_right or user.disabled_at is not None:
            return Refusal()
        clear_attempt(self._home, name, address, device=device)
        return user

    def remember_device(self, request: Request, user_id: str) -> str:
        """What a browser is to hold from which somebody has just shown a password, to be known again."""
        return remember_device(self._home, user_id, instead_of=self._read_device(request), now=self.clock())

    def _read_device(self, request: Request) -> str | None:
        return read_named_cookie(request, device_cookie_name(request))

    # ---- whom an identity provider vouches for

    def sign_in_vouched(self, request: Request, vouched: Vouched) -> SignedIn | None:
        """Sign somebody in whom the provider vouches for; None where they have no role here, or are disabled."""
        return sign_in_vouched(
            self._home,
            vouched,
            now=self.clock(),
            lasts_s=self._lasts_s,
            browser=_browser(request),
            instead_of=read_cookie(request),
        )

    # ---- links

    def make_first_link(self) -> str | None:
        """Token of a link that makes the first user; None where there is one."""
        return make_first_link(self._home, now=self.clock())

    def make_link(self, user_id: str) -> str:
        """Token of a link by which a user sets a password."""
        return make_link(self._home, user_id, now=self.clock())

    def find_link(self, token: str) -> WelcomeLink | None:
        """What a link is for; None where it is good no more."""
        return find_link(self._home, token, now=self.clock())

    def use_first_link(self, request: Request, token: str, name: str, agency: str, password: str) -> SignedIn:
        """Make the first user and sign them in."""
        return use_first_link(
            self._home,
            token,
            name=name,
            agency=agency,
            password_hash=self.passwords.hash(password),
            now=self.clock(),
            lasts_s=self._lasts_s,
            browser=_browser(request),
        )

    def use_link(self, request: Request, token: str, password: str) -> SignedIn:
        """Set a user's password and sign them in."""
        return use_link(
            self._home,
            token,
            password_hash=self.passwords.hash(password),
            now=self.clock(),
            lasts_s=self._lasts_s,
            browser=_browser(request),
        )


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")
