"""Draws of scores against plain numpy: quantiles, the highest cells of each draw, the noise, the Gamma quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from geo.errors import ShapeError
from geo.kernels import DrawnCells, DrawnOutputs, Draws, Leaders, draw_cells
from geo.risk.uncertainty.gamma import gamma_table

LEVELS = np.array([0.05, 0.5, 0.95])
N_SHIFTS, N_COMPONENTS, N_DRAWS = 2, 3, 24
FIRST = np.array([0, 10, N_DRAWS])


@dataclass
class Case:
    """Some cells on a small lattice; the last component is drawn from a Gamma distribution."""

    cells: DrawnCells
    noise: NDArray[np.float32]
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    bandwidth: float = 2.5

    def normals(self, i: int) -> NDArray[np.float64]:
        """Every number of the lattice, weighted by its distance."""
        row, col = np.indices(self.noise.shape[:2])
        u2 = ((row - self.northing[i]) ** 2 + (col - self.easting[i]) ** 2) / self.bandwidth**2
        weight = np.where(u2 < 1, (1 - u2) ** 2, 0)
        return np.tensordot(weight, self.noise.astype(float), axes=2) / np.sqrt((weight**2).sum())

    def scores(self, i: int, drawn: int) -> NDArray[np.float64]:
        """One cell's score in each draw, component by component."""
        scores, normal = np.zeros(N_DRAWS), self.normals(i)
        for d in range(N_DRAWS):
            shift = int(d >= FIRST[1])
            for component in range(N_COMPONENTS):
                share = float(self.cells.share[i, component, shift])
                if component == drawn:
                    shape = np.exp(self.cells.log_shape[i, shift])
                    value = stats.gamma.ppf(stats.norm.cdf(normal[d]), shape)
                    share = value / (value + np.exp(self.cells.log_scale[i, shift]))
                scores[d] += self.cells.points[component, d] * share
        return scores


def make_case(seed: int, n_cells: int) -> Case:
    rng = np.random.default_rng(seed)
    points = (100 * rng.dirichlet(np.ones(N_COMPONENTS), N_DRAWS).T).astype(np.float32)
    share = rng.random((n_cells, N_COMPONENTS, N_SHIFTS), dtype=np.float32)
    share[rng.random(share.shape) < 0.2] = 0
    log_shape = np.log(10.0) * rng.uniform(-1.5, 2, (n_cells, N_SHIFTS))
    log_scale = log_shape + rng.normal(size=log_shape.shape)
    noise = rng.standard_normal((9, 11, N_DRAWS), dtype=np.float32)
    at = rng.uniform(2.5, 6.5, n_cells), rng.uniform(2.5, 5.5, n_cells)
    return Case(DrawnCells(points, share, log_shape, log_scale), noise, *at)


def make_draws(drawn: int) -> Draws:
    table = gamma_table()
    return Draws(FIRST, drawn, table.log_shape, table.normal, table.values)


def make_leaders(k: int) -> Leaders:
    nobody = np.iinfo(np.int64).max
    return Leaders(np.full((N_DRAWS, k), -np.inf, np.float32), np.full((N_DRAWS, k), nobody))


