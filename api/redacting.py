"""What must not be repeated from an address: the tokens of one-time links."""

from __future__ import annotations

import re

__all__ = ["hide_tokens"]

_SECRET_PATHS = re.compile(r"^(/welcome/)[^/]+", re.IGNORECASE)


def hide_tokens(path: str) -> str:
    """A path for logs and answers, without the token that it may hold."""
    return _SECRET_PATHS.sub(r"\1-", path)
