"""What is said to those whose sharing circle may not see every record, in place of what only all records could tell.

Whoever sees all visits knows that nobody has been at a place; whoever sees some of them knows only that none of these
was there. So that no page, answer, drawing or export says the first to the second, the words are put in place where
every text is put into a language: in `maps.i18n.translate`, and in the texts that scripts get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

__all__ = ["NARROW_WORDS", "choose_words", "said_of_some_records"]

# English text to the one for a narrower circle; tests hold that both have the same gaps and Swedish
NARROW_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "Never inspected": "No visit that your circle may see",
        "Never inspected: no recent inspection has reached this place, so the absence of findings proves nothing.": (
            "Among the records that your circle may see, no recent visit has reached this place. Others may have "
            "inspected it; the absence of findings proves nothing."
        ),
        "Not inspected lately": "No recent visit that your circle may see",
        "Not inspected lately: visits near here are too old, or too far away, for the absence of findings to prove "
        "anything.": (
            "Visits near here that your circle may see are too old, or too far away, for the absence of findings to "
            "prove anything. Others may have inspected it."
        ),
        "Visits farther away count for this cell.": "Visits farther away that your circle may see count for this cell.",
        "Stripe the never inspected": "Stripe where your circle may see no visit",
        "There is something to visit, but nobody has lately. No finding proves nothing. Striped on the map.": (
            "There is something to visit, but no recent visit is among the records that your circle may see. No "
            "finding proves nothing. Striped on the map."
        ),
        "Nobody has looked here: the region's average of {average} findings per {per} visits is assumed.": (
            "No visit here is among the records that your circle may see: the region's average of {average} findings "
            "per {per} visits is assumed."
        ),
        "Findings within {km} km: {findings}, without a visit on record. By severity and age that counts as {value} "
        "findings per {per} visits; the region's average is {average}.": (
            "Findings within {km} km: {findings}, without a visit that your circle may see. By severity and age that "
            "counts as {value} findings per {per} visits; the region's average is {average}."
        ),
        "Findings in the chosen sectors within {km} km: {findings}, without a visit on record in any sector. By "
        "severity and age that counts as {value} findings per {per} visits; the region's average over all sectors is "
        "{average}.": (
            "Findings in the chosen sectors within {km} km: {findings}, without a visit that your circle may see in "
            "any sector. By severity and age that counts as {value} findings per {per} visits; the region's average "
            "over all sectors is {average}."
        ),
        "{place}, 36 months up to {date}: no visits are recorded.": (
            "{place}, 36 months up to {date}: no visits are among the records that your circle may see."
        ),
        "The list begins where an inspection is worth planning first. On the map darker colours are higher scores. "
        "Striped cells were never inspected: that nothing was found there proves nothing.": (
            "The list begins where an inspection is worth planning first. On the map darker colours are higher scores. "
            "Striped cells have no visit that your circle may see: that nothing was found there proves nothing."
        ),
        "No visit is known in the cell or within 2 km.": (
            "No visit in the cell or within 2 km is among the records that your circle may see."
        ),
        "No visit here is known.": "No visit here is among the records that your circle may see.",
        "No visit at the site itself is known: the region's average is assumed.": (
            "No visit at the site itself is among the records that your circle may see: the region's average is "
            "assumed."
        ),
        "No visit within {km} km is known.": "No visit within {km} km is among the records that your circle may see.",
        "Past visits": "Past visits that your circle may see",
        "Past visits: {count}": "Past visits that your circle may see: {count}",
        "last visit the day before": "last visit that your circle may see the day before",
        "last visit the same day": "last visit that your circle may see the same day",
        "last visit {days} days ago": "last visit that your circle may see {days} days ago",
    }
)

_NARROWLY: ContextVar[bool] = ContextVar("narrowly", default=False)


@contextmanager
def said_of_some_records(is_so: bool = True) -> Iterator[None]:
    """Texts in the block are for somebody who may see some of the records only."""
    token = _NARROWLY.set(is_so)
    try:
        yield
    finally:
        _NARROWLY.reset(token)


def choose_words(template: str) -> str:
    """The English text that is right for whoever reads it."""
    return NARROW_WORDS.get(template, template) if _NARROWLY.get() else template
