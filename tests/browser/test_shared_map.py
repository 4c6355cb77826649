"""A recipient uses a shared map: tiles, a square's panel, the table, paper; and sees at once when the link ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, Route, expect

from api import create_app
from api.settings import Settings
from geo.disclosure.release.rows import ReleaseCell, ReleaseRow
from geo.layers.circles import VISIBLE
from geo.store.people.management import By
from geo.store.people.shares.life import create_share, revoke_share
from geo.store.people.shares.links import ShareScope
from geo.store.releases import save_release
from tests.accounts import cheap_passwords, make_account
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import find_free_port, run_server
from tests.shares import make_new, make_release

RELEASE = "0123456789abcdef"
# what a line of the mark is high, at least
LINE_PT = 6
A_CELL = re.compile(r"RES\d+mN\d+E\d+")
# more than fits into a stacked list of a phone, and than a tile or two
MANY = [
    ReleaseRow(ReleaseCell(16_000, 7_200_000 + 16_000 * (at // 8), 544_000 + 16_000 * (at % 8)), "all", "workplaces", n)
    for at, n in enumerate(range(20, 84))
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("shared") / "home"
    release = make_release()
    classed = [replace(row, score_class=at % 5 + 1) for at, row in enumerate(MANY)]
    save_release(home, replace(release, rows=(*release.rows, *classed)), b"{}")
    # an operator's online map is for those who are signed in
    settings = Settings(
        home=home, check_seconds=0, basemap_url="https://tiles.example/{z}/{x}/{y}.png", basemap_attribution="Tiles"
    )
    return create_app(settings, passwords=cheap_passwords())


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    port = find_free_port()
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Recipients have no account."""
    return {}


def share(app: FastAPI, name: str, **changes: Any) -> Any:
    home, now = app.state.service.settings.home, time.time()
    scope = ShareScope(RELEASE, None, ("all", "construction"), ("workplaces", "accommodation"), 1_000)
    new = make_new(now, recipient=name, scope=scope, **changes)
    by = By(make_account(home, f"Maker {name[:40]}", ["coordinator"]), now)
    return create_share(home, new, by, among=frozenset(VISIBLE))


def open_map(page: Page, url: str, token: str) -> None:
    page.goto(f"{url}/s/{token}")
    page.locator("main button").click()
    page.wait_for_selector("#share-map[data-ready]")
    page.wait_for_load_state("networkidle")


def test_a_recipient_reads_the_map_square_by_square(
    open_page: OpenPage, app: FastAPI, url: str, screenshots: Path
) -> None:
    made = share(app, "Eva Lind")
    watched = open_page(1400, 900)
    cut_off(watched, url)
    page = watched.page
    open_map(page, url, made.token)
    tiles = page.locator("img.score-tile, .score-tile img")
    expect(tiles.first).to_be_visible()
    assert page.evaluate("[...document.querySelectorAll('.leaflet-tile')].every((t) => t.naturalWidth === 256)")
    expect(page.locator(".place-label").first).to_be_visible()

    # by keyboard: the square in the middle
    page.evaluate("map_norrsyn.setView([63.82, 20.235], 12, {animate: false})")
    page.locator("#map_norrsyn").focus()
    page.keyboard.press("Enter")
    panel = page.locator("#square")
    expect(panel).to_contain_text("RES4000mN7084000E756000")
    expect(panel).to_be_focused()
    expect(panel.locator("tbody tr")).to_have_count(3)
    expect(panel).to_contain_text("Umeå")
    page.mouse.click(*page.evaluate(
        "(() => { const b = map_norrsyn.getContainer().getBoundingClientRect(); return [b.left + 8, b.top + 8]; })()"
    ))  # fmt: skip
    expect(panel).to_contain_text("Här visas inget")

    # another sector is another map
    legend = page.locator("#share-legend tr[data-code='0']")
    expect(legend).to_be_hidden()
    page.get_by_label("Visa").select_option(label="Boende")
    expect(legend.locator(".legend-count")).to_have_text("1")
    expect(page.locator("#share-legend tr[data-code='5']")).to_be_hidden()
    page.get_by_label("Visa").select_option(index=0)

    first = page.locator("#share-rows tbody tr").first
    page.locator("#share-rows thead").get_by_role("link", name="Arbetsgivare").click()
    expect(first.locator(".number")).to_have_text("83")
    page.locator("#share-rows thead").get_by_role("link", name="Arbetsgivare").click()
    expect(first.locator(".number")).to_have_text("12")
    page.screenshot(path=screenshots / "shared-map.png", full_page=True)
    asked = {
        one.removeprefix(url).split("?")[0].split("/")[1] for one in watched.requests if not one.startswith("data:")
    }
    assert asked == {"s", "share", "static"}
    assert watched.troubles == []


