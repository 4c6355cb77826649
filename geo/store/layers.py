"""Layers in the data folder.

``layers/current.json`` names the file of every layer and says where its rows come from. It is the only file that is
ever replaced: a layer's file carries its content's hash in its name. So one rename moves all layers that were saved
together from old to new, and a reader that holds one version of ``current.json`` holds one state of all layers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd

from geo.errors import InputError, SchemaError, StoreError
from geo.layers.base import Layer
from geo.layers.bundle import Layers, content_hash
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import empty_frame, validate
from geo.store.atomic import explain_os_error, write_file
from geo.store.home import StrPath, find_home, lock_home, open_home
from geo.store.parquet import pack_frame, unpack_frame
from geo.store.provenance import Provenance

__all__ = ["StoredLayers", "load_layers", "remove_layer", "save_layer", "save_layers"]

FORMAT = 1
_INDEX = "current.json"
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*-[0-9a-f]{12}\.parquet")
_MAX_TRIES = 50


class StoredLayers(Layers):
    """Layers as they stand in a data folder.

    Layers that were never saved are there as empty frames, and have no provenance.
    """

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame], provenance: Mapping[str, Provenance]) -> None:
        super().__init__(frames, checked=True)
        self._provenance = MappingProxyType(dict(provenance))

    @property
    def provenance(self) -> Mapping[str, Provenance]:
        """Where the rows of each saved layer come from."""
        return self._provenance

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of each saved layer's content, as it was when it was saved."""
        return MappingProxyType({name: each.content_sha256 for name, each in self._provenance.items()})

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all layers together: equal fingerprints, equal content."""
        text = json.dumps(sorted(self.hashes.items()), separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Entry:
    """One layer in ``current.json``."""

    file: str
    file_sha256: str
    provenance: Provenance


def save_layer(home: StrPath | None, layer: Layer | str, frame: gpd.GeoDataFrame, provenance: Provenance) -> Provenance:
    """Put a layer in the data folder in place of the one of that name.

    Parameters
    ----------
    home : path; None for `default_home`
    layer : Layer, or its name
    frame : GeoDataFrame, EPSG:3006, at least one row
    provenance : Provenance; rows, content hash, time and whether it is synthetic are filled in

    Returns
    -------
    Provenance, complete

    Raises
    ------
    InputError
        The frame fails the layer's checks, or has no rows.
    NotFoundError
        There is no such layer.
    StoreError
        The folder cannot be written to; what was there before stays.
    """
    name = layer if isinstance(layer, str) else layer.name
    return save_layers(home, {name: (frame, provenance)})[name]


def save_layers(
    home: StrPath | None, layers: Mapping[str, tuple[gpd.GeoDataFrame, Provenance]]
) -> dict[str, Provenance]:
    """Put several layers in the data folder in one step: a reader sees all of them or none.

    Parameters
    ----------
    home : path; None for `default_home`
    layers : name of a layer to its frame and provenance, as for `save_layer`

    Returns
    -------
    dict of name to Provenance, complete

    Raises
    ------
    InputError, NotFoundError, StoreError
        As `save_layer`; nothing is saved.
    """
    checked = {name: (_check(name, frame), provenance) for name, (frame, provenance) in layers.items()}
    path = open_home(home)
    with lock_home(path):
        entries = _read_index(path / "layers")
        for name, (frame, provenance) in checked.items():
            entries[name] = _write_frame(path / "layers", name, frame, provenance)
        _write_index(path / "layers", entries)
    return {name: entries[name].provenance for name in checked}


def remove_layer(home: StrPath | None, layer: Layer | str) -> None:
    """Take a layer out of the data folder; nothing happens if it is not there.

    Raises
    ------
    NotFoundError
        There is no such layer, or no data folder.
    StoreError
        The folder cannot be written to.
    """
    name = get_layer(layer if isinstance(layer, str) else layer.name).name
    path = open_home(find_home(home))
    with lock_home(path):
        entries = _read_index(path / "layers")
        if entries.pop(name, None) is not None:
            _write_index(path / "layers", entries)


def load_layers(home: StrPath | None = None) -> StoredLayers:
    """All layers of a data folder, from one moment, whoever writes meanwhile.

    Parameters
    ----------
    home : path; None for `default_home`

    Returns
    -------
    StoredLayers
        Layers that were never saved are empty.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        A file is missing, damaged, or from a newer Norrsyn; the message names it.
    """
    folder = find_home(home) / "layers"
    for _ in range(_MAX_TRIES):
        entries = _read_index(folder)
        try:
            frames = {name: _read_frame(folder, name, entry) for name, entry in entries.items()}
        except FileNotFoundError as error:
            # a writer replaced the layer after its name was read here; if none did, the file is really gone
            if _read_index(folder) != entries:
                continue
            message = f"{error.filename} is missing; restore it from a backup, or add the layer again."
            raise StoreError(message) from error
        ordered = [name for name in LAYERS if name in entries]
        return StoredLayers(
            {name: frames[name] for name in ordered}, {name: entries[name].provenance for name in ordered}
        )
    message = f"{folder} was rewritten {_MAX_TRIES} times while it was read; try again when the writer has ended."
    raise StoreError(message)


def _check(name: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    checked = validate(get_layer(name), frame)
    if checked.empty:
        message = f"Layer {name}: there are no rows to save; to take the layer away, use remove_layer."
        raise SchemaError(message)
    return checked


def _write_frame(folder: Path, name: str, frame: gpd.GeoDataFrame, provenance: Provenance) -> _Entry:
    content, file_sha256 = pack_frame(frame)
    digest = content_hash(frame)
    complete = replace(
        provenance,
        rows=len(frame),
        content_sha256=digest,
        added_at=provenance.added_at or datetime.now(UTC).isoformat(timespec="seconds"),
        synthetic=bool(frame["synthetic"].any()),
    )
    file_name = f"{name}-{digest[:12]}.parquet"
    write_file(folder / file_name, content)
    return _Entry(file_name, file_sha256, complete)


def _write_index(folder: Path, entries: Mapping[str, _Entry]) -> None:
    document = {
        "format": FORMAT,
        "layers": {
            name: {"file": entry.file, "file_sha256": entry.file_sha256, **entry.provenance.to_dict()}
            for name, entry in sorted(entries.items())
        },
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    write_file(folder / _INDEX, text.encode())
    kept = {entry.file for entry in entries.values()}
    for path in folder.glob("*.parquet"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _read_index(folder: Path) -> dict[str, _Entry]:
    path = folder / _INDEX
    try:
        with explain_os_error(path, "read"):
            document: Any = json.loads(path.read_bytes()) if path.exists() else {"format": FORMAT, "layers": {}}
        if document["format"] != FORMAT:
            message = f"{path} was written by another version of Norrsyn (format {document['format']}); update Norrsyn."
            raise StoreError(message)
        return {name: _read_entry(name, values) for name, values in document["layers"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = (
            f"{path} is damaged ({type(error).__name__}: {error}); restore it from a backup, or add the layers again."
        )
        raise StoreError(message) from error


def _read_entry(name: str, values: Mapping[str, Any]) -> _Entry:
    file = values["file"]
    if name not in LAYERS or not _FILE_NAME.fullmatch(file):
        message = f"there is no layer {name!r} with a file {file!r}"
        raise ValueError(message)
    return _Entry(file, values["file_sha256"], Provenance.from_dict(values))


def _read_frame(folder: Path, name: str, entry: _Entry) -> gpd.GeoDataFrame:
    frame = unpack_frame(folder / entry.file, entry.file_sha256)
    layer = LAYERS[name]
    if frame.dtypes.to_dict() == empty_frame(layer).dtypes.to_dict():
        return frame
    try:
        return validate(layer, frame)
    except InputError as error:
        message = f"{folder / entry.file} does not fit this version of Norrsyn; add the layer again.\n{error}"
        raise StoreError(message) from error
