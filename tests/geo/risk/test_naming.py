"""Places are named after the nearest locality; sentences are filled in late."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.risk.naming import name_place
from geo.risk.words import Sentence, title_sentence
from tests.frames import make_frame
from tests.oracles import read_reference

PLACES = [("Norrby", 700_000, 7_200_000), ("Söderby", 740_000, 7_150_000), ("Österby", 780_000, 7_200_000)]
LOCALITIES = make_frame([{"name": name, "easting": x, "northing": y} for name, x, y in PLACES])


@given(st.integers(650_000, 830_000), st.integers(7_100_000, 7_260_000))
def test_the_nearest_locality_gives_the_name(easting: int, northing: int) -> None:
    distances = {name: math.hypot(easting - x, northing - y) for name, x, y in PLACES}
    nearest = min(distances.values())
    candidates = [name for name, distance in distances.items() if distance == nearest]

    found = str(name_place(LOCALITIES, easting, northing))

    if nearest <= 2_000:
        assert found in candidates
    else:
        assert any(found.endswith(f" of {name}") for name in candidates)
        assert found.startswith(f"{round(nearest / 1_000)} km ")


@pytest.mark.parametrize(
    ("east", "north", "direction"),
    [
        (0, 9, "north"), (9, 9, "north-east"), (9, 0, "east"), (9, -9, "south-east"), (0, -9, "south"),
        (-9, -9, "south-west"), (-9, 0, "west"), (-9, 9, "north-west"), (-1, 9, "north"), (1, 9, "north"),
        (9, -1, "east"), (-9, 1, "west"),
    ],
)  # fmt: skip
def test_the_direction_is_the_one_to_go_from_the_locality(east: int, north: int, direction: str) -> None:
    found = name_place(LOCALITIES, 700_000 + 1_000 * east, 7_200_000 + 1_000 * north)

    assert f" km {direction} of Norrby" in str(found)


def test_inside_a_locality_its_name_is_enough() -> None:
    assert str(name_place(LOCALITIES, 700_000, 7_202_000)) == "Norrby"
    assert str(name_place(LOCALITIES, 700_000, 7_202_001)) == "2 km north of Norrby"


def test_without_localities_coordinates_are_left() -> None:
    assert str(name_place(LOCALITIES.iloc[:0], 758_600.4, 7_088_600.6)) == "758,600 E, 7,088,601 N"


def test_sentences_fill_their_gaps_in_english() -> None:
    sentence = Sentence(
        "{a} {b} {c} {d} {e} {f} {g}",
        {
            "a": 12_345,
            "b": 2.25,
            "c": 3.0,
            "d": 12.5,
            "e": date(2026, 7, 15),
            "f": Sentence("{x}!", {"x": "y"}),
            "g": "{h}",
        },
    )

    assert str(sentence) == "12,345 2.2 3 12 15 July 2026 y! {h}"
    assert str(Sentence("{n}", {"n": np.float64(0.5)})) == "0.5"


def test_titles_come_from_the_tables() -> None:
    for row in read_reference("sectors"):
        assert str(title_sentence("sectors", "sector", row["sector"])) == row["title"]
    assert str(title_sentence("sectors", "sector", "mining")) == "mining"
