"""An admin takes somebody in, publishes another surface, and reads the log; and every page is fit to be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import expect

import geo
from api import create_app
from api.importing.jobs import ImportJob
from api.settings import Settings
from geo.store.files import load_layers, save_surface
from tests.accounts import PASSWORD, cheap_passwords, make_account, sign_in
from tests.api.made import HOSTILE, fill_home
from tests.browser.axe import VIEWS, find_violations
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import find_free_port, run_server
from tests.frames import GRID

SIZES = {"laptop": (1366, 768, False), "phone": (390, 844, True)}
PAGES = {
    "overview": "/admin",
    "users": "/admin/users",
    "surfaces": "/admin/surfaces",
    "jobs": "/admin/jobs",
    "settings": "/admin/settings",
    "audit": "/audit",
    "audit-verified": "/audit?check=1&from=x&what=signed-in",
}
RTL = "بو بن علي"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("admin") / "home"
    fill_home(home)
    save_surface(home, geo.score(load_layers(home), GRID, at="2026-11-11"))
    sign_in(home)
    for name in ("W" * 100, RTL, HOSTILE):
        make_account(home, name, ["planner"], password=PASSWORD)
    return create_app(Settings(home=home, check_seconds=0), passwords=cheap_passwords())


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    port = find_free_port()
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


def test_somebody_is_taken_in_and_a_surface_published(open_page: OpenPage, url: str, screenshots: Path) -> None:
    watched = open_page(1366, 768)
    cut_off(watched, url)
    page = watched.page
    page.goto(f"{url}/help/glossary?lang=sv")
    page.locator(".help-menu summary").click()
    page.get_by_role("link", name="Administration").click()
    expect(page.locator("h1")).to_have_text("Administration")

    page.get_by_role("link", name="Användare", exact=True).click()
    page.get_by_label("Namn").fill("Åsa Öberg 👩‍🚒")
    page.get_by_label("Myndighet").select_option("skatteverket")
    page.locator("[name=role-planner]").check()
    page.get_by_role("button", name="Lägg till").click()
    link = page.get_by_label("Länk", exact=True)
    assert "/welcome/" in link.input_value()
    expect(page.get_by_role("button", name="Kopiera")).to_be_visible()
    page.screenshot(path=screenshots / "admin-new-user.png", full_page=True)
    page.get_by_role("link", name="Åsa Öberg").click()
    page.locator("[name=role-auditor]").check()
    page.get_by_role("button", name="Spara ändringarna").click()
    expect(page.locator("[role=status]")).to_contain_text("utloggad överallt")
    page.get_by_role("button", name="Stäng av").click()
    expect(page.locator(".facts").first).to_contain_text("Avstängd")

    reader = open_page().page
    reader.goto(f"{url}/?lang=sv")
    page.get_by_role("link", name="Riskytor", exact=True).click()
    page.get_by_role("link", name="Publicera").click()
    expect(page.locator("h1")).to_have_text("Publicera den här riskytan?")
    page.get_by_role("button", name="Publicera").click()
    expect(page.locator("[role=status]")).to_have_text("Publicerad.")
    page.get_by_role("link", name="Gå tillbaka till den här").click()
    expect(page.locator("h1")).to_have_text("Gå tillbaka till den här riskytan?")

    page.get_by_role("link", name="Händelselogg").click()
    for words in ("Publicerade en riskyta", "Stängde av en användare", "Lade till en användare"):
        expect(page.locator("main")).to_contain_text(words)
    assert watched.troubles == []


@pytest.mark.parametrize(("size", "lang"), VIEWS)
def test_every_page_is_fit_to_be_used(open_page: OpenPage, url: str, size: str, lang: str, screenshots: Path) -> None:
    width, height, touch = SIZES[size]
    watched = open_page(width, height, touch=touch)
    cut_off(watched, url)
    page = watched.page
    for name, path in PAGES.items():
        page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang={lang}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=screenshots / f"admin-{name}-{size}-{lang}.png", full_page=True)
        for folded in page.locator("main details").all():
            folded.evaluate("(node) => { node.open = true; }")
        assert find_violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.goto(f"{url}/admin/users?lang={lang}")
    page.get_by_role("link", name=RTL).click()
    page.wait_for_load_state("networkidle")
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if touch:
        low = page.locator("main a:visible, main button:visible").evaluate_all(
            "nodes => nodes.filter((one) => !one.closest('p, td, th') && one.getBoundingClientRect().height < 44)"
            ".map((one) => one.textContent)"
        )
        assert low == []
    assert watched.troubles == []


def test_an_import_is_followed_to_its_end(
    open_page: OpenPage, app: FastAPI, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = app.state.service.imports
    now = ImportJob("j1", "workplaces", ("a.csv",), is_dry_run=False, created_at="2026-07-15T08:00:00+00:00")
    states = {"now": now}
    monkeypatch.setattr(imports, "list_jobs", lambda: [states["now"]])
    monkeypatch.setattr(imports, "find", lambda _: states["now"])
    watched = open_page()
    page = watched.page
    page.goto(f"{url}/admin/jobs?lang=en")
    expect(page.locator("#jobs .job-status")).to_have_text("Waits")
    states["now"] = replace(now, status="running", stage="reading", rows_done=1234)
    expect(page.locator("#jobs .job-status")).to_have_text("Is being imported")
    expect(page.locator("#jobs .job-rows")).to_have_text("1,234")
    states["now"] = replace(now, status="failed", stage="reading", rows_done=2345)
    expect(page.locator("#jobs .job-status")).to_have_text("Failed")
    expect(page.locator("[data-job]")).to_have_count(0)
    assert watched.troubles == []


def test_without_javascript(browser: object, url: str, browser_cookies: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in browser_cookies.items()])
    page = context.new_page()
    page.goto(f"{url}/admin/users?lang=en")
    page.get_by_label("Name").fill("Bo")
    page.get_by_label("Agency").select_option("skatteverket")
    page.get_by_role("button", name="Take in").click()
    assert "/welcome/" in page.get_by_label("Link", exact=True).input_value()
    assert page.get_by_role("button", name="Copy").count() == 0
    page.goto(f"{url}/admin/jobs?lang=en")
    page.get_by_role("link", name="Reload").click()
    assert page.locator("h1").inner_text() == "Jobs"
    context.close()
