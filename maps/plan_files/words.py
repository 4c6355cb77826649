"""Text from records and people, made fit for files: nothing that steers, hides or breaks what stands around it."""

from __future__ import annotations

import re

__all__ = ["MOST_IN_NAME", "clean_text", "shorten"]

# so much of a name stands where people read it; tables of data have all of it
MOST_IN_NAME = 120
# what XML cannot write, breaks a line, or turns the text around it
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")


def clean_text(text: str) -> str:
    """A text on one line, with a blank for each run of what cannot be written or would turn its surroundings around."""
    return _UNFIT.sub(" ", text).strip()


def shorten(text: str, most: int = MOST_IN_NAME) -> str:
    """The beginning of a text that is cleaned and no longer than so many characters."""
    clean = clean_text(text)
    return clean if len(clean) <= most else f"{clean[: most - 1].rstrip()}…"
