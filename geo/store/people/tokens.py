"""What proves a session or a link: 256 random bits that only their owner has; here stands their SHA-256."""

from __future__ import annotations

import hashlib
import re
import secrets

__all__ = ["hash_token", "is_token", "make_token"]

_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def make_token() -> str:
    """256 random bits as text for an address or a cookie."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Whether a text has the form of a token; what has not need not be looked up."""
    return _TOKEN.fullmatch(text) is not None


def hash_token(token: str) -> str:
    """SHA-256 of a token in hexadecimal: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
