"""What a person sees of the map: nothing cut off, nothing covered, symbols explained, and said only what is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import sign_in, token_of
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


@pytest.mark.parametrize(("width", "height", "touch"), SIZES)
def test_a_narrower_circle_reads_that_it_may_see_no_visit(
    open_page: OpenPage, demo_home: Path, demo_url: str, width: int, height: int, touch: bool
) -> None:
    """In list, legend, filter and cell panel; and the longer words widen no table."""
    sign_in(demo_home, "Kommunen", ["planner"], circle="municipality")
    watched = open_page(width, height, touch=touch)
    page = watched.page
    page.context.add_cookies([{"name": "norrsyn", "value": token_of("Kommunen"), "url": demo_url}])
    open_map(page, demo_url)
    said = "Ingen kontroll som din krets får se"
    expect(page.locator("#ranking-rows .tag-never").first).to_have_text(said)
    assert page.locator("#ranking").evaluate("node => node.scrollWidth <= node.clientWidth")
    expect(page.locator(".ranking-table .score-value").first).to_be_in_viewport(ratio=1)
    page.locator("#ranking-rows .row-button").first.click()
    expect(page.locator("#cell .score-facts .tag")).to_have_text(said)
    expect(page.locator("#cell .reasons").first).to_contain_text(
        "Bland de poster som din krets får se har ingen kontroll"
    )
    assert page.locator("#filter-state option").all_text_contents()[1] == said
    assert "ldrig kontrollerad" not in (page.text_content("body") or "")
    assert watched.troubles == []
