"""The accessibility statement that Swedish law asks of digital public services (lagen 2018:1937)."""

from __future__ import annotations

from datetime import date

from maps.i18n import format_date
from maps.pages.base import Query, render_page

__all__ = ["CHECKED_ON", "render_accessibility_page"]

# When the statement was last held against the pages: change it with the statement.
CHECKED_ON = date(2026, 11, 26)


def render_accessibility_page(lang: str, *, contact: str = "", query: Query = (), root: str = "../") -> str:
    """Render the accessibility statement, served at ``/help/accessibility``.

    Parameters
    ----------
    lang : str
    contact : str
        How to reach whoever runs the program, plain text; a setting.
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    return render_page(
        "help_accessibility.html",
        lang,
        root,
        query,
        contact=contact,
        checked_on=format_date(lang, CHECKED_ON),
        synthetic=False,
    )
