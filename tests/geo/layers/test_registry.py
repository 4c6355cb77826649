"""The registry of layers: closed, without doubles, and ready for a sixth layer in one file and one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandera.pandas as pa
import pytest
import shapely

import geo
from geo.errors import ConfigError, NotFoundError, SchemaError
from geo.layers import bundle, registry
from geo.layers.base import Layer, Points, common_columns, number, text
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS, get_layer, register
from geo.layers.validate import empty_frame, validate
from tests.frames import make_frame, near_town

NAMES = [
    "workplaces", "accommodation", "sectors", "visits", "findings", "reported", "establishments", "borders",
    "localities", "gazetteer", "roads", "events",
]  # fmt: skip


def make_toy() -> Layer:
    """What one new file would hold: night buses that bring crews to a site."""
    schema = pa.DataFrameSchema(
        {"stop_id": text("Id of the stop"), "passengers": number("Passengers per night"), **common_columns()}
    )

    def to_arrays(
        frame: gpd.GeoDataFrame,
        at: date,  # noqa: ARG001
        sectors: frozenset[str] | None = None,  # noqa: ARG001
        parameters: Mapping[str, float] | None = None,  # noqa: ARG001
    ) -> Points:
        passengers = frame["passengers"].to_numpy(dtype=np.float64)
        return Points(
            ids=frame["stop_id"].to_numpy(dtype=object),
            group=np.full(len(frame), "bus", dtype=object),
            easting=frame.geometry.x.to_numpy(),
            northing=frame.geometry.y.to_numpy(),
            weight=passengers,
            size=passengers,
            bandwidth_m=np.full(len(frame), 1_000.0),
        )

    return Layer("night_buses", "Night buses", ("stop_id",), frozenset({"Point"}), schema, to_arrays)


def test_the_layers_of_the_product() -> None:
    assert list(LAYERS) == NAMES
    assert geo.LAYERS is LAYERS
    assert all(layer.name == name for name, layer in LAYERS.items())


def test_the_registry_is_closed() -> None:
    with pytest.raises(TypeError):
        LAYERS["night_buses"] = make_toy()  # type: ignore[index]
    with pytest.raises(TypeError):
        del LAYERS["visits"]  # type: ignore[attr-defined]


def test_two_layers_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"Two layers are called 'visits'; rename one\."):
        register(*LAYERS.values(), LAYERS["visits"])


def test_a_layer_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="workplaces, accommodation"):
        get_layer("work places")


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_described(name: str) -> None:
    layer = get_layer(name)

    assert layer.title
    assert set(layer.id_columns) <= set(layer.schema.columns)
    assert layer.columns[-1] == "geometry"
    assert layer.site_title is None or layer.site_title in layer.schema.columns
    for column in layer.schema.columns.values():
        assert column.description, f"{name}.{column.name} says nothing"
    for common in ("circle", "synthetic"):
        assert common in layer.schema.columns


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_is_written_up_where_it_is_defined(name: str) -> None:
    text = getattr(registry, name).__doc__ or ""

    columns = set(get_layer(name).schema.columns) - {"circle", "synthetic"}
    assert {column for column in columns if column not in text} == set()


def test_a_sixth_layer_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = make_toy()
    with_toy = register(*LAYERS.values(), toy)
    for module in (registry, bundle):
        monkeypatch.setattr(module, "LAYERS", with_toy)

    rows = [
        {"stop_id": "b", "passengers": "7", **near_town(0, 0)},
        {"stop_id": "a", "passengers": 3, **near_town(9, 0)},
    ]
    layers = Layers({"night_buses": make_frame(rows)})
    checked = layers["night_buses"]

    assert list(layers) == [*NAMES, "night_buses"]
    assert checked["stop_id"].tolist() == ["a", "b"]
    assert checked["circle"].tolist() == ["joint-inspection"] * 2
    assert set(layers.hashes) == {"night_buses"}
    assert toy.to_arrays is not None
    assert toy.to_arrays(checked, date(2026, 7, 15)).weight.tolist() == [3, 7]
    assert empty_frame(toy).columns.tolist() == ["stop_id", "passengers", "circle", "synthetic", "geometry"]
    with pytest.raises(SchemaError, match="passengers: must be 0 or more"):
        validate(toy, make_frame([{"stop_id": "a", "passengers": -1, "geometry": shapely.Point(758_600, 7_088_600)}]))
