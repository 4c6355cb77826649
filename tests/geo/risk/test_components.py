"""Components one by one: points, pairs, and the records behind a value."""

from __future__ import annotations

import math
from datetime import date
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.layers import accommodation, workplaces
from geo.layers.base import Points
from geo.layers.bundle import Layers
from geo.risk.components import COMPONENTS
from geo.risk.components.base import PointSource
from geo.risk.components.colocation import find_pairs
from geo.risk.model import load_model
from tests.frames import (
    GRID,
    SCORING_DAY,
    make_accommodation,
    make_establishment,
    make_finding,
    make_frame,
    make_visit,
    make_workplace,
    near_town,
)
from tests.oracles import COMPONENTS as NAMES
from tests.oracles import Model, brute_density, density_at, read_parameter


def prepare(name: str, layers: Layers, at: date = SCORING_DAY) -> Any:
    return COMPONENTS[name].prepare(layers, at, None, load_model().parameters)


def test_components_stand_in_their_fixed_order() -> None:
    assert tuple(COMPONENTS) == NAMES
    assert tuple(c.name for c in load_model().components) == NAMES
    assert all(component.name == name for name, component in COMPONENTS.items())
    assert [name for name in NAMES if not COMPONENTS[name].is_exposure] == ["sector_density"]
    with pytest.raises(TypeError):
        COMPONENTS["weather"] = COMPONENTS["findings"]  # type: ignore[index]


def test_each_component_says_its_unit_and_where_it_comes_from() -> None:
    for component in load_model().components:
        words = import_module(f"geo.risk.components.{component.name}").__doc__ or ""
        assert f"Unit: {component.unit}." in " ".join(words.split()) or component.name == "findings"
        assert "Unit: " in words
        assert "Source: " in words
        assert "docs/adr/" in words


# ---- points ----------------------------------------------------------------------------------------------------


def make_points(*rows: tuple[str, float, float, float, float]) -> Points:
    ids, x, y, weight, bandwidth = zip(*rows, strict=True)
    numbers = [np.array(column, dtype=np.float64) for column in (x, y, weight)]
    names = np.array(ids, dtype=object)
    return Points(names, names, *numbers, size=numbers[2] * 2, bandwidth_m=np.array(bandwidth, dtype=np.float64))


SOURCE = PointSource(
    "workplaces",
    make_points(
        ("near", 758_000, 7_088_000, 3, 2_000),
        ("line", 757_000, 7_088_000, 1, 5_000),
        ("line", 756_000, 7_087_000, 1, 5_000),
        ("line", 745_000, 7_087_000, 1, 5_000),
        ("far", 770_000, 7_088_000, 50, 4_000),
    ),
)


def test_each_point_spreads_over_its_own_bandwidth() -> None:
    points = SOURCE.points
    weighted = list(zip(points.easting, points.northing, points.weight, points.bandwidth_m, strict=True))

    expected = brute_density(weighted, GRID.easting.tolist(), GRID.northing.tolist())

    np.testing.assert_allclose(SOURCE.raster(GRID), expected, rtol=1e-9, atol=1e-12)


def test_the_raster_and_one_cell_agree() -> None:
    raster = SOURCE.raster(GRID)

    for row in range(0, GRID.n_rows, 3):
        for col in range(GRID.n_cols):
            assert SOURCE.value_at(GRID, row, col) == pytest.approx(raster[row, col], rel=1e-9, abs=1e-12)


def test_drivers_are_the_records_in_reach_heaviest_first() -> None:
    row, col = (int(axis[0]) for axis in GRID.cell_at([757_500], [7_088_500]))
    x, y = GRID.centre(row, col)

    drivers = SOURCE.drivers_at(GRID, row, col)

    amounts = {
        "near": density_at([(758_000, 7_088_000, 3, 2_000)], x, y),
        "line": density_at([(757_000, 7_088_000, 1, 5_000), (756_000, 7_087_000, 1, 5_000)], x, y),
    }
    assert [driver.record_id for driver in drivers] == sorted(amounts, key=lambda name: -amounts[name])
    for driver in drivers:
        assert driver.share == pytest.approx(amounts[driver.record_id] / sum(amounts.values()))
        assert driver.layer == "workplaces"
    line = next(driver for driver in drivers if driver.record_id == "line")
    # the two parts of the line in reach count together; its place is the nearer one
    assert line.size == 4
    assert (line.easting, line.northing) == (757_000, 7_088_000)
    assert line.distance_m == pytest.approx(math.hypot(x - 757_000, y - 7_088_000))
    assert sum(driver.share for driver in drivers) == pytest.approx(1)


def test_where_nothing_reaches_there_are_no_drivers() -> None:
    assert SOURCE.drivers_at(GRID, 15, 0) == ()
    assert SOURCE.value_at(GRID, 15, 0) == 0
    empty = PointSource("visits", Points.empty())
    assert empty.drivers_at(GRID, 0, 0) == ()
    assert not empty.raster(GRID).any()


# ---- colocation ------------------------------------------------------------------------------------------------

offsets = st.integers(-450, 450)
sites = st.lists(st.tuples(offsets, offsets), max_size=8)


