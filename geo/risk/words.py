"""Sentences for people: an English template and its values, so that a page can put it into another language.

A value that is itself a `Sentence` is translated before it is filled in; numbers and dates are formatted by whoever
shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from geo.reference.tables import read_columns

__all__ = ["Sentence", "Tenths", "title_sentence"]

_ONE_DECIMAL_BELOW = 10
# whatever the machine's language is
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Tenths(float):
    """A number that is written with one decimal whatever its size, because it is to be held against others."""


@dataclass(frozen=True)
class Sentence:
    """A template with named gaps and the values for them.

    Attributes
    ----------
    template : English text with ``{name}`` gaps; the key in the catalogues
    values : what goes into the gaps
    """

    template: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format_map({name: _in_english(value) for name, value in self.values.items()})


def title_sentence(table: str, column: str, code: str) -> Sentence:
    """The title of a code in a reference table, as a sentence that can be translated."""
    return Sentence(_titles_by_code(table, column).get(code, code))


@lru_cache(maxsize=64)
def _titles_by_code(table: str, column: str) -> Mapping[str, str]:
    # the first row of a code counts
    rows = list(read_columns(table, column, "title"))
    return MappingProxyType(dict(reversed(rows)))


def _in_english(value: object) -> str:
    if isinstance(value, Tenths):
        return f"{value:,.1f}"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) < _ONE_DECIMAL_BELOW and value != round(value) else f"{value:,.0f}"
    if isinstance(value, date):
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"
