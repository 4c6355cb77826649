"""Region Nord on the ground: what belongs to it, and whose every place is."""

from __future__ import annotations

import csv
import json
import math
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.errors import CRSError, ParameterError
from geo.grid import Grid
from geo.region import (
    NEAREST_MUNICIPALITY_M,
    REGION_BOUNDS_M,
    Region,
    load_region,
    packaged_localities,
    packaged_municipalities,
    region_grid,
)
from tests.oracles import REFERENCE

# name: easting, northing, municipality; from public gazetteers, to a kilometre
PLACES = {
    "Umeå": (758_600, 7_088_600, "2480"),
    "Kiruna": (719_000, 7_536_000, "2584"),
    "Sundsvall": (618_000, 6_919_000, "2281"),
    "Östersund": (482_000, 7_006_000, "2380"),
    "Luleå": (828_000, 7_291_000, "2580"),
    "Arjeplog": (629_500, 7_328_000, "2506"),
    "Haparanda": (916_180, 7_331_930, "2583"),
    "Funäsdalen": (369_500, 6_936_000, "2361"),
}
ELSEWHERE = {
    "Bothnian Sea": (740_000, 6_960_000),
    "Bothnian Bay": (860_000, 7_230_000),
    "Vaasa": (890_000, 7_030_000),
    "Rovaniemi": (995_000, 7_390_000),
    "Trondheim": (270_000, 7_040_000),
    "Stockholm": (674_000, 6_580_000),
    "Gävle": (617_000, 6_728_000),
}


def cell_of(grid: Grid, easting: float, northing: float) -> tuple[int, int]:
    rows, cols = grid.cell_at([easting], [northing])
    return int(rows[0]), int(cols[0])


# ---- municipalities and counties -------------------------------------------------------------------------------


