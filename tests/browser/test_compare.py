"""Another date beside the one in view, and a drawn area in numbers: what the page says is what the API answers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

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
    expect(page.locator("#legend-title")).to_have_text("Change in points from 15 July 2026 to 15 January 2026")
    # each class on one line
    heights = page.evaluate(
        "[...document.querySelectorAll('.legend-table tbody tr')].map((row) => row.getBoundingClientRect().height)"
    )
    assert 10 < min(heights) <= max(heights) < 30
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
    # each of the two is cut as soon as it is there, before anything is moved
    page.wait_for_function("document.querySelectorAll('.score-tile').length === 2")
    cut = page.locator(".score-tile").evaluate_all("tiles => tiles.map((one) => [one.style.opacity, one.style.clip])")
    assert [clip != "" for _, clip in cut] == [True, True], cut
    line = page.locator(".swipe-line")
    before = line.bounding_box()
    slider = page.get_by_label("Where 15 July 2026 ends")
    # wherever the line stands, what is under the middle of its handle is the handle
    for at in ("0.05", "0.95", "0.5"):
        slider.fill(at)
        where, stage = slider.bounding_box(), page.locator("#map-stage").bounding_box()
        assert where is not None
        assert stage is not None
        middle = [stage["x"] + float(at) * stage["width"], where["y"] + where["height"] / 2]
        assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).className", middle) == "swipe-input"
    slider.press("ArrowRight")
    after = line.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] > before["x"]
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.locator(".swipe")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def is_compared(page: Page, at: str, other_at: str) -> None:
    facts = page.locator("#compare-answer .facts")
    expect(facts).to_contain_text(at)
    expect(facts).to_contain_text(other_at)


def test_what_is_compared_stands_in_the_address(open_page: OpenPage, demo_url: str) -> None:
    """It survives a reload, Back, a saved view, and a server that has forgotten the surface."""
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-date").fill("2026-01-15")
    page.locator("#compare-form button").click()
    is_compared(page, "15 July 2026", "15 January 2026")
    page.get_by_role("button", name="Side by side").click()
    line = page.locator(".swipe-input")
    line.fill("0.3")
    line.blur()
    page.wait_for_url("**with=2026-01-15&as=swipe&line=30")

    page.reload()
    is_compared(page, "15 July 2026", "15 January 2026")
    expect(line).to_have_value("0.3")
    expect(page.locator("#compare-date")).to_have_value("2026-01-15")
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    page.wait_for_load_state("networkidle")

    page.get_by_role("tab", name="Saved").click()
    page.locator("#view-name").fill("Swipe")
    page.locator("#view-form [type=submit]").click()
    page.locator("#views .link-button").first.wait_for()
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Stop comparing").click()
    expect(line).to_have_count(0)
    assert "with=" not in page.url
    page.get_by_role("tab", name="Saved").click()
    page.locator("#views .link-button").first.click()
    expect(line).to_have_value("0.3")

    # back: what was stopped, then side by side again
    page.go_back()
    expect(line).to_have_count(0)
    page.go_back()
    expect(line).to_have_value("0.3")
    # another day in view is compared with the same one
    page.locator("#at").fill("2026-08-15")
    page.locator("#at").blur()
    is_compared(page, "15 August 2026", "15 January 2026")
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_a_comparison_with_a_surface_that_is_gone(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    own = ask(f"{demo_url}/api/score?weight=findings:70&at=2026-02-15").json()
    page = open_map(watched, demo_url)
    page.get_by_role("tab", name="Compare").click()
    page.locator(f"#compare-surface option[value='{own['id']}']").wait_for(state="attached")
    page.locator("#compare-surface").select_option(own["id"])
    page.locator("#compare-form button").click()
    is_compared(page, "15 July 2026", "15 February 2026")
    kept = parse_qs(urlsplit(page.url).query)
    assert kept["with"] == [own["id"]]
    assert (kept["with_at"], kept["with_weight"]) == (["2026-02-15"], ["findings:70"])
    # nobody remembers the id any more: it is scored again, as the address says
    with page.expect_response(lambda r: "/api/compare" in r.url) as answered:
        page.goto(page.url.replace(own["id"], "0123456789abcdef"))
    assert answered.value.json()["other"] == own["id"]
    is_compared(page, "15 July 2026", "15 February 2026")
    # with nothing to score it by, that is said, the map is as usual, and the address is right again
    page.goto(f"{demo_url}/?lang=en&with=0123456789abcdef&as=swipe")
    expect(page.locator("#problem")).to_contain_text("is not there any more")
    expect(page.locator("#ranking-rows .row-button").first).to_be_attached()
    expect(page.locator("#compare-result")).to_be_hidden()
    assert "with=" not in page.url
    # and an address that makes no sense is no comparison at all
    page.goto(f"{demo_url}/?lang=en&with=2026-02-30&as=up&line=x")
    page.wait_for_selector("#ranking-rows .row-button")
    assert "with=" not in page.url
    page.wait_for_load_state("networkidle")
    assert [one for one in watched.troubles if "404" not in one] == []


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
    page.emulate_media(media="print")
    parts = ("#print-head", "#map-stage", "#legend", "#print-places table", "#print-changes", "#print-foot")
    boxes = [page.locator(part).bounding_box() for part in parts]
    for part, box in zip(parts, boxes, strict=True):
        assert box is not None
        others = [one for one in boxes if one is not None and one is not box]
        assert not any(
            one["x"] < box["x"] + box["width"] - 1
            and box["x"] < one["x"] + one["width"] - 1
            and one["y"] < box["y"] + box["height"] - 1
            and box["y"] < one["y"] + one["height"] - 1
            for one in others
        ), part
    assert page.locator("#print-changes tbody tr").count() == 10
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    weights = "Your own weights: Earlier findings 60"
    for words in (
        "County: ",
        "Inspected or not: Never inspected",
        "Lowest class: ",
        f" · {weights} · ",
        f"Change to 15 January 2026 ({weights})",
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
    assert "links/new?lang=en&area=" in str(totals.locator(".area-share a").get_attribute("href"))
    surface = ask(f"{demo_url}/api/surfaces").json()["current"]
    assert answer["surface"] == surface
    assert watched.troubles == []
