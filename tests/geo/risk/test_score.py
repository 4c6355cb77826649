"""The score against a second writing of the model, and what must hold for any layers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.errors import CRSError, InputError, NotFoundError, ParameterError, SchemaError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.region import Region, packaged_municipalities
from geo.risk.scoring import parse_day, parse_sectors
from geo.risk.surface import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, RiskSurface
from tests.frames import (
    GRID,
    SCORING_DAY,
    TOWN,
    make_accommodation,
    make_area,
    make_establishment,
    make_finding,
    make_frame,
    make_report,
    make_visit,
    make_workplace,
    near_town,
    small_frames,
)
from tests.geo.risk.conftest import Expected, expect
from tests.oracles import COMPONENTS, look_up, read_parameter

STATES = {
    OUTSIDE: "outside",
    NOTHING_KNOWN: "nothing_known",
    NEVER_INSPECTED: "never_inspected",
    INSPECTED: "inspected",
}


def assert_agrees(surface: RiskSurface, expected: Expected) -> None:
    for name in COMPONENTS:
        # float32 rasters of float64 values
        np.testing.assert_allclose(surface.components[name], expected.units[name], rtol=1e-6, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(surface.contributions[name], expected.points[name], rtol=0, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(surface.score, expected.score, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(np.vectorize(STATES.get)(surface.state), expected.state)


def bits_of(surface: RiskSurface) -> bytes:
    rasters = [surface.score, surface.state, *surface.components.values(), *surface.contributions.values()]
    return b"".join(raster.tobytes() for raster in rasters)


def score_with(layer: str, *rows: Mapping[str, Any]) -> RiskSurface:
    """The small layers scored with some more rows in one of them."""
    frames = small_frames()
    frames[layer] = pd.concat([frames[layer], make_frame([dict(row) for row in rows])], ignore_index=True)
    return geo.score(frames, GRID, at=SCORING_DAY)


# ---- against the oracle ----------------------------------------------------------------------------------------


def test_agrees_with_the_model_written_down_twice(surface: RiskSurface, expected: Expected) -> None:
    assert_agrees(surface, expected)
    # or else the agreement says little
    for name in COMPONENTS:
        assert np.nanmax(surface.components[name]) > 0, f"nothing of {name} in the test data"
    assert {"outside", "nothing_known", "never_inspected", "inspected"} == set(expected.state.ravel())


@pytest.mark.parametrize(
    ("at", "sectors", "weights"),
    [
        ("2026-01-15", None, None),
        ("2025-01-10", None, None),
        ("2027-06-30", None, None),
        ("2026-07-15", ["green"], None),
        ("2026-07-15", ["construction", "hotel_restaurant"], None),
        ("2026-07-15", ["other"], None),
        ("2026-07-15", None, {"findings": 0, "workplaces": 3}),
        ("2026-10-01", ["hotel_restaurant"], {"colocation": 0.0}),
    ],
)
def test_agrees_for_any_date_sectors_and_weights(
    layers: Layers, at: str, sectors: list[str] | None, weights: dict[str, float] | None
) -> None:
    found = geo.score(layers, GRID, at=at, sectors=sectors, weights=weights)

    assert_agrees(found, expect(layers, GRID, found.state > 0, date.fromisoformat(at), sectors, weights))


def test_agrees_on_another_grid(layers: Layers, region: Region) -> None:
    odd = Grid(748_111.5, 7_079_222.25, 777.0, n_rows=9, n_cols=7)

    found = geo.score(layers, odd, at=SCORING_DAY)

    assert_agrees(found, expect(layers, odd, region.mask(odd), SCORING_DAY))


def test_every_raster_is_missing_exactly_outside_the_region(surface: RiskSurface, region: Region) -> None:
    inside = region.mask(GRID)

    assert 0 < inside.sum() < GRID.n_cells
    for raster in (surface.score, *surface.components.values(), *surface.contributions.values()):
        assert raster.shape == GRID.shape
        assert raster.dtype == np.float32
        np.testing.assert_array_equal(np.isnan(raster), ~inside)
    np.testing.assert_array_equal(surface.state == OUTSIDE, ~inside)
    assert surface.state.dtype == np.uint8


def test_contributions_add_up_and_stay_in_their_share(surface: RiskSurface) -> None:
    total = np.sum([raster.astype(float) for raster in surface.contributions.values()], axis=0)

    np.testing.assert_allclose(total, surface.score, rtol=0, atol=1e-4)
    assert tuple(surface.contributions) == tuple(surface.components) == COMPONENTS
    for name, raster in surface.contributions.items():
        share = 100 * look_up("model_components", "component", name, "weight")
        assert np.nanmin(raster) >= 0
        assert np.nanmax(raster) <= share + 1e-4
    assert np.nanmax(surface.score) <= 100


def test_half_of_the_points_at_the_reference_level(surface: RiskSurface) -> None:
    for component in surface.model.components:
        value, points = surface.components[component.name], surface.contributions[component.name]
        above = value >= np.float32(component.reference_level)
        half = 50 * component.weight / sum(surface.model.weights.values())
        inside = ~np.isnan(value)
        np.testing.assert_array_equal((points >= half - 1e-5)[inside & above], True)
        np.testing.assert_array_equal((points <= half + 1e-5)[inside & ~above], True)


# ---- three states ----------------------------------------------------------------------------------------------


def state_near(surface: RiskSurface, east_m: float, north_m: float) -> str:
    row, col = surface.grid.cell_at([TOWN[0] + east_m], [TOWN[1] + north_m])
    return STATES[int(surface.state[row[0], col[0]])]


def test_what_nobody_visited_does_not_look_like_what_was_found_clean() -> None:
    workplaces = make_frame([make_workplace(1, **near_town(-9_000, 0)), make_workplace(2, **near_town(9_000, 0))])
    visits = make_frame([make_visit(1, **near_town(-9_000, 0)), make_visit(2, **near_town(0, -12_000))])

    surface = geo.score({"workplaces": workplaces, "visits": visits}, GRID, at=SCORING_DAY)

    assert state_near(surface, -9_000, 0) == "inspected"
    assert state_near(surface, 9_000, 0) == "never_inspected"
    # a visit where nothing is known does not make a place worth ranking
    assert state_near(surface, 0, -12_000) == "nothing_known"
    assert state_near(surface, 0, 9_000) == "nothing_known"
    assert surface.manifest["states"] == {
        "nothing_known": int((surface.state == NOTHING_KNOWN).sum()),
        "never_inspected": int((surface.state == NEVER_INSPECTED).sum()),
        "inspected": int((surface.state == INSPECTED).sum()),
    }


def test_old_visits_wear_off(layers: Layers) -> None:
    later = geo.score(layers, GRID, at="2036-07-15")

    assert not (later.state == INSPECTED).any()
    assert (geo.score(layers, GRID, at=SCORING_DAY).state == INSPECTED).any()


@pytest.mark.long
def test_statistics_alone_are_nothing_to_visit() -> None:
    area = shapely.box(740_300, 7_066_300, 781_000, 7_098_300)
    only_areas = {"sectors": make_frame([make_area("a", "green", 10, area)])}

    surface = geo.score(only_areas, GRID, at=SCORING_DAY)

    assert np.nanmax(surface.score) > 0
    assert not surface.ranked.any()


# ---- properties ------------------------------------------------------------------------------------------------

places = st.tuples(st.integers(-17_000, 20_000), st.integers(-21_000, 9_000))
MORE: dict[str, tuple[Callable[..., dict[str, Any]], float, tuple[str, ...]]] = {
    # how to make a row, how far it can reach beyond its place, what it can change
    "workplaces": (make_workplace, 300 + 2_500 + 5_000, ("workplaces", "colocation")),
    "accommodation": (make_accommodation, 2_500, ("accommodation", "colocation")),
    "findings": (make_finding, 5_000, ("findings",)),
    "reported": (make_report, 5_000, ("reported",)),
    "establishments": (make_establishment, 15_000, ("establishments",)),
}


@pytest.mark.long
@pytest.mark.parametrize("layer", MORE)
@settings(max_examples=6)
@given(place=places)
def test_one_more_record_never_lowers_a_cell_and_changes_only_its_reach(layer: str, place: tuple[int, int]) -> None:
    make, reach_m, may_change = MORE[layer]
    before = geo.score(small_frames(), GRID, at=SCORING_DAY)

    after = score_with(layer, make(999, **near_town(*place)))

    distance = np.hypot(*np.meshgrid(GRID.easting - TOWN[0] - place[0], GRID.northing - TOWN[1] - place[1]))
    inside = before.state > 0
    assert (after.score >= before.score)[inside].all()
    changed = inside & (after.score != before.score)
    assert (distance[changed] < reach_m).all()
    for name in COMPONENTS:
        same = after.components[name].tobytes() == before.components[name].tobytes()
        assert same or name in may_change


def test_a_new_record_does_change_something_near(surface: RiskSurface) -> None:
    for layer, (make, _, may_change) in MORE.items():
        after = score_with(layer, make(999, **near_town(400, 400)))
        assert (after.score > surface.score).any()
        assert any((after.components[name] > surface.components[name]).any() for name in may_change)


@pytest.mark.long
@settings(max_examples=6)
@given(place=places)
def test_one_more_visit_that_found_nothing_lowers_what_it_reaches_and_changes_nothing_else(
    place: tuple[int, int],
) -> None:
    before = geo.score(small_frames(), GRID, at=SCORING_DAY)

    after = score_with("visits", make_visit(999, **near_town(*place)))

    distance = np.hypot(*np.meshgrid(GRID.easting - TOWN[0] - place[0], GRID.northing - TOWN[1] - place[1]))
    inside = before.state > 0
    reached = inside & (distance < 5_000)
    assert (after.score <= before.score)[inside].all()
    assert (after.score < before.score)[reached & (distance < 4_500)].all()
    np.testing.assert_array_equal(after.score[~reached], before.score[~reached])
    np.testing.assert_array_equal(after.state[~reached], before.state[~reached])
    changed = {name for name in COMPONENTS if after.components[name].tobytes() != before.components[name].tobytes()}
    assert changed == ({"findings"} if reached.any() else set())


def test_the_same_findings_at_more_visits_are_less() -> None:
    """A place that was visited often is not dangerous for that, and one where nobody was is not safe."""
    finding = make_finding(1, **near_town(-9_000, 0))
    values = []
    for n_visits in (1, 5, 40):
        visits = [make_visit(i, **near_town(-9_000, 0)) for i in range(n_visits)]
        surface = geo.score({"findings": make_frame([finding]), "visits": make_frame(visits)}, GRID, at=SCORING_DAY)
        row, col = (int(axis[0]) for axis in GRID.cell_at([TOWN[0] - 9_000], [TOWN[1]]))
        values.append(surface.value_at("findings", row, col))

    average = read_parameter("prior_findings") / read_parameter("prior_visits")
    assert values[0] > values[1] > average > values[2]
    # one lucky find is no proof
    assert values[0] < 3 * average


@settings(max_examples=4)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(random: Any) -> None:
    frames = small_frames()
    shuffled = {name: frame.iloc[random.sample(range(len(frame)), len(frame))] for name, frame in frames.items()}

    found, expected = (geo.score(each, GRID, at=SCORING_DAY) for each in (shuffled, frames))

    assert bits_of(found) == bits_of(expected)
    assert found.id == expected.id


def test_the_same_inputs_give_the_same_bytes(surface: RiskSurface) -> None:
    again = geo.score(geo.Layers(small_frames()), Grid(**vars_of(GRID)), at="2026-07-15")

    assert bits_of(again) == bits_of(surface)
    assert again.id == surface.id
    assert again.manifest == surface.manifest


def vars_of(grid: Grid) -> dict[str, Any]:
    return {name: getattr(grid, name) for name in ("x_min", "y_min", "cell_m", "n_rows", "n_cols", "crs")}


def test_a_window_of_a_grid_scores_like_the_grid(layers: Layers, surface: RiskSurface) -> None:
    rows, cols = slice(3, 9), slice(5, 12)
    window = Grid(GRID.x_min + 5 * GRID.cell_m, GRID.y_max - 9 * GRID.cell_m, GRID.cell_m, 6, 7)

    part = geo.score(layers, window, at=SCORING_DAY)

    np.testing.assert_allclose(part.score, surface.score[rows, cols], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(part.state, surface.state[rows, cols])


def test_berries_weigh_nothing_in_january() -> None:
    layers = geo.Layers({"workplaces": make_frame([make_workplace(1, sni="02300", employees=90)])})

    in_season, in_winter = (geo.score(layers, GRID, at=day) for day in ("2026-08-01", "2026-01-15"))

    assert np.nanmax(in_season.components["workplaces"]) > 0
    assert np.nanmax(in_winter.components["workplaces"]) == 0
    # nothing to visit, and only what is assumed of every place
    assert not in_winter.ranked.any()
    assert np.nanmax(in_winter.score) == np.nanmax(in_winter.contributions["findings"])


# ---- identity --------------------------------------------------------------------------------------------------


def test_a_surface_is_known_by_16_digits(surface: RiskSurface) -> None:
    assert len(surface.id) == 16
    assert set(surface.id) <= set("0123456789abcdef")


def test_any_other_input_makes_another_surface(layers: Layers, surface: RiskSurface) -> None:
    others = {
        "date": geo.score(layers, GRID, at="2026-07-16"),
        "sectors": geo.score(layers, GRID, at=SCORING_DAY, sectors=["green"]),
        "other sectors": geo.score(layers, GRID, at=SCORING_DAY, sectors=["cleaning"]),
        "weights": geo.score(layers, GRID, at=SCORING_DAY, weights={"findings": 0.1}),
        "grid": geo.score(layers, Grid(740_000, 7_066_000, 2_000, 16, 19), at=SCORING_DAY),
        **{layer: score_with(layer, make(999)) for layer, (make, *_) in MORE.items()},
        "visits": score_with("visits", make_visit(999)),
        "name": geo.score(rename_first(layers), GRID, at=SCORING_DAY),
    }

    ids = {what: other.id for what, other in others.items()} | {"itself": surface.id}
    assert len(set(ids.values())) == len(ids), ids


def rename_first(layers: Layers) -> Layers:
    changed = layers["workplaces"].copy()
    changed.loc[0, "name"] = "Another name"
    return geo.Layers({**layers, "workplaces": changed})


def test_spelling_makes_no_other_surface(layers: Layers, surface: RiskSurface) -> None:
    same = [
        geo.score(layers, GRID, at=datetime(2026, 7, 15, 12)),
        geo.score(layers, GRID, at=pd.Timestamp("2026-07-15")),
        geo.score(layers, GRID, at=SCORING_DAY, weights={}),
        geo.score(layers, GRID, at=SCORING_DAY, weights=dict(surface.model.weights)),
        geo.score(dict(layers), GRID, at=SCORING_DAY),
    ]

    assert {each.id for each in same} == {surface.id}
    ordered = [
        geo.score(layers, GRID, at=SCORING_DAY, sectors=names) for names in (["green", "beauty"], ("beauty", "green"))
    ]
    assert ordered[0].id == ordered[1].id


def test_the_manifest_says_how_to_make_it_again(surface: RiskSurface, layers: Layers) -> None:
    manifest = json.loads(json.dumps(surface.manifest))

    again = geo.score(layers, Grid(**manifest["grid"]), manifest["at"], manifest["sectors"], manifest["weights"])

    assert again.id == surface.id
    assert manifest["model_version"] == surface.model.version
    assert manifest["parameters"]["half_life_days"] == read_parameter("half_life_days")
    assert manifest["reference_levels"] == {c.name: c.reference_level for c in surface.model.components}
    assert {name: entry["sha256"] for name, entry in manifest["layers"].items()} == dict(layers.hashes)
    assert {name: entry["rows"] for name, entry in manifest["layers"].items()} == {
        n: len(layers[n]) for n in layers.hashes
    }
    assert manifest["synthetic"] is False
    assert {"python", "numpy", "pandas", "geopandas", "shapely", "numba"} <= set(manifest["libraries"])


def test_made_up_records_mark_the_surface() -> None:
    made_up = geo.score({"workplaces": make_frame([make_workplace(synthetic=True)])}, GRID, at=SCORING_DAY)

    assert made_up.manifest["synthetic"] is True


# ---- sectors and weights ---------------------------------------------------------------------------------------


def test_sectors_split_what_they_add_up_to(layers: Layers, surface: RiskSurface) -> None:
    every = ["green", "construction", "hotel_restaurant", "cleaning", "vehicle", "beauty", "transport",
             "recycling_laundry", "staffing", "other"]  # fmt: skip
    parts = [geo.score(layers, GRID, at=SCORING_DAY, sectors=[name]) for name in every]

    for name in ("workplaces", "colocation", "establishments"):
        total = np.sum([part.components[name].astype(float) for part in parts], axis=0)
        np.testing.assert_allclose(total, surface.components[name], rtol=1e-5, atol=1e-9)
    for part in parts:
        assert part.components["accommodation"].tobytes() == surface.components["accommodation"].tobytes()
    whole = geo.score(layers, GRID, at=SCORING_DAY, sectors=every)
    np.testing.assert_array_equal(whole.score, surface.score)


def test_weights_only_weigh(layers: Layers, surface: RiskSurface) -> None:
    only_findings = dict.fromkeys(COMPONENTS, 0.0) | {"findings": 7.0}

    found = geo.score(layers, GRID, at=SCORING_DAY, weights=only_findings)

    np.testing.assert_array_equal(found.components["workplaces"], surface.components["workplaces"])
    np.testing.assert_allclose(found.score, found.contributions["findings"])
    assert np.nanmax(found.contributions["workplaces"]) == 0
    assert found.manifest["weights"] == only_findings
    scaled = geo.score(layers, GRID, at=SCORING_DAY, weights={n: 10 * w for n, w in surface.model.weights.items()})
    np.testing.assert_allclose(scaled.score, surface.score, rtol=1e-6)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"findings": -0.1}, "the weight of findings must be a finite number from 0 to 1e9, got -0.1"),
        ({"findings": 10**400}, "must be a finite number"),
        (dict.fromkeys(COMPONENTS, 1e308), "must be a finite number"),
        ({"findings": float("nan")}, "must be a finite number"),
        ({"findings": float("inf")}, "must be a finite number"),
        ({"findings": "0.5"}, "must be a finite number"),
        ({"findings": None}, "must be a finite number"),
        ({"findings": True}, "must be a finite number"),
        ({"weather": 1}, "there is no component 'weather' (there are workplaces, accommodation"),
        (dict.fromkeys(COMPONENTS, 0), "at least one weight must be above 0"),
    ],
)
def test_weights_that_are_none_are_refused(layers: Layers, weights: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        geo.score(layers, GRID, at=SCORING_DAY, weights=weights)

    assert words in str(caught.value)


def test_all_bad_weights_are_named_at_once() -> None:
    with pytest.raises(ParameterError, match=r"weather.*findings.*colocation"):
        geo.load_model().with_weights({"weather": 1, "findings": -1, "colocation": float("nan")})


def test_weights_may_come_from_numpy() -> None:
    model = geo.load_model().with_weights({"findings": np.int64(2), "workplaces": np.float32(0.5)})

    assert model.weights["findings"] == 2.0
    assert type(model.weights["findings"]) is float
    assert geo.load_model().weights["findings"] != 2.0


@pytest.mark.parametrize("sectors", [["mining"], ["green", "mining", "gold"], "mining", [], [None]])
def test_sectors_that_are_none_are_refused(layers: Layers, sectors: Iterable[str]) -> None:
    with pytest.raises(ParameterError, match="choose from green, construction"):
        geo.score(layers, GRID, at=SCORING_DAY, sectors=sectors)


def test_sectors_may_be_any_collection() -> None:
    assert parse_sectors(None) is None
    assert parse_sectors("green") == {"green"}
    assert parse_sectors(name for name in ("green", "beauty", "green")) == {"green", "beauty"}
    with pytest.raises(ParameterError, match="gold, mining"):
        parse_sectors(["mining", "gold"])


# ---- dates, grids, layers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    ["2026-07-32", "igår", "", "2026-07", "15/7 2026", "2026-07-15T00:00", 7, pd.NaT, float("nan"), "1066-10-14",
     "2101-01-01", date.max],
)  # fmt: skip
def test_a_date_that_is_none_is_refused(layers: Layers, at: Any) -> None:
    with pytest.raises(ParameterError, match=r"YYYY-MM-DD|is not between"):
        geo.score(layers, GRID, at=at)


def test_dates_as_people_hold_them() -> None:
    expected = date(2026, 7, 15)

    for at in ("2026-07-15", expected, datetime(2026, 7, 15, 23, 59), pd.Timestamp("2026-07-15 08:00"),
               np.datetime64("2026-07-15")):  # fmt: skip
        assert parse_day(at) == expected  # type: ignore[arg-type]
        assert type(parse_day(at)) is date  # type: ignore[arg-type]
    assert parse_day(None) == date.today()


def test_a_grid_in_another_system_is_refused(layers: Layers) -> None:
    with pytest.raises(CRSError, match=r"use geo\.region_grid"):
        geo.score(layers, Grid(500_000, 7_000_000, 1_000, 3, 3, crs="EPSG:32633"), at=SCORING_DAY)


def test_a_grid_outside_the_region_has_no_score(layers: Layers) -> None:
    surface = geo.score(layers, Grid(500_000, 6_200_000, 1_000, 3, 3), at=SCORING_DAY)

    assert np.isnan(surface.score).all()
    assert surface.top(5).empty
    assert surface.places(5) == ()
    assert surface.to_geodataframe().empty


def test_raw_frames_are_checked_first() -> None:
    with pytest.raises(SchemaError, match="employees: must be 0 or more"):
        geo.score({"workplaces": make_frame([make_workplace(employees=-1)])}, GRID, at=SCORING_DAY)
    with pytest.raises(NotFoundError):
        geo.score({"night_buses": make_frame([make_visit()])}, GRID, at=SCORING_DAY)
    with pytest.raises(InputError):
        geo.score({"workplaces": make_frame([make_workplace()], crs="EPSG:4326")}, GRID, at=SCORING_DAY)


def test_nothing_anywhere_is_what_is_assumed_everywhere(region: Region) -> None:
    surface = geo.score({}, geo.region_grid(20_000), at=SCORING_DAY)

    inside = region.mask(surface.grid)
    average = read_parameter("prior_findings") / read_parameter("prior_visits")
    level, weight = (
        look_up("model_components", "component", "findings", name) for name in ("reference_level", "weight")
    )
    assumed = 100 * weight * average / (average + level)
    assert surface.score[inside] == pytest.approx(assumed, rel=1e-6)
    assert (surface.state[inside] == NOTHING_KNOWN).all()
    assert surface.top(5).empty
    assert list(surface.top(5).columns[:4]) == ["rank", "cell_id", "scb_id", "score"]
    assert surface.places(5) == ()
    assert surface.manifest["comparison"] == {"rank_correlation": None, "top20_overlap": None}
    assert surface.manifest["layers"] == {}
    assert len(surface.to_geodataframe()) == inside.sum()
    row, col = (int(axis[0]) for axis in np.nonzero(inside))
    explanation = surface.explain(surface.grid.cell_id(row, col))
    assert (explanation.rank, explanation.state) == (None, "nothing_known")
    assert explanation.score == pytest.approx(assumed, rel=1e-12)
    assert "Nothing is known here" in str(explanation.reasons[0])


# ---- borders and localities of one's own -----------------------------------------------------------------------


def test_borders_of_ones_own_decide_what_is_scored(layers: Layers, surface: RiskSurface) -> None:
    borders = packaged_municipalities()
    # the town moves away
    umea = borders["municipality"] == "2480"
    borders.loc[umea, "geometry"] = shapely.box(700_000, 7_400_000, 701_000, 7_401_000)

    found = geo.score({**layers, "borders": borders}, GRID, at=SCORING_DAY)

    assert found.id != surface.id
    assert (found.state > 0).sum() < (surface.state > 0).sum()
    assert np.isnan(found.score[found.state == 0]).all()


def test_localities_of_ones_own_name_the_places(layers: Layers) -> None:
    town = {"locality_id": "1", "name": "Nystad", "population": 5, **near_town(0, 0)}

    found = geo.score({**layers, "localities": make_frame([town])}, GRID, at=SCORING_DAY)

    assert all("Nystad" in str(place.name) for place in found.places(3))
