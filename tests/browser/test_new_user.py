"""A new user with nothing but the README: the first link, a name and a password, and the three places to inspect in
Västerbotten's green sector in week 30, each with its reasons.

Every step is one that the README or the page itself names, and is taken by the words that a person reads.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import expect

from api import create_app
from api.settings import Settings
from geo.store.people.links import make_first_link
from tests.accounts import PASSWORD, cheap_passwords
from tests.browser.test_main_job import cut_off
from tests.browsing import Watched, find_free_port, run_server

OpenPage = Callable[..., Watched]
FIVE_MINUTES_S = 300


@pytest.fixture
def first_link(demo_home: Path, tmp_path: Path) -> Iterator[str]:
    """What `make run` prints when nobody can sign in yet."""
    home = tmp_path / "home"
    shutil.copytree(demo_home, home, ignore=shutil.ignore_patterns("people.sqlite*"))
    port = find_free_port()
    app = create_app(Settings(home=home), passwords=cheap_passwords())
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}/welcome/{make_first_link(home, now=time.time())}"


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Nobody is signed in."""
    return {}


@pytest.mark.parametrize(
    ("width", "height", "touch"), [(1366, 768, False), pytest.param(390, 844, True, marks=pytest.mark.long)]
)
def test_three_places_for_the_green_sector_in_week_30(
    open_page: OpenPage, first_link: str, screenshots: Path, width: int, height: int, touch: bool
) -> None:
    started = time.monotonic()
    watched = open_page(width, height, touch=touch, tour=True)
    page = watched.page
    cut_off(watched, first_link)

    # the link that is printed: choose a name and a password
    page.goto(first_link)
    page.get_by_label("Namn", exact=True).fill("Nova Ny")
    page.get_by_label("Myndighet").select_option(label="Arbetsmiljöverket")
    page.locator("#password").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator("main button[type=submit]").click()

    # the map appears, with the tour in three steps
    for _ in range(2):
        page.get_by_role("button", name="Nästa").click()
    page.get_by_role("button", name="Börja").click()
    page.wait_for_selector("#ranking-rows .row-button")

    # the county, the sector, the week
    sheet = (lambda name: page.get_by_role("button", name=name, exact=True).click()) if touch else (lambda _: None)
    sheet("Urval")
    page.get_by_label("Län", exact=True).select_option(label="Västerbottens län")
    page.get_by_text("Branscher").first.click()
    for box in page.locator("#sector-list input").all():
        if box.get_attribute("value") != "green":
            box.uncheck()
    with page.expect_response(lambda r: "/api/places" in r.url and "county=24" in r.url) as answered:
        week = page.get_by_label("Vecka")
        week.fill("30")
        week.blur()
        page.wait_for_timeout(1500)
    places = answered.value.json()["places"]
    page.wait_for_load_state("networkidle")
    expect(page.locator("#surface-note")).to_contain_text("20 juli 2026")
    assert len(places) >= 3

    # the three first, each with its reasons in words and in points that add up
    shown = page.locator("#ranking-rows tr")
    found = []
    for place in range(3):
        sheet("Platser")
        row = shown.nth(place)
        name, score = row.locator(".row-name").inner_text(), row.locator(".score-value").inner_text()
        row.locator(".row-button").click()
        panel = page.locator("#cell")
        expect(panel.locator(".score-big")).to_have_text(score)
        reasons = panel.locator(".reasons").first.locator("li").all_inner_texts()
        assert reasons
        assert any(character.isdigit() for character in " ".join(reasons))
        parts = [
            float(one.replace(",", ".")) for one in panel.locator(".parts tbody td:nth-child(2)").all_inner_texts()
        ]
        assert abs(sum(parts) - float(score.replace(",", "."))) < 0.051
        found.append(name)
        page.screenshot(path=screenshots / f"new-user-{width}-{place + 1}.png")
    assert len(set(found)) == 3
    assert time.monotonic() - started < FIVE_MINUTES_S
    assert watched.troubles == []