def test_there_are_44_municipalities_in_four_counties(region: Region) -> None:
    with (REFERENCE / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        listed = [row["municipality"] for row in csv.DictReader(file)]

    assert len(region.codes) == 44
    assert list(region.codes) == sorted(listed)
    assert region.counties["county"].tolist() == ["22", "23", "24", "25"]
    assert region.municipalities.crs.to_epsg() == region.counties.crs.to_epsg() == 3006


def test_counties_are_made_of_their_municipalities(region: Region) -> None:
    for county, polygon in zip(region.counties["county"], region.counties.geometry, strict=True):
        parts = region.municipalities[region.municipalities["municipality"].str.startswith(county)]
        assert polygon.area == pytest.approx(parts.area.sum(), rel=1e-3)


def test_how_far_municipalities_reach(region: Region) -> None:
    """As the union of their borders does; none reach nowhere."""
    chosen = region.municipalities[region.municipalities["municipality"].str.startswith("24")]
    assert region.reach(set(chosen["municipality"])) == tuple(chosen.total_bounds)
    assert region.reach({"2480"}) == tuple(chosen.geometry[chosen["municipality"] == "2480"].total_bounds)
    assert region.reach(()) is None
    assert region.reach({"0180"}) is None


@pytest.mark.parametrize("name", PLACES)
def test_towns_lie_in_their_municipality(region: Region, name: str) -> None:
    easting, northing, code = PLACES[name]

    assert region.municipality_at([easting], [northing]).tolist() == [code]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_places_elsewhere_belong_to_nobody(region: Region, name: str) -> None:
    easting, northing = ELSEWHERE[name]

    assert region.municipality_at([easting], [northing]).tolist() == [""]


@given(st.lists(st.tuples(st.floats(3e5, 1e6), st.floats(6.75e6, 7.75e6)), max_size=15))
def test_the_nearest_within_15_km_and_none_beyond(places: list[tuple[float, float]]) -> None:
    region = load_region()
    borders = region.municipalities
    x, y = np.array(places).reshape(-1, 2).T

    found = region.municipality_at(x, y)

    for code, place in zip(found, places, strict=True):
        distances = borders.geometry.distance(shapely.Point(place)).to_numpy()
        if code == "":
            assert distances.min() > NEAREST_MUNICIPALITY_M
        else:
            assert distances.min() <= NEAREST_MUNICIPALITY_M
            assert distances[list(region.codes).index(code)] == distances.min()


def two_squares(codes: tuple[str, str]) -> gpd.GeoDataFrame:
    squares = [shapely.box(700_000, 7_100_000, 710_000, 7_110_000), shapely.box(730_000, 7_100_000, 740_000, 7_110_000)]
    return gpd.GeoDataFrame({"municipality": codes, "name": codes}, geometry=squares, crs="EPSG:3006")


def few_localities(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    x, y = np.array(places, dtype=float).reshape(-1, 2).T
    names = [f"place {i}" for i in range(len(x))]
    columns = {"locality_id": names, "name": names, "population": 1.0}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs="EPSG:3006")


@pytest.mark.parametrize("codes", [("2480", "2482"), ("2482", "2480")])
def test_on_a_tie_the_lowest_code_wins_whatever_the_order(codes: tuple[str, str]) -> None:
    borders = two_squares(codes)
    tied = Region(borders, few_localities())
    touching = borders.set_geometry([borders.geometry.iloc[0], shapely.box(710_000, 7_100_000, 720_000, 7_110_000)])

    # 10 km from both, then on the border that both share
    assert tied.municipality_at([720_000], [7_105_000]).tolist() == ["2480"]
    assert Region(touching, few_localities()).municipality_at([710_000], [7_105_000]).tolist() == ["2480"]


def test_fifteen_kilometres_is_near_and_a_step_more_is_not() -> None:
    region = Region(two_squares(("2480", "2482")), few_localities())

    assert region.municipality_at([685_000, 684_999, 755_000, 755_001], [7_105_000] * 4).tolist() == [
        "2480", "", "2482", "",
    ]  # fmt: skip


def test_places_that_are_none_and_no_places(region: Region) -> None:
    assert region.municipality_at([], []).shape == (0,)
    assert region.municipality_at([np.nan, np.inf, 758_600], [7e6, 7e6, 7_088_600]).tolist() == ["", "", "2480"]
    assert region.municipality_at(758_600, 7_088_600).tolist() == ["2480"]


# ---- which cells -----------------------------------------------------------------------------------------------


def test_the_area_is_half_of_sweden(region: Region) -> None:
    for cell_m in (1_000, 5_000):
        grid = region_grid(cell_m)
        area_km2 = region.mask(grid).sum() * grid.cell_km2
        assert area_km2 == pytest.approx(240_000, rel=0.03)


@pytest.mark.parametrize("name", PLACES)
def test_towns_lie_inside(region: Region, name: str) -> None:
    grid = region_grid(1_000)
    easting, northing, code = PLACES[name]
    row, col = cell_of(grid, easting, northing)

    assert region.mask(grid)[row, col]
    assert region.codes[region.municipality_raster(grid)[row, col]] == code


@pytest.mark.parametrize("name", [name for name, place in ELSEWHERE.items() if place[0] < REGION_BOUNDS_M[2]])
def test_sea_and_other_countries_lie_outside(region: Region, name: str) -> None:
    grid = region_grid(1_000)
    row, col = cell_of(grid, *ELSEWHERE[name])

    assert row < 0 or not region.mask(grid)[row, col]


def test_every_packaged_locality_near_the_borders_has_a_cell(region: Region) -> None:
    grid = region_grid(1_000)
    places = packaged_localities()
    codes = region.municipality_at(places.geometry.x, places.geometry.y)
    rows, cols = grid.cell_at(places.geometry.x, places.geometry.y)
    swedish = codes != ""

    assert swedish.all()
    assert (rows >= 0).all()
    assert region.mask(grid)[rows, cols].all()


def test_a_cell_inside_a_polygon_is_that_municipalitys(region: Region) -> None:
    grid = region_grid(10_000)
    raster = region.municipality_raster(grid)

    for position, polygon in enumerate(region.municipalities.geometry):
        shapely.prepare(polygon)
        rows, cols = np.indices(grid.shape)
        inside = shapely.contains_xy(polygon, grid.easting[cols], grid.northing[rows])
        assert (raster[inside] == position).all()


def test_lakes_and_gaps_are_closed_but_the_outline_does_not_grow(region: Region) -> None:
    grid = region_grid(5_000)
    outline = shapely.union_all(region.municipalities.geometry.to_numpy())
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(outline)])
    near_filled = filled.buffer(1_500)
    near_places = shapely.union_all(packaged_localities().geometry.buffer(3_000).to_numpy())

    rows, cols = np.nonzero(region.mask(grid))
    for x, y in zip(grid.easting[cols], grid.northing[rows], strict=True):
        place = shapely.Point(x, y)
        assert near_filled.intersects(place) or near_places.intersects(place)


