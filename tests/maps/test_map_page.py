"""The map page in a browser, against the contract: what planners do, and what must never happen to them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browsing import Watched
from tests.maps.conftest import Served
from tests.maps.corpus import HOSTILE

pytestmark = pytest.mark.browser

CLOSE = "lat=63.83&lon=20.26&z=12"

LOW_TARGETS = """selector => [...document.querySelectorAll(selector)].filter((node) => node.offsetParent)
  .map((node) => [node.outerHTML.slice(0, 60), (node.closest("tr") ?? node).getBoundingClientRect().height])
  .filter(([, height]) => height < 43.5)"""

POOR_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.85) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!node.offsetParent || node.closest(".leaflet-pane")) continue;
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
    const [dark, light] = [parse(getComputedStyle(node).color), ground(node)].map(luminance).sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) poor.push([node.className, node.textContent.slice(0, 30), ratio]);
  }
  return poor;
}"""


def open_map(watched: Watched, server: Served, query: str = "") -> Page:
    watched.page.goto(f"{server.url}/?{query}")
    watched.page.wait_for_selector("#ranking-rows .row-button")
    watched.page.wait_for_selector("img.leaflet-tile-loaded", state="attached")
    return watched.page


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page; Playwright's own way would need a policy that allows eval."""
    give_up_at = time.monotonic() + 15
    while not page.evaluate(condition):
        assert time.monotonic() < give_up_at, f"never came true: {condition}"
        page.wait_for_timeout(30)


def until_seen(page: Page, seen: list[str], wanted: str) -> None:
    """Wait for an event that a test notes."""
    give_up_at = time.monotonic() + 15
    while wanted not in seen:
        assert time.monotonic() < give_up_at, f"never came: {wanted}; seen: {seen}"
        page.wait_for_timeout(30)


