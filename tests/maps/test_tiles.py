"""Tiles agree with exact projection and with rio-tiler, keep hot cells at every zoom, and fail in words."""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer
from rasterio.io import MemoryFile
from rio_tiler.io import Reader

from geo.errors import NotFoundError, ParameterError, ShapeError
from geo.grid import Grid
from geo.region import region_grid
from geo.risk.filters import Cells, Shown
from maps.palette import class_colours
from maps.tiles import EMPTY_TILE, MAX_ZOOM, MIN_ZOOM, TILE_PX, TileSet

COLOURS = class_colours()
REGION = region_grid(1_000)
TOWN = Grid(740_000, 7_066_000, 1_000, n_rows=40, n_cols=50)
UMEA = (20.26, 63.82)
WORLD_M = math.pi * 6_378_137


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Column and row of the tile that holds a point (OpenStreetMap wiki, "Slippy map tilenames")."""
    n = 2**z
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    return x, y


def exact(grid: Grid, z: int, x0: int, y0: int, n: int = TILE_PX) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column, as fractions, of every pixel centre, each projected by itself."""
    metres = 2 * WORLD_M / (TILE_PX * 2**z)
    px, py = np.meshgrid(x0 + np.arange(n) + 0.5, y0 + np.arange(n) + 0.5)
    to_grid = Transformer.from_crs("EPSG:3857", grid.crs, always_xy=True)
    east, north = to_grid.transform(px * metres - WORLD_M, WORLD_M - py * metres)
    return (grid.y_max - north) / grid.cell_m, (east - grid.x_min) / grid.cell_m


def classes_of(png: bytes) -> NDArray[np.int64]:
    """Class of every pixel by its colour; stripes count as -1."""
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)
    key = (rgba * [1, 2**8, 2**16, 2**24]).sum(axis=2)
    known = (COLOURS.astype(int) * [1, 2**8, 2**16, 2**24]).sum(axis=1)
    found = np.full(key.shape, -1)
    for code, value in enumerate(known):
        found[key == value] = code
    found[rgba[..., 3] == 0] = 0
    return found


def random_tiles(grid: Grid, share: float = 0.5, seed: int = 0) -> TileSet:
    rng = np.random.default_rng(seed)
    classes = np.where(rng.random(grid.shape) < share, rng.integers(1, 6, grid.shape), 0).astype(np.uint8)
    return TileSet(grid, classes, COLOURS)


