"""Every text has Swedish, every translation keeps its gaps, and numbers are written as the language does."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from babel.messages.extract import extract
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError
from geo.layers.registry import LAYERS
from geo.reference import read_table, swedish_texts
from geo.region import Region
from geo.risk.naming import name_place
from geo.risk.surface import RiskSurface
from geo.risk.words import Sentence
from maps.i18n import LANGUAGES, catalogue, format_date, format_day_of, format_number, pick_language, say, translate
from maps.narrow_words import NARROW_WORDS, said_of_some_records
from maps.pages.base import STATIC_FOLDER, TEMPLATES_FOLDER
from tests.maps.corpus import PAYLOADS

MAPS = TEMPLATES_FOLDER.parent
GEO = Path(str(geo.__file__)).parent
GAP = re.compile(r"\{(\w+)\}")


def extract_from_python(folder: Path, called: str, at: int) -> dict[str, str]:
    """The same of modules: Babel's extractor does not look into f-strings."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == called and len(node.args) > at:
                text = node.args[at]
                if isinstance(text, ast.Constant):
                    found[str(text.value)] = path.name
    return found


def extract_from(folder: Path, pattern: str, method: str, keywords: dict[str, object]) -> dict[str, str]:
    """Texts that code asks to have translated, with the file that asks."""
    found = {}
    for path in sorted(folder.rglob(pattern)):
        with path.open("rb") as file:
            options = {"template_string": "false"} if method == "javascript" else {}
            for _, message, _, _ in extract(method, file, keywords=keywords, options=options):
                found[str(message)] = path.name
    return found


TEXTS = {
    **extract_from(TEMPLATES_FOLDER, "*.html", "jinja2", {"_": None}),
    **extract_from(STATIC_FOLDER / "js", "*.js", "javascript", {"t": None}),
    **extract_from_python(MAPS, "translate", 1),
    **extract_from_python(GEO, "Sentence", 0),
}


def test_the_extractors_find_texts_in_every_kind_of_file() -> None:
    assert {Path(name).suffix for name in TEXTS.values()} == {".html", ".js", ".py"}
    assert len(TEXTS) > 100


def test_every_text_has_swedish() -> None:
    known = catalogue("sv")
    assert [f"{where} says {text!r}" for text, where in TEXTS.items() if text not in known] == []


def test_no_text_is_made_where_the_extractors_cannot_see_it() -> None:
    for path in (STATIC_FOLDER / "js").glob("*.js"):
        calls = re.findall(r"(?<![\w.$])t\((?!\")", path.read_text("utf-8"))
        allowed = 1 if path.name == "i18n.js" else 0
        assert len(calls) <= allowed, f"{path.name} calls t() with something that is no literal"


def test_translations_keep_their_gaps() -> None:
    for english, swedish in catalogue("sv").items():
        assert sorted(GAP.findall(english)) == sorted(GAP.findall(swedish)), english


@pytest.mark.parametrize("text", NARROW_WORDS)
def test_what_narrower_circles_are_told_stands_for_a_text_that_there_is(text: str) -> None:
    said = NARROW_WORDS[text]
    assert text in TEXTS or text in {"Never inspected"}
    assert said in catalogue("sv")
    assert sorted(GAP.findall(said)) == sorted(GAP.findall(text))
    assert "your circle may see" in said
    assert "din krets" in catalogue("sv")[said]


def test_words_for_narrower_circles_are_chosen_while_they_read_and_only_then() -> None:
    assert translate("en", "Never inspected") == "Never inspected"
    with said_of_some_records():
        assert translate("en", "Never inspected") == "No visit that your circle may see"
        assert translate("sv", "Never inspected") == "Ingen kontroll som din krets får se"
        with said_of_some_records(is_so=False):
            assert translate("sv", "Never inspected") == "Aldrig kontrollerad"
    assert translate("sv", "Never inspected") == "Aldrig kontrollerad"


def test_words_of_the_domain_are_used() -> None:
    swedish = catalogue("sv")
    assert swedish["Workplace"] == "Arbetsställe"
    assert swedish["Accommodation"] == "Boende"
    assert swedish["Finding"] == "Iakttagelse"
    assert swedish["Visit"] == "Kontroll"
    assert swedish["Establishment"] == "Etablering"
    assert swedish["Cell"] == "Ruta"
    assert swedish["Place"] == "Plats"
    assert swedish["Risk score"] == "Riskpoäng"


def test_layers_and_reference_titles_have_swedish() -> None:
    swedish = catalogue("sv")
    assert {layer.title for layer in LAYERS.values()} <= set(swedish)
    assert set(swedish_texts()) <= set(swedish)


def test_all_eight_directions_are_swedish(region: Region) -> None:
    said = set()
    for angle in np.radians(np.arange(0, 360, 45)):
        place = region.localities.head(1)
        east, north = place.geometry.x.iloc[0] + 9e3 * np.sin(angle), place.geometry.y.iloc[0] + 9e3 * np.cos(angle)
        said.add(say("sv", name_place(place, east, north)))
    assert len(said) == 8
    assert not any(re.search("north|south|east|west", words) for words in said), said


def test_every_sentence_of_a_surface_can_be_said_in_swedish(surface: RiskSurface) -> None:
    for cell_id in surface.top(60)["cell_id"]:
        found = surface.explain(cell_id)
        for sentence in (*found.reasons, found.place):
            assert not GAP.search(say("sv", sentence))
            assert say("en", sentence) == str(sentence)