def hover_until(page: Page, x: float, y: float, selector: str, text: str) -> None:
    """Move the pointer about a place until a text shows; a marker that comes under one at rest tells nobody."""
    deadline = time.monotonic() + 15
    # asked and answered in one step: markers that are drawn anew take their tooltip away again
    while (found := page.locator(selector).all_text_contents()) != [text]:
        assert time.monotonic() < deadline, found
        page.mouse.move(x + 1, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(50)


def state_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_nothing_foreign_nothing_failed_nothing_said(open_page: Callable[..., Watched], server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, CLOSE)
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []
    assert {urlsplit(url).netloc for url in watched.requests} == {urlsplit(server.url).netloc}


def test_hostile_names_show_as_they_are_everywhere(open_page: Callable[..., Watched], server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang=en&{CLOSE}")
    names = page.eval_on_selector_all("#ranking-rows .row-name", "nodes => nodes.map((node) => node.textContent)")
    assert HOSTILE in names
    page.locator("#ranking-rows .row-button").nth(names.index(HOSTILE)).click()
    expect(page.locator(".reasons li").last).to_have_text(HOSTILE)
    expect(page.locator(".site-title").first).to_have_text(HOSTILE)
    page.locator(".site-button").first.click()
    until(page, "map_norrsyn.getZoom() >= 13")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#sites-note")).to_contain_text("Sites here")
    box = page.locator("#map_norrsyn").bounding_box()
    assert box is not None
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    hover_until(page, *centre, ".leaflet-tooltip", HOSTILE)
    page.mouse.click(*centre)
    expect(page.locator(".site-card h3")).to_have_text(HOSTILE)
    assert page.locator(".site-card dd").nth(1).text_content() == HOSTILE
    page.fill("#search-input", "{{ 7")
    expect(page.locator(".search-name").first).to_have_text(HOSTILE)
    expect(page.locator(".search-detail").first).to_have_text(HOSTILE)
    page.goto(server.url + "/surfaces/x?lang=sv")
    assert HOSTILE in page.inner_text("main")
    assert watched.troubles == []
    assert page.locator("img[src='x']").count() == 0


def test_list_and_map_keep_step(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    first = page.locator("#ranking-rows tr").first
    first.hover()
    expect(page.locator(".pin-hover")).to_have_text("1")
    expect(page.locator(".leaflet-outline-pane path")).to_have_count(1)
    first.locator(".row-button").click()
    expect(first).to_have_class(re.compile("row-current"))
    expect(first.locator(".row-button")).to_have_attribute("aria-current", "true")
    expect(page.locator(".pin-current")).to_have_text("1")
    expect(page.locator("#cell-title")).to_be_focused()
    # And from the map to the list.
    page.click("#cell .icon-button")
    expect(page.locator(".row-current")).to_have_count(0)
    page.locator(".pin", has_text=re.compile("^1$")).click()
    expect(first).to_have_class(re.compile("row-current"))


@pytest.mark.parametrize("is_late", [False, True])
def test_the_reasons_come_before_the_tiles_of_where_the_map_goes(
    open_page: Callable[..., Watched], server: Served, is_late: bool
) -> None:
    """But the map does not wait long for an answer that is late.

    "Long" is the page's quarter of a second. Here it is an hour, or the answer is kept until the tiles have been asked
    for, so that a full machine decides nothing.
    """
    watched = open_page()
    if not is_late:
        watched.page.add_init_script(
            "const real = window.setTimeout;"
            "window.setTimeout = (run, ms, ...given) => real(run, ms === 250 ? 3600e3 : ms, ...given);"
        )
    page = open_map(watched, server, "lang=en")
    page.wait_for_load_state("networkidle")
    if is_late:
        server.contract.held.add("/api/cells/")
    seen: list[str] = []

    def note(request: Request, what: str) -> None:
        path = urlsplit(request.url).path
        if path.startswith("/tiles/") or (path.startswith("/api/cells/") and path.count("/") == 3):
            seen.append(f"{'tile' if path.startswith('/tiles/') else 'cell'} {what}")

    page.on("request", lambda request: note(request, "asked"))
    page.on("requestfinished", lambda request: note(request, "answered"))
    before = page.evaluate("map_norrsyn.getCenter()")
    page.locator("#ranking-rows .row-button").nth(7).click()
    if is_late:
        until_seen(page, seen, "tile asked")
        server.contract.held.clear()
    page.wait_for_selector(".score-big")
    until(page, f"map_norrsyn.distance({before}, map_norrsyn.getCenter()) > 1000")
    page.wait_for_load_state("networkidle")
    assert seen[0] == "cell asked"
    assert "tile asked" in seen
    assert (seen.index("cell answered") > seen.index("tile asked")) == is_late


def test_the_map_stays_where_somebody_clicks_it_right_after_choosing_a_place(
    open_page: Callable[..., Watched], server: Served
) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.wait_for_load_state("networkidle")
    there = server.contract.places(20, "en")[2]
    # at once, within the moment that the map waits for the reasons of the place in the list
    page.evaluate(
        "window.moves = 0; window.isOver = false; map_norrsyn.on('movestart', () => (window.moves += 1));"
        "document.querySelectorAll('#ranking-rows .row-button')[7].click();"
        "setTimeout(() => (window.isOver = true), 251);"
        f"map_norrsyn.fire('click', {{ latlng: L.latLng({there['lat']}, {there['lon']}) }})"
    )
    page.wait_for_selector(".score-big")
    until(page, "window.isOver")
    expect(page.locator("#ranking-rows tr").nth(7)).not_to_have_class(re.compile("row-current"))
    assert page.evaluate("window.moves") == 0


def test_no_tiles_are_asked_for_that_a_new_filter_replaces_at_once(
    open_page: Callable[..., Watched], server: Served
) -> None:
    """The map moves to the county: what lies there was unseen until then."""
    page = open_map(open_page(), server, "lang=en&lat=63.83&lon=20.26&z=10")
    page.wait_for_load_state("networkidle")
    asked: list[dict[str, list[str]]] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path.startswith("/tiles/"):
            asked.append(parse_qs(urlsplit(request.url).query))

    page.on("request", note)
    page.select_option("#county", "22")
    until(page, "[...document.querySelectorAll('img.leaflet-tile')].some((tile) => tile.src.includes('county=22'))")
    page.wait_for_load_state("networkidle")
    assert asked
    assert {tuple(query.get("county", ["none"])) for query in asked} == {("22",)}
    until(page, "document.querySelectorAll('.score-tile').length === 1")
    page.select_option("#county", "")
    until(page, "[...document.querySelectorAll('img.leaflet-tile')].every((tile) => !tile.src.includes('county='))")


def test_a_map_that_waits_for_certainty_has_tiles_wherever_it_goes(
    open_page: Callable[..., Watched], server: Served
) -> None:
    """The old filter's: those of the new one come when it is drawn how sure cells are, which may take minutes."""
    page = open_map(open_page(), server, "lang=en&lat=63.83&lon=20.26&z=10")
    page.wait_for_load_state("networkidle")
    server.contract.held.add("/api/places")
    seen: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path.startswith("/tiles/"):
            query = parse_qs(urlsplit(request.url).query)
            seen.append("new" if {"county", "certainty"} <= query.keys() else "old")

    page.on("request", note)
    page.click("#more-filters summary")
    page.select_option("#filter-certainty", "likely")
    page.select_option("#county", "22")
    until_seen(page, seen, "old")
    assert "new" not in seen
    server.contract.held.clear()
    until_seen(page, seen, "new")


def test_a_surface_whose_records_changed_is_scored_by_those_of_today_on_request(
    open_page: Callable[..., Watched], server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = server.contract
    monkeypatch.setattr(contract, "info", contract.info | {"is_stale": True})
    page = open_map(open_page(), server, "lang=en")
    fresh = page.get_by_role("button", name="Score with today's records")
    assert contract.asked["/api/score"] == 0
    # what fails is offered again, and asks again
    contract.failing["/api/score"] = 503
    fresh.click()
    retry = page.locator("#problem").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    contract.failing.clear()
    n_asked = contract.asked["/api/score"]
    monkeypatch.setattr(contract, "info", contract.info | {"is_stale": False})
    retry.click()
    expect(fresh).to_have_count(0)
    assert contract.asked["/api/score"] == n_asked + 1


def test_contributions_add_up_to_the_score(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    for position in range(3):
        page.locator("#ranking-rows .row-button").nth(position).click()
        name = page.locator("#ranking-rows .row-name").nth(position).text_content()
        expect(page.locator("#ranking-rows tr").nth(position)).to_have_class(re.compile("row-current"))
        assert name
        shown = page.eval_on_selector_all(
            ".parts tbody td.number:not(.of-max)", "all => all.map((one) => one.textContent)"
        )
        total = page.text_content(".parts tfoot td.number")
        assert sum(round(float(text) * 10) for text in shown) == round(float(total or "nan") * 10)
        assert page.text_content(".score-big") == total


def test_an_address_brings_back_what_was_seen(open_page: Callable[..., Watched], server: Served) -> None:
    watched = open_page()
    page = open_map(watched, server, "lang=en")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    page.click("#sectors summary")
    page.locator("#sector-list input").first.uncheck()
    expect(page.locator("#announcer")).to_have_text("Scored for 15 July 2026.")
    page.select_option("#county", "24")
    page.click("[data-list=cells]")
    page.click("#tool-layers")
    page.locator("#never").uncheck()
    page.locator("#opacity").fill("50")
    page.locator("#layer-workplaces").uncheck()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)
    before, where = state_of(page), page.evaluate("map_norrsyn.getCenter()")
    assert set(before) == {"lang", "lat", "lon", "z", "sector", "county", "cell", "opacity", "never", "list", "off"}
    page.reload()
    page.wait_for_selector(".score-big")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)
    after = page.evaluate("map_norrsyn.getCenter()")
    assert state_of(page) == before
    assert (after["lat"], after["lng"]) == pytest.approx((where["lat"], where["lng"]), abs=0.02)
    assert page.locator("#sector-list input").first.is_checked() is False
    assert page.input_value("#county") == "24"
    assert page.input_value("#opacity") == "50"
    assert page.locator("#layer-workplaces").is_checked() is False
    # What shows the same as charts is asked for with the same.
    charts = page.get_attribute("a[data-with-view]", "href") or ""
    assert parse_qs(urlsplit(charts).query) == before
    # The other language keeps the rest.
    page.click("a[data-language=sv]")
    page.wait_for_selector(".score-big")
    assert page.get_attribute("html", "lang") == "sv"
    assert {name: value for name, value in state_of(page).items() if name != "lang"} == {
        name: value for name, value in before.items() if name != "lang"
    }


@pytest.mark.parametrize(
    "query",
    [
        "z=99&lat=NaN&lon=x&opacity=-3&at=yesterday&cell=%7B%7B7%2A7%7D%7D&county=%3Cimg%3E",
        "lat=63&lon=&z=7&sector=%3Cscript%3E&list=everything&never=maybe",
    ],
)
def test_nonsense_in_the_address_is_left_out(open_page: Callable[..., Watched], server: Served, query: str) -> None:
    watched = open_page()
    page = open_map(watched, server, query)
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []
    assert page.is_hidden("#problem")


def test_everything_can_be_done_by_keyboard(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en&lat=63.83&lon=20.26&z=10")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('tasks').contains(document.activeElement)")
    page.focus("#map_norrsyn")
    page.keyboard.press("ArrowRight")
    until(page, "map_norrsyn.getCenter().lng > 20.265")
    assert page.evaluate("getComputedStyle(document.querySelector('.crosshair')).opacity") == "1"
    page.keyboard.press("Enter")
    expect(page.locator("#cell-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#map_norrsyn")).to_be_focused()
    page.focus("#search-input")
    page.keyboard.type("vänn")
    page.wait_for_selector("#search-list li[role=option]")
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#search-input", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    page.keyboard.press("Enter")
    expect(page.locator("#search-input")).to_have_attribute("aria-expanded", "false")
    until(page, "map_norrsyn.getCenter().lng < 19.9")


def test_old_tiles_stay_until_the_new_ones_are_there(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.wait_for_load_state("networkidle")
    server.contract.delays_s["/tiles/" + "b" * 16] = 1.0
    page.fill("#at", "2026-01-15")
    expect(page.locator("#announcer")).to_have_text("Scored for 15 January 2026.")
    layers = "[...document.querySelectorAll('.leaflet-tile-pane .leaflet-layer')]"
    shown = page.evaluate(f"{layers}.map((one) => [one.style.opacity, one.querySelectorAll('img').length > 0])")
    assert next(float(opacity) for opacity, has_tiles in shown if has_tiles) > 0.5
    until(page, f"{layers}.length === 1")
    assert page.evaluate("document.querySelector('.leaflet-tile-pane img').src").find("b" * 16) > 0
    assert state_of(page)["at"] == ["2026-01-15"]


def test_an_overtaken_answer_is_dropped(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    server.contract.delays_s["at=2026-02-01"] = 1.5
    page.fill("#at", "2026-02-01")
    until(page, "!document.getElementById('progress').hidden")
    page.fill("#at", "2026-03-01")
    expect(page.locator("#surface-note")).to_contain_text("1 March 2026")
    page.wait_for_timeout(1_800)
    expect(page.locator("#surface-note")).to_contain_text("1 March 2026")


@pytest.mark.parametrize(
    ("part", "action", "words"),
    [
        ("/api/places", "", "busy"),
        ("/api/cells", "cell", "busy"),
        ("/api/sites", "", "busy"),
        ("/api/search", "search", "busy"),
    ],
)
def test_a_failing_part_is_said_calmly_and_the_rest_works(
    open_page: Callable[..., Watched], server: Served, part: str, action: str, words: str
) -> None:
    server.contract.failing[part] = 503
    watched = open_page()
    page = watched.page
    page.goto(f"{server.url}/?lang=en&{CLOSE}")
    page.wait_for_selector("#legend-body tr")
    if action == "cell":
        page.locator("#map_norrsyn").click(position={"x": 400, "y": 200})
    if action == "search":
        page.fill("#search-input", "umeå")
    expect(page.locator("#problem")).to_contain_text(words)
    assert page.get_attribute("#problem", "role") == "alert"
    server.contract.reset()
    retry = page.locator("#problem button", has_text="Try again")
    if retry.count():
        retry.click()
        expect(page.locator("#problem")).to_be_hidden()
    assert not [trouble for trouble in watched.troubles if "503" not in trouble]


def test_a_server_that_is_gone_is_said(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.context.set_offline(True)
    page.locator("#ranking-rows .row-button").first.click()
    expect(page.locator("#problem")).to_contain_text("does not answer")


def test_out_at_sea_there_is_no_cell_and_that_is_said(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_page().page
    page.goto(f"{server.url}/?lang=sv&lat=63.0&lon=21.0&z=10")
    page.wait_for_selector("#ranking-rows .row-button")
    page.locator("#map_norrsyn").click(position={"x": 300, "y": 200})
    expect(page.locator("#problem")).to_contain_text("utanför Region Nord")


def test_sites_come_when_close_and_a_cut_is_said(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=sv&lat=63.83&lon=20.26&z=9")
    expect(page.locator("#sites-note")).to_have_text("Zooma in för att se arbetsställen och boenden")
    assert server.contract.asked_sites == [["establishments"]]
    server.contract.sites_limit = 2
    page.evaluate("map_norrsyn.setZoom(11)")
    expect(page.locator("#sites-note")).to_contain_text(re.compile(r"^2 av \d+ .*zooma in"))


def test_filters_say_what_is_wrong_and_do_not_ask(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.click("#sectors summary")
    for box in page.locator("#sector-list input").all():
        box.uncheck()
    expect(page.locator("#sectors-problem")).to_have_text("Choose at least one sector.")
    page.fill("#at", "")
    expect(page.locator("#at-problem")).to_contain_text("Give a date")
    assert page.get_attribute("#at", "aria-invalid") == "true"
    page.click("#sectors-all")
    expect(page.locator("#sectors-problem")).to_be_hidden()


@pytest.mark.parametrize(("width", "height", "touch"), [(1366, 768, False), (1920, 1080, False), (390, 844, True)])
def test_it_fits_laptop_projector_and_phone(
    open_page: Callable[..., Watched], server: Served, width: int, height: int, touch: bool
) -> None:
    page = open_map(open_page(width, height, touch=touch), server, "lang=sv")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    box = page.locator("#map_norrsyn").bounding_box()
    assert box is not None
    assert box["width"] * box["height"] > 0.25 * width * height
    if touch:
        for name in ("tasks", "filters", "layers", "cell"):
            page.tap(f"button[data-sheet={name}]")
            expect(page.locator(f"#{name}")).to_be_visible()
            targets = f"#{name} button, #{name} input[type=date], #{name} select, .sheet-tabs button, .languages a"
            assert page.evaluate(LOW_TARGETS, targets) == []


def test_text_has_enough_contrast(open_page: Callable[..., Watched], server: Served) -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1 for everything that stands on a plain ground."""
    page = open_map(open_page(), server, "lang=sv")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector(".score-big")
    assert page.evaluate(POOR_CONTRAST) == []


def test_back_undoes_the_last_choice(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.locator("#ranking-rows .row-button").first.click()
    expect(page.locator("#cell")).to_be_visible()
    page.select_option("#county", "24")
    page.fill("#at", "2026-01-15")
    expect(page.locator("#surface-note")).to_contain_text("15 January 2026")
    page.go_back()
    expect(page.locator("#surface-note")).to_contain_text("15 July 2026")
    expect(page.locator("#at")).to_have_value("2026-07-15")
    expect(page.locator("#county")).to_have_value("24")
    page.go_back()
    expect(page.locator("#county")).to_have_value("")
    expect(page.locator("#cell")).to_be_visible()
    page.go_back()
    expect(page.locator("#cell")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#cell")).to_be_visible()


def test_moving_the_map_is_no_step_back(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    steps = page.evaluate("history.length")
    page.focus("#map_norrsyn")
    for key in ("ArrowLeft", "ArrowUp", "+"):
        page.keyboard.press(key)
        page.wait_for_timeout(600)
    assert "lat" in state_of(page)
    assert page.evaluate("history.length") == steps


@pytest.mark.parametrize("day", ["1850-01-01", "2150-01-01"])
def test_a_date_that_is_not_scored_is_said_and_not_asked_for(
    open_page: Callable[..., Watched], server: Served, day: str
) -> None:
    watched = open_page()
    page = open_map(watched, server, f"lang=sv&at={day}")
    assert page.input_value("#at") == "2026-07-15"
    page.fill("#at", day)
    expect(page.locator("#at-problem")).to_have_text("Ange ett datum från 1990 till 2100.")
    page.wait_for_timeout(500)
    assert state_of(page).get("at") != [day]
    assert watched.troubles == []
    page.fill("#at", "2026-01-15")
    expect(page.locator("#at-problem")).to_be_hidden()


def test_date_and_sectors_changed_at_once_both_count(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.click("#sectors summary")
    page.fill("#at", "2026-01-15")
    page.locator("#sector-list input").first.uncheck()
    expect(page.locator("#surface-note")).to_contain_text("15 January 2026")
    assert "sector" in state_of(page)


def test_enter_finds_what_was_just_pasted(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    page.fill("#search-input", "vänn")
    page.locator("#search-input").press("Enter")
    until(page, "map_norrsyn.getCenter().lng < 19.9")
    page.wait_for_timeout(400)
    expect(page.locator("#search-list")).to_be_hidden()


def test_closing_the_cell_leads_back_to_its_row(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    row = page.locator("#ranking-rows .row-button").nth(1)
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cell-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_the_legend_has_the_colours_of_the_map(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    cover = "getComputedStyle(document.querySelector('.legend .swatch'), '::before').opacity"
    assert float(page.evaluate(cover)) == pytest.approx(0.8)
    page.click("#tool-layers")
    page.locator("#opacity").fill("40")
    assert float(page.evaluate(cover)) == pytest.approx(0.4)
    expect(page.locator(".leaflet-tile-pane .leaflet-layer").last).to_have_css("opacity", "0.4")


@pytest.mark.parametrize(("width", "height"), [(683, 384), (320, 256), (844, 390)])
def test_nothing_is_cut_off_where_there_is_little_height(
    open_page: Callable[..., Watched], server: Served, width: int, height: int
) -> None:
    """WCAG 2.1, 1.4.10: a laptop at 200 and 400 %, a phone held sideways."""
    page = open_map(open_page(width, height), server, "lang=sv")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("getComputedStyle(document.body).overflowY") != "hidden"
    for selector in ("#map_norrsyn", "#ranking-scroll"):
        page.locator(selector).scroll_into_view_if_needed()
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["height"] > 60
    if width > 820:
        banner, legend = page.locator("#synthetic").bounding_box(), page.locator("#legend").bounding_box()
        assert banner is not None
        assert legend is not None
        assert legend["y"] > banner["y"] + banner["height"]


def test_forced_colours_keep_the_colours_that_mean_something(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=sv")
    page.emulate_media(forced_colors="active")
    # asked in one step: the legend is drawn anew as counts arrive, and a node that has left the page has no style
    shown = page.evaluate(
        "[...document.querySelectorAll('.legend-table .swatch')]"
        ".map((one) => getComputedStyle(one, '::before').backgroundColor)"
    )
    assert len(set(shown)) == 5
    assert page.evaluate("getComputedStyle(document.querySelector('.leaflet-container')).forcedColorAdjust") == "none"


def test_a_site_tells_its_size_in_words_that_fit_any_number(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, f"lang=sv&{CLOSE}")
    words = page.evaluate(
        """async () => {
          const [{ useLanguage }, { siteCard }] = await Promise.all(
            [import("/static/js/i18n.js"), import("/static/js/sites.js")]);
          useLanguage("sv", await (await fetch("/i18n/sv.json")).json());
          const site = { title: "A", layer: "workplaces", size: 1, size_unit: "employees" };
          const vague = { position: "Approximate position (postcode)", spread_m: 2500 };
          return [siteCard(site).textContent, siteCard({ ...site, ...vague }).textContent];
        }"""
    )
    assert "Anställda1" in words[0]
    assert "Läge" not in words[0]
    assert "LägeUngefärligt läge (postnummer), inom 2,5 km" in words[1]


def test_where_nothing_is_known_no_score_is_explained(open_page: Callable[..., Watched], server: Served) -> None:
    page = open_map(open_page(), server, "lang=en")
    words = page.evaluate(
        """async () => {
          const { drawCell } = await import("/static/js/cell.js");
          const node = document.createElement("div");
          const drivers = [{ id: "2584", layer: "sectors", title: "Kiruna", distance_m: 0, share: 1 }];
          const components = [{ title: "Concentration", points: 2.6, max_points: 5, drivers }];
          const where = { lat: 68, lon: 18, easting: 650000, northing: 7551000, cell_id: "a" };
          const cell = { ...where, state: "nothing_known", score: 2.6, reasons: ["Nothing known."], components };
          drawCell(node, cell, {});
          return node.textContent;
        }"""
    )
    assert "Nothing known." in words
    assert all(said not in words for said in ("Why this score", "2.6", "Records that weigh most"))


def test_the_age_of_data_is_counted_in_days_of_swedish_clocks(
    open_page: Callable[..., Watched], server: Served
) -> None:
    page = open_map(open_page(), server, "lang=en")
    moments = [
        ("2026-07-15T22:30:00Z", "2026-07-15T21:00:00Z", "Data added yesterday"),
        ("2026-07-15T21:30:00Z", "2026-07-15T00:10:00Z", "Data added today"),
        ("2026-07-15T00:10:00Z", "2026-07-15T21:30:00Z", "Data added today"),
        # nights in which clocks are put back, and forward
        ("2026-10-26T08:00:00Z", "2026-10-24T21:00:00Z", "Data added 2 days ago"),
        ("2026-03-29T22:30:00Z", "2026-03-28T12:00:00Z", "Data added 2 days ago"),
        ("2026-12-31T23:30:00Z", "2026-12-31T22:30:00Z", "Data added yesterday"),
    ]
    words = page.evaluate(
        """async (moments) => {
          const { dataAge } = await import("/static/js/surface_note.js");
          const { now } = Date;
          try {
            return moments.map(([at, added]) => {
              Date.now = () => Date.parse(at);
              const layers = ["2020-01-01T00:00:00Z", added, null].map((one) => ({ added_at: one }));
              return dataAge({ layers });
            });
          } finally {
            Date.now = now;
          }
        }""",
        moments,
    )
    assert words == [said for _, _, said in moments]


def test_a_shortlist_as_text_names_the_sectors_that_it_was_scored_for(
    open_page: Callable[..., Watched], server: Served
) -> None:
    page = open_map(open_page(), server, "lang=en")
    texts = page.evaluate(
        """async () => {
          const [{ readState }, { writeShortlist }] = await Promise.all(
            [import("/static/js/state.js"), import("/static/js/shortlist_text.js")]);
          const names = { construction: "Construction", cleaning: "Cleaning" };
          const write = (sectors) =>
            writeShortlist([], readState(""), { at: "2026-07-15", sectors }, (code) => names[code]);
          return [write(["construction", "cleaning"]), write([]), write(null)];
        }"""
    )
    head = "Shortlist, scored for 15 July 2026\n"
    assert texts == [f"{head}Sectors: Construction, Cleaning\n", head, head]
