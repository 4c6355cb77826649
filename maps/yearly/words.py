"""What codes, periods and numbers of persons are called."""

from __future__ import annotations

from geo.planning.yearly import Amounts, Group, Period
from geo.risk.words import Sentence
from maps.charts.base import month_names
from maps.i18n import format_date, format_number, say, translate

__all__ = ["name_code", "name_group", "say_period", "say_persons"]

_MONTH = 2


def name_group(lang: str, dimension: str, group: Group) -> str:
    """What a row of a table is called."""
    return name_code(lang, dimension, group.title)


def name_code(lang: str, dimension: str, title: Sentence) -> str:
    """The same for the title alone; months come as numbers."""
    text = title.template
    if dimension == "month" and text.isdigit() and len(text) == _MONTH:
        name = month_names(lang, "wide")[int(text) - 1]
        return name[:1].upper() + name[1:]
    return say(lang, title)


def say_period(lang: str, period: Period) -> str:
    """A year by its number, any other period by its days."""
    if period.year is not None:
        return str(period.year)
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
