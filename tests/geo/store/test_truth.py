"""The planted truth stands apart: nothing that is scored knows of it."""

from pathlib import Path

import geopandas as gpd
import pytest

from geo.errors import NotFoundError, StoreError
from geo.store.files import Provenance, load_demo_truth, load_layers, save_demo_truth, save_layer
from tests.frames import make_frame, make_workplace


@pytest.fixture
def truth() -> gpd.GeoDataFrame:
    return make_frame([{"truth_id": "t1", "easting": 758_600.0, "northing": 7_088_600.0}])


def test_it_comes_back_and_stays_apart(tmp_path: Path, truth: gpd.GeoDataFrame) -> None:
    save_layer(tmp_path, "workplaces", make_frame([make_workplace()]), Provenance("x"))
    for seed in (1, 2):
        folder = save_demo_truth(tmp_path, truth.assign(seed=seed), {"seed": seed})
    frame, manifest = load_demo_truth(tmp_path)
    assert frame.equals(truth.assign(seed=2))
    assert manifest == {"seed": 2}
    assert len(list(folder.iterdir())) == 2
    assert list(load_layers(tmp_path).provenance) == ["workplaces"]


def test_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no planted truth; it comes with `norrsyn demo`"):
        load_demo_truth(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "*.parquet"])
def test_damage_is_noticed(tmp_path: Path, truth: gpd.GeoDataFrame, name: str) -> None:
    (path,) = save_demo_truth(tmp_path, truth, {}).glob(name)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StoreError, match="damaged"):
        load_demo_truth(tmp_path)
    path.unlink()
    with pytest.raises((StoreError, NotFoundError)):
        load_demo_truth(tmp_path)
