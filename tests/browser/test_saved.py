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


# in the suite the shortlist at a desk, the views on a phone
@pytest.mark.parametrize(
    ("lang", "size"),
    [
        pytest.param("sv", (1366, 768), id="desk"),
        pytest.param("en", (390, 844), id="phone", marks=pytest.mark.long),
    ],
)
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
    # back to the cell, and to the site again
    page.wait_for_load_state("networkidle")
    page.go_back()
    expect(page.locator("#cell .site-back")).to_have_count(0)
    expect(page.locator("#cell .site-button").first).to_be_visible()
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


@pytest.mark.parametrize(
    ("lang", "size"),
    [
        pytest.param("en", (1366, 768), id="desk", marks=pytest.mark.long),
        pytest.param("sv", (390, 844), id="phone"),
    ],
)
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


@pytest.mark.parametrize(
    ("lang", "size"),
    [
        pytest.param("sv", (390, 844), id="phone"),
        pytest.param("en", (1366, 768), id="desk", marks=pytest.mark.long),
    ],
)
def test_a_name_that_is_taken_is_said_and_replacing_is_offered(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path, lang: str, size: tuple[int, int]
) -> None:
    anna = open_as(open_page, demo_home, demo_url, f"Namesake {lang}", f"lang={lang}&county=24", size)
    page = anna.page
    open_saved(page)
    name, save, same, views = (
        page.locator(css) for css in ("#view-name", "#view-form [type=submit]", "#view-same", OWN)
    )
    name.fill("Vecka 30")
    save.click()
    expect(views).to_have_count(1)

    def stored() -> list[tuple[str, str]]:
        found = page.evaluate("fetch('api/views').then((answer) => answer.json())")["views"]
        mine = [view for view in found if view["is_own"]]
        return sorted((view["name"], parse_qs(view["query"]).get("list", ["places"])[0]) for view in mine)

    # what the map shows by now is another view; it takes nothing's place without a word
    page.evaluate("document.querySelector('[data-list=cells]').click()")
    name.fill("  vecka  30 ")
    save.click()
    expect(same).to_contain_text("Vecka 30")
    page.screenshot(path=screenshots / f"saved-same-{lang}.png")
    assert stored() == [("Vecka 30", "places")]
    another = same.get_by_role("button").last
    expect(another).to_be_focused()
    another.press("Enter")
    expect(name).to_be_focused()
    expect(name).to_have_value("  vecka  30 ")
    save.click()
    with page.expect_response(lambda response: response.request.method == "PUT" and response.ok):
        same.get_by_role("button").first.click()
    expect(same).to_be_hidden()
    expect(page.locator("#toast")).to_be_visible()
    assert stored() == [("Vecka 30", "cells")]
    expect(name).to_have_value("")
    # and is undone
    with page.expect_response(lambda response: response.request.method == "PUT" and response.ok):
        page.locator("#toast .plain-button").first.click()
    assert stored() == [("Vecka 30", "places")]
    page.locator("#toast .plain-button").first.wait_for(state="hidden")

    # renaming does not make two of one name either
    name.fill("Vecka 31")
    save.click()
    expect(views).to_have_count(2)
    page.locator("#toast .plain-button").last.evaluate_all("(all) => all.forEach((one) => one.click())")
    page.locator("#views [data-key$=' rename']").first.click()
    draft = page.locator("#views .note-form")
    draft.locator("input").fill("VECKA 30")
    draft.locator("[data-key$=' save']").click()
    expect(draft.locator(".field-problem")).to_contain_text("Vecka 30")
    assert stored() == [("Vecka 30", "places"), ("Vecka 31", "cells")]
    page.wait_for_load_state("networkidle")
    assert anna.troubles == []


def open_tab(page: Page, url: str, query: str) -> Watched:
    """Another tab of the same browser, at the task *Saved*."""
    tab = Watched(page.context.new_page())
    cut_off(tab, url)
    tab.page.goto(f"{url}/?{query}")
    tab.page.wait_for_selector("#ranking-rows .row-button")
    open_saved(tab.page)
    return tab


def warns_of_leaving(page: Page) -> bool:
    """Whether the browser asks before it leaves the page."""
    return bool(page.evaluate("!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"))


def write_note(page: Page, text: str) -> None:
    """Write the first entry's note without saving it."""
    row = page.locator("#shortlist > li").first
    row.locator("[data-key$=' note']").click()
    row.locator("textarea").fill(text)


