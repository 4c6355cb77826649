"""Hills of a raster against their definition: how deep is the lowest point on the best way to a higher peak?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.errors import ParameterError, ShapeError
from geo.kernels import join_peaks
from tests.oracles import flood_fill

Cell = tuple[int, int]
Hills = tuple[list[Cell], list[float]]
Labels = NDArray[np.int64]


@st.composite
def hills(draw: st.DrawFn) -> Hills:
    """Cells with values, many of them equal, the highest first."""
    places = st.tuples(st.integers(0, 6), st.integers(0, 6))
    cells = draw(st.lists(places, min_size=1, max_size=40, unique=True))
    values = draw(st.lists(st.integers(0, 8).map(float), min_size=len(cells), max_size=len(cells)))
    return cells, sorted(values, reverse=True)


def join(cells: list[Cell], values: list[float], saddle_share: float, stops: list[int] | None = None) -> Labels:
    """Position of the peak of each cell's hill; the cells are added in one call, or with stops in between."""
    row, col = np.array(cells, dtype=np.int64).T.copy()
    row, col = row - row.min(), col - col.min()
    hill_at, hills = np.zeros((row.max() + 3, col.max() + 3), np.int32), None
    stops = sorted({0, len(cells), *(min(stop, len(cells)) for stop in stops or [])})
    for start, stop in pairwise(stops):
        part = slice(start, stop)
        hills = join_peaks(row[part], col[part], np.array(values[part]), saddle_share, hill_at, hills)
    assert hills is not None
    peaks = [list(zip(row, col, strict=True)).index(peak) for peak in zip(hills.row, hills.col, strict=True)]
    assert hills.height.tolist() == [values[peak] for peak in peaks]
    return np.array(peaks)[hills.parent[hill_at[row + 1, col + 1] - 1]]


def find_peaks(cells: list[Cell], values: list[float], saddle_share: float) -> list[int]:
    """Flood from the top: a cell is a peak unless the water that joins it to a higher cell stands too high."""
    peaks = []
    for i, cell in enumerate(cells):
        for level in range(i, len(cells)):
            group = next(one for one in flood_fill(set(cells[: level + 1])) if cell in one)
            if any(higher in group for higher in cells[:i]):
                # the saddle is where the two floods meet
                if level > i and values[level] < saddle_share * values[i]:
                    peaks.append(i)
                break
        else:
            peaks.append(i)
    return peaks


@given(hills(), st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_peaks_are_those_of_the_definition(made: Hills, saddle_share: float) -> None:
    cells, values = made
    labels = join(cells, values, saddle_share)
    assert np.flatnonzero(labels == np.arange(len(cells))).tolist() == find_peaks(cells, values, saddle_share)


@given(hills(), st.floats(0, 1))
def test_every_hill_hangs_together_below_its_peak(made: Hills, saddle_share: float) -> None:
    cells, values = made
    labels = join(cells, values, saddle_share)
    assert (labels[labels] == labels).all()
    assert (labels <= np.arange(len(cells))).all()
    for peak in np.unique(labels):
        assert len(flood_fill({cells[i] for i in np.flatnonzero(labels == peak)})) == 1


@given(hills(), st.lists(st.integers(0, 40)), st.floats(0, 1))
def test_where_it_stopped_in_between_does_not_matter(made: Hills, stops: list[int], saddle_share: float) -> None:
    cells, values = made
    assert np.array_equal(join(cells, values, saddle_share, stops), join(cells, values, saddle_share))


def test_a_higher_bar_for_saddles_never_gives_fewer_hills() -> None:
    rng = np.random.default_rng(68656048)
    cells = [(int(i), int(j)) for i in range(20) for j in range(20)]
    order = np.argsort(-(height := rng.random(400)), kind="stable")
    counts = [
        len(np.unique(join([cells[i] for i in order], height[order].tolist(), share)))
        for share in (0, 0.5, 0.8, 0.95, 1)
    ]
    assert counts == sorted(counts)
    assert counts[0] == 1 < counts[-1]


def test_two_hills_and_their_saddle() -> None:
    row_of = [(0, 0), (0, 4), (0, 1), (0, 3), (0, 2)]
    values = [10.0, 8.0, 7.0, 7.0, 6.4]
    assert join(row_of, values, 0.8).tolist() == [0, 0, 0, 0, 0]
    values[-1] = 6.39
    assert join(row_of, values, 0.8).tolist() == [0, 1, 0, 1, 0]


def test_no_cells_make_no_hills() -> None:
    nothing, hill_at = np.empty(0, dtype=np.int64), np.zeros((3, 3), np.int32)
    hills = join_peaks(nothing, nothing, np.empty(0), 0.8, hill_at)
    assert [len(part) for part in hills] == [0, 0, 0, 0]
    some = join_peaks(np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1), 0.8, hill_at, hills)
    assert join_peaks(nothing, nothing, np.empty(0), 0.8, hill_at, some) is some


@pytest.mark.parametrize("values", [[1.0, 2.0], [float("nan"), 1.0], [2.0, float("nan")], [1.0, -1.0]])
def test_values_out_of_order_are_refused(values: list[float]) -> None:
    with pytest.raises(ParameterError, match="sorted from the highest"):
        join([(0, 0), (0, 1)], values, 0.8)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ParameterError, match="from 0 to 1"):
        join([(0, 0)], [1.0], share)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ShapeError):
        join_peaks(np.zeros(2, np.int64), np.zeros(1, np.int64), np.zeros(1), 0.8, np.zeros((3, 3), np.int32))


@pytest.mark.parametrize("cell", [(-1, 0), (0, -1), (2, 0), (0, 3)])
def test_cells_off_the_raster_are_refused(cell: Cell) -> None:
    row, col = np.array([[1, cell[0]], [1, cell[1]]], dtype=np.int64)
    with pytest.raises(ShapeError, match="2 rows and 3 columns"):
        join_peaks(row, col, np.ones(2), 0.8, np.zeros((4, 5), np.int32))
