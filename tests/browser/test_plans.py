"""A joint inspection in the app, in Swedish, from the form to the last outcome; and what may go wrong on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.accounts import sign_in, token_of
from tests.browser.axe import find_violations
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import Watched

SIZES = {"laptop": (1366, 768, False), "phone": (390, 844, True)}
WITHIN_MS = 40_000
TOWNS = ("Umeå", "Skellefteå", "Lycksele")
PLAN = re.compile(r"/plans/[0-9a-f]{32}\?")
# the server's answers that a test provokes
REFUSED = re.compile(r"status of (409|422)")


def fill_form(page: Page, name: str, *, n_crews: int = 3, n_days: int = 2) -> None:
    """Two days in July with three crews, unless a test needs less; stops are drawn by the same lot each time."""
    page.fill("#name", name)
    page.fill("#day-0", "2026-07-20")
    for _ in range(n_days - 1):
        page.get_by_role("button", name="Lägg till en dag").click()
    for i in range(n_crews):
        if i:
            page.get_by_role("button", name="Lägg till ett arbetslag").click()
        page.select_option(f"#crew-{i + 1}-town", label=TOWNS[i])
    page.locator(".seed summary").click()
    page.fill("#seed", "7")


def make_plan(page: Page, own_url: str, name: str, **more: int) -> str:
    """Address of a plan that is made by its form."""
    page.goto(f"{own_url}/plans/new?lang=sv")
    expect(page.locator("#plan-make")).to_be_enabled()
    fill_form(page, name, **more)
    page.get_by_role("button", name="Föreslå en plan").click()
    page.wait_for_url(PLAN, timeout=WITHIN_MS)
    wait_for_plan(page)
    return page.url


def wait_for_plan(page: Page) -> None:
    expect(page.locator(".route-card").first).to_be_visible()
    expect(page.locator("#routes")).to_have_attribute("aria-busy", "false", timeout=WITHIN_MS)


def titles(card: Locator) -> list[str]:
    return card.locator(".stop-title").all_inner_texts()


def long_card(page: Page, n: int = 3) -> Locator:
    """The first crew's day that has so many stops."""
    cards = page.locator(".route-card")
    return next(card for card in cards.all() if card.locator(".stop").count() >= n)


def said(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.locator("#toast")).to_contain_text(words, timeout=WITHIN_MS)
    wait_for_plan(page)


def troubles_of(watched: Watched) -> list[str]:
    return [one for one in watched.troubles if not REFUSED.search(one)]


def justify_all(page: Page) -> None:
    while page.locator(".stop-revisit.is-missing").count():
        before = page.locator(".stop-revisit.is-missing").count()
        row = page.locator(".stop-revisit.is-missing").first
        row.locator("select").select_option("follow_up")
        row.get_by_role("button", name="Spara").click()
        expect(page.locator(".stop-revisit.is-missing")).to_have_count(before - 1, timeout=WITHIN_MS)


def complete_checklist(page: Page) -> None:
    page.get_by_label("Tolkar är bokade").click()
    # it is not ready without a language, which is said there
    expect(page.locator("#item-interpreters-problem")).to_contain_text("minst ett språk")
    page.locator("#languages").get_by_label("Thailändska").check()
    said(page, "Sparat")
    for label in ("Tolkar är bokade", "Regionkoordinator är nåbar", "Boende finns", "Samtal hålls", "Kontaktpunkten"):
        page.get_by_label(label).click()
        said(page, "Klart: sparat")


@pytest.mark.long
def test_an_inspection_from_the_form_to_the_last_outcome(open_page: OpenPage, own_url: str, screenshots: Path) -> None:
    watched = open_page()
    cut_off(watched, own_url)
    page = watched.page
    page.goto(f"{own_url}/plans?lang=sv")
    page.locator(".help-menu summary").click()
    page.get_by_role("link", name="Planer", exact=True).click()
    page.get_by_role("link", name="Planera en kontroll").first.click()
    make_plan(page, own_url, "Vecka 30, kusten")
    expect(page.locator("#plan-state")).to_have_text("Utkast")
    expect(page.locator(".route-card")).to_have_count(6)
    expect(page.locator("#plan-facts")).to_contain_text("uppskattad")
    page.screenshot(path=screenshots / "plan_draft.png", full_page=True)

    change_routes(page)
    approve(page)
    take_along(page)
    record_all(page)
    page.screenshot(path=screenshots / "plan_outcomes.png", full_page=True)
    page.get_by_role("button", name="Avsluta").click()
    said(page, "Avslutad")
    expect(page.locator("#actual")).to_contain_text("Kontroller som hittade något: 1")
    expect(page.locator("#history li").first).to_contain_text("test")
    page.goto(f"{own_url}/plans?lang=sv")
    row = page.locator("tr", has_text="Vecka 30, kusten").first
    expect(row).to_contain_text("Avslutad")
    assert watched.troubles == []


