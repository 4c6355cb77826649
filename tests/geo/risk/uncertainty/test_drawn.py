"""What is drawn: weights, shifts, noise, quantiles; each against what is known of its distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from geo.grid import Grid
from geo.risk.model import load_model
from geo.risk.uncertainty.gamma import LARGEST_NORMAL, SMALLEST_SHAPE, gamma_table, log_quantile
from geo.risk.uncertainty.noise import LATTICE_STEPS, NoiseField, make_tiles
from geo.risk.uncertainty.shifts import N_SHIFTS, first_draws, shift_grids
from geo.risk.uncertainty.simulation import Drawn, Simulation
from geo.risk.uncertainty.values import Values
from geo.risk.uncertainty.weights import CONCENTRATION, draw_points

EXPERT = np.array([0.2, 0.15, 0.25, 0.05, 0.2, 0.15])
BANDWIDTH_M = 5_000.0
MANY = 10_000


def simulate(
    easting: NDArray[np.float64],
    share: NDArray[np.float32],
    points: NDArray[np.float32],
    shape_rate: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    seed: int = 5,
    top_k: int = 2,
) -> Drawn:
    """Cells in a row, with shares that do not change with the grid's origin; the last component may be drawn."""
    n_cells, n_draws = len(easting), points.shape[1]
    of_shifts = np.repeat(share[:, :, np.newaxis], N_SHIFTS, axis=2).astype(np.float32)
    nothing = np.zeros((0, N_SHIFTS))
    logs = [np.repeat(np.log(each)[:, np.newaxis], N_SHIFTS, axis=1) for each in shape_rate or ()] or [nothing, nothing]
    return Simulation(
        easting=easting,
        northing=np.full(n_cells, 7_000_000.0),
        values=[Values(of_shifts, *logs)],
        points=[points],
        ranked=[np.ones(n_cells, bool)],
        drawn=share.shape[1] - 1 if shape_rate else -1,
        bandwidth_m=BANDWIDTH_M,
        noise=NoiseField.from_seed(np.random.SeedSequence(seed), n_draws),
        top_k=top_k,
    ).run(1)


# ---- weights ---------------------------------------------------------------------------------------------------


def test_weights_have_the_mean_and_spread_of_dirichlet() -> None:
    points = draw_points(EXPERT, MANY, np.random.SeedSequence(1)).astype(float) / 100
    spread = np.sqrt(EXPERT * (1 - EXPERT) / (CONCENTRATION + 1))
    np.testing.assert_allclose(points.sum(axis=0), 1, rtol=0, atol=1e-6)
    assert (np.abs(points.mean(axis=1) - EXPERT) < 4 * spread / np.sqrt(MANY)).all()
    np.testing.assert_allclose(points.std(axis=1), spread, rtol=0.05)
    # a component's share of 1 is Beta distributed
    for weight, drawn in zip(EXPERT, points, strict=True):
        law = stats.beta(CONCENTRATION * weight, CONCENTRATION * (1 - weight))
        assert stats.kstest(drawn, law.cdf).pvalue > 1e-3


def test_concentration_is_a_step_of_the_experts_scale() -> None:
    weights = np.array(list(load_model().weights.values()))
    assert np.sqrt(weights * (1 - weights) / (CONCENTRATION + 1)).mean() == pytest.approx(0.05, abs=0.005)


@given(
    weights=st.lists(st.sampled_from([0.0, 1e-9, 0.3, 1.0, 1e9]), min_size=1, max_size=7).filter(any),
    seed=st.integers(0, 10**12),
)
def test_weights_add_up_and_zero_stays_zero(weights: list[float], seed: int) -> None:
    points = draw_points(np.array(weights), 30, np.random.SeedSequence(seed))
    np.testing.assert_allclose(points.sum(axis=0, dtype=float), 100, rtol=1e-6)
    assert (points[np.array(weights) == 0] == 0).all()
    scaled = draw_points(np.array(weights) * 4, 30, np.random.SeedSequence(seed))
    np.testing.assert_array_equal(points, scaled)


