"""A site's priority is what plain Python makes of the records, its points add up, and it moves the right way."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.layers.circles import VISIBLE, select_visible_layers
from geo.planning.targets import Target
from geo.planning.targets.sites import read_sites
from geo.planning.targets.surroundings import read_surroundings
from geo.risk.surface import RiskSurface
from tests.frames import (
    SCORING_DAY,
    make_accommodation,
    make_finding,
    make_report,
    make_visit,
    make_workplace,
    near_town,
    small_frames,
)
from tests.geo.planning.targets.made import drawn_layers, expected_points, list_sites, make_layers, score_at

FEW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def find_all(surface: RiskSurface, layers: Layers, **more: Any) -> dict[tuple[str, str], Target]:
    return {target.key: target for target in geo.find_targets(surface, layers, 100_000, **more).targets}


@FEW
@given(layers=drawn_layers())
def test_the_priority_is_what_the_records_say(surface: RiskSurface, layers: Layers) -> None:
    found = find_all(surface, layers)
    assert set(found) == set(list_sites(layers))
    for key, target in found.items():
        points = expected_points(layers, surface, key)
        assert target.contributions == pytest.approx(points, rel=1e-9, abs=1e-9)
        assert target.priority == pytest.approx(math.fsum(points.values()), rel=1e-9)


def test_points_add_up_and_most_points_are_100(surface: RiskSurface) -> None:
    for target in find_all(surface, surface.layers).values():
        assert math.fsum(target.contributions.values()) == pytest.approx(target.priority, abs=1e-9)
        assert sum(component.max_points for component in target.components) == pytest.approx(100)
        assert 0 <= target.priority <= 100
        assert target.reasons


def test_the_first_come_first_and_those_alike_by_key(surface: RiskSurface) -> None:
    alike = [make_workplace(1, workplace_id=name, name=name) for name in ("b", "a", "c")]
    homes = [make_accommodation(1, accommodation_id=name) for name in ("z", "b")]
    found = geo.find_targets(surface, make_layers(workplaces=alike, accommodation=homes), 10).targets
    assert [target.key for target in found] == sorted(
        (target.key for target in found), key=lambda key: (-next(t.priority for t in found if t.key == key), key)
    )
    assert [key[1] for key in (target.key for target in found) if key[0] == "workplaces"] == ["a", "b", "c"]
    few = geo.find_targets(surface, make_layers(workplaces=alike, accommodation=homes), 2).targets
    assert [target.key for target in few] == [target.key for target in found[:2]]


def visit_alone(surface: RiskSurface, **rows: list[dict[str, Any]]) -> Target:
    layers = make_layers(workplaces=[make_workplace(1)], **rows)
    return find_all(surface, layers)["workplaces", "w001"]


@given(day=st.sampled_from(["2023-01-01", "2026-07-15"]), crew=st.sampled_from([None, "polismyndigheten"]))
@FEW
def test_nothing_found_lowers_and_a_finding_raises(surface: RiskSurface, day: str, crew: str | None) -> None:
    never = visit_alone(surface)
    nothing = [make_visit(1, site_id="w001", visited_on=day, agencies=crew)]
    clean = visit_alone(surface, visits=nothing)
    assert clean.priority < never.priority
    assert (clean.n_visits, clean.n_nothing_found, clean.n_findings) == (1, 1, 0)
    found = visit_alone(surface, visits=nothing, findings=[make_finding(1, visit_id="v001", observed_on=day)])
    assert found.priority > clean.priority
    assert found.n_findings == 1
    # two visits that found nothing speak louder than one
    twice = [*nothing, make_visit(2, site_id="w001", visited_on=day, agencies=crew)]
    assert visit_alone(surface, visits=twice).priority < clean.priority
    # it fades
    old = visit_alone(surface, visits=[make_visit(1, site_id="w001", visited_on="2019-01-01", agencies=crew)])
    assert clean.priority < old.priority < never.priority


def test_what_names_no_site_stays_with_the_cell(surface: RiskSurface) -> None:
    never = visit_alone(surface)
    elsewhere = visit_alone(
        surface,
        visits=[make_visit(1), make_visit(2, site_id="w002")],
        findings=[make_finding(1), make_finding(2, visit_id="v001"), make_finding(3, visit_id="v002")],
        reported=[make_report(1)],
    )
    assert elsewhere.priority == never.priority
    assert (elsewhere.n_visits, elsewhere.days_since_visit) == (0, None)
    assert elsewhere.days_since_near_visit == 44


def test_a_report_raises_and_tips_among_findings_do_not(surface: RiskSurface) -> None:
    never = visit_alone(surface)
    assert visit_alone(surface, reported=[make_report(1, site_id="w001")]).priority > never.priority
    visit = [make_visit(1, site_id="w001")]
    tip = [make_finding(1, visit_id="v001", source="tip")]
    assert visit_alone(surface, visits=visit, findings=tip).priority == visit_alone(surface, visits=visit).priority


def test_the_sector_alone_gives_no_points(surface: RiskSurface) -> None:
    work = [make_workplace(1, sni="41200", employees=0.0), make_workplace(2, sni="78200", employees=0.0)]
    first, second = find_all(surface, make_layers(workplaces=work)).values()
    assert first.contributions == second.contributions
    assert first.contributions["size"] == 0


def test_only_what_is_active_and_at_risk_is_a_site(surface: RiskSurface) -> None:
    found = find_all(surface, surface.layers)
    assert set(found) == set(list_sites(surface.layers))
    assert not any(target.group == "other" for target in found.values() if target.layer == "workplaces")
    assert {"workplaces", "accommodation"} == {target.layer for target in found.values()}


def test_sectors_that_were_not_scored_are_left_out(layers: Layers) -> None:
    green = geo.score(layers, Grid(740_000, 7_066_000, 4_000, 8, 10), SCORING_DAY, sectors=["green"])
    found = find_all(green, layers)
    assert {target.group for target in found.values() if target.layer == "workplaces"} == {"green"}
    assert any(target.layer == "accommodation" for target in found.values())


def test_what_a_target_says_of_itself(surface: RiskSurface) -> None:
    layers = make_layers(
        workplaces=[make_workplace(1, name="", precision="postcode", spread_m=900.0, circle="municipality")],
        visits=[make_visit(1, site_id="w001", visited_on="2026-07-01"), make_visit(2, visited_on="2026-07-10")],
        findings=[make_finding(1, visit_id="v001", observed_on="2026-07-01")],
    )
    target = find_all(surface, layers)["workplaces", "w001"]
    assert (target.title, target.group, target.employees, target.beds) == ("w001", "construction", 10.0, None)
    assert (target.municipality_code, target.municipality, target.county) == ("2480", "Umeå", "24")
    assert (target.precision, target.spread_m, target.circle) == ("postcode", 900.0, "municipality")
    assert (target.days_since_visit, target.days_since_near_visit) == (14, 5)
    assert str(target.last_visit) == str(target.last_finding) == "2026-07-01"
    assert target.score == pytest.approx(surface.explain(target.cell_id or "").score, abs=1e-4)
    assert target.state == surface.explain(target.cell_id or "").state
    assert target.agencies[:2] == ("arbetsmiljoverket", "skatteverket")
    said = " ".join(map(str, target.reasons))
    assert "Visits at the site itself: 1, the last on 1 July 2026; nothing was found at 1 of them." in said
    assert "The last visit within 2 km was on 10 July 2026." in said
    assert json.loads(json.dumps(target.to_dict()))["contributions"] == target.contributions


def test_a_visit_that_may_have_been_far_away_is_not_near(surface: RiskSurface) -> None:
    far = {"spread_m": 1_900.0, "precision": "locality"}
    visits = [make_visit(1, **near_town(300, 0), **far)]
    assert visit_alone(surface, visits=visits).days_since_near_visit is None
    assert visit_alone(surface, visits=[make_visit(1, **near_town(50, 0), **far)]).days_since_near_visit == 44


def test_a_site_by_the_water_has_the_nearest_scored_cell(surface: RiskSurface) -> None:
    sites = [
        make_workplace(i, easting=surface.grid.easting[col] + 400, northing=surface.grid.northing[row] - 300)
        for i, (row, col) in enumerate(np.argwhere(surface.state == 0)[::3], 1)
    ]
    layers = Layers({"workplaces": make_layers(workplaces=[make_workplace(1)])["workplaces"]})
    frame = geo.Layers({"workplaces": layers["workplaces"]})["workplaces"]
    moved = frame.loc[frame.index.repeat(len(sites))].reset_index(drop=True)
    moved["workplace_id"] = [row["workplace_id"] for row in sites]
    moved = moved.set_geometry([shapely.Point(row["easting"], row["northing"]) for row in sites], crs=frame.crs)
    around = read_surroundings(surface, read_sites(Layers({"workplaces": moved}, checked=True)))
    wanted = [score_at(surface, {"geometry": point}) for point in moved.geometry]
    np.testing.assert_allclose(around.score, wanted)
    assert (around.row >= 0).any()
    assert (around.row < 0).any()


@pytest.mark.parametrize("circle", VISIBLE)
def test_a_circle_gets_targets_from_its_records_alone(surface: RiskSurface, circle: str) -> None:
    frames, rng = small_frames(), np.random.default_rng(3)
    for frame in frames.values():
        frame["circle"] = rng.choice(list(VISIBLE), len(frame))
    layers = Layers(frames)
    visible = select_visible_layers(layers, circle)
    found = find_all(surface, visible)
    assert {target.circle for target in found.values()} <= VISIBLE[circle]
    assert set(found) == set(list_sites(visible))
    for key, target in found.items():
        assert target.contributions == pytest.approx(expected_points(visible, surface, key), rel=1e-9, abs=1e-9)


def test_a_surface_that_no_longer_fits_its_layers_says_so(surface: RiskSurface) -> None:
    manifest = {**surface.manifest, "layers": {**surface.manifest["layers"], "visits": {"sha256": "0"}}}
    stale = replace(surface, recorded=manifest)
    assert "Score again." in str(geo.find_targets(stale, surface.layers, 3).notes[0])
    assert geo.find_targets(surface, n=3).notes == ()
