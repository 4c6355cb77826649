"""What a person sees of the map: nothing cut off, nothing covered, symbols explained, and said only what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browsing import Watched

OpenPage = Callable[..., Watched]
SIZES = [(1366, 768, False), (390, 844, True)]
# width of a field as it is, and as its text wants it
WIDTHS = """node => {
  const now = node.getBoundingClientRect().width;
  node.style.width = "max-content";
  const wanted = node.getBoundingClientRect().width;
  node.style.width = "";
  return [now, wanted];
}"""


def open_map(page: Page, url: str, query: str = "lang=sv") -> None:
    page.goto(f"{url}/?{query}")
    page.wait_for_selector("#ranking-rows .row-button", state="attached")
    page.wait_for_load_state("networkidle")


def box_of(page: Page, selector: str) -> dict[str, Any]:
    box = page.locator(selector).bounding_box()
    assert box is not None, selector
    return dict(box)


@pytest.mark.parametrize(("width", "height", "touch"), SIZES)
def test_the_date_is_not_cut_off(open_page: OpenPage, demo_url: str, width: int, height: int, touch: bool) -> None:
    watched = open_page(width, height, touch=touch)
    page = watched.page
    open_map(page, demo_url)
    if touch:
        page.locator("button[data-sheet='filters']").click()
    now, wanted = page.locator("#at").evaluate(WIDTHS)
    assert now >= wanted - 0.5
    assert box_of(page, "#week")["x"] >= box_of(page, "#at")["x"] + box_of(page, "#at")["width"]
    assert watched.troubles == []
