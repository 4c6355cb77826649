"""The glossary: the program's words in both languages, each with an anchor to link to."""

from __future__ import annotations

from dataclasses import dataclass

from geo.reference import read_table
from maps.pages.base import Query, render_page

__all__ = ["Entry", "list_entries", "render_glossary_page"]

# In Swedish å, ä and ö come last, in this order.
_SWEDISH_ORDER = str.maketrans({"å": "{", "ä": "|", "ö": "}"})


@dataclass(frozen=True)
class Entry:
    """A word.

    Attributes
    ----------
    anchor : str
    term, other_term : in the page's language and in the other one
    meaning : one to three sentences
    codes : titles of the codes that belong to it
    source : where the meaning comes from
    """

    anchor: str
    term: str
    other_term: str
    meaning: str
    codes: tuple[str, ...]
    source: str


def list_entries(lang: str) -> list[Entry]:
    """The words of the glossary in the order of a language's alphabet."""
    own, other = ("_sv", "") if lang == "sv" else ("", "_sv")
    entries = [
        Entry(
            row["entry"],
            row[f"term{own}"],
            row[f"term{other}"],
            row[f"meaning{own}"],
            _list_codes(lang, row["listed"]) if row["listed"] else (),
            row["source"],
        )
        for row in read_table("glossary").to_dict("records")
    ]
    return sorted(entries, key=lambda entry: entry.term.lower().translate(_SWEDISH_ORDER))


def render_glossary_page(lang: str, *, query: Query = (), root: str = "../") -> str:
    """Render the glossary, served at ``/help/glossary``.

    Parameters
    ----------
    lang : str
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    other_lang = "en" if lang == "sv" else "sv"
    return render_page(
        "help_glossary.html", lang, root, query, entries=list_entries(lang), other_lang=other_lang, synthetic=False
    )


def _list_codes(lang: str, table: str) -> tuple[str, ...]:
    frame = read_table(table)
    english = "title" if "title" in frame else "name"
    swedish = f"{english}_sv"
    return tuple(frame[swedish if lang == "sv" and swedish in frame else english])
