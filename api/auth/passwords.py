"""Passwords: argon2id, and what no password may be."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.turns import Turns

__all__ = ["MAX_PASSWORD", "MIN_PASSWORD", "Passwords", "find_fault"]

MIN_PASSWORD = 12
MAX_PASSWORD = 500
_LEAST_DIFFERENT = 5
# What guessers begin with, also in Swedish, whatever digits and signs stand around it.
_OBVIOUS = frozenset(
    {
        "password",
        "passwort",
        "losenord",
        "lösenord",
        "losen",
        "lösen",
        "hemligt",
        "secret",
        "qwerty",
        "qwertyuiop",
        "asdfgh",
        "administrator",
        "admin",
        "letmein",
        "valkommen",
        "välkommen",
        "welcome",
        "sommar",
        "vinter",
        "höst",
        "vår",
        "norrsyn",
        "inspektion",
        "kontroll",
        "sverige",
        "changeme",
        "iloveyou",
    }
)
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopåasdfghjklöäzxcvbnm")
# argon2 takes 64 MiB for each password that it looks at
_AT_ONCE, _WAITING = 2, 30
_HASHER = PasswordHasher()


class Passwords:
    """Hashing and comparing, a few at a time.

    Parameters
    ----------
    hasher : PasswordHasher, optional
        argon2id with the parameters of RFC 9106's second recommendation when left out; tests give a cheap one.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = _HASHER if hasher is None else hasher
        self._turns = Turns(_AT_ONCE, _WAITING)

    def apart(self) -> Passwords:
        """The same, with turns of its own: who asks for these keeps nobody waiting who asks for those."""
        return Passwords(self._hasher)

    def hash(self, password: str) -> str:
        """A password as it is kept: argon2id in PHC form.

        Raises
        ------
        BusyError
        """
        with self._turns.take():
            return self._hasher.hash(_normalise(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether a password is right; it takes as long where there is none to compare with.

        Raises
        ------
        BusyError
        """
        with self._turns.take():
            try:
                is_same = self._hasher.verify(self._dummy if kept is None else kept, _normalise(password))
            except (VerificationError, InvalidHashError):
                return False
        return is_same and kept is not None

    @cached_property
    def _dummy(self) -> str:
        return _hash_for_nobody(self._hasher)

    def warm(self) -> Passwords:
        """Make what unknown names are compared with, so that the first one takes no longer than the next."""
        self._dummy  # noqa: B018
        return self


@cache
def _hash_for_nobody(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody has this password")


def find_fault(password: str, name: str) -> str | None:
    """What is wrong with a new password: ``short``, ``long``, ``name`` or ``obvious``; None where it will do."""
    text = _normalise(password)
    if len(text) < MIN_PASSWORD:
        return "short"
    if len(text) > MAX_PASSWORD:
        return "long"
    letters, own = text.casefold(), _normalise(name).casefold()
    compact, own_compact = re.sub(r"\W|_", "", letters), re.sub(r"\W|_", "", own)
    is_name = own in letters and len(letters.replace(own, "")) < MIN_PASSWORD // 2
    if own and (is_name or (compact and compact == own_compact)):
        return "name"
    word = re.sub(r"[\W\d_]", "", letters)
    repeated = re.sub(r"^(.+?)\1+$", r"\1", letters)
    rows = bool(compact) and any(compact in row or compact in row[::-1] for row in _ROWS)
    if word in _OBVIOUS or rows or len(set(letters)) < _LEAST_DIFFERENT or len(repeated) < MIN_PASSWORD // 2:
        return "obvious"
    return None


def _normalise(password: str) -> str:
    """One form of what looks the same: keyboards write å as one sign or as two."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
