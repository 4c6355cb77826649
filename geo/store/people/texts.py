"""Names and notes that people give what they keep: any script, nothing that cannot be seen or turns the page around."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["find_text_fault", "tidy_text"]

# controls, halves of characters, ends of lines and paragraphs, and what turns the text after it around
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
_UNSEEN = frozenset({"Cf", "Cc", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})


def tidy_text(text: str, *, has_lines: bool = False) -> str:
    """A text as it is kept: composed (NFC), no space around it, and plain ends of lines where it may have lines."""
    kept = unicodedata.normalize("NFC", text)
    if has_lines:
        kept = _LINE_ENDS.sub("\n", kept)
    return kept.strip(" \t\n\u00a0\u3000")


def find_text_fault(text: str, most: int, *, has_lines: bool = False) -> str | None:
    """What is wrong with a text that is tidy, in words that do not repeat it; None where nothing is.

    Parameters
    ----------
    text : str
    most : int, characters
    has_lines : bool, whether it may be empty, and have several lines and tabs, as a note
    """
    if len(text) > most:
        return f"has {len(text):,} characters; use at most {most:,}"
    if _REFUSED.search(text.replace("\n", "").replace("\t", "") if has_lines else text):
        return "holds characters that cannot be seen or that turn the text around; leave them out"
    if not has_lines and all(unicodedata.category(one) in _UNSEEN for one in text):
        return "is empty; give at least one letter, digit or sign"
    return None