def test_a_recipient_prints_it_and_is_told_when_the_link_ends(
    open_page: OpenPage, app: FastAPI, url: str, screenshots: Path, tmp_path: Path
) -> None:
    made = share(app, "Åsa Öberg")
    watched = open_page(1400, 900)
    cut_off(watched, url)
    page = watched.page
    open_map(page, url, made.token)
    with page.expect_download() as download:
        page.get_by_role("link", name="Tabellen som CSV").click()
    assert download.value.suggested_filename == f"norrsyn-{made.link.link_id}.csv"
    page.get_by_role("link", name="Skriv ut").click()
    expect(page.locator(".share-sheet")).to_be_visible()
    pdf = tmp_path / "map.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True)
    with pypdfium2.PdfDocument(pdf) as paper:
        sheets = [sheet.get_textpage().get_text_range() for sheet in paper]
        assert round(paper[0].get_width()) > round(paper[0].get_height())
    assert len(sheets) >= 2
    for sheet in sheets:
        assert "För Åsa Öberg" in sheet
        assert made.link.link_id in sheet
    assert "15 juli 2026" in sheets[0]
    assert "Inte offentlig" in sheets[0]
    page.get_by_role("link", name="Tillbaka till kartan").click()
    page.wait_for_selector("#share-map[data-ready]")
    asked = {
        one.removeprefix(url).split("?")[0].split("/")[1] for one in watched.requests if not one.startswith("data:")
    }
    assert asked == {"s", "share", "static"}
    assert watched.troubles == []

    home = app.state.service.settings.home
    revoke_share(home, made.link.link_id, By(make_account(home, "Ender", ["coordinator"]), time.time()))
    with page.expect_response(lambda one: "/share/tiles/12/" in one.url) as refused:
        page.evaluate("map_norrsyn.setView([66.5, 21.5], 12, {animate: false})")
    assert refused.value.status == 404
    expect(page.locator("h1")).to_have_text("Kartan visas inte längre")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("main")).to_contain_text("Anna Berg, 090-123 45")
    left = page.content()
    assert "RES4000m" not in left
    assert "Åsa Öberg" not in left
    assert page.locator("img").count() == 0
    page.screenshot(path=screenshots / "shared-map-ended.png")
    assert [one for one in watched.troubles if "404" not in one] == []


def write_long(start: str, n: int) -> str:
    """A text of words, as long as the form allows."""
    return (start + " gemensam kontroll av byggarbetsplatser" * n)[:n].rstrip()


def test_the_longest_texts_leave_no_sheet_without_its_link(
    open_page: OpenPage, app: FastAPI, url: str, tmp_path: Path
) -> None:
    texts = {"purpose": write_long("Planering av", 500), "contact": write_long("090-123 45", 300)}
    made = share(app, write_long("Ada Lång,", 200), **texts)
    page = open_page(1400, 900).page
    open_map(page, url, made.token)
    page.goto(f"{url}/share/print?lang=sv")
    pdf = tmp_path / "long.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True)
    with pypdfium2.PdfDocument(pdf) as paper:
        sheets = [" ".join(sheet.get_textpage().get_text_range().split()) for sheet in paper]
    for sheet in sheets:
        assert made.link.link_id in sheet
        assert "För Ada Lång" in sheet
        assert "Får inte spridas vidare" in sheet
    # the drawing and all that is said of it are on one, and squares begin on the next
    for said in ("Umeå", texts["purpose"][-60:], texts["contact"][-60:], "Vad kartan inte är", "Vid fara: 112"):
        assert said in sheets[0]
    assert not A_CELL.search(sheets[0])
    assert A_CELL.search(sheets[1])
    mark = page.locator(".share-sheet g text")
    said = page.locator(".share-paper-mark bdi").text_content() or ""
    assert mark.last.text_content() == " · ".join(said.split(" · ")[1:])
    # a long name does not make its letters small
    box, last = page.locator(".share-sheet").bounding_box(), mark.last.bounding_box()
    assert box is not None
    assert last is not None
    assert last["width"] > box["width"] / 3


