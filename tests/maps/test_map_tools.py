"""What planners do with the map besides reading it: layers, measuring, drawing, position, themes, paper, a phone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from pyproj import Geod

from geo.crs import project
from tests.browsing import Watched
from tests.maps.conftest import Served
from tests.maps.test_map_page import CLOSE, POOR_CONTRAST, open_map, state_of, until

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Watched]
ELLIPSOID = Geod(ellps="GRS80")
UMEA = {"latitude": 63.825813, "longitude": 20.263047}
MM = 96 / 25.4

LOW_TARGETS = """() => [...document.querySelectorAll("button, summary, input, select, .leaflet-bar a, .languages a")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("[hidden]"))
  .map((node) => [node.outerHTML.slice(0, 70), (node.closest("label, tbody tr") ?? node).getBoundingClientRect()])
  .filter(([, { width, height }]) => height > 1 && (height < 43.5 || width < 43.5)).map(([html]) => html)"""
DRAW = """async ([kind, points]) => {
  const { DrawArea } = await import("/static/js/draw_area.js");
  const got = [];
  const tool = new DrawArea(map_norrsyn, { onArea: (polygon) => got.push(polygon) });
  const button = () => document.createElement("button");
  const said = [];
  const buttons = document.createElement("div");
  const say = (text) => said.push(text);
  tool.start({ buttons, result: button(), addButton: button, showHint() {}, keepFocus() {}, say });
  tool.choose(kind);
  for (const [lat, lng] of points) tool.point(L.latLng(lat, lng));
  tool.finish();
  const { crossed } = tool;
  tool.stop();
  return { got, said: said.at(-1), crossed: crossed.length };
}"""


def box_of(page: Page, selector: str) -> dict[str, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None, selector
    return dict(box)


def overlap(first: dict[str, float], second: dict[str, float]) -> bool:
    return all(
        first[at] < second[at] + second[size] - 0.5 and second[at] < first[at] + first[size] - 0.5
        for at, size in (("x", "width"), ("y", "height"))
    )


def click_map(page: Page, *points: tuple[float, float]) -> list[dict[str, float]]:
    """Click points of the map, and where on earth they are."""
    stage = box_of(page, "#map_norrsyn")
    found = []
    for x, y in points:
        page.mouse.click(stage["x"] + x, stage["y"] + y)
        found.append(page.evaluate(f"map_norrsyn.containerPointToLatLng([{x}, {y}])"))
    return found


# --- on the ground ---


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ([20.26, 20.35], [63.82, 63.83]),
        ([20.26, 20.22, 24.1], [63.82, 67.86, 65.8]),
        ([12.1, 24.1], [62.0, 65.8]),
        ([14.5, 14.5, 14.6], [63.1, 63.2, 63.2]),
    ],
)
def test_distances_are_those_on_the_ellipsoid(
    run_module: Callable[..., Any], lon: list[float], lat: list[float]
) -> None:
    east, north = project(np.array(lon), np.array(lat), "EPSG:4326", "EPSG:3006")
    points = [{"easting": x, "northing": y} for x, y in zip(east.tolist(), north.tolist(), strict=True)]
    length = run_module("ground.js", "(module, points) => module.lengthOf(points)", points)
    assert length == pytest.approx(ELLIPSOID.line_length(lon, lat), rel=2e-4)


@pytest.mark.parametrize(("lon", "lat", "size"), [(20.26, 63.82, 0.01), (24.0, 65.8, 0.3), (12.5, 62.4, 0.3)])
def test_areas_are_those_on_the_ellipsoid(run_module: Callable[..., Any], lon: float, lat: float, size: float) -> None:
    lons, lats = [lon, lon + size, lon + 1.2 * size, lon], [lat, lat - 0.1 * size, lat + size, lat + 0.8 * size]
    east, north = project(np.array(lons), np.array(lats), "EPSG:4326", "EPSG:3006")
    points = [{"easting": x, "northing": y} for x, y in zip(east.tolist(), north.tolist(), strict=True)]
    area = run_module("ground.js", "(module, points) => module.areaOf(points)", points)
    assert area == pytest.approx(abs(ELLIPSOID.polygon_area_perimeter(lons, lats)[0]), rel=1e-3)


@pytest.mark.parametrize(
    ("ring", "n"),
    [
        ([(0, 0), (10, 0), (10, 10), (0, 10)], 0),
        ([(0, 0), (10, 10), (10, 0), (0, 10)], 1),
        ([(0, 0), (10, 0), (10, 10), (5, -5), (0, 10)], 2),
        ([(0, 0), (10, 0), (20, 0), (10, 5)], 0),
    ],
)
def test_crossed_sides_are_found(run_module: Callable[..., Any], ring: list[tuple[int, int]], n: int) -> None:
    points = [{"easting": x, "northing": y} for x, y in ring]
    assert len(run_module("ground.js", "(module, points) => module.crossings(points)", points)) == n


def test_measuring_by_click_and_by_key(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang=sv&{CLOSE}")
    page.click("#tool-measure")
    clicked = click_map(page, (420, 320), (700, 420))
    length = ELLIPSOID.line_length([one["lng"] for one in clicked], [one["lat"] for one in clicked])
    expect(page.locator(".tool-result")).to_have_text(f"Sträcka {length / 1000:.1f} km".replace(".", ","))
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    page.keyboard.press("Space")
    expect(page.locator(".tool-result")).to_contain_text("inringad yta")
    expect(page.locator("#announcer")).to_contain_text("inringad yta")
    page.keyboard.press("Backspace")
    expect(page.locator(".tool-result")).not_to_contain_text("inringad yta")
    assert server.contract.asked["/api/cells/at"] == 0
    page.keyboard.press("Escape")
    expect(page.locator("#tool-panel")).to_be_hidden()
    expect(page.locator("#tool-measure")).to_be_focused()
    assert page.locator(".leaflet-sketch-pane path").count() == 0
    click_map(page, (420, 320))
    expect(page.locator("#cell .score-big, #cell .tag").first).to_be_visible()
    assert watched.troubles == []


def test_one_tool_at_a_time_and_crossed_lines_are_told(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang=en&{CLOSE}")
    page.click("#tool-measure")
    page.click("#tool-area")
    expect(page.locator("#tool-measure")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#tool-area")).to_have_attribute("aria-pressed", "true")
    done = page.get_by_role("button", name="Done")
    click_map(page, (420, 250), (700, 450), (700, 250))
    expect(done).to_be_enabled()
    click_map(page, (420, 450))
    expect(page.locator(".tool-wrong")).to_contain_text("cross each other")
    expect(done).to_be_disabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tool-wrong")).to_have_count(0)
    done.click()
    expect(page.locator(".tool-result")).to_contain_text(re.compile(r"The area is drawn: [\d.,]+ (ha|km²)"))
    assert watched.troubles == []


ROUND_MARKS = """[...document.querySelectorAll(".leaflet-sketch-pane path")]
  .filter((path) => path.getAttribute("d").includes("a5,5")).length"""


def count_corners(page: Page) -> int:
    """Round marks of the sketch; its lines and its area are other paths."""
    return int(page.evaluate(ROUND_MARKS))


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_an_area_by_keys_alone_ends_with_enter_and_every_step_can_be_undone(
    open_page: OpenPage, server: Served, lang: str
) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang={lang}&lat=63.83&lon=20.26&z=10")
    usual = page.locator("#map_norrsyn").get_attribute("aria-label")
    page.locator("#tool-area").press("Enter")
    container, result = page.locator("#map_norrsyn"), page.locator(".tool-result")
    expect(container).to_be_focused()
    expect(container).to_have_attribute("aria-label", re.compile("Space|mellanslag"))
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press("Space")
        page.keyboard.press(key)
        page.wait_for_timeout(350)
    assert count_corners(page) == 3
    page.keyboard.press("Enter")
    drawn = re.compile("The area is drawn|Området är ritat")
    expect(result).to_have_text(drawn)
    # Enter has ended, and added nothing
    assert count_corners(page) == 3
    expect(page.locator(".area-totals .facts")).to_be_visible()
    assert server.contract.asked["/api/cells/at"] == 0

    # what was wiped comes back, and so does what was drawn before it was done
    page.get_by_role("button", name=re.compile("Start over|Börja om")).press("Enter")
    assert count_corners(page) == 0
    undo = page.get_by_role("button", name=re.compile("Undo|Ångra"))
    expect(undo).to_be_focused()
    undo.press("Enter")
    expect(result).to_have_text(drawn)
    undo.press("Enter")
    expect(result).not_to_have_text(drawn)
    expect(page.locator(".area-totals .facts")).to_have_count(0)
    container.press("Backspace")
    assert count_corners(page) == 2
    container.press("Enter")
    expect(result).to_have_text(re.compile("minst 3|at least 3"))

    # closed by mistake
    container.press("Escape")
    assert count_corners(page) == 0
    expect(container).to_have_attribute("aria-label", usual or "")
    page.locator("#tool-area").press("Enter")
    undo.press("Enter")
    assert count_corners(page) == 2
    assert watched.troubles == []


def test_enter_after_clicks_ends_and_adds_no_corner(open_page: OpenPage, server: Served) -> None:
    page = open_map(open_page(), server, f"lang=sv&{CLOSE}")
    page.click("#tool-area")
    corners = click_map(page, (420, 250), (700, 250), (700, 450))
    page.keyboard.press("Enter")
    expect(page.locator(".tool-result")).to_contain_text("Området är ritat")
    assert count_corners(page) == len(corners)


def test_touch_ends_an_area_at_its_first_corner(open_page: OpenPage, server: Served) -> None:
    page = open_map(open_page(390, 844, touch=True), server, f"lang=sv&{CLOSE}")
    page.locator("#tool-area").tap()
    stage = box_of(page, "#map_norrsyn")
    # a finger does not hit the same pixel twice
    for x, y in ((80, 120), (300, 140), (220, 260), (87, 114)):
        page.touchscreen.tap(stage["x"] + x, stage["y"] + y)
        page.wait_for_timeout(350)
    expect(page.locator(".tool-result")).to_contain_text("Området är ritat")
    assert count_corners(page) == 3


def test_an_area_is_handed_on_as_geojson(open_page: OpenPage, server: Served) -> None:
    page = open_map(open_page(), server, f"lang=en&{CLOSE}")
    # Clockwise as drawn, counter-clockwise as handed on.
    drawn = page.evaluate(DRAW, ["polygon", [[63.8, 20.2], [63.9, 20.2], [63.9, 20.4]]])
    ring = drawn["got"][0]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 4
    assert sum(a[0] * b[1] - a[1] * b[0] for a, b in itertools.pairwise(ring)) > 0
    # Taken away with the tool.
    assert drawn["got"][-1] is None
    box = page.evaluate(DRAW, ["rectangle", [[63.8, 20.2], [63.9, 20.4]]])["got"][0]["coordinates"][0]
    assert {tuple(point) for point in box} == {(20.2, 63.8), (20.4, 63.8), (20.4, 63.9), (20.2, 63.9)}
    crossed = page.evaluate(DRAW, ["polygon", [[63.8, 20.2], [63.9, 20.4], [63.9, 20.2], [63.8, 20.4]]])
    assert crossed["got"] == []
    assert crossed["crossed"] == 1


# --- where the reader is ---


def test_the_position_is_shown_and_stays_in_the_browser(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = watched.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation(UMEA)
    open_map(watched, server, "lang=sv")
    page.click("#tool-locate")
    expect(page.locator("#toast")).to_contain_text("Din position stannar i den här webbläsaren")
    assert page.evaluate(f"map_norrsyn.getBounds().contains([{UMEA['latitude']}, {UMEA['longitude']}])")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    assert not [url for url in [*watched.requests, page.url] if "63.8258" in url or "20.2630" in url]
    assert abs(float(state_of(page)["lat"][0]) - UMEA["latitude"]) > 1e-3
    assert watched.troubles == []


@pytest.mark.parametrize(
    ("place", "words"),
    [(None, "was not given"), ({"latitude": 59.33, "longitude": 18.06}, "outside Region Nord")],
)
def test_no_position_is_said_calmly(
    open_page: OpenPage, server: Served, place: dict[str, float] | None, words: str
) -> None:
    watched = open_page()
    page = open_map(watched, server, "lang=en")
    if place:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation(place)
    before = page.evaluate("map_norrsyn.getCenter()")
    page.click("#tool-locate")
    expect(page.locator("#toast")).to_contain_text(words)
    assert page.evaluate("map_norrsyn.getCenter()") == before
    expect(page.locator("#problem")).to_be_hidden()
    assert watched.troubles == []


def test_the_link_is_copied_and_that_is_said(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_map(watched, server, f"lang=sv&{CLOSE}")
    page.click("#tool-link")
    expect(page.locator("#toast")).to_contain_text("Länken är kopierad")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    # Where a browser does not let pages write there.
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.click("#tool-link")
    expect(page.locator(".toast-field")).to_have_value(page.url)
    expect(page.locator(".toast-field")).to_be_focused()


# --- layers and legend ---


def test_layers_go_off_and_on_and_stand_in_the_address(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang=sv&{CLOSE}")
    page.wait_for_load_state("networkidle")
    assert page.locator(".place-label").count() > 0
    page.click("#tool-layers")
    page.get_by_label("Ortnamn").uncheck()
    assert page.locator(".place-label").count() == 0
    page.get_by_label("Poängyta", exact=True).uncheck()
    expect(page.locator(".leaflet-tile-pane .leaflet-layer").last).to_have_css("opacity", "0")
    page.get_by_label("Arbetsställen", exact=True).uncheck()
    page.get_by_label("Platsernas färgstyrka").fill("40")
    expect(page.locator(".leaflet-sites-pane")).to_have_css("opacity", "0.4")
    assert page.get_by_label("Platsernas färgstyrka").get_attribute("aria-valuetext") == "40 %"
    page.wait_for_load_state("networkidle")
    assert state_of(page)["off"] == ["names,scores,workplaces"]
    assert server.contract.asked_sites[-1] == ["accommodation", "establishments"]
    page.keyboard.press("Escape")
    expect(page.locator("#tool-layers")).to_be_focused()
    page.reload()
    page.wait_for_selector("#ranking-rows .row-button")
    assert page.locator(".place-label").count() == 0
    assert page.locator("#layer-workplaces").is_checked() is False
    assert watched.troubles == []


def test_a_difference_takes_the_legend_and_gives_it_back(open_page: OpenPage, server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    words = page.evaluate(
        """async () => {
          const { Legend } = await import("/static/js/legend.js");
          const info = (await (await fetch("/api/surfaces")).json()).surfaces[0];
          const legend = new Legend();
          const read = () => document.getElementById("legend").textContent;
          legend.show(info, { county: "24", never: true, opacity: 80 });
          const before = read();
          const counts = { classes: [5, 4, 3, 2, 1], states: { nothing_known: 7, never_inspected: 8 } };
          legend.show(info, { county: "24", never: true, opacity: 80 }, counts);
          const counted = read();
          const one = { name: "Lower", colour: "#2b6ca3", low: -10, high: -1, n_cells: 77 };
          legend.showDifference({ title: "July less January", classes: [one] });
          const difference = read();
          legend.showDifference(null);
          return [before, counted, difference, read()];
        }"""
    )
    assert "all four counties" in words[0]
    assert "all four counties" not in words[1]
    assert "July less January" in words[2]
    assert "77" in words[2]
    assert words[3] == words[1]


# --- themes ---


@pytest.mark.parametrize("theme", ["light", "dark", "outdoor"])
def test_every_theme_has_enough_contrast(open_page: OpenPage, server: Served, theme: str) -> None:
    watched = open_page()
    page = watched.page
    page.add_init_script(f"localStorage.setItem('norrsyn-theme', '{theme}')")
    open_map(watched, server, "lang=sv")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    page.click("#tool-layers")
    page.click("#settings summary")
    assert page.get_attribute("html", "data-theme") == theme
    assert page.evaluate(POOR_CONTRAST) == []
    page.goto(f"{server.url}/surfaces/x?lang=sv")
    assert page.evaluate(POOR_CONTRAST) == []
    assert watched.troubles == []


def test_the_system_s_wish_holds_until_something_is_chosen(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = watched.page
    page.emulate_media(color_scheme="dark")
    open_map(watched, server, "lang=sv")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.emulate_media(color_scheme="dark", contrast="more")
    expect(page.locator("html")).to_have_attribute("data-theme", "outdoor")
    other = page.context.new_page()
    other.goto(f"{server.url}/surfaces/x?lang=sv")
    page.click("#settings summary")
    page.get_by_label("Ljust").check()
    assert page.get_attribute("html", "data-theme") == "light"
    # The other tab follows.
    expect(other.locator("html")).to_have_attribute("data-theme", "light")
    page.keyboard.press("Escape")
    expect(page.locator("#settings summary")).to_be_focused()
    page.reload()
    assert page.get_attribute("html", "data-theme") == "light"
    assert watched.troubles == []


# --- paper ---


@pytest.mark.parametrize(("width", "height", "theme"), [(1366, 768, "light"), (390, 844, "dark")])
def test_the_map_prints_to_one_sheet(open_page: OpenPage, server: Served, width: int, height: int, theme: str) -> None:
    watched = open_page(width, height)
    page = watched.page
    page.add_init_script(f"localStorage.setItem('norrsyn-theme', '{theme}')")
    open_map(watched, server, "lang=sv&county=24")
    page.evaluate("Object.assign(document.body.dataset, {user: '961749ab', userName: 'Anna Åström'})")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    page.wait_for_load_state("networkidle")
    sheet = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 841\.\d+ 59[45]\.\d+\]", sheet)

    # The same as boxes: all on the sheet, none on another.
    place = page.text_content("#cell-title")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.set_viewport_size({"width": round(277 * MM), "height": round(190 * MM)})
    page.emulate_media(media="print")
    parts = ["#print-head", "#map-stage", "#legend", "#print-places table", "#print-foot"]
    boxes = [box_of(page, part) for part in parts]
    for part, box in zip(parts, boxes, strict=True):
        assert box["x"] >= -1, part
        assert box["x"] + box["width"] <= 277 * MM + 1, part
        assert box["y"] + box["height"] <= 190 * MM + 1, part
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if overlap(a, b)]
    assert box_of(page, "#map-stage")["width"] > 90 * MM
    text = page.inner_text("body")
    for words in (f"Riskkarta: {place}", "15 juli 2026", "Arbetsmaterial", "Utskriven av Anna Åström", "Mycket hög"):
        assert words in text, words
    assert "961749ab" not in text
    assert page.locator("#print-places tbody tr").count() == 10
    assert page.locator(".leaflet-control-scale-line").first.is_visible()
    assert page.locator(".toolbar").is_hidden()
    assert page.get_attribute("html", "data-theme") == "light"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.get_attribute("html", "data-theme") == theme
    assert page.locator(".print-canvas").count() == 0
    assert watched.troubles == []


# --- phone, and little room ---


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568), (844, 390)])
def test_a_phone_has_room_for_map_and_panels(open_page: OpenPage, server: Served, width: int, height: int) -> None:
    watched = open_page(width, height, touch=True)
    page = open_map(watched, server, "lang=sv")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert box_of(page, "#map-stage")["height"] >= 0.4 * height
    parts = [box_of(page, one) for one in (".toolbar", ".leaflet-control-zoom", "#legend", ".leaflet-control-scale")]
    assert not [(a, b) for i, a in enumerate(parts) for b in parts[i + 1 :] if overlap(a, b)]
    assert page.evaluate("document.getElementById('legend-fold').open") is False
    for name in ("filters", "layers", "tasks", "cell"):
        page.focus(f"button[data-sheet={name}]")
        page.keyboard.press("Enter")
        expect(page.locator(f"#{name}")).to_be_visible()
        assert page.evaluate(LOW_TARGETS) == [], name
    page.tap("#legend-fold summary")
    assert page.locator("#legend-body").is_visible()
    assert not overlap(box_of(page, ".toolbar"), box_of(page, "#legend"))
    page.tap("#legend-fold summary")
    page.tap("#tool-area")
    expect(page.locator("#tool-panel")).to_be_visible()
    assert not overlap(box_of(page, "#tool-panel"), box_of(page, "#map-stage"))
    page.tap("button[data-sheet=tasks]")
    expect(page.locator("#tool-panel")).to_be_hidden()
    assert watched.troubles == []


# --- other tabs and old links ---


def test_two_tabs_do_not_disturb_each_other(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, "lang=en")
    other = page.context.new_page()
    other.goto(f"{server.url}/?lang=en&county=23")
    other.wait_for_selector("#ranking-rows .row-button")
    page.select_option("#county", "24")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    assert other.input_value("#county") == "23"
    assert other.is_hidden("#cell")
    other.reload()
    other.wait_for_selector("#ranking-rows .row-button")
    assert other.input_value("#county") == "23"
    assert watched.troubles == []


def test_an_old_link_stays_calm(open_page: OpenPage, server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, "lang=sv&cell=9999999999999&off=counties,gone&sites=900&surface=gone&county=99")
    expect(page.locator("#problem")).to_contain_text("utanför Region Nord")
    page.locator("#problem button").last.click()
    expect(page.locator("#problem")).to_be_hidden()
    state = state_of(page)
    assert state["off"] == ["counties"]
    assert not {"cell", "sites", "surface", "county"} & set(state)
    assert page.locator("#ranking-rows .row-button").count() > 0
    until(page, "document.querySelectorAll('img.leaflet-tile-loaded').length > 0")
    assert [one for one in watched.troubles if "404" not in one] == []
