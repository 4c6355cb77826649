"""What reaches Folium through the wrapper runs nowhere: not in Jinja, not in HTML, not in JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import folium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ConfigError
from maps.pages.base import leaflet_folder
from maps.safe_text import check_tile_url, safe_text, tile_origin
from tests.browsing import Watched
from tests.maps.corpus import PAYLOADS

ALLOWED = re.compile(r"(?:[A-Za-z0-9 .,_-]|&#[0-9]+;)*")


@given(st.text())
def test_only_harmless_characters_are_left_and_nothing_is_lost(text: str) -> None:
    encoded = safe_text(text)
    assert ALLOWED.fullmatch(encoded)
    pieces = re.findall(r"&#(\d+);|(.)", encoded, re.DOTALL)
    assert "".join(chr(int(number)) if number else plain for number, plain in pieces) == text


def draw(make_text: Callable[[str], str]) -> str:
    """Folium's whole page, with the payloads in every place that takes text."""
    drawn = folium.Map(location=[64, 20], tiles=None)
    for number, payload in enumerate(PAYLOADS):
        text = make_text(payload)
        marker = folium.Marker([64, 20 + number / 100], popup=folium.Popup(text), tooltip=folium.Tooltip(text))
        marker.add_to(drawn)
        folium.FeatureGroup(name=text).add_to(drawn)
        folium.TileLayer("tiles/{z}/{x}/{y}.png", attr=text, name=f"layer {number} {text}").add_to(drawn)
    folium.LayerControl().add_to(drawn)
    return drawn.get_root().render()


def test_jinja_finds_nothing_to_run() -> None:
    rendered = draw(safe_text)
    for sign in ("{{", "}}", "{%", "${", "onerror=", "<svg/", "xxxxxxx"):
        assert sign not in rendered
    assert safe_text("{{7*7}}") in rendered


def test_without_the_wrapper_jinja_does_run() -> None:
    """The control: were this ever to pass unharmed, the test above would show nothing."""
    drawn = folium.Map(location=[64, 20], tiles=None)
    folium.TileLayer("tiles/{z}/{x}/{y}.png", attr="{{7*7}}").add_to(drawn)
    assert '"attribution": "49"' in drawn.get_root().render()


# Folium makes popups with jQuery; this is all it uses of it.
JQUERY = """window.$ = (text) => {
  const box = document.createElement("div");
  box.innerHTML = text;
  return [box.firstChild];
};"""

OPEN_ALL = """() => {
  const tips = [];
  const map = Object.values(window).find((one) => one instanceof L.Map);
  map.eachLayer((layer) => {
    if (!layer.getTooltip?.()) return;
    layer.openTooltip().openPopup();
    tips.push(layer.getTooltip().getElement().textContent.trim());
  });
  const labels = document.querySelectorAll(".leaflet-control-layers-overlays label");
  return { tips, names: [...labels].map((label) => label.textContent.trim()) };
}"""


@pytest.mark.browser
def test_the_browser_shows_the_payloads_and_runs_none(open_page: Callable[..., Watched]) -> None:
    watched = open_page()
    page = watched.page
    page.route("**/*", lambda route: route.abort())

    def serve(pattern: str, body: str, kind: str) -> None:
        page.route(pattern, lambda route: route.fulfill(body=body, content_type=kind))

    serve("http://map.invalid/", draw(safe_text), "text/html")
    serve("**/dist/leaflet.js", (leaflet_folder() / "leaflet.js").read_text("utf-8"), "text/javascript")
    serve("**/jquery*", JQUERY, "text/javascript")
    page.goto("http://map.invalid/")
    page.wait_for_function("document.querySelectorAll('.leaflet-marker-icon').length > 5")
    shown = page.evaluate(OPEN_ALL)
    for payload in PAYLOADS:
        # HTML has no NUL, and shows any run of white space as one space.
        words = payload.replace("\0", "\ufffd").split()
        assert words in [name.split() for name in shown["names"]]
        assert words in [tip.split() for tip in shown["tips"]]
    assert not [trouble for trouble in watched.troubles if "dialog" in trouble or "uncaught" in trouble]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example:8443/a_b/{z}/{x}/{y}{r}.png?key=Ab-1", "https://*.tiles.example:8443"),
        ("http://intranet/wmts/{z}/{y}/{x}", "http://intranet"),
        ("/base/{z}/{x}/{y}.png", None),
    ],
)
def test_usual_tile_addresses_pass(url: str, origin: str | None) -> None:
    assert check_tile_url(url) == url
    assert tile_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://tiles.example/tile.png",
        "https://tiles.example/{z}/{x}/{y}/{{7*7}}.png",
        "https://tiles.example/{z}/{x}/{y}/{%x%}.png",
        "https://tiles.example/{z}/{x}/{y}/{#x#}.png",
        "https://tiles.example/{z}/{x}/{y}.png`${1}",
        'https://tiles.example/{z}/{x}/{y}.png"',
        "https://tiles.example/{z}/{x}/{y}.png</script>",
        "https://tiles.example/{z}/{x}/{y}.png\n",
        "https://tiles.example/{z}/{x}/{y}/{quadkey}",
        "javascript:alert(1)//{z}/{x}/{y}",
        "data:image/png,{z}{x}{y}",
        "//tiles.example/{z}/{x}/{y}.png",
        "https://user@tiles.example/{z}/{x}/{y}.png",
        "https://{x}.example/{z}/{x}/{y}.png",
        "https:///{z}/{x}/{y}.png",
        "ftp://tiles.example/{z}/{x}/{y}.png",
    ],
)
def test_other_tile_addresses_are_refused_with_a_reason(url: str) -> None:
    with pytest.raises(ConfigError, match="base map address"):
        check_tile_url(url)