def change_routes(page: Page) -> None:
    """One stop later, one locked, and the rest planned anew."""
    # another order is kept at once, and times follow
    card = long_card(page)
    first, second = titles(card)[:2]
    card.locator(".stop").first.get_by_role("button", name=f"Flytta ned: {first}").click()
    said(page, f"{first} är stopp 2 av")
    assert titles(long_card(page))[:2] == [second, first]

    # what is locked stays where it is when the rest is planned anew
    stop = page.locator(".stop", has_text=second).first
    route = stop.locator("xpath=ancestor::ol").get_attribute("data-route")
    stop.get_by_role("button", name=re.compile("^Lås till")).click()
    expect(page.locator("#pending")).to_contain_text("Låsta: 1")
    page.get_by_role("button", name="Optimera om resten").click()
    said(page, "Resten är planerad på nytt")
    stop = page.locator(".stop", has_text=second).first
    assert stop.locator("xpath=ancestor::ol").get_attribute("data-route") == route
    expect(stop.get_by_role("button", name=re.compile("^Lås upp"))).to_have_attribute("aria-pressed", "true")


def approve(page: Page) -> None:
    """Put up for approval and approved, once nothing blocks it."""
    # approval waits for support and reasons
    page.get_by_role("button", name="Lämna för godkännande").click()
    said(page, "Klar för godkännande")
    expect(page.get_by_role("button", name="Godkänn", exact=True)).to_be_disabled()
    expect(page.locator("#blocks-approved")).to_contain_text("Inte klart")
    complete_checklist(page)
    justify_all(page)
    page.get_by_role("button", name="Godkänn", exact=True).click()
    said(page, "Godkänd")


def take_along(page: Page) -> None:
    """The brief, and the page on paper."""
    with page.expect_download(timeout=2 * WITHIN_MS) as download:
        page.locator("#plan-files").get_by_role("link", name=re.compile("PDF")).click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"

    # on paper the routes are there, and nothing to press
    page.emulate_media(media="print")
    expect(page.locator(".stop").first).to_be_visible()
    expect(page.locator("#plan-moves")).to_be_hidden()
    assert page.pdf()[:5] == b"%PDF-"
    page.emulate_media(media="screen")


def record_nothing(page: Page) -> None:
    """At the first stop without an outcome nothing was found, and nobody was met; a second click is of no effect."""
    quick = page.locator(".outcome-quick").first
    quick.get_by_label("Påträffade personer").select_option("0")
    quick.get_by_role("button", name=re.compile("^Utan anmärkning")).click(click_count=2, delay=30)


