"""All layers of a data folder together: checked once, never changed, known by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property

import geopandas as gpd
import pandas as pd

from geo.errors import InputError, SchemaError
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import empty_frame, validate

__all__ = ["Layers", "content_hash"]


class Layers(Mapping[str, gpd.GeoDataFrame]):
    """An immutable mapping from layer name to its checked frame; every registered layer is there, maybe empty.

    Parameters
    ----------
    frames : mapping of layer name to GeoDataFrame, EPSG:3006
    checked : True where the frames come out of the store, which checked them on the way in

    Raises
    ------
    InputError
        A frame fails its layer's checks; the failures of all frames in one message.
    NotFoundError
        There is no such layer.
    """

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame], *, checked: bool = False) -> None:
        self._frames = dict(frames) if checked else _check_all(frames)

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        if name not in self._frames:
            self._frames[name] = empty_frame(get_layer(name))
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(LAYERS)

    def __len__(self) -> int:
        return len(LAYERS)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of each layer's content, empty layers left out."""
        return {name: content_hash(self[name]) for name in self if len(self[name])}

    @property
    def is_synthetic(self) -> bool:
        """Whether any record is made up."""
        return any(bool(self[name]["synthetic"].any()) for name in self)


def content_hash(frame: gpd.GeoDataFrame) -> str:
    """SHA-256 of a checked frame's content, whatever its index.

    Parameters
    ----------
    frame : GeoDataFrame in a layer's canonical form (`geo.layers.validate.validate`)

    Returns
    -------
    str, 64 hexadecimal digits
    """
    digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes())
    for wkb in frame.geometry.to_wkb():
        digest.update(wkb)
    return digest.hexdigest()


def _check_all(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    checked: dict[str, gpd.GeoDataFrame] = {}
    failures: list[InputError] = []
    for name, frame in frames.items():
        try:
            checked[name] = validate(get_layer(name), frame)
        except InputError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        message = "\n".join(map(str, failures))
        raise SchemaError(message, tuple(map(str, failures)))
    return checked
