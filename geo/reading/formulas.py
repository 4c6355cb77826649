"""Text in CSV files that a spreadsheet would run as a formula: made harmless, and the way back.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break may be run by the spreadsheet that opens the
file. Such a cell gets an apostrophe in front, which shows it as text; so does one that begins with an apostrophe, so
that the way back is certain. Numbers are left alone. Where a file with commas is opened by a spreadsheet that splits at
semicolons, as Swedish ones do, a cell begins after each of them, and quotes around it do not help: there the apostrophe
stands too, as it does after a tab or a line break within a text.

Source: OWASP, "CSV Injection"
"""

from __future__ import annotations

import re

__all__ = ["escape_formula", "restore_formula"]

_SIGNS = tuple("=+-@'＝＋－＠")  # noqa: RUF001  spreadsheets take the full-width signs as well
_RISKY = (*_SIGNS, "\t", "\r", "\n")
_BREAKS = re.compile(r"([;\t\r\n])")
_AFTER_A_BREAK = re.compile(r"(?<=[;\t\r\n])'")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows it without running it."""
    first, *others = _BREAKS.split(text)
    if others:
        text = "".join([first, *(f"'{part}" if _is_risky_inside(part) else part for part in others)])
    return f"'{text}" if text.startswith(_RISKY) and not _NUMBER.fullmatch(text) else text


def restore_formula(text: str) -> str:
    """What `escape_formula` was given."""
    return _AFTER_A_BREAK.sub("", text.removeprefix("'"))


def _is_risky_inside(part: str) -> bool:
    """Whether what stands after a break would be run, however many quotes a file puts around it."""
    return part.lstrip('"').startswith(_SIGNS) and not _NUMBER.fullmatch(part)
