"""One's own weights on the map page: scored for real, said to be one's own, and gone with one press."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route, expect

from tests.browser.test_main_job import ask, open_map
from tests.browsing import Watched

OpenPage = Callable[..., Watched]


def test_own_weights_rank_anew_and_are_said_to_be_own(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    published = page.locator("#ranking-rows .score-value").all_inner_texts()
    page.get_by_role("tab", name="Weights").click()
    with page.expect_response(lambda r: "/api/score" in r.url and "weight=findings" in r.url) as answered:
        page.locator("#weight-findings").fill("80")
    info = answered.value.json()
    assert info["changed_weights"]["findings"][1] == 80
    expect(page.locator("#surface-note")).to_contain_text("Your own weights")
    assert parse_qs(urlsplit(page.url).query)["weight"] == ["findings:80"]
    page.get_by_role("tab", name="Ranking").click()
    expected = ask(f"{demo_url}/api/places", {"surface": info["id"], "lang": "en"}).json()["places"]
    expect(page.locator("#ranking-rows .score-value").first).to_have_text(f"{expected[0]['score']:.1f}")
    assert page.locator("#ranking-rows .score-value").all_inner_texts() != published

    page.reload()
    page.wait_for_selector("#ranking-rows .row-button")
    expect(page.locator("#surface-note")).to_contain_text("Your own weights")
    page.get_by_role("button", name="Back to the published ones").click()
    expect(page.locator("#surface-note")).not_to_contain_text("Your own weights")
    expect(page.locator("#ranking-rows .score-value").first).to_have_text(published[0])
    assert "weight" not in parse_qs(urlsplit(page.url).query)
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_back_and_forward_undo_and_redo_weights(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    start = page.evaluate("history.length")
    page.get_by_role("tab", name="Weights").click()
    findings, density = page.locator("#weight-findings"), page.locator("#weight-sector_density")
    published = [findings.input_value(), density.input_value()]
    # what a slider passes on its way is no step
    for points in ("50", "60", "80"):
        findings.fill(points)
        expect(page).to_have_url(re.compile(f"findings(:|%3A){points}"))
    density.fill("33")
    expect(page).to_have_url(re.compile("sector_density(:|%3A)33"))
    assert page.evaluate("history.length") == start + 2
    for move, expected in (
        (page.go_back, ["80", published[1]]),
        (page.go_back, published),
        (page.go_forward, ["80", published[1]]),
        (page.go_forward, ["80", "33"]),
        (page.go_back, ["80", published[1]]),
    ):
        move()
        expect(findings).to_have_value(expected[0])
        expect(density).to_have_value(expected[1])
        asked = parse_qs(urlsplit(page.url).query).get("weight", [])
        assert len(asked) == sum(now != usual for now, usual in zip(expected, published, strict=True))
    expect(page.locator("#surface-note")).to_contain_text("Your own weights")
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []


def test_a_refused_score_leaves_no_trace_in_page_address_or_history(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url, "lang=en&county=24")
    page.locator("#county").select_option("25")
    page.get_by_role("tab", name="Weights").click()
    published = page.locator("#weight-findings").input_value()

    def refuse(route: Route) -> None:
        problem = {"type": "urn:norrsyn:problem:parameter", "title": "", "status": 422, "detail": "not today"}
        route.fulfill(status=422, content_type="application/problem+json", json=problem)

    page.route("**/api/score?*", refuse)
    for change in (
        lambda: page.locator("#weight-findings").fill("80"),
        lambda: (page.locator("#at").fill("2026-02-02"), page.locator("#at").press("Tab")),
    ):
        change()
        expect(page.locator("#problem")).to_contain_text("not today")
        expect(page.locator("#weight-findings")).to_have_value(published)
        expect(page.locator("#at")).to_have_value("2026-07-15")
        asked = parse_qs(urlsplit(page.url).query)
        assert ({"at", "weight"} & set(asked), asked["county"]) == (set(), ["25"])
        page.locator("#problem .plain-button").last.click()
    # Back leads to what was shown, each time, and never to what was refused
    for _ in range(3):
        page.go_back()
        assert {"at", "weight"}.isdisjoint(parse_qs(urlsplit(page.url).query))
        expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#county")).to_have_value("24")
    # and a link that is refused shows the published surface
    page.goto(f"{demo_url}/?lang=en&weight=findings:80")
    expect(page.locator("#problem")).to_contain_text("not today")
    page.wait_for_selector("#ranking-rows .row-button")
    assert "weight" not in parse_qs(urlsplit(page.url).query)
    page.wait_for_load_state("networkidle")
    assert [one for one in watched.troubles if "422" not in one] == []


def test_the_year_stands_above_the_month_slider(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url)
    bars = page.locator("#season-bars span")
    expect(bars).to_have_count(12, timeout=60_000)
    surface = ask(f"{demo_url}/api/surfaces").json()["current"]
    months = ask(f"{demo_url}/api/season", {"surface": surface}).json()["months"]
    counts = [sum(one["n_cells"] for one in month["classes"][2:]) for month in months]
    heights = [float(bar.get_attribute("style").split(":")[1].strip("% ;")) for bar in bars.all()]
    assert [round(height) for height in heights] == [round(100 * count / max(counts)) for count in counts]
    assert bars.nth(6).get_attribute("class") == "season-now"
    assert watched.troubles == []


def test_what_an_address_cannot_mean_goes_out_of_it(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url, "lang=en&at=2026-02-30&weight=bogus:50")
    expect(page.locator("#at")).to_have_value("2026-07-15")
    assert {"at", "weight"}.isdisjoint(parse_qs(urlsplit(page.url).query))
    assert watched.troubles == []


def test_where_every_part_is_0_the_panel_says_so_and_nothing_is_asked(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    page = open_map(watched, demo_url, "lang=en")
    page.get_by_role("tab", name="Weights").click()
    sliders = page.locator("#weight-sliders input")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/score" in request.url else None)
    for i in range(sliders.count()):
        sliders.nth(i).fill("0")
    expect(page.locator("#weights-problem")).to_be_visible()
    page.wait_for_timeout(400)
    expect(page.locator("#weights-problem")).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()
    assert [sliders.nth(i).input_value() for i in range(sliders.count())] == ["0"] * sliders.count()
    parts = sliders.count()
    assert all(len([pair for pair in url.split("&") if pair.startswith("weight=")]) <= parts - 1 for url in asked)
    page.wait_for_load_state("networkidle")
    # of sliders that are moved quickly, what the server was asked first may be overtaken, which it answers with 409
    overtaken = [trouble for trouble in watched.troubles if "/api/score" in trouble and "latest=1" in trouble]
    others = [trouble for trouble in watched.troubles if trouble not in overtaken]
    assert all(trouble.startswith("409 ") for trouble in overtaken)
    # the browser's own line for each of those, and nothing else
    assert len(others) == len(overtaken)
    assert all("status of 409" in trouble for trouble in others)


def test_what_makes_no_sense_in_an_address_is_left_out(open_page: OpenPage, demo_url: str) -> None:
    watched = open_page(1366, 900)
    nonsense = "weight=__proto__:5&weight=constructor:5&weight=nosuch:5"
    page = open_map(watched, demo_url, f"lang=en&county=24&municipality=2580&{nonsense}")
    asked = parse_qs(urlsplit(page.url).query)
    assert {"weight", "municipality"}.isdisjoint(asked)
    assert asked["county"] == ["24"]
    expect(page.locator("#surface-note")).not_to_contain_text("Your own weights")
    expect(page.locator("#problem")).to_be_hidden()
    assert page.locator("#search-input").get_attribute("maxlength") == "200"
    page.wait_for_load_state("networkidle")
    assert watched.troubles == []
