"""Pages as text: the map, a surface's information page, errors. The server adds status, headers and routes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from geo.reference import model_components, read_table
from maps.i18n import LANGUAGES, catalogue, format_date, format_number, translate
from maps.skeleton import BaseMap, Skeleton

__all__ = [
    "STATIC_FOLDER",
    "TEMPLATES_FOLDER",
    "environment",
    "leaflet_folder",
    "render_error_page",
    "render_map_page",
    "render_page",
    "render_setup_page",
    "render_surface_page",
]

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
STATIC_FOLDER = Path(__file__).parent / "static"
TOP_COMPARED = 20
# From these rank correlations on, a surface is said to follow, or to follow in part, where people work.
_FOLLOWS = 0.8
_FOLLOWS_IN_PART = 0.5

Query = Iterable[tuple[str, str]]


def leaflet_folder() -> Path:
    """Folder of Leaflet's script, style and images, to be served as /static/leaflet."""
    from xstatic.pkg import leaflet  # noqa: PLC0415  a namespace package, found only when it is used

    return Path(leaflet.BASE_DIR)


def render_map_page(
    lang: str,
    skeleton: Skeleton,
    *,
    surface_id: str = "current",
    synthetic: bool = False,
    query: Query = (),
    base_map: BaseMap | None = None,
    can_import: bool = False,
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

    Returns
    -------
    str, a whole HTML page without inline script or style
    """
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
    )


def render_surface_page(
    lang: str, info: Mapping[str, Any], manifest: Mapping[str, Any], *, query: Query = (), root: str = "../"
) -> str:
    """Render the information page of a surface, served at ``/surfaces/{surface}``.

    Parameters
    ----------
    lang : str
    info : mapping
        ``SurfaceInfo`` as the API gives it.
    manifest : mapping
        The surface's manifest, JSON-able.
    query : pairs of str
    root : str
        Way from the page to the site's root.

    Returns
    -------
    str
    """
    return render_page("surface.html", lang, root, query, **_surface_context(lang, info, manifest))


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


def render_error_page(
    lang: str, status: int, heading: str, detail: str = "", *, query: Query = (), root: str = "/"
) -> str:
    """Render an error for somebody who reads pages; programs get problem details instead.

    Parameters
    ----------
    lang : str
    status : int
        HTTP status.
    heading, detail : str
        Plain text; the heading is translated where we have it.
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    heading = translate(lang, heading)
    return render_page(
        "error.html", lang, root, query, status=str(status), heading=heading, detail=detail, synthetic=False
    )


def render_page(template: str, lang: str, root: str, query: Query, **context: Any) -> str:
    """Render a template with what every page has: texts, numbers, the way to the root and the language switch.

    Parameters
    ----------
    template : str
        Name of a file in `TEMPLATES_FOLDER`.
    lang : str
    root : str
        Way from the page to the site's root.
    query : pairs of str
        The request's query, kept in the language switch.
    **context
        What the template needs besides.

    Returns
    -------
    str
    """
    kept = [(name, value) for name, value in query if name != "lang"]
    page = environment().get_template(template)
    return page.render(
        _=partial(translate, lang),
        number=partial(format_number, lang),
        lang=lang,
        root=root,
        language_links={code: "?" + urlencode([("lang", code), *kept]) for code in LANGUAGES},
        **context,
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Jinja environment of our pages: autoescaped, and an unknown name in a template is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _surface_context(lang: str, info: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    words = catalogue(lang)
    titles = {one.component: words.get(one.title, one.title) for one in model_components()}
    total = sum(info["weights"].values()) or 1.0
    layers = [
        {**layer, "title": words.get(layer["title"], layer["title"]), "added": _day(lang, layer.get("added_at"))}
        for layer in info["layers"]
    ]
    added = sorted(str(layer["added_at"])[:10] for layer in info["layers"] if layer.get("added_at"))
    return {
        "synthetic": bool(info["synthetic"]),
        "info": info,
        "at": _day(lang, info["at"]),
        "created": _day(lang, info["created"]),
        "sectors": _sector_names(lang, info["sectors"]),
        "oldest": _day(lang, added[0]) if added else "",
        "newest": _day(lang, added[-1]) if added else "",
        "classes": [{**one, "name": words.get(one["name"], one["name"])} for one in reversed(info["classes"])],
        "layers": layers,
        "weights": [(titles.get(name, name), weight / total * 100) for name, weight in info["weights"].items()],
        "comparison": _comparison(lang, info["comparison"]),
        "manifest": json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True, default=str),
    }


def _comparison(lang: str, comparison: Mapping[str, float | None]) -> dict[str, str] | None:
    """Rank correlation and overlap in figures and in words; None where they could not be computed."""
    correlation, overlap = comparison.get("rank_correlation"), comparison.get("top20_overlap")
    if correlation is None or overlap is None:
        return None
    if correlation >= _FOLLOWS:
        verdict = translate(lang, "The ranking mostly follows where people work.")
    elif correlation >= _FOLLOWS_IN_PART:
        verdict = translate(lang, "The ranking follows in part where people work.")
    else:
        verdict = translate(lang, "The ranking differs clearly from where people work.")
    return {
        "correlation": format_number(lang, correlation, 2),
        "verdict": verdict,
        "overlap": translate(lang, "{count} of {all}", count=round(overlap * TOP_COMPARED), all=TOP_COMPARED),
    }


def _sector_names(lang: str, codes: Iterable[str] | None) -> list[str]:
    table = read_table("sectors")
    names = dict(zip(table["sector"], table["title_sv" if lang == "sv" else "title"], strict=True))
    return [names.get(code, code) for code in codes or ()]


def _day(lang: str, text: object) -> str:
    if not text:
        return ""
    try:
        return format_date(lang, date.fromisoformat(str(text)[:10]))
    except ValueError:
        return str(text)