def test_a_locality_off_the_borders_brings_its_disc_and_nothing_else() -> None:
    borders = two_squares(("2480", "2482"))
    grid = Grid(690_000, 7_090_000, 1_000, n_rows=30, n_cols=70)
    island, in_finland = (718_500.0, 7_104_500.0), (757_000.0, 7_105_000.0)
    without, with_island = (
        Region(borders, few_localities()).mask(grid),
        Region(borders, few_localities(island, in_finland)).mask(grid),
    )

    gained = with_island & ~without
    rows, cols = np.nonzero(gained)
    distances = np.hypot(grid.easting[cols] - island[0], grid.northing[rows] - island[1])

    assert not (without & ~with_island).any()
    assert distances.max() <= 3_000
    # area of the disc in cells of 1 km²
    assert gained.sum() == pytest.approx(math.pi * 9, abs=4)


def test_a_lake_that_was_cut_out_and_a_narrow_gap_belong_to_the_region() -> None:
    shore, other = two_squares(("2480", "2482")).geometry
    lake = shapely.box(703_000, 7_103_000, 707_000, 7_107_000)
    apart = shapely.box(711_500, 7_100_000, 721_500, 7_110_000)
    borders = two_squares(("2480", "2482"))
    grid = Grid(690_000, 7_090_000, 500, n_rows=60, n_cols=140)

    with_lake = Region(borders.set_geometry([shore.difference(lake), other]), few_localities())
    with_gap = Region(borders.set_geometry([shore, apart]), few_localities())

    assert with_lake.mask(grid).sum() == 2 * 400
    assert with_lake.municipality_raster(grid)[cell_of(grid, 705_000, 7_105_000)] == 0
    # the gap of 1.5 km is closed, each half to its neighbour; 20 km between the squares stay open
    assert with_gap.mask(grid).sum() == pytest.approx(2 * 400 + 60, abs=6)
    assert with_gap.municipality_raster(grid)[cell_of(grid, 710_300, 7_105_000)] == 0
    assert with_gap.municipality_raster(grid)[cell_of(grid, 711_200, 7_105_000)] == 1


def test_the_cell_under_a_coastal_locality_belongs_to_the_region() -> None:
    # the shore takes in a tenth of the cell, and the locality stands there
    grid = Grid(690_000, 7_090_000, 1_000, n_rows=30, n_cols=70)
    borders = two_squares(("2480", "2482"))
    cut = shapely.box(700_000, 7_100_000, 709_100, 7_110_000)
    region = Region(borders.set_geometry([cut, borders.geometry.iloc[1]]), few_localities((709_050, 7_105_500)))

    assert region.mask(grid)[cell_of(grid, 709_050, 7_105_500)]
    assert not region.mask(grid)[cell_of(grid, 709_050, 7_106_500)]


def test_the_raster_is_kept_and_cannot_be_changed(region: Region) -> None:
    grid = region_grid(10_000)

    assert region.municipality_raster(grid) is region.municipality_raster(region_grid(10_000))
    with pytest.raises(ValueError, match="read-only"):
        region.municipality_raster(grid)[0, 0] = 1


def test_the_rasters_used_last_are_kept_and_no_more() -> None:
    region = Region(two_squares(("2480", "2482")), few_localities())
    grids = [Grid(690_000, 7_090_000, 1_000, n_rows=30, n_cols=n) for n in (70, 71, 72, 73)]

    first, second, third = (region.municipality_raster(grid) for grid in grids[:3])
    assert region.municipality_raster(grids[0]) is first
    fourth = region.municipality_raster(grids[3])

    assert region.municipality_raster(grids[3]) is fourth
    assert region.municipality_raster(grids[2]) is third
    assert region.municipality_raster(grids[0]) is first
    assert region.municipality_raster(grids[1]) is not second


