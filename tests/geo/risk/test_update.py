"""A surface with records added and removed is, to the bit, the surface scored anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geo
from geo.errors import InputError, NotFoundError, ParameterError, SchemaError
from geo.grid import Grid
from geo.kernels import TILE_ROWS
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from tests.frames import (
    SCORING_DAY,
    make_accommodation,
    make_area,
    make_establishment,
    make_finding,
    make_frame,
    make_report,
    make_visit,
    make_workplace,
    near_town,
)

# 50 m cells: several tiles up and across, around the same town
FINE = Grid(740_000, 7_066_000, 50, n_rows=640, n_cols=800)

Rows = Mapping[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def fine(layers: Layers) -> RiskSurface:
    """The small layers on cells of 50 m. Do not change it."""
    return geo.score(layers, FINE, at=SCORING_DAY)


def frames(rows: Rows) -> dict[str, gpd.GeoDataFrame]:
    return {name: make_frame(records) for name, records in rows.items() if records}


def assert_as_scored_anew(found: RiskSurface) -> None:
    anew = geo.score(found.layers, found.grid, found.at, found.sectors, found.model.weights)
    assert list(found.rasters) == list(anew.rasters)
    for name, raster in anew.rasters.items():
        assert found.rasters[name].tobytes() == raster.tobytes(), name
    assert found.id == anew.id
    assert found.manifest == anew.manifest


offsets = st.integers(-17_000, 17_000)
places = st.builds(near_town, offsets, offsets)
changes = st.fixed_dictionaries(
    {
        "workplaces": st.lists(st.tuples(places, st.integers(1, 400)), max_size=3),
        "accommodation": st.lists(st.tuples(places, st.integers(1, 90)), max_size=2),
        "visits": st.lists(st.tuples(places, st.none()), max_size=2),
        "findings": st.lists(st.tuples(places, st.none()), max_size=2),
        "reported": st.lists(st.tuples(places, st.none()), max_size=2),
    }
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=changes, gone=st.sets(st.integers(0, 20), max_size=3))
@pytest.mark.long
def test_same_bits_as_scoring_anew(fine: RiskSurface, changes: Mapping[str, Any], gone: set[int]) -> None:
    added = {
        "workplaces": [
            make_workplace(900 + i, employees=float(n), **at) for i, (at, n) in enumerate(changes["workplaces"])
        ],
        "accommodation": [
            make_accommodation(900 + i, beds=float(n), **at) for i, (at, n) in enumerate(changes["accommodation"])
        ],
        "visits": [
            make_visit(900 + i, agencies="polismyndigheten", **at) for i, (at, _) in enumerate(changes["visits"])
        ],
        "findings": [make_finding(900 + i, **at) for i, (at, _) in enumerate(changes["findings"])],
        "reported": [make_report(900 + i, **at) for i, (at, _) in enumerate(changes["reported"])],
    }
    ids = fine.layers["workplaces"]["workplace_id"]

    found = fine.update(added=frames(added), removed={"workplaces": [ids[i] for i in gone]})

    assert_as_scored_anew(found)


def test_the_first_surface_stays_as_it_was(fine: RiskSurface) -> None:
    before = {name: raster.tobytes() for name, raster in fine.rasters.items()}
    n_findings = len(fine.layers["findings"])

    found = fine.update(added={"findings": make_frame([make_finding(900)])})

    assert {name: raster.tobytes() for name, raster in fine.rasters.items()} == before
    assert len(fine.layers["findings"]) == n_findings
    assert len(found.layers["findings"]) == n_findings + 1
    assert found.score.tobytes() != before["score"]


@pytest.mark.parametrize(
    ("layer", "make"), [("findings", make_finding), ("visits", make_visit), ("reported", make_report)]
)
def test_only_the_tiles_that_a_record_reaches_are_computed(fine: RiskSurface, layer: str, make: Any) -> None:
    x, y = FINE.x_min + 20_000.0, FINE.y_min + 16_000.0
    reach = fine.model.parameters["findings_bandwidth_m"]

    found = fine.update(added={layer: make_frame([make(900, easting=x, northing=y)])})

    (patch,) = found.rasters.patches
    assert patch.rows.start % TILE_ROWS == 0
    rows, cols = np.nonzero(found.score != fine.score)
    inside = ~np.isnan(fine.score[rows, cols])
    rows, cols = rows[inside], cols[inside]
    assert rows.size
    assert np.hypot(FINE.easting[cols] - x, FINE.northing[rows] - y).max() < reach
    # the window goes no further than the tiles around the disc, and a cell
    assert (patch.rows.stop - patch.rows.start) * 50 <= 2 * (reach + 50) + 2 * TILE_ROWS * 50
    assert patch.rows.start <= rows.min()
    assert rows.max() < patch.rows.stop
    assert patch.cols.start <= cols.min()
    assert cols.max() < patch.cols.stop


def test_nothing_to_change_computes_nothing(fine: RiskSurface) -> None:
    found = fine.update()

    assert found.rasters.patches == ()
    assert found.id == fine.id
    assert found.score is fine.score


def test_a_record_is_replaced_in_one_step(fine: RiskSurface) -> None:
    chosen = fine.layers["accommodation"]["accommodation_id"][0]
    moved = make_frame([make_accommodation(1, accommodation_id=chosen, beds=77.0, **near_town(4_000, -4_000))])

    found = fine.update(added={"accommodation": moved}, removed={"accommodation": [chosen]})

    assert len(found.layers["accommodation"]) == len(fine.layers["accommodation"])
    assert_as_scored_anew(found)


def test_updates_upon_updates(fine: RiskSurface) -> None:
    found = fine
    for number in range(40):
        place = near_town(-9_000 + 450 * number, 300 * number - 6_000)
        found = found.update(added={"findings": make_frame([make_finding(900 + number, **place)])})

    assert len(found.rasters.patches) < 40
    assert_as_scored_anew(found)
    back = found.update(removed={"findings": [f"f{900 + number:03d}" for number in range(40)]})
    assert back.score.tobytes() == fine.score.tobytes()
    assert back.id == fine.id


def test_adding_and_removing_is_as_if_nothing_had_been(fine: RiskSurface) -> None:
    works = {"establishments": make_frame([make_establishment(900)])}

    back = fine.update(added=works).update(removed={"establishments": ["e900"]})

    assert {name: raster.tobytes() for name, raster in back.rasters.items()} == {
        name: raster.tobytes() for name, raster in fine.rasters.items()
    }


@pytest.mark.parametrize("choice", [{"sectors": ["construction"]}, {"weights": {"findings": 0.0, "workplaces": 3.0}}])
def test_choices_stay(layers: Layers, choice: dict[str, Any]) -> None:
    surface = geo.score(layers, FINE, SCORING_DAY, **choice)

    found = surface.update(added=frames({"workplaces": [make_workplace(900)], "findings": [make_finding(900)]}))

    assert found.sectors == surface.sectors
    assert_as_scored_anew(found)


def test_statistics_and_borders_change_everything(surface: RiskSurface) -> None:
    square = shapely.box(750_000, 7_080_000, 760_000, 7_090_000)
    assert_as_scored_anew(
        surface.update(added={"sectors": make_frame([make_area("new", "construction", 40.0, square)])})
    )
    locality = {"locality_id": "here", "name": "Hemma", "population": 12, **near_town(9_000, -9_000)}
    assert_as_scored_anew(surface.update(added={"localities": make_frame([locality])}))


def test_one_cell_needs_no_whole_raster(fine: RiskSurface) -> None:
    found = fine.update(added={"findings": make_frame([make_finding(900)])})
    row, col = (int(each[0]) for each in FINE.cell_at([near_town(0, 0)["easting"]], [near_town(0, 0)["northing"]]))

    values = {name: found.rasters.value(name, row, col) for name in found.rasters}

    assert values == {name: float(found.rasters[name][row, col]) for name in found.rasters}
    assert values["findings"] > fine.rasters.value("findings", row, col)


def test_explanations_and_ranking_are_of_the_new_records(fine: RiskSurface) -> None:
    place = near_town(120, 80)
    found = fine.update(added={"findings": make_frame([make_finding(900, **place)])})
    (row,), (col,) = FINE.cell_at([place["easting"]], [place["northing"]])

    why = found.explain(FINE.cell_id(int(row), int(col)))

    assert why.score == pytest.approx(found.score[row, col], abs=1e-4)
    drivers = next(component.drivers for component in why.components if component.name == "findings")
    assert drivers[0].record_id == "f900"
    assert found.top(1)["score"][0] >= fine.top(1)["score"][0]


def test_part_of_an_id_removes_all_that_have_it(surface: RiskSurface) -> None:
    square = shapely.box(750_000, 7_080_000, 760_000, 7_090_000)
    areas = [make_area("new", sector, 40.0, square) for sector in ("construction", "transport")]
    more = surface.update(added={"sectors": make_frame(areas)})

    one = more.update(removed={"sectors": [("new", "transport")]})

    assert len(more.layers["sectors"]) - len(one.layers["sectors"]) == 1
    assert more.update(removed={"sectors": ["new"]}).id == surface.id
    with pytest.raises(SchemaError, match="not there"):
        more.update(removed={"sectors": [("new",), ("new", "transport", "again")]})


# ---- what cannot be ---------------------------------------------------------------------------------------------


def test_all_failures_at_once(surface: RiskSurface) -> None:
    there = surface.layers["findings"]["finding_id"][0]

    with pytest.raises(SchemaError) as caught:
        surface.update(
            added={"findings": make_frame([make_finding(1, finding_id=there)])},
            removed={"workplaces": ["nowhere", "neither"]},
        )

    assert f"findings: 1 record(s) to add that are there already: {there}" in str(caught.value)
    assert "workplaces: 2 record(s) to remove that are not there: nowhere, neither" in str(caught.value)


def test_added_records_are_checked(surface: RiskSurface) -> None:
    with pytest.raises(InputError, match="indicator"):
        surface.update(added={"findings": make_frame([make_finding(900, indicator="no_such_sign")])})


def test_a_layer_that_does_not_exist(surface: RiskSurface) -> None:
    with pytest.raises(NotFoundError):
        surface.update(removed={"rumours": ["r1"]})


def test_a_stale_surface_cannot_be_updated(surface: RiskSurface) -> None:
    stale = replace(surface, layers=geo.Layers({}), recorded=surface.manifest)

    with pytest.raises(ParameterError, match="score again"):
        stale.update(added={"findings": make_frame([make_finding(900)])})
