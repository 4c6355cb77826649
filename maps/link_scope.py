"""What a share link will show, in words, for those who look after it: the same rows that its recipient gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.disclosure.release.rows import Release, ReleaseRow
from maps.i18n import format_date, format_day_of
from maps.shared_rows import list_municipalities, say_row, sort_rows

__all__ = ["describe_scope"]


def describe_scope(lang: str, release: Release, rows: Sequence[ReleaseRow]) -> dict[str, Any]:
    """Squares, where they lie, of which day, and every row.

    Parameters
    ----------
    lang : str
    release : Release
    rows : sequence of ReleaseRow, those of the link's scope

    Returns
    -------
    dict
        ``n_squares``, ``municipalities`` (names in order), ``scored_for``, ``data_from`` (empty where it is not known),
        ``is_synthetic``, and ``rows`` as `maps.shared_rows.say_row`, the highest class first.
    """
    cells = {row.cell for row in rows}
    return {
        "n_squares": len(cells),
        "municipalities": sorted({name for cell in cells for name in list_municipalities(cell)}, key=_order_name),
        "scored_for": format_date(lang, release.scored_for),
        "data_from": format_day_of(lang, release.data_from),
        "is_synthetic": release.is_synthetic,
        "rows": [say_row(lang, row) for row in sort_rows(lang, rows)],
    }


def _order_name(name: str) -> str:
    # å, ä, ö are the last three letters, in that order
    return name.casefold().replace("å", "{").replace("ä", "|").replace("ö", "}")
