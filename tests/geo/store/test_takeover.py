"""A data folder of an older Norrsyn, which kept layers and surfaces as files, is taken over whole or left as it is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.errors import NotFoundError, StoreError
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.risk.surface import RiskSurface
from geo.store.files import (
    Provenance,
    find_current,
    list_snapshots,
    list_surfaces,
    load_layers,
    load_surface,
    read_stamp,
    save_layer,
    save_surface,
    upgrade_store,
)
from geo.store.parquet import pack_frame
from tests.frames import make_frame, make_workplace

pytestmark = pytest.mark.usefixtures("database")


def write_old_layers(home: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    """Files as version 1 of the file store wrote them."""
    folder = home / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, frame in frames.items():
        checked = validate(LAYERS[name], frame)
        content, digest = pack_frame(checked)
        file = f"{name}-{digest[:12]}.parquet"
        (folder / file).write_bytes(content)
        entries[name] = {
            "file": file, "file_sha256": digest, "source_name": f"{name}.csv", "source_sha256": "ab" * 32,
            "source_size": 12, "note": "", "rows": len(checked), "content_sha256": "cd" * 32,
            "added_at": "2026-01-02T03:04:05+00:00", "synthetic": False,
        }  # fmt: skip
    (folder / "current.json").write_text(json.dumps({"format": 1, "layers": entries}))


def write_old_surface(home: Path, surface: RiskSurface, other: Path) -> None:
    """A surface's folder with its manifest beside the rasters, and the file that publishes it."""
    save_surface(other, surface)
    (stored,) = list_surfaces(other)
    folder = home / "surfaces" / surface.id
    shutil.copytree(other / "surfaces" / surface.id, folder)
    rasters = {
        path.stem: {
            "dtype": np.load(path).dtype.str,
            "shape": list(np.load(path).shape),
            "size": path.stat().st_size,
            "sha256": __import__("hashlib").sha256(np.load(path).data).hexdigest(),
        }
        for path in folder.glob("*.npy")
    }
    document = {
        "format": 2,
        "id": surface.id,
        "saved_at": stored.saved_at,
        "rasters": rasters,
        "manifest": dict(stored.manifest),
    }
    (folder / "manifest.json").write_text(json.dumps(document))
    (home / "surfaces" / "current").write_text(f"{surface.id}\n")


@pytest.fixture
def home(tmp_path: Path, frames: dict[str, gpd.GeoDataFrame]) -> Path:
    write_old_layers(tmp_path / "home", frames)
    return tmp_path / "home"


def test_looking_at_it_takes_it_over(home: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    layers = load_layers(home)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(layers[name], validate(LAYERS[name], frame))
        assert layers.provenance[name].source_name == f"{name}.csv"
        assert layers.provenance[name].added_at == "2026-01-02T03:04:05+00:00"
    assert not (home / "layers").exists()
    assert list(home.rglob("*.parquet")) == []
    assert len(list_snapshots(home, "workplaces")) == 1
    assert read_stamp(home) == read_stamp(home)


def test_a_surface_and_its_pointer(
    home: Path, surface: RiskSurface, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.delenv("NORRSYN_DATABASE_URL", raising=False)
        write_old_surface(home, surface, tmp_path / "other")
    broken = home / "surfaces" / ("0" * 16)
    broken.mkdir()
    (broken / "manifest.json").write_text("{ half")
    assert find_current(home) == surface.id, database
    # it was scored before findings were counted per visit: known, and not shown as if nothing had changed
    with pytest.raises(StoreError, match=r"older version of Norrsyn .*score again"):
        load_surface(home)
    told = {each.id: each.problem for each in list_surfaces(home)}
    assert set(told) == {surface.id, "0" * 16}
    assert all("score again" in problem for problem in told.values())
    assert sorted(path.name for path in (home / "surfaces").iterdir()) == ["0" * 16, surface.id]
    assert not (home / "surfaces" / surface.id / "manifest.json").exists()


def test_a_process_that_died_before_the_files_were_gone(home: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    load_layers(home)
    write_old_layers(home, frames)
    stamp = read_stamp(home)
    assert not (home / "layers").exists()
    assert len(list_snapshots(home, "workplaces")) == 1
    assert read_stamp(home) == stamp


def test_files_beside_a_database_that_says_otherwise(home: Path) -> None:
    load_layers(home)
    save_layer(home, "workplaces", make_frame([make_workplace(7)]), Provenance("newer.csv"))
    write_old_layers(home, {"workplaces": make_frame([make_workplace(8)])})
    with pytest.raises(StoreError, match=r"holds layers of an older Norrsyn \(workplaces .*move that folder away"):
        load_layers(home)
    (home / "layers").rename(home / "away")
    assert list(load_layers(home)["workplaces"]["workplace_id"]) == ["w007"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:50], r"current\.json is damaged"),
        (lambda _: "[]", r"current\.json is damaged"),
        (lambda _: '{"format": 1}', r"current\.json is damaged"),
        (lambda _: '{"format": 2, "layers": {}}', "written by another version of Norrsyn"),
        (lambda text: text.replace('"workplaces"', '"weather"'), "there is no layer 'weather'"),
        (lambda text: text.replace('"workplaces-', '"../workplaces-'), "damaged"),
        (lambda text: text.replace('"source_size": 12', '"source_size": "many"'), "source_size is 'many'"),
        (lambda text: text.replace("synthetic", "made_up"), "damaged"),
    ],
)
def test_an_index_that_makes_no_sense(home: Path, change: Callable[[str], str], message: str) -> None:
    index = home / "layers" / "current.json"
    before = index.read_text()
    index.write_text(change(before))
    for use in (load_layers, read_stamp, upgrade_store):
        with pytest.raises(StoreError, match=message):
            use(home)
    index.write_text(before)
    assert len(load_layers(home)["workplaces"])


@pytest.mark.parametrize("share", [None, 0.0, 0.5])
def test_a_file_that_is_gone_or_cut_off(home: Path, share: float | None) -> None:
    (path,) = (home / "layers").glob("findings-*.parquet")
    if share is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StoreError, match=f"{path.name} is (missing|damaged).*[Rr]estore it from a backup"):
        load_layers(home)
    assert (home / "layers" / "current.json").exists()


def test_a_pointer_that_makes_no_sense(home: Path) -> None:
    (home / "surfaces").mkdir()
    (home / "surfaces" / "current").write_text("../../secret")
    with pytest.raises(StoreError, match="current is damaged: it names no surface"):
        load_surface(home)
    (home / "surfaces" / "current").unlink()
    with pytest.raises(NotFoundError, match="No surface is published"):
        load_surface(home)