def test_a_grid_far_away_has_nothing_inside(region: Region) -> None:
    assert not region.mask(Grid(500_000, 6_200_000, 1_000, 3, 3)).any()


def test_a_grid_in_another_system_cannot_be_laid_over(region: Region) -> None:
    with pytest.raises(CRSError, match="EPSG:3006"):
        region.mask(Grid(500_000, 7_000_000, 1_000, 3, 3, crs="EPSG:32633"))


def test_the_usual_grid_has_as_many_cells_as_ever(region: Region) -> None:
    assert region.mask(region_grid()).sum() == 241_340


def test_a_cell_in_a_gap_goes_to_the_nearest_municipality(region: Region) -> None:
    grid = region_grid(5_000)
    raster = region.municipality_raster(grid)
    rows, cols = np.nonzero(raster >= 0)
    borders = region.municipalities.geometry
    outside = ~shapely.intersects_xy(borders.union_all(), grid.easting[cols], grid.northing[rows])

    assert outside.sum() > 50
    for row, col in zip(rows[outside], cols[outside], strict=True):
        distances = borders.distance(shapely.Point(grid.easting[col], grid.northing[row]))
        assert distances[raster[row, col]] == distances.min()


@pytest.mark.parametrize("codes", [("2480", "2482"), ("2482", "2480")])
def test_a_cell_in_the_middle_of_a_gap_goes_to_the_last_municipality(codes: tuple[str, str]) -> None:
    borders = two_squares(codes)
    shores = [borders.geometry.iloc[0], shapely.box(711_500, 7_100_000, 721_500, 7_110_000)]
    region = Region(borders.set_geometry(shores), few_localities())
    grid = Grid(690_000, 7_090_000, 500, n_rows=60, n_cols=140)

    raster = region.municipality_raster(grid)

    assert grid.easting[cell_of(grid, 710_750, 7_105_000)[1]] == 710_750
    assert region.codes[raster[cell_of(grid, 710_750, 7_105_000)]] == "2482"


# ---- windows ---------------------------------------------------------------------------------------------------

cuts = st.builds(slice, *[st.one_of(st.none(), st.integers(-1_000, 1_000))] * 2)


@pytest.fixture(scope="module")
def windows_only() -> Region:
    """Region Nord, never asked for a whole raster."""
    return Region(packaged_municipalities())


@given(cuts, cuts)
def test_a_window_is_the_slice_of_the_whole(windows_only: Region, rows: slice, cols: slice) -> None:
    grid = region_grid(1_000)
    whole = load_region().municipality_raster(grid)
    expected = whole[rows, cols]
    is_whole = expected.shape == whole.shape

    for region in (load_region(), Region(packaged_municipalities()) if is_whole else windows_only):
        window = region.municipality_raster(grid, rows, cols)
        assert window.dtype == expected.dtype
        assert not window.flags.writeable
        np.testing.assert_array_equal(window, expected)


def test_windows_at_100_m_are_slices_of_the_whole(windows_only: Region) -> None:
    grid = region_grid(100)
    whole = Region(packaged_municipalities()).municipality_raster(grid)

    assert whole.shape == (8_600, 5_900)
    assert (whole >= 0).sum() * grid.cell_km2 == pytest.approx(241_340, rel=1e-3)
    # the coast, lakes and gaps in the mountains, one row, one column, one cell
    for rows, cols in (
        (slice(4_000, 6_048), slice(3_500, 5_548)),
        (slice(3_700, 4_100), slice(2_900, 3_300)),
        (slice(5_000, 5_001), slice(0, 5_900)),
        (slice(0, 8_600), slice(4_700, 4_701)),
        (slice(3_897, 3_898), slice(3_162, 3_163)),
    ):
        window = windows_only.municipality_raster(grid, rows, cols)
        np.testing.assert_array_equal(window, whole[rows, cols])


