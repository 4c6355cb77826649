"""The stand-alone file opens from a file share, asks for nothing, and shows names as they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.standalone import escape_json, render_standalone
from tests.browsing import Watched
from tests.maps.contract_server import Contract
from tests.maps.corpus import HOSTILE, PAYLOADS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture(scope="module")
def contract(hostile_surface: object) -> Contract:
    return Contract(hostile_surface)  # type: ignore[arg-type]


def render(contract: Contract, lang: str = "sv") -> str:
    places = contract.places(20, lang)
    for place, payload in zip(places, PAYLOADS, strict=False):
        place["name"] = payload
        place["reasons"] = [payload, *place["reasons"]]
    return render_standalone(
        lang, contract.tiles, info=contract.info, places=places, basemap=contract.basemap, written=date(2026, 7, 20)
    )


@given(JSON)
def test_json_in_the_page_stays_json_and_stays_inside(value: object) -> None:
    text = escape_json(value)
    assert json.loads(text) == value
    assert not re.search("[<>&\u2028\u2029]", text)


def test_the_policy_allows_exactly_what_the_file_holds(contract: Contract) -> None:
    page = render(contract)
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for kind, texts in (("script-src", scripts), ("style-src", styles)):
        hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
        assert rules[kind] == " ".join(f"'sha256-{one}'" for one in hashes)
    assert len(re.findall("<script", page)) == len(scripts) + 1
    assert not re.search(r'\s(?:on\w+|style|src)="', page.split("<style>")[0] + page.split("</style>")[1][:4000])


@pytest.mark.parametrize("band_cells", [None, 1], ids=["whole", "in bands"])
def test_cells_can_be_read_back(contract: Contract, monkeypatch: pytest.MonkeyPatch, band_cells: int | None) -> None:
    if band_cells:
        monkeypatch.setattr("geo.polygons._BAND_CELLS", band_cells)
    block = re.search('<script type="application/json" id="data">(.*?)</script>', render(contract), re.DOTALL)
    assert block is not None
    runs = np.array(json.loads(block[1])["cells"]).reshape(-1, 2)
    keys = np.repeat(runs[:, 0], runs[:, 1]).reshape(contract.surface.grid.shape)
    assert np.array_equal(keys, contract.tiles.keys)
    assert (runs[1:, 0] != runs[:-1, 0]).all()


@pytest.fixture
def opened(contract: Contract, open_page: Callable[..., Watched], tmp_path: Path) -> Watched:
    path = tmp_path / "karta med mellanslag.html"
    path.write_text(render(contract), "utf-8")
    watched = open_page()
    watched.page.goto(path.as_uri())
    watched.page.wait_for_selector("#ranking-rows .row-button")
    return watched


@pytest.mark.browser
def test_it_opens_from_a_file_without_a_word_or_a_request(opened: Watched) -> None:
    opened.page.wait_for_selector("img.leaflet-image-layer")
    assert opened.page.eval_on_selector(
        "img.leaflet-image-layer", "image => image.decode().then(() => image.naturalWidth)"
    )
    assert opened.troubles == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in opened.requests if url.startswith("file:")]) == 1


@pytest.mark.browser
def test_places_show_their_reasons_and_names_as_they_are(opened: Watched, contract: Contract) -> None:
    page = opened.page
    names = page.eval_on_selector_all("#ranking-rows .row-name", "nodes => nodes.map((node) => node.textContent)")
    n_places = min(len(contract.places(20, "sv")), len(PAYLOADS))
    assert n_places >= 3
    assert names[:n_places] == list(PAYLOADS[:n_places])
    for position in range(n_places):
        page.locator("#ranking-rows .row-button").nth(position).click()
        assert page.text_content("#cell-title") == PAYLOADS[position]
        assert page.locator(".reasons li").first.text_content() == PAYLOADS[position]
        shown = page.eval_on_selector_all(
            ".parts tbody td.number:not(.of-max)", "all => all.map((one) => one.textContent)"
        )
        total = page.text_content(".parts tfoot td.number") or ""
        as_tenths = [round(float(text.replace(",", ".")) * 10) for text in (*shown, total)]
        assert sum(as_tenths[:-1]) == as_tenths[-1]
    assert opened.troubles == []


@pytest.mark.browser
def test_any_other_cell_tells_its_class(opened: Watched, contract: Contract) -> None:
    page = opened.page
    page.evaluate("document.querySelector('.leaflet-container').focus()")
    box = page.locator("#map_norrsyn").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 40, box["y"] + 60)
    assert "Ritas inte" in page.inner_text("#cell-title")
    page.keyboard.press("Tab")
    page.click(".icon-button")
    assert page.is_hidden("#cell")
    keys = page.evaluate("JSON.parse(document.getElementById('data').textContent).cells")
    assert sum(keys[1::2]) == contract.surface.grid.n_cells
    assert opened.troubles == []


@pytest.mark.browser
def test_paper_and_english(contract: Contract, open_page: Callable[..., Watched], tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text(render(contract, "en"), "utf-8")
    watched = open_page(390, 844, touch=True)
    page = watched.page
    page.goto(path.as_uri())
    page.wait_for_selector("#ranking-rows .row-button")
    assert "Ranked places" in page.inner_text("#ranking-title")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.emulate_media(media="print")
    assert HOSTILE in page.inner_text(".paper-table")
    assert watched.troubles == []
