"""A plan's page and its form: what the map shows, where one is after a clash, and where a fault leads."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import OpenPage
from tests.browser.test_plans import WITHIN_MS, fill_form, make_plan, said, troubles_of, wait_for_plan

OVERLAPS = """([one, other]) => {
    const [a, b] = [one, other].map((mark) => document.querySelector(mark)?.getBoundingClientRect());
    return Boolean(a && b && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom);
}"""
# pins of stops that lie under a depot's, under the zoom buttons or under the line below the map
COVERED = """() => {
    const boxes = (mark) => [...document.querySelectorAll(mark)].map((node) => node.getBoundingClientRect());
    const over = boxes(".map-foot, .leaflet-control-zoom");
    const covers = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const pins = [...document.querySelectorAll(".stop-pin:not(.depot-pin)")];
    const isUnder = (pin) => {
        const { x, y, width, height } = pin.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2)?.classList.contains("depot-pin");
    };
    return pins.filter((pin) => isUnder(pin) || over.some((one) => covers(one, pin.getBoundingClientRect()))).length;
}"""


def test_days_are_told_apart_on_the_map_and_nothing_lies_over_a_stop(open_page: OpenPage, own_url: str) -> None:
    watched = open_page()
    page = watched.page
    make_plan(page, own_url, "Två dagar på kartan", n_crews=2, n_days=2)
    pins = page.locator(".stop-pin:not(.depot-pin)")
    page.locator("#plan-map").scroll_into_view_if_needed()
    labels = pins.all_inner_texts()
    assert len(labels) == len(set(labels)) == page.locator(".stop").count()
    assert {label[:2] for label in labels} == {"1·", "2·"}
    expect(page.locator("#crew-legend")).to_contain_text("Dagen står före punkten: 1· mån 20 juli, 2· tis 21 juli")
    assert page.evaluate(COVERED) == 0
    # one pin for each place where crews begin, however many days they go from there
    expect(page.locator(".depot-pin")).to_have_count(2)

    page.locator("#day-switch").get_by_role("button", name="mån 20 juli").click()
    assert all(re.fullmatch(r"[AB]\d+", label) for label in pins.all_inner_texts())
    expect(page.locator("#crew-legend")).not_to_contain_text("Dagen står före punkten")
    assert page.evaluate(COVERED) == 0

    # why a plan is called off is asked in a box that Escape closes, as it does menus
    box = page.locator(".move-with-reason").filter(has_text="Ställ in")
    box.locator("summary").click()
    box.locator("select").focus()
    page.keyboard.press("Escape")
    expect(box).not_to_have_attribute("open", "")
    expect(box.locator("summary")).to_be_focused()
    box.locator("summary").click()
    page.locator("h1").click()
    expect(box).not_to_have_attribute("open", "")
    assert watched.troubles == []


def test_after_a_clash_with_oneself_the_page_is_where_it_was(open_page: OpenPage, own_url: str) -> None:
    watched, again = open_page(), open_page()
    page, tab = watched.page, again.page
    address = make_plan(page, own_url, "Samma planerare", n_crews=1, n_days=1)
    tab.goto(address)
    wait_for_plan(tab)
    tab.locator(".stop").first.get_by_role("button", name=re.compile("^Flytta ned")).click()
    said(tab, "är stopp 2 av")

    stop = page.locator(".stop").last
    key = stop.get_attribute("data-stop")
    stop.locator(".stop-more summary").click()
    button = stop.get_by_role("button", name=re.compile("^Flytta upp"))
    button.scroll_into_view_if_needed()
    button.focus()
    before = top_of(page, key)
    page.keyboard.press("Enter")
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("Du har själv ändrat planen under tiden, i en annan flik", timeout=WITHIN_MS)
    expect(conflict).to_contain_text("Du, i en annan flik: ")
    expect(conflict).not_to_contain_text("Någon annan")
    conflict.get_by_role("button", name="Låt det vara som det är nu").click()
    expect(conflict).to_be_hidden()
    mine = page.locator(f'[data-stop="{key}"]')
    expect(mine.get_by_role("button", name=re.compile("^Flytta upp"))).to_be_focused()
    expect(mine.locator(".stop-more")).to_have_attribute("open", "")
    assert abs(top_of(page, key) - before) <= 2
    assert troubles_of(watched) == troubles_of(again) == []


def top_of(page: Page, key: str | None) -> float:
    return float(
        page.evaluate('(key) => document.querySelector(`[data-stop="${key}"]`).getBoundingClientRect().top', key)
    )


def test_a_fault_leads_to_the_site_that_it_names_and_cells_on_the_shortlist_are_named(
    open_page: OpenPage, own_url: str, browser_cookies: dict[str, str]
) -> None:
    watched = open_page()
    page = watched.page
    with httpx.Client(base_url=own_url, cookies=browser_cookies, headers={"origin": own_url}) as server:
        cell = server.get("/api/cells/at", params={"lon": 20.26, "lat": 63.83}).json()["cell_id"]
        added = server.post("/api/shortlist", json={"kind": "cell", "cell_id": cell})
        assert added.is_success, added.text
        near, far = find_sites(server, 20.26, 63.83), find_sites(server, 20.22, 67.85)
    page.goto(f"{own_url}/plans/new?lang=sv&site={near}&site={far}")
    expect(page.locator("#site-1")).to_be_visible()
    hint = page.locator("#sites-hint")
    expect(hint).to_contain_text("lämnas därför utanför")
    expect(hint.locator(f'a[href*="{cell}"]')).to_have_count(1)
    fill_form(page, "För långt bort", n_crews=1, n_days=1)
    page.get_by_role("button", name="Föreslå en plan").click()
    fault = page.locator("#faults a")
    expect(fault.first).to_be_visible(timeout=WITHIN_MS)
    fault.first.click()
    expect(page.locator("#site-1")).to_be_focused()
    expect(page.locator("#site-1")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#site-0")).not_to_have_attribute("aria-invalid", "true")
    assert troubles_of(watched) == []


def find_sites(server: httpx.Client, lon: float, lat: float) -> str:
    """The workplace nearest to a point, as the form's address has it."""
    asked = {"lon": lon, "lat": lat, "layer": "workplaces", "n": 1}
    (site,) = server.get("/api/sites/nearest", params=asked).json()["sites"]
    return f"workplaces:{site['id']}"


def test_a_large_cell_that_is_chosen_lies_beside_the_legend_and_all_tabs_are_in_sight(
    open_page: OpenPage, demo_url: str
) -> None:
    watched = open_page()
    page = watched.page
    for lang in ("sv", "en"):
        page.goto(f"{demo_url}/?lang={lang}")
        tabs = page.locator(".task-tabs")
        for tab in tabs.get_by_role("tab").all():
            tab.click()
            assert tabs.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
        page.locator("#tab-ranking").click()
    page.evaluate("void window.map_norrsyn.setView([63.83, 20.26], 14, { animate: false })")
    page.mouse.click(660, 600)
    expect(page.locator(".leaflet-outline-pane path").first).to_be_visible()
    page.wait_for_timeout(500)
    for over in ("#legend", ".toolbar", "#cell"):
        assert not page.evaluate(OVERLAPS, [".leaflet-outline-pane path", over]), over
    assert watched.troubles == []
