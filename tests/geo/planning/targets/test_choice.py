"""Filters are a slow loop's, pinned and excluded sites are honoured, and all that is wrong is named at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError
from geo.grid import Grid
from geo.planning.targets import Target, TargetFilter
from geo.reference import certainty_classes, read_table
from geo.risk.powers import agencies_on_site
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from tests.frames import TOWN, make_visit, make_workplace, near_town
from tests.geo.planning.targets.made import make_layers

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
AREAS = (
    None,
    shapely.box(TOWN[0] - 9_000, TOWN[1] - 2_000, TOWN[0] + 1_000, TOWN[1] + 4_000),
    shapely.MultiPolygon([shapely.box(*TOWN, TOWN[0] + 500, TOWN[1] + 500), shapely.box(7e5, 7e6, 75e4, 71e5)]),
)
CODES = [each.code for each in certainty_classes()]


@pytest.fixture(scope="module")
def sure(surface: RiskSurface) -> Uncertainty:
    return surface.uncertainty(n_draws=40, top_k=10)


def some(codes: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.sets(st.sampled_from(codes), max_size=2).map(frozenset)


FILTERS = st.builds(
    TargetFilter,
    sectors=some(["construction", "green", "staffing"]),
    counties=some(["24", "25"]),
    municipalities=some(["2480", "2460", "2482"]),
    layers=some(["workplaces", "accommodation"]),
    min_days_since_visit=st.sampled_from([None, 0, 44, 45, 10_000]),
    area=st.sampled_from(AREAS),
    agencies=some(list(agencies_on_site())),
    certainty=st.sampled_from([None, *CODES[:-1]]),
)


def passes(target: Target, chosen: TargetFilter) -> bool:
    inside = chosen.area is None or chosen.area.covers(shapely.Point(target.easting, target.northing))
    days = math.inf if target.days_since_visit is None else target.days_since_visit
    is_sure = chosen.certainty is None or (
        target.certainty is not None and CODES.index(target.certainty) <= CODES.index(chosen.certainty)
    )
    return (
        inside
        and is_sure
        and days >= (chosen.min_days_since_visit or 0)
        and (not chosen.layers or target.layer in chosen.layers)
        and (not chosen.sectors or target.layer == "accommodation" or target.group in chosen.sectors)
        and (not chosen.counties or target.county in chosen.counties)
        and (not chosen.municipalities or target.municipality_code in chosen.municipalities)
        and chosen.agencies <= set(target.agencies)
    )


@FEW
@given(chosen=FILTERS, n=st.sampled_from([1, 5, 500]))
def test_a_filter_is_a_loop_over_all_sites(
    surface: RiskSurface, sure: Uncertainty, chosen: TargetFilter, n: int
) -> None:
    everything = geo.find_targets(surface, n=500, uncertainty=sure).targets
    found = geo.find_targets(surface, n=n, chosen=chosen, uncertainty=sure)
    wanted = [target for target in everything if passes(target, chosen)]
    assert [target.key for target in found.targets] == [target.key for target in wanted[:n]]
    assert len(found.candidates) == len(wanted)


def test_certainty_is_the_cells(surface: RiskSurface, sure: Uncertainty) -> None:
    told = set()
    for target in geo.find_targets(surface, n=500, uncertainty=sure).targets:
        if target.cell_id is None:
            assert (target.score, target.state, target.certainty) == (None, None, None)
            continue
        row, col = surface.grid.parse_cell_id(target.cell_id)
        is_drawn = not np.isnan(sure.p_top[row, col])
        assert target.certainty == (sure.at(target.cell_id).certainty if is_drawn else None)
        told.add(target.certainty)
    assert len(told) > 1


def test_a_site_never_visited_passes_whatever_the_days(surface: RiskSurface) -> None:
    layers = make_layers(
        workplaces=[make_workplace(1), make_workplace(2), make_workplace(3)],
        visits=[make_visit(1, site_id="w001", visited_on="2026-07-05"), make_visit(2, site_id="w002")],
    )
    found = geo.find_targets(surface, layers, chosen=TargetFilter(min_days_since_visit=11))
    assert {target.record_id for target in found.targets} == {"w002", "w003"}


def test_pinned_come_first_whatever_the_filter(surface: RiskSurface) -> None:
    pinned = [("accommodation", "a005"), ("workplaces", "w051"), ("workplaces", "w012")]
    found = geo.find_targets(surface, n=5, chosen=TargetFilter(counties=frozenset({"22"})), pinned=pinned)
    assert {target.key for target in found.targets} == set(pinned)
    assert all(target.is_pinned for target in found.targets)
    found = geo.find_targets(surface, n=5, pinned=pinned)
    assert [target.is_pinned for target in found.targets] == [True] * 3 + [False] * 2
    assert [target.priority for target in found.targets[:3]] == sorted(
        (target.priority for target in found.targets[:3]), reverse=True
    )
    assert len(geo.find_targets(surface, n=1, pinned=pinned)) == 3
    assert found.candidates.is_pinned.sum() == 3


def test_excluded_are_listed_with_the_reason_and_nowhere_else(surface: RiskSurface) -> None:
    first, second = (target.key for target in geo.find_targets(surface, n=2).targets)
    found = geo.find_targets(surface, n=500, excluded={second: "safety", first: "sheltered_housing"})
    assert [(each.layer, each.record_id) for each in found.exclusions] == [second, first]
    assert str(found.exclusions[1].says) == "Sheltered housing"
    assert {first, second}.isdisjoint(target.key for target in found.targets)
    assert {first, second}.isdisjoint(found.candidates.key(at) for at in range(len(found.candidates)))


def test_every_reason_has_words() -> None:
    assert (read_table("exclusion_reasons")[["title", "title_sv"]] != "").to_numpy().all()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"n": 0}, "n must be a whole number"),
    ({"n": True}, "n must be a whole number"),
    ({"chosen": "24"}, "chosen must be a TargetFilter"),
    ({"chosen": TargetFilter(sectors=frozenset({"other"}))}, "unknown risk sector 'other'"),
    ({"chosen": TargetFilter(counties=frozenset({"01"}))}, "unknown county '01'"),
    ({"chosen": TargetFilter(municipalities=frozenset({"0180"}))}, "unknown municipality '0180'"),
    ({"chosen": TargetFilter(layers=frozenset({"establishments"}))}, "unknown layer of sites 'establishments'"),
    ({"chosen": TargetFilter(layers="workplaces")}, "give a set of codes"),  # type: ignore[arg-type]
    ({"chosen": TargetFilter(agencies=frozenset({"iom"}))}, "unknown agency with powers on site 'iom'"),
    ({"chosen": TargetFilter(min_days_since_visit=-1)}, "min_days_since_visit must be"),
    ({"chosen": TargetFilter(certainty="sure")}, "unknown certainty 'sure'"),
    ({"chosen": TargetFilter(certainty="likely")}, "no uncertainty given"),
    ({"chosen": TargetFilter(area=shapely.Point(1, 1))}, "must be a shapely Polygon"),
    ({"chosen": TargetFilter(area=shapely.Polygon())}, "area is empty"),
    ({"chosen": TargetFilter(area=shapely.box(20, 63, 21, 64))}, "seems to be in degrees"),
    (
        {"chosen": TargetFilter(area=shapely.Polygon([(7e5, 7e6), (8e5, 71e5), (8e5, 7e6), (7e5, 71e5)]))},
        "no proper polygon",
    ),
    ({"pinned": [("workplaces", "nobody")]}, "there is no site workplaces nobody"),
    ({"pinned": [("establishments", "e001")]}, "there is no site establishments e001"),
    ({"pinned": ["w001"]}, "no key of a site"),
    ({"pinned": "w001"}, "pinned must be keys"),
    ({"excluded": {("workplaces", "nobody"): "safety"}}, "excluded: there is no site workplaces nobody"),
    ({"excluded": {("workplaces", "w001"): "dislike"}}, "unknown reason(s) for an exclusion: 'dislike'"),
    ({"excluded": {("workplaces", "w001"): None}}, "unknown reason(s) for an exclusion: None"),
    ({"excluded": [("workplaces", "w001")]}, "excluded must map"),
    (
        {"pinned": [("workplaces", "w001")], "excluded": {("workplaces", "w001"): "safety"}},
        "pinned and excluded at once",
    ),
    ({"uncertainty": 0.9}, "uncertainty must be what"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD)
def test_what_cannot_be_used_is_named(surface: RiskSurface, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ParameterError) as refused:
        geo.find_targets(surface, **arguments)
    assert named in str(refused.value)


def test_all_that_is_wrong_is_named_at_once(surface: RiskSurface) -> None:
    chosen = TargetFilter(counties=frozenset({"01"}), min_days_since_visit=-3, area=shapely.Polygon())
    with pytest.raises(ParameterError) as refused:
        geo.find_targets(
            surface, n=-1, chosen=chosen, pinned=[("workplaces", "x")], excluded={("workplaces", "y"): "z"}
        )
    for part in ("n must be", "'01'", "min_days_since_visit", "area is empty", "workplaces x", "workplaces y", "'z'"):
        assert part in str(refused.value)


def test_an_uncertainty_of_another_grid_is_refused(surface: RiskSurface) -> None:
    other = geo.score(surface.layers, Grid(740_000, 7_066_000, 4_000, 8, 10), surface.at)
    with pytest.raises(ParameterError, match="another grid"):
        geo.find_targets(surface, uncertainty=other.uncertainty(n_draws=20, top_k=2))
    with pytest.raises(ParameterError, match=r"what geo\.score gives"):
        geo.find_targets(surface.score)


def test_the_frame_holds_what_the_targets_do(surface: RiskSurface) -> None:
    found = geo.find_targets(surface, n=7)
    frame = found.to_frame()
    assert list(frame["record_id"]) == [target.record_id for target in found.targets]
    assert list(frame["rank"]) == list(range(1, 8))
    np.testing.assert_allclose(
        frame[["surroundings", "findings", "size", "colocation", "reported"]].sum(axis=1), frame["priority"]
    )


def test_without_sites_there_are_no_targets(surface: RiskSurface) -> None:
    found = geo.find_targets(surface, make_layers(visits=[make_visit(1, **near_town(0, 0))]))
    assert found.targets == ()
    assert len(found.candidates) == 0
    assert found.to_frame().empty
