"""Pages as text: valid under the policy, in the language asked for, names shown as they are."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from maps.pages.base import STATIC_FOLDER, leaflet_folder, render_error_page
from maps.pages.map import render_map_page, render_setup_page
from maps.pages.surface import render_surface_page
from maps.skeleton import BaseMap, build_skeleton
from tests.maps.contract_server import Contract
from tests.maps.corpus import HOSTILE, PAYLOADS

VOID = {"meta", "link", "input", "br", "img"}


class Reader(HTMLParser):
    """Elements, attributes and text of a page; insists that elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, tag: str, name: str) -> list[str]:
        return [str(attrs[name]) for one, attrs in self.elements if one == tag and name in attrs]


@pytest.fixture(scope="module")
def contract(hostile_surface: Any) -> Contract:
    return Contract(hostile_surface)


def every_page(contract: Contract, lang: str) -> dict[str, str]:
    query = [("lang", lang), ("cell", HOSTILE)]
    manifest = dict(contract.surface.manifest) | {"source": HOSTILE}
    return {
        "map": render_map_page(lang, build_skeleton(), synthetic=True, query=query),
        "surface": render_surface_page(lang, contract.info, manifest, query=query),
        "error": render_error_page(lang, 404, "Page not found", HOSTILE, query=query),
        "setup": render_setup_page(lang, has_layers=False, query=query),
    }


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("name", ["map", "surface", "error", "setup"])
def test_pages_obey_the_policy(contract: Contract, name: str, lang: str) -> None:
    read = Reader(every_page(contract, lang)[name])
    for tag, attrs in read.elements:
        assert tag != "style"
        assert not [attr for attr in attrs if attr.startswith("on") or attr == "style"]
        if tag == "script":
            assert attrs.get("src")
        for attr in ("src", "href", "action"):
            assert not str(attrs.get(attr, "")).startswith(("http:", "https:", "//", "javascript:", "data:"))


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("name", ["map", "surface", "error", "setup"])
def test_pages_say_their_language_and_have_what_readers_need(contract: Contract, name: str, lang: str) -> None:
    read = Reader(every_page(contract, lang)[name])
    assert read.values("html", "lang") == [lang]
    ids = read.values("*", "id") or [str(attrs["id"]) for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    skip = next(attrs["href"] for tag, attrs in read.elements if tag == "a")
    assert str(skip).removeprefix("#") in ids
    assert [tag for tag, _ in read.elements].count("h1") == 1
    assert [tag for tag, _ in read.elements].count("main") == 1
    for tag, attrs in read.elements:
        for attr in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            for target in str(attrs.get(attr, "")).split():
                # The cell panel's heading is made when a cell is opened.
                assert target in {*ids, "cell-title"}, (tag, attr)


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_swedish_pages_are_swedish(contract: Contract, lang: str) -> None:
    text = " ".join(Reader(page).text for page in every_page(contract, lang).values())
    assert ("Rangordnade platser" in text) == (lang == "sv")
    assert ("Ranked places" in text) == (lang == "en")
    assert ("Sidan finns inte" in text) == (lang == "sv")


def test_the_language_switch_keeps_the_rest_of_the_address() -> None:
    query = [("lang", "sv"), ("z", "9"), ("sector", "green"), ("sector", "a&b"), ("cell", HOSTILE)]
    links = Reader(render_map_page("sv", build_skeleton(), query=query)).values("a", "href")
    kept = "z=9&sector=green&sector=a%26b&cell=%7B%7B+7%2A7+%7D%7D%3Cimg+src%3Dx+onerror%3Dalert%281%29%3E"
    assert f"?lang=en&{kept}" in links
    assert f"?lang=sv&{kept}" in links


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_is_shown_as_it_is(contract: Contract, payload: str) -> None:
    info = contract.info | {"layers": [dict(contract.info["layers"][0], source=payload, title=payload)]}
    surface = Reader(render_surface_page("sv", info, {"note": payload}))
    error = Reader(render_error_page("sv", 500, payload, payload))
    base_map = BaseMap("https://tiles.example/{z}/{x}/{y}.png", payload)
    shown = Reader(render_map_page("sv", build_skeleton(base_map), base_map=base_map)).values(
        "body", "data-attribution"
    )
    clean = payload.replace("\0", "")
    assert shown[0].replace("\0", "").replace("\ufffd", "") == clean
    for page in (surface, error):
        text = page.text.replace("\0", "").replace("\ufffd", "")
        assert text.count(clean) >= 2
        assert "img" not in {tag for tag, _ in page.elements}


def test_the_synthetic_mark_is_bilingual_and_only_there_when_true(contract: Contract) -> None:
    for synthetic in (True, False):
        page = render_surface_page("en", contract.info | {"synthetic": synthetic}, {})
        banner = next(attrs for _, attrs in Reader(page).elements if attrs.get("id") == "synthetic")
        assert ("hidden" in banner) is not synthetic
        assert "Syntetiska data" in page
        assert "Synthetic data" in page


@pytest.mark.parametrize(
    ("correlation", "overlap", "words"),
    [
        (0.91, 0.85, ["0,91", "17 av 20", "följer i huvudsak"]),
        (0.62, 0.45, ["0,62", "9 av 20", "följer delvis"]),
        (-0.1, 0.0, ["\u22120,10", "0 av 20", "skiljer sig tydligt"]),
        (None, None, ["För få rutor"]),
    ],
)
def test_the_comparison_is_put_into_words(
    contract: Contract, correlation: float | None, overlap: float | None, words: list[str]
) -> None:
    comparison = {"rank_correlation": correlation, "top20_overlap": overlap}
    text = Reader(render_surface_page("sv", contract.info | {"comparison": comparison}, {})).text
    assert all(word in text for word in words)


def test_a_surface_with_gaps_in_what_is_known_is_still_shown(contract: Contract) -> None:
    layers = [dict(contract.info["layers"][0], added_at=None, source=None)]
    info = contract.info | {"created": None, "sectors": ["green", "unheard_of"], "layers": layers}
    text = Reader(render_surface_page("sv", info, {})).text
    assert "Gröna näringar, unheard_of" in text


def test_the_way_back_to_the_map_keeps_date_and_sectors(contract: Contract) -> None:
    info = contract.info | {"at": "2026-02-01", "sectors": ["cleaning", "green"]}
    links = Reader(render_surface_page("en", info, {})).values("a", "href")
    assert any(link.endswith("?lang=en&at=2026-02-01&sector=cleaning&sector=green") for link in links)


def test_files_that_pages_ask_for_are_there() -> None:
    read = Reader(render_map_page("sv", build_skeleton()))
    asked = [*read.values("script", "src"), *read.values("link", "href")]
    assert "map/skeleton.js" in asked
    for name in asked:
        if name.startswith("static/leaflet/"):
            assert (leaflet_folder() / name.removeprefix("static/leaflet/")).is_file()
        elif name.startswith("static/"):
            assert (STATIC_FOLDER / name.removeprefix("static/")).is_file()
    assert (leaflet_folder() / "leaflet.js").read_text("utf-8").find("1.9.3") > 0


def test_our_styles_and_scripts_reach_for_nothing_elsewhere() -> None:
    for path in [*STATIC_FOLDER.rglob("*.css"), *STATIC_FOLDER.rglob("*.js")]:
        text = path.read_text("utf-8")
        assert "http:" not in text, path
        assert "https:" not in text, path
        assert "innerHTML" not in text, path
        assert "insertAdjacentHTML" not in text, path
        assert "eval(" not in text, path


@pytest.mark.parametrize(
    ("query", "day", "week", "month"),
    [
        ([], "2026-07-15", "29", "7"),
        ([("at", "2027-01-01")], "2027-01-01", "53", "1"),
        ([("at", "2025-12-31")], "2025-12-31", "1", "12"),
        ([("at", "2026-02-30")], "2026-07-15", "29", "7"),
    ],
)
def test_the_date_stands_in_its_fields_before_any_script(
    query: list[tuple[str, str]], day: str, week: str, month: str
) -> None:
    page = render_map_page("sv", build_skeleton(), query=query, at=date(2026, 7, 15))
    for name, value in (("at", day), ("week", week), ("month", month)):
        assert re.search(rf'<input id="{name}" [^>]*value="{value}"', page), name
