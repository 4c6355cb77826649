"""The one Folium map: settings only, from this server only."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import folium
import pytest

from geo.errors import ConfigError
from maps.skeleton import BaseMap, build_skeleton
from tests.maps.corpus import PAYLOADS


def whole(skeleton: object) -> str:
    return "\n".join(vars(skeleton).values())


def test_names_are_stable_and_everything_is_there() -> None:
    skeleton = build_skeleton()
    assert skeleton == build_skeleton()
    assert "var map_norrsyn = L.map(" in skeleton.script
    assert "var tile_layer_scores = L.tileLayer(" in skeleton.script
    assert "L.control.scale().addTo(map_norrsyn)" in skeleton.script
    # The page adds the scores when it knows which surface is served.
    assert "tile_layer_scores.addTo" not in skeleton.script
    assert "#map_norrsyn" in skeleton.style


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    text = whole(build_skeleton())
    assert not re.search(r"https?:|//[a-z]|jquery|bootstrap", text, re.IGNORECASE)
    assert "<script" not in text
    assert "<style" not in text
    assert re.findall(r"<(\w+)", text) == ["div"]

    class Handlers(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not [name for name, _ in attrs if name.startswith("on") or name == "style"], tag

    Handlers().feed(build_skeleton().html)


def test_other_maps_in_the_process_keep_their_lists() -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    build_skeleton()
    assert (list(folium.Map.default_js), list(folium.Map.default_css)) == before
    assert "leaflet.js" in folium.Map(tiles=None).get_root().render()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_attribution_stays_text(payload: str) -> None:
    url = "https://tiles.example/{z}/{x}/{y}.png"
    harmless, hostile = (build_skeleton(BaseMap(url, text)) for text in ("x", payload))
    quoted = re.compile(r'("attribution": )"[^"\n]*"')
    assert quoted.sub(r"\1", hostile.script) == quoted.sub(r"\1", harmless.script)
    assert hostile.style == harmless.style
    assert hostile.html == harmless.html


def test_an_online_base_map_lies_below_the_scores() -> None:
    skeleton = build_skeleton(BaseMap("https://{s}.tiles.example/{z}/{x}/{y}.png", "Example"))
    assert skeleton.script.index("tile_layer_base.addTo(map_norrsyn)") < skeleton.script.index("var tile_layer_scores")


def test_a_base_map_with_a_bad_address_is_refused() -> None:
    with pytest.raises(ConfigError):
        BaseMap("https://tiles.example/{z}/{x}/{y}/{{7*7}}", "Example")