@pytest.mark.parametrize("margin", ["0", "10mm"])
def test_the_browsers_own_print_keeps_rows_whole_and_clear_of_the_mark(
    open_page: OpenPage, app: FastAPI, url: str, tmp_path: Path, margin: str
) -> None:
    name = f"Bo {margin} Lång"
    made = share(app, write_long(name, 200))
    page = open_page(1366, 768).page
    open_map(page, url, made.token)
    expect(page.locator(".share-on-paper")).to_be_hidden()
    cells = page.locator("#share-rows tbody th").all_inner_texts()
    pdf = tmp_path / "own.pdf"
    page.pdf(path=pdf, format="A4", margin={"top": margin, "right": margin, "bottom": margin, "left": margin})
    found: list[str] = []
    with pypdfium2.PdfDocument(pdf) as paper:
        assert len(paper) > 2
        for sheet in paper:
            letters = sheet.get_textpage()
            text = letters.get_text_range()
            here = A_CELL.findall(text)
            # of a row that is split one sheet has the beginning and another one the end
            assert text.count("° N") == text.count("° E") == len(here)
            found += here
            assert made.link.link_id in text
            foot = min(find_tops(letters, f"För {name}"))
            assert all(top > foot + LINE_PT for top in find_tops(letters, "° E"))
        first = " ".join(paper[0].get_textpage().get_text_range().split())
    assert "Skriv ut på den här sidan" in first
    assert sorted(found) == sorted(cells)


def find_tops(letters: pypdfium2.PdfTextPage, words: str) -> list[float]:
    """How high above the lower edge of a sheet words stand, in points, each time that they do."""
    search, found = letters.search(words), []
    while (at := search.get_next()) is not None:
        found.append(letters.get_charbox(at[0])[3])
    return found


@pytest.mark.parametrize("width", [390, 1366])
def test_texts_without_a_space_make_no_page_wider(open_page: OpenPage, app: FastAPI, url: str, width: int) -> None:
    made = share(app, f"{width}" + "R" * 187, purpose="P" * 400, contact="C" * 239 + "@example.se")
    page = open_page(width, 800).page
    open_map(page, url, made.token)
    measure = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    assert page.evaluate(measure) <= width
    page.goto(f"{url}/share/print?lang=sv")
    assert page.evaluate(measure) <= width


def test_the_ring_around_a_squares_panel_is_whole(open_page: OpenPage, app: FastAPI, url: str) -> None:
    page = open_page(1366, 690).page
    open_map(page, url, share(app, "Ringhild").token)
    page.locator("#map_norrsyn").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#square")).to_be_focused()
    ring, side = page.evaluate(
        """() => {
          const panel = document.getElementById("square"), style = getComputedStyle(panel);
          const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
          const { left, right } = panel.getBoundingClientRect(), side = panel.parentElement.getBoundingClientRect();
          return [[left - reach, right + reach, parseFloat(style.outlineWidth)], [side.left, side.right]];
        }"""
    )
    assert ring[2] >= 3
    assert side[0] <= ring[0]
    assert ring[1] <= side[1]


def test_squares_do_not_wait_for_the_ground(open_page: OpenPage, app: FastAPI, url: str) -> None:
    watched = open_page(1366, 768)
    cut_off(watched, url)
    page, held = watched.page, []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/share/ground.json*", hold)
    page.goto(f"{url}/s/{share(app, 'Sten').token}")
    page.locator("main button").click()
    page.wait_for_selector("#share-map .leaflet-tile-loaded", state="attached")
    assert len(held) == 1
    assert page.locator("#share-map[data-ready]").count() == 0
    page.evaluate("map_norrsyn.setView([63.9, 20.3], 9, {animate: false})")
    page.locator("#map_norrsyn").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#square-body")).not_to_contain_text("Klicka på en ruta")
    held[0].continue_()
    page.wait_for_selector("#share-map[data-ready]")
    assert page.locator(".leaflet-borders-pane canvas").count() == 1
    assert watched.troubles == []


