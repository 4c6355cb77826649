"""What the model version froze is what its own fit gives on the region, cell size and date that it names."""

from datetime import date

import numpy as np
import pytest

import geo
from geo.demo import make_demo
from geo.reference import model_components, model_parameters, sector_shares
from geo.risk.calibration import fit_effort, fit_reference_levels, fit_sector_shares
from geo.risk.surface import RiskSurface


@pytest.fixture(scope="module")
def demo_surface() -> RiskSurface:
    grid = geo.region_grid(model_parameters()["fitted_cell_m"])
    return geo.score(geo.Layers(make_demo().layers), grid, at="2026-07-15")


@pytest.mark.long
def test_frozen_levels_are_the_fitted_ones(demo_surface: RiskSurface) -> None:
    """To the three digits that the table holds."""
    fitted = fit_reference_levels(demo_surface)
    frozen = {one.component: one.reference_level for one in model_components()}
    assert {name: float(f"{level:.2e}") for name, level in fitted.items()} == pytest.approx(frozen, rel=1e-12)


def test_frozen_effort_is_the_fitted_one(demo_surface: RiskSurface) -> None:
    """To the three digits that the table holds; what the table says of agencies beforehand does not enter."""
    frozen = model_parameters()
    other = {name: 3.0 if name.startswith("agency_effect_") else value for name, value in frozen.items()}

    fitted = fit_effort(demo_surface.layers, demo_surface.at, {**other, "agency_effect_iom": 5.0})

    assert {name: float(f"{value:.2e}") for name, value in fitted.items()} == {
        name: value
        for name, value in frozen.items()
        if name.startswith(("prior_", "agency_effect_")) or name == "crew_effect"
    }


def test_frozen_crews_leave_the_effort_as_large_as_it_was(demo_surface: RiskSurface) -> None:
    effort = demo_surface.inputs.effort.points
    frame = demo_surface.layers["visits"].set_index("visit_id").loc[effort.ids]
    named = (
        frame["agencies"].str.contains("polis|skatte|coordinator|municipality|arbetsformedlingen").to_numpy(dtype=bool)
    )
    age = np.exp2(-(np.datetime64(demo_surface.at) - effort.on).astype(float) / 365)

    assert effort.weight[named].sum() == pytest.approx(age[named].sum(), rel=1e-2)
    assert effort.weight[~named] == pytest.approx(age[~named])


def test_nothing_to_fit_is_a_guess() -> None:
    fitted = fit_effort(geo.Layers({}), date(2026, 7, 15), model_parameters())

    assert fitted == {"prior_findings": 1.0, "prior_visits": 2.0, "crew_effect": 1.0}


def test_frozen_shares_are_the_fitted_ones(demo_surface: RiskSurface) -> None:
    fitted = fit_sector_shares(demo_surface.layers["sectors"])
    # the last row takes what rounding to five decimals leaves, so that the shares add up to 1
    assert dict(sector_shares()) == pytest.approx(fitted, abs=3e-5)
    assert sum(fitted.values()) == pytest.approx(1, abs=1e-12)


def test_a_component_gives_half_of_its_points_in_its_median_cell(demo_surface: RiskSurface) -> None:
    for name, points in demo_surface.contributions.items():
        # findings per visit are above 0 everywhere
        touched = points[demo_surface.ranked if name == "findings" else demo_surface.components[name] > 0]
        assert np.median(touched) == pytest.approx(demo_surface.model.max_points[name] / 2, rel=0.01)
