"""One spelling for every way to write a place."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.layers.gazetteer import LAYER, PLACE_KINDS, normalise_key, normalise_keys
from geo.layers.validate import validate
from tests.frames import make_frame, near_town

POSTCODES = [
    "93131",
    "931 31",
    " 931 31 ",
    "S-931 31",
    "s-93131",
    "SE-931 31",
    "SE 93131",
    "931\u00a031",
    93131,
    93131.0,
]


@pytest.mark.parametrize("written", POSTCODES)
def test_a_postcode_is_five_digits(written: object) -> None:
    assert normalise_key("postcode", written) == "93131"


@pytest.mark.parametrize("written", ["9313", "931311", "931-31-1", "Umeå", "", None, float("nan"), "93 131x", 931.5])
def test_what_is_no_postcode_is_nothing(written: object) -> None:
    assert normalise_key("postcode", written) == ""


@pytest.mark.parametrize(
    "written", ["UMEÅ STÖCKSJÖ 3:12", "Umeå Stöcksjö 3:12", "umeå  stöcksjö 3 : 12", "Umeå Stöcksjö 3>12"]
)
def test_a_property_has_one_spelling(written: str) -> None:
    assert normalise_key("property", written) == "umea stocksjo 3:12"


@pytest.mark.parametrize("written", ["Östersund", "ÖSTERSUND", "Ostersund", "O\u0308stersund", " östersund "])
def test_a_locality_has_one_spelling(written: str) -> None:
    assert normalise_key("locality", written) == "ostersund"


@given(st.sampled_from(PLACE_KINDS), st.text(max_size=30))
def test_a_key_that_is_normal_stays_as_it_is(kind: str, written: str) -> None:
    once = normalise_key(kind, written)
    assert normalise_key(kind, once) == once


@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.sampled_from(POSTCODES)), max_size=8))
def test_a_column_is_its_cells(cells: list[object]) -> None:
    column = pd.Series(cells, dtype=object, index=range(5, 5 + len(cells)))
    assert normalise_keys("postcode", column).to_dict() == {
        at: normalise_key("postcode", cell) for at, cell in column.items()
    }


def test_a_postcode_without_five_digits_is_told() -> None:
    rows = [
        {"place_id": "a", "place_kind": "postcode", "key": "931 31", **near_town(0, 0)},
        {"place_id": "b", "place_kind": "postcode", "key": "9313", **near_town(0, 0)},
        {"place_id": "c", "place_kind": "locality", "key": "9313", **near_town(0, 0)},
    ]
    with pytest.raises(SchemaError, match=r"key: is no postcode \(got 9313\); write five digits"):
        validate(LAYER, make_frame(rows))
