"""The map page, and what stands in its place before anything is scored."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from maps.pages.base import Query, render_page
from maps.permalinks import read_day
from maps.skeleton import BaseMap, Skeleton

__all__ = ["render_map_page", "render_setup_page"]


def render_map_page(  # noqa: PLR0913  what the page is told apart by
    lang: str,
    skeleton: Skeleton,
    *,
    surface_id: str = "current",
    synthetic: bool = False,
    query: Query = (),
    base_map: BaseMap | None = None,
    can_import: bool = False,
    can_save: bool = False,
    at: date | None = None,
) -> str:
    """Render the map page, served at ``/``.

    Parameters
    ----------
    lang : str
    skeleton : Skeleton
    surface_id : str
        Surface that the page without scripts leads to.
    synthetic : bool
        Whether the served surface rests on synthetic records.
    query : pairs of str
        The request's query, kept in the language switch.
    base_map : BaseMap, optional
        Its attribution is shown.
    can_import : bool
        Whether the page leads to that of imports.
    can_save : bool
        Whether areas may be saved for work without a network.
    at : date, optional
        Scoring date of the published surface; that of the query goes before it.

    Returns
    -------
    str, a whole HTML page without inline script or style
    """
    asked = next((read_day(value) for name, value in query if name == "at"), None) or at
    return render_page(
        "map.html",
        lang,
        "",
        query,
        synthetic=synthetic,
        # Our own constant output, not data: rendered from the skeleton's settings alone.
        skeleton_html=Markup(skeleton.html),  # noqa: S704
        surface_id=surface_id,
        attribution=base_map.attribution if base_map else "",
        can_import=can_import,
        can_save=can_save,
        # the fields tell their day, week and month before any script has come
        day="" if asked is None else asked.isoformat(),
        week="" if asked is None else asked.isocalendar().week,
        month="" if asked is None else asked.month,
    )


def render_setup_page(lang: str, *, has_layers: bool, query: Query = (), can_import: bool = False) -> str:
    """Render what stands at ``/`` before anything is scored: which commands to run.

    Parameters
    ----------
    lang : str
    has_layers : bool
        Whether the data folder holds any layer.
    query : pairs of str
    can_import : bool
        Whether the page leads to that of imports.

    Returns
    -------
    str
    """
    return render_page("setup.html", lang, "", query, has_layers=has_layers, can_import=can_import, synthetic=False)
