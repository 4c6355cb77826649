"""Records known to a circle only: scored as the circle, explained once, and exact ones as ever."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import geo
from geo.grid import Grid
from geo.layers import accommodation, workplaces
from geo.layers.base import Points
from geo.layers.bundle import Layers
from geo.layers.spread import MAX_ERROR
from geo.points import sort_points
from geo.risk.components import COMPONENTS
from geo.risk.components.base import PointSource
from geo.risk.components.closeness import expect_closeness
from geo.risk.components.colocation import find_pairs
from geo.risk.model import load_model
from geo.risk.surface import RiskSurface
from geo.scale.job import Job, score_part
from geo.scale.partitions import read_records, write_partitions
from tests.frames import (
    GRID,
    SCORING_DAY,
    TOWN,
    make_accommodation,
    make_finding,
    make_frame,
    make_visit,
    make_workplace,
    near_town,
    small_frames,
)

FINE = Grid(740_000, 7_066_000, 50, n_rows=640, n_cols=800)


def prepare(name: str, layers: Layers) -> PointSource:
    source = COMPONENTS[name].prepare(layers, SCORING_DAY, None, load_model().parameters)
    source = getattr(source, "findings", source)
    assert isinstance(source, PointSource)
    return source


def vague_frames() -> dict[str, gpd.GeoDataFrame]:
    """The small frames with some records of every layer known to their postcode or municipality only."""
    rows: dict[str, list[dict[str, Any]]] = {
        "workplaces": [
            make_workplace(
                700 + i, precision="municipality", spread_m=27_000.0, employees=5.0 + i, **near_town(-4_000, 0)
            )
            for i in range(8)
        ]
        + [
            make_workplace(710 + i, precision="postcode", spread_m=1_500.0, **near_town(900 * i, -700))
            for i in range(6)
        ],
        "accommodation": [
            make_accommodation(700 + i, precision="postcode", spread_m=800.0 + 300 * i, **near_town(700 * i, -900))
            for i in range(5)
        ],
        "visits": [make_visit(700, precision="locality", spread_m=2_500.0, **near_town(2_000, 3_000))],
        "findings": [make_finding(700, precision="property", spread_m=400.0, **near_town(2_000, 3_000))],
    }
    frames = small_frames()
    return {
        name: frame
        if name not in rows
        else gpd.GeoDataFrame(pd.concat([frame, make_frame(rows[name])], ignore_index=True), crs=frame.crs)
        for name, frame in frames.items()
    }


@pytest.fixture(scope="module")
def vague() -> Layers:
    return Layers(vague_frames())


@pytest.fixture(scope="module")
def vague_surface(vague: Layers) -> RiskSurface:
    return geo.score(vague, FINE, at=SCORING_DAY)


# ---- exact records ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["workplaces", "accommodation", "colocation", "findings", "reported", "establishments"]
)
def test_exact_records_reach_the_kernels_untouched(layers: Layers, name: str) -> None:
    """Group by group the arrays that the layer gave, sorted and no more."""
    source = prepare(name, layers)
    points = source.points
    assert not points.spread_m.any()
    for group, b in zip(source.groups, np.unique(points.bandwidth_m), strict=True):
        mine = points.bandwidth_m == b
        expected = sort_points(points.easting[mine], points.northing[mine], points.weight[mine])
        for got, want in zip(group[:3], expected, strict=True):
            assert got.tobytes() == want.tobytes()


def test_pairs_of_exact_ends_are_to_the_bit_what_the_formula_gives(layers: Layers) -> None:
    housing = accommodation.to_arrays(layers["accommodation"], SCORING_DAY)
    work = workplaces.to_arrays(layers["workplaces"], SCORING_DAY)
    pairs = find_pairs(housing, work, 900.0, 2_500.0)
    expected = []
    for h in range(len(housing)):
        for j in range(len(work)):
            distance = np.hypot(housing.easting[h] - work.easting[j], housing.northing[h] - work.northing[j])
            if distance <= 900.0:
                closeness = np.maximum(1 - (distance / 900.0) ** 2, 0) ** 2
                weight = (housing.weight[h] / housing.size[h]) * (work.weight[j] / work.size[j]) * closeness
                expected.append((housing.ids[h], work.group[j], weight))
    assert expected
    assert list(zip(pairs.ids, pairs.group, pairs.weight, strict=True)) == expected
    assert (pairs.size == 1).all()
    assert not pairs.spread_m.any()


def test_a_circle_without_extent_is_a_point(layers: Layers) -> None:
    frames = small_frames()
    told = {
        name: frame.assign(precision="postcode", spread_m=0.0) if name in {"workplaces", "accommodation"} else frame
        for name, frame in frames.items()
    }
    one, other = (geo.score(each, GRID, at=SCORING_DAY) for each in (layers, told))
    for name in one.rasters:
        assert one.rasters[name].tobytes() == other.rasters[name].tobytes()


# ---- spread records --------------------------------------------------------------------------------------------


def integrate(spread_m: float, bandwidth_m: float, easting: NDArray[Any], northing: NDArray[Any]) -> NDArray[Any]:
    """Density per km² of a unit weight spread over a circle around the town: one kernel per square of a raster."""
    n = 300
    axis = (np.arange(n) + 0.5) / n * 2 - 1
    x, y = (each.ravel() * spread_m for each in np.meshgrid(axis, axis))
    inside = np.hypot(x, y) < spread_m
    x, y = x[inside] + TOWN[0], y[inside] + TOWN[1]
    means = [
        (3 / math.pi * np.maximum(1 - ((x - e) ** 2 + (y - n) ** 2) / bandwidth_m**2, 0) ** 2).mean()
        for e, n in zip(easting.ravel(), northing.ravel(), strict=True)
    ]
    return np.array(means).reshape(easting.shape) / bandwidth_m**2 * 1e6


@pytest.mark.parametrize("spread_m", [600.0, 3_000.0, 9_000.0])
def test_the_density_is_that_of_the_circle(spread_m: float) -> None:
    row = make_workplace(1, employees=30.0, precision="postcode", spread_m=spread_m, **near_town(0, 0))
    source = prepare("workplaces", Layers({"workplaces": make_frame([row])}))
    raster = source.raster(GRID)
    easting, northing = np.meshgrid(GRID.easting, GRID.northing)
    expected = 30.0 * integrate(spread_m, float(source.points.bandwidth_m[0]), easting, northing)
    peak = 30.0 * integrate(spread_m, float(source.points.bandwidth_m[0]), *(np.array([each]) for each in TOWN))[0]
    assert np.abs(raster - expected).max() <= (MAX_ERROR + 0.002) * peak
    for at in ((3, 9), (8, 4), (0, 0)):
        assert source.value_at(GRID, *at) == pytest.approx(raster[at], rel=1e-9, abs=1e-12)


def test_a_hundred_firms_of_a_municipality_make_no_hill() -> None:
    firms = [
        make_workplace(
            800 + i, employees=20.0, precision="municipality", spread_m=40_000.0, **near_town(-9_000, -9_000)
        )
        for i in range(100)
    ]
    centred = [row | {"spread_m": 0.0, "precision": "exact"} for row in firms]
    spread, heaped = (
        prepare("workplaces", Layers({"workplaces": make_frame(rows)})).raster(GRID).max() for rows in (firms, centred)
    )
    assert spread < heaped / 100


def test_a_record_stands_once_in_an_explanation_with_its_share(vague: Layers) -> None:
    source = prepare("workplaces", vague)
    row, col = (int(axis[0]) for axis in GRID.cell_at([TOWN[0]], [TOWN[1]]))
    drivers = source.drivers_at(GRID, row, col)
    ids = [driver.record_id for driver in drivers]
    assert len(ids) == len(set(ids))
    assert sum(driver.share for driver in drivers) == pytest.approx(1)
    wide = {driver.record_id: driver for driver in drivers if driver.spread_m}
    assert {"w700", "w707", "w710"} <= set(wide)
    assert (wide["w700"].distance_m, wide["w700"].spread_m) == (0, 27_000)
    # the share of the circle of 27 km that lies within the bandwidth of 4 km
    assert wide["w700"].presence == pytest.approx((4 / 27) ** 2, rel=0.1)
    assert wide["w700"].size == pytest.approx(5.0 * wide["w700"].presence)
    exact = next(driver for driver in drivers if not driver.spread_m)
    assert exact.presence == 1


def test_words_count_what_is_expected_within_reach() -> None:
    firms = [
        make_workplace(i, employees=100.0, precision="municipality", spread_m=20_000.0, **near_town(0, 0))
        for i in range(100)
    ]
    source = prepare("workplaces", Layers({"workplaces": make_frame(firms)}))
    drivers = source.drivers_at(GRID, 4, 9)
    said = " ".join(map(str, COMPONENTS["workplaces"].describe(1.0, drivers, {})))
    # 100 × (4 / 20)² workplaces and 100 employees in each
    assert 3 <= round(sum(driver.presence for driver in drivers)) <= 5
    assert "within 4.0 km: 4. Employees: about 4" in said
    assert len(drivers) == 100


def test_explanations_add_up_to_the_score(vague_surface: RiskSurface) -> None:
    for cell_id in vague_surface.top(5)["cell_id"]:
        explained = vague_surface.explain(cell_id)
        row, col = vague_surface.grid.parse_cell_id(cell_id)
        assert sum(explained.contributions.values()) == pytest.approx(explained.score, abs=1e-9)
        assert explained.score == pytest.approx(float(vague_surface.score[row, col]), abs=1e-4)


# ---- pairs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("small_m", [0.0, 200.0, 900.0])
@pytest.mark.parametrize("large_m", [50.0, 300.0, 1_000.0, 5_000.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98, 1.3])
def test_closeness_is_the_mean_over_both_circles(small_m: float, large_m: float, share: float) -> None:
    small_m, large_m = sorted((small_m, large_m))
    away = share * (large_m + 150)
    draw = np.random.default_rng(11)

    def throw(radius: float, n: int) -> NDArray[Any]:
        r, angle = radius * np.sqrt(draw.random(n)), draw.random(n) * 2 * math.pi
        return np.column_stack([r * np.cos(angle), r * np.sin(angle)])

    n = 600_000
    distance = np.hypot(*(throw(small_m, n) - throw(large_m, n) + [away, 0]).T)
    close = np.maximum(1 - (distance / 300) ** 2, 0) ** 2
    one = np.ones(1)
    found, probability = expect_closeness(away * one, small_m * one, large_m * one, 300.0)
    most = min(1.0, 300**2 / (3 * large_m**2))
    assert abs(found[0] - close.mean()) <= 0.02 * most + 4 * close.std() / math.sqrt(n)
    chance = (distance < 300).mean()
    assert abs(probability[0] - chance) <= 0.05 * min(1.0, 300**2 / large_m**2) + 4 * math.sqrt(chance / n)


def pair_up(home: dict[str, Any], job: dict[str, Any]) -> Points:
    frames = {
        "accommodation": make_frame([make_accommodation(1) | home]),
        "workplaces": make_frame([make_workplace(1) | job]),
    }
    return prepare("colocation", Layers(frames)).points


def test_a_pair_stands_at_the_end_that_is_known_better() -> None:
    home, job = near_town(500, 0), near_town(0, 0)
    at_work = pair_up(home | {"spread_m": 1_000.0}, job)
    at_home = pair_up(home, job | {"spread_m": 1_000.0})
    assert (at_work.easting[0], at_work.spread_m[0]) == (job["easting"], 0)
    assert (at_home.easting[0], at_home.spread_m[0]) == (home["easting"], 0)
    both = pair_up(home | {"spread_m": 400.0}, job | {"spread_m": 1_000.0})
    assert (both.easting[0], both.spread_m[0]) == (home["easting"], 400)
    # 300 m of a circle of 1 km
    assert at_work.size[0] == pytest.approx(0.09, rel=1e-3)
    assert at_work.weight[0] == pytest.approx(0.03, rel=1e-3)


@pytest.mark.parametrize(("spread_m", "n_pairs"), [(5_400.0, 1), (5_600.0, 0), (40_000.0, 0)])
def test_a_place_known_to_a_wide_circle_is_beside_nothing(spread_m: float, n_pairs: int) -> None:
    assert len(pair_up({"spread_m": spread_m}, near_town(100, 0))) == n_pairs
    assert len(pair_up({}, near_town(100, 0) | {"spread_m": spread_m})) == n_pairs


# ---- updates and windows ---------------------------------------------------------------------------------------


def test_an_update_gives_the_bits_of_scoring_anew(vague_surface: RiskSurface) -> None:
    one_more = make_workplace(799, precision="municipality", spread_m=27_000.0, employees=3.0, **near_town(-4_000, 0))
    changed = make_accommodation(702, beds=99.0, precision="postcode", spread_m=2_000.0, **near_town(1_400, -900))
    found = vague_surface.update(
        added={"workplaces": make_frame([one_more]), "accommodation": make_frame([changed])},
        removed={"accommodation": ["a702"], "findings": ["f700"], "visits": ["v700"]},
    )
    anew = geo.score(found.layers, FINE, at=SCORING_DAY)
    for name, raster in anew.rasters.items():
        assert found.rasters[name].tobytes() == raster.tobytes(), name
    assert found.rasters["score"].tobytes() != vague_surface.rasters["score"].tobytes()


def test_windows_from_partitions_have_the_bits_of_the_whole(
    vague: Layers, vague_surface: RiskSurface, tmp_path: Path
) -> None:
    records = write_partitions(vague, tmp_path, n_rows=4)
    assert read_records(records).hashes == vague.hashes
    job = Job(records, FINE, SCORING_DAY, None, load_model(), 512)
    assert len(job.windows) == 4
    for window in job.windows:
        patch = score_part(job, window)
        for name, raster in vague_surface.rasters.items():
            mine = patch.values[name]  # noqa: PD011  a mapping of rasters
            assert mine.tobytes() == raster[patch.rows, patch.cols].tobytes(), name


def test_a_far_window_reads_a_wide_circle_and_no_narrow_one(vague: Layers, tmp_path: Path) -> None:
    records = write_partitions(vague, tmp_path, n_rows=4)
    x, y = TOWN[0] - 26_000, TOWN[1]
    near = read_records(records, (x - 500, y - 500, x + 500, y + 500))
    wide = set(near["workplaces"]["workplace_id"])
    assert {f"w70{i}" for i in range(8)} <= wide
    assert not {f"w71{i}" for i in range(6)} & wide
