"""The map in a notebook: framed, escaped, and alive in a browser."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from geo.errors import ParameterError
from geo.risk.surface import RiskSurface
from maps.notebook import show


class _Frames(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_only_one_sandboxed_frame_reaches_the_notebook(hostile_surface: RiskSurface) -> None:
    frame = show(hostile_surface)
    parser = _Frames()
    parser.feed(frame._repr_html_())
    (tag, attributes), *more = parser.seen
    assert (tag, more) == ("iframe", [])
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == frame.page


@pytest.mark.parametrize("height_px", [0, 199, 4001, -640])
def test_height_out_of_range_is_refused(surface: RiskSurface, height_px: int) -> None:
    with pytest.raises(ParameterError, match="200 to 4000"):
        show(surface, height_px=height_px)


def test_language_we_do_not_have_is_refused(surface: RiskSurface) -> None:
    with pytest.raises(ParameterError):
        show(surface, lang="de")


@pytest.mark.browser
def test_frame_draws_its_map_and_runs_no_name(browser: Browser, hostile_surface: RiskSurface, tmp_path: Path) -> None:
    path = tmp_path / "cell.html"
    path.write_text("<!doctype html><meta charset='utf-8'>" + show(hostile_surface)._repr_html_(), "utf-8")
    page = browser.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: (troubles.append("a dialog opened"), dialog.dismiss()))
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".leaflet-image-layer, .leaflet-overlay-pane img").first.wait_for(state="attached")
    assert troubles == []
    page.close()
