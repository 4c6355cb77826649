"""Why a sign-in through the provider came to nothing."""

from __future__ import annotations

from typing import Final

__all__ = ["CANCELLED", "EXPIRED", "REFUSED", "UNREACHABLE", "ProviderError"]

# What its user is told, `maps.pages.accounts` has the words.
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"
REFUSED: Final = "refused"
UNREACHABLE: Final = "unreachable"


class ProviderError(Exception):
    """A sign-in through the identity provider came to nothing.

    Attributes
    ----------
    problem : str
        What its user is told, one of the words above.
    reason : str
        What the log is told; no code, state, token or claim stands in it.
    """

    def __init__(self, problem: str, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem
        self.reason = reason
