"""The chance of a find is what plain Python makes of a site's record, and moves the right way."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from scipy.integrate import quad
from scipy.stats import gamma

import geo
from geo.layers.bundle import Layers
from geo.planning.targets import Target
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, make_finding, make_visit, make_workplace
from tests.geo.planning.targets.made import drawn_layers, list_sites, make_layers, read_planning
from tests.oracles import as_day, crew_multiplier, fade, finding_weight, list_records, read_parameter

FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def expected_chance(layers: Layers, site_id: str) -> float:
    """Mean of 1 − exp(−c λ) over what the rate λ of a site may be, by quadrature."""
    visits = [one for one in list_records(layers["visits"]) if one["site_id"] == site_id]
    own = {one["visit_id"] for one in visits}
    effort = sum(fade(as_day(one["visited_on"]) or SCORING_DAY, SCORING_DAY) * crew_multiplier(one) for one in visits)
    found = sum(finding_weight(one, SCORING_DAY) for one in list_records(layers["findings"]) if one["visit_id"] in own)
    shape, rate = read_parameter("prior_findings") + found, read_parameter("prior_visits") + effort
    factor, most = read_planning("find_factor"), float(gamma.ppf(1 - 1e-13, shape, scale=1 / rate))
    # by the quantile, so that a density without bound at 0 does no harm
    mean, _ = quad(lambda u: -math.expm1(-factor * min(gamma.ppf(u, shape, scale=1 / rate), most)), 0, 1, epsabs=1e-9)
    return mean


@FEW
@given(layers=drawn_layers())
def test_the_chance_is_what_the_record_says(surface: RiskSurface, layers: Layers) -> None:
    found = {target.key: target for target in geo.find_targets(surface, layers, 100_000).targets}
    assert set(found) == set(list_sites(layers))
    for (_, site_id), target in found.items():
        assert target.find_chance == pytest.approx(expected_chance(layers, site_id), abs=1e-6)


def visit_alone(surface: RiskSurface, **rows: list[dict[str, Any]]) -> Target:
    layers = make_layers(workplaces=[make_workplace(1)], **rows)
    return geo.find_targets(surface, layers, 1).targets[0]


def test_nothing_found_lowers_a_find_raises_and_both_fade(surface: RiskSurface) -> None:
    never = visit_alone(surface).find_chance
    clean = visit_alone(surface, visits=[make_visit(1, site_id="w001")]).find_chance
    old = visit_alone(surface, visits=[make_visit(1, site_id="w001", visited_on="2019-01-01")]).find_chance
    findings = [make_finding(1, visit_id="v001")]
    found = visit_alone(surface, visits=[make_visit(1, site_id="w001")], findings=findings).find_chance
    assert 0 < clean < old < never < found < 1


def test_a_site_that_nobody_visited_has_the_region_s_chance(surface: RiskSurface) -> None:
    alpha, beta = read_parameter("prior_findings"), read_parameter("prior_visits")
    chance = 1 - (beta / (beta + read_planning("find_factor"))) ** alpha
    assert visit_alone(surface).find_chance == pytest.approx(chance)
