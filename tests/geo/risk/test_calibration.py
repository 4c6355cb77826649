"""What the model version froze is what its own fit gives on the region, cell size and date that it names."""

import numpy as np
import pytest

import geo
from geo.demo import make_demo
from geo.reference import model_components, model_parameters, sector_shares
from geo.risk.calibration import fit_reference_levels, fit_sector_shares
from geo.risk.surface import RiskSurface


@pytest.fixture(scope="module")
def demo_surface() -> RiskSurface:
    grid = geo.region_grid(model_parameters()["fitted_cell_m"])
    return geo.score(geo.Layers(make_demo().layers), grid, at="2026-07-15")


def test_frozen_levels_are_the_fitted_ones(demo_surface: RiskSurface) -> None:
    """To the three digits that the table holds."""
    fitted = fit_reference_levels(demo_surface)
    frozen = {one.component: one.reference_level for one in model_components()}
    assert {name: float(f"{level:.2e}") for name, level in fitted.items()} == pytest.approx(frozen, rel=1e-12)


def test_frozen_shares_are_the_fitted_ones(demo_surface: RiskSurface) -> None:
    fitted = fit_sector_shares(demo_surface.layers["sectors"])
    # the last row takes what rounding to five decimals leaves, so that the shares add up to 1
    assert dict(sector_shares()) == pytest.approx(fitted, abs=3e-5)
    assert sum(fitted.values()) == pytest.approx(1, abs=1e-12)


def test_a_component_gives_half_of_its_points_in_its_median_cell(demo_surface: RiskSurface) -> None:
    for name, points in demo_surface.contributions.items():
        touched = points[demo_surface.components[name] > 0]
        assert np.median(touched) == pytest.approx(demo_surface.model.max_points[name] / 2, rel=0.01)