def test_the_page_for_printing_is_cleared_when_its_link_ends(
    open_page: OpenPage, app: FastAPI, url: str, screenshots: Path
) -> None:
    made = share(app, "Åsa Utskrift")
    watched = open_page(1400, 900)
    page = watched.page
    open_map(page, url, made.token)
    page.goto(f"{url}/share/print?lang=sv")
    expect(page.get_by_role("button", name="Skriv ut")).to_be_visible()
    home = app.state.service.settings.home
    revoke_share(home, made.link.link_id, By(make_account(home, "Ender", ["coordinator"]), time.time()))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("h1")).to_have_text("Kartan visas inte längre")
    expect(page.locator("main")).to_contain_text("Anna Berg, 090-123 45")
    assert not [text for text in ("RES4000m", "Åsa Utskrift") if text in page.content()]
    page.screenshot(path=screenshots / "shared-print-ended.png")
    assert [one for one in watched.troubles if "404" not in one] == []


def test_a_page_is_cleared_when_another_link_is_opened_beside_it(open_page: OpenPage, app: FastAPI, url: str) -> None:
    """Not shown under its recipient's name, for its purpose: neither by coming back to it, nor by moving its map."""
    first, second = share(app, "Åsa Ett"), share(app, "Åsa Två")
    watched = open_page(1366, 768)
    page = watched.page
    come_back = "document.dispatchEvent(new Event('visibilitychange'))"
    move = "map_norrsyn.setView([66.5, 21.5], 12, {animate: false})"
    for action in (come_back, move):
        open_map(page, url, first.token)
        assert first.link.link_id in (page.locator("#share-csv").get_attribute("href") or "")
        assert first.link.link_id in (page.locator("#share-print").get_attribute("href") or "")
        other = page.context.new_page()
        open_map(other, url, second.token)
        page.evaluate(action)
        expect(page.locator("h1")).to_have_text("Kartan visas inte längre")
        assert not [text for text in ("RES4000m", "Åsa") if text in page.content()]
        expect(other.locator(".watermark").first).to_contain_text("Åsa Två")
        other.evaluate(come_back)
        other.wait_for_load_state("networkidle")
        expect(other.locator("#share-map")).to_be_visible()
        other.close()


def test_a_phone_and_a_browser_without_scripts(open_page: OpenPage, app: FastAPI, url: str, screenshots: Path) -> None:
    made = share(app, "Nils", max_openings=5)
    watched = open_page(390, 844, touch=True)
    cut_off(watched, url)
    page = watched.page
    open_map(page, url, made.token)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("map_norrsyn.setView([63.82, 20.235], 12, {animate: false})")
    box = page.locator("#map_norrsyn").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#square tbody tr")).to_have_count(3)
    page.screenshot(path=screenshots / "shared-map-phone.png")
    # its rows are cards there, and are sorted all the same
    head = page.locator("#share-rows thead [data-sort=employers] a")
    head.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "shared-map-phone-table.png")
    head.tap()
    expect(page.locator("#share-rows tbody tr").first.locator(".number")).to_have_text("83")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    state = page.context.storage_state()
    assert watched.troubles == []

    assert page.context.browser is not None
    plain = page.context.browser.new_context(java_script_enabled=False, storage_state=state)  # type: ignore[arg-type]
    try:
        reader = plain.new_page()
        reader.goto(f"{url}/share?lang=en")
        reader.locator("#share-rows thead").get_by_role("link", name="Employers").click()
        expect(reader.locator("#share-rows tbody tr").first.locator(".number")).to_have_text("83")
        # nothing is there that would do nothing
        for each in ("#share-map", "#share-view", "#share-print"):
            expect(reader.locator(each)).to_be_hidden()
        reader.screenshot(path=screenshots / "shared-map-plain.png", full_page=True)
        # in place of the map there is a drawing of each sector and layer
        drawn = reader.locator("main noscript a, main .callout a")
        expect(drawn).to_have_count(3)
        drawn.nth(1).click()
        expect(reader.locator(".share-sheet")).to_be_visible()
        expect(reader.locator("h1")).to_contain_text("Accommodation")
    finally:
        plain.close()
