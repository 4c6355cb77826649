"""Trying a change on the map page, and the certainty of a cell: what the page says is what the library computes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.test_main_job import ask, open_map
from tests.browsing import Watched

OpenPage = Callable[..., Watched]


def test_a_work_camp_of_400_beds_beside_the_chosen_cell(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    # pressed before the panel has what its fields are chosen from
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/reference/housing_types*", hold)
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("button", name="Add this change").click()
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    expect(page.get_by_label("Beds")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="Choose a cell on the map first")).to_be_visible()

    page.get_by_role("tab", name="Ranking").click()
    page.locator("#ranking-rows .row-button").nth(4).click()
    page.wait_for_selector("#cell .score-big")
    page.get_by_role("tab", name="What if").click()
    page.get_by_label("Beds").fill("0")
    page.get_by_role("button", name="Add this change").click()
    expect(page.locator("#change-problem")).to_have_text("Beds: give a number from 1 to 100,000.")
    page.get_by_label("Beds").fill("400")
    page.get_by_role("button", name="Add this change").click()
    with page.expect_response(lambda response: "/api/what-if" in response.url) as answered:
        page.get_by_role("button", name="Score with these changes").click()
    answer = answered.value.json()
    assert answer["most_up"] > 0
    shown = page.locator("#what-if-answer")
    before, after = answer["cell"]["before"]["score"], answer["cell"]["after"]["score"]
    expect(shown.locator(".what-if-delta")).to_contain_text(f"{before:.1f} → {after:.1f} points")
    assert shown.locator(".moved tbody tr").count() == len(answer["cells"])

    page.get_by_role("button", name="Take away").click()
    expect(shown).to_be_empty()
    assert watched.troubles == []


def test_the_cell_panel_says_how_sure_its_score_is(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    best = ask(f"{demo_url}/api/top", params={"n": 1}).json()["cells"][0]
    page.locator("#ranking-rows .row-button").first.click()
    words = page.locator("#cell-certainty")
    expect(words.locator(".reasons li").first).to_be_visible(timeout=60_000)
    expected = ask(f"{demo_url}/api/cells/{best['cell_id']}/certainty", {"lang": "en"}).json()
    assert words.locator(".reasons").first.locator("li").all_inner_texts() == expected["reasons"]
    page.get_by_role("button", name="What would take it out").click()
    expect(page.locator("#cell-change li").first).to_contain_text("leaves the 20 highest", timeout=60_000)
    assert watched.troubles == []


def test_week_month_and_day_are_one_date(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    day, week, month = page.locator("#at"), page.locator("#week"), page.locator("#month")
    expect(week).to_have_value("29")
    week.fill("30")
    week.blur()
    expect(day).to_have_value("2026-07-20")
    week.fill("54")
    week.blur()
    expect(page.locator("#at-problem")).to_have_text("2026 has weeks 1 to 53.")
    expect(day).to_have_value("2026-07-20")
    with page.expect_response(lambda response: "/api/score" in response.url and "2026-02-15" in response.url):
        month.fill("2")
    expect(day).to_have_value("2026-02-15")
    expect(week).to_have_value("7")
    assert month.get_attribute("aria-valuetext") == "February"
    # a field that was emptied tells the week in view again, also after a date that is none
    week.fill("")
    week.blur()
    expect(week).to_have_value("7")
    expect(page.locator("#at-problem")).to_be_hidden()
    day.fill("")
    day.blur()
    expect(page.locator("#at-problem")).to_be_visible()
    week.fill("")
    week.blur()
    expect(day).to_have_value("2026-02-15")
    expect(week).to_have_value("7")
    # without a date in the field the slider goes by the year in view
    page.goto(f"{demo_url}/?lang=en&at=2027-01-01")
    page.wait_for_selector("#ranking-rows .row-button")
    expect(week).to_have_value("53")
    day.fill("")
    month.fill("3")
    expect(day).to_have_value("2027-03-15")
    expect(week).to_have_value("11")
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []
