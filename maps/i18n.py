"""Swedish and English: one PO file read at run time, and numbers and dates as each language writes them.

The key of a text is its English form. Titles that stand in the reference tables with both languages need no entry in
the PO file. A value that is a `Sentence` is translated before it is filled in; any other text is somebody's name and
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_format_date
from babel.messages.pofile import read_po

from geo.errors import ParameterError
from geo.reference import swedish_texts
from geo.risk.words import Sentence, Tenths
from maps.narrow_words import NARROW_WORDS, choose_words

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "SWEDEN",
    "catalogue",
    "format_date",
    "format_day",
    "format_day_of",
    "format_number",
    "narrow_catalogue",
    "pick_language",
    "say",
    "translate",
]

LANGUAGES = ("sv", "en")
DEFAULT_LANGUAGE = "sv"
SWEDEN = ZoneInfo("Europe/Stockholm")
LOCALE_FOLDER = Path(__file__).parent / "locale"
_GAP = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_THIN_SPACE = "\u202f"
_MINUS = "\u2212"
_FEW_DIGITS_BELOW = 10


def pick_language(wanted: str | None) -> str:
    """Language of a page: what was asked for if we have it, else Swedish."""
    return wanted if wanted in LANGUAGES else DEFAULT_LANGUAGE


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """Every text we have in a language, by its English form; empty for English. Served as ``/i18n/{lang}.json``.

    Raises
    ------
    ParameterError
        We do not have the language.
    """
    _check_language(lang)
    if lang == "en":
        return MappingProxyType({})
    with (LOCALE_FOLDER / lang / "LC_MESSAGES" / "norrsyn.po").open("rb") as file:
        messages = read_po(file, locale=lang, abort_invalid=True)
    own = {str(message.id): str(message.string) for message in messages if message.id and message.string}
    return MappingProxyType({**swedish_texts(), **own})


def narrow_catalogue(lang: str) -> dict[str, str]:
    """The same for those who may see some of the records only: what is said to them, by what is said to others."""
    texts = catalogue(lang)
    return {**texts, **{others: texts.get(said, said) for others, said in NARROW_WORDS.items()}}


def translate(lang: str, template: str, **params: object) -> str:
    """Put a template into a language and fill its gaps.

    Parameters
    ----------
    lang : str
    template : str
        English, with gaps like ``{name}``.
    **params
        Text and names are filled in as they are, sentences translated, numbers and dates written as the language does.

    Returns
    -------
    str; a template without a translation stays English, a gap without a value stays visible
    """
    template = choose_words(template)
    text = catalogue(lang).get(template, template)
    return _GAP.sub(lambda gap: _in_words(lang, params[gap[1]]) if gap[1] in params else gap[0], text)


def say(lang: str, sentence: Sentence) -> str:
    """Put a sentence from the model into a language."""
    return translate(lang, sentence.template, **sentence.values)


def format_number(lang: str, value: float, decimals: int | None = None) -> str:
    """Write a number: decimal comma and thin space in Swedish, point and comma in English.

    Parameters
    ----------
    lang : str
    value : float
    decimals : int, optional
        When left out: one for a small number that is not whole, else none.
    """
    _check_language(lang)
    if decimals is None:
        decimals = 1 if abs(value) < _FEW_DIGITS_BELOW and value != round(value) else 0
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    if lang == "sv":
        text = text.replace(",", _THIN_SPACE).replace(".", ",")
    return text.replace("-", _MINUS)


def format_date(lang: str, day: date) -> str:
    """Write a date in full: ``15 juli 2026``, ``15 July 2026``."""
    _check_language(lang)
    return babel_format_date(day, format="long", locale={"sv": "sv_SE", "en": "en_GB"}[lang])


def format_day_of(lang: str, text: str | None) -> str:
    """The day in Sweden of a date or a moment in ISO 8601; empty where there is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return ""
    return format_date(lang, (moment.astimezone(SWEDEN) if moment.tzinfo else moment).date())


def format_day(lang: str, day: date) -> str:
    """Write a day without its year: ``15 juli``, ``15 July``."""
    _check_language(lang)
    return babel_format_date(day, format="d MMMM", locale={"sv": "sv_SE", "en": "en_GB"}[lang])


def _in_words(lang: str, value: object) -> str:
    if isinstance(value, Sentence):
        return say(lang, value)
    if isinstance(value, date):
        return format_date(lang, value)
    if isinstance(value, Tenths):
        return format_number(lang, value, 1)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return format_number(lang, value)
    return str(value)


def _check_language(lang: str) -> None:
    if lang not in LANGUAGES:
        message = f"There is no language {lang!r}; use one of {', '.join(LANGUAGES)}."
        raise ParameterError(message)
