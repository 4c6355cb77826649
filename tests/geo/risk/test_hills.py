"""Hills found from the top down are those of all cells at once, wherever the search stops in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import geo
from geo.grid import Grid
from geo.risk import hills as module
from geo.risk.hills import SADDLE_SHARE, Hill, find_hills
from geo.risk.rasters import Rasters
from geo.risk.surface import RiskSurface

Cell = tuple[int, int]
Drawn = tuple[NDArray[np.float32], NDArray[np.uint8]]


@st.composite
def rasters(draw: st.DrawFn) -> Drawn:
    """Score and state of a few cells: plateaus, ties, gaps, and slopes as steep as the share that joins hills."""
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    n = shape[0] * shape[1]
    steps = st.sampled_from([0.0, 1.0, 2.0, 50.0, 64.0, 80.0, 99.9, 100.0])
    values = draw(st.lists(steps | st.floats(0, 100, width=32), min_size=n, max_size=n))
    states = draw(st.lists(st.sampled_from([0, 1, 2, 3, 3, 3]), min_size=n, max_size=n))
    score, state = np.array(values, np.float32).reshape(shape), np.array(states, np.uint8).reshape(shape)
    score[state == 0] = np.nan
    return score, state


def put(surface: RiskSurface, drawn: Drawn, grid: Grid | None = None) -> RiskSurface:
    score, state = drawn
    grid = grid or Grid(740_000, 7_066_000, 1_000, *score.shape)
    return replace(surface, grid=grid, rasters=Rasters({"score": score, "state": state}))


@contextmanager
def stopping(first: int, most: int, sample: int) -> Iterator[None]:
    """Take so many cells at a time, and read off so large a sample where to stop."""
    with patch.multiple(module, _FIRST_CELLS=first, _MOST_CELLS=most, _SAMPLE_CELLS=sample):
        yield


def all_hills(score: NDArray[np.float32], state: NDArray[np.uint8]) -> list[Hill]:
    return [hill for hill, _ in places_by_hand(score, state)]


def places_by_hand(score: NDArray[np.float32], state: NDArray[np.uint8]) -> list[tuple[Hill, list[Cell]]]:
    """Every cell in turn, from the highest down; hills as lists of cells that are poured together.

    With each hill, the cells of its place.
    """
    cells = [(int(row), int(col)) for row, col in np.argwhere(state >= 2)]
    cells.sort(key=lambda cell: (-float(score[cell]), cell))
    group_of: dict[Cell, list[Cell]] = {}
    for cell in cells:
        around = [(cell[0] + i, cell[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = {id(group_of[at]): group_of[at] for at in around if at in group_of}
        if not near:
            group_of[cell] = [cell]
            continue
        highest = min(near.values(), key=lambda group: cells.index(group[0]))
        for group in near.values():
            if group is not highest and float(score[cell]) >= SADDLE_SHARE * float(score[group[0]]):
                highest.extend(group)
                for member in group:
                    group_of[member] = highest
        highest.append(cell)
        group_of[cell] = highest
    groups = {id(group): group for group in group_of.values()}.values()
    hills = []
    for group in sorted(groups, key=lambda group: cells.index(group[0])):
        floor = np.float32(SADDLE_SHARE) * score[group[0]]
        place = [cell for cell in group if score[cell] >= floor]
        rows, cols = ([cell[axis] for cell in place] for axis in (0, 1))
        hills.append((Hill(*group[0], len(place), (min(rows), max(rows)), (min(cols), max(cols))), place))
    return hills


@given(rasters(), st.integers(1, 12), st.integers(1, 6), st.integers(1, 9), st.integers(1, 60))
def test_the_highest_hills_are_the_first_of_all(
    surface: RiskSurface, drawn: Drawn, n: int, first: int, most: int, sample: int
) -> None:
    expected = all_hills(*drawn)
    scored = put(surface, drawn)

    with stopping(first, most, sample):
        assert find_hills(scored, n) == expected[:n]
        assert find_hills(scored, 1_000) == expected


@pytest.mark.parametrize("roughness", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("band_cells", [1, 100, 1_000_000])
def test_hills_of_a_county_are_those_with_their_peak_in_it(
    surface: RiskSurface, monkeypatch: pytest.MonkeyPatch, roughness: float, band_cells: int
) -> None:
    grid = geo.region_grid(20_000)
    rng = np.random.default_rng(5)
    waves = np.multiply.outer(np.sin(np.linspace(0, 18, grid.n_rows)), np.sin(np.linspace(0, 15, grid.n_cols)))
    score = (40 + 30 * waves + 30 * roughness * rng.random(grid.shape)).astype(np.float32)
    state = np.where(surface.region.mask(grid), 3, 0).astype(np.uint8)
    scored = put(surface, (score, state), grid)
    monkeypatch.setattr("geo.polygons._BAND_CELLS", band_cells)
    expected = all_hills(score, state)

    for county in ("22", "23", "24", "25"):
        inside = scored.county_mask(county)
        of_county = [hill for hill in expected if inside[hill.row, hill.col]]
        for n in (1, 3, 1_000):
            with stopping(8, 20, 40):
                assert find_hills(scored, n, county) == of_county[:n]
    assert len(expected) > 8


def test_a_lower_summit_of_a_place_counts_however_deep_the_way_to_it(surface: RiskSurface) -> None:
    """The saddle (64.5) lies below the place (80), but above four fifths of the lower summit (80.5)."""
    score = np.array([[100.0, 64.5, 80.5, 1.0]], np.float32)
    scored = put(surface, (score, np.full(score.shape, 2, np.uint8)))

    for first in (1, 2, 3, 4):
        with stopping(first, 1, 4):
            assert find_hills(scored, 1) == [Hill(0, 0, 2, (0, 0), (0, 2))]


def test_what_lies_far_below_is_never_looked_at(surface: RiskSurface, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    score = rng.uniform(0, 30, (60, 60)).astype(np.float32)
    score[10, 10], score[50, 20] = 100, 90
    scored = put(surface, (score, np.full(score.shape, 2, np.uint8)))
    added = []
    join_peaks = module.join_peaks

    def count(row: NDArray[np.int64], *rest: object) -> object:
        added.append(len(row))
        return join_peaks(row, *rest)

    monkeypatch.setattr(module, "join_peaks", count)
    with stopping(50, 1_000, 10_000):
        assert [(hill.row, hill.col) for hill in find_hills(scored, 2)] == [(10, 10), (50, 20)]
    assert sum(added) < 200


def test_no_ranked_cell_is_no_hill(surface: RiskSurface) -> None:
    assert find_hills(put(surface, (np.zeros((3, 4), np.float32), np.ones((3, 4), np.uint8))), 5) == []