@pytest.mark.parametrize("z", range(MIN_ZOOM, MAX_ZOOM + 1))
@pytest.mark.parametrize("place", [UMEA, (12.3, 62.0), (22.6, 69.0), (24.1, 65.8)])
def test_interpolated_positions_are_within_a_tenth_of_a_pixel(z: int, place: tuple[float, float]) -> None:
    x, y = tile_at(*place, z)
    tiles = random_tiles(REGION)
    row, col = tiles.position(z, x * TILE_PX, y * TILE_PX, TILE_PX, TILE_PX)
    true_row, true_col = exact(REGION, z, x * TILE_PX, y * TILE_PX)
    inside = (true_row > 0) & (true_row < REGION.n_rows) & (true_col > 0) & (true_col < REGION.n_cols)
    assert inside.any()
    # How many cells one pixel step is, along either axis of the grid, measured where the pixel is.
    step = np.hypot(np.gradient(true_row, axis=1), np.gradient(true_col, axis=1))
    error_px = np.hypot(row - true_row, col - true_col) / step
    assert error_px[inside].max() < 0.1


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
@pytest.mark.parametrize("z", [7, 9, 11, 13])
def test_classes_agree_with_rio_tiler_but_for_cell_borders(z: int) -> None:
    tiles = random_tiles(TOWN, share=0.8)
    x, y = tile_at(*UMEA, z)
    assert tiles.level(z) == 0
    ours = classes_of(tiles.render(z, x, y))
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": 0, "crs": TOWN.crs}
    size = {"height": TOWN.n_rows, "width": TOWN.n_cols, "transform": rasterio.Affine(*TOWN.transform)}
    with MemoryFile() as file:
        with file.open(**profile, **size) as raster:
            raster.write(tiles.keys // 2, 1)
        with file.open() as raster, Reader(None, dataset=raster) as reader:
            image = reader.tile(x, y, z, tilesize=TILE_PX, resampling_method="nearest")
    theirs = np.where(image.mask == 255, image.data[0], 0)
    row, col = exact(TOWN, z, x * TILE_PX, y * TILE_PX)
    px_per_cell = 1 / np.hypot(np.gradient(row, axis=1), np.gradient(col, axis=1))
    to_border = np.minimum(np.abs(row - np.round(row)), np.abs(col - np.round(col))) * px_per_cell
    differs = ours != theirs
    assert (ours > 0).any()
    assert to_border[differs].max(initial=0) < 0.5
    assert differs.mean() < 0.2


@pytest.mark.parametrize("z", [3, 4, 5, 6])
def test_every_cell_is_drawn_at_every_zoom(z: int) -> None:
    """Of the raster that a zoom reads, each cell holds a pixel centre; so none that is hot can be skipped."""
    size = 2 ** random_tiles(REGION).level(z)
    north_west, south_east = tile_at(10.5, 69.5, z), tile_at(26.0, 61.0, z)
    seen = np.zeros((math.ceil(REGION.n_rows / size), math.ceil(REGION.n_cols / size)), bool)
    for x in range(north_west[0], south_east[0] + 1):
        for y in range(north_west[1], south_east[1] + 1):
            row, col = (np.floor(at / size).astype(int) for at in exact(REGION, z, x * TILE_PX, y * TILE_PX))
            inside = (row >= 0) & (row < seen.shape[0]) & (col >= 0) & (col < seen.shape[1])
            seen[row[inside], col[inside]] = True
    assert seen.all()


@pytest.mark.parametrize("z", [3, 5, 6, 7, 9])
@pytest.mark.parametrize(("row", "col"), [(0, 0), (859, 589), (430, 301), (123, 456)])
def test_a_lone_hot_cell_is_seen_from_afar(z: int, row: int, col: int) -> None:
    classes = np.ones(REGION.shape, np.uint8)
    classes[row, col] = 5
    tiles = TileSet(REGION, classes, COLOURS)
    to_degrees = Transformer.from_crs(REGION.crs, "EPSG:4326", always_xy=True)
    x, y = tile_at(*to_degrees.transform(*REGION.centre(row, col)), z)
    around = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert any((classes_of(tiles.render(z, *tile)) == 5).any() for tile in around)


def test_an_overview_never_shows_less_than_its_cells() -> None:
    tiles = random_tiles(TOWN, share=0.1, seed=4)
    z = 4
    level = tiles.level(z)
    assert level >= 2
    size = 2**level
    x, y = tile_at(*UMEA, z)
    row, col = exact(TOWN, z, x * TILE_PX, y * TILE_PX)
    shown = classes_of(tiles.render(z, x, y))
    classes = tiles.keys // 2
    for i, j in zip(*np.nonzero(shown), strict=True):
        r, c = int(row[i, j] // size) * size, int(col[i, j] // size) * size
        assert shown[i, j] == classes[r : r + size, c : c + size].max()


def test_at_close_zoom_every_pixel_shows_its_own_cell() -> None:
    tiles = random_tiles(TOWN)
    z = 12
    x, y = tile_at(*UMEA, z)
    row, col = exact(TOWN, z, x * TILE_PX, y * TILE_PX)
    expected = (tiles.keys // 2)[np.floor(row).astype(int), np.floor(col).astype(int)]
    # The two ways of projecting may fall on different sides of a border that runs through a pixel's centre.
    clear = (np.abs(row - np.round(row)) > 1e-3) & (np.abs(col - np.round(col)) > 1e-3)
    shown = classes_of(tiles.render(z, x, y))
    assert (shown == expected)[clear].all()


@pytest.mark.parametrize("crs", ["EPSG:3006", "EPSG:32633", "EPSG:3035"])
def test_any_metric_crs_is_drawn_where_it_lies(crs: str) -> None:
    to_grid = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    east, north = to_grid.transform(*UMEA)
    grid = Grid(round(east) - 250, round(north) - 250, 500, 1, 1, crs)
    tiles = TileSet(grid, np.full((1, 1), 3, np.uint8), COLOURS)
    z = 15
    x, y = tile_at(*UMEA, z)
    row, col = exact(grid, z, x * TILE_PX, y * TILE_PX)
    inside = (row >= 0) & (row < 1) & (col >= 0) & (col < 1)
    assert inside.any()
    assert ((classes_of(tiles.render(z, x, y)) == 3) == inside).mean() > 0.999


def show_areas(areas: NDArray[np.int16], first: int, end: int) -> Shown:
    """The cells of some areas."""

    def lie_between(cells: Cells) -> NDArray[np.bool_]:
        return (areas[cells] >= first) & (areas[cells] < end)

    inside = np.nonzero((areas >= first) & (areas < end))
    rows, cols = (slice(at.min(), at.max() + 1) if at.size else slice(0, 0) for at in inside)
    return Shown((first, end), lie_between, lie_between, (rows, cols))


def tiles_of_areas(grid: Grid, n_areas: int = 4) -> tuple[TileSet, NDArray[np.uint8], NDArray[np.int16]]:
    """Tiles, their classes, and areas strewn over the grid; −1 belongs to none."""
    rng = np.random.default_rng(2)
    classes = np.where(rng.random(grid.shape) < 0.5, rng.integers(1, 6, grid.shape), 0).astype(np.uint8)
    areas = rng.integers(-1, n_areas, grid.shape).astype(np.int16)
    return TileSet(grid, classes, COLOURS, rng.random(grid.shape) < 0.5), classes, areas


@pytest.mark.parametrize("area", [(0, 1), (1, 3), (-1, 0)])
def test_a_filter_is_the_same_as_a_surface_without_the_other_cells(area: tuple[int, int]) -> None:
    never = np.random.default_rng(3).random(TOWN.shape) < 0.5
    _, classes, areas = tiles_of_areas(TOWN)
    inside = (areas >= area[0]) & (areas < area[1])
    tiles, shown = TileSet(TOWN, classes, COLOURS, never), show_areas(areas, *area)
    alone = TileSet(TOWN, np.where(inside, classes, 0).astype(np.uint8), COLOURS, never)
    for z in (3, 5, 6, 8, 12):
        x, y = tile_at(*UMEA, z)
        assert tiles.render(z, x, y, shown) == alone.render(z, x, y)
    assert tiles.render_image(8, shown) == alone.render_image(8)
    assert tiles.render(9, *tile_at(*UMEA, 9), show_areas(areas, 7, 8)) is EMPTY_TILE


@given(st.data(), st.tuples(st.integers(1, 70), st.integers(1, 70)))
def test_a_filter_of_one_window_is_the_same_as_a_surface_without_the_rest(
    data: st.DataObject, shape: tuple[int, int]
) -> None:
    grid = Grid(TOWN.x_min, TOWN.y_min, 1_000, *shape)
    tiles, classes, _ = tiles_of_areas(grid)
    areas = np.zeros(shape, dtype=np.int16)
    top, left = (data.draw(st.integers(0, n - 1)) for n in shape)
    bottom, right = data.draw(st.integers(top, shape[0])), data.draw(st.integers(left, shape[1]))
    areas[top:bottom, left:right] = 1
    shown = show_areas(areas, 1, 2)
    alone = TileSet(grid, np.where(areas == 1, classes, 0).astype(np.uint8), COLOURS, tiles.keys % 2 == 1)
    for z in range(MIN_ZOOM, 9):
        assert tiles.render(z, *tile_at(*UMEA, z), shown) == alone.render(z, *tile_at(*UMEA, z))


def test_overviews_of_filters_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles, _, areas = tiles_of_areas(TOWN)
    bare = tiles.n_bytes
    assert bare > TOWN.n_cells
    place = (3, *tile_at(*UMEA, 3))
    tiles.render(*place, show_areas(areas, 0, 1))
    each = tiles.n_bytes - bare
    assert each > 0
    shown = [tiles.render(*place, show_areas(areas, code, code + 1)) for code in range(4)]
    assert tiles.n_bytes == bare + 4 * each
    # close by nothing has to be kept
    tiles.render(12, *tile_at(*UMEA, 12), show_areas(areas, 0, 3))
    assert tiles.n_bytes == bare + 4 * each
    monkeypatch.setattr("maps.tiles.FILTERS_KEPT_BYTES", 2 * each)
    assert [tiles.render(*place, show_areas(areas, code, code + 1)) for code in range(4)] == shown
    tiles.render(*place, show_areas(areas, 0, 2))
    assert tiles.n_bytes == bare + 2 * each
    monkeypatch.setattr("maps.tiles.FILTERS_KEPT_BYTES", 0)
    tiles.render(*place, show_areas(areas, 0, 3))
    assert tiles.n_bytes == bare + each


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (8, 1), (9, 6), (40, 50), (41, 51)])
def test_working_on_a_few_rows_at_a_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]
) -> None:
    grid = Grid(TOWN.x_min, TOWN.y_min, 1_000, *shape)
    at_once, _, areas = tiles_of_areas(grid)
    monkeypatch.setattr("geo.polygons._BAND_CELLS", 1)
    in_bands, _, _ = tiles_of_areas(grid)
    assert np.array_equal(in_bands.keys, at_once.keys)
    for z in range(MIN_ZOOM, 13):
        for shown in (None, show_areas(areas, 1, 3)):
            x, y = tile_at(*UMEA, z)
            assert in_bands.render(z, x, y, shown) == at_once.render(z, x, y, shown)


