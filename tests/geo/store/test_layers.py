"""Layers in the data folder: what goes in comes out, and a reader sees old or new, never a mix."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, NotFoundError, SchemaError, StoreError
from geo.layers.bundle import Layers, content_hash
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import validate
from geo.store import files
from geo.store import layers as module
from geo.store.files import Provenance, load_layers, remove_layer, save_layer, save_layers
from geo.store.parquet import pack_frame
from tests.frames import make_accommodation, make_frame, make_workplace, near_town

SOURCE = Provenance("sites.csv", "ab" * 32, 120, "assumed employees = 10")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def workplaces(n: int, **changes: object) -> gpd.GeoDataFrame:
    return make_frame([make_workplace(number, **changes) for number in range(1, n + 1)])


def test_every_layer_comes_back_as_it_was_checked(home: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    save_layers(home, {name: (frame, SOURCE) for name, frame in frames.items()})
    stored = load_layers(home)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(stored[name], validate(LAYERS[name], frame))
        assert stored[name].crs == "EPSG:3006"
    assert dict(stored.hashes) == dict(Layers(frames).hashes)
    assert list(stored.provenance) == [name for name in LAYERS if name in frames]


def test_what_is_not_there_is_empty(home: Path) -> None:
    save_layer(home, "workplaces", workplaces(1), SOURCE)
    stored = load_layers(home)
    assert len(stored["visits"]) == 0
    assert "visits" not in stored.provenance
    assert list(stored) == list(LAYERS)


def test_provenance_is_kept_and_completed(home: Path) -> None:
    complete = save_layer(home, get_layer("workplaces"), workplaces(3), SOURCE)
    assert load_layers(home).provenance["workplaces"] == complete
    assert (complete.source_name, complete.source_sha256, complete.source_size, complete.note) == (
        SOURCE.source_name, SOURCE.source_sha256, SOURCE.source_size, SOURCE.note,
    )  # fmt: skip
    assert (complete.rows, complete.synthetic) == (3, False)
    assert complete.content_sha256 == content_hash(load_layers(home)["workplaces"])
    assert pd.Timestamp(complete.added_at).tz is not None
    mixed = pd.concat([workplaces(1), make_frame([make_workplace(2, synthetic=True)])])
    assert save_layer(home, "workplaces", mixed, SOURCE).synthetic


def test_a_new_layer_replaces_the_old_and_its_file(home: Path) -> None:
    for n_rows in (1, 2, 3):
        save_layer(home, "workplaces", workplaces(n_rows), SOURCE)
    save_layer(home, "accommodation", make_frame([make_accommodation()]), SOURCE)
    assert len(load_layers(home)["workplaces"]) == 3
    assert len(list((home / "layers").glob("*.parquet"))) == 2
    remove_layer(home, "workplaces")
    assert list(load_layers(home).provenance) == ["accommodation"]
    assert len(list((home / "layers").glob("*.parquet"))) == 1
    remove_layer(home, "workplaces")


def test_the_same_rows_give_the_same_fingerprint(home: Path, tmp_path: Path) -> None:
    first, again, other = workplaces(5), workplaces(5).iloc[::-1].set_index(np.array(list("edcba"))), workplaces(6)
    prints = []
    for frame in (first, again, other):
        save_layer(home, "workplaces", frame, SOURCE)
        prints.append(load_layers(home).fingerprint)
    assert prints[0] == prints[1] != prints[2]
    save_layer(tmp_path / "elsewhere", "workplaces", first, Provenance("another name"))
    assert load_layers(tmp_path / "elsewhere").fingerprint == prints[0]


values = st.fixed_dictionaries(
    {
        "name": st.none() | st.text(st.characters(codec="utf-8"), max_size=12),
        "employees": st.floats(0, 1e9) | st.integers(0, 10_000),
        "active_from": st.none() | st.dates().map(str),
        "synthetic": st.booleans(),
        "east": st.floats(-5_000, 5_000),
        "north": st.floats(-5_000, 5_000),
    }
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(values, min_size=1, max_size=6))
def test_any_frame_that_passes_comes_back(home: Path, rows: list[dict[str, object]]) -> None:
    shutil.rmtree(home, ignore_errors=True)
    frame = make_frame(
        [
            make_workplace(number, **{k: row[k] for k in row if k not in {"east", "north"}})
            | near_town(row["east"], row["north"])
            for number, row in enumerate(rows)
        ]
    )
    expected = validate(LAYERS["workplaces"], frame)
    complete = save_layer(home, "workplaces", frame, SOURCE)
    stored = load_layers(home)["workplaces"]
    pd.testing.assert_frame_equal(stored, expected)
    assert content_hash(stored) == complete.content_sha256


class TestRefusals:
    def test_nothing_is_saved_when_one_layer_is_wrong(self, home: Path) -> None:
        save_layer(home, "workplaces", workplaces(1), SOURCE)
        wrong = make_frame([make_accommodation(beds=-1)])
        with pytest.raises(SchemaError, match="accommodation"):
            save_layers(home, {"workplaces": (workplaces(2), SOURCE), "accommodation": (wrong, SOURCE)})
        assert len(load_layers(home)["workplaces"]) == 1

    def test_an_empty_layer(self, home: Path) -> None:
        with pytest.raises(InputError, match="no rows to save"):
            save_layer(home, "workplaces", workplaces(1).iloc[:0], SOURCE)

    def test_an_unknown_layer(self, home: Path) -> None:
        with pytest.raises(NotFoundError, match="'weather'"):
            save_layer(home, "weather", workplaces(1), SOURCE)
        with pytest.raises(NotFoundError, match="no data folder"):
            remove_layer(home, "workplaces")

    def test_no_data_folder(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_HOME", str(home))
        with pytest.raises(NotFoundError, match=r"no data folder .*home; make one with `norrsyn demo`"):
            load_layers()
        save_layer(None, "workplaces", workplaces(1), SOURCE)
        assert len(load_layers()["workplaces"]) == 1

    def test_a_file_where_the_folder_should_be(self, home: Path) -> None:
        home.write_text("")
        with pytest.raises(StoreError, match="home cannot be made"):
            save_layer(home, "workplaces", workplaces(1), SOURCE)


def test_the_folder_is_its_owners_alone(home: Path) -> None:
    save_layer(home, "workplaces", workplaces(1), SOURCE)
    for path in [home, *home.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


class TestDamage:
    @pytest.fixture
    def saved(self, home: Path) -> Path:
        save_layer(home, "workplaces", workplaces(30), SOURCE)
        return home / "layers"

    @pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
    def test_a_file_that_is_cut_off(self, home: Path, saved: Path, share: float) -> None:
        (path,) = saved.glob("*.parquet")
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(StoreError, match=rf"{path.name} is damaged.*[Rr]estore it from a backup"):
            load_layers(home)

    def test_one_bit_is_enough(self, home: Path, saved: Path) -> None:
        (path,) = saved.glob("*.parquet")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match="is damaged"):
            load_layers(home)

    def test_a_file_that_is_gone(self, home: Path, saved: Path) -> None:
        (path,) = saved.glob("*.parquet")
        path.unlink()
        with pytest.raises(StoreError, match=r"is missing; restore it from a backup, or add the layer again"):
            load_layers(home)

    def test_a_file_that_cannot_be_read(self, home: Path, saved: Path) -> None:
        (path,) = saved.glob("*.parquet")
        path.unlink()
        path.mkdir()
        with pytest.raises(StoreError, match=rf"{path.name} cannot be read"):
            load_layers(home)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda text: text[:50], "current.json is damaged"),
            (lambda _: "[]", "current.json is damaged"),
            (lambda _: '{"format": 1}', "current.json is damaged"),
            (lambda _: '{"format": 2, "layers": {}}', "written by another version of Norrsyn"),
            (lambda text: text.replace('"workplaces"', '"weather"'), "there is no layer 'weather'"),
            (lambda text: text.replace("workplaces-", "../workplaces-"), "damaged"),
            (lambda text: text.replace('"rows": 30', '"rows": "many"'), "rows is 'many'"),
            (lambda text: text.replace("rows", "lines"), "damaged"),
        ],
    )
    def test_an_index_that_makes_no_sense(
        self, home: Path, saved: Path, change: Callable[[str], str], message: str
    ) -> None:
        index = saved / "current.json"
        index.write_text(change(index.read_text("utf-8")), "utf-8")
        with pytest.raises(StoreError, match=message):
            load_layers(home)

    def test_making_it_again_mends_a_damaged_file(self, home: Path, saved: Path) -> None:
        (path,) = saved.glob("*.parquet")
        path.write_bytes(b"")
        save_layer(home, "workplaces", workplaces(30), SOURCE)
        assert len(load_layers(home)["workplaces"]) == 30


class TestReadingWhileOthersWrite:
    """A writer that always comes between the index and the files it names."""

    @pytest.fixture
    def interfere(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        def begin(n_times: int) -> None:
            left = iter(range(n_times))
            unpack = module.unpack_frame

            def unpack_late(path: Path, sha256: str) -> gpd.GeoDataFrame:
                if (number := next(left, None)) is not None:
                    save_layer(home, "workplaces", workplaces(2 + number), SOURCE)
                return unpack(path, sha256)

            monkeypatch.setattr(module, "unpack_frame", unpack_late)

        save_layer(home, "workplaces", workplaces(1), SOURCE)
        return begin

    def test_the_new_state_is_read(self, home: Path, interfere: Callable[[int], None]) -> None:
        interfere(3)
        assert len(load_layers(home)["workplaces"]) == 4

    def test_but_not_for_ever(
        self, home: Path, interfere: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_MAX_TRIES", 3)
        interfere(100)
        with pytest.raises(StoreError, match="was rewritten 3 times while it was read; try again"):
            load_layers(home)


def rewrite(home: Path, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> None:
    """Put a frame in place of a stored one, as another version of Norrsyn would have written it."""
    folder = home / "layers"
    index = json.loads((folder / "current.json").read_bytes())
    entry = index["layers"]["workplaces"]
    content, sha256 = pack_frame(change(gpd.read_parquet(folder / entry["file"])))
    (folder / entry["file"]).write_bytes(content)
    entry["file_sha256"] = sha256
    (folder / "current.json").write_text(json.dumps(index))


def test_a_layer_of_an_older_version_is_brought_up_to_date(home: Path) -> None:
    save_layer(home, "workplaces", workplaces(3), SOURCE)
    expected = load_layers(home)["workplaces"]
    rewrite(home, lambda frame: frame.drop(columns=["kind", "circle"]))
    pd.testing.assert_frame_equal(load_layers(home)["workplaces"], expected)
    rewrite(home, lambda frame: frame.drop(columns="sni"))
    with pytest.raises(StoreError, match=r"does not fit this version of Norrsyn; add the layer again(.|\n)*sni"):
        load_layers(home)


def test_everything_the_page_names_is_there() -> None:
    assert all(hasattr(files, name) for name in files.__all__)
