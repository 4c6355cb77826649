"""A surface as a frame, a dataset and a cloud-optimised GeoTIFF: the same numbers in the same places."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rio_tiler.io import Reader

import geo
from geo.errors import MemoryLimitError, StoreError
from geo.layers.bundle import Layers
from geo.risk.scored import STATE_NAMES
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY
from tests.oracles import COMPONENTS

# ---- frame -----------------------------------------------------------------------------------------------------


def test_one_square_per_cell_of_the_region(surface: RiskSurface) -> None:
    frame = surface.to_geodataframe()

    assert frame.crs.to_epsg() == 3006
    assert frame.columns.tolist() == ["cell_id", "scb_id", "municipality", "score", "state", *COMPONENTS, "geometry"]
    assert len(frame) == (surface.state > 0).sum()
    assert frame["cell_id"].is_unique
    for record in frame.iloc[::7].itertuples():
        row, col = GRID.parse_cell_id(record.cell_id)
        west, south = GRID.corner(row, col)
        assert record.scb_id == f"{west:.0f}{south:.0f}"
        assert record.geometry.equals(shapely.box(west, south, west + 2_000, south + 2_000))
        assert record.score == surface.score[row, col]
        assert record.state == STATE_NAMES[int(surface.state[row, col])]
        assert record.findings == surface.contributions["findings"][row, col]
        x, y = GRID.centre(row, col)
        assert record.municipality == surface.region.codes[surface.region.municipality_raster(GRID)[row, col]]
        assert record.geometry.contains(shapely.Point(x, y))


def test_squares_cover_the_region_without_overlap(surface: RiskSurface) -> None:
    squares = surface.to_geodataframe().geometry

    assert shapely.union_all(squares.to_numpy()).area == pytest.approx(squares.area.sum())


def test_more_squares_than_fit_into_memory_are_refused(surface: RiskSurface, monkeypatch: pytest.MonkeyPatch) -> None:
    n_squares = int((surface.state > 0).sum())
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 100_000)

    with pytest.raises(MemoryLimitError, match=rf"{n_squares} squares needs {n_squares}000 bytes .*GeoTIFF"):
        surface.to_geodataframe()


# ---- dataset ---------------------------------------------------------------------------------------------------


def test_a_dataset_with_coordinates(surface: RiskSurface) -> None:
    dataset = surface.to_xarray()

    assert set(dataset.data_vars) == {"score", "state"} | {
        f"{kind}_{n}" for kind in ("value", "points") for n in COMPONENTS
    }
    assert all(variable.dims == ("northing", "easting") for variable in dataset.data_vars.values())
    np.testing.assert_array_equal(dataset["easting"], GRID.easting)
    np.testing.assert_array_equal(dataset["northing"], GRID.northing)
    np.testing.assert_array_equal(dataset["score"], surface.score)
    np.testing.assert_array_equal(dataset["state"], surface.state)
    for name in COMPONENTS:
        np.testing.assert_array_equal(dataset[f"value_{name}"], surface.components[name])
        np.testing.assert_array_equal(dataset[f"points_{name}"], surface.contributions[name])
        assert dataset[f"value_{name}"].attrs["units"]
        assert dataset[f"points_{name}"].attrs["units"] == "points"
    assert dataset.attrs["crs"] == "EPSG:3006"
    assert dataset.attrs["surface"] == surface.id
    assert json.loads(dataset.attrs["manifest"]) == json.loads(json.dumps(surface.manifest))


def test_a_dataset_shares_the_rasters_and_computes_values_when_they_are_read(
    surface: RiskSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    values = dict(surface.components)

    class Watched(dict[str, np.ndarray]):
        def __getitem__(self, name: str) -> np.ndarray:
            computed.append(name)
            return super().__getitem__(name)

    monkeypatch.setattr(type(surface), "components", Watched(values))
    dataset = surface.to_xarray()
    assert np.shares_memory(dataset["score"].values, surface.score)
    assert np.shares_memory(dataset["points_findings"].values, surface.contributions["findings"])
    assert dataset["value_findings"].dtype == np.float32
    assert computed == []

    row = dataset["value_findings"].isel(northing=3)
    np.testing.assert_array_equal(row, values["findings"][3])
    for _ in range(2):
        np.testing.assert_array_equal(dataset["value_workplaces"], values["workplaces"])
    # once read as a whole, it stays
    assert computed == ["findings", "workplaces"]


def test_values_that_do_not_fit_into_memory_are_refused_when_read(
    surface: RiskSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 1_000)
    dataset = surface.to_xarray()

    assert float(dataset["score"].max()) == np.nanmax(surface.score)
    with pytest.raises(MemoryLimitError, match=r"component 'findings' needs \d+ bytes .*points instead"):
        dataset["value_findings"].max()


def test_a_cell_is_found_by_its_coordinates(surface: RiskSurface) -> None:
    row, col = GRID.parse_cell_id(surface.top(1)["cell_id"][0])
    x, y = GRID.centre(row, col)

    picked = surface.to_xarray()["score"].sel(easting=x + 300, northing=y - 900, method="nearest")

    assert float(picked) == surface.score[row, col]


# ---- GeoTIFF ---------------------------------------------------------------------------------------------------


def test_a_geotiff_holds_every_band_and_the_manifest(surface: RiskSurface, tmp_path: Path) -> None:
    path = surface.to_geotiff(tmp_path / "surface.tif")

    assert path == tmp_path / "surface.tif"
    assert [file.name for file in tmp_path.iterdir()] == ["surface.tif"]
    with rasterio.open(path) as raster:
        assert raster.crs.to_epsg() == 3006
        assert tuple(raster.transform)[:6] == GRID.transform
        assert raster.shape == GRID.shape
        assert set(raster.dtypes) == {"float32"}
        assert np.isnan(raster.nodata)
        assert raster.descriptions == ("score", *COMPONENTS)
        np.testing.assert_array_equal(raster.read(1), surface.score)
        for band, name in enumerate(COMPONENTS, start=2):
            np.testing.assert_array_equal(raster.read(band), surface.contributions[name])
        np.testing.assert_array_equal(raster.read_masks(1) > 0, surface.state > 0)
        tags = raster.tags()
        x, y = GRID.centre(*GRID.parse_cell_id(surface.top(1)["cell_id"][0]))
        assert next(iter(raster.sample([(x, y)])))[0] == np.nanmax(surface.score)
    assert tags["surface"] == surface.id
    assert tags["synthetic"] == "false"
    assert json.loads(tags["manifest"]) == json.loads(json.dumps(surface.manifest))


def test_a_geotiff_is_cloud_optimised(layers: Layers, tmp_path: Path) -> None:
    surface = geo.score(layers, geo.region_grid(1_000), at=SCORING_DAY)

    with rasterio.open(surface.to_geotiff(str(tmp_path / "large.tif"))) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert set(raster.block_shapes) == {(512, 512)}
        assert raster.overviews(1)
        assert raster.compression.value.lower() == "deflate"
        np.testing.assert_array_equal(raster.read(1), surface.score)
        for band, name in enumerate(COMPONENTS, start=2):
            np.testing.assert_array_equal(raster.read(band), surface.contributions[name])


@pytest.mark.parametrize(("cell_m", "factors"), [(2_000, []), (1_000, [2]), (500, [2, 4]), (400, [2, 4, 8])])
def test_overviews_go_on_until_one_block_holds_them(
    layers: Layers, tmp_path: Path, cell_m: float, factors: list[int]
) -> None:
    surface = geo.score(layers, geo.region_grid(cell_m), at=SCORING_DAY)
    score = np.nan_to_num(surface.score, nan=-1)

    with rasterio.open(surface.to_geotiff(tmp_path / "overviews.tif")) as raster:
        assert [raster.overviews(band) for band in raster.indexes] == [factors] * 8
        for factor in factors:
            small = raster.read(1, out_shape=tuple(-(-n // factor) for n in raster.shape))
            # cells are left out, never mixed: each value is one of the surface's
            assert np.isin(np.nan_to_num(small, nan=-1), score).all()
            assert np.nanmean(small) == pytest.approx(np.nanmean(surface.score), rel=0.3)


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_a_geotiff_is_read_by_a_tile_server(layers: Layers, tmp_path: Path) -> None:
    surface = geo.score(layers, geo.region_grid(1_000), at=SCORING_DAY)
    path = surface.to_geotiff(tmp_path / "tiles.tif")

    with Reader(str(path)) as reader:
        image = reader.tile(141, 68, 8)
        assert reader.info().band_descriptions[0] == ("b1", "score")
        assert image.count == 8
        assert (image.mask > 0).any()
        assert image.data[0][image.mask > 0].max() <= np.nanmax(surface.score)


def test_a_disk_that_is_full_leaves_the_file_that_was_there(layers: Layers, tmp_path: Path) -> None:
    surface = geo.score(layers, geo.region_grid(1_000), at=SCORING_DAY)
    path = tmp_path / "surface.tif"
    path.write_bytes(b"what was there")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    for n_bytes in (0, 1_000, 30_000, 100_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limit[1]))
        try:
            with pytest.raises(StoreError, match="cannot be written"):
                surface.to_geotiff(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert path.read_bytes() == b"what was there"
        assert list(tmp_path.iterdir()) == [path]


def test_writing_again_replaces_the_file(surface: RiskSurface, tmp_path: Path) -> None:
    path = tmp_path / "surface.tif"
    path.write_bytes(b"something else")

    surface.to_geotiff(path)
    first = path.read_bytes()
    surface.to_geotiff(path)

    assert path.read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("place", ["missing/surface.tif", "file/surface.tif", "folder"])
def test_a_place_that_cannot_be_written_is_said_and_left_clean(
    surface: RiskSurface, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(StoreError, match="cannot be written"):
        surface.to_geotiff(tmp_path / place)

    assert sorted(tmp_path.rglob("*")) == before