def test_stripes_mark_the_never_inspected_only_and_run_on_across_tiles() -> None:
    never = np.zeros(TOWN.shape, bool)
    never[:, 20:] = True
    tiles = TileSet(TOWN, np.full(TOWN.shape, 2, np.uint8), COLOURS, never)
    z = 9
    x, y = tile_at(*UMEA, z)
    shown = classes_of(tiles.render(z, x, y))
    row, col = exact(TOWN, z, x * TILE_PX, y * TILE_PX)
    inside = (row > 0) & (row < TOWN.n_rows)
    assert (shown[inside & (col > 0) & (col < 19)] == 2).all()
    striped = shown == -1
    assert 0.15 < striped[inside & (col > 21) & (col < TOWN.n_cols)].mean() < 0.35
    i, j = np.nonzero(striped)
    assert set(((i + j) % 8).tolist()) == {0, 1}
    assert TILE_PX % 8 == 0
    plain = classes_of(tiles.render(z, x, y, stripes=False))
    assert set(np.unique(plain).tolist()) == {0, 2}


def test_of_equal_neighbours_the_never_inspected_one_shows_from_afar() -> None:
    never = np.zeros((2, 2), bool)
    never[1, 1] = True
    grid = Grid(758_000, 7_088_000, 1_000, 2, 2)
    tiles = TileSet(grid, np.full((2, 2), 4, np.uint8), COLOURS, never)
    assert tiles.level(5) >= 1
    inspected = TileSet(grid, np.full((2, 2), 4, np.uint8), COLOURS)
    x, y = tile_at(*UMEA, 3)
    assert (classes_of(inspected.render(3, x, y)) == 4).any()
    hotter = TileSet(grid, np.array([[5, 4], [4, 4]], np.uint8), COLOURS, never)
    assert (classes_of(hotter.render(3, x, y, stripes=True)) == 5).any()