def test_a_window_costs_the_memory_of_a_window_and_a_raster_little_more_than_itself(windows_only: Region) -> None:
    windows_only.municipality_raster(region_grid(50_000))
    fine, usual = region_grid(50), region_grid(250)
    whole = Region(packaged_municipalities())
    whole.municipality_raster(region_grid(50_000))

    tracemalloc.start()
    try:
        windows_only.municipality_raster(fine, slice(9_000, 9_200), slice(9_000, 9_200))
        window_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        raster = whole.municipality_raster(usual)
        raster_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    # the whole one would take 406 MB
    assert window_bytes < 5e6
    assert raster_bytes < raster.nbytes + 20e6


@pytest.mark.parametrize("rows", [slice(0, 10, 2), slice(None, None, -1), 3, (0, 10)])
def test_a_window_is_cut_by_slices_without_a_step(region: Region, rows: slice) -> None:
    with pytest.raises(ParameterError, match="rows of a window must be a slice without a step"):
        region.municipality_raster(region_grid(10_000), rows)


def test_a_region_serves_many_at_once_and_travels() -> None:
    grid = region_grid(5_000)
    expected = load_region().municipality_raster(grid)
    region = Region(packaged_municipalities())

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(region.municipality_raster, [grid] * 8))
        windows = list(pool.map(lambda i: region.municipality_raster(grid, slice(i, i + 40)), range(8)))
    there = pickle.loads(pickle.dumps(region))  # noqa: S301  our own bytes

    assert all(raster is found[0] for raster in found)
    np.testing.assert_array_equal(found[0], expected)
    for i, window in enumerate(windows):
        np.testing.assert_array_equal(window, expected[i : i + 40])
    np.testing.assert_array_equal(there.municipality_raster(grid), expected)


# ---- replaced borders and localities ---------------------------------------------------------------------------


def test_borders_of_ones_own_replace_the_packaged_ones() -> None:
    region = load_region(two_squares(("2480", "2482")), few_localities())
    grid = Grid(690_000, 7_090_000, 1_000, n_rows=30, n_cols=70)

    assert region.codes == ("2480", "2482")
    assert region.mask(grid).sum() == 200
    assert region.municipality_raster(grid)[10, 10] == 0
    assert region.municipality_raster(grid)[10, 45] == 1


def test_localities_of_ones_own_keep_the_packaged_borders() -> None:
    region = load_region(localities=few_localities((758_600, 7_088_600)))

    assert len(region.codes) == 44
    assert region.localities["name"].tolist() == ["place 0"]


def test_the_packaged_region_is_read_once() -> None:
    assert load_region() is load_region()
    assert geo.load_region is load_region


@pytest.mark.parametrize("crs", ["EPSG:4326", None])
def test_borders_and_localities_need_the_right_system(crs: str | None) -> None:
    wrong = two_squares(("2480", "2482")).set_crs(crs, allow_override=True)

    with pytest.raises(CRSError, match="borders must be in EPSG:3006"):
        Region(wrong)
    with pytest.raises(CRSError, match="localities must be in EPSG:3006"):
        Region(two_squares(("2480", "2482")), few_localities().set_crs(crs, allow_override=True))


def test_packaged_frames_are_copies() -> None:
    packaged_localities()["name"] = "changed"
    packaged_municipalities()["name"] = "changed"

    assert "Umeå" in packaged_localities()["name"].to_list()
    assert "Umeå" in packaged_municipalities()["name"].to_list()


def test_packaged_localities_say_who_they_are() -> None:
    places = packaged_localities()

    assert places["locality_id"].is_unique
    assert places["population"].is_monotonic_decreasing
    assert places["name"].iloc[0] == "Umeå"
    assert (places["population"] >= 500).mean() > 0.95


# ---- the grid --------------------------------------------------------------------------------------------------


