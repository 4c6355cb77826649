"""axe finds nothing serious on any page, in both languages, on a laptop and on a phone; and the tour by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import VIEWS, find_violations
from tests.browser.test_main_job import OpenPage, cut_off

SIZES = {"laptop": (1366, 768, False), "phone": (390, 844, True)}
# A page that is in order but for these, so that a check that finds nothing can be told from one that sees nothing.
BROKEN = """<!doctype html><html><head><title></title></head><body><img src="data:,"><button></button>
<p style="color:#ccc;background:#fff">pale</p></body></html>"""
PAGES = {
    "map": "/",
    "import": "/import",
    "surface": "/surfaces/current",
    "charts": "/charts?county=24",
    "picture": "/picture",
    "glossary": "/help/glossary",
    "model": "/help/model",
    "accessibility": "/help/accessibility",
    "error": "/nowhere",
}


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    for menu in page.locator("main details").all():
        menu.evaluate("(node) => { node.open = true; }")


def test_axe_sees_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page().page
    page.set_content(BROKEN)
    found = " ".join(find_violations(page))
    for rule in ("image-alt", "button-name", "color-contrast", "html-has-lang", "document-title"):
        assert rule in found


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("size", "lang"), VIEWS)
def test_axe_finds_nothing_serious(open_page: OpenPage, demo_url: str, name: str, size: str, lang: str) -> None:
    width, height, touch = SIZES[size]
    page = open_page(width, height, touch=touch).page
    address = PAGES[name]
    page.goto(f"{demo_url}{address}{'&' if '?' in address else '?'}lang={lang}")
    settle(page)
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".help-menu summary").click()
    # the rest of the page is as it was
    assert find_violations(page, ".help-menu") == []


@pytest.mark.parametrize("lang", ["sv", pytest.param("en", marks=pytest.mark.long)])
def test_pages_fit_at_four_times_the_size(open_page: OpenPage, demo_url: str, lang: str) -> None:
    """1280 px enlarged to 400 % are 320 px (WCAG 1.4.10)."""
    page = open_page(320, 640, touch=True).page
    for address in PAGES.values():
        page.goto(f"{demo_url}{address}{'&' if '?' in address else '?'}lang={lang}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_in_the_cell_panel(open_page: OpenPage, demo_url: str, size: str) -> None:
    width, height, touch = SIZES[size]
    page = open_page(width, height, touch=touch).page
    page.goto(f"{demo_url}/?lang=sv")
    page.locator("#ranking-rows .row-button").first.click()
    page.wait_for_selector("#cell-title")
    settle(page)
    assert find_violations(page) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_tour_by_keyboard(open_page: OpenPage, demo_url: str, size: str) -> None:
    width, height, touch = SIZES[size]
    watched = open_page(width, height, touch=touch, tour=True)
    cut_off(watched, demo_url)
    page = watched.page
    page.goto(f"{demo_url}/?lang=sv")
    tour = page.locator("#tour")
    expect(tour).to_be_visible()
    page.wait_for_selector("#ranking-rows .row-button")
    expect(page.locator("#tour-title-1")).to_be_focused()
    assert find_violations(page) == []
    for step in (2, 3):
        page.locator("#tour-next").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#tour-title-{step}")).to_be_focused()
        expect(page.locator(".tour-target")).to_have_count(1)
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('#tour') !== null"
        )
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()
    expect(page.locator(".tour-target")).to_have_count(0)

    # seen once, in this browser only
    page.goto(f"{demo_url}/?lang=en")
    page.wait_for_selector("#ranking-rows .row-button")
    expect(tour).to_be_hidden()
    page.locator(".help-menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show the tour").focus()
    page.keyboard.press("Enter")
    expect(tour).to_be_visible()
    expect(page.locator("#tour-title-1")).to_have_text("Choose a date and sectors")
    page.keyboard.press("Escape")
    expect(page.locator(".help-menu summary")).to_be_focused()
    assert watched.troubles == []


def test_a_shared_view_is_shown_without_the_tour(open_page: OpenPage, demo_url: str) -> None:
    page = open_page(tour=True).page
    page.goto(f"{demo_url}/?lang=sv&county=24")
    page.wait_for_selector("#ranking-rows .row-button")
    expect(page.locator("#tour")).to_be_hidden()
    # and the next visit still begins with it
    page.goto(f"{demo_url}/")
    expect(page.locator("#tour")).to_be_visible()


def test_the_help_menu_closes_with_escape_and_leads_to_its_pages(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page()
    cut_off(watched, demo_url)
    page = watched.page
    page.goto(f"{demo_url}/help/glossary?lang=sv#never_inspected")
    menu = page.locator(".help-menu")
    menu.locator("summary").click()
    page.keyboard.press("Escape")
    expect(menu.locator("ul")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
    for name, heading in (
        ("Så räknas poängen", "Så räknas poängen"),
        ("Diagram", "Diagram"),
        ("Tillgänglighet", "Tillgänglighets\u00adredogörelse"),
    ):
        menu.locator("summary").click()
        menu.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(heading)
    assert watched.troubles == []


@pytest.mark.parametrize("size", SIZES)
def test_charts_become_part_of_the_page(open_page: OpenPage, demo_url: str, size: str, screenshots: object) -> None:
    width, height, touch = SIZES[size]
    watched = open_page(width, height, touch=touch)
    cut_off(watched, demo_url)
    page = watched.page
    page.goto(f"{demo_url}/charts?lang=sv")
    for picture in page.locator(".chart-picture").all():
        picture.scroll_into_view_if_needed()
        expect(picture.locator("svg[role=img]")).to_be_visible()
    assert page.locator(".chart-picture svg").first.get_attribute("width") == ("680" if size == "laptop" else "360")
    page.screenshot(path=screenshots / f"charts-{size}.png", full_page=True)  # type: ignore[operator]
    page.get_by_label("Län").select_option("24")
    page.get_by_role("button", name="Visa", exact=True).click()
    expect(page.locator(".lead")).to_contain_text("Västerbottens län")
    assert watched.troubles == []