def test_nothing_to_draw_is_one_and_the_same_empty_tile() -> None:
    tiles = random_tiles(TOWN)
    far = [tiles.render(8, 0, 0), tiles.render(16, 2**16 - 1, 2**16 - 1), tiles.render(5, *tile_at(-150, -60, 5))]
    assert all(tile is EMPTY_TILE for tile in far)
    image = Image.open(io.BytesIO(EMPTY_TILE)).convert("RGBA")
    assert image.size == (TILE_PX, TILE_PX)
    assert not np.asarray(image)[..., 3].any()
    assert len(EMPTY_TILE) < 200


def test_every_tile_of_the_world_can_be_asked_for() -> None:
    tiles = random_tiles(REGION)
    drawn = [(x, y) for x in range(16) for y in range(16) if tiles.render(4, x, y) is not EMPTY_TILE]
    assert drawn == [(8, 3), (8, 4), (9, 3), (9, 4)]


@pytest.mark.parametrize("z", [-1, 0, 2, 17, 99])
def test_a_zoom_out_of_range_is_a_parameter_error(z: int) -> None:
    with pytest.raises(ParameterError, match="zoom must be from 3 to 16"):
        random_tiles(TOWN).render(z, 0, 0)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (8, 0), (0, 8), (10**9, 0)])
