"""Bodies that are read into memory whole, and so must be small."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from api.errors import TooLargeError

__all__ = ["MAX_BODY_BYTES", "SmallBodyRoute"]

MAX_BODY_BYTES = 100_000


class SmallBodyRoute(APIRoute):
    """A route that reads no more than `MAX_BODY_BYTES` of a request."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the limit."""
        handle = super().get_route_handler()

        async def handle_small(request: Request) -> Response:
            return await handle(Request(request.scope, _give(await _read_small(request))))

        return handle_small


async def _read_small(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            message = f"A request here takes at most {MAX_BODY_BYTES:,} bytes; ask for less at a time."
            raise TooLargeError(message)
    return bytes(body)


def _give(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
