"""A plan saved for work without a network: what is read there, what stays on the server, and that it goes in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Error, Page, expect

from geo.store.people.users import ROLES
from tests.accounts import COOKIES, sign_in, token_of
from tests.api.plans import approve, ask, list_stops, record
from tests.browser.axe import find_violations
from tests.browser.test_field import SAVED_WITHIN_MS, SMALL, OpenPage, list_caches, wait_until_empty

READ_PLAN = """async () => {
  const [name] = await caches.keys();
  const cache = await caches.open(name);
  const [found] = (await cache.keys()).filter((one) => /[/]api[/]plans[/]/.test(one.url));
  return (await cache.match(found)).json();
}"""
LIST_KEPT = """async () => {
  const [name] = await caches.keys();
  return (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
}"""
SEEN = {"indicator": "retention_of_documents", "grade": "S", "source": "observed", "verification": "unverified"}


@pytest.fixture(scope="module")
def plan(own_url: str) -> Iterator[dict[str, Any]]:
    """An approved plan; agencies have seen something at its first stop."""
    with httpx.Client(base_url=own_url, cookies=COOKIES, timeout=60) as http:
        # speaks as the client of the application's own tests does
        client = cast("TestClient", http)
        made = approve(client, ask(client, lang="sv", name="Vecka 30, kusten"))
        first = list_stops(made)[0]
        agencies = [{"agency": "polismyndigheten", "checks": [], "observations": [SEEN]}]
        outcome = {"on": first["on"], "result": "visited", "outcome": "deficiency", "persons_met": "5-9"}
        yield record(client, made, first, **outcome, agencies=agencies)


def open_plan(page: Page, url: str, plan: dict[str, Any]) -> None:
    page.goto(f"{url}/plans/{plan['plan_id']}?lang=sv")
    expect(page.locator(".stop").first).to_be_visible(timeout=SAVED_WITHIN_MS)
    page.wait_for_load_state("networkidle")


def save(page: Page) -> None:
    page.get_by_role("button", name="Spara planen", exact=True).click()
    page.locator("#field-list li").wait_for(timeout=SAVED_WITHIN_MS)


def enter_as(page: Page, home: Path, url: str, name: str, roles: tuple[str, ...] = tuple(ROLES)) -> None:
    sign_in(home, name, roles=roles)
    page.context.add_cookies([{"name": "norrsyn", "value": token_of(name), "url": url}])


def is_offline_without(page: Page, address: str) -> bool:
    """Whether the address shows nothing without a network."""
    page.context.set_offline(True)
    try:
        page.goto(address)
    except Error as error:
        return "ERR_" in str(error)
    return False


def test_a_saved_plan_is_read_without_a_network_and_goes_at_sign_out(
    open_page: OpenPage, own_home: Path, own_url: str, plan: dict[str, Any], screenshots: Path
) -> None:
    watched = open_page(390, 844, touch=True)
    page = watched.page
    enter_as(page, own_home, own_url, "plan-field-one", ("planner",))
    open_plan(page, own_url, plan)
    # nothing before somebody asks
    assert list_caches(page) == []
    save(page)
    row = page.locator("#field-list li")
    expect(row).to_contain_text("Vecka 30, kusten")
    expect(row).to_contain_text(re.compile(r"Plan · 20\sjuli\s2026 till 21\sjuli\s2026 · \d,\d\sMB · Stopp:\s\d"))
    page.screenshot(path=screenshots / "field-plan-save.png")

    page.context.set_offline(True)
    page.reload()
    banner = page.locator("#field-banner")
    expect(banner).to_contain_text("kan ha ändrats sedan dess")
    assert re.search(rf"/field/[0-9a-f]{{32}}/plans/{plan['plan_id']}\?", page.url)
    expect(page.locator(".plan-class")).to_contain_text("Inte offentlig")
    stops = list_stops(plan)
    expect(page.locator(".stop")).to_have_count(len(stops))
    stop = page.locator(".stop").first
    expect(stop).to_contain_text(stops[0]["title"])
    stop.locator(".stop-more summary").tap()
    expect(stop.locator(".reasons li").first).to_be_visible()
    expect(stop.locator(".stop-agencies")).to_contain_text("Polismyndigheten")
    assert page.locator(".stop-pin").count() >= len(stops)
    assert page.locator("#checklist .is-ready").count() == len(plan["checklist"])
    # it can be read, not changed
    for locked in (".stop-acts", ".outcome-quick", "#plan-moves button", "#comment form", "#checklist input:enabled"):
        expect(page.locator(locked)).to_have_count(0)
    expect(page.locator("#files-part")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert find_violations(page) == []
    page.screenshot(path=screenshots / "field-plan-offline.png", full_page=True)

    # the list of plans leads there too; the map, where no area is saved, as well
    for path in ("plans?lang=sv", "?lang=sv"):
        page.goto(f"{own_url}/{path}")
        expect(page.locator("#field-banner")).to_contain_text("Utan nät")
    kept = page.evaluate(READ_PLAN)
    assert not any(kept[name] for name in ("history", "candidates", "exclusions", "followup", "blocks", "moves"))
    outcome = kept["routes"][0]["stops"][0]["outcome"]
    assert (outcome["outcome"], outcome["agencies"]) == ("deficiency", [])
    assert "retention_of_documents" not in str(kept)

    page.context.set_offline(False)
    page.goto(f"{own_url}/plans/{plan['plan_id']}?lang=sv")
    expect(page.locator(".stop").first).to_be_visible(timeout=SAVED_WITHIN_MS)
    assert "/field/" not in page.url
    page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
    page.get_by_role("button", name="Logga ut").click()
    page.wait_for_url("**/sign-in**")
    wait_until_empty(page)
    assert is_offline_without(page, f"{own_url}/plans/{plan['plan_id']}")
    assert [one for one in watched.troubles if "ERR_INTERNET_DISCONNECTED" not in one] == []


@pytest.mark.long
def test_nobody_else_finds_it_and_who_may_read_no_plan_cannot_save_one(
    open_page: OpenPage, own_home: Path, own_url: str, plan: dict[str, Any]
) -> None:
    page = open_page(*SMALL).page
    enter_as(page, own_home, own_url, "plan-field-two", ("analyst",))
    open_plan(page, own_url, plan)
    save(page)
    kept = {re.sub(r"^/field/[0-9a-f]{32}/", "", path) for path in page.evaluate(LIST_KEPT)}
    folders = {path.split("/")[0] for path in kept}
    assert folders == {"plans", "static", "map", "i18n", "api", "manifest.json"}
    assert {path for path in kept if path.startswith("api/")} == {"api/basemap", f"api/plans/{plan['plan_id']}"}
    # saved again, it is the one copy
    page.get_by_role("button", name="Spara planen på nytt").click()
    expect(page.locator("#field-result")).to_contain_text("Sparad:", timeout=SAVED_WITHIN_MS)
    page.wait_for_function("caches.keys().then((names) => names.length === 1)")

    enter_as(page, own_home, own_url, "plan-field-three", ("auditor",))
    answer = page.goto(f"{own_url}/plans/{plan['plan_id']}?lang=sv")
    assert answer is not None
    assert answer.status == 403
    page.goto(f"{own_url}/account?lang=sv")
    wait_until_empty(page)
    assert is_offline_without(page, f"{own_url}/plans/{plan['plan_id']}")


@pytest.mark.long
def test_it_is_taken_away_by_hand_here_and_among_saved_areas(
    open_page: OpenPage, own_home: Path, own_url: str, plan: dict[str, Any]
) -> None:
    page = open_page(*SMALL).page
    enter_as(page, own_home, own_url, "plan-field-four", ("coordinator",))
    open_plan(page, own_url, plan)
    save(page)
    page.goto(f"{own_url}/?lang=sv&lat=63.83&lon=20.26&z=14")
    page.wait_for_selector("#ranking-rows .row-button")
    page.locator("#tool-field").click()
    row = page.locator("#tool-panel .field-list li")
    expect(row).to_contain_text("Vecka 30, kusten")
    for _ in range(2):
        row.get_by_role("button").click()
    expect(row).to_have_count(0)
    wait_until_empty(page)

    open_plan(page, own_url, plan)
    save(page)
    page.context.set_offline(True)
    page.reload()
    page.locator(".field-more summary").click()
    for _ in range(2):
        page.locator(".field-more button").click()
    expect(page.locator("main h1")).to_contain_text("raderad")
    assert page.locator(".stop").count() == 0
    wait_until_empty(page)
