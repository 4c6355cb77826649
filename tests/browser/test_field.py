"""An area saved for work without a network: what is there without one, and that it goes when it should."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Error, Page, expect

from geo.store.people.database import write_people
from geo.store.people.tables import SESSIONS
from geo.store.people.tokens import hash_token
from tests.accounts import sign_in, token_of
from tests.browser.axe import find_violations
from tests.browsing import Watched

OpenPage = Callable[..., Watched]
# Each saves an area for real, which takes some seconds.
pytestmark = pytest.mark.long

UMEA = "lat=63.83&lon=20.26&z=14"
DAY_S = 86_400
SAVED_WITHIN_MS = 120_000
# wide enough for the button that signs out, and few tiles
SMALL = (600, 700)


def enter_as(watched: Watched, home: Path, url: str, name: str) -> Page:
    """The page of a user of one's own, so that no test ends another's session."""
    sign_in(home, name)
    watched.page.context.add_cookies([{"name": "norrsyn", "value": token_of(name), "url": url}])
    return watched.page


def open_map(page: Page, url: str, query: str = f"lang=en&{UMEA}") -> None:
    page.goto(f"{url}/?{query}")
    page.wait_for_selector("#ranking-rows .row-button")
    page.wait_for_load_state("networkidle")


def save(page: Page) -> None:
    page.locator("#tool-field").click()
    page.locator("#tool-panel .button-strong").click()
    page.locator(".field-list li").wait_for(timeout=SAVED_WITHIN_MS)


def list_caches(page: Page) -> list[str]:
    names: list[str] = page.evaluate("caches.keys()")
    return names


def wait_until_empty(page: Page) -> None:
    page.wait_for_function("caches.keys().then((names) => names.length === 0)")
    page.wait_for_function("navigator.serviceWorker.getRegistrations().then((all) => all.length === 0)")


def shows_nothing_offline(page: Page, url: str) -> bool:
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_"):
        page.goto(f"{url}/?lang=en")
    return True


def test_a_saved_area_is_there_without_a_network(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path
) -> None:
    watched = open_page(390, 844, touch=True)
    page = enter_as(watched, demo_home, demo_url, "field-one")
    open_map(page, demo_url, "lang=sv&lat=63.83&lon=20.26&z=12")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    save(page)
    page.screenshot(path=screenshots / "field-save.png")

    page.context.set_offline(True)
    page.reload()
    banner = page.locator("#field-banner")
    expect(banner).to_contain_text("Utan nät: sparat")
    expect(banner).to_contain_text("Umeå")
    assert re.search(r"/field/[0-9a-f]{32}/\?", page.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.wait_for_function("[...document.querySelectorAll('.score-tile img')].some((one) => one.naturalWidth === 256)")

    page.locator("#ranking-rows .row-button").first.tap()
    expect(page.locator("#cell .score-big")).to_contain_text(",")
    assert page.locator("#cell .reasons li").count() >= 3
    page.screenshot(path=screenshots / "field-offline.png")
    assert find_violations(page) == []

    # far outside what was saved
    page.evaluate("map_norrsyn.setView([65.58, 22.15], 12, {animate: false})")
    page.locator("#map_norrsyn").press("Enter")
    expect(page.locator("#problem")).to_contain_text("kräver nät")

    page.context.set_offline(False)
    page.reload()
    # the address names the cell, and on a phone its sheet is the one that is seen
    page.wait_for_selector("#cell .score-big")
    assert "/field/" not in page.url
    assert page.locator("#field-banner").count() == 0
    assert watched.troubles == []


READ_PAST = """async () => {
  const [name] = await caches.keys();
  const cache = await caches.open(name);
  const [found] = (await cache.keys()).filter((one) => one.url.endsWith("/api/sites/past"));
  return (await (await cache.match(found)).json()).sites.map(({ layer, id }) => [layer, id]).sort();
}"""


@pytest.mark.parametrize("circle", ["joint-inspection", "municipality"])
def test_visits_and_findings_are_saved_for_who_may_see_them(
    open_page: OpenPage, demo_home: Path, demo_url: str, screenshots: Path, circle: str
) -> None:
    watched = open_page(*SMALL)
    page, name = watched.page, f"field-{circle}"
    sign_in(demo_home, name, circle=circle)
    page.context.add_cookies([{"name": "norrsyn", "value": token_of(name), "url": demo_url}])
    page.goto(f"{demo_url}/?lang=sv&lat=63.83&lon=20.26&z=13&on=visits,findings")
    page.wait_for_load_state("networkidle")
    save(page)
    kept = page.evaluate(READ_PAST)
    manifest = page.evaluate(
        "caches.keys().then(([name]) => caches.open(name)).then(async (cache) => {"
        "const [one] = (await cache.keys()).filter(({ url }) => url.endsWith('manifest.json'));"
        "return (await cache.match(one)).json(); })"
    )
    asked = {
        "bbox": ",".join(f"{edge:.5f}" for edge in manifest["box"]),
        "layer": ["visits", "findings"],
        "limit": 3000,
    }
    live = httpx.get(f"{demo_url}/api/sites", params=asked, cookies={"norrsyn": token_of(name)}).json()["sites"]
    assert kept == sorted([one["layer"], one["id"]] for one in live)
    assert manifest["past"] == len(kept)
    # nothing of the demo's visits is for the municipality's circle
    assert bool(kept) is (circle == "joint-inspection")

    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#field-banner")).to_be_visible()
    expect(page.locator("#layer-visits")).to_be_attached()
    expect(page.locator("#layer-visits")).to_be_checked()
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / f"field-past-{circle}.png")
    assert watched.troubles == []


def test_a_live_page_is_never_answered_from_what_was_saved(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    """The network goes while the page is open: what is asked for then fails, and the way to the saved area is shown."""
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-two")
    open_map(page, demo_url)
    save(page)
    page.reload()
    page.wait_for_selector("#ranking-rows .row-button")
    page.context.set_offline(True)
    expect(page.locator("#toast a")).to_have_attribute("href", re.compile("^/field/"))
    # the message lies over the foot of the page, where the first row is
    page.locator("#ranking-rows .row-button").first.press("Enter")
    expect(page.locator("#problem")).to_contain_text("does not answer")
    page.locator("#toast a").click()
    expect(page.locator("#field-banner")).to_be_visible()
    page.locator(".field-more summary").click()
    for _ in range(2):
        page.locator(".field-more button").click()
    expect(page.locator("main h1")).to_contain_text("has been deleted")
    wait_until_empty(page)


def test_signing_out_leaves_nothing(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-three")
    open_map(page, demo_url)
    save(page)
    assert len(list_caches(page)) == 1
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    wait_until_empty(page)
    assert shows_nothing_offline(page, demo_url)


def test_another_user_of_the_browser_sees_nothing(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-four")
    open_map(page, demo_url)
    save(page)
    enter_as(watched, demo_home, demo_url, "field-five")
    open_map(page, demo_url)
    wait_until_empty(page)
    assert shows_nothing_offline(page, demo_url)


def test_the_end_of_the_session_takes_it_away(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-six")
    open_map(page, demo_url)
    save(page)
    with write_people(demo_home) as connection:
        connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == hash_token(token_of("field-six"))))
    page.goto(demo_url)
    page.wait_for_url("**/sign-in**")
    wait_until_empty(page)


def test_it_expires(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-seven")
    open_map(page, demo_url)
    save(page)
    page.context.set_offline(True)
    page.clock.set_fixed_time(time.time() + 13.9 * DAY_S)
    page.reload()
    expect(page.locator("#field-banner")).to_be_visible()
    page.clock.set_fixed_time(time.time() + 14.1 * DAY_S)
    page.reload()
    expect(page.locator("main h1")).to_contain_text("has expired")
    assert page.locator("#ranking").count() == 0
    wait_until_empty(page)


@pytest.mark.parametrize("change", ["{expires: Date.now() - 1}", "{saved: Date.now() + 86400000}"])
def test_the_worker_knows_that_too(open_page: OpenPage, demo_home: Path, demo_url: str, change: str) -> None:
    """Expired, or saved in what is now the future: the clock has been put back."""
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-eight")
    open_map(page, demo_url)
    save(page)
    page.evaluate(
        f"""async () => {{
          const [name] = await caches.keys();
          const cache = await caches.open(name);
          const path = `/field/${{name.split(":").pop()}}/manifest.json`;
          const manifest = await (await cache.match(path)).json();
          await cache.put(path, new Response(JSON.stringify({{...manifest, ...{change}}})));
        }}"""
    )
    assert shows_nothing_offline(page, demo_url)


def test_too_large_an_area_is_refused_with_the_numbers(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page()
    page = enter_as(watched, demo_home, demo_url, "field-nine")
    open_map(page, demo_url, "lang=en&lat=64&lon=19&z=7")
    page.locator("#tool-field").click()
    expect(page.locator(".tool-result")).to_contain_text("At most 1,500 tiles and 30 MB")
    count = int(re.search(r"are ([\d,]+) map tiles", page.locator(".tool-result").inner_text())[1].replace(",", ""))  # type: ignore[index]
    assert count > 1_500
    assert page.locator("#tool-panel .button-strong").is_disabled()
    page.evaluate("map_norrsyn.setView([64, 19], 11, {animate: false})")
    expect(page.locator("#tool-panel .button-strong")).to_be_enabled()
    assert watched.troubles == []


def test_what_fails_half_way_leaves_nothing(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-ten")
    open_map(page, demo_url)
    page.route("**/api/sites*", lambda route: route.fulfill(status=503, json={}))
    page.locator("#tool-field").click()
    page.locator("#tool-panel .button-strong").click()
    expect(page.locator(".tool-result")).to_contain_text("Nothing was saved.", timeout=SAVED_WITHIN_MS)
    wait_until_empty(page)


def test_only_what_belongs_to_the_map_is_kept(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-eleven")
    open_map(page, demo_url)
    save(page)
    kept: list[str] = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          return (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
        }"""
    )
    below = {re.sub(r"^/field/[0-9a-f]{32}/", "", path).split("/")[0] for path in kept}
    assert below == {"", "static", "map", "i18n", "api", "tiles", "cells.json", "manifest.json"}
    answers = {path.split("/api/")[1].split("/")[0] for path in kept if "/api/" in path}
    assert answers == {"surfaces", "score", "basemap", "reference", "filters", "places", "top", "cells", "sites"}


