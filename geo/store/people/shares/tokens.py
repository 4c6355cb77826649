"""The token in a share link's address, and the code that a single-use link asks for beside it.

A token is ``nsl_``, 256 random bits in base64url, and a checksum (CRC32 in base 62), the form by which secret scanners
know one: see GitHub's "Behind GitHub's new authentication token formats" (2021). Only its SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib

from geo.store.people.tokens import make_token

__all__ = ["TOKEN_PREFIX", "hash_code", "is_share_token", "make_code", "make_share_token", "tidy_code"]

TOKEN_PREFIX = "nsl_"  # noqa: S105
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM_LENGTH = 6
_FORM = re.compile(rf"{TOKEN_PREFIX}([A-Za-z0-9_-]{{43}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")
# no letter or digit that looks like another
_CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8


def make_share_token() -> str:
    """256 random bits with their mark and checksum, for an address."""
    random = make_token()
    return f"{TOKEN_PREFIX}{random}{_find_checksum(random)}"


def is_share_token(text: str) -> bool:
    """Whether a text has the form of a token and its checksum is right; it need not be a token of any link."""
    found = _FORM.fullmatch(text)
    return found is not None and _find_checksum(found[1]) == found[2]


def make_code() -> str:
    """A code to tell somebody aloud, 39 bits: ``K7PM-2WQD``."""
    signs = "".join(secrets.choice(_CODE_SIGNS) for _ in range(_CODE_LENGTH))
    return f"{signs[:4]}-{signs[4:]}"


def tidy_code(text: str) -> str:
    """A code as it is compared, however it was typed: capitals, no space or hyphen."""
    return re.sub(r"[\s\-\u2010-\u2015]+", "", text[:100]).upper()


def hash_code(token: str, code: str) -> str:
    """SHA-256 of a code with its link's token, which is kept nowhere: codes cannot be tried against the database."""
    return hashlib.sha256(f"code:{token}:{tidy_code(code)}".encode("utf-8", "replace")).hexdigest()


def _find_checksum(random: str) -> str:
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
