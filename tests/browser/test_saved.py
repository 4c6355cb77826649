"""Saved views and the shortlist on the map page, with mouse and keys, on a desk and a phone, in two tabs at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import sign_in, token_of
from tests.browser.axe import find_violations
from tests.browser.test_main_job import ask, cut_off, open_map
from tests.browsing import Watched
from tests.maps.corpus import HOSTILE

OpenPage = Callable[..., Watched]
WORDS = {
    "en": {
        "add": "Add to the shortlist",
        "on": "On the shortlist",
        "down": "Move down",
        "copied": "scored for 15 July 2026",
    },
    "sv": {
        "add": "Lägg till på kortlistan",
        "on": "På kortlistan",
        "down": "Flytta ned",
        "copied": "beräknad för 15 juli 2026",
    },
}
OWN = "#views ul[aria-labelledby='views-title'] > li"
RTL = "אזור הצפון 🫐"


def open_as(open_page: OpenPage, home: Path, url: str, name: str, query: str, size: tuple[int, int]) -> Watched:
    """The map page, opened by a user of the test's own."""
    sign_in(home, name)
    watched = open_page(*size, touch=size[0] < 600)
    watched.page.context.add_cookies([{"name": "norrsyn", "value": token_of(name), "url": url}])
    open_map(watched, url, query)
    return watched


def shortlist_first(page: Page, words: dict[str, str], count: int) -> list[str]:
    """Put the first ranked places on the shortlist; the titles of their cells."""
    titles = []
    for i in range(count):
        if page.locator("button[data-sheet='tasks']").is_visible():
            page.locator("button[data-sheet='tasks']").click()
        with page.expect_response(
            lambda response: "/api/cells/CRS" in response.url and "certainty" not in response.url
        ):
            page.locator("#ranking-rows .row-button").nth(i).click()
        page.get_by_role("button", name=words["add"]).click()
        expect(page.get_by_role("button", name=words["on"])).to_have_attribute("aria-pressed", "true")
        titles.append(page.locator("#cell-title").inner_text())
    return titles


