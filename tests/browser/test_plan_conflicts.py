"""Two who change one plan: neither writes over the other unasked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.accounts import sign_in, token_of
from tests.browser.test_main_job import OpenPage
from tests.browser.test_plans import WITHIN_MS, approve, make_plan, said, troubles_of, wait_for_plan
from tests.browsing import Watched


@pytest.fixture
def colleague(open_page: OpenPage, own_home: Path, own_url: str) -> Watched:
    """A page of somebody else, who plans too."""
    sign_in(own_home, "Bo Ek")
    watched = open_page()
    watched.page.context.clear_cookies()
    watched.page.context.add_cookies([{"name": "norrsyn", "value": token_of("Bo Ek"), "url": own_url}])
    return watched


def delay(route: Route) -> None:
    """Let both clicks come before the first answer."""
    route.request.frame.page.wait_for_timeout(500)
    route.continue_()


def record_finding(page: Page, nth: int) -> None:
    page.locator(".stop").nth(nth).get_by_role("button", name=re.compile("^Något hittades")).click()
    form = page.locator(".outcome-form")
    form.get_by_label("Det allvarligaste som hittades").select_option("deficiency")
    form.get_by_label("Påträffade personer").select_option("1-4")
    form.get_by_role("button", name="Lägg till en indikator").click()
    form.get_by_label("Indikator", exact=True).select_option("lives_at_workplace")
    form.get_by_role("button", name="Spara utfallet").click()
    said(page, "är sparat")


def test_outcomes_of_a_colleague_are_shown_before_they_are_replaced(
    open_page: OpenPage, colleague: Watched, own_url: str
) -> None:
    watched = open_page()
    page, other = watched.page, colleague.page
    address = make_plan(page, own_url, "Två som registrerar", n_crews=1, n_days=1)
    approve(page)
    other.goto(address)
    wait_for_plan(other)
    for nth in (0, 1):
        record_finding(other, nth)
    found = other.locator(".outcome-done").all_inner_texts()

    conflict = page.locator("#conflict")
    # two clicks over a slow network, on a page that knows of neither finding
    page.route("**/outcomes*", delay)
    for nth in (0, 1):
        stop = page.locator(".stop").nth(nth)
        stop.get_by_label("Påträffade personer").select_option("0")
        stop.get_by_role("button", name=re.compile("^Utan anmärkning")).click()
    expect(conflict).to_contain_text("inte är skickade eller inte sparade: 2", timeout=WITHIN_MS)
    wait_for_plan(page)
    assert [one.replace("Rätta", "").strip() for one in page.locator(".outcome-done").all_inner_texts()] == [
        one.replace("Rätta", "").strip() for one in found
    ]
    expect(conflict.get_by_role("button", name="Gör min ändring ovanpå")).to_have_count(0)

    # one's own is shown below the colleague's, and replaces it only when it is saved
    conflict.get_by_role("button", name=re.compile("^Visa båda")).first.click()
    first = page.locator(".stop").nth(0)
    expect(first.locator(".outcome-done")).to_be_visible()
    expect(first).to_contain_text("Ett annat utfall har registrerats under tiden")
    expect(first.get_by_label("Det allvarligaste som hittades")).to_have_value("nothing_found")
    expect(conflict).to_contain_text("inte är skickade eller inte sparade: 1")
    first.get_by_role("button", name="Spara utfallet").click()
    expect(first).to_contain_text("Rättelser: 1", timeout=WITHIN_MS)
    # the other one still waits for a choice
    expect(conflict).to_be_visible()
    conflict.get_by_role("button", name="Låt det vara som det är nu").click()
    expect(conflict).to_be_hidden()
    expect(page.locator(".stop").nth(1)).not_to_contain_text("Rättelser")
    assert troubles_of(watched) == troubles_of(colleague) == []


def test_locks_of_two_planners_are_both_kept(open_page: OpenPage, colleague: Watched, own_url: str) -> None:
    watched = open_page()
    page, other = watched.page, colleague.page
    address = make_plan(page, own_url, "Två som låser", n_crews=1, n_days=1)
    other.goto(address)
    wait_for_plan(other)

    # each locks a stop; who comes second keeps the first one's lock
    page.locator(".stop").nth(1).get_by_role("button", name=re.compile("^Lås till")).click()
    other.locator(".stop").nth(0).get_by_role("button", name=re.compile("^Lås till")).click()
    other.get_by_role("button", name="Optimera om resten").click()
    said(other, "Resten är planerad på nytt")
    page.get_by_role("button", name="Optimera om resten").click()
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("Bo Ek", timeout=WITHIN_MS)
    expect(page.locator("#pending")).to_contain_text("Låsta: 2")
    conflict.get_by_role("button", name="Gör min ändring ovanpå").click()
    said(page, "Resten är planerad på nytt")
    expect(page.locator("#pending")).to_contain_text("Låsta: 2")
    page.reload()
    wait_for_plan(page)
    expect(page.locator("#pending")).to_contain_text("Låsta: 2")

    # a lock that one takes off is no longer there; the other's is
    page.get_by_role("button", name=re.compile("^Lås upp")).first.click()
    page.get_by_role("button", name="Optimera om resten").click()
    said(page, "Resten är planerad på nytt")
    expect(page.locator("#pending")).to_contain_text("Låsta: 1")
    assert troubles_of(watched) == troubles_of(colleague) == []


def test_answers_of_a_colleague_are_shown_and_asked_about_before_they_are_replaced(
    open_page: OpenPage, colleague: Watched, own_url: str
) -> None:
    watched = open_page()
    page, other = watched.page, colleague.page
    address = make_plan(page, own_url, "Två som svarar", n_crews=1, n_days=1)
    page.locator("#plan-moves").get_by_role("button", name=re.compile("godkännande")).click()
    said(page, "Planen är nu")
    other.goto(address)
    wait_for_plan(other)
    page.reload()
    wait_for_plan(page)

    # the colleague answers a question and takes it back; this page knows of neither
    question = "Regionkoordinator är nåbar"
    for words in ("Klart: sparat", "Sparat"):
        other.get_by_role("checkbox", name=question).click()
        said(other, words)
    page.get_by_role("checkbox", name=question).click()
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("Bo Ek har svarat på det här under tiden: Inte klart", timeout=WITHIN_MS)
    expect(page.get_by_role("checkbox", name=question)).not_to_be_checked()
    expect(conflict.get_by_role("button", name="Gör min ändring ovanpå")).to_have_count(0)
    conflict.get_by_role("button", name=re.compile("^Ersätt med mitt svar")).click()
    said(page, "Klart: sparat")
    expect(page.get_by_role("checkbox", name=question)).to_be_checked()
    expect(conflict).to_be_hidden()
    assert troubles_of(watched) == troubles_of(colleague) == []
