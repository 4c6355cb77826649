"""Help pages: the words of both languages, and the numbers that really run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from geo.reference import list_tables, load_table, model_parameters, read_table
from geo.risk.model import load_model
from geo.risk.surface import RiskSurface
from maps.i18n import format_number
from maps.pages.accessibility import render_accessibility_page
from maps.pages.base import split_source
from maps.pages.glossary import list_entries, render_glossary_page
from maps.pages.model import render_model_page
from tests.maps.corpus import PAYLOADS

# Words that the issue of the map and the promises use: each has its place in the glossary.
NEEDED = {
    "workplace", "accommodation", "finding", "visit", "establishment", "cell", "score_class", "effort", "certainty",
    "never_inspected", "circle", "surface", "manifest", "hot_spot",
}  # fmt: skip


class Reader(HTMLParser):
    """Ids, links within the page and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        link = given.get("href") or ""
        if link.startswith("#"):
            self.anchors.add(link[1:])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module", params=["sv", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model_page(surface: RiskSurface, lang: str) -> Reader:
    page = render_model_page(lang, surface.model, at=surface.at, surface_id=surface.id, manifest=surface.manifest)
    return Reader(page)


# ---- glossary ------------------------------------------------------------------------------------------------------


def test_the_glossary_has_every_word_with_an_anchor(lang: str) -> None:
    reader = Reader(render_glossary_page(lang))
    assert set(reader.ids) >= NEEDED
    assert len(reader.ids) == len(set(reader.ids))
    for entry in list_entries(lang):
        assert entry.meaning.rstrip().endswith(".")
        assert len(re.findall(r"[.!?](?:\s|$)", entry.meaning)) <= 3, entry.anchor


def test_codes_come_from_the_tables_that_they_belong_to(lang: str) -> None:
    listed = {row["entry"]: row["listed"] for row in read_table("glossary").to_dict("records") if row["listed"]}
    assert set(listed.values()) <= set(list_tables())
    entries = {entry.anchor: entry for entry in list_entries(lang)}
    column = "title_sv" if lang == "sv" else "title"
    assert entries["establishment"].codes == tuple(read_table("establishment_phases")[column])
    assert all(entries[name].codes for name in listed)


def test_words_stand_in_the_order_of_their_alphabet() -> None:
    swedish = [entry.term for entry in list_entries("sv")]
    assert swedish[0] == "Aldrig kontrollerad"
    assert swedish.index("Yta") == len(swedish) - 1
    english = [entry.term for entry in list_entries("en")]
    assert english == sorted(english, key=str.lower)


def test_both_languages_say_something_of_their_own() -> None:
    for row in read_table("glossary").to_dict("records"):
        assert row["meaning"] != row["meaning_sv"]
        assert not re.search(r"\b(the|and|is)\b", row["meaning_sv"]), row["entry"]


# ---- the model -----------------------------------------------------------------------------------------------------


def test_links_within_the_page_lead_somewhere(model_page: Reader) -> None:
    assert model_page.anchors <= set(model_page.ids)
    assert {"decision-3", "component-findings", "half_life_days", "withheld"} <= set(model_page.ids)
    assert len(model_page.ids) == len(set(model_page.ids))


def test_what_is_shown_is_what_runs(surface: RiskSurface, lang: str, model_page: Reader) -> None:
    changed = surface.model.with_weights({"findings": 0.9})
    shown = Reader(render_model_page(lang, changed)).text
    assert format_number(lang, changed.max_points["findings"], 1) in shown
    assert "weight of findings" in shown
    assert "weight of findings" not in model_page.text
    for name in model_parameters():
        assert name in model_page.ids


def test_every_component_and_parameter_has_its_words(lang: str) -> None:
    page = Reader(render_model_page(lang, load_model()))
    for component in load_model().components:
        assert f"component-{component.name}" in page.ids
    assert not re.search(r"\b(agency_effect|\w+_bandwidth_m|prior_\w+)\b", page.text)
    if lang == "sv":
        before_decisions = page.text[: page.text.index("Besluten, med skäl")]
        assert not re.search(r"\b(How far|Assumed|Multiplies|Employees of)\b", before_decisions)


def test_every_decision_is_there_in_short(model_page: Reader) -> None:
    for row in read_table("decisions").to_dict("records"):
        assert row["heading"] in model_page.text
        assert row["decided"] in model_page.text


def test_reasons_for_what_is_withheld_are_in_the_pages_language(lang: str, model_page: Reader) -> None:
    for reason in set(read_table("refused_columns")["reason_sv" if lang == "sv" else "reason"]):
        assert reason in model_page.text


def test_a_source_is_cut_where_it_names_decisions() -> None:
    parts = split_source("weight: docs/adr/0003-expert-weights.md and docs/adr/0016-seven-components.md; more")
    assert parts == [("weight: ", ""), ("3", "3"), (" and ", ""), ("16", "16"), ("; more", "")]
    assert split_source("Law 2024:307") == [("Law 2024:307", "")]


def test_sources_name_decisions_that_there_are() -> None:
    known = {str(number) for number in read_table("decisions")["decision"]}
    for table in list_tables():
        frame = read_table(table)
        for source in set(frame["source"]) if "source" in frame else ():
            assert {number for _, number in split_source(source) if number} <= known


# ---- accessibility -------------------------------------------------------------------------------------------------


def test_the_statement_says_whom_to_tell(lang: str) -> None:
    without = Reader(render_accessibility_page(lang)).text
    assert "NORRSYN_ACCESSIBILITY_CONTACT" in without
    assert "2018:1937" in without
    for payload in PAYLOADS:
        page = render_accessibility_page(lang, contact=payload)
        assert "<img src=x" not in page
        if "\0" not in payload:
            assert payload in Reader(page).text
        assert "NORRSYN_ACCESSIBILITY_CONTACT" not in page


def test_tables_load_by_themselves() -> None:
    from geo.reference import find_reference_folder  # noqa: PLC0415

    for name in ("glossary", "decisions"):
        assert len(load_table(name, find_reference_folder())) > 10
