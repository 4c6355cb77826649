"""Scores to classes and colours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ConfigError, ShapeError
from geo.reference import ScoreClass, score_classes
from maps.palette import class_colours, class_of, classify, count_classes


def by_hand(score: float, state: int) -> int:
    if state < 2 or math.isnan(score):
        return 0
    inside = [i for i, one in enumerate(score_classes(), start=1) if one.low <= score < one.high]
    return inside[0] if inside else len(score_classes())


@given(st.lists(st.tuples(st.floats(0, 100, width=32) | st.just(math.nan), st.integers(0, 3)), min_size=1))
def test_every_cell_is_in_the_class_whose_breaks_hold_it(cells: list[tuple[float, int]]) -> None:
    score = np.array([[cell[0] for cell in cells]], np.float32)
    state = np.array([[cell[1] for cell in cells]], np.uint8)
    classed = classify(score, state)
    assert classed.dtype == np.uint8
    assert classed.tolist() == [[by_hand(*cell) for cell in cells]]
    assert sum(count_classes(classed)) == int((classed > 0).sum())


def test_cells_are_classed_and_counted_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    score, state = rng.uniform(0, 100, (30, 7)).astype(np.float32), rng.integers(0, 4, (30, 7)).astype(np.uint8)
    at_once = classify(score, state)
    monkeypatch.setattr("geo.polygons._BAND_CELLS", 11)
    assert np.array_equal(classify(score, state), at_once)
    assert np.array_equal(classify(score[:, ::2], state[:, ::2]), at_once[:, ::2])
    assert count_classes(at_once) == np.bincount(at_once.ravel(), minlength=6)[1:].tolist()


def test_breaks_belong_to_the_class_above_and_100_to_the_last() -> None:
    for below, above in zip(score_classes()[:-1], score_classes()[1:], strict=True):
        assert class_of(above.low) == above
        assert class_of(math.nextafter(above.low, 0)) == below
    assert class_of(100.0) == score_classes()[-1]
    assert class_of(0.0) == score_classes()[0]
    assert class_of(math.nan) is None


def test_colours_are_those_of_the_table() -> None:
    colours = class_colours()
    assert colours[0].tolist() == [0, 0, 0, 0]
    written = ["#" + "".join(f"{int(part):02X}" for part in row[:3]) for row in colours[1:]]
    assert written == [one.colour.upper() for one in score_classes()]
    assert set(colours[1:, 3].tolist()) == {255}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError):
        classify(np.zeros((2, 2), np.float32), np.zeros((2, 3), np.uint8))
    with pytest.raises(ConfigError, match="lowest first"):
        class_colours(score_classes()[::-1])
    with pytest.raises(ConfigError, match="#RRGGBB"):
        class_colours([ScoreClass("1", "x", "x", 0, 100, "red")])
