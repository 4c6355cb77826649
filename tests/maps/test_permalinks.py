"""Addresses of the map as they are saved: what the page writes is kept, and nothing else is."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError
from maps.pages.base import STATIC_FOLDER
from maps.permalinks import PERMALINK_PARAMETERS, tidy_query
from tests.maps.corpus import PAYLOADS

FULL = (
    "?lang=sv&lat=64.1234&lon=20.1&z=11.5&at=2026-07-15&sector=green&sector=construction&weight=findings%3A30"
    "&county=24&municipality=2480&state=inspected&agency=polismyndigheten&certainty=likely&min_class=high"
    "&cell=7580007088000&opacity=70&sites=50&base=0&off=names%2Cbase&on=visits&never=0&list=cells"
    "&with=5ca1ab1e&with_at=2026-01-15&with_sector=green&with_weight=findings%3A60&as=swipe&line=35"
)


def test_the_list_is_what_the_page_writes() -> None:
    scripts = [
        (STATIC_FOLDER / "js" / name).read_text("utf-8") for name in ("state.js", "filter_state.js", "compare_state.js")
    ]
    state, filters, compare = scripts
    written = set(re.findall(r'query\.(?:set|append)\("(\w+)"', state + compare)) | set(
        re.findall(r'\{ name: "(\w+)", usual', state)
    )
    (listed,) = re.findall(r"FILTERS = \[([^\]]*)\]", filters)
    written |= set(re.findall(r'"(\w+)"', listed))
    assert written - {"lang"} == set(PERMALINK_PARAMETERS)


def test_what_the_page_writes_is_kept_without_its_language() -> None:
    kept = tidy_query(FULL)
    assert {pair.split("=")[0] for pair in kept.split("&")} == set(PERMALINK_PARAMETERS)
    assert tidy_query(kept) == kept
    assert tidy_query("") == tidy_query("?lang=en") == ""


def test_the_same_view_is_kept_in_one_way() -> None:
    ways = [
        "z=9.50&lat=64.00001&lon=-0.00001&sector=b&sector=a&off=base,names",
        "off=names%2Cbase&sector=a&sector=b&sector=a&lat=64&lon=0&z=9.5",
    ]
    assert {tidy_query(way) for way in ways} == {"lat=64&lon=0&z=9.5&sector=a&sector=b&off=base%2Cnames"}


@pytest.mark.parametrize(
    "query",
    [
        "next=//evil.example", "lat=91", "lat=nan", "lat=1e1", "lat=1&lat=2", "at=2026-02-30", "at=1066-10-14", "z=99",
        "sector=", "weight=findings", "weight=findings:101", "never=1", "list=places", "off=everything",
        "with=2026-02-30", "with=a%20b", "as=difference", "line=101", "with_weight=x",
        "on=scores", "off=visits", "sector=%FF", "cell=../../etc",
        "a=1&" * 300, "x" * 9_000, "%00=1",
    ],
)  # fmt: skip
def test_nothing_else_is(query: str) -> None:
    with pytest.raises(ParameterError) as refused:
        tidy_query(query)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", PERMALINK_PARAMETERS)
def test_no_value_attacks(name: str, payload: str) -> None:
    with pytest.raises(ParameterError) as refused:
        tidy_query(urlencode({name: payload}))
    assert payload not in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_kept_in_one_way_or_refused(text: str) -> None:
    try:
        kept = tidy_query(text)
    except ParameterError:
        return
    assert tidy_query(kept) == kept
    assert re.fullmatch(r"[A-Za-z0-9_.=&%-]*", kept)
