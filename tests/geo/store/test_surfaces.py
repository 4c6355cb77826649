"""Surfaces in the store: the same rasters, the same explanations, or an error that names the file."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

import geo
from geo.errors import NotFoundError, StoreError
from geo.layers.bundle import Layers
from geo.risk import model
from geo.risk.surface import RiskSurface
from geo.store import surfaces as module
from geo.store.database import close_databases, write_store
from geo.store.files import (
    Provenance,
    find_current,
    list_surfaces,
    load_surface,
    publish,
    save_layer,
    save_layers,
    save_surface,
)
from geo.store.tables import SURFACES
from tests.frames import GRID, SCORING_DAY, make_frame, make_workplace, small_frames

pytestmark = pytest.mark.usefixtures("database")

SOURCE = Provenance("small frames")


@pytest.fixture(scope="module")
def folder_with_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder on SQLite. Copy it."""
    folder = tmp_path_factory.mktemp("layers") / "home"
    save_small_layers(folder)
    close_databases()
    return folder


@pytest.fixture
def home(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> Path:
    """A data folder with layers."""
    if database == "sqlite":
        return Path(shutil.copytree(request.getfixturevalue("folder_with_layers"), tmp_path / "home"))
    save_small_layers(tmp_path / "home")
    return tmp_path / "home"


def save_small_layers(folder: Path) -> None:
    save_layers(folder, {name: (frame, SOURCE) for name, frame in small_frames().items()})


def score_again(layers: Layers, n: int) -> list[RiskSurface]:
    """Different surfaces of the same layers, cheaply."""
    return [geo.score(layers, GRID, at=SCORING_DAY, weights={"workplaces": 0.1 * (number + 1)}) for number in range(n)]


def list_rasters(surface: RiskSurface) -> dict[str, np.ndarray]:
    return {"score": surface.score, "state": surface.state, **surface.contributions}


@pytest.mark.parametrize("read_bytes", [module._READ_BYTES, 0], ids=["in memory", "mapped"])
def test_a_surface_comes_back_as_it_was(
    home: Path, surface: RiskSurface, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    monkeypatch.setattr(module, "_READ_BYTES", read_bytes)
    assert save_surface(home, surface) == surface.id
    loaded = load_surface(home, surface.id)
    for name, raster in list_rasters(surface).items():
        back = list_rasters(loaded)[name]
        np.testing.assert_array_equal(back, raster)
        assert back.dtype == raster.dtype
        assert not back.flags.writeable
    assert loaded.id == surface.id
    assert (loaded.grid, loaded.at, loaded.sectors, loaded.model) == (
        surface.grid, surface.at, surface.sectors, surface.model,
    )  # fmt: skip
    assert loaded.stale_layers == ()
    assert json.loads(json.dumps(dict(loaded.manifest))) == json.loads(json.dumps(dict(surface.manifest)))


def test_only_what_cannot_be_computed_again_in_a_moment_is_kept(home: Path, surface: RiskSurface) -> None:
    save_surface(home, surface)
    folder = home / "surfaces" / surface.id
    names = {"score.npy", "state.npy", *(f"contribution-{name}.npy" for name in surface.model.weights)}
    assert {path.name for path in folder.iterdir()} == names
    assert sum(path.stat().st_size for path in folder.glob("*.npy")) == list_surfaces(home)[0].size
    loaded = load_surface(home, surface.id)
    for name, raster in surface.components.items():
        np.testing.assert_array_equal(loaded.components[name], raster)


def test_it_explains_and_ranks_as_before(home: Path, surface: RiskSurface) -> None:
    save_surface(home, surface)
    loaded = load_surface(home, surface.id)
    top = surface.top(5)
    assert loaded.top(5).equals(top)
    assert loaded.places(3) == surface.places(3)
    for cell_id in top["cell_id"]:
        assert loaded.explain(cell_id) == surface.explain(cell_id)


def test_sectors_weights_and_parameters_are_those_it_was_scored_with(
    home: Path, layers: Layers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reference tables say by the time it is loaded."""
    surface = geo.score(layers, GRID, at=SCORING_DAY, sectors=["construction"], weights={"findings": 0.5})
    save_surface(home, surface)
    today = model.load_model()
    changed = replace(
        today,
        version="another",
        components=tuple(replace(each, reference_level=each.reference_level * 2) for each in today.components),
        parameters={name: value * 2 for name, value in today.parameters.items()},
    )
    monkeypatch.setattr(model, "load_model", lambda: changed)
    loaded = load_surface(home, surface.id)
    assert loaded.sectors == {"construction"}
    assert loaded.model == surface.model
    cell_id = surface.top(1)["cell_id"][0]
    assert loaded.explain(cell_id) == surface.explain(cell_id)


def test_changed_layers_are_named_and_not_used_to_explain(home: Path, surface: RiskSurface) -> None:
    save_surface(home, surface)
    cell_id = surface.top(1)["cell_id"][0]
    save_layer(home, "workplaces", make_frame([make_workplace(employees=1_000)]), SOURCE)
    loaded = load_surface(home, surface.id)
    assert loaded.stale_layers == ("workplaces",)
    np.testing.assert_array_equal(loaded.score, surface.score)
    explanation = loaded.explain(cell_id)
    assert "layers have changed" in str(explanation.reasons[0])
    assert not any(component.drivers for component in explanation.components)
    assert explanation.score == pytest.approx(surface.explain(cell_id).score, abs=1e-4)


class TestPublishing:
    def test_the_published_one_is_loaded_by_default(self, home: Path, layers: Layers) -> None:
        with pytest.raises(NotFoundError, match=r"No surface is published .* score one with `norrsyn score`"):
            load_surface(home)
        assert find_current(home) is None
        first, second = score_again(layers, 2)
        for surface in (first, second):
            save_surface(home, surface)
        publish(home, first.id)
        assert load_surface(home).id == first.id == find_current(home)
        publish(home, second.id)
        assert load_surface(home).id == second.id
        assert {each.id: each.is_current for each in list_surfaces(home)} == {first.id: False, second.id: True}

    @pytest.mark.parametrize("name", ["0" * 16, "../layers", "", "current", "0" * 15 + "G"])
    def test_what_is_not_there_cannot_be_published_or_loaded(self, home: Path, surface: RiskSurface, name: str) -> None:
        save_surface(home, surface)
        publish(home, surface.id)
        for use in (publish, load_surface):
            with pytest.raises(NotFoundError, match=rf"There is no surface '.*' in .*; there are: {surface.id}"):
                use(home, name)
        assert find_current(home) == surface.id

    def test_another_is_published_while_this_one_is_read(
        self, home: Path, layers: Layers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = score_again(layers, 2)
        save_surface(home, first)
        publish(home, first.id)
        read_surface = module._read_surface

        def read_late(folder: Path, entry: object) -> object:
            if folder.name == first.id:
                monkeypatch.setattr(module, "_read_surface", read_surface)
                save_surface(home, second)
                publish(home, second.id)
                save_surface(home, second, keep=0)
            return read_surface(folder, entry)

        monkeypatch.setattr(module, "_read_surface", read_late)
        assert load_surface(home).id == second.id

    def test_a_damaged_one_cannot_be_published(self, home: Path, layers: Layers) -> None:
        first, second = score_again(layers, 2)
        for surface in (first, second):
            save_surface(home, surface)
        publish(home, first.id)
        (home / "surfaces" / second.id / "score.npy").write_bytes(b"")
        with pytest.raises(StoreError):
            publish(home, second.id)
        assert load_surface(home).id == first.id


class TestPruning:
    def test_the_newest_and_the_published_stay(self, home: Path, layers: Layers) -> None:
        scored = score_again(layers, 5)
        save_surface(home, scored[0])
        publish(home, scored[0].id)
        for surface in scored[1:]:
            save_surface(home, surface, keep=2)
        kept = [each.id for each in list_surfaces(home)]
        assert kept == [scored[4].id, scored[3].id, scored[0].id]
        assert load_surface(home).id == scored[0].id

    def test_bytes_are_bounded_too_but_never_to_nothing(self, home: Path, layers: Layers) -> None:
        for surface in score_again(layers, 3):
            save_surface(home, surface, keep_bytes=1)
        assert len(list_surfaces(home)) == 1

    def test_saving_again_keeps_it_and_writes_nothing(self, home: Path, surface: RiskSurface) -> None:
        save_surface(home, surface)
        path = home / "surfaces" / surface.id / "score.npy"
        before = path.stat().st_mtime_ns, path.stat().st_ino
        save_surface(home, surface)
        assert (path.stat().st_mtime_ns, path.stat().st_ino) == before

    def test_a_surface_in_use_may_be_removed(self, home: Path, layers: Layers, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rasters that are mapped into memory stay readable after their files are gone."""
        monkeypatch.setattr(module, "_READ_BYTES", 0)
        first, second = score_again(layers, 2)
        save_surface(home, first)
        loaded = load_surface(home, first.id)
        save_surface(home, second, keep=1)
        assert [each.id for each in list_surfaces(home)] == [second.id]
        np.testing.assert_array_equal(loaded.score, first.score)


def change_entry(home: Path, surface_id: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Alter what the store's table says of a surface."""
    where = SURFACES.c.surface_id == surface_id
    with write_store(home) as connection:
        row = dict(connection.execute(sa.select(SURFACES).where(where)).mappings().one())
        change(row)
        connection.execute(SURFACES.update().where(where), row)


def test_rasters_that_no_surface_names_are_removed(home: Path, surface: RiskSurface) -> None:
    """What a writer leaves that dies before the store knows of its surface."""
    left = home / "surfaces" / ("0" * 16)
    left.mkdir(parents=True)
    (left / "score.npy").write_bytes(b"half")
    assert list_surfaces(home) == ()
    save_surface(home, surface)
    assert [path.name for path in (home / "surfaces").iterdir()] == [surface.id]


class TestDamage:
    @pytest.fixture
    def folder(self, home: Path, surface: RiskSurface) -> Path:
        save_surface(home, surface)
        return home / "surfaces" / surface.id

    @pytest.mark.parametrize(
        "name", ["score.npy", "state.npy", "contribution-findings.npy", "contribution-workplaces.npy"]
    )
    @pytest.mark.parametrize("share", [None, 0.0, 0.5])
    def test_a_raster_that_is_gone_or_cut_off(self, home: Path, folder: Path, name: str, share: float | None) -> None:
        path = folder / name
        if share is None:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(StoreError, match=rf"{name} is damaged .*; remove .*{folder.name} and score again"):
            load_surface(home, folder.name)

    def test_one_bit_is_enough(self, home: Path, folder: Path) -> None:
        path = folder / "score.npy"
        content = bytearray(path.read_bytes())
        content[-7] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match="its content is not what was saved"):
            load_surface(home, folder.name)

    def test_another_kind_of_raster(self, home: Path, folder: Path) -> None:
        size = (folder / "score.npy").stat().st_size
        np.save(folder / "score.npy", np.zeros((size - 128) // 8))
        with pytest.raises(StoreError, match=r"score\.npy is damaged"):
            load_surface(home, folder.name)

    def test_objects_are_never_unpickled(self, home: Path, folder: Path) -> None:
        path = folder / "score.npy"
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        change_entry(home, folder.name, lambda it: it["rasters"]["score"].update(size=path.stat().st_size))
        with pytest.raises(StoreError, match="allow_pickle"):
            load_surface(home, folder.name)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda it: it.update(format=9), r"written by another version of Norrsyn \(format 9\); update Norrsyn"),
            (
                lambda it: it.update(format=1),
                r"an older version of Norrsyn \(format 1\); score again with `norrsyn score`",
            ),
            (lambda it: it["rasters"].pop("score"), "does not fit this version of Norrsyn"),
            (lambda it: it["manifest"]["weights"].update(weather=1), "does not fit this version"),
            (lambda it: it["manifest"].update(at="2026-07-16"), "the manifest is that of"),
            (lambda it: it["manifest"]["grid"].update(n_rows=-1), "does not fit this version"),
        ],
    )
    def test_a_manifest_that_makes_no_sense(
        self, home: Path, folder: Path, change: Callable[[dict[str, Any]], object], message: str
    ) -> None:
        change_entry(home, folder.name, change)
        with pytest.raises(StoreError, match=message):
            load_surface(home, folder.name)

    def test_scoring_again_mends_it(self, home: Path, folder: Path, surface: RiskSurface) -> None:
        (folder / "score.npy").write_bytes(b"")
        save_surface(home, surface)
        np.testing.assert_array_equal(load_surface(home, surface.id).score, surface.score)

    def test_scoring_again_replaces_one_of_an_older_format(
        self, home: Path, folder: Path, surface: RiskSurface
    ) -> None:
        publish(home, surface.id)
        np.save(folder / "component-findings.npy", surface.score)
        change_entry(home, folder.name, lambda it: it.update(format=1))
        with pytest.raises(StoreError, match="score again"):
            load_surface(home)
        assert "score again" in list_surfaces(home)[0].problem
        save_surface(home, surface)
        assert load_surface(home).id == surface.id
        assert not (folder / "component-findings.npy").exists()

    def test_rasters_that_are_gone(self, home: Path, folder: Path, surface: RiskSurface) -> None:
        shutil.rmtree(folder)
        for use in (publish, load_surface):
            with pytest.raises(StoreError, match=rf"{folder.name} is missing; score again"):
                use(home, folder.name)
        save_surface(home, surface)
        assert load_surface(home, folder.name).id == folder.name
