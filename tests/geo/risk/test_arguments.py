"""What is no argument of a score at all: named, with what to give instead, and all at once."""

from __future__ import annotations

from typing import Any

import pytest

import geo
from geo.density import kernel_density
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.scoring import parse_day
from tests.frames import GRID, SCORING_DAY


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layers": None}, "layers must map layer names"),
        ({"grid": None}, "grid must be a geo.Grid"),
        ({"grid": 1000}, "grid must be a geo.Grid"),
        ({"weights": [1]}, "weights must map component names"),
        ({"sectors": 5}, "sectors must be a list"),
    ],
)
def test_a_wrong_kind_of_argument_is_named(layers: Layers, change: dict[str, Any], words: str) -> None:
    arguments = {"layers": layers, "grid": GRID, "at": SCORING_DAY, **change}
    with pytest.raises(ParameterError, match=words):
        geo.score(**arguments)


def test_all_wrong_choices_come_in_one_message(layers: Layers) -> None:
    with pytest.raises(ParameterError) as caught:
        geo.score(layers, GRID, at="2026-13-45", sectors=["forestry"], weights={"workplaces": -1})
    assert all(words in str(caught.value) for words in ("2026-13-45", "forestry", "workplaces must be"))


@pytest.mark.parametrize("at", ["20260715", "2026-W29-3", "2026-7-15", " 2026-07-15", "2026-07-15T00:00", 20260715])
def test_only_one_way_to_write_a_date(at: object) -> None:
    with pytest.raises(ParameterError, match="YYYY-MM-DD"):
        parse_day(at)  # type: ignore[arg-type]


def test_a_bandwidth_is_no_truth_value_and_a_kernel_is_a_name() -> None:
    with pytest.raises(ParameterError, match="bandwidth_m"):
        kernel_density([1.0], [1.0], [1.0], GRID, True)
    with pytest.raises(ParameterError, match="kernel must be"):
        kernel_density([1.0], [1.0], [1.0], GRID, 100, ["quartic"])  # type: ignore[arg-type]


def test_a_cell_size_that_is_none_is_shown_as_given() -> None:
    with pytest.raises(ParameterError, match="'x'"):
        geo.region_grid("x")  # type: ignore[arg-type]