def run(case: Case, drawn: int, leaders: Leaders, order: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    n_cells = len(case.easting)
    some = np.arange(n_cells) if order is None else order
    out = DrawnOutputs(np.zeros((1, 3, n_cells), np.float32), LEVELS)
    at = case.easting[some], case.northing[some]
    ranked = (np.ones(n_cells, bool),)
    draw_cells((case.cells,), make_draws(drawn), case.noise, some, at, case.bandwidth, ranked, (leaders,), out)
    return out.quantiles[0]


@pytest.mark.parametrize("drawn", [-1, 2])
def test_quantiles_are_those_of_the_plain_draws(drawn: int) -> None:
    case = make_case(1, 12)
    found = run(case, drawn, make_leaders(1))
    for i in range(12):
        expected = np.quantile(case.scores(i, drawn), LEVELS)
        # float32 sums of three components, and the table's error of 1e-5 of 100 points
        np.testing.assert_allclose(found[:, i], expected, rtol=0, atol=2e-3)


@given(seed=st.integers(0, 999), n_cells=st.integers(1, 9), k=st.integers(1, 5))
def test_leaders_are_the_highest_cells_of_each_draw_in_any_order(seed: int, n_cells: int, k: int) -> None:
    case = make_case(seed, n_cells)
    # many cells alike: the one with the lower number leads
    case.cells.share[:] = np.round(case.cells.share)
    scores = np.zeros((n_cells, N_DRAWS), np.float32)
    for component in range(N_COMPONENTS):
        for shift, some in enumerate((slice(0, FIRST[1]), slice(FIRST[1], None))):
            scores[:, some] += case.cells.points[component, some] * case.cells.share[:, component, shift, np.newaxis]
    expected = [set(np.lexsort((np.arange(n_cells), -scores[:, d]))[:k].tolist()) for d in range(N_DRAWS)]
    for order in (np.arange(n_cells), np.random.default_rng(seed).permutation(n_cells)):
        leaders = make_leaders(k)
        run(case, -1, leaders, order)
        there = np.isfinite(leaders.score)
        assert [set(cells[some].tolist()) for cells, some in zip(leaders.cell, there, strict=True)] == expected


def test_two_surfaces_are_drawn_with_the_same_noise() -> None:
    before, after = make_case(3, 6), make_case(4, 6)
    out = DrawnOutputs(np.zeros((3, 3, 6), np.float32), LEVELS)
    ranked = np.ones(6, bool), np.array([True, False] * 3)
    leaders = make_leaders(2), make_leaders(2)
    cells, at = (before.cells, after.cells), (before.easting, before.northing)
    draw_cells(cells, make_draws(2), before.noise, np.arange(6), at, 2.5, ranked, leaders, out)
    twin = Case(after.cells, before.noise, before.easting, before.northing)
    np.testing.assert_array_equal(out.quantiles[0], run(before, 2, make_leaders(1)))
    np.testing.assert_array_equal(out.quantiles[1], run(twin, 2, make_leaders(1)))
    for i in range(6):
        difference = twin.scores(i, 2) - before.scores(i, 2)
        np.testing.assert_allclose(out.quantiles[2, :, i], np.quantile(difference, LEVELS), rtol=0, atol=4e-3)
    assert set(leaders[1].cell.ravel().tolist()) <= {0, 2, 4}


@pytest.mark.parametrize("log_shape", np.log([1e-4, 1e-3, 0.02, 0.3, 1, 7, 300, 1e6, 1e12]).tolist())
def test_gamma_quantiles_are_those_of_scipy(log_shape: float) -> None:
    """Within 1e-5 of the share that counts from a shape of 0.05 on, 1e-3 below, over the whole range of deviates."""
    normal = np.linspace(-5.9, 5.9, 200)
    noise = np.zeros((1, 1, 200), np.float32)
    noise[0, 0] = normal
    shape = np.exp(log_shape)
    expected = stats.gamma.ppf(stats.norm.cdf(noise[0, 0].astype(float)), shape)
    table, scale = gamma_table(), np.log(max(shape, 1e-3))
    draws = Draws(np.array([0, 200]), 0, table.log_shape, table.normal, table.values)
    share, numbers = np.zeros((1, 1, 1), np.float32), np.full((1, 1), log_shape)
    cells = DrawnCells(np.ones((1, 200), np.float32), share, numbers, np.full((1, 1), scale))
    levels = np.linspace(0, 1, 200)
    out = DrawnOutputs(np.zeros((1, 200, 1), np.float32), levels)
    leaders = Leaders(np.zeros((200, 1), np.float32), np.zeros((200, 1), np.int64))
    ranked, place = (np.ones(1, bool),), (np.zeros(1), np.zeros(1))
    draw_cells((cells,), draws, noise, np.zeros(1, np.int64), place, 1.0, ranked, (leaders,), out)
    # the draws come in the order of their deviates, so that the quantiles are the draws themselves
    tolerance = 1e-5 if shape >= 0.05 else 1e-3
    np.testing.assert_allclose(out.quantiles[0, :, 0], expected / (expected + np.exp(scale)), rtol=0, atol=tolerance)


@pytest.mark.parametrize("broken", ["points", "noise", "levels", "leaders", "first"])
def test_arrays_that_do_not_fit_are_refused(broken: str) -> None:
    case, draws, leaders = make_case(1, 2), make_draws(2), make_leaders(1)
    out: Any = DrawnOutputs(np.zeros((1, 3, 2), np.float32), LEVELS)
    if broken == "points":
        case.cells = case.cells._replace(log_shape=case.cells.log_shape[:1])
    elif broken == "noise":
        case.noise = case.noise[:, :, :5]
    elif broken == "levels":
        out = out._replace(levels=LEVELS[:2])
    elif broken == "leaders":
        leaders = Leaders(leaders.score[:3], leaders.cell[:3])
    else:
        draws = draws._replace(first=np.array([0, 3]))
    ranked, at = (np.ones(2, bool),), (case.easting, case.northing)
    with pytest.raises(ShapeError, match="do not fit together"):
        draw_cells((case.cells,), draws, case.noise, np.arange(2), at, 2.5, ranked, (leaders,), out)
