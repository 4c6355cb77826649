"""A version fitted on layers of one's own: what is fitted, what stays, and that it is the same model every time."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.calibration import fit_effort
from geo.risk.compare import compare_surfaces
from geo.risk.model import Model
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, make_area, make_finding, make_frame, make_visit, make_workplace

SQUARE = shapely.box(745_000, 7_080_000, 765_000, 7_100_000)


@pytest.fixture(scope="module")
def fitted(layers: Layers) -> Model:
    return geo.fit_model(layers, SCORING_DAY)


def test_levels_are_the_medians_under_the_fitted_shares(layers: Layers, fitted: Model) -> None:
    surface = geo.score(layers, geo.region_grid(1000), SCORING_DAY, model=fitted)
    for name, raster in surface.components.items():
        positive = raster[(raster > 0) & (surface.state > 1)] if name == "findings" else raster[raster > 0]
        if positive.size:
            assert fitted.reference_levels[name] == pytest.approx(float(np.median(positive)), rel=1e-5)


def test_shares_are_those_of_the_layers() -> None:
    areas = make_frame([make_area("A", "construction", 30.0, SQUARE), make_area("A", "other", 70.0, SQUARE)])
    workplaces = make_frame([make_workplace(1)])
    model = geo.fit_model({"sectors": areas, "workplaces": workplaces}, SCORING_DAY)
    assert model.parameters["sector_share_construction"] == pytest.approx(0.3)
    assert model.parameters["sector_share_green"] == 0.0
    # the quotient of the area that is all there is, is one
    surface = geo.score({"sectors": areas}, geo.region_grid(1000), SCORING_DAY, model=model)
    quotients = surface.components["sector_density"]
    assert np.unique(quotients[quotients > 0]) == pytest.approx([1.0], rel=1e-6)


def test_weights_and_bandwidths_stay(fitted: Model) -> None:
    own = geo.load_model()
    assert fitted.weights == own.weights
    judged = {name for name in own.parameters if name.endswith(("_m", "_days"))}
    assert judged >= {"half_life_days", "findings_bandwidth_m"}
    assert {name: fitted.parameters[name] for name in judged} == {name: own.parameters[name] for name in judged}


def test_the_prior_is_that_of_the_calibration(layers: Layers, fitted: Model) -> None:
    effort = fit_effort(layers, SCORING_DAY, geo.load_model().parameters)
    assert {name: fitted.parameters[name] for name in effort} == pytest.approx(effort, rel=1e-5)
    crews = {name for name in fitted.parameters if name.startswith("agency_effect_")}
    assert crews == {name for name in effort if name.startswith("agency_effect_")}
    without = geo.fit_model({"workplaces": layers["workplaces"]}, SCORING_DAY)
    assert "findings per visit" in without.origin["kept"]
    assert without.parameters["prior_visits"] == geo.load_model().parameters["prior_visits"]


def test_visits_that_found_nothing_fit_no_prior(layers: Layers) -> None:
    """One visit without a find is no ground to think that visits find much, or little."""
    one = {"workplaces": layers["workplaces"], "visits": make_frame([make_visit(1)])}
    model = geo.fit_model(one, SCORING_DAY)
    assert "findings per visit" in model.origin["kept"]
    for name in ("prior_findings", "prior_visits", "crew_effect"):
        assert model.parameters[name] == geo.load_model().parameters[name]


def test_the_same_layers_give_the_same_version(layers: Layers, fitted: Model) -> None:
    again = geo.fit_model(dict(layers), str(SCORING_DAY))
    assert again == fitted
    assert again.version.startswith(f"{SCORING_DAY}-")
    other = geo.fit_model(layers, "2026-01-15")
    assert other.version != fitted.version


def test_it_says_what_it_was_fitted_on(layers: Layers, fitted: Model) -> None:
    origin = fitted.origin
    assert origin["base"] == geo.load_model().version
    assert origin["at"] == str(SCORING_DAY)
    assert origin["grid"]["cell_m"] == 1000
    assert {name: each["sha256"] for name, each in origin["layers"].items()} == dict(layers.hashes)
    surface = geo.score(layers, geo.region_grid(5000), SCORING_DAY, model=fitted)
    assert surface.manifest["model_version"] == fitted.version
    assert surface.manifest["model_origin"] == dict(origin)


def test_what_the_layers_say_nothing_about_stays(layers: Layers) -> None:
    model = geo.fit_model({"workplaces": layers["workplaces"]}, SCORING_DAY)
    own = geo.load_model()
    assert "accommodation" in model.origin["kept"]
    assert model.reference_levels["accommodation"] == own.reference_levels["accommodation"]
    assert model.reference_levels["workplaces"] != own.reference_levels["workplaces"]


def test_nothing_at_all_is_no_model() -> None:
    with pytest.raises(ParameterError, match="say nothing about any component on 2026-07-15; import some"):
        geo.fit_model({}, SCORING_DAY)


def test_a_model_goes_through_json(fitted: Model) -> None:
    back = Model.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert back == fitted
    assert back.origin == fitted.origin
    assert back.digest == fitted.digest


def test_the_digest_is_that_of_the_numbers(fitted: Model) -> None:
    assert replace(fitted, version="other").digest == fitted.digest
    assert fitted.with_weights({"findings": 0.9}).digest != fitted.digest


def test_one_number_apart() -> None:
    own = geo.load_model()
    assert own.differences(own) == {}
    assert own.differences(own.with_weights({"findings": 0.9})) == {
        "weight of findings": (own.weights["findings"], 0.9)
    }


def test_a_model_of_another_program_is_refused(fitted: Model) -> None:
    parameters = {name: value for name, value in fitted.parameters.items() if name != "half_life_days"}
    old = replace(fitted, parameters=parameters)
    assert not old.is_complete
    with pytest.raises(ParameterError, match="lacks what this one scores with; fit it again"):
        geo.score({}, geo.region_grid(20_000), SCORING_DAY, model=old)
    with pytest.raises(ParameterError, match=r"model must be .*, got str\n.*date|date.*\n.*model must be .*got str"):
        geo.score({}, geo.region_grid(20_000), "soon", model="2026.1")  # type: ignore[arg-type]


def test_two_surfaces_compare(layers: Layers, surface: RiskSurface) -> None:
    assert compare_surfaces(surface, surface) == {"rank_correlation": pytest.approx(1.0), "top20_overlap": 1.0}
    empty = geo.score({}, surface.grid, SCORING_DAY)
    assert compare_surfaces(empty, empty) == {"rank_correlation": None, "top20_overlap": None}
    other = geo.score(layers, geo.region_grid(20_000), SCORING_DAY)
    with pytest.raises(ParameterError, match="on one grid only"):
        compare_surfaces(surface, other)


def test_one_more_visit_refits_nothing(layers: Layers, fitted: Model) -> None:
    """What is frozen moves with `fit_model` alone: a score sees the records, and never the region's averages."""
    more = layers.updated(
        {"visits": make_frame([make_visit(90)]), "findings": make_frame([make_finding(90, visit_id="v090")])}
    )
    grid = geo.region_grid(1000)
    before, after = (geo.score(each, grid, SCORING_DAY, model=fitted) for each in (layers, more))
    changed = before.score != after.score
    changed &= ~(np.isnan(before.score) & np.isnan(after.score))
    rows, cols = np.nonzero(changed)
    assert rows.size
    place = make_frame([make_visit(90)]).geometry.iloc[0]
    distance = np.hypot(grid.easting[cols] - place.x, grid.northing[rows] - place.y)
    assert distance.max() < fitted.parameters["findings_bandwidth_m"]
