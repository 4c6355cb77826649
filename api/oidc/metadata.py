"""What an identity provider says of itself: its addresses, and the keys that it signs with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from api.oidc.errors import UNREACHABLE, ProviderError
from api.oidc.transport import fetch_json

__all__ = ["Directory", "Endpoints"]

_KEPT_S = 3600.0
# keys that sign without being able to: a shared secret published as a key is none
_KEY_TYPES = frozenset({"RSA", "EC"})
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True)
class Endpoints:
    """Addresses of a provider.

    Attributes
    ----------
    authorization, token, keys : str
    client_auth : str, how the token endpoint wants to be told the client's secret
    names_issuer : bool, whether each answer names its issuer (RFC 9207)
    """

    authorization: str
    token: str
    keys: str
    client_auth: str
    names_issuer: bool


class Directory:
    """Addresses and keys of one issuer, asked for when they are needed and kept for an hour.

    Parameters
    ----------
    issuer : str
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._lock = Lock()
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def find_endpoints(self) -> Endpoints:
        """The provider's addresses.

        Raises
        ------
        ProviderError
            ``unreachable``: it is away, or says what cannot be used.
        """
        with self._lock:
            kept = self._endpoints
        if kept is None or time.monotonic() - kept[0] > _KEPT_S:
            kept = time.monotonic(), _read_endpoints(self.issuer)
            with self._lock:
                self._endpoints = kept
        return kept[1]

    def find_keys(self, *, anew: bool = False) -> KeySet:
        """The keys that the provider signs with; ``anew`` asks for them even where some are kept.

        Raises
        ------
        ProviderError
        """
        with self._lock:
            kept = self._keys
        if anew or kept is None or time.monotonic() - kept[0] > _KEPT_S:
            kept = time.monotonic(), _read_keys(fetch_json(self.issuer, self.find_endpoints().keys))
            with self._lock:
                self._keys = kept
        return kept[1]


def _read_endpoints(issuer: str) -> Endpoints:
    found = OpenIDProviderMetadata(fetch_json(issuer, get_well_known_url(issuer, external=True)))
    if found.get("issuer") != issuer:
        raise ProviderError(UNREACHABLE, f"NORRSYN_OIDC_ISSUER is {issuer!r}, but the provider says another issuer")
    addresses = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(_is_usable(address, issuer) for address in addresses):
        raise ProviderError(UNREACHABLE, "the provider names addresses that are none, or not https")
    methods = found.get("token_endpoint_auth_methods_supported") or [_BASIC]
    authorization, token, keys = map(str, addresses)
    return Endpoints(
        authorization,
        token,
        keys,
        client_auth=_POST if _BASIC not in methods and _POST in methods else _BASIC,
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_usable(address: object, issuer: str) -> bool:
    """Whether an address is https, or on the very host of an issuer on this machine."""
    if not isinstance(address, str):
        return False
    try:
        parts, own = urlsplit(address), urlsplit(issuer)
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(parts.hostname)) or (
        own.scheme == "http" and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    )


def _read_keys(found: Mapping[str, Any]) -> KeySet:
    keys = []
    given = found.get("keys")
    for key in given if isinstance(given, list) else []:
        if isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig":
            try:
                keys.append(import_key(key))
            except (JoseError, ValueError, TypeError):
                # a kind of key of which we know nothing; others may do
                continue
    if not keys:
        raise ProviderError(UNREACHABLE, "the provider publishes no key that can be used")
    return KeySet(keys)