@settings(max_examples=20)
@given(homes=sites, works=sites)
def test_pairs_are_all_pairs_in_reach(homes: list[tuple[int, int]], works: list[tuple[int, int]]) -> None:
    housing = [make_accommodation(i, beds=3.0 + i, **near_town(*place)) for i, place in enumerate(homes)]
    crews = [make_workplace(i, employees=9.0 - i, **near_town(*place)) for i, place in enumerate(works)]
    frames = {"accommodation": make_frame(housing), "workplaces": make_frame(crews)}
    layers = Layers({name: frame for name, frame in frames.items() if len(frame)})

    pairs = prepare("colocation", layers).points

    expected = sorted(Model(layers, SCORING_DAY).list_pairs())
    found = sorted(zip(pairs.ids, pairs.weight, strict=True))
    positive = [(home, weight) for home, weight in found if weight > 0]
    assert [home for home, _ in positive] == [home for home, _, _ in expected]
    np.testing.assert_allclose(sorted(w for _, w in positive), sorted(w for *_, w in expected), rtol=1e-12)
    assert set(pairs.bandwidth_m) <= {read_parameter("colocation_bandwidth_m")}


def test_a_pair_by_hand() -> None:
    home = make_accommodation(1, beds=40, **near_town(0, 0))
    work = make_workplace(1, sni="81210", employees=7, **near_town(180, 0))

    pairs = prepare(
        "colocation", Layers({"accommodation": make_frame([home]), "workplaces": make_frame([work])})
    ).points

    # unsuitability 1 × risk of cleaning 0.7 × seasons 1 × (1 − 0.6²)²; neither beds nor employees count
    assert pairs.weight.tolist() == pytest.approx([0.7 * (1 - 0.36) ** 2])
    assert pairs.group.tolist() == ["cleaning"]
    assert (pairs.easting[0], pairs.northing[0]) == tuple(near_town(0, 0).values())


@pytest.mark.parametrize(
    ("home", "work"),
    [
        ({"housing_type": "hotel"}, {}),
        ({"housing_type": "work_camp"}, {}),
        ({}, {"sni": "62010"}),
        ({"active_to": "2026-07-14"}, {}),
        ({}, {"active_from": "2026-07-16"}),
        ({"beds": 0}, {}),
        ({}, {"employees": 0}),
        ({}, near_town(300, 0)),
        ({}, near_town(213, 213)),
    ],
)
def test_what_makes_no_pair(home: dict[str, Any], work: dict[str, Any]) -> None:
    frames = {
        "accommodation": make_frame([make_accommodation() | home]),
        "workplaces": make_frame([make_workplace() | work]),
    }

    assert not prepare("colocation", Layers(frames)).raster(GRID).any()


def test_the_order_of_sites_changes_no_bit_of_the_density() -> None:
    rng = np.random.default_rng(3)
    housing = [make_accommodation(i, **near_town(*rng.uniform(-400, 400, 2))) for i in range(12)]
    crews = [make_workplace(i, **near_town(*rng.uniform(-400, 400, 2))) for i in range(15)]
    home = accommodation.to_arrays(Layers({"accommodation": make_frame(housing)})["accommodation"], SCORING_DAY)
    work = workplaces.to_arrays(Layers({"workplaces": make_frame(crews)})["workplaces"], SCORING_DAY)

    one = find_pairs(home, work, 300, 2_500)
    other = find_pairs(home.take(np.arange(12)[::-1]), work.take(np.arange(15)[::-1]), 300, 2_500)

    assert len(one) > 20
    assert (
        PointSource("accommodation", one).raster(GRID).tobytes()
        == PointSource("accommodation", other).raster(GRID).tobytes()
    )


# ---- words -----------------------------------------------------------------------------------------------------


def test_no_record_no_word() -> None:
    for name, component in COMPONENTS.items():
        said = component.describe(0.0, (), load_model().parameters)
        assert said == () if name != "findings" else "Nobody has looked here" in str(said[0])


def test_what_stands_behind_a_value_is_said() -> None:
    frames = {
        "workplaces": make_frame([make_workplace(1, employees=12), make_workplace(2, sni="55101", employees=7)]),
        "accommodation": make_frame([make_accommodation(1, beds=40)]),
        "establishments": make_frame([make_establishment(1, workforce=900)]),
    }
    layers = Layers(frames)
    row, col = (int(axis[0]) for axis in GRID.cell_at([758_600], [7_088_600]))

    said = {}
    for name, component in COMPONENTS.items():
        source = prepare(name, layers)
        drivers = source.drivers_at(GRID, row, col)
        said[name] = " ".join(
            str(sentence)
            for sentence in component.describe(source.value_at(GRID, row, col), drivers, load_model().parameters)
        )

    assert "Employees: about 12" in said["workplaces"]
    assert "Employees: about 7" in said["workplaces"]
    assert "Construction" in said["workplaces"]
    assert "40" in said["accommodation"]
    assert "Industrial premises" in said["accommodation"]
    assert "1" in said["colocation"]
    assert "900" in said["establishments"]
    assert "average of 9.3 findings per 100 visits is assumed" in said["findings"]
    assert said["reported"] == said["sector_density"] == ""


@pytest.mark.parametrize("visits", [[], [make_visit(1)]])
def test_findings_are_said_to_be_of_the_chosen_sectors_and_visits_of_all(visits: list[dict[str, Any]]) -> None:
    finding = make_frame([make_finding(1, sector="construction")])
    layers = {"findings": finding} | ({"visits": make_frame(visits)} if visits else {})
    cell = GRID.cell_id(*(int(axis[0]) for axis in GRID.cell_at([758_600], [7_088_600])))

    def said(sectors: list[str] | None) -> str:
        explanation = geo.score(layers, GRID, at=SCORING_DAY, sectors=sectors).explain(cell)
        return str(next(one for one in explanation.components if one.name == "findings").reasons[0])

    assert said(None).startswith("Findings within")
    chosen = said(["construction"])
    assert chosen.startswith("Findings in the chosen sectors within")
    assert "average over all sectors" in chosen
    assert ("at visits in all sectors: 1" if visits else "without a visit on record in any sector") in chosen
