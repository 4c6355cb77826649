"""Tables of a year to share, in the reader's language, with what must be known of them on the first sheet."""

from __future__ import annotations

from datetime import datetime

from geo.exporting.picture import SharedPicture, SharedTable, list_notes
from geo.exporting.tables import Form, Sheet
from geo.planning.yearly.picture import DIMENSIONS, list_codes
from geo.risk.words import Sentence
from maps.i18n import say, translate
from maps.yearly.words import name_code

__all__ = ["make_sheets", "name_file"]


def make_sheets(lang: str, shared: SharedPicture, *, made_at: datetime, synthetic: bool) -> list[Sheet]:
    """Every table as a sheet.

    Parameters
    ----------
    lang : str
    shared : SharedPicture
    made_at : datetime, UTC
    synthetic : whether the records are made up for demonstration
    """
    title = translate(lang, "Yearly picture of joint inspections, Region Nord")
    about = [
        (translate(lang, "Title"), title),
        (translate(lang, "Year"), str(shared.year)),
        (translate(lang, "Made at"), made_at.strftime("%Y-%m-%d %H:%M UTC")),
        (
            translate(lang, "Sharing"),
            translate(lang, "May be shared outside: small numbers are left out so that no firm can be seen."),
        ),
        *((translate(lang, "To know"), say(lang, note)) for note in list_notes(shared, synthetic=synthetic)),
    ]
    first = Sheet(
        translate(lang, "About the tables"), (translate(lang, "Entry"), translate(lang, "Meaning")), tuple(about)
    )
    return [first, *(_make_sheet(lang, table) for table in shared.tables)]


def name_file(year: int, form: Form) -> str:
    """Name of the file."""
    return f"norrsyn-lagesbild-{year}{form.suffix}"


def _make_sheet(lang: str, table: SharedTable) -> Sheet:
    columns = tuple(_name(lang, column) for column in table.columns)
    rows = tuple((_name(lang, name), *numbers) for name, numbers in table.rows)
    return Sheet(say(lang, table.title), columns, rows)


def _name(lang: str, title: Sentence) -> str:
    dimension = next((name for name in DIMENSIONS if title in list_codes(name).values()), "")
    return name_code(lang, dimension, title)
