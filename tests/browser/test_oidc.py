"""A browser goes to the identity provider and comes back signed in, by keyboard and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import expect

from api import create_app
from tests.accounts import cheap_passwords
from tests.browser.test_main_job import OpenPage
from tests.browsing import find_free_port, run_server
from tests.oidc_provider import run_provider
from tests.promises.test_oidc import ANNA, make_settings


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Nobody is signed in to begin with."""
    return {}


def test_there_and_back(open_page: OpenPage, tmp_path: Path, screenshots: Path) -> None:
    port = find_free_port()
    with run_provider() as provider:
        app = create_app(make_settings(tmp_path, provider), passwords=cheap_passwords())
        with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
            watched = open_page(390, 844)
            page = watched.page
            provider.user = {"sub": "bo", "name": "Bo", "groups": []}
            page.goto(f"http://127.0.0.1:{port}/account?lang=sv")
            page.get_by_role("link", name="Logga in med SITHS").press("Enter")
            expect(page.locator(".fault-summary")).to_contain_text("inte i Norrsyn")
            assert "code=" not in page.url
            page.screenshot(path=screenshots / "provider-refused.png")
            page.locator("a[lang=en]").first.click()
            expect(page.locator(".fault-summary")).to_contain_text("not to Norrsyn")

            provider.user = dict(ANNA)
            page.get_by_role("link", name="Logga in med SITHS").press("Enter")
            # in the language that was chosen last
            page.wait_for_url("**/account?lang=en")
            expect(page.locator("main")).to_contain_text("Anna Berg")
            assert [one for one in watched.troubles if "403" not in one] == []
