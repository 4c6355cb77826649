"""All layers of a data folder together: checked once, never changed, known by their content."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import empty_frame, validate
from geo.recent import Recent
from geo.region import Region, load_region

__all__ = ["Layers"]

T = TypeVar("T")
_SHOWN_IDS = 5
# Arrays made of the layers, a few MB each with the demo region.
_N_RECALLED = 8


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
        self._recent: Recent[Hashable, Any] = Recent(_N_RECALLED)

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        if name not in self._frames:
            self._frames[name] = empty_frame(get_layer(name))
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(LAYERS)

    def __len__(self) -> int:
        return len(LAYERS)

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made of these layers under a key, or else is made now; the few used last are kept."""
        known: T | None = self._recent.get(key)
        return self._recent.put(key, make()) if known is None else known

    @classmethod
    def known(
        cls, frames: Mapping[str, gpd.GeoDataFrame], hashes: Mapping[str, str], region: Region | None = None
    ) -> Layers:
        """Checked frames whose hashes, and maybe region, are known already.

        Parameters
        ----------
        frames : mapping of layer name to GeoDataFrame, EPSG:3006
        hashes : SHA-256 of the content of each frame that is not empty
        region : Region of these borders and localities, optional
        """
        layers = cls(frames, checked=True)
        layers.__dict__["hashes"] = {name: hashes[name] for name in layers if name in hashes}
        if region is not None:
            layers.__dict__["region"] = region
        return layers

    def updated(
        self,
        added: Mapping[str, gpd.GeoDataFrame] | None = None,
        removed: Mapping[str, Iterable[str | tuple[str, ...]]] | None = None,
    ) -> Layers:
        """These layers with some records taken out and others put in; what does not change is shared.

        Parameters
        ----------
        added : mapping of layer name to GeoDataFrame, EPSG:3006, optional
            Checked like a whole frame. A record is changed by removing it and adding it anew.
        removed : mapping of layer name to ids, optional
            Where a layer's id has several columns, a tuple of all of them, or the first alone for every record of it.

        Returns
        -------
        Layers

        Raises
        ------
        InputError
            Added frames that fail their layer's checks, added ids that are there already, removed ids that are not;
            all failures in one message.
        NotFoundError
            There is no such layer.
        """
        added = _check_all(added or {})
        gone = {name: list(ids) for name, ids in (removed or {}).items()}
        changed: dict[str, gpd.GeoDataFrame] = {}
        failures: list[str] = []
        for name in dict.fromkeys((*gone, *added)):
            changed[name], problems = _change(get_layer(name), self[name], added.get(name), gone.get(name, []))
            failures += problems
        if failures:
            raise SchemaError("\n".join(failures), tuple(failures))
        layers = Layers({**self._frames, **changed}, checked=True)
        if "region" in self.__dict__ and not {"borders", "localities"} & set(changed):
            layers.__dict__["region"] = self.region
        if "hashes" in self.__dict__:
            same = {name: digest for name, digest in self.hashes.items() if name not in changed}
            new = {name: content_hash(frame) for name, frame in changed.items() if len(frame)}
            layers.__dict__["hashes"] = {name: digest for name in layers if (digest := {**same, **new}.get(name))}
        return layers

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of each layer's content, empty layers left out."""
        return {name: content_hash(self[name]) for name in self if len(self[name])}

    @cached_property
    def region(self) -> Region:
        """Region Nord by these borders and localities, or by the packaged ones where a layer is empty."""
        borders, localities = self["borders"], self["localities"]
        return load_region(borders if len(borders) else None, localities if len(localities) else None)

    @property
    def is_synthetic(self) -> bool:
        """Whether any record is made up."""
        return any(bool(self[name]["synthetic"].any()) for name in self)


def _change(
    layer: Layer, frame: gpd.GeoDataFrame, added: gpd.GeoDataFrame | None, gone: list[str | tuple[str, ...]]
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """A layer's frame without some records and with others, and what is wrong with the request."""
    ids = _ids(layer, frame)
    is_gone, unknown = _find_gone(ids, gone)
    kept = frame[~is_gone] if gone else frame
    twice = [] if added is None else _ids(layer, added).intersection(_ids(layer, kept)).tolist()
    failures = [
        f"{layer.name}: {len(each)} record(s) {problem}: {', '.join(map(str, each[:_SHOWN_IDS]))}; {remedy}"
        for each, problem, remedy in (
            (unknown, "to remove that are not there", "leave them out"),
            (twice, "to add that are there already", "remove them in the same step to replace them"),
        )
        if each
    ]
    parts = [kept] if added is None else [kept, added]
    together = gpd.GeoDataFrame(pd.concat([part for part in parts if len(part)] or [kept]), crs=frame.crs)
    return together.sort_values(list(layer.id_columns), kind="stable").reset_index(drop=True), failures


def _find_gone(
    ids: pd.Index, gone: list[str | tuple[str, ...]]
) -> tuple[NDArray[np.bool_], list[str | tuple[str, ...]]]:
    """Which records are to go, by whole id or by its first column alone; and what names none."""
    firsts = {each for each in gone if isinstance(each, str)}
    wholes = {each for each in gone if not isinstance(each, str)}
    first = ids.get_level_values(0).tolist()
    # an id of one column is no tuple, and one of another length is none of them
    whole = ids.tolist() if wholes else first
    is_gone = np.array([one in firsts or every in wholes for one, every in zip(first, whole, strict=True)], dtype=bool)
    there = {*firsts.intersection(first), *wholes.intersection(whole)}
    return is_gone, [each for each in gone if each not in there]


def _ids(layer: Layer, frame: gpd.GeoDataFrame) -> pd.Index:
    """Ids as one index, of tuples where an id has several columns."""
    columns = list(layer.id_columns)
    return pd.Index(frame[columns[0]]) if len(columns) == 1 else pd.MultiIndex.from_frame(frame[columns])


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