def record_all(page: Page) -> None:
    """One stop where something was found, one that was not reached, one corrected, and nothing found at all others."""
    n = page.locator(".stop").count()
    assert n >= 4
    page.locator(".stop").nth(0).get_by_role("button", name=re.compile("^Något hittades")).click()
    form = page.locator(".outcome-form")
    form.get_by_role("button", name="Spara utfallet").click()
    problems = form.locator(".form-problem:visible")
    expect(problems).to_contain_text(["Välj vad som hittades", "hur många personer"])
    form.get_by_label("Påträffade personer").select_option("1-4")
    form.get_by_label("Det allvarligaste som hittades").select_option("deficiency")
    form.get_by_role("button", name="Spara utfallet").click()
    expect(form.locator(".form-problem:visible")).to_contain_text("minst en indikator")
    expect(form.get_by_role("button", name="Lägg till en indikator")).to_be_focused()
    form.get_by_role("button", name="Lägg till en indikator").click()
    form.get_by_label("Indikator", exact=True).select_option("lives_at_workplace")
    # an indicator concerns as many as were met, unless somebody says otherwise, but never a number that nobody chose
    expect(form.get_by_label("Berörda personer")).to_have_value("1-4")
    form.get_by_label("Berörda personer").select_option("")
    form.get_by_role("button", name="Spara utfallet").click()
    expect(problems).to_contain_text("antal berörda personer")
    form.get_by_label("Berörda personer").select_option("1-4")
    form.get_by_role("button", name="Spara utfallet").click()
    said(page, "är sparat")
    expect(page.locator("#plan-state")).to_have_text("Pågår")
    page.locator(".stop").nth(1).get_by_role("button", name=re.compile("^Inte nådd")).click()
    expect(page.locator(".outcome-done")).to_have_count(2, timeout=WITHIN_MS)
    for done in range(2, n):
        record_nothing(page)
        expect(page.locator(".outcome-done")).to_have_count(done + 1, timeout=WITHIN_MS)
    expect(page.locator(".tag", has_text="Rättelser")).to_have_count(0)
    # a correction keeps what it corrects
    last = page.locator(".stop").nth(n - 1)
    last.get_by_role("button", name=re.compile("^Rätta")).click()
    form.get_by_label("Påträffade personer").select_option("5-9")
    form.get_by_role("button", name="Spara utfallet").click()
    expect(last).to_contain_text("Rättelser: 1", timeout=WITHIN_MS)
    expect(last).to_contain_text("5–9")


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_lost(open_page: OpenPage, own_url: str) -> None:
    watched = open_page()
    cut_off(watched, own_url)
    page = watched.page
    page.goto(f"{own_url}/plans/new?lang=sv")
    expect(page.locator("#plan-make")).to_be_enabled()
    towns = page.locator("#crew-1-town option").all_inner_texts()
    assert {"Långsele (Sollefteå)", "Långsele (Skellefteå)"} < set(towns)
    assert len([town for town in towns if town.startswith("Vi (Sundsvall, ")]) == 2
    assert len(set(towns)) == len(towns)
    page.fill("#hours-start", "17:00")
    page.fill("#hours-end", "08:00")
    page.fill("#crew-1-seats", "0, 0")
    page.fill("#crew-1-depot", "N 7000000, E 900000")
    page.locator("#crew-1-depot").blur()
    page.locator("#filter-part summary").click()
    page.fill("#n-candidates", "5000")
    page.get_by_role("button", name="Föreslå en plan").click()
    summary = page.locator("#faults")
    expect(summary).to_be_focused()
    for words in ("behöver ett namn", "slutar innan de börjar", "minst en sittplats", "till havs", "1 till 200"):
        expect(summary).to_contain_text(words)
    expect(page.locator("#crew-1-seats-problem")).to_contain_text("minst en sittplats")
    expect(page.locator("#crew-1-depot")).to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name=re.compile("sittplats")).click()
    expect(page.locator("#crew-1-seats")).to_be_focused()
    assert page.locator("#crew-1-seats").input_value() == "0, 0"
    assert find_violations(page) == []
    assert watched.troubles == []


