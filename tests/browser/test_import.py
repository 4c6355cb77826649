"""A planner imports a file in the browser, reads what happened to each row, and mends what waits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Route, expect

from api import create_app
from api.settings import Settings
from tests.accounts import cheap_passwords, sign_in
from tests.api.made import BROKEN_ROWS
from tests.browser.axe import find_violations
from tests.browser.test_main_job import OpenPage, cut_off
from tests.browsing import find_free_port, run_server


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the application over a data folder that is not there yet."""
    port = find_free_port()
    home = tmp_path_factory.mktemp("import") / "home"
    sign_in(home)
    app = create_app(Settings(home=home), passwords=cheap_passwords())
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


def test_a_file_with_a_broken_row_is_imported_read_about_and_mended(
    open_page: OpenPage, url: str, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "arbetsställen.csv"
    file.write_text(BROKEN_ROWS, encoding="utf-8")
    watched = open_page(1280, 900)
    cut_off(watched, url)
    page = watched.page
    page.goto(f"{url}/?lang=sv")
    page.get_by_role("link", name="Importera data").click()
    page.wait_for_load_state("networkidle")

    page.get_by_role("button", name="Importera", exact=True).click()
    expect(page.locator("#layer-problem")).to_have_text("Välj ett lager.")
    expect(page.locator("#layer")).to_be_focused()
    page.get_by_label("Lager", exact=True).select_option("workplaces")
    page.locator("#files").set_input_files(str(file))
    for field in ("layer", "files"):
        expect(page.locator(f"#{field}-problem")).to_be_hidden()
    page.get_by_text("Hur filen ska läsas").click()
    page.get_by_label("Sätt värden").fill("kind=registered")
    page.screenshot(path=screenshots / "import.png", full_page=True)
    page.get_by_role("button", name="Importera", exact=True).click()

    page.wait_for_url("**/import/1?**", timeout=120_000)
    expect(page.locator("h1")).to_have_text("Arbetsställen: rapport om importen")
    equation = page.locator(".equation").inner_text().split()
    assert " ".join(equation) == "5 rader in = 2 godtagna + 2 i karantän + 1 dubbletter"
    rules = page.locator(".rules tbody tr").all_inner_texts()
    assert len(rules) == 2
    assert any("employees" in rule and "kan inte läsas som ett tal" in rule and "'många'" in rule for rule in rules)
    expect(page.locator(".columns")).to_contain_text("nationalitet anger nationalitet")
    expect(page.locator("main")).to_contain_text("norrsyn score")
    page.screenshot(path=screenshots / "import-report.png", full_page=True)
    assert find_violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert find_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Hämta raderna i karantän").click()
    rows = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_text("utf-8-sig"))))
    mended = tmp_path / downloading.value.suggested_filename
    rows[0]["antal anställda"] = "40"
    with mended.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows[:1])
    page.get_by_role("link", name="Importera data").click()
    # the report knows the layer
    expect(page.locator("#layer")).to_have_value("workplaces")
    page.locator("#files").set_input_files(str(mended))
    page.get_by_role("button", name="Importera", exact=True).click()
    page.wait_for_url("**/import/2?**", timeout=120_000)
    expect(page.locator(".figures .figure").first).to_contain_text("1")
    assert watched.troubles == []


def test_on_a_phone_by_keyboard_and_in_english(
    open_page: OpenPage, url: str, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "nothing.csv"
    file.write_text("a;b\n1;2\n", encoding="utf-8")
    watched = open_page(390, 844, touch=True)
    cut_off(watched, url)
    page = watched.page
    page.goto(f"{url}/import?lang=en&layer=workplaces")
    page.wait_for_load_state("networkidle")
    page.locator("#files").set_input_files(str(file))
    page.locator("#import-start").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".as-told", timeout=120_000)
    expect(page.locator("h1")).to_have_text("The import failed")
    expect(page.locator(".as-told")).to_contain_text("no columns say where its rows are")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert find_violations(page) == []
    page.goto(f"{url}/import?lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "import-phone.png", full_page=True)
    assert watched.troubles == []


def test_the_form_is_not_sent_before_its_script_is_there(open_page: OpenPage, url: str) -> None:
    watched = open_page()
    cut_off(watched, url)
    page, held = watched.page, list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/static/js/import_form.js", hold)
    page.goto(f"{url}/import?lang=en", wait_until="commit")
    button = page.get_by_role("button", name="Import", exact=True)
    button.wait_for()
    # by the page itself, at once: the browser's own form would leave for the address that programs ask
    button.evaluate("button => button.click()")
    expect(button).to_be_disabled()
    held.pop().continue_()
    button.click()
    expect(page.locator("#layer-problem")).to_have_text("Choose a layer.")
    assert "/api/" not in page.url
    assert watched.troubles == []