def test_a_tile_outside_the_world_is_not_found(x: int, y: int) -> None:
    with pytest.raises(NotFoundError, match="no tile"):
        random_tiles(TOWN).render(3, x, y)


def test_what_does_not_fit_is_refused() -> None:
    good = np.zeros(TOWN.shape, np.uint8)
    with pytest.raises(ShapeError, match="classes has shape"):
        TileSet(TOWN, good[1:], COLOURS)
    with pytest.raises(ShapeError, match="never has shape"):
        TileSet(TOWN, good, COLOURS, np.zeros((2, 2), bool))
    with pytest.raises(ShapeError, match="colours"):
        TileSet(TOWN, good, COLOURS[:, :3])
    with pytest.raises(ParameterError, match="Class 6 has no colour"):
        TileSet(TOWN, good + np.uint8(6), COLOURS)
    with pytest.raises(ParameterError, match="too large"):
        random_tiles(REGION).render_image(12)


def test_many_threads_get_the_same_bytes() -> None:
    tiles, _, areas = tiles_of_areas(REGION, 10)
    jobs = [(z, *tile_at(*UMEA, z), show_areas(areas, code, code + 2)) for z in (5, 8, 11) for code in range(10)] * 3
    alone = [tiles.render(*job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda job: tiles.render(*job), jobs)) == alone


def test_the_whole_image_is_its_tiles_put_together() -> None:
    tiles = random_tiles(TOWN)
    z = 9
    png, (west, south, east, north) = tiles.render_image(z)
    image = classes_of(png)
    side = TILE_PX * 2**z
    x0 = round((west + 180) / 360 * side)
    y0 = round((1 - math.asinh(math.tan(math.radians(north))) / math.pi) / 2 * side)
    assert image.shape == (
        round((1 - math.asinh(math.tan(math.radians(south))) / math.pi) / 2 * side) - y0,
        round((east + 180) / 360 * side) - x0,
    )
    assert image.size == tiles.image_px(z)
    x, y = tile_at(*UMEA, z)
    tile = classes_of(tiles.render(z, x, y))
    rows = slice(max(y * TILE_PX, y0), min((y + 1) * TILE_PX, y0 + image.shape[0]))
    cols = slice(max(x * TILE_PX, x0), min((x + 1) * TILE_PX, x0 + image.shape[1]))
    shared = image[rows.start - y0 : rows.stop - y0, cols.start - x0 : cols.stop - x0]
    same = tile[rows.start - y * TILE_PX : rows.stop - y * TILE_PX, cols.start - x * TILE_PX : cols.stop - x * TILE_PX]
    assert shared.size > 1_000
    # Another lattice: pixels whose centre lies on a cell's border may fall on its other side.
    assert (shared == same).mean() > 0.995