def test_only_weights_drawn_gives_the_mixture_of_the_shares() -> None:
    rng = np.random.default_rng(2)
    share = rng.random((4, 6), dtype=np.float32)
    points = draw_points(EXPERT, MANY, np.random.SeedSequence(3))
    drawn = simulate(np.arange(4) * 1e3, share, points)
    scores = points.T.astype(float) @ share.T
    np.testing.assert_allclose(drawn.quantiles[0], np.quantile(scores, [0.05, 0.5, 0.95], axis=0), rtol=0, atol=1e-4)
    # a mixture of Dirichlet weights has the expert weights' mean, which the median is close to
    np.testing.assert_allclose(drawn.quantiles[0][1], 100 * share @ EXPERT, rtol=0, atol=1)
    assert drawn.p_top.sum() == pytest.approx(2)


# ---- shifts ----------------------------------------------------------------------------------------------------


def test_shifts_are_the_middles_of_sixteen_squares_within_half_a_cell() -> None:
    grid = Grid(700_000, 7_000_000, 400, n_rows=3, n_cols=4)
    moved = {(each.x_min - grid.x_min, each.y_min - grid.y_min) for each in shift_grids(grid)}
    assert moved == {(x, y) for x in (-150, -50, 50, 150) for y in (-150, -50, 50, 150)}
    assert {(each.shape, each.cell_m, each.crs) for each in shift_grids(grid)} == {(grid.shape, 400.0, grid.crs)}