def test_a_draft_is_made_from_something_else_and_back_gives_what_was_asked_for(
    open_page: OpenPage, own_url: str
) -> None:
    """Days, crews and hours of a draft change in its form, at its address; nothing is typed twice."""
    watched = open_page()
    cut_off(watched, own_url)
    page = watched.page
    plan_id = make_plan(page, own_url, "Vecka 31", n_crews=2).split("/plans/")[1].split("?")[0]
    page.go_back()
    expect(page).to_have_url(re.compile(f"/plans/new\\?plan={plan_id}"))
    expect(page.locator("#plan-make")).to_be_enabled()
    assert page.locator("#name").input_value() == "Vecka 31"
    page.go_forward()
    wait_for_plan(page)

    def name_several(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        answer = route.fetch()
        asked = answer.json()
        asked["filter"]["municipalities"] = ["2480", "2482"]
        route.fulfill(response=answer, json=asked)

    page.route(re.compile(r"/request\?"), name_several)
    page.get_by_role("link", name="Ändra dagar, arbetslag eller urval").click()
    expect(page.locator("#plan-make")).to_be_enabled()
    expect(page.locator(".crew-card")).to_have_count(2)
    assert page.locator("#crew-2-town option:checked").inner_text() == TOWNS[1]
    assert [page.locator(f"#day-{i}").input_value() for i in range(2)] == ["2026-07-20", "2026-07-21"]
    page.locator(".crew-card").last.get_by_role("button", name="Ta bort").click()
    page.fill("#hours-end", "15:00")
    page.locator("#day-0").fill("2026-08-03")
    page.locator("#day-0").blur()
    # what the form cannot make is shown as it is, and can be left
    assert page.locator("#municipality option:checked").text_content() == "Umeå, Skellefteå"
    assert find_violations(page) == []
    with page.expect_request(lambda request: request.method == "PUT") as sent:
        page.get_by_role("button", name="Gör utkastet på nytt").click()
    assert sent.value.post_data_json["filter"]["municipalities"] == ["2480", "2482"]
    page.wait_for_url(re.compile(f"/plans/{plan_id}\\?"), timeout=WITHIN_MS)
    wait_for_plan(page)
    expect(page.locator("#plan-facts")).to_contain_text("Arbetslag: 1")
    expect(page.locator("#history")).to_contain_text("lät göra utkastet på nytt")
    assert troubles_of(watched) == []


def test_a_depot_is_chosen_on_the_map_by_keyboard(open_page: OpenPage, own_url: str) -> None:
    page = open_page().page
    page.goto(f"{own_url}/plans/new?lang=sv")
    pick = page.get_by_role("button", name="Välj på kartan")
    pick.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#depot-hint")).to_contain_text("Lag A")
    page.keyboard.press("Enter")
    expect(page.locator("#crew-1-depot")).to_have_value(re.compile(r"^N\s7"))
    expect(page.locator(".depot-pin")).to_have_count(1)


@pytest.fixture
def other_page(open_page: OpenPage, own_home: Path, own_url: str) -> Watched:
    """A page of somebody else, who plans too."""
    sign_in(own_home, "Bo Ek")
    watched = open_page()
    watched.page.context.clear_cookies()
    watched.page.context.add_cookies([{"name": "norrsyn", "value": token_of("Bo Ek"), "url": own_url}])
    return watched


def test_two_who_change_one_plan_are_told_and_lose_nothing(
    open_page: OpenPage, other_page: Watched, own_url: str
) -> None:
    watched = open_page()
    page, other = watched.page, other_page.page
    address = make_plan(page, own_url, "Två flikar", n_crews=1, n_days=1)
    other.goto(address)
    wait_for_plan(other)
    other.get_by_label("Regionkoordinator är nåbar").click()
    said(other, "Klart: sparat")

    stops = titles(page.locator(".route-card").first)
    page.get_by_role("button", name=f"Flytta ned: {stops[0]}").click()
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("Bo Ek", timeout=WITHIN_MS)
    expect(conflict).to_be_focused()
    # what the other did is on the page, and one's own change is done on top of it when one wants it
    expect(page.get_by_label("Regionkoordinator är nåbar")).to_be_checked()
    assert titles(page.locator(".route-card").first) == stops
    conflict.get_by_role("button", name="Gör min ändring ovanpå").click()
    said(page, f"{stops[0]} är stopp 2 av")
    expect(conflict).to_be_hidden()
    expect(page.get_by_label("Regionkoordinator är nåbar")).to_be_checked()
    assert troubles_of(watched) == troubles_of(other_page) == []


def test_stops_are_moved_by_keyboard_alone_and_by_dragging(open_page: OpenPage, own_url: str) -> None:
    watched = open_page()
    page = watched.page
    make_plan(page, own_url, "Tangenter", n_crews=2, n_days=1)
    card = long_card(page, 2)
    stops = titles(card)
    key = card.locator(".stop").first.get_attribute("data-stop")
    page.locator(f'[data-key="{key} down"]').focus()
    for _ in range(len(stops) - 1):
        page.keyboard.press("Enter")
        said(page, stops[0])
    assert titles(long_card(page, 2)) == [*stops[1:], stops[0]]
    # at the end the focus goes to the button that leads back
    expect(page.locator(f'[data-key="{key} up"]')).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(f'[data-key="{key} to"]')).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    said(page, stops[0])
    assert stops[0] not in titles(page.locator(".route-card").filter(has_text=stops[1]))

    handle = page.locator(".stop", has_text=stops[0]).locator(".stop-handle")
    handle.scroll_into_view_if_needed()
    handle.hover()
    page.mouse.down()
    goal = page.locator(".stop", has_text=stops[1])
    goal.scroll_into_view_if_needed()
    box = goal.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 30, steps=5)
    page.mouse.move(box["x"] + 40, box["y"] + 10, steps=5)
    page.mouse.up()
    expect(page.locator(".route-card").filter(has_text=stops[1])).to_contain_text(stops[0], timeout=WITHIN_MS)
    wait_for_plan(page)
    assert watched.troubles == []


