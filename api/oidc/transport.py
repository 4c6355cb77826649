"""Requests to the identity provider: over TLS, within a time and a size, and never led on elsewhere."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from api.oidc.errors import UNREACHABLE, ProviderError

__all__ = ["TIMEOUT_S", "fetch_json", "prepare_session"]

# until the provider is reached, and until each part of its answer comes
TIMEOUT_S = (3.0, 5.0)
_WHOLE_S = 10.0
_MAX_BYTES = 1_000_000
_CHUNK_BYTES = 16_384


class _ProviderAdapter(HTTPAdapter):
    """Sends a request and reads the whole answer, within the limits; an answer that leads elsewhere is an error."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """One request."""
        ends_at = time.monotonic() + _WHOLE_S
        response = super().send(request, **(options | {"stream": True, "timeout": TIMEOUT_S}))
        try:
            response._content = _read_body(response, ends_at)
        finally:
            response.close()
        response._content_consumed = True
        if response.is_redirect:
            message = "the provider's answer leads elsewhere"
            raise requests.exceptions.TooManyRedirects(message, response=response)
        return response


def prepare_session(session: requests.Session, issuer: str) -> requests.Session:
    """Let a session reach https addresses only, and an issuer on this machine over http."""
    session.adapters.clear()
    session.mount("https://", _ProviderAdapter())
    parts = urlsplit(issuer)
    if parts.scheme == "http":
        session.mount(f"http://{parts.netloc}/", _ProviderAdapter())
        session.trust_env = False
    return session


def fetch_json(issuer: str, url: str) -> dict[str, Any]:
    """An object that the provider publishes.

    Raises
    ------
    ProviderError
        ``unreachable``.
    """
    try:
        with prepare_session(requests.Session(), issuer) as session:
            response = session.get(url, headers={"Accept": "application/json"})
            response.raise_for_status()
            found = response.json()
    except (requests.RequestException, ValueError) as error:
        raise ProviderError(UNREACHABLE, f"{url}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise ProviderError(UNREACHABLE, f"{url}: no JSON object")
    return found


def _read_body(response: requests.Response, ends_at: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > _MAX_BYTES or time.monotonic() > ends_at:
            message = "the provider's answer is too long or too slow"
            raise requests.exceptions.ConnectionError(message)
    return bytes(body)
