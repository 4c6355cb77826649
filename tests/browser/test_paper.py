"""Pages on paper: the first sheet is used to its end, nothing is cut, and it says when it was made and printed."""

from __future__ import annotations

import re

import numpy as np
import pypdfium2
from playwright.sync_api import Page

from tests.browser.test_main_job import OpenPage
from tests.browser.test_plans import make_plan

STAMP = re.compile(r"Sidan gjord \d+ \w+ \d{4} kl\. \d\d:\d\d, utskriven \d+ \w+ \d{4} kl\. \d\d:\d\d")
# of a sheet's height; the margin at the foot is 5 % of it
USED = 0.8


def print_page(page: Page) -> tuple[list[str], float]:
    """What stands on each sheet, and how far down the first one is used."""
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as paper:
        sheets = [sheet.get_textpage().get_text_range() for sheet in paper]
        ink = np.flatnonzero((paper[0].render(grayscale=True).to_numpy().squeeze() < 200).any(axis=1))
        return sheets, float(ink[-1]) / paper[0].get_height()


def test_the_yearly_picture_on_paper(open_page: OpenPage, demo_url: str) -> None:
    page = open_page().page
    page.goto(f"{demo_url}/picture?lang=sv")
    page.wait_for_load_state("networkidle")
    sheets, used = print_page(page)
    assert STAMP.search(sheets[0])
    assert "Kontroller per bransch" in sheets[0]
    assert used > USED
    # it is of no use on the screen
    assert not page.locator("#print-stamp").is_visible()


def test_a_plan_on_paper(open_page: OpenPage, own_url: str) -> None:
    page = open_page().page
    make_plan(page, own_url, "Papper", n_crews=1, n_days=1)
    page.wait_for_load_state("networkidle")
    sheets, used = print_page(page)
    assert STAMP.search(sheets[0])
    assert used > USED
    assert not page.locator("#print-stamp").is_visible()
