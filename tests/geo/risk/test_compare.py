"""More than a map of where people work? The comparison against scipy and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import geo
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.risk.compare import compare_with_employees, rank_correlation, thin_out, top_overlap
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_frame, make_workplace, near_town
from tests.oracles import brute_density, is_active, list_records, look_up, sector_of

numbers = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))
pairs = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=40)


@given(pairs)
def test_rank_correlation_is_spearmans(values: list[tuple[float, float]]) -> None:
    first, second = np.array(values).T

    found = rank_correlation(first, second)

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert found is None
    else:
        assert found == pytest.approx(float(spearmanr(first, second).statistic), abs=1e-12)


@given(pairs, st.integers(1, 50))
def test_overlap_counts_what_both_have(values: list[tuple[float, float]], n: int) -> None:
    first, second = np.array(values).T
    size = min(n, len(values))
    highest = [set(sorted(range(len(values)), key=lambda i, v=v: (-v[i], i))[:size]) for v in (first, second)]

    assert top_overlap(first, second, n) == pytest.approx(len(highest[0] & highest[1]) / size)


def employee_density(layers: Layers) -> np.ndarray:
    points = []
    for record in list_records(layers["workplaces"]):
        if is_active(record, SCORING_DAY):
            bandwidth = look_up("sectors", "sector", sector_of(record), "bandwidth_m")
            points.append((record["geometry"].x, record["geometry"].y, record["employees"], bandwidth))
    return brute_density(points, GRID.easting.tolist(), GRID.northing.tolist())


def test_a_surface_is_compared_over_its_ranked_cells(surface: RiskSurface, layers: Layers) -> None:
    ours = surface.score[surface.ranked].astype(float)
    theirs = employee_density(layers)[surface.ranked]
    # sums of the same numbers in another order differ in the last digits, and zeros must stay equal
    theirs = np.round(theirs, 9)

    found = surface.manifest["comparison"]

    assert found["rank_correlation"] == pytest.approx(float(spearmanr(ours, theirs).statistic), abs=2e-3)
    top = [set(np.argsort(-values, kind="stable")[:20].tolist()) for values in (ours, theirs)]
    assert found["top20_overlap"] == pytest.approx(len(top[0] & top[1]) / 20)
    assert -1 <= found["rank_correlation"] < 1


def test_a_map_of_employees_is_called_one(layers: Layers) -> None:
    density = employee_density(layers)

    found = compare_with_employees(layers["workplaces"], GRID, SCORING_DAY, density, density > 1e-9)

    # sums of the same numbers in another order: cells that tie here may not tie there
    assert found == {"rank_correlation": pytest.approx(1.0, abs=1e-4), "top20_overlap": 1.0}


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.sampled_from([50.0, 100.0, 250.0, 777.5]))
def test_thinned_out_cells_keep_their_centres(n_rows: int, n_cols: int, step: int, cell_m: float) -> None:
    grid = Grid(740_000, 7_066_000, cell_m, n_rows, n_cols)

    rows, cols, thinned = thin_out(grid, step)

    np.testing.assert_allclose(thinned.easting, grid.easting[cols], atol=1e-6)
    np.testing.assert_allclose(thinned.northing, grid.northing[rows], atol=1e-6)
    assert thinned.cell_m == step * cell_m
    assert thinned.n_rows == max(1, -(-(n_rows - step // 2) // step))
    assert thin_out(grid, 1) == (slice(0, None, 1), slice(0, None, 1), grid)


def test_fine_cells_are_compared_a_kilometre_apart(layers: Layers) -> None:
    fine = Grid(740_000, 7_066_000, 250, n_rows=128, n_cols=160)
    rows, cols, thinned = thin_out(fine, 4)
    surface, coarse = (geo.score(layers, grid, at=SCORING_DAY) for grid in (fine, thinned))

    assert thinned.cell_m == 1_000
    np.testing.assert_array_equal(surface.score[rows, cols], coarse.score)
    assert surface.manifest["comparison"] == pytest.approx(coarse.manifest["comparison"], abs=1e-6)


def test_too_little_to_compare_is_said() -> None:
    nothing = {"rank_correlation": None, "top20_overlap": None}
    zeros = np.zeros(GRID.shape)
    workplaces = geo.Layers({"workplaces": make_frame([make_workplace(1, **near_town(0, 0))])})["workplaces"]
    two = np.zeros(GRID.shape, dtype=bool)
    two[0, :2] = True

    assert compare_with_employees(workplaces, GRID, SCORING_DAY, zeros, two) == nothing
    assert compare_with_employees(workplaces[:0], GRID, SCORING_DAY, zeros, zeros == 0) == nothing
