"""What codes, periods and numbers of persons are called."""

from __future__ import annotations

from datetime import date

from geo.planning.yearly import Amounts, Group, Period
from geo.risk.words import Sentence
from maps.charts.base import month_names
from maps.i18n import format_date, format_day, format_number, say, translate

__all__ = ["name_code", "name_group", "name_within_sentence", "say_period", "say_persons"]

_MONTH = 2


def name_group(lang: str, dimension: str, group: Group) -> str:
    """What a row of a table is called."""
    return name_code(lang, dimension, group.title)


def name_code(lang: str, dimension: str, title: Sentence) -> str:
    """The same for the title alone; months come as numbers. It begins a row."""
    name = _say_code(lang, dimension, title)
    return name[:1].upper() + name[1:] if dimension == "month" else name


def name_within_sentence(lang: str, dimension: str, group: Group) -> str:
    """What a row is called in the middle of a sentence, where Swedish months have no capital."""
    return _say_code(lang, dimension, group.title)


def _say_code(lang: str, dimension: str, title: Sentence) -> str:
    text = title.template
    if dimension == "month" and text.isdigit() and len(text) == _MONTH:
        return month_names(lang, "wide")[int(text) - 1]
    return say(lang, title)


def say_period(lang: str, period: Period) -> str:
    """A year by its number, one that is cut short by its number and its last day, any other period by its days."""
    if period.year is not None:
        return str(period.year)
    if period.first == date(period.last.year, 1, 1):
        day = format_day(lang, period.last)
        return translate(lang, "{year} up to {day}", year=str(period.last.year), day=day)
    return translate(
        lang, "{first} to {last}", first=format_date(lang, period.first), last=format_date(lang, period.last)
    )


def say_persons(lang: str, amounts: Amounts) -> str:
    """The least and the most that may have been met."""
    low = format_number(lang, amounts.persons_low, 0)
    if amounts.persons_high is None:
        return translate(lang, "at least {low}", low=low)
    if amounts.persons_high == amounts.persons_low:
        return low
    return f"{low}–{format_number(lang, amounts.persons_high, 0)}"
