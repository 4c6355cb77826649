"""The information page of a surface: what it rests on, how it was scored, its manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from geo.reference import model_components, read_table
from maps.i18n import catalogue, format_day_of, format_number, translate
from maps.pages.base import Query, render_page

__all__ = ["render_surface_page"]

TOP_COMPARED = 20
# From these rank correlations on, a surface is said to follow, or to follow in part, where people work.
_FOLLOWS = 0.8
_FOLLOWS_IN_PART = 0.5


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


def _surface_context(lang: str, info: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    words = catalogue(lang)
    titles = {one.component: words.get(one.title, one.title) for one in model_components()}
    total = sum(info["weights"].values()) or 1.0
    layers = [
        {
            **layer,
            "title": words.get(layer["title"], layer["title"]),
            "added": format_day_of(lang, layer.get("added_at")),
        }
        for layer in info["layers"]
    ]
    added = sorted(str(layer["added_at"]) for layer in info["layers"] if layer.get("added_at"))
    return {
        "synthetic": bool(info["synthetic"]),
        "info": info,
        "at": format_day_of(lang, info["at"]),
        "created": format_day_of(lang, info["created"]),
        "sectors": _sector_names(lang, info["sectors"]),
        "oldest": format_day_of(lang, added[0]) if added else "",
        "newest": format_day_of(lang, added[-1]) if added else "",
        "classes": [{**one, "name": words.get(one["name"], one["name"])} for one in reversed(info["classes"])],
        "layers": layers,
        "weights": [(titles.get(name, name), weight / total * 100) for name, weight in info["weights"].items()],
        "rests_on": info.get("rests_on"),
        "changed": [(titles.get(name, name), *pair) for name, pair in info.get("changed_weights", {}).items()],
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
