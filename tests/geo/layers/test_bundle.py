"""All layers together: complete, checked once, and known by their content."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geo
from geo.errors import CRSError, NotFoundError, SchemaError
from geo.layers.bundle import Layers, content_hash
from geo.layers.registry import LAYERS
from tests.frames import make_frame, make_visit, make_workplace, near_town


def test_every_layer_is_there_even_if_empty(layers: Layers) -> None:
    assert list(layers) == list(LAYERS)
    assert len(layers) == len(LAYERS)
    assert layers["borders"].empty
    assert tuple(layers["borders"].columns) == LAYERS["borders"].columns
    assert len(layers["workplaces"]) == 41


def test_layers_can_be_handed_on_as_a_mapping(layers: Layers) -> None:
    changed = geo.Layers({**layers, "visits": make_frame([make_visit()])})

    assert len(changed["visits"]) == 1
    assert {name for name in changed.hashes if changed.hashes[name] != layers.hashes[name]} == {"visits"}


def test_a_layer_that_is_not_there_is_not_found(layers: Layers) -> None:
    with pytest.raises(NotFoundError, match="the layers are workplaces"):
        geo.Layers({"night_buses": make_frame([make_visit()])})
    with pytest.raises(NotFoundError):
        layers["night_buses"]


def test_one_bad_frame_keeps_its_kind_of_error() -> None:
    with pytest.raises(CRSError, match="Layer workplaces"):
        geo.Layers({"workplaces": make_frame([make_workplace()], crs=None)})


def test_failures_of_all_frames_come_together() -> None:
    frames = {
        "workplaces": make_frame([make_workplace(employees=-1)]),
        "visits": make_frame([make_visit()], crs=None),
        "findings": make_frame([{"finding_id": "f", **near_town(0, 0)}]),
    }

    with pytest.raises(SchemaError) as caught:
        geo.Layers(frames)

    for name in frames:
        assert f"Layer {name}" in str(caught.value)
    assert len(caught.value.failures) == 3


def test_what_was_handed_over_can_be_changed_without_harm(frames: dict[str, gpd.GeoDataFrame]) -> None:
    layers = geo.Layers(frames)
    before = dict(layers.hashes)

    frames["workplaces"]["employees"] = 0.0
    del frames["visits"]

    assert len(layers["visits"]) == 4
    assert {name: content_hash(layers[name]) for name in before} == before


def test_synthetic_records_are_noticed(layers: Layers) -> None:
    marked = geo.Layers({"visits": make_frame([make_visit(1), make_visit(2, synthetic="ja")])})

    assert marked.is_synthetic
    assert not layers.is_synthetic
    assert not geo.Layers({}).is_synthetic


# ---- content hashes --------------------------------------------------------------------------------------------


def hash_of(*rows: dict[str, Any]) -> str:
    return geo.Layers({"workplaces": make_frame(rows)}).hashes["workplaces"]


def test_equal_content_has_equal_hashes(frames: dict[str, gpd.GeoDataFrame], layers: Layers) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=7)[frame.columns[::-1]] for name, frame in frames.items()}

    assert geo.Layers(shuffled).hashes == layers.hashes
    assert set(layers.hashes) == set(frames)
    assert all(len(digest) == 64 for digest in layers.hashes.values())


def test_the_index_and_the_form_of_a_value_are_no_content() -> None:
    assert hash_of(make_workplace(1, employees=10)) == hash_of(make_workplace(1, employees="10.0"))
    frame = geo.Layers({"workplaces": make_frame([make_workplace(1), make_workplace(2)])})["workplaces"]
    assert content_hash(frame) == content_hash(frame.set_axis([5, 9]))


BASE = make_workplace(1, active_from="2026-01-01", employer_id="5566778899")


@pytest.mark.parametrize(
    "change",
    [
        {"workplace_id": "w2"},
        {"name": "Firma 2"},
        {"name": None},
        {"employees": 10.000001},
        {"active_from": "2026-01-02"},
        {"active_to": "2026-01-01"},
        {"synthetic": True},
        {"circle": "public"},
        {"sni_version": "2025"},
        {"employer_id": None},
        {"geometry": shapely.Point(758_600.0000001, 7_088_600)},
    ],
)
def test_any_change_of_content_changes_the_hash(change: dict[str, Any]) -> None:
    assert hash_of(BASE | change) != hash_of(BASE)


def test_a_value_that_moves_to_another_row_changes_the_hash() -> None:
    first, second = make_workplace(1, employees=1), make_workplace(2, employees=2)

    assert hash_of(first, second) != hash_of(first | {"employees": 2}, second | {"employees": 1})
    assert hash_of(first, second) != hash_of(first)


def test_empty_layers_have_no_hash() -> None:
    assert geo.Layers({}).hashes == {}


def test_checked_frames_are_not_checked_again() -> None:
    odd = gpd.GeoDataFrame(pd.DataFrame({"anything": [1]}), geometry=[shapely.Point(0, 0)], crs="EPSG:3006")

    assert Layers({"visits": odd}, checked=True)["visits"] is odd


def test_many_records_go_as_those_that_are_named(layers: Layers) -> None:
    """Held against looking for each of them: ids of one column, and ids of two by one or both."""
    assert layers["workplaces"]["workplace_id"].is_unique
    ids = layers["workplaces"]["workplace_id"].tolist()
    kept = layers.updated(None, {"workplaces": ids[::2] * 2})["workplaces"]
    assert kept["workplace_id"].tolist() == sorted(set(ids) - set(ids[::2]))
    assert layers.updated(None, {"workplaces": []})["workplaces"].equals(layers["workplaces"])
    assert layers.updated(None, {"workplaces": ids})["workplaces"].empty
    for strange in ("none", (ids[0],), (ids[0], "x"), ""):
        with pytest.raises(SchemaError, match="not there"):
            layers.updated(None, {"workplaces": [*ids, strange]})
