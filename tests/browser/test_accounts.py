"""The first user comes in by the printed link, and a session that ends in the middle of work costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import expect

from api import create_app
from api.settings import Settings
from tests.accounts import PASSWORD, cheap_passwords, make_account, sign_in, token_of
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import find_free_port, run_server


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Nobody is signed in to begin with."""
    return {}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Settings(home=tmp_path_factory.mktemp("doors")), passwords=cheap_passwords())


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    port = find_free_port()
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


def is_expected(trouble: str) -> bool:
    """Refusals of the forms that are sent wrongly on purpose."""
    return trouble.startswith(("401 ", "422 ")) or "status of 401" in trouble or "status of 422" in trouble


def test_the_first_user_and_a_session_that_ends(open_page: OpenPage, app: FastAPI, url: str, screenshots: Path) -> None:
    watched = open_page(1280, 900)
    cut_off(watched, url)
    page = watched.page
    page.goto(f"{url}/import?lang=sv")
    assert "/sign-in?" in page.url
    page.screenshot(path=screenshots / "sign-in.png")

    page.goto(f"{url}/welcome/{app.state.accounts.make_first_link()}")
    page.get_by_label("Namn").fill("Åsa Lind")
    page.get_by_role("button", name="Fortsätt").click()
    expect(page.locator(".fault-summary")).to_be_focused()
    expect(page.get_by_label("Namn")).to_have_value("Åsa Lind")
    page.screenshot(path=screenshots / "welcome.png", full_page=True)
    page.get_by_label("Myndighet").select_option("polismyndigheten")
    page.get_by_label("Lösenord", exact=True).fill(PASSWORD)
    page.get_by_label("Samma lösenord igen").fill(PASSWORD)
    page.get_by_role("button", name="Fortsätt").click()
    expect(page.locator(".signed-in-name")).to_have_text("Åsa Lind")

    # the session ends while a form is being filled in
    page.goto(f"{url}/import?lang=sv")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Lager", exact=True).select_option("workplaces")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"cfar;namn\n1;x\n"}
    page.locator("#files").set_input_files([file])  # type: ignore[list-item]
    app.state.accounts.end_sessions(page.evaluate("document.body.dataset.user"))
    page.get_by_role("button", name="Importera", exact=True).click()
    note = page.locator(".session-note")
    expect(note).to_contain_text("Det du ser och har skrivit står kvar.")
    page.screenshot(path=screenshots / "session-ended.png")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Logga in i en ny flik").click()
    other = opened.value
    other.get_by_label("Namn").fill("ÅSA LIND")
    other.get_by_label("Lösenord").fill(PASSWORD)
    other.get_by_role("button", name="Logga in").click()
    expect(other.locator("h1")).to_have_text("Du är inloggad igen")
    other.close()
    # it goes on by itself, with what was chosen
    page.wait_for_url("**/import/jobs/**", timeout=30_000)

    page.goto(f"{url}/account?lang=sv")
    page.screenshot(path=screenshots / "account.png", full_page=True)
    page.locator("header").get_by_role("button", name="Logga ut").click()
    page.wait_for_url("**/sign-in**")
    page.goto(f"{url}/account?lang=sv")
    assert "/sign-in?" in page.url
    assert [trouble for trouble in watched.troubles if not is_expected(trouble)] == []


@pytest.mark.long
def test_a_form_whose_session_has_ended_keeps_what_was_typed(open_page: OpenPage, app: FastAPI, url: str) -> None:
    home = app.state.service.settings.home
    make_account(home, "Eva Ek", password=PASSWORD)
    sign_in(home, "Eva Ek")
    watched = open_page(1280, 900)
    cut_off(watched, url)
    page = watched.page
    page.context.add_cookies([{"name": "norrsyn", "value": token_of("Eva Ek"), "url": url}])

    def sign_in_beside() -> None:
        expect(page.locator(".session-note")).to_contain_text("Det du ser och har skrivit står kvar.")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Logga in i en ny flik").click()
        other = opened.value
        other.get_by_label("Namn").fill("Eva Ek")
        other.get_by_label("Lösenord").fill(PASSWORD)
        other.get_by_role("button", name="Logga in").click()
        expect(other.locator("h1")).to_have_text("Du är inloggad igen")
        other.close()

    page.goto(f"{url}/admin/users?lang=sv")
    user = page.evaluate("document.body.dataset.user")
    page.locator("main input[name=name]").fill("Ny Kollega")
    app.state.accounts.end_sessions(user)
    page.locator("main form [type=submit]").last.click()
    sign_in_beside()
    # the form's token was the ended session's: it is shown once more, with all that was typed
    expect(page.locator(".fault-summary")).to_be_visible(timeout=30_000)
    expect(page.locator("main input[name=name]")).to_have_value("Ny Kollega")

    page.goto(f"{url}/account?lang=sv")
    for field, text in (("old_password", PASSWORD), ("password", "ett helt nytt ord"), ("again", "ett helt nytt ord")):
        page.locator(f"input[name={field}]").fill(text)
    app.state.accounts.end_sessions(user)
    page.locator("form[action*='account/password'] [type=submit]").click()
    sign_in_beside()
    page.wait_for_url("**/account?*done=password*", timeout=30_000)
    assert [trouble for trouble in watched.troubles if not is_expected(trouble)] == []


def test_on_a_phone_in_english(open_page: OpenPage, url: str, screenshots: Path) -> None:
    watched = open_page(390, 844, touch=True)
    page = watched.page
    page.goto(f"{url}/sign-in?lang=en")
    page.get_by_label("Name").fill("Nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".fault-summary")).to_have_text(
        "Name and password do not belong together. Check both and try again."
    )
    expect(page.get_by_label("Name")).to_have_value("Nobody")
    expect(page.get_by_label("Password")).to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    heights = page.locator("main input:not([type=hidden]), main button").evaluate_all(
        "all => all.map(e => e.offsetHeight)"
    )
    assert min(heights) >= 44
    page.screenshot(path=screenshots / "sign-in-phone.png")
    assert [trouble for trouble in watched.troubles if not is_expected(trouble)] == []
