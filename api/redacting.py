"""What must not be repeated: the tokens of one-time links and of share links, wherever they stand."""

from __future__ import annotations

import logging
import re
from typing import Any

__all__ = ["hide_tokens", "redact_logs"]

# of a share link's address, all that follows: any text at all may stand there
_SECRET_PATHS = re.compile(r"^(?:(/welcome/)[^/]+|(/s/).+)", re.IGNORECASE | re.DOTALL)
# a share link's address in any text, and its token by itself, also cut off or with its underscore written as %5F
_ADDRESSES = re.compile(r"(?<![\w.-])/s/(?!-)[^\s\"'<>?#\\]+")
_TOKENS = re.compile(r"nsl(?:_|%5f)[A-Za-z0-9_%-]*", re.IGNORECASE)
_HIDDEN = "nsl_-"


def hide_tokens(text: str) -> str:
    """A path, or any other text, for logs and answers: without the tokens that it may hold."""
    text = _SECRET_PATHS.sub(lambda found: f"{found[1] or found[2]}-", text)
    return _TOKENS.sub(_HIDDEN, _ADDRESSES.sub("/s/-", text))


def redact_logs() -> None:
    """Have every record of every log of this process written without tokens, tracebacks included."""
    make = logging.getLogRecordFactory()
    if isinstance(make, _RedactingFactory):
        return
    logging.setLogRecordFactory(_RedactingFactory(make))


class _RedactingFactory:
    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        record.msg = _hide_in(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_hide_in(each) for each in record.args)
        elif record.args:
            record.args = {name: _hide_in(each) for name, each in record.args.items()}
        if record.exc_info:
            # a formatter takes what is there already
            record.exc_text = hide_tokens(logging.Formatter().formatException(record.exc_info))
        return record


def _hide_in(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    hidden = hide_tokens(text)
    return value if hidden == text else hidden