def check_saved(page: Page) -> None:
    """Nothing serious for axe, and whatever can be touched is 44 pixels high where one touches."""
    assert find_violations(page) == []
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        heights = page.evaluate(
            "[...document.querySelectorAll('#saved button, #saved input[type=text], #saved textarea')]"
            ".filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def open_saved(page: Page) -> None:
    if page.locator("button[data-sheet='tasks']").is_visible():
        page.locator("button[data-sheet='tasks']").click()
    with page.expect_response(lambda response: "/api/views" in response.url):
        page.locator("#tab-saved").click()


@pytest.mark.parametrize(("lang", "size"), [("sv", (1366, 768)), ("en", (390, 844))], ids=["desk", "phone"])
def test_a_shortlist_is_made_ordered_and_copied_as_text(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path, lang: str, size: tuple[int, int]
) -> None:
    words = WORDS[lang]
    watched = open_as(open_page, demo_home, demo_url, f"shortlist {lang}", f"lang={lang}", size)
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    titles = shortlist_first(page, words, 3)
    open_saved(page)
    rows = page.locator("#shortlist > li")
    expect(rows).to_have_count(3)
    # by keyboard; the focus goes along
    rows.first.get_by_role("button", name=words["down"]).focus()
    page.keyboard.press("Enter")
    expect(rows.nth(1).locator(".link-button")).to_have_text(titles[0])
    page.keyboard.press("Enter")
    expect(rows.nth(2).locator(".link-button")).to_have_text(titles[0])
    assert page.evaluate(
        "document.activeElement.closest('li') === document.querySelector('#shortlist').lastElementChild"
    )

    rows.first.locator("[data-key$=' note']").click()
    page.keyboard.type("x" * 1_001)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(rows.first.locator(".field-problem")).to_be_visible()
    assert len(rows.first.locator("textarea").input_value()) == 1_001
    check_saved(page)
    rows.first.locator("textarea").fill(f"{HOSTILE} {RTL}")
    rows.first.locator("[type=submit]").click()
    expect(rows.first.locator(".saved-note")).to_have_text(f"{HOSTILE} {RTL}")
    page.screenshot(path=screenshots / f"shortlist-{lang}.png")

    page.locator("#shortlist-copy").click()
    expect(page.locator("#toast")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert words["copied"] in text
    numbered = [line for line in text.splitlines() if line[:2] in {"1.", "2.", "3."}]
    assert numbered == [f"{i}. {title}" for i, title in enumerate([*titles[1:], titles[0]], 1)]
    assert HOSTILE in text
    link = next(line.strip() for line in text.splitlines() if line.strip().startswith("http"))
    asked = parse_qs(urlsplit(link).query)
    assert asked["lang"] == [lang]
    page.goto(link)
    expect(page.locator("#cell-title")).to_have_text(titles[1])
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_a_site_goes_on_the_shortlist_from_its_panel(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_as(open_page, demo_home, demo_url, "sites", "lang=en", (1366, 768))
    page = watched.page
    page.locator("#ranking-rows .row-button").first.click()
    page.locator("#cell .site-button").first.click()
    page.wait_for_selector("#cell .site-back")
    page.get_by_role("button", name="Add to the shortlist").click()
    expect(page.get_by_role("button", name="On the shortlist")).to_be_visible()
    title = page.locator("#cell-title").inner_text()
    page.locator("#cell .icon-button").first.click()
    open_saved(page)
    page.locator("#shortlist .link-button").filter(has_text=title).click()
    expect(page.locator("#cell-title")).to_have_text(title)
    # taken off, and put back where it was
    page.get_by_role("button", name="On the shortlist").click()
    expect(page.locator("#shortlist > li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="On the shortlist")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


@pytest.mark.parametrize(("lang", "size"), [("en", (1366, 768)), ("sv", (390, 844))], ids=["desk", "phone"])
def test_a_view_is_saved_opened_shared_and_deleted_in_two_tabs(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path, lang: str, size: tuple[int, int]
) -> None:
    anna = open_as(open_page, demo_home, demo_url, f"Anna {lang}", f"lang={lang}&county=24&list=cells", size)
    page = anna.page
    open_saved(page)
    name, save = page.locator("#view-name"), page.locator("#view-form [type=submit]")
    for bad in ("", "å" * 10_000, "a\u202eb"):
        name.fill(bad)
        save.click()
        expect(page.locator("#view-problem")).to_be_visible()
        assert name.input_value() == bad
    views = page.locator(OWN)
    for count, good in enumerate((RTL, HOSTILE), 1):
        name.fill(good)
        page.locator("#view-shared").check()
        save.click()
        expect(views).to_have_count(count)
        expect(name).to_have_value("")
    expect(views.first.locator(".link-button")).to_have_text(HOSTILE)
    page.screenshot(path=screenshots / f"saved-views-{lang}.png")
    check_saved(page)

    # a colleague opens it, without a reload, and goes back
    bo = open_as(open_page, demo_home, demo_url, f"Bo {lang}", f"lang={lang}", size)
    open_saved(bo.page)
    shared = bo.page.locator("#views .saved-row").filter(has_text=RTL).filter(has_text=f"Anna {lang}")
    expect(shared.get_by_role("button")).to_have_count(1)
    bo.page.evaluate("window.isSame = true")
    shared.get_by_role("button").click()
    expect(bo.page.locator("#county")).to_have_value("24")
    assert bo.page.evaluate("window.isSame && new URLSearchParams(location.search).get('list')") == "cells"
    bo.page.go_back()
    expect(bo.page.locator("#county")).to_have_value("")

    # in a second tab both are deleted; the first one says so, and fails at nothing
    tab = Watched(page.context.new_page())
    cut_off(tab, demo_url)
    tab.page.goto(f"{demo_url}/?lang={lang}")
    tab.page.wait_for_selector("#ranking-rows .row-button")
    open_saved(tab.page)
    for left in (1, 0):
        tab.page.locator("#views [data-key$=' delete']").first.click()
        expect(tab.page.locator(OWN)).to_have_count(left)
        if left:
            tab.page.locator("#toast .plain-button").last.click()
    with page.expect_response(lambda response: response.status == 404):
        views.first.locator("[data-key$=' share']").click()
    expect(views).to_have_count(0)
    # and what was deleted last comes back
    tab.page.locator("#toast .plain-button").first.click()
    expect(tab.page.locator(f"{OWN} .link-button")).to_have_text([RTL])
    for watched in (anna, bo, tab):
        watched.page.wait_for_load_state("networkidle")
        assert [one for one in watched.troubles if "404" not in one] == []
    assert ask(f"{demo_url}/api/views").json()["views"] != []
