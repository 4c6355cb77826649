"""The map as one file that opens from a file share: no server, no network, nothing loaded from beside it.

Its policy allows exactly the scripts and the style written into it, by hash, and images as data. Values reach the page
as JSON in an inert block, escaped so that nothing in them can end it, and are shown with ``textContent``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any

import numpy as np
from markupsafe import Markup

from geo.errors import ConfigError
from geo.polygons import row_bands
from geo.reference import county_names, model_components
from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from maps.answers import describe_place, describe_surface
from maps.basemap import build_basemap
from maps.bundle import bundle_modules
from maps.i18n import catalogue, format_date, format_number, translate
from maps.pages.base import STATIC_FOLDER, environment, leaflet_folder
from maps.palette import class_colours, classify, count_classes
from maps.tiles import MAX_ZOOM, TileSet

__all__ = ["draw_surface", "escape_json", "render_standalone"]

N_PLACES = 50
MAX_IMAGE_PX = 14_000_000
# On a telephone the whole region is seen at this one.
LOWEST_IMAGE_ZOOM = 4
# Pixels across a cell: more would not be seen, fewer makes cells of unequal width.
PX_PER_CELL = 4
STYLES = ("norrsyn.css", "map.css", "panels.css", "tasks.css", "print.css", "standalone.css")
# What would end or reopen the block that holds the JSON, and what older script readers take for a line's end.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_CSS_FILE = re.compile(r"[a-z-]+:\s*url\((?!data:)[^)]*\);?")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def draw_surface(lang: str, surface: RiskSurface, *, written: date) -> str:
    """A surface with its highest places as one HTML file.

    Parameters
    ----------
    lang : str
    surface : RiskSurface
    written : date
        Day that the file is made.

    Returns
    -------
    str, a whole HTML page to be saved as UTF-8

    Raises
    ------
    ParameterError
        We do not have the language.
    """
    catalogue(lang)
    places = [describe_place(lang, surface, place) for place in surface.places(N_PLACES)]
    classed = classify(surface.score, surface.state)
    n_cells = count_classes(classed)
    return render_standalone(
        lang,
        TileSet(surface.grid, classed, class_colours(), surface.state == NEVER_INSPECTED),
        info=describe_surface(surface, {}, None, n_cells),
        places=places,
        basemap=build_basemap(surface.region.municipalities, surface.region.localities, county_names()),
        written=written,
    )


def render_standalone(
    lang: str,
    tiles: TileSet,
    *,
    info: Mapping[str, Any],
    places: Sequence[Mapping[str, Any]],
    basemap: Mapping[str, Any],
    written: date,
) -> str:
    """Write the map into one HTML file.

    Parameters
    ----------
    lang : str
    tiles : TileSet
        The classed surface, in EPSG:3006.
    info : mapping
        ``SurfaceInfo`` as the API gives it; used are ``at``, ``classes``, ``states``, ``synthetic`` and ``weights``.
    places : sequence of mappings
        As ``/api/places`` gives them in that language, each with ``reasons``, a list of all its sentences.
    basemap : mapping
        As `maps.basemap.build_basemap` gives it.
    written : date
        Day that the file is made.

    Returns
    -------
    str, a whole HTML page to be saved as UTF-8
    """
    leaflet = _SOURCE_MAP.sub("", (leaflet_folder() / "leaflet.js").read_text("utf-8"))
    script, style = bundle_modules(STATIC_FOLDER / "js", "standalone.js"), _style()
    scripts = " ".join(_hash_source(text) for text in (leaflet, script))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {_hash_source(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    data = _data(lang, tiles, info, places, basemap, written)
    page = environment().get_template("standalone.html")
    return page.render(
        _=partial(translate, lang),
        number=partial(format_number, lang),
        lang=lang,
        policy=policy,
        at=format_date(lang, date.fromisoformat(str(info["at"])[:10])),
        synthetic=bool(info["synthetic"]),
        places=places,
        # Our own files, and JSON that `escape_json` has made inert.
        style=Markup(style),  # noqa: S704
        leaflet=Markup(leaflet),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(escape_json(data)),  # noqa: S704
    )


def escape_json(value: object) -> str:
    """JSON that stays data inside an HTML script element: no ``<``, ``>``, ``&``, U+2028 or U+2029 stands in it.

    Raises
    ------
    ValueError
        The value holds NaN or infinity, which JSON has not.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: _ESCAPES[match.group()], text)


