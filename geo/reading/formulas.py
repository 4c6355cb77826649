"""Text in CSV files that a spreadsheet would run as a formula: made harmless, and the way back.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break may be run by the spreadsheet that opens the
file. Such a cell gets an apostrophe in front, which shows it as text; so does one that begins with an apostrophe, so
that the way back is certain. Numbers are left alone.

Source: OWASP, "CSV Injection"
"""

from __future__ import annotations

import re

__all__ = ["escape_formula", "restore_formula"]

_RISKY = tuple("=+-@\t\r\n'＝＋－＠")  # noqa: RUF001  spreadsheets take the full-width signs as well
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows it without running it."""
    return f"'{text}" if text.startswith(_RISKY) and not _NUMBER.fullmatch(text) else text


def restore_formula(text: str) -> str:
    """What `escape_formula` was given."""
    return text.removeprefix("'")
