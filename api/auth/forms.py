"""Forms of the sign-in pages: small, of named fields, each once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from api.errors import TooLargeError
from geo.errors import ParameterError

__all__ = ["read_form"]

_MAX_BYTES = 100_000
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
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        message = f"Send a form as {_TYPE}."
        raise ParameterError(message)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            message = f"A form here takes at most {_MAX_BYTES:,} bytes."
            raise TooLargeError(message)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        message = "The form cannot be read."
        raise ParameterError(message) from error
    return dict(pairs)
