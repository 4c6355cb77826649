"""The one Folium map: an empty skeleton of settings, rendered once, served as same-origin script and style.

Leaflet itself comes from this server, so Folium's lists of scripts and styles on other hosts are emptied for our
instance. The score layer is left off the map here: the page adds it when it knows which surface is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import folium
from branca.element import Figure

from geo.errors import ConfigError
from maps.safe_text import check_tile_url, safe_text, tile_origin
from maps.tiles import MAX_ZOOM, MIN_ZOOM

__all__ = ["MAP_NAME", "BaseMap", "Skeleton", "build_share_skeleton", "build_skeleton"]

MAP_NAME = "map_norrsyn"
REGION_CENTRE = (65.35, 17.9)
REGION_ZOOM = 6
# Relative to the page, so that the map also works behind a proxy that serves it below a path.
SCORE_TILES = "tiles/{surface}/{z}/{x}/{y}.png?{query}"
SHARE_TILES = "share/tiles/{z}/{x}/{y}.png?{query}"


@dataclass(frozen=True)
class BaseMap:
    """An online base map that the operator has chosen.

    Parameters
    ----------
    url : str
        See `maps.safe_text.check_tile_url`.
    attribution : str
        Whom to credit, plain text.

    Raises
    ------
    ConfigError
    """

    url: str
    attribution: str

    def __post_init__(self) -> None:
        check_tile_url(self.url)

    @property
    def origin(self) -> str | None:
        """What ``img-src`` of the Content-Security-Policy must allow beside this server, if anything."""
        return tile_origin(self.url)


@dataclass(frozen=True)
class Skeleton:
    """Folium's rendered output, split by kind.

    Attributes
    ----------
    script : str, served as /map/skeleton.js after Leaflet; defines ``map_norrsyn`` and ``tile_layer_scores``
    style : str, served as /map/skeleton.css after Leaflet's and before our own
    html : str, the element that the map fills
    """

    script: str
    style: str
    html: str


def build_skeleton(base_map: BaseMap | None = None) -> Skeleton:
    """Render the map's skeleton through Folium.

    Parameters
    ----------
    base_map : BaseMap, optional

    Returns
    -------
    Skeleton
    """
    return _build(base_map, SCORE_TILES)


@lru_cache(maxsize=1)
def build_share_skeleton() -> Skeleton:
    """The skeleton of shared maps: tiles of the release alone, and no online base map, whatever the operator chose."""
    return _build(None, SHARE_TILES)


def _build(base_map: BaseMap | None, tiles: str) -> Skeleton:
    skeleton = folium.Map(
        location=REGION_CENTRE,
        zoom_start=REGION_ZOOM,
        tiles=None,
        control_scale=True,
        # The page has controls of its own in the planner's language, and shows credits as text.
        zoom_control=False,
        attribution_control=False,
    )
    skeleton._id = MAP_NAME.removeprefix("map_")
    # Set on the instance: the class's lists belong to every other map in the process.
    skeleton.default_js = []
    skeleton.default_css = []
    if base_map is not None:
        _add_tiles(skeleton, "base", check_tile_url(base_map.url), safe_text(base_map.attribution) or "-", show=True)
    _add_tiles(skeleton, "scores", tiles, "Norrsyn", show=False, surface="none", query="never=1")
    return _split(skeleton)


def _add_tiles(skeleton: folium.Map, name: str, url: str, attribution: str, *, show: bool, **options: Any) -> None:
    layer = folium.TileLayer(
        tiles=url,
        attr=attribution,
        name=name,
        min_zoom=MIN_ZOOM,
        max_zoom=MAX_ZOOM,
        overlay=True,
        control=False,
        show=show,
        **options,
    )
    layer._id = name
    layer.add_to(skeleton)


def _split(skeleton: folium.Map) -> Skeleton:
    figure = skeleton.get_root()
    if not isinstance(figure, Figure):
        message = "Folium puts its maps into something else than a figure; it must be 0.20 or a version like it."
        raise ConfigError(message)
    figure.render()
    parts = _Parts()
    parts.feed(figure.header.render())
    parts.close()
    script = "\n".join([*parts.script, figure.script.render()])
    return Skeleton(_strip_lines(script), _strip_lines("\n".join(parts.style)), _strip_lines(figure.html.render()))


def _strip_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


class _Parts(HTMLParser):
    """Collects what stands inside script and style elements of Folium's header."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[str] = []
        self.style: list[str] = []
        self._inside: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Begin to collect at a script or style element."""
        self._inside = {"script": self.script, "style": self.style}.get(tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        """Stop collecting."""
        self._inside = None

    def handle_data(self, data: str) -> None:
        """Keep the text of the element we are in."""
        if self._inside is not None:
            self._inside.append(data)
