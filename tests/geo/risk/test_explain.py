"""Why a cell has its score: exact, complete, and in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

import geo
from geo.errors import NotFoundError, ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.risk.explain import Explanation
from geo.risk.scored import STATE_NAMES
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_frame, make_visit, make_workplace, near_town
from tests.geo.risk.conftest import TOWNS, Expected
from tests.oracles import COMPONENTS, look_up, read_parameter


def cells(surface: RiskSurface, step: int = 5) -> list[tuple[int, int]]:
    return [(int(row), int(col)) for row, col in np.argwhere(surface.state > 0)[::step]]


def test_points_add_up_to_the_score_of_the_model(surface: RiskSurface, expected: Expected) -> None:
    for row, col in cells(surface):
        found = surface.explain(GRID.cell_id(row, col))
        assert found.score == pytest.approx(expected.score[row, col], abs=1e-9)
        assert math.fsum(found.contributions.values()) == pytest.approx(found.score, abs=1e-9)
        assert found.score == pytest.approx(float(surface.score[row, col]), abs=1e-4)
        for component in found.components:
            assert component.points == pytest.approx(expected.points[component.name][row, col], abs=1e-9)
            assert component.value == pytest.approx(expected.units[component.name][row, col], rel=1e-9, abs=1e-12)
            assert component.reference_level == look_up(
                "model_components", "component", component.name, "reference_level"
            )
            assert 0 <= component.points <= component.max_points
        assert found.state == expected.state[row, col]
        assert tuple(found.contributions) == COMPONENTS


def test_most_points_add_up_to_100(surface: RiskSurface) -> None:
    found = surface.explain(surface.top(1)["cell_id"][0])

    assert sum(component.max_points for component in found.components) == pytest.approx(100)


@pytest.mark.parametrize("is_sorted", [False, True])
def test_ranks_count_the_cells_that_score_higher(surface: RiskSurface, is_sorted: bool) -> None:
    surface.__dict__.pop("best_first", None)
    if is_sorted:
        assert surface.best_first.size == surface.n_ranked
    ranked = surface.score[surface.ranked].astype(float)
    ranks = np.full(surface.grid.shape, -1.0)
    ranks[surface.ranked] = rankdata(-ranked, method="min")

    for row, col in cells(surface):
        found = surface.explain(GRID.cell_id(row, col))
        assert found.n_ranked == ranked.size
        assert found.rank == (ranks[row, col] if surface.ranked[row, col] else None)


def test_the_records_behind_a_component_share_its_value(surface: RiskSurface) -> None:
    seen = set()
    for row, col in cells(surface):
        for component in surface.explain(GRID.cell_id(row, col)).components:
            shares = [driver.share for driver in component.drivers]
            assert shares == sorted(shares, reverse=True)
            assert len(shares) <= 5
            assert sum(shares) <= 1 + 1e-9
            if component.name == "findings":
                # the rest is what is assumed of every place
                assumed = read_parameter("prior_findings")
                visits = float(surface.inputs.rate.posterior(GRID)[1][row, col])
                assert component.known_share == pytest.approx(1 - assumed / (component.value * visits))
            else:
                assert bool(shares) == (component.value > 0)
                assert component.known_share == pytest.approx(float(bool(shares)))
            if 0 < len(shares) < 5:
                assert sum(shares) == pytest.approx(component.known_share)
            seen |= {(component.name, driver.layer) for driver in component.drivers}
    assert {name for name, _ in seen} == set(COMPONENTS)
    assert dict(seen)["colocation"] == "accommodation"


def test_drivers_name_records_that_exist(surface: RiskSurface, layers: Layers) -> None:
    id_columns = {"sectors": "area_id", "accommodation": "accommodation_id", "workplaces": "workplace_id"}
    id_columns |= {"findings": "finding_id", "reported": "report_id", "establishments": "establishment_id"}
    for cell_id in surface.top(8)["cell_id"]:
        for component in surface.explain(cell_id).components:
            for driver in component.drivers:
                assert driver.record_id in set(layers[driver.layer][id_columns[driver.layer]])
                assert driver.distance_m >= 0


def test_a_cell_says_where_it_is(wide_surface: RiskSurface) -> None:
    for name, (easting, northing, code) in TOWNS.items():
        row, col = (int(axis[0]) for axis in wide_surface.grid.cell_at([easting], [northing]))
        found = wide_surface.explain(wide_surface.grid.cell_id(row, col))

        assert found.municipality_code == code
        assert found.municipality == name
        assert found.county == code[:2]
        assert (found.easting, found.northing) == wide_surface.grid.centre(row, col)
        assert found.scb_id == wide_surface.grid.scb_id(row, col)


def test_what_was_never_inspected_says_so_first(wide_surface: RiskSurface) -> None:
    def explain(town: str) -> Explanation:
        row, col = (int(axis[0]) for axis in wide_surface.grid.cell_at([TOWNS[town][0]], [TOWNS[town][1]]))
        return wide_surface.explain(wide_surface.grid.cell_id(row, col))

    assert explain("Umeå").state == "never_inspected"
    assert str(explain("Umeå").reasons[0]).startswith("Never inspected")
    assert explain("Luleå").state == "inspected"
    assert not any("Never inspected" in str(reason) for reason in explain("Luleå").reasons)


def test_reasons_come_weightiest_first(surface: RiskSurface) -> None:
    for cell_id in surface.top(5)["cell_id"]:
        found = surface.explain(cell_id)
        by_points = sorted(found.components, key=lambda component: -component.points * component.known_share)
        expected = [str(reason) for component in by_points for reason in component.reasons]
        said = [str(reason) for reason in found.reasons]
        assert said[-len(expected) :] == expected
        assert expected


def test_a_cell_may_be_named_in_any_way(surface: RiskSurface) -> None:
    cell_id = surface.top(1)["cell_id"][0]
    row, col = GRID.parse_cell_id(cell_id)
    same = [GRID.scb_id(row, col), f"r{row}c{col}", f"SE_{cell_id}"]

    assert {surface.explain(str(name)).cell_id for name in same} == {cell_id}


def test_a_cell_in_the_sea_is_not_found(surface: RiskSurface) -> None:
    row, col = (int(axis[0]) for axis in np.nonzero(surface.state == 0))

    with pytest.raises(NotFoundError, match="outside Region Nord; choose a cell on land"):
        surface.explain(GRID.cell_id(row, col))


@pytest.mark.parametrize(
    ("cell_id", "kind"),
    [("CRS3006RES2000mN7000000E740000", NotFoundError), ("Umeå", ParameterError), ("", ParameterError)],
)
def test_a_cell_that_is_none_is_refused(surface: RiskSurface, cell_id: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        surface.explain(cell_id)


def test_an_explanation_is_plain_data(surface: RiskSurface) -> None:
    found = surface.explain(surface.top(1)["cell_id"][0])

    plain = json.loads(json.dumps(found.to_dict()))

    assert plain["score"] == found.score
    assert plain["contributions"] == found.contributions
    assert plain["reasons"] == [str(reason) for reason in found.reasons]
    assert [component["name"] for component in plain["components"]] == list(COMPONENTS)
    assert plain["components"][0]["drivers"][0]["share"] > 0


def test_names_of_firms_are_never_run_as_templates() -> None:
    odd = "{employees} {{ 7*7 }}<img src=x onerror=alert(1)>%s"
    localities = make_frame([{"locality_id": "1", "name": odd, "population": 1, **near_town(0, 0)}])
    frames = {"workplaces": make_frame([make_workplace(1, name=odd)]), "localities": localities}
    surface = geo.score(frames, GRID, at=SCORING_DAY)

    found = surface.explain(surface.top(1)["cell_id"][0])

    assert str(found.place) == odd


@pytest.mark.parametrize("band_cells", [1, 45, 10_000])
def test_a_rank_is_one_more_than_the_cells_above(
    surface: RiskSurface, monkeypatch: pytest.MonkeyPatch, band_cells: int
) -> None:
    monkeypatch.setattr("geo.polygons._BAND_CELLS", band_cells)
    ranked = surface.score[surface.ranked]
    assert replace(surface).n_ranked == len(ranked)
    for row, col in np.argwhere(surface.state > 0)[::9].tolist():
        found = surface.explain(surface.grid.cell_id(row, col))
        above = int((ranked > surface.score[row, col]).sum())
        assert found.rank == (above + 1 if surface.ranked[row, col] else None)
        assert found.n_ranked == len(ranked)


def test_states_have_names() -> None:
    assert STATE_NAMES == {0: "outside", 1: "nothing_known", 2: "never_inspected", 3: "inspected"}


# ---- layers that have changed since ----------------------------------------------------------------------------


@pytest.fixture
def stale(surface: RiskSurface, layers: Layers) -> RiskSurface:
    """The small surface beside layers of which one has changed and one is gone."""
    changed: dict[str, Any] = {**layers, "visits": make_frame([make_visit()])}
    del changed["findings"]
    return replace(surface, layers=geo.Layers(changed), recorded=surface.manifest)


def test_changed_layers_are_noticed(stale: RiskSurface, surface: RiskSurface) -> None:
    assert stale.stale_layers == ("findings", "visits")
    assert surface.stale_layers == ()
    same = geo.Layers(dict(surface.layers))
    assert replace(surface, layers=same, recorded=surface.manifest).stale_layers == ()


def test_a_stale_surface_explains_what_it_scored_and_says_so(stale: RiskSurface, surface: RiskSurface) -> None:
    cell_id = surface.top(1)["cell_id"][0]
    found, fresh = stale.explain(cell_id), surface.explain(cell_id)

    assert [str(reason) for reason in found.reasons] == [
        "The layers have changed since this surface was scored; score again to see the records."
    ]
    assert all(component.drivers == () for component in found.components)
    # the rasters are float32
    assert found.contributions == pytest.approx(fresh.contributions, abs=1e-4)
    assert found.score == pytest.approx(fresh.score, abs=1e-4)
    assert (found.rank, found.n_ranked, found.state) == (fresh.rank, fresh.n_ranked, fresh.state)
    assert stale.top(10)["score"].to_numpy() == pytest.approx(surface.top(10)["score"].to_numpy(), abs=1e-4)
    assert [place.place_id for place in stale.places(3)] == [place.place_id for place in surface.places(3)]


def test_a_surface_out_of_a_folder_finds_its_records_again(surface: RiskSurface) -> None:
    bare = replace(surface)
    cell_id = surface.top(1)["cell_id"][0]

    assert "inputs" not in vars(bare)
    assert bare.explain(cell_id) == surface.explain(cell_id)


def test_an_unaligned_grid_is_explained_too(layers: Layers) -> None:
    odd = geo.score(layers, Grid(748_111.5, 7_079_222.25, 777.0, n_rows=9, n_cols=7), at=SCORING_DAY)

    found = odd.explain("r4c3")

    assert found.cell_id == "r4c3"
    assert found.scb_id is None
    assert found.score == pytest.approx(float(odd.score[4, 3]), abs=1e-4)
