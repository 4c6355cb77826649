"""Addresses of the map as they are saved: what the page writes is kept, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
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
    "&area=20.1_63.7_20.5_63.7_20.3_63.90001&try=add_accommodation.758500.7088500.400.work_camp"
    "&try=close_site.workplaces.758321.7088123&try=withdraw_sector.green.50&try=set_phase.758321.7088123.suspended"
    "&try=add_establishment.758500.7088500.500.construction_peak.construction"
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


def test_what_is_tried_keeps_its_order_and_a_drawn_area_its_corners() -> None:
    tried = ["withdraw_sector.green.050", "add_accommodation.758500.7088500.400.tent", "withdraw_sector.green.50"]
    kept = tidy_query(urlencode([("try", one) for one in tried] + [("area", "20.123456_63.8_21.0_63.8_20.5_64")]))
    assert kept == (
        "area=20.12346_63.8_21_63.8_20.5_64&try=withdraw_sector.green.50"
        "&try=add_accommodation.758500.7088500.400.tent&try=withdraw_sector.green.50"
    )


def test_changes_are_bounded_in_number_and_an_area_in_corners() -> None:
    one = "try=withdraw_sector.green.50"
    assert tidy_query("&".join([one] * 20)).count("try") == 20
    with pytest.raises(ParameterError, match="try has a value"):
        tidy_query("&".join([one] * 21))
    ring = "_".join(["20.5_63.5"] * 100)
    assert tidy_query(f"area={ring}") == f"area={ring}"
    with pytest.raises(ParameterError, match="area has a value"):
        tidy_query(f"area={ring}_20.5_63.5")


@given(st.lists(st.sampled_from(["add_accommodation", "close_site", "758500", "7088500", "0", "workplaces", "x", ""])))
def test_the_page_and_the_server_read_the_same_changes(run_module: Callable[..., Any], parts: list[str]) -> None:
    text = ".".join(parts)
    read = run_module("what_if_state.js", "(module, text) => module.checkTries([text]).tries", text)
    try:
        kept = tidy_query(urlencode({"try": text}))
    except ParameterError:
        assert read == []
        return
    assert kept == urlencode([("try", one) for one in read])


@given(st.data())
def test_a_change_is_written_as_it_is_read(run_module: Callable[..., Any], data: st.DataObject) -> None:
    """Whatever the panel can hold comes back from the address, by the page and by the server."""
    east, north = st.integers(100_000, 1_100_000), st.integers(6_000_000, 7_900_000)
    code, many = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True), st.integers(1, 100_000)
    place = {"easting": east, "northing": north}
    layers = st.sampled_from(["workplaces", "accommodation", "establishments"])
    kinds: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "add_accommodation": {**place, "beds": many, "housing_type": code},
        "add_establishment": {**place, "workforce": many, "phase": code, "sector": code},
        "set_phase": {**place, "phase": code},
        "close_site": {"layer": layers, **place},
        "withdraw_sector": {"sector": code, "percent": st.integers(1, 100)},
    }
    kind = data.draw(st.sampled_from(sorted(kinds)))
    fields = {"kind": kind, **{name: data.draw(values) for name, values in kinds[kind].items()}}
    call = "(module, fields) => [module.writeChange(fields), module.readChange(module.writeChange(fields))]"
    text, read = run_module("what_if_state.js", call, fields)
    assert read == fields
    assert tidy_query(urlencode({"try": text})) == urlencode({"try": text})


@pytest.mark.parametrize(
    "query",
    [
        "area=20_63", "area=20_63_21_63", "area=20_63_21_63_20.5", "area=1_63_21_63_20_64", "area=2e1_63_21_63_20_64",
        "area=63_20_63_21_64_20", "area=", "try=", "try=add_accommodation", "try=close_site.workplaces.Anna Andersson",
        "try=close_site.workplaces.99031866", "try=add_accommodation.758500.7088500.400.work_camp.Anna",
        "try=withdraw_sector.green.0", "try=withdraw_sector.green.101", "try=other.1",
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
def test_no_value_attacks(payload: str) -> None:
    for name in PERMALINK_PARAMETERS:
        with pytest.raises(ParameterError) as refused:
            tidy_query(urlencode({name: payload}))
        assert payload not in str(refused.value), name


@given(st.text(max_size=200))
def test_any_text_is_kept_in_one_way_or_refused(text: str) -> None:
    try:
        kept = tidy_query(text)
    except ParameterError:
        return
    assert tidy_query(kept) == kept
    assert re.fullmatch(r"[A-Za-z0-9_.=&%-]*", kept)
