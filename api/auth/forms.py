"""Forms of the sign-in pages: small, of named fields, each once."""

from __future__ import annotations

import hashlib
import secrets
from urllib.parse import parse_qsl

from starlette.requests import Request

from api.errors import TooLargeError
from geo.errors import ParameterError

__all__ = ["has_form_token", "make_form_token", "read_form", "read_text_form"]

_MAX_BYTES = 100_000
# a few fields of 10 000 characters, which are twelve bytes each at most
_MAX_BYTES_OF_TEXTS = 500_000
_MAX_FIELDS = 40
_TYPE = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """Fields of a form and what was written into them; of a field that comes twice, the last.

    Raises
    ------
    ParameterError
        It is no form.
    TooLargeError
    """
    return await _read(request, _MAX_BYTES)


async def read_text_form(request: Request) -> dict[str, str]:
    """`read_form` of one whose texts come back to be shortened where they are too long.

    Raises
    ------
    ParameterError
        It is no form.
    TooLargeError
    """
    return await _read(request, _MAX_BYTES_OF_TEXTS)


async def _read(request: Request, max_bytes: int) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        message = f"Send a form as {_TYPE}."
        raise ParameterError(message)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            message = f"A form here takes at most {max_bytes:,} bytes."
            raise TooLargeError(message)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        message = "The form cannot be read."
        raise ParameterError(message) from error
    return dict(pairs)


def make_form_token(secret: str) -> str:
    """What a form must bring along: whoever posts without having read the page does not have it.

    Parameters
    ----------
    secret : str, of a link or a session; it cannot be told from the token
    """
    return hashlib.sha256(f"form:{secret}".encode()).hexdigest()


def has_form_token(form: dict[str, str], secret: str) -> bool:
    """Whether a form has brought its token along."""
    return secrets.compare_digest(form.get("form_token", "").encode(), make_form_token(secret).encode())
