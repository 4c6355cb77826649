"""How sure a difference is: two surfaces by the same draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import geo
from geo.errors import NotFoundError, ParameterError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import DeltaUncertainty, compare_uncertainty
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_finding, make_frame, near_town
from tests.geo.risk.uncertainty.oracle import draw_scores

N_DRAWS, TOP_K, SEED = 40, 5, 3
# where nothing else is: cells that are ranked only once the camp is open
CAMP = near_town(-15_600, 8_400)


@pytest.fixture(scope="module")
def before(surface: RiskSurface) -> RiskSurface:
    return surface


@pytest.fixture(scope="module")
def after(surface: RiskSurface) -> RiskSurface:
    added = {
        "accommodation": make_frame([make_accommodation(90, housing_type="work_camp", beds=400.0, **CAMP)]),
        "findings": make_frame([make_finding(90, **near_town(-7_900, 3_100))]),
    }
    layers = surface.layers.updated(added, None)
    return geo.score(layers, GRID, at=SCORING_DAY)


@pytest.fixture(scope="module")
def delta(before: RiskSurface, after: RiskSurface) -> DeltaUncertainty:
    return compare_uncertainty(before, after, N_DRAWS, TOP_K, SEED)


def test_each_side_is_what_it_is_by_itself(before: RiskSurface, after: RiskSurface, delta: DeltaUncertainty) -> None:
    for surface, side in ((before, delta.before), (after, delta.after)):
        alone = surface.uncertainty(N_DRAWS, TOP_K, SEED)
        for name in ("low", "median", "high"):
            # what is no more than rounding apart is taken from the surface before
            np.testing.assert_allclose(getattr(side, name), getattr(alone, name), rtol=0, atol=2e-5)
        assert np.nanmax(np.abs(side.p_top - alone.p_top)) <= 1.01 / N_DRAWS
        np.testing.assert_array_equal(np.isnan(side.p_top), ~surface.ranked)
        assert np.nansum(side.p_top, dtype=float) == pytest.approx(TOP_K, abs=1e-5)


def test_difference_is_that_of_the_draws_one_by_one(
    before: RiskSurface, after: RiskSurface, delta: DeltaUncertainty
) -> None:
    cells = np.flatnonzero(before.ranked | after.ranked)
    first, second = (draw_scores(surface, cells, N_DRAWS, SEED) for surface in (before, after))
    for raster, level in ((delta.low, 0.05), (delta.median, 0.5), (delta.high, 0.95)):
        expected = np.quantile(second - first, level, axis=0)
        np.testing.assert_allclose(raster.ravel()[cells], expected, rtol=0, atol=4e-3)
    np.testing.assert_array_equal(np.isnan(delta.low).ravel(), ~np.isin(np.arange(GRID.n_cells), cells))


def test_where_nothing_has_changed_the_difference_is_exactly_zero(
    before: RiskSurface, after: RiskSurface, delta: DeltaUncertainty
) -> None:
    easting, northing = np.meshgrid(GRID.easting, GRID.northing)
    sites = ((CAMP["easting"], CAMP["northing"], 2_500), (*near_town(-7_900, 3_100).values(), 5_000))
    # half a cell's diagonal more, for the shifted grids
    near = np.any([np.hypot(easting - x, northing - y) < reach + 1_415 for x, y, reach in sites], axis=0)
    drawn = before.ranked | after.ranked
    assert (drawn & ~near).sum() > 50
    for raster in (delta.low, delta.median, delta.high):
        assert (raster[drawn & ~near] == 0).all()
    assert (delta.median[drawn & near] > 0).any()
    assert (delta.low[drawn] >= 0).all()
    assert (after.ranked & ~before.ranked).any()


def test_a_surface_does_not_differ_from_itself_or_from_its_twin(before: RiskSurface, layers: Layers) -> None:
    twin = geo.score(layers, GRID, at=SCORING_DAY)
    for other in (before, twin):
        same = compare_uncertainty(before, other, N_DRAWS, TOP_K, SEED)
        for raster in (same.low, same.median, same.high):
            assert (raster[before.ranked] == 0).all()


def test_there_and_back_again_are_each_others_opposite(
    before: RiskSurface, after: RiskSurface, delta: DeltaUncertainty
) -> None:
    back = compare_uncertainty(after, before, N_DRAWS, TOP_K, SEED)
    np.testing.assert_allclose(back.low, -delta.high, rtol=0, atol=2e-5)
    np.testing.assert_allclose(back.high, -delta.low, rtol=0, atol=2e-5)


def test_other_weights_move_together(layers: Layers, before: RiskSurface) -> None:
    """The difference of two weightings is surer than two independent draws would be."""
    heavier = geo.score(layers, GRID, at=SCORING_DAY, weights={"accommodation": 0.2})
    delta = compare_uncertainty(before, heavier, 200, TOP_K, SEED)
    ranked = before.ranked
    apart = (delta.high - delta.low)[ranked]
    alone = (delta.before.high - delta.before.low)[ranked]
    assert apart.mean() < 0.5 * alone.mean()


def test_one_cell_is_told(before: RiskSurface, delta: DeltaUncertainty) -> None:
    row, col = np.argwhere(before.ranked)[0]
    numbers = delta.at(GRID.cell_id(row, col))
    assert numbers == (delta.low[row, col], delta.median[row, col], delta.high[row, col])
    row, col = np.argwhere(np.isnan(delta.low))[0]
    with pytest.raises(NotFoundError, match="nothing to visit"):
        delta.at(GRID.cell_id(row, col))


def test_what_cannot_be_compared_is_refused_in_one_message(layers: Layers, before: RiskSurface) -> None:
    other = geo.score(layers, geo.Grid(740_000, 7_066_000, 4_000, 8, 10), at=SCORING_DAY)
    other = replace(other, model=replace(other.model, version="1999.1"))
    with pytest.raises(ParameterError) as error:
        compare_uncertainty(before, other, 5, TOP_K, SEED)
    for part in ("different grids", "different model versions (", "1999.1", "n_draws"):
        assert part in str(error.value)
    with pytest.raises(ParameterError, match="different grids"):
        compare_uncertainty(before, other, N_DRAWS, TOP_K, SEED, "24")


def test_a_county_is_drawn_alone(before: RiskSurface, after: RiskSurface, delta: DeltaUncertainty) -> None:
    mine = compare_uncertainty(before, after, N_DRAWS, TOP_K, SEED, "24")
    np.testing.assert_array_equal(mine.low, delta.low)