@given(n_draws=st.integers(20, 10_000))
def test_every_shift_is_drawn_as_often(n_draws: int) -> None:
    first = first_draws(n_draws)
    assert (first[0], first[-1], len(first)) == (0, n_draws, N_SHIFTS + 1)
    assert set(np.diff(first).tolist()) <= {n_draws // N_SHIFTS, n_draws // N_SHIFTS + 1}


# ---- noise -----------------------------------------------------------------------------------------------------


def noise_at(easting: NDArray[np.float64], n_draws: int, seed: int = 0) -> NDArray[np.float64]:
    """(n_draws, n) noise of places on one line, read off the draws of a component that they alone decide."""
    northing, noise = np.full(len(easting), 7_013_777.0), np.zeros((n_draws, len(easting)))
    field = NoiseField.from_seed(np.random.SeedSequence(seed), n_draws)
    for tile in make_tiles(easting, northing, BANDWIDTH_M):
        lattice = field.empty()
        field.fill(tile, lattice)
        row, col = np.indices(lattice.shape[:2])
        for cell, y, x in zip(tile.cells, tile.northing, tile.easting, strict=True):
            weight = np.maximum(1 - ((row - y) ** 2 + (col - x) ** 2) / LATTICE_STEPS**2, 0) ** 2
            noise[:, cell] = np.tensordot(lattice, weight, axes=((0, 1), (0, 1))) / np.sqrt((weight**2).sum())
    return noise


def kernel_overlap(distance_m: float) -> float:
    """Correlation of two quartic kernel sums of the same evenly spread numbers, by plain integration."""
    x, y = np.meshgrid(np.linspace(-3, 3, 601), np.linspace(-1, 1, 201))
    first, second = (np.maximum(1 - (x - shift) ** 2 - y**2, 0) ** 2 for shift in (0, distance_m / BANDWIDTH_M))
    return float((first * second).sum() / (first**2).sum())


def test_noise_is_standard_normal_and_shared_as_far_as_kernels_overlap() -> None:
    away = np.array([0.0, 1_000, 2_500, 5_000, 7_500, 10_000, 80_000])
    noise = noise_at(701_234.0 + away, MANY)
    for column in noise.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    expected = [kernel_overlap(distance) for distance in away.tolist()]
    # 0.04 are four standard errors; the lattice is coarse enough to be seen, and closer than 0.02
    np.testing.assert_allclose(np.corrcoef(noise.T)[0], expected, rtol=0, atol=0.05)
    assert expected[1] > 0.9
    assert expected[5] == 0


def test_noise_differs_by_seed_and_by_block_and_also_south_west_of_the_origin() -> None:
    places = np.array([-160_000.0, -10_000, 10_000, 150_000, 300_000])
    noise = noise_at(places, 400)
    assert np.abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.25
    assert np.abs(np.corrcoef(noise[:, 0], noise_at(places, 400, seed=1)[:, 0])[0, 1]) < 0.25


@given(seed=st.integers(0, 99), n=st.integers(0, 60))
def test_tiles_hold_every_cell_once_with_its_reach(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    easting, northing = rng.uniform(-2e5, 9e5, n), rng.uniform(6.8e6, 7.1e6, n)
    tiles = list(make_tiles(easting, northing, BANDWIDTH_M))
    assert sorted(np.concatenate([np.empty(0, int), *(tile.cells for tile in tiles)]).tolist()) == list(range(n))
    side = NoiseField((0, 0), 2).empty().shape[0]
    for tile in tiles:
        for start, places, plane in ((tile.col, tile.easting, easting), (tile.row, tile.northing, northing)):
            np.testing.assert_allclose(places + start, plane[tile.cells] / (BANDWIDTH_M / LATTICE_STEPS), rtol=1e-12)
            assert places.min() >= LATTICE_STEPS
            assert places.max() < side - LATTICE_STEPS


# ---- posterior -------------------------------------------------------------------------------------------------


def test_table_holds_the_quantiles_where_scipy_still_knows_them() -> None:
    table = gamma_table()
    normal = table.normal[0] + table.normal[1] * np.arange(table.values.shape[1])
    shape = np.exp(table.log_shape[0] + table.log_shape[1] * np.arange(len(table.values)))
    assert (normal[0] < -LARGEST_NORMAL, normal[-1] > LARGEST_NORMAL, shape[0] < SMALLEST_SHAPE) == (True,) * 3
    for a, row in zip(shape[::10], table.values[::10], strict=True):
        # each tail by itself: probabilities close to 1 are too coarse
        lower, upper = stats.gamma.ppf(stats.norm.cdf(normal), a), stats.gamma.isf(stats.norm.sf(normal), a)
        quantile = np.where(normal > 0, upper, lower)
        known = quantile > 1e-200
        logarithm = row * (1 + np.sqrt(a)) / a + np.log(a)
        np.testing.assert_allclose(logarithm[known], np.log(quantile[known]), rtol=1e-9, atol=1e-9)
        assert (np.diff(logarithm) > 0).all()


def test_quantiles_that_underflow_keep_their_logarithm() -> None:
    """``P(X < q) = q^a / Γ(a + 1)`` for small q: halving the probability takes ln 2 / a off the logarithm."""
    normal = stats.norm.ppf(np.array([0.2, 0.1]))
    first, second = log_quantile(np.array([1e-4]), normal)
    assert first < -1e4
    assert first - second == pytest.approx(np.log(2) / 1e-4, rel=1e-9)


@pytest.mark.parametrize("shape", [0.01, 0.2, 1.0, 5.0, 400.0])
def test_only_the_posterior_drawn_gives_gamma_quantiles(shape: float) -> None:
    """One component with all the points: the score is a monotone transform of the Gamma value."""
    rate, level, easting = 3.0, 0.25, np.array([0.0, 50e3, 100e3])
    points, share = np.full((1, MANY), 100, np.float32), np.zeros((3, 1), np.float32)
    drawn = simulate(easting, share, points, (np.full(3, shape), np.full(3, rate * level)))
    scores = drawn.quantiles[0].astype(float) / 100
    reached = stats.gamma.cdf(level * scores / (1 - scores), shape, scale=1 / rate)
    # four standard errors of a quantile of 10 000 draws; far down in the tail of small shapes a share is 0
    for level_of, row in zip((0.05, 0.5, 0.95), reached, strict=True):
        at_least = stats.gamma.cdf(1e-9, shape, scale=1 / rate)
        apart = np.abs(np.maximum(row, at_least) - max(level_of, at_least))
        assert (apart < 4 * np.sqrt(level_of * (1 - level_of) / MANY)).all()


def test_renumbering_cells_renumbers_the_result() -> None:
    rng = np.random.default_rng(8)
    easting, share = rng.uniform(0, 60e3, 30), rng.random((30, 3), dtype=np.float32)
    shape_rate = rng.uniform(0.2, 4, 30), rng.uniform(0.2, 4, 30)
    points = draw_points(np.ones(3), 60, np.random.SeedSequence(4))
    order = rng.permutation(30)
    one = simulate(easting, share, points, shape_rate)
    other = simulate(easting[order], share[order], points, (shape_rate[0][order], shape_rate[1][order]))
    np.testing.assert_array_equal(one.quantiles[:, :, order], other.quantiles)
    np.testing.assert_array_equal(one.p_top[:, order], other.p_top)