def test_the_shortlist_leads_to_a_plan_that_visits_its_sites(open_page: OpenPage, demo_url: str) -> None:
    # not where outcomes were recorded: a score that has not heard of them does not tell the records behind it
    watched = open_page()
    page = watched.page
    page.goto(f"{demo_url}/?lang=sv&county=24")
    page.locator("#ranking-rows .row-button").first.click()
    page.locator(".top-sites .site-button:has(.site-circle)").first.click()
    # the site's panel takes the place of its cell's
    expect(page.locator(".site-back")).to_be_visible()
    title = page.locator("#cell-title").inner_text()
    page.get_by_role("button", name="Lägg till på kortlistan").click()
    on = page.locator("#cell .shortlist-button")
    expect(on).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
    page.locator("#tab-saved").click()
    page.get_by_role("link", name="Planera en kontroll").click()
    expect(page.get_by_label(title)).to_have_value("pin", timeout=WITHIN_MS)
    expect(page.locator('input[name="counties"][value="24"]')).to_be_checked()
    assert watched.troubles == []


@pytest.mark.parametrize("size", ["phone", pytest.param("laptop", marks=pytest.mark.long)])
def test_axe_finds_nothing_on_pages_of_plans(open_page: OpenPage, own_url: str, size: str, screenshots: Path) -> None:
    width, height, touch = SIZES[size]
    watched = open_page(width, height, touch=touch)
    page = watched.page
    address = make_plan(page, own_url, f"Axe {size}", n_crews=2, n_days=1)
    pages = [
        ("plans", f"{own_url}/plans?lang=sv"),
        ("plan_new", f"{own_url}/plans/new?lang=sv"),
        ("plan", address),
    ]
    if size == "phone":
        # in the other language, where words are of another length
        pages += [(f"{name}_en", re.sub("lang=sv", "lang=en", path)) for name, path in pages]
    for name, path in pages:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        for one in page.locator("main details:not(.act-menu)").all():
            one.evaluate("(node) => { node.open = true; }")
        assert find_violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.screenshot(path=screenshots / f"{name}_{size}.png", full_page=True)
    page.locator(".act-menu summary").first.click()
    assert find_violations(page, ".act-menu[open]") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.troubles == []


def test_what_was_left_out_is_told_and_a_plan_that_was_broken_off_is_corrected(
    open_page: OpenPage, own_url: str
) -> None:
    watched = open_page()
    page = watched.page
    make_plan(page, own_url, "Avbruten", n_crews=1, n_days=1)
    first = page.locator(".stop").first
    title = first.locator(".stop-title").inner_text()
    first.locator("summary", has_text="Uteslut").click()
    first.get_by_role("button", name="Skyddat boende").click()
    page.get_by_role("button", name="Optimera om resten").click()
    said(page, "Resten är planerad på nytt")
    expect(page.locator("#plan-notes")).to_contain_text(f"{title} (skyddat boende)")
    expect(page.locator("#history")).to_contain_text("Lät planera rutterna på nytt")

    approve(page)
    record_nothing(page)
    expect(page.locator(".outcome-done")).to_have_count(1, timeout=WITHIN_MS)
    page.locator("[data-key='move cancelled']").click()
    page.locator("#reason-cancelled").select_option("weather")
    page.locator(".move-reason").get_by_role("button").click()
    said(page, "Planen är nu")
    # what was recorded may be corrected, nothing else is asked for any more
    expect(page.get_by_role("button", name=re.compile("^Utan anmärkning"))).to_have_count(0)
    first.get_by_role("button", name=re.compile("^Rätta")).click()
    form = page.locator(".outcome-form")
    agencies = form.locator(".agency-outcome > label input")
    n_there = agencies.count()
    for box in agencies.all():
        box.set_checked(box.evaluate("(node) => /avstånd/.test(node.closest('label').textContent)"))
    form.get_by_role("button", name="Spara utfallet").click()
    # who took part from afar was not there
    expect(form.locator(".form-problem:visible")).to_contain_text("minst en myndighet")
    agencies.first.check()
    form.get_by_label("Påträffade personer").select_option("5-9")
    form.get_by_role("button", name="Spara utfallet").click()
    expect(first).to_contain_text("Rättelser: 1", timeout=WITHIN_MS)
    assert n_there > 2
    assert watched.troubles == []
