"""Personal identity numbers in text: found however they are written, and never repeated.

Year, month, day (plus 60 in a co-ordination number) and four digits, the last a check digit; in front may stand the
century. An organisation number has 2 or more where this has the first digit of the month, so the two differ.

Source: The Swedish Tax Agency, SKV 704 (personal identity numbers) and SKV 707 (co-ordination numbers)
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["HIDDEN", "has_check_digit", "hide_personal_numbers", "holds_personal_number", "reads_as_personal_number"]

_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
# In front may stand the century, or 16 as before an organisation number.
_CENTURY = r"(?:16|18|19|20)"
_BARE = rf"{_CENTURY}?\d{{2}}{_MONTH}{_DAY}\d{{4}}"
_GAP = r"[\s\-+.\u2010-\u2015\u2212]{0,3}"
_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_CENTURY}{_GAP})?(?P<day>\d{{2}}{_GAP}{_MONTH}{_GAP}{_DAY})"
    rf"{_GAP}(?P<rest>\d{{2}}\s?\d{{2}})(?![0-9A-Za-z])"
)
# With a dash where one belongs it is a number even between letters; another dash behind it makes it a UUID.
_DASHED = re.compile(
    rf"(?<!\d)(?:{_CENTURY})?(?P<day>\d{{2}}{_MONTH}{_DAY})[-+\u2010-\u2015\u2212](?P<rest>\d{{4}})(?![\d-])"
)
_ORGANISATION = r"[0-9]{2}[2-9][0-9]{7}"
_FEWEST_DIGITS = len("8001011234")
# What stands where a number was, in messages and in rows that wait to be mended.
HIDDEN = "••••••-••••"


def holds_personal_number(values: pd.Series) -> NDArray[np.bool_]:
    """Which texts hold a personal identity number with a right check digit.

    Parameters
    ----------
    values : (n,) text, may be missing

    Returns
    -------
    (n,) bool
    """
    found = np.zeros(len(values), dtype=bool)
    # most texts are too short, or have too few digits, to look any further
    long = np.flatnonzero(values.str.len().to_numpy(dtype=np.float64, na_value=0) >= _FEWEST_DIGITS)
    place, texts = pd.factorize(values.iloc[long])
    distinct = pd.Series(texts, dtype=values.dtype)
    likely = distinct.str.count(r"\d").to_numpy() >= _FEWEST_DIGITS
    likely &= ~distinct.str.fullmatch(_ORGANISATION).to_numpy(dtype=bool)
    holds = np.array([look and _find(text) is not None for text, look in zip(texts, likely, strict=True)], dtype=bool)
    found[long] = holds[place]
    return found


def reads_as_personal_number(values: pd.Series) -> NDArray[np.bool_]:
    """Which cells of a column of organisation numbers read as a personal one, check digit or not.

    A sole trader's organisation number is a personal identity number; in a VAT number SE stands in front and 01 behind.

    Parameters
    ----------
    values : (n,) text, may be missing

    Returns
    -------
    (n,) bool
    """
    found = np.zeros(len(values), dtype=bool)
    # most are an organisation number and nothing else
    others = np.flatnonzero(~values.str.fullmatch(_ORGANISATION, na=True).to_numpy(dtype=bool))
    # however it is written: with dashes or dots of any kind, blanks, full-width digits
    plain = values.iloc[others].str.normalize("NFKC").str.upper().str.replace(r"[\W_]+", "", regex=True)
    found[others] = plain.str.fullmatch(rf"{_BARE}|SE{_BARE}(?:\d{{2}})?", na=False).to_numpy(dtype=bool)
    return found


def hide_personal_numbers(text: str) -> str:
    """The text with every personal identity number in it blotted out, for messages."""
    if len(text) < _FEWEST_DIGITS and text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    while match := _find(plain):
        plain = plain[: match.start()] + HIDDEN + plain[match.end() :]
    return plain if HIDDEN in plain else text


def _find(text: str) -> re.Match[str] | None:
    plain = unicodedata.normalize("NFKC", text)
    for pattern in (_NUMBER, _DASHED):
        for match in pattern.finditer(plain):
            if has_check_digit(re.sub(r"\D", "", match["day"] + match["rest"])):
                return match
    return None


def has_check_digit(digits: str) -> bool:
    """Luhn's check over ten digits."""
    doubled = [int(digit) * (2 - i % 2) for i, digit in enumerate(digits)]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
