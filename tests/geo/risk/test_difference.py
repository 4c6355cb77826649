"""Two surfaces compared cell by cell, as by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import geo
from geo.errors import ParameterError
from geo.reference import difference_classes, score_classes
from geo.risk.difference import NOT_RANKED, compare_cells
from geo.risk.rasters import Rasters
from geo.risk.surface import RiskSurface


@pytest.fixture(scope="module")
def winter(surface: RiskSurface) -> RiskSurface:
    """The same place in another season, with a few cells that nobody ranks any more."""
    other = geo.score(surface.layers, surface.grid, at=date(2026, 1, 20))
    state = other.state.copy()
    state[::3][state[::3] >= 2] = 1
    patch = {name: other.rasters[name] for name in ("score", *other.model.weights)}
    return replace(other, rasters=Rasters({**patch, "state": state}))


def class_by_hand(score: float, classes: list[tuple[str, float]]) -> str:
    return [code for code, low in classes if score >= low][-1]


@pytest.mark.parametrize("band_cells", [1, 60, 1_000_000])
def test_every_cell_is_compared(
    surface: RiskSurface, winter: RiskSurface, monkeypatch: pytest.MonkeyPatch, band_cells: int
) -> None:
    monkeypatch.setattr("geo.polygons._BAND_CELLS", band_cells)
    found = compare_cells(surface, winter)
    scores = [(each.code, each.low) for each in score_classes()]
    moves: Counter[tuple[str, str]] = Counter()
    changes: Counter[str] = Counter()
    deltas = {}
    for row, col in np.argwhere((surface.state >= 2) | (winter.state >= 2)).tolist():
        pair = []
        for one in (surface, winter):
            is_ranked = one.state[row, col] >= 2
            pair.append(class_by_hand(float(one.score[row, col]), scores) if is_ranked else NOT_RANKED)
        moves[pair[0], pair[1]] += 1
        delta = float(winter.score[row, col]) - float(surface.score[row, col])
        deltas[row, col] = delta
        changes[class_by_hand(delta, [(each.code, each.low) for each in difference_classes()])] += 1
        code = difference_classes()[found.classes[row, col] - 1].code
        assert code == class_by_hand(delta, [(each.code, each.low) for each in difference_classes()])

    assert found.matrix == moves
    assert any(NOT_RANKED in pair for pair in moves)
    assert {code: n for code, n in found.class_counts.items() if n} == changes
    assert int((found.classes > 0).sum()) == len(deltas)
    for n in (1, 7, 1_000):
        for sign, cells in ((1, found.rises(n)), (-1, found.falls(n))):
            order = sorted(
                (cell for cell in deltas if sign * deltas[cell] > 0), key=lambda at: (-sign * deltas[at], at)
            )
            assert [surface.grid.parse_cell_id(cell.cell_id) for cell in cells] == order[:n]
            for cell, at in zip(cells, order, strict=False):
                assert cell.delta == pytest.approx(deltas[at]) == pytest.approx(cell.after - cell.before)
                points = {
                    name: float(winter.contributions[name][at]) - float(surface.contributions[name][at])
                    for name in surface.model.weights
                }
                assert cell.component_delta == pytest.approx(sign * max(sign * each for each in points.values()))
                assert points[cell.component] == pytest.approx(cell.component_delta)


def test_a_surface_is_like_itself(surface: RiskSurface) -> None:
    same = compare_cells(surface, surface)
    assert same.likeness == {"rank_correlation": pytest.approx(1), "top20_overlap": 1}
    assert same.rises(5) == same.falls(5) == ()
    assert {code for code, n in same.class_counts.items() if n} == {"same"}
    assert all(before == after for before, after in same.matrix)


def test_another_grid_is_refused(surface: RiskSurface, wide_surface: RiskSurface) -> None:
    with pytest.raises(ParameterError, match="cells of 2000 m and 5000 m"):
        compare_cells(surface, wide_surface)