def test_names_are_filled_in_as_they_are() -> None:
    for payload in PAYLOADS:
        assert translate("sv", "{distance} away", distance=payload) == f"{payload} bort"
    # A firm that is called like one of our texts keeps its name; a title of ours is translated.
    assert translate("sv", "{distance} away", distance="Close") == "Close bort"
    assert translate("sv", "{distance} away", distance=Sentence("Close")) == "Stäng bort"


def test_gaps_do_not_reach_into_objects_or_fill_each_other() -> None:
    assert translate("en", "{a} {b}", a="{b}", b="x") == "{b} x"
    assert translate("en", "{a.__class__} {0} {missing}", a=1) == "{a.__class__} {0} {missing}"


@pytest.mark.parametrize(
    ("value", "decimals", "swedish", "english"),
    [
        (1234567.891, 2, "1\u202f234\u202f567,89", "1,234,567.89"),
        (57_012, None, "57\u202f012", "57,012"),
        (3.44, None, "3,4", "3.4"),
        (9.0, None, "9", "9"),
        (12.7, None, "13", "13"),
        (-1500.5, 1, "\u22121\u202f500,5", "\u22121,500.5"),
        (-0.04, 1, "0,0", "0.0"),
    ],
)
def test_numbers(value: float, decimals: int | None, swedish: str, english: str) -> None:
    assert format_number("sv", value, decimals) == swedish
    assert format_number("en", value, decimals) == english


def test_dates() -> None:
    assert format_date("sv", date(2026, 7, 5)) == "5 juli 2026"
    assert format_date("en", date(2026, 7, 5)) == "5 July 2026"
    assert translate("sv", "Scored for {date}", date=date(2026, 7, 5)) == "Beräknad för 5 juli 2026"


@given(st.text())
def test_any_wish_gives_a_language_we_have(wanted: str) -> None:
    assert pick_language(wanted) in LANGUAGES


def test_swedish_is_the_default_and_unknown_languages_are_refused() -> None:
    assert pick_language(None) == "sv"
    assert pick_language("en") == "en"
    for call in (catalogue, lambda lang: format_number(lang, 1), lambda lang: format_date(lang, date(2026, 1, 1))):
        with pytest.raises(ParameterError, match="no language 'de'"):
            call("de")


@pytest.mark.browser
def test_the_page_writes_numbers_and_dates_as_the_server_does(run_module: Callable[..., Any]) -> None:
    values = [0, 3, 9.96, 10.2, -4.5, 1234, 57_012.3, 1_234_567.8]
    call = "(module, values) => ['sv', 'en'].map((lang) => values.map((value) => module.formatNumber(lang, value)))"
    numbers = run_module("numbers.js", call, values)
    assert numbers == [[format_number(lang, value) for value in values] for lang in ("sv", "en")]
    dates = run_module(
        "numbers.js", "(module, day) => ['sv', 'en'].map((l) => module.formatDate(l, day))", "2026-07-05"
    )
    assert dates == [format_date(lang, date(2026, 7, 5)) for lang in ("sv", "en")]


@pytest.mark.browser
@given(st.lists(st.floats(0, 25), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shown_points_add_up_to_the_shown_score(run_module: Callable[..., Any], points: list[float]) -> None:
    shown = run_module("numbers.js", "(module, points) => module.roundToSum(points)", points)
    assert sum(shown) == pytest.approx(round(math.fsum(points) * 10) / 10, abs=0.1 + 1e-9)
    assert all(abs(a - b) < 0.1 + 1e-9 for a, b in zip(shown, points, strict=True))
    assert sum(round(one * 10) for one in shown) in {
        math.floor(math.fsum(points) * 10 + 0.5 + e) for e in (-1e-9, 1e-9)
    }


# the words of the agencies, one for each thing; and those that say the same and are not to be used beside them
AGENCY_WORDS = {
    "workplace": "Arbetsställe",
    "accommodation": "Boende",
    "finding": "Iakttagelse",
    "visit": "Kontroll",
    "report": "Tips",
    "establishment": "Etablering",
    "joint_inspection": "Myndighetsgemensam kontroll",
    "circle": "Delningskrets",
}
OTHER_WORDS = re.compile(
    r"\b(fynd(et|en)?|observation(en|er)?|inspektion(en|er)?|besök(et|en|ets)?|verksamhetsställen?|inkvartering(en|ar)?"
    r"|(en|eller) uppgift|uppgifter om platsen|chans(en|er|erna)?|utsatta?)\b",
    re.IGNORECASE,
)


def test_swedish_has_the_agencies_words_and_one_for_each_thing() -> None:
    terms = dict(read_table("glossary")[["entry", "term_sv"]].to_numpy().tolist())
    assert {entry: terms[entry] for entry in AGENCY_WORDS} == AGENCY_WORDS
    texts = {*catalogue("sv").values(), *read_table("glossary")["meaning_sv"]}
    allowed = {"En uppgift kan inte användas"}
    assert sorted(text for text in texts - allowed if OTHER_WORDS.search(text)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-26T23:58:00+00:00", "27 november 2026"),
        ("2026-06-30T22:30:00Z", "1 juli 2026"),
        ("2026-07-15", "15 juli 2026"),
        ("2026-07-15T23:59:00", "15 juli 2026"),
        ("", ""),
        (None, ""),
        ("soon", ""),
    ],
)
def test_the_day_of_a_moment_is_that_of_clocks_in_sweden(text: str | None, said: str) -> None:
    assert format_day_of("sv", text) == said