def test_where_it_is_turned_off_the_worker_clears_and_goes(open_page: OpenPage, demo_home: Path, demo_url: str) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-twelve")
    open_map(page, demo_url)
    page.evaluate(
        """async () => {
          await caches.open("norrsyn-field:somebody:1");
          await caches.open("another");
          await navigator.serviceWorker.register("/static/worker/off.js");
        }"""
    )
    page.wait_for_function("caches.keys().then((names) => names.join() === 'another')")
    page.wait_for_function("navigator.serviceWorker.getRegistrations().then((all) => all.length === 0)")


@pytest.mark.parametrize("zoom", [9, 10.4, 14, 16])
def test_tiles_are_counted_as_they_are_listed(open_page: OpenPage, demo_home: Path, demo_url: str, zoom: float) -> None:
    watched = open_page(*SMALL)
    page = enter_as(watched, demo_home, demo_url, "field-thirteen")
    page.goto(f"{demo_url}/help/accessibility")
    box = [20.1, 63.7, 20.5, 63.9]
    plan = page.evaluate(
        f"""async () => {{
          const {{ planArea, listTiles }} = await import("/static/js/field_plan.js");
          const plan = planArea({box}, {zoom});
          const tiles = [];
          for (let z = plan.from; z <= plan.to; z += 1) tiles.push(...listTiles({box}, z));
          return {{ ...plan, listed: tiles.map(({{ z, x, y }}) => [z, x, y]) }};
        }}"""
    )
    assert plan["from"] == round(zoom)
    assert plan["from"] <= plan["to"] <= 16
    expected = {
        (z, *tile_of(lon, lat, z))
        for z in range(plan["from"], min(plan["to"], 13) + 1)
        for lon in (box[0] + (box[2] - box[0]) * i / 60 for i in range(61))
        for lat in (box[1] + (box[3] - box[1]) * i / 60 for i in range(61))
    }
    listed = {tuple(one) for one in plan["listed"]}
    assert len(listed) == plan["tiles"]
    assert {one for one in listed if one[0] <= 13} == expected
    assert plan["isTooLarge"] == (plan["tiles"] > 1_500)


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Web Mercator tile of a point, by definition."""
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)
