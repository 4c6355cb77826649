"""The share behind a request of a recipient's browser, read from the database each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from api.auth.cookies import read_named_cookie, share_cookie_name
from api.middleware import is_head
from api.witness import Sightings
from geo.disclosure.release.rows import Release, ReleaseRow
from geo.disclosure.release.scope import Scope, select_rows
from geo.errors import NorrsynError, NotFoundError
from geo.store.people.shares.links import ShareLink, ShareScope
from geo.store.people.shares.opening import find_share_session, note_share_use
from geo.store.people.tokens import hash_token
from geo.store.releases import list_releases, load_release

__all__ = [
    "NoShareError",
    "Share",
    "find_share",
    "has_release",
    "load_shared",
    "make_scope",
    "note_export",
    "note_view",
    "require_share",
]

_HOUR_S = 3600.0


class NoShareError(NorrsynError):
    """Nothing is shared with whoever asks, or not that: it is never told which."""


@dataclass(frozen=True)
class Share:
    """What a recipient may see now.

    Attributes
    ----------
    link_id, recipient, purpose, basis, circle, release_id, lang, contact : str
    scope : Scope
    expires_at : float, s
    link : ShareLink, as it is stored
    """

    link_id: str
    recipient: str
    purpose: str
    basis: str
    circle: str
    scope: Scope
    release_id: str
    expires_at: float
    lang: str
    contact: str
    link: ShareLink


def find_share(request: Request) -> Share | None:
    """What is shared with whoever asks; None where nothing is, or not any more. Nobody's session plays a part."""
    token = read_named_cookie(request, share_cookie_name(request))
    if token is None:
        return None
    home, now = request.app.state.service.settings.home, _now(request)
    link = find_share_session(home, token, now=now)
    if link is None or not has_release(request, link.scope.release_id, link.circle):
        return None
    return Share(
        link.link_id,
        link.recipient,
        link.purpose,
        link.basis,
        link.circle,
        make_scope(link.scope),
        link.scope.release_id,
        link.expires_at,
        link.lang,
        link.contact,
        link,
    )


def require_share(
    request: Request, link: Annotated[str, Query(description="Id of the link whose page asks; any when left out")] = ""
) -> Share:
    """`find_share`, for routes that there are for nobody else, and for the page that asks.

    A browser in which another link has been opened since shows nothing of that one on the page of the first.

    Raises
    ------
    NoShareError
    """
    share = find_share(request)
    if share is None or link not in {"", share.link_id}:
        message = "Nothing is shared with whoever asks."
        raise NoShareError(message)
    return share


def load_shared(request: Request, share: Share) -> tuple[Release, tuple[ReleaseRow, ...]]:
    """The release of a share, and those rows of it that the recipient may see.

    Raises
    ------
    NoShareError
        The release is gone.
    """
    try:
        now = datetime.fromtimestamp(_now(request), UTC)
        release = load_release(request.app.state.service.settings.home, share.release_id, now=now)
    except NotFoundError as error:
        message = "The release of a link is gone."
        raise NoShareError(message) from error
    return release, select_rows(release, share.scope)


def has_release(request: Request, release_id: str, circle: str) -> bool:
    """Whether a release may still be shown."""
    home, now = request.app.state.service.settings.home, datetime.fromtimestamp(_now(request), UTC)
    return any(each.release_id == release_id and each.is_open for each in list_releases(home, circle, now=now))


def make_scope(scope: ShareScope) -> Scope:
    """A link's scope as releases take it."""
    return Scope(scope.area, scope.sectors, scope.layers, scope.finest_m)


def note_view(request: Request, share: Share, about: str = "") -> None:
    """Note in the log that the recipient looks at what is shared: once for each browser, thing and clock hour.

    Raises
    ------
    StoreError
        It cannot be noted, so it must not be shown either.
    """
    _note_once(request, share, "link-viewed", about)


def note_export(request: Request, share: Share, about: str) -> None:
    """Note in the log that the recipient takes along what is shared, such as ``csv``: as often as a view.

    Raises
    ------
    StoreError
    """
    _note_once(request, share, "link-exported", about)


def _note_once(request: Request, share: Share, what: str, about: str) -> None:
    if is_head(request):
        # nothing is shown
        return
    token, now = read_named_cookie(request, share_cookie_name(request)) or "", _now(request)
    sightings: Sightings = request.app.state.sightings
    use = (what, hash_token(token), about, str(int(now // _HOUR_S)))
    if not sightings.has(*use):
        note_share_use(request.app.state.service.settings.home, share.link, what, about, now=now)
        sightings.add(*use)


def _now(request: Request) -> float:
    return float(request.app.state.accounts.clock())
