"""Another date beside the one in view, and a drawn area in numbers: what the page says is what the API answers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.test_main_job import ask, open_map
from tests.browsing import Watched

OpenPage = Callable[..., Watched]


def test_january_beside_july_as_difference_and_side_by_side(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-date").fill("2026-01-15")
    with page.expect_response(lambda r: "/api/compare" in r.url) as answered:
        page.locator("#compare-form button").click()
    answer = answered.value.json()
    assert (answer["at"], answer["other_at"]) == ("2026-07-15", "2026-01-15")
    expect(page.locator("#compare-answer")).to_contain_text(f"{answer['rank_correlation']:.2f}")
    expect(page.locator("#compare-answer .link-button").first).to_have_text(answer["rises"][0]["name"])
    expect(page.locator("#legend")).to_contain_text("Falls far")
    expect(page.locator("#legend-title")).to_be_visible()
    expect(page.locator("#legend-title")).to_have_text("Change in points")
    falls = page.locator(".legend-table tbody tr", has_text="Falls")
    assert falls.count() > 1
    expect(falls.locator(".swatch-striped")).to_have_count(falls.count())
    expect(page.locator(".legend-table tbody tr", has_text="Rises").locator(".swatch-striped")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert any("/tiles/compare/" in url for url in watched.requests)

    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".swipe-name").first).to_have_text("15 July 2026")
    expect(page.locator("#legend")).to_contain_text("Highest")
    expect(page.locator("#legend-title")).to_contain_text("Risk score")
    page.wait_for_load_state("networkidle")
    line = page.locator(".swipe-line")
    before = line.bounding_box()
    page.get_by_label("Where 15 July 2026 ends").press("ArrowRight")
    after = line.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] > before["x"]
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.locator(".swipe")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_filters_weights_and_comparing_are_told_on_paper_and_beside_the_map(open_page: OpenPage, demo_url: str) -> None:
    for points in (55, 60):
        ask(f"{demo_url}/api/score?weight=findings:{points}&at=2026-07-15")
    watched = open_page(1366, 900)
    with watched.page.expect_response(lambda r: "/api/distribution" in r.url) as counted:
        page = open_map(watched, demo_url, "lang=en&county=24&state=never_inspected&min_class=2&weight=findings:60")
    lowest = counted.value.json()["classes"][0]["n_cells"]
    assert lowest == 0
    expect(page.locator(".legend-table tbody tr").last.locator(".legend-count")).to_have_text("0")

    fields = page.locator("#more-filters .field").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().right)"
    )
    assert max(fields) <= page.locator(".side").evaluate("side => side.getBoundingClientRect().right")

    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare-surface option", has_text="55")).to_have_count(1)
    names = page.locator("#compare-surface option").all_text_contents()
    assert len(set(names)) == len(names) > 2
    page.locator("#compare-date").fill("2026-01-15")
    page.locator("#compare-form button").click()
    expect(page.locator("#compare-whole")).to_be_visible()
    expect(page.locator("#legend")).to_contain_text("all four counties")
    page.wait_for_load_state("networkidle")

    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    head = page.locator("#print-head").text_content() or ""
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    weights = "Your own weights: Earlier findings 60"
    for words in (
        "Inspected or not: Never inspected",
        "Lowest class: ",
        f" · {weights} · ",
        f"Difference from 15 January 2026 ({weights})",
    ):
        assert words in head, head
    page.get_by_role("button", name="Stop comparing").click()
    page.locator("#county").select_option("")
    page.locator("#filters-clear").click()
    expect(page.locator("#compare-whole")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_a_drawn_rectangle_is_told_in_numbers(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url, "lang=en&lat=63.826&lon=20.263&z=11")
    page.locator("#tool-area").click()
    page.get_by_role("button", name="Rectangle").click()
    box = page.locator("#map_norrsyn").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 420, box["y"] + 150)
    with page.expect_response(lambda r: "/api/area" in r.url) as answered:
        page.mouse.click(box["x"] + 720, box["y"] + 450)
    sent, answer = answered.value.request.post_data_json, answered.value.json()
    assert sent["type"] == "Polygon"
    totals = page.locator(".area-totals")
    expect(totals).to_contain_text(f"Workplaces: {answer['sites']['workplaces']['n']:,}")
    expect(totals.locator(".area-highest")).to_contain_text(f"{answer['highest']['score']:.1f}")
    surface = ask(f"{demo_url}/api/surfaces").json()["current"]
    assert answer["surface"] == surface
    assert watched.troubles == []