@pytest.mark.parametrize(
    ("lang", "size"),
    [
        pytest.param("sv", (1366, 768), id="desk"),
        pytest.param("en", (390, 844), id="phone", marks=pytest.mark.long),
    ],
)
def test_one_note_in_two_tabs_is_never_written_over_unseen(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path, lang: str, size: tuple[int, int]
) -> None:
    watched = open_as(open_page, demo_home, demo_url, f"two notes {lang}", f"lang={lang}", size)
    page = watched.page
    shortlist_first(page, WORDS[lang], 1)
    open_saved(page)
    tab = open_tab(page, demo_url, f"lang={lang}")
    assert not warns_of_leaving(page)
    write_note(page, "mine\nin two lines")
    assert warns_of_leaving(page)
    for theirs in ("theirs", RTL):
        write_note(tab.page, theirs)
        tab.page.locator("#shortlist [type=submit]").click()
        expect(tab.page.locator("#shortlist .saved-note")).to_have_text(theirs)
        assert not warns_of_leaving(tab.page)
        # refused each time: both texts stand there to choose from
        with page.expect_response(lambda response: response.status == 409):
            page.locator("#shortlist [type=submit]").click()
        expect(page.locator("#shortlist .draft-theirs")).to_have_text(theirs)
        assert page.locator("#shortlist textarea").input_value() == "mine\nin two lines"
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        expect(page.locator("#shortlist .draft-theirs")).to_be_in_viewport()
    page.screenshot(path=screenshots / f"note-conflict-{lang}.png")
    check_saved(page)
    page.locator("#shortlist [type=submit]").click()
    expect(page.locator("#shortlist .saved-note")).to_have_text("mine in two lines")
    assert not warns_of_leaving(page)
    # in the other tab, what is stored is kept once it was seen
    write_note(tab.page, "too late")
    tab.page.locator("#shortlist [type=submit]").click()
    tab.page.locator("#shortlist [data-key$=' leave']").click()
    expect(tab.page.locator("#shortlist .saved-note")).to_have_text("mine in two lines")

    # removed in one tab while the other one writes
    write_note(page, "not lost")
    tab.page.locator("#shortlist [data-key$=' remove']").click()
    expect(tab.page.locator("#shortlist > li")).to_have_count(0)
    with page.expect_response(lambda response: response.status == 404):
        page.locator("#shortlist [type=submit]").click()
    draft = page.locator("#shortlist-drafts")
    expect(draft.locator("textarea")).to_have_value("not lost")
    expect(draft.locator("textarea")).to_be_in_viewport()
    expect(page.locator("#shortlist > li")).to_have_count(0)
    assert warns_of_leaving(page)
    page.screenshot(path=screenshots / f"note-gone-{lang}.png")
    check_saved(page)
    draft.locator("[type=submit]").click()
    expect(page.locator("#shortlist .saved-note")).to_have_text("not lost")
    expect(draft.locator("textarea")).to_have_count(0)
    # or thrown away
    write_note(page, "thrown away")
    page.locator("#shortlist [data-key$=' remove']").click()
    draft.locator("[data-key$=' leave']").click()
    expect(draft.locator("textarea")).to_have_count(0)
    assert not warns_of_leaving(page)
    for one in (watched, tab):
        one.page.wait_for_load_state("networkidle")
        assert [trouble for trouble in one.troubles if "409" not in trouble and "404" not in trouble] == []


def test_a_view_is_overwritten_with_the_map_as_shown_and_not_over_another_tab(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path
) -> None:
    anna = open_as(open_page, demo_home, demo_url, "Overwriter", "lang=sv&county=24", (1366, 768))
    page = anna.page
    open_saved(page)
    page.locator("#view-name").fill("Första")
    assert warns_of_leaving(page)
    page.locator("#view-shared").check()
    page.locator("#view-form [type=submit]").click()
    expect(page.locator(OWN)).to_have_count(1)
    assert not warns_of_leaving(page)
    overwrite = page.locator("#views [data-key$=' overwrite']")
    tab = open_tab(page, demo_url, "lang=sv&county=25")

    def shown() -> str:
        views = page.evaluate("fetch('api/views').then((answer) => answer.json())")["views"]
        return str(parse_qs(views[0]["query"]).get("county", [""])[0])

    # overwritten, undone, and overwritten again
    for county, action in (("25", "overwrite"), ("24", "undo"), ("25", "overwrite")):
        with tab.page.expect_response(lambda response: response.request.method == "PUT"):
            if action == "undo":
                tab.page.locator("#toast .plain-button").first.click()
            else:
                tab.page.locator("#views [data-key$=' overwrite']").click()
        assert shown() == county
    # the first tab has not seen that: nothing is overwritten until it is pressed again
    with page.expect_response(lambda response: response.status == 409):
        overwrite.click()
    expect(page.locator("#toast")).to_contain_text("ändrats i en annan flik")
    page.screenshot(path=screenshots / "view-conflict-sv.png")
    assert shown() == "25"
    with page.expect_response(lambda response: response.request.method == "PUT" and response.ok):
        overwrite.click()
    assert shown() == "24"

    # the same of names; and a shared view is its owner's alone to overwrite
    page.locator("#views [data-key$=' rename']").click()
    page.locator("#views input").fill("Min")
    tab.page.locator("#views [data-key$=' share']").click()
    tab.page.locator("#views [data-key$=' rename']").click()
    tab.page.locator("#views input").fill("Andra")
    tab.page.locator("#views [type=submit]").click()
    expect(tab.page.locator(f"{OWN} .link-button")).to_have_text("Andra")
    page.locator("#views [type=submit]").click()
    expect(page.locator("#views .draft-theirs")).to_have_text("Andra")
    assert page.locator("#views input").input_value() == "Min"
    tab.page.locator("#views [data-key$=' delete']").click()
    expect(tab.page.locator(OWN)).to_have_count(0)
    page.locator("#views [type=submit]").click()
    expect(page.locator("#views .draft-other")).to_be_visible()
    page.locator("#views [type=submit]").click()
    expect(page.locator(f"{OWN} .link-button")).to_have_text("Min")
    bo = open_as(open_page, demo_home, demo_url, "Overwriter's colleague", "lang=sv", (1366, 768))
    open_saved(bo.page)
    expect(bo.page.locator("#views [data-key$=' overwrite']")).to_have_count(0)
    for one in (anna, tab, bo):
        one.page.wait_for_load_state("networkidle")
        assert [trouble for trouble in one.troubles if "409" not in trouble and "404" not in trouble] == []
