"""Looking at an ID token: who signed it, for whom, for which sign-in, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from api.oidc.errors import UNREACHABLE, ProviderError
from api.oidc.metadata import Directory

__all__ = ["CLOCK_SKEW_S", "SIGNED_BY", "read_id_token"]

# Signatures with a private key only: neither "none", nor a shared secret (HS256), which a public key could pass for.
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
CLOCK_SKEW_S = 60
_MAX_SUBJECT = 255


def read_id_token(
    token: str, directory: Directory, *, client_id: str, nonce: str, access_token: str | None, now: float
) -> Mapping[str, Any]:
    """Claims of an ID token that is good.

    Keys are asked for once more where the token names one that is not known: providers change theirs.

    Parameters
    ----------
    token : str, as the token endpoint gave it
    directory : Directory
    client_id : str, for whom it must be
    nonce : str, for which sign-in it must be
    access_token : str, optional
        What came with it; the token's hash of it must be right.
    now : float, s since 1970

    Raises
    ------
    ProviderError
        ``unreachable``.
    """
    try:
        try:
            read = jwt.decode(token, directory.find_keys(), algorithms=SIGNED_BY)
        except InvalidKeyIdError:
            read = jwt.decode(token, directory.find_keys(anew=True), algorithms=SIGNED_BY)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": directory.issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(int(now), CLOCK_SKEW_S)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderError(UNREACHABLE, f"the ID token cannot be used: {_describe(error)}") from error
    subject = claims["sub"]
    if not 0 < len(subject) <= _MAX_SUBJECT or not subject.isprintable():
        raise ProviderError(UNREACHABLE, "the ID token's subject is empty, too long or not printable")
    return dict(claims)


def _describe(error: Exception) -> str:
    """The kind of an error and the claim that it is about; its text may repeat what stands in the token."""
    claim = getattr(error, "claim", None)
    return f"{type(error).__name__} {claim}" if isinstance(claim, str) else type(error).__name__
