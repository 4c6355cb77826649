"""What is drawn and tried on the map stands in its address: it comes back, leads to a plan, and tells no names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from maps.permalinks import tidy_query
from tests.browser.test_main_job import OpenPage, ask, cut_off, open_map

AROUND_UMEA = "area=20.1_63.75_20.45_63.75_20.5_63.9_20.2_63.95"
CAMP = "add_accommodation.758500.7088500.400.work_camp"


def asked_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def reload(page: Page) -> None:
    page.reload()
    page.wait_for_selector("#ranking-rows .row-button", state="attached")
    page.wait_for_load_state("networkidle")


def test_what_is_drawn_and_tried_comes_back(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1400, 900)
    page = open_map(watched, demo_url, "lang=sv&lat=63.83&lon=20.26&z=10")
    page.locator("#tool-area").click()
    page.get_by_role("button", name="Rektangel").click()
    for x, y in ((800, 350), (1100, 600)):
        page.mouse.click(x, y)
    totals = page.locator(".area-totals .facts").first
    expect(totals).to_be_visible()
    drawn = totals.inner_text()
    (area,) = asked_of(page)["area"]
    assert len(area.split("_")) == 8

    # a site, and housing in the cell around it
    site = ask(f"{demo_url}/api/sites", params={"layer": "accommodation", "bbox": "20.2,63.8,20.3,63.9"}).json()[
        "sites"
    ][0]
    page.get_by_role("tab", name="Tänk om").click()
    page.locator("#change-kind").select_option("withdraw_sector")
    page.get_by_label("Bransch", exact=True).select_option("green")
    page.get_by_role("button", name="Lägg till förändringen").click()
    assert asked_of(page)["try"] == ["withdraw_sector.green.100"]
    page.go_back()
    expect(page.locator("#changes li")).to_have_count(0)
    page.go_forward()
    expect(page.locator("#changes li")).to_have_count(1)

    reload(page)
    expect(totals).to_be_visible()
    assert totals.inner_text() == drawn
    expect(page.locator("#changes li")).to_contain_text("Gröna näringar, 100 %")
    # and is scored at once
    expect(page.locator("#what-if-answer .facts")).to_be_visible(timeout=20_000)
    assert tidy_query(urlsplit(page.url).query)

    # a record is told by its place alone, and found again by it
    placed = page.evaluate(
        f"""async () => {{
          const {{ toSweref }} = await import("/static/js/sweref.js");
          const {{ easting, northing }} = toSweref({site["lon"]}, {site["lat"]});
          return [Math.round(easting), Math.round(northing)].join(".");
        }}"""
    )
    page.goto(f"{demo_url}/?lang=sv&area={area}&try=close_site.accommodation.{placed}&try={CAMP}")
    expect(page.locator("#changes li")).to_have_count(2)
    expect(page.locator("#changes li").first).to_contain_text(site["title"])
    assert site["title"] not in page.url
    assert site["id"] not in page.url
    assert watched.troubles == []


def test_a_drawn_area_goes_on_to_a_new_plan(open_page: OpenPage, demo_url: str, screenshots: Path) -> None:
    watched = open_page(1400, 900)
    cut_off(watched, demo_url)
    page = watched.page
    page.goto(f"{demo_url}/?lang=sv&lat=63.83&lon=20.26&z=10&{AROUND_UMEA}&try={CAMP}")
    # what is tried is what is open: the list is there, and perhaps never seen
    page.wait_for_selector("#ranking-rows .row-button", state="attached")
    page.locator(".area-plan a").click()
    page.wait_for_url("**/plans/new**")
    expect(page.locator("#area-part")).to_contain_text("som du ritade på kartan")
    expect(page.locator("#filter-summary")).to_contain_text("1")
    # what is tried is the map's own
    assert "try" not in asked_of(page)
    page.fill("#name", "Bara här")
    page.select_option("#crew-1-town", label="Umeå")
    expect(page.locator("#plan-make")).to_be_enabled()
    page.locator("#area-part").screenshot(path=screenshots / "plan_area.png")
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("lang=sv")) as sent:
        page.route("**/api/plans?*", lambda route: route.fulfill(status=503, json={}))
        page.get_by_role("button", name="Föreslå en plan").click()
    corners = [float(number) for number in AROUND_UMEA.removeprefix("area=").split("_")]
    ring = sent.value.post_data_json["filter"]["area"]["coordinates"][0]
    assert {tuple(corner) for corner in ring} == set(zip(corners[::2], corners[1::2], strict=True))
    page.get_by_role("button", name="Ta bort området").click()
    expect(page.locator("#area-part")).to_be_hidden()
    assert [one for one in watched.troubles if "503" not in one] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("area=20.1_63.75_20.45_63.9_20.45_63.75_20.1_63.9", "skadat"),
        ("area=" + "_".join(["20.1_63.75"] * 101), "för många hörn"),
        ("area=20.1_63.75_x", "skadat"),
        ("try=close_site.workplaces.Anna&try=withdraw_sector.nothing_such.50", "utelämnade: 1"),
        (f"{AROUND_UMEA}&x={'a' * 8_000}", "för lång"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_said(open_page: OpenPage, demo_url: str, query: str, words: str) -> None:
    watched = open_page(1400, 900)
    page = open_map(watched, demo_url, f"lang=sv&lat=63.83&lon=20.26&z=10&{query}")
    expect(page.locator("#problem")).to_contain_text(words)
    expect(page.locator("#changes li")).to_have_count(0)
    page.wait_for_function("!/area=|try=/.test(location.search)")
    assert page.locator("#ranking-rows .row-button").count() > 5
    assert watched.troubles == []
