"""Layers in the store: what goes in comes out, and a layer that is wrong does not go in."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, NotFoundError, SchemaError, StoreError
from geo.layers.bundle import Layers
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import validate
from geo.store import files
from geo.store.files import Provenance, load_layers, remove_layer, save_layer, save_layers
from geo.store.layers import is_made_up
from tests.frames import make_accommodation, make_frame, make_visit, make_workplace, near_town

pytestmark = pytest.mark.usefixtures("database")

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


def test_layers_that_are_not_asked_for_are_not_read(home: Path, frames: dict[str, gpd.GeoDataFrame]) -> None:
    save_layers(home, {name: (frame, SOURCE) for name, frame in frames.items()})
    stored = load_layers(home, ["visits", "localities"])
    assert {name for name in stored if len(stored[name])} == {"visits", "localities"} & set(frames)
    assert set(stored.provenance) == {"visits", "localities"} & set(frames)


def test_a_layer_is_made_up_if_every_record_is(home: Path) -> None:
    save_layer(home, "visits", validate(LAYERS["visits"], make_frame([make_visit(1)])), SOURCE)
    assert is_made_up(home, "workplaces")
    save_layer(home, "workplaces", workplaces(2, synthetic=True), SOURCE)
    assert is_made_up(home, "workplaces")
    mixed = make_frame([make_workplace(1, synthetic=True), make_workplace(2, synthetic=False)])
    save_layer(home, "workplaces", mixed, SOURCE)
    assert not is_made_up(home, "workplaces")
    remove_layer(home, "workplaces")
    assert is_made_up(home, "workplaces")


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


def test_a_new_layer_replaces_the_old(home: Path) -> None:
    for n_rows in (1, 2, 3):
        save_layer(home, "workplaces", workplaces(n_rows), SOURCE)
    save_layer(home, "accommodation", make_frame([make_accommodation()]), SOURCE)
    assert len(load_layers(home)["workplaces"]) == 3
    remove_layer(home, "workplaces")
    assert list(load_layers(home).provenance) == ["accommodation"]
    remove_layer(home, "workplaces")
    save_layer(home, "workplaces", workplaces(2), SOURCE)
    assert len(load_layers(home)["workplaces"]) == 2


def test_the_same_rows_give_the_same_fingerprint(home: Path) -> None:
    first, again, other = workplaces(5), workplaces(5).iloc[::-1].set_index(np.array(list("edcba"))), workplaces(6)
    prints = []
    for frame in (first, again, other):
        save_layer(home, "workplaces", frame, SOURCE)
        prints.append(load_layers(home).fingerprint)
    assert prints[0] == prints[1] != prints[2]
    save_layer(home, "workplaces", first, Provenance("another name"))
    assert load_layers(home).fingerprint == prints[0]


values = st.fixed_dictionaries(
    {
        "name": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
        "employees": st.floats(0, 200_000) | st.integers(0, 10_000),
        "active_from": st.none() | st.dates().map(str),
        "synthetic": st.booleans(),
        "east": st.floats(-5_000, 5_000),
        "north": st.floats(-5_000, 5_000),
    }
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(values, min_size=1, max_size=6))
def test_any_frame_that_passes_comes_back(home: Path, rows: list[dict[str, object]]) -> None:
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

    def test_a_character_that_postgresql_cannot_keep(self, home: Path) -> None:
        save_layer(home, "workplaces", workplaces(1), SOURCE)
        with pytest.raises(SchemaError, match=r"name: holds the character U\+0000 in 2 row\(s\); take it out"):
            save_layer(home, "workplaces", workplaces(2, name="Firma\0A"), SOURCE)
        assert len(load_layers(home)["workplaces"]) == 1

    def test_no_data_folder(self, home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_HOME", str(home))
        if database == "sqlite":
            with pytest.raises(NotFoundError, match=r"no data folder .*home; make one with `norrsyn demo`"):
                load_layers()
        else:
            assert load_layers().provenance == {}
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


def test_everything_the_page_names_is_there() -> None:
    assert all(hasattr(files, name) for name in files.__all__)
