"""Layers in the store: the current snapshot of each, saved together and read together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

import geopandas as gpd
import sqlalchemy as sa

from geo.errors import SchemaError
from geo.layers.base import Layer
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import validate
from geo.store.database import find_store, read_store, write_store
from geo.store.home import StrPath
from geo.store.importing import import_into, move_pointer
from geo.store.ledger import read_provenance
from geo.store.provenance import Provenance
from geo.store.records import read_frame
from geo.store.tables import CURRENT, IMPORTS, PUBLISHED, RECORDS, visible

__all__ = ["StoredLayers", "is_made_up", "load_layers", "remove_layer", "save_layer", "save_layers"]


class StoredLayers(Layers):
    """Layers as they stand in a store.

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
        return MappingProxyType({name: each.content_sha256 for name, each in self._provenance.items() if each.rows})

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all layers together: equal fingerprints, equal content."""
        text = json.dumps(sorted(self.hashes.items()), separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def save_layer(home: StrPath | None, layer: Layer | str, frame: gpd.GeoDataFrame, provenance: Provenance) -> Provenance:
    """Put a layer in the store in place of the one of that name; what it was stays in its history.

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
        The store cannot be written to; what was there before stays.
    """
    name = layer if isinstance(layer, str) else layer.name
    return save_layers(home, {name: (frame, provenance)})[name]


def save_layers(
    home: StrPath | None, layers: Mapping[str, tuple[gpd.GeoDataFrame, Provenance]]
) -> dict[str, Provenance]:
    """Put several layers in the store in one step: a reader sees all of them or none.

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
    with write_store(home) as connection:
        return {
            name: import_into(connection, get_layer(name), [frame], provenance).provenance
            for name, (frame, provenance) in checked.items()
        }


def remove_layer(home: StrPath | None, layer: Layer | str) -> None:
    """Take a layer out of use; its history stays, and nothing happens if it is not there.

    Raises
    ------
    NotFoundError
        There is no such layer, or no data folder.
    StoreError
        The store cannot be written to.
    """
    name = get_layer(layer if isinstance(layer, str) else layer.name).name
    with write_store(find_store(home)) as connection:
        move_pointer(connection, name)


def load_layers(home: StrPath | None = None, names: Iterable[str] = tuple(LAYERS)) -> StoredLayers:
    """Layers of a store, from one moment, whoever writes meanwhile.

    Parameters
    ----------
    home : path; None for `default_home`
    names : names of the layers; left out, all of them

    Returns
    -------
    StoredLayers
        Layers that were never saved, or not asked for, are empty.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read; the message names it.
    """
    with read_store(home) as connection:
        if connection is None:
            return StoredLayers({}, {})
        wanted = set(names)
        found = {name: each for name, each in _read_current(connection).items() if name in wanted}
        frames = {
            name: read_frame(connection, LAYERS[name], visible(RECORDS[name], seq)) for name, (seq, _) in found.items()
        }
        return StoredLayers(frames, {name: provenance for name, (_, provenance) in found.items()})


def is_made_up(home: StrPath | None, layer: str) -> bool:
    """Whether a layer holds no record but synthetic ones.

    Raises
    ------
    NotFoundError, StoreError
        As `load_layers`.
    """
    with read_store(home) as connection:
        if connection is None:
            return True
        records = RECORDS[layer]
        current = sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer)
        seq = connection.execute(current).scalar_one_or_none()
        if seq is None:
            return True
        real = sa.select(sa.exists().where(visible(records, seq), records.c.synthetic.is_(False)))
        return not connection.execute(real).scalar_one()


def _read_current(connection: sa.Connection) -> dict[str, tuple[int, Provenance]]:
    """Number and provenance of each layer's current snapshot, in the layers' order."""
    # a snapshot that several imports confirmed is told by the last of them
    last = (
        sa.select(CURRENT.c.name, CURRENT.c.seq, sa.func.max(IMPORTS.c.import_id).label("import_id"))
        .join(IMPORTS, (IMPORTS.c.layer == CURRENT.c.name) & (IMPORTS.c.seq == CURRENT.c.seq))
        .where(CURRENT.c.name != PUBLISHED)
        .group_by(CURRENT.c.name, CURRENT.c.seq)
    )
    found = {row.name: row for row in connection.execute(last)}
    return {
        name: (found[name].seq, read_provenance(connection, found[name].import_id)) for name in LAYERS if name in found
    }


def _check(name: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    checked = validate(get_layer(name), frame)
    if checked.empty:
        message = f"Layer {name}: there are no rows to save; to take the layer away, use remove_layer."
        raise SchemaError(message)
    return checked
