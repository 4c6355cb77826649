"""Where a request comes from, and how it reached us."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.requests import Request

from api.middleware import is_this_machine

__all__ = ["Networks", "find_client", "find_origin", "is_guarded", "parse_networks"]

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


def parse_networks(text: str) -> Networks:
    """Addresses and networks, parted by commas.

    Raises
    ------
    ValueError
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def find_client(request: Request, trusted: Networks) -> str:
    """Address of whoever asks; what ``X-Forwarded-For`` says counts only where a trusted proxy says it."""
    peer = request.client.host if request.client else ""
    if not _is_among(peer, trusted):
        return peer
    said = [part.strip() for value in request.headers.getlist("x-forwarded-for") for part in value.split(",")]
    # the last ones were written by our own proxies, the ones before by whoever pleased
    return next((address for address in reversed(said) if not _is_among(address, trusted)), peer)


def is_guarded(request: Request) -> bool:
    """Whether the way to the browser is TLS: cookies may then be, and so must be, sent over nothing else.

    That is so where the request came by https, and wherever it names another host than this machine: such a name is
    served by a proxy in front, and never without TLS.
    """
    host = request.url.hostname or ""
    return request.url.scheme == "https" or not is_this_machine(f"[{host}]" if ":" in host else host)


def find_origin(request: Request) -> str:
    """How people reach this server: as the operator has set it, else by the name that this request came by."""
    public: str | None = request.app.state.service.settings.public_url
    return public or str(request.base_url).rstrip("/")


def _is_among(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks if network.version == found.version)