def _data(
    lang: str,
    tiles: TileSet,
    info: Mapping[str, Any],
    places: Sequence[Mapping[str, Any]],
    basemap: Mapping[str, Any],
    written: date,
) -> dict[str, Any]:
    grid = tiles.grid
    total = sum(info["weights"].values()) or 1.0
    titles = {one.component: one.title_sv if lang == "sv" else one.title for one in model_components()}
    return {
        "lang": lang,
        "messages": dict(catalogue(lang)),
        "written": written.isoformat(),
        "info": {name: info[name] for name in ("at", "classes", "states")},
        "counties": dict(county_names()),
        "components": [
            {"name": name, "title": titles.get(name, name), "max_points": 100 * weight / total}
            for name, weight in info["weights"].items()
        ],
        "places": [dict(place) for place in places],
        "basemap": basemap,
        "grid": {
            "x_min": grid.x_min,
            "y_max": grid.y_max,
            "cell_m": grid.cell_m,
            "n_rows": grid.n_rows,
            "n_cols": grid.n_cols,
        },
        "cells": _runs(tiles),
        "images": [_image(tiles, zoom) for zoom in range(LOWEST_IMAGE_ZOOM, _image_zoom(tiles) + 1)],
    }


def _image(tiles: TileSet, zoom: int) -> dict[str, Any]:
    png, bounds = tiles.render_image(zoom)
    return {"zoom": zoom, "url": "data:image/png;base64," + base64.b64encode(png).decode("ascii"), "bounds": bounds}


def _image_zoom(tiles: TileSet) -> int:
    """Finest zoom that the image is worth and allowed to have."""
    zoom = LOWEST_IMAGE_ZOOM
    while zoom < MAX_ZOOM and tiles.image_px(zoom + 1) <= MAX_IMAGE_PX and tiles.px_per_cell(zoom) < PX_PER_CELL:
        zoom += 1
    return zoom


def _runs(tiles: TileSet) -> list[int]:
    """Key and length of each run of equal cells, row by row."""
    starts, keys, last = [], [], -1
    n_rows, n_cols = tiles.grid.shape
    for rows in row_bands(slice(0, n_rows), n_cols):
        cells = tiles.keys[rows].ravel()
        differs = np.r_[cells[0] != last, cells[1:] != cells[:-1]]
        starts.append(np.flatnonzero(differs) + rows.start * n_cols)
        keys.append(cells[differs])
        last = int(cells[-1])
    start = np.concatenate(starts)
    lengths = np.diff(start, append=tiles.grid.n_cells)
    runs: list[int] = np.column_stack([np.concatenate(keys).astype(np.int64), lengths]).ravel().tolist()
    return runs


def _hash_source(text: str) -> str:
    """The text's hash as a Content-Security-Policy source.

    Raises
    ------
    ConfigError
        The text would end the element that it stands in.
    """
    if re.search("</(?:script|style)", text, re.IGNORECASE):
        message = "A script or style holds its own end tag; it cannot be written into a page."
        raise ConfigError(message)
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") + "'"


@lru_cache(maxsize=1)
def _style() -> str:
    leaflet = (leaflet_folder() / "leaflet.css").read_text("utf-8")
    # Images of controls that we do not use would be looked for beside the file.
    ours = {name: (STATIC_FOLDER / "css" / name).read_text("utf-8") for name in STYLES}
    ours["print.css"] = f"@media print {{\n{ours['print.css']}\n}}"
    parts = [_CSS_FILE.sub("", leaflet), *ours.values()]
    return "\n".join(parts).replace("\r\n", "\n")