@given(st.one_of(st.sampled_from([50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 50_000]), st.integers(50, 50_000)))
def test_the_grid_is_aligned_and_covers_the_region(cell_m: int) -> None:
    grid = region_grid(cell_m)
    x_min, y_min, x_max, y_max = load_region().municipalities.total_bounds

    assert grid.crs == "EPSG:3006"
    assert grid.is_aligned
    assert grid.cell_m == cell_m
    assert grid.x_min <= min(x_min, REGION_BOUNDS_M[0])
    assert grid.y_min <= min(y_min, REGION_BOUNDS_M[1])
    assert grid.x_max >= max(x_max, REGION_BOUNDS_M[2])
    assert grid.y_max >= max(y_max, REGION_BOUNDS_M[3])
    # no row or column too many
    assert grid.x_max - REGION_BOUNDS_M[2] < cell_m
    assert REGION_BOUNDS_M[1] - grid.y_min < cell_m


@given(st.floats(50, 50_000))
def test_any_cell_size_covers_the_region(cell_m: float) -> None:
    grid = region_grid(cell_m)

    assert grid.x_min <= REGION_BOUNDS_M[0]
    assert grid.y_min <= REGION_BOUNDS_M[1]
    assert grid.x_max >= REGION_BOUNDS_M[2] - 1e-6
    assert grid.y_max >= REGION_BOUNDS_M[3] - 1e-6


def test_the_usual_grid() -> None:
    assert region_grid() == region_grid(1_000) == Grid(340_000, 6_820_000, 1_000, 860, 590)


@pytest.mark.parametrize("cell_m", [0, -1_000, 49.9, 50_001, float("nan"), float("inf"), None, "fine", [1_000]])
def test_cell_sizes_that_make_no_sense_are_refused(cell_m: float) -> None:
    with pytest.raises(ParameterError, match="cell_m must be from 50 to 50 000 m"):
        region_grid(cell_m)


# ---- public files ----------------------------------------------------------------------------------------------


# A locality that the simplified borders put on the wrong side.
MISPLACED = {"2380TB102": "2326"}
# Small localities off the simplified coast; GeoNames has none of them, so only a layer of localities brings them in.
UNSCORED = {"2281TB108", "2518TB102", "2583TB105", "2580TB107", "2580TB138", "2580TB112"}


@pytest.fixture(scope="module")
def real_localities(shared_data: Path) -> gpd.GeoDataFrame:
    """The 283 localities of Region Nord as Statistics Sweden drew them in 2020."""
    text = (shared_data / "swe" / "tatorter_norr_2020.geojson").read_text("utf-8")
    places = gpd.GeoDataFrame.from_features(json.loads(text)["features"], crs="EPSG:4326").to_crs(3006)
    assert len(places) == 283
    return places


def test_all_real_localities_get_their_municipality(region: Region, real_localities: gpd.GeoDataFrame) -> None:
    found = region.municipality_at(real_localities.geometry.x, real_localities.geometry.y)
    pairs = zip(real_localities["code"], real_localities["mun_code"], found, strict=True)

    assert {code: got for code, expected, got in pairs if got != expected} == MISPLACED


def test_real_localities_have_a_cell(region: Region, real_localities: gpd.GeoDataFrame) -> None:
    grid = region_grid(1_000)
    cells = grid.cell_at(real_localities.geometry.x, real_localities.geometry.y)
    as_layer = real_localities.rename(columns={"code": "locality_id", "pop": "population"})

    assert set(real_localities.loc[~region.mask(grid)[cells], "code"]) == UNSCORED
    assert load_region(localities=as_layer).mask(grid)[cells].all()


def test_finer_public_borders_replace_the_packaged_ones(region: Region, shared_data: Path) -> None:
    text = (shared_data / "swe" / "kommuner_norr_okfse.geojson").read_text("utf-8")
    frame = gpd.GeoDataFrame.from_features(json.loads(text)["features"], crs="EPSG:4326").to_crs(3006)
    finer = load_region(frame.rename(columns={"id": "municipality", "kom_namn": "name"}))
    grid = region_grid(5_000)

    assert finer.codes == region.codes
    # the two agree on nearly all land; the finer ones take in some sea
    both = region.mask(grid) & finer.mask(grid)
    same = region.municipality_raster(grid)[both] == finer.municipality_raster(grid)[both]
    assert both.sum() >= 0.99 * region.mask(grid).sum()
    assert same.mean() >= 0.97
    for easting, northing, code in PLACES.values():
        assert finer.municipality_at(easting, northing).tolist() == [code]
