"""A coordinator makes a link and copies it, its recipient opens it, and sees the refusal once it is revoked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from api import create_app
from api.settings import Settings
from geo.layers.circles import VISIBLE
from geo.store.people.management import By
from geo.store.people.shares.life import create_share
from geo.store.releases import delete_release, save_release
from tests.accounts import cheap_passwords, make_account, sign_in
from tests.api.made import HOSTILE
from tests.browser.axe import VIEWS, find_violations
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import find_free_port, run_server
from tests.shares import make_new, make_release, put_release

SIZES = {"laptop": (1366, 768, False), "phone": (390, 844, True)}
ALL = frozenset(VISIBLE)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("share") / "home"
    put_release(home)
    sign_in(home)
    return create_app(Settings(home=home, check_seconds=0), passwords=cheap_passwords())


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    port = find_free_port()
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


def test_a_link_is_made_copied_opened_printed_and_revoked(open_page: OpenPage, url: str, screenshots: Path) -> None:
    watched = open_page(1366, 768)
    cut_off(watched, url)
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{url}/help/glossary?lang=sv")
    page.locator(".help-menu summary").click()
    page.get_by_role("link", name="Delningslänkar").click()
    page.get_by_role("link", name="Skapa en länk").click()
    fill_in(page)
    # all by the keyboard from here: the last field, and Enter
    page.get_by_label("Öppnas bara en gång").focus()
    page.keyboard.press("Space")
    page.get_by_label("Hur många gånger").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#address-title")).to_have_text("Adressen visas bara nu")
    page.get_by_role("button", name="Kopiera", exact=True).first.click()
    expect(page.locator("#new-link-said")).to_have_text("Kopierad.")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == page.get_by_label("Adress", exact=True).input_value()
    code = page.locator("#new-code").input_value()
    letter = page.get_by_label("Text till ett mejl").input_value()
    assert address in letter
    assert code not in letter
    page.screenshot(path=screenshots / "links-made.png", full_page=True)

    recipient = open_page(390, 844, touch=True)
    cut_off(recipient, url)
    recipient.page.context.clear_cookies()
    reader = recipient.page
    reader.goto(address)
    reader.get_by_label("Kod, om du har fått en").fill(code.lower().replace("-", " "))
    reader.get_by_role("button", name="Öppna kartan").click()
    expect(reader.locator(".watermark").first).to_contain_text("För Åsa Öberg, Skatteverket")
    assert reader.url == f"{url}/share?lang=sv"
    reader.get_by_role("link", name="EN", exact=True).click()
    expect(reader.locator("h1")).to_have_text("A shared map")
    assert all("For Åsa Öberg, Skatteverket" in sheet for sheet in print_map(reader))
    (cookie,) = reader.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("norrsyn-share", True, "Strict")
    # no word of a token reaches anything that the pages load
    assert [one for one in recipient.requests if "nsl_" in one and not one.startswith(f"{url}/s/")] == []
    assert reader.evaluate("document.referrer") == ""
    assert recipient.troubles == []

    page.get_by_role("button", name="Återkalla").click()
    expect(page.locator("[role=status]").first).to_contain_text("Återkallad")
    answer = reader.reload()
    assert answer is not None
    assert answer.status == 404
    expect(reader.locator("h1")).to_have_text("This link cannot be opened")
    assert watched.troubles == []


def fill_in(page: Page) -> None:
    """What the form for a link does not say by itself."""
    page.get_by_label("Mottagare", exact=True).fill("Åsa Öberg, Skatteverket")
    page.get_by_label("Ändamål").fill("Vecka 30")
    page.get_by_label("Rättslig grund").select_option("law-2024-307")
    contact = page.get_by_label("Vem mottagaren kan fråga")
    assert contact.input_value().endswith(", Polismyndigheten")
    contact.fill(f"{contact.input_value()}, 090-123 45")


def print_map(page: Page) -> list[str]:
    """What stands on each sheet, by way of the page for printing and back."""
    page.get_by_role("link", name="Print", exact=True).click()
    expect(page.locator(".share-sheet")).to_be_visible()
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as paper:
        sheets = [sheet.get_textpage().get_text_range() for sheet in paper]
    assert sheets
    page.get_by_role("link", name="Back to the map").click()
    expect(page.locator("h1")).to_have_text("A shared map")
    return sheets


@pytest.mark.long
def test_the_form_lets_nothing_be_chosen_that_the_release_does_not_tell(
    open_page: OpenPage, app: FastAPI, url: str
) -> None:
    home = app.state.service.settings.home
    plain = make_release("f" * 16, days=30)
    save_release(home, replace(plain, rows=tuple(row for row in plain.rows if row.sector == "all")), b"{}")
    try:
        page = open_page(1366, 768).page
        page.goto(f"{url}/links/new?lang=sv")
        release, building = page.get_by_label("Utgåva", exact=True), page.get_by_label("Bygg och anläggning")
        release.select_option("0123456789abcdef")
        building.check()
        release.select_option("f" * 16)
        expect(building).to_be_disabled()
        expect(building).not_to_be_checked()
        release.select_option("0123456789abcdef")
        expect(building).to_be_enabled()
        # one kind of area at a time
        page.get_by_label("Västerbottens län").check()
        expect(page.get_by_label("Län", exact=True)).to_be_checked()
        page.get_by_label("Kommun", exact=True).select_option("2480")
        expect(page.get_by_label("Västerbottens län")).not_to_be_checked()
        page.get_by_label("Hela utgåvan").check()
        expect(page.get_by_label("Kommun", exact=True)).to_have_value("")
    finally:
        delete_release(home, "f" * 16)


@pytest.mark.long
@pytest.mark.parametrize(("size", "lang"), VIEWS)
def test_every_page_is_fit_to_be_used(
    open_page: OpenPage, app: FastAPI, url: str, size: str, lang: str, screenshots: Path
) -> None:
    home, now = app.state.service.settings.home, time.time()
    by = By(make_account(home, "Anna Berg", ["coordinator"]), now)
    waiting = create_share(home, make_new(now, recipient="W" * 150, needs_approval=True), by, among=ALL, replaces=True)
    made = create_share(home, make_new(now, recipient=HOSTILE, purpose="بو بن علي"), by, among=ALL, replaces=True)
    width, height, touch = SIZES[size]
    watched = open_page(width, height, touch=touch)
    page = watched.page
    pages = {
        "list": "/links?state=",
        "one": f"/links/{waiting.link.link_id}",
        "new": "/links/new?area=20.1_63.8_20.2_63.8_20.2_63.9",
        "faults": "",
        "opening": f"/s/{made.token}",
        "shared": "",
        "print": "/share/print",
        "refused": "/share",
    }
    for name, path in pages.items():
        if name == "faults":
            page.locator("#link-form button[type=submit]").click()
            expect(page.locator(".fault-summary")).to_be_focused()
        elif name == "shared":
            page.locator("main button").click()
            expect(page.locator("main .data-table")).to_be_visible()
        else:
            if name != "print":
                page.context.clear_cookies(name="norrsyn-share")
            page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang={lang}")
        page.wait_for_load_state("networkidle")
        for theme in ("light", "dark", "outdoor") if name in {"shared", "print"} else ("light", "dark"):
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            assert find_violations(page) == [], f"{name} {theme}"
        page.screenshot(path=screenshots / f"links-{name}-{size}-{lang}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert [one for one in watched.troubles if "404" not in one and "422" not in one] == []
