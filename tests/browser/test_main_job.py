"""The main job as a planner does it: open the map, click the reddest cell, read why, choose a sector.

Every host but this machine is cut off, and anything that fails or complains on the way fails the test.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.accounts import HTTP
from tests.browsing import Watched

OpenPage = Callable[..., Watched]
LANGUAGE = "lang=en"
# A surface may have to be scored first, on a machine that is busy with other tests.
ANSWERED_WITHIN_S = 60


def cut_off(watched: Watched, url: str) -> None:
    """Refuse every request that leaves this machine, and note those and the failed ones."""
    own = urlsplit(url).netloc

    def decide(route: Route) -> None:
        if urlsplit(route.request.url).netloc == own:
            route.continue_()
        else:
            watched.troubles.append(f"foreign request: {route.request.url}")
            route.abort()

    def note_failure(request: object) -> None:
        # what the page itself takes back when a newer answer is wanted
        if getattr(request, "failure", None) != "net::ERR_ABORTED":
            watched.troubles.append(f"failed: {request.url} {request.failure}")  # type: ignore[attr-defined]

    page = watched.page
    page.route("**/*", decide)
    page.on("requestfailed", note_failure)
    page.on("response", lambda r: watched.troubles.append(f"{r.status} {r.url}") if r.status >= 400 else None)


def open_map(watched: Watched, url: str, query: str = LANGUAGE) -> Page:
    cut_off(watched, url)
    watched.page.goto(f"{url}/?{query}")
    watched.page.wait_for_selector("#ranking-rows .row-button")
    watched.page.wait_for_load_state("networkidle")
    return watched.page


def click_cell(page: Page, lon: float, lat: float, zoom: int = 11) -> None:
    """Bring a place into the middle of the map and click it there, as one does with a mouse."""
    page.evaluate(f"map_norrsyn.setView([{lat}, {lon}], {zoom}, {{animate: false}})")
    page.wait_for_load_state("networkidle")
    point = page.evaluate(
        f"""() => {{
          const at = map_norrsyn.latLngToContainerPoint([{lat}, {lon}]);
          const box = map_norrsyn.getContainer().getBoundingClientRect();
          return [box.left + at.x, box.top + at.y];
        }}"""
    )
    page.mouse.click(*point)


def colour_under(url: str, surface: str, lon: float, lat: float, zoom: int = 11) -> str:
    """Colour that the score tile shows at a place, by the definition of Web Mercator tiles."""
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    tile = ask(f"{url}/tiles/{surface}/{zoom}/{int(x)}/{int(y)}.png", params={"never": "0"})
    with Image.open(io.BytesIO(tile.content)) as image:
        red, green, blue, alpha = image.convert("RGBA").getpixel((int(x % 1 * 256), int(y % 1 * 256)))
    assert alpha == 255
    return f"#{red:02X}{green:02X}{blue:02X}"


def ask(address: str, params: dict[str, object] | None = None) -> httpx.Response:
    """What the server itself answers, to compare the page with."""
    return HTTP.get(address, params=params, timeout=ANSWERED_WITHIN_S)


def read_number(text: str) -> float:
    return float(text.replace(",", ""))


def test_planner_finds_out_why_the_reddest_cell_is_red(open_page: OpenPage, demo_url: str, screenshots: Path) -> None:
    watched = open_page(1440, 900)
    page = open_map(watched, demo_url)
    best = ask(f"{demo_url}/api/top", params={"n": 1}).json()["cells"][0]

    click_cell(page, best["lon"], best["lat"])
    panel = page.locator("#cell")
    expect(panel.locator(".score-big")).to_have_text(f"{best['score']:.1f}")
    info = ask(f"{demo_url}/api/surfaces").json()["surfaces"][0]
    assert colour_under(demo_url, info["id"], best["lon"], best["lat"]) == info["classes"][-1]["colour"]

    reasons = panel.locator(".reasons li").all_inner_texts()
    assert len(reasons) >= 3
    assert any("Workplaces in" in reason for reason in reasons)
    points = [read_number(text) for text in panel.locator(".parts tbody td:nth-child(2)").all_inner_texts()]
    assert len(points) == 7
    assert math.isclose(sum(points), best["score"], abs_tol=0.051)
    assert read_number(panel.locator(".parts tfoot td").first.inner_text()) == read_number(f"{best['score']:.1f}")
    assert panel.locator(".top-sites li").count() >= 3

    page.mouse.move(700, 20)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=screenshots / "map.png")
    assert watched.troubles == []


@pytest.mark.long
def test_choosing_a_sector_scores_the_region_again(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 768)
    page = open_map(watched, demo_url)
    before = page.locator("#ranking-rows .score-value").all_inner_texts()
    published = ask(f"{demo_url}/api/surfaces").json()["current"]

    page.locator("#sectors summary").click()
    with page.expect_response(lambda response: "/api/score" in response.url and "sector=green" in response.url):
        for box in page.locator("#sector-list input").all():
            if box.get_attribute("value") != "green":
                box.uncheck()
    page.wait_for_load_state("networkidle")

    info = ask(f"{demo_url}/api/score", params={"at": "2026-07-15", "sector": "green"}).json()
    assert info["id"] != published
    assert info["sectors"] == ["green"]
    expected = ask(f"{demo_url}/api/places", params={"surface": info["id"], "n": 20, "lang": "en"}).json()
    expect(page.locator("#ranking-rows .row-name").first).to_have_text(expected["places"][0]["name"])
    after = page.locator("#ranking-rows .score-value").all_inner_texts()
    assert after == [f"{place['score']:.1f}" for place in expected["places"]]
    assert after != before
    assert any(f"/tiles/{info['id']}/" in url for url in watched.requests)
    assert parse_qs(urlsplit(page.url).query)["sector"] == ["green"]

    page.reload()
    page.wait_for_selector("#ranking-rows .row-button")
    expect(page.locator("#ranking-rows .row-name").first).to_have_text(expected["places"][0]["name"])
    assert watched.troubles == []


@pytest.mark.long
def test_berries_in_january_and_july_are_two_maps(open_page: OpenPage, demo_url: str) -> None:
    """The date control reaches the seasons: the green sector weighs more in July."""
    watched = open_page()
    scores = {}
    for day in ("2026-01-15", "2026-07-15"):
        page = open_map(watched, demo_url, f"{LANGUAGE}&at={day}&sector=green") if not scores else watched.page
        if scores:
            page.goto(f"{demo_url}/?{LANGUAGE}&at={day}&sector=green")
            page.wait_for_selector("#ranking-rows .row-button")
            page.wait_for_load_state("networkidle")
        info = ask(f"{demo_url}/api/score", params={"at": day, "sector": "green"}).json()
        cells = ask(f"{demo_url}/api/top", params={"surface": info["id"], "n": 200}).json()["cells"]
        scores[day] = sum(cell["contributions"]["workplaces"] for cell in cells) / len(cells)
        expect(page.locator("#at")).to_have_value(day)
    assert scores["2026-07-15"] > 1.5 * scores["2026-01-15"]
    assert watched.troubles == []


def test_county_narrows_list_and_tiles(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page()
    page = open_map(watched, demo_url)
    page.select_option("#county", "23")
    expected = ask(f"{demo_url}/api/places", params={"county": "23", "n": 20, "lang": "en"}).json()["places"]
    expect(page.locator("#ranking-rows .row-name").first).to_have_text(expected[0]["name"])
    assert {place["county"] for place in expected} == {"23"}
    deadline = time.monotonic() + 10
    while not any("county=23" in url and "/tiles/" in url for url in watched.requests):
        assert time.monotonic() < deadline, "no tile of the county was asked for"
        page.wait_for_timeout(50)
    assert watched.troubles == []


def test_phone_in_swedish(open_page: OpenPage, demo_url: str, screenshots: Path) -> None:
    watched = open_page(390, 844, touch=True)
    page = open_map(watched, demo_url, "lang=sv")
    assert page.evaluate("document.documentElement.lang") == "sv"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#ranking-rows .row-button").first.tap()
    expect(page.locator("#cell .score-big")).to_contain_text(",")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=screenshots / "phone.png")
    assert watched.troubles == []


@pytest.mark.long
def test_information_page_says_what_a_score_is_worth(open_page: OpenPage, demo_url: str, screenshots: Path) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    page.locator("#surface-note a").click()
    page.wait_for_load_state("networkidle")
    info = ask(f"{demo_url}/api/surfaces").json()["surfaces"][0]
    text = page.locator("main").inner_text()
    assert f"{info['comparison']['rank_correlation']:.2f}" in text
    assert f"{round(info['comparison']['top20_overlap'] * 20)} of 20" in text
    assert info["id"] in page.url
    page.screenshot(path=screenshots / "surface.png", full_page=True)
    assert watched.troubles == []


@pytest.mark.long
def test_words_about_visits_do_not_contradict_one_another(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url, "lang=en")
    likely = {"code": "likely", "name": "Likely"}

    def rows(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["places"][0] |= {"state": "never_inspected", "days_since_visit": 927, "certainty": likely}
        found["places"][1] |= {"state": "never_inspected", "days_since_visit": None}
        route.fulfill(response=answer, json=found)

    def panel(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"state": "inspected", "visits": [], "n_visits": 0})

    page.route("**/api/places?*", rows)
    page.route("**/api/cells/*?*", panel)
    page.reload()
    lately, never = page.locator("#ranking-rows tr").nth(0), page.locator("#ranking-rows tr").nth(1)
    expect(lately).to_contain_text("last visit 927 days ago")
    expect(lately).to_contain_text("Likely among the 20 highest")
    expect(lately.locator(".tag-never")).to_have_text("Not inspected lately")
    expect(never.locator(".tag-never")).to_have_text("Never inspected")
    lately.locator(".row-button").click()
    expect(page.locator("#cell")).to_contain_text("Visits farther away count for this cell.")
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []
