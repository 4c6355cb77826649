"""Names and words as they compare: without case, accents, blanks and what joins words."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold_name", "fold_value"]

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


def fold_name(name: str) -> str:
    """A column's name as small Latin letters and digits: ``Arbetsställe-nummer`` gives ``arbetsstallenummer``.

    Parameters
    ----------
    name : str

    Returns
    -------
    str, empty where the name has neither letters nor digits
    """
    return re.sub(r"[^a-z0-9]", "", _plain(name))


def fold_value(value: str) -> str:
    """A value as it compares: like a name, but what makes numbers is kept: ``1 – 4`` gives ``1-4``.

    Parameters
    ----------
    value : str

    Returns
    -------
    str, empty where nothing is left
    """
    plain = re.sub(r"[^a-z0-9+<>=-]", "", _plain(value).translate(_DASHES))
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark)).casefold()
