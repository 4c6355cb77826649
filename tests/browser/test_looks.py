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


TOWN = "lang=sv&lat=63.825&lon=20.263"
# how much of the middle of a town, 160 pixels square, is covered by symbols of sites
COVERED = """() => {
  const canvas = document.querySelector(".leaflet-sites-pane canvas");
  const [drawn, map] = [canvas, window.map_norrsyn.getContainer()].map(node => node.getBoundingClientRect());
  const scale = canvas.width / drawn.width;
  const left = map.x + map.width / 2 - 80 - drawn.x;
  const top = map.y + map.height / 2 - 80 - drawn.y;
  const { data } = canvas.getContext("2d").getImageData(left * scale, top * scale, 160 * scale, 160 * scale);
  let sum = 0;
  for (let i = 3; i < data.length; i += 4) sum += data[i];
  return sum / 255 / (data.length / 4);
}"""


def test_visits_and_findings_are_layers_with_symbols_of_their_own(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page()
    page = watched.page
    open_map(page, demo_url, f"{TOWN}&z=15")
    marks = page.locator(".legend-sites .site-mark")
    assert marks.count() == 3
    page.locator("#tool-layers").click()
    page.locator("#layer-visits").check()
    page.locator("#layer-findings").check()
    expect(page.locator(".legend-sites")).to_contain_text("Kontroller")
    expect(page.locator(".legend-sites")).to_contain_text("Iakttagelser")
    # each symbol has a shape of its own
    shapes = marks.evaluate_all("nodes => nodes.map(node => node.classList[1])")
    assert len(set(shapes)) == len(shapes) == 5
    for name in ("workplaces", "accommodation", "establishments"):
        page.locator(f"#layer-{name}").uncheck()
    expect(marks).to_have_count(2)
    page.keyboard.press("Escape")
    page.wait_for_load_state("networkidle")
    assert "on=findings%2Cvisits" in page.url
    asked = [url for url in watched.requests if "/api/sites?" in url][-1]
    assert "layer=visits" in asked
    visit = page.evaluate(
        """async url => {
          const { sites } = await (await fetch(url.replace("layer=findings", ""))).json();
          const box = window.map_norrsyn.getContainer().getBoundingClientRect();
          const seen = sites.map(({ lat, lon }) => window.map_norrsyn.latLngToContainerPoint([lat, lon]));
          const isFree = ({ x, y }) => x > 320 && x < box.width - 80 && y > 80 && y < box.height - 80;
          const { x, y } = seen.find(isFree);
          return { x: box.x + x, y: box.y + y };
        }""",
        asked,
    )
    # the page has asked the same before, and may still be drawing the answer
    page.wait_for_timeout(1_500)
    page.mouse.click(visit["x"], visit["y"])
    expect(page.locator(".site-card")).to_contain_text("Kontroll")
    page.locator(".site-card button").click()
    expect(page.locator("#cell .cell-where")).to_have_text("Kontroller")
    for label in ("Kontrollens dag", "Utfall", "Myndigheter på plats"):
        expect(page.locator("#cell .facts").first).to_contain_text(label)
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#layer-visits")).to_be_checked()
    assert watched.troubles == []


@pytest.mark.parametrize(("width", "height", "touch"), SIZES)
def test_the_scores_below_a_town_can_be_read(
    open_page: OpenPage, demo_url: str, width: int, height: int, touch: bool
) -> None:
    """Thousands of sites: all are told, as groups that leave most of the map free; a click comes nearer."""
    watched = open_page(width, height, touch=touch)
    page = watched.page
    open_map(page, demo_url, f"{TOWN}&z=11")
    expect(page.locator("#sites-note")).to_contain_text("här:")
    assert 0 < page.evaluate(COVERED) < 1 / 3
    if touch:
        page.locator("#legend summary").click()
    expect(page.locator(".legend-sites")).to_contain_text("Flera nära varandra")
    assert watched.troubles == []


def test_where_not_all_sites_are_drawn_the_map_says_so(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(2400, 1300)
    open_map(watched.page, demo_url, f"{TOWN}&z=14")
    expect(watched.page.locator("#sites-note")).to_contain_text("riskbranscher och de största först")
    assert watched.troubles == []


def test_on_a_phone_half_of_the_screen_is_map_and_nothing_lies_on_what_one_needs(
    open_page: OpenPage, demo_url: str
) -> None:
    watched = open_page(390, 844, touch=True)
    page = watched.page
    open_map(page, demo_url)
    assert box_of(page, "#map-stage")["height"] >= 844 / 2
    # the legend's strip has words, and the legend itself is one tap away
    strip = page.locator("#legend-strip")
    expect(strip).to_be_visible()
    assert strip.inner_text().split() == ["Låg", "Högst"]
    needed = (".leaflet-control-zoom-in", ".leaflet-control-zoom-out", "#attribution", ".leaflet-control-scale-line")
    page.evaluate("document.getElementById('attribution').textContent = '© OpenStreetMap'")
    for is_open in (False, True):
        if is_open:
            page.locator("#legend summary").tap()
            expect(page.locator("#legend-body")).to_contain_text("Mycket hög")
            assert page.locator("#legend-body .legend-count").count() >= 7
        for selector in needed:
            on_top = page.locator(selector).first.evaluate(
                """node => {
                  const boxOf = one => one.getBoundingClientRect();
                  const own = boxOf(node);
                  const others = [...document.querySelectorAll(".legend, .toolbar, .sites-note")].map(boxOf);
                  const covers = box => box.left < own.right && own.left < box.right
                    && box.top < own.bottom && own.top < box.bottom;
                  const stage = boxOf(document.getElementById("map-stage"));
                  return own.width > 0 && own.bottom <= stage.bottom + 1 && !others.some(covers);
                }"""
            )
            assert on_top, (selector, is_open)
    assert watched.troubles == []
