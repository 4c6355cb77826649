"""A sign-in that has begun: what the browser keeps until it comes back from the provider.

It is a cookie that no script reads, signed with a key made of the client's secret, so that no row needs to be written
for somebody who is nobody yet, and every worker can read it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request
from starlette.responses import Response

from api.auth.addresses import is_guarded
from api.auth.cookies import read_named_cookie
from geo.store.people.tokens import make_token

__all__ = ["LASTS_S", "Pending", "clear_pending", "make_key", "make_pending", "read_pending", "set_pending"]

LASTS_S = 600
_NAME = "norrsyn-sign-in"
_SIGNED_BY = ["HS256"]


@dataclass(frozen=True)
class Pending:
    """A sign-in that has begun.

    Attributes
    ----------
    state : str, comes back from the provider with the browser
    nonce : str, comes back in the ID token
    verifier : str, shows the provider that whoever brings the code is who asked for it (PKCE)
    wanted, lang : str, where to go on to
    """

    state: str
    nonce: str
    verifier: str
    wanted: str
    lang: str


def make_pending(wanted: str, lang: str) -> Pending:
    """Begin a sign-in."""
    return Pending(make_token(), make_token(), make_token(), wanted, lang)


def make_key(client_secret: str) -> OctKey:
    """The key that cookies are signed with; it opens nothing at the provider."""
    return OctKey.import_key(hmac.digest(client_secret.encode(), b"norrsyn: sign-ins that have begun", hashlib.sha256))


def set_pending(request: Request, response: Response, pending: Pending, key: OctKey, *, now: float) -> None:
    """Let the browser keep a sign-in that has begun, for ten minutes."""
    text = jwt.encode({"alg": _SIGNED_BY[0]}, asdict(pending) | {"exp": int(now) + LASTS_S}, key, _SIGNED_BY)
    response.set_cookie(
        _cookie_name(request),
        text,
        max_age=LASTS_S,
        path="/",
        secure=is_guarded(request),
        httponly=True,
        samesite="lax",
    )


def read_pending(request: Request, key: OctKey, *, now: float) -> Pending | None:
    """The sign-in that the browser has begun; None where there is none, or it is too old or not of our making."""
    text = read_named_cookie(request, _cookie_name(request))
    if text is None:
        return None
    try:
        claims = jwt.decode(text, key, _SIGNED_BY).claims
        jwt.JWTClaimsRegistry(int(now), exp={"essential": True}).validate(claims)
        return Pending(**{name: str(claims[name]) for name in Pending.__dataclass_fields__})
    except (JoseError, ValueError, KeyError):
        return None


def clear_pending(request: Request, response: Response) -> None:
    """Take it away: it is good for one return."""
    response.delete_cookie(_cookie_name(request), path="/", secure=is_guarded(request), httponly=True, samesite="lax")


def _cookie_name(request: Request) -> str:
    return f"__Host-{_NAME}" if is_guarded(request) else _NAME
