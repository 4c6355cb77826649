"""Layers and surfaces that an older Norrsyn kept as files, taken over into the database when the folder is opened."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import sqlalchemy as sa

from geo.errors import InputError, StoreError
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.store.atomic import explain_os_error, sync_folder
from geo.store.database import hold_store
from geo.store.home import OLD_INDEX, OLD_POINTER, has_old_store
from geo.store.importing import import_into, move_pointer
from geo.store.parquet import unpack_frame
from geo.store.provenance import Provenance
from geo.store.tables import CURRENT, PUBLISHED, SURFACES

__all__ = ["take_over_files"]

_LAYERS_FORMAT = 1
_MANIFEST = "manifest.json"
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*-[0-9a-f]{12}\.parquet")
_ID = re.compile(r"[0-9a-f]{16}")


def take_over_files(engine: sa.Engine, home: Path) -> None:
    """Put an older Norrsyn's files into the database, in one step, and then remove them.

    Parameters
    ----------
    engine : Engine of the database
    home : Path of the data folder

    Raises
    ------
    StoreError
        A file is damaged, or the database holds other layers already; nothing is changed.
    """
    afterwards: list[Callable[[], object]] = []
    with hold_store(engine, home, afterwards=afterwards) as connection:
        # another process may have been quicker
        if not has_old_store(home):
            return
        for name, (frame, provenance) in _read_layers(home / OLD_INDEX).items():
            had_one = _pointer(connection, name) is not None
            outcome = import_into(connection, LAYERS[name], [frame], provenance)
            if had_one and outcome.is_new:
                message = (
                    f"{home / 'layers'} holds layers of an older Norrsyn ({name} and perhaps others), and the database "
                    "holds others; move that folder away if the database is right, or use another data folder."
                )
                raise StoreError(message)
        _take_over_surfaces(connection, home)
        afterwards.append(lambda: _remove(home))


def _pointer(connection: sa.Connection, name: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(CURRENT).where(CURRENT.c.name == name)).first()


def _read_layers(index: Path) -> dict[str, tuple[gpd.GeoDataFrame, Provenance]]:
    if not index.exists():
        return {}
    try:
        with explain_os_error(index, "read"):
            document: Any = json.loads(index.read_bytes())
        if document["format"] != _LAYERS_FORMAT:
            message = (
                f"{index} was written by another version of Norrsyn (format {document['format']}); update Norrsyn."
            )
            raise StoreError(message)
        return {name: _read_layer(index.parent, name, values) for name, values in document["layers"].items()}
    except FileNotFoundError as error:
        message = f"{error.filename} is missing; restore it from a backup, or remove {index} and add the layers again."
        raise StoreError(message) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = (
            f"{index} is damaged ({type(error).__name__}: {error}); restore it from a backup, or remove it and add the "
            "layers again."
        )
        raise StoreError(message) from error


def _read_layer(folder: Path, name: str, values: Mapping[str, Any]) -> tuple[gpd.GeoDataFrame, Provenance]:
    file = values["file"]
    if name not in LAYERS or not _FILE_NAME.fullmatch(file):
        message = f"there is no layer {name!r} with a file {file!r}"
        raise ValueError(message)
    provenance = Provenance.from_dict(values)
    frame = unpack_frame(folder / file, values["file_sha256"])
    try:
        return validate(LAYERS[name], frame), provenance
    except InputError as error:
        message = (
            f"{folder / file} does not fit this version of Norrsyn; remove {folder} and add the layer again.\n{error}"
        )
        raise StoreError(message) from error


def _take_over_surfaces(connection: sa.Connection, home: Path) -> None:
    known = set(connection.execute(sa.select(SURFACES.c.surface_id)).scalars())
    for path in sorted((home / "surfaces").glob(f"*/{_MANIFEST}")):
        surface_id = path.parent.name
        if _ID.fullmatch(surface_id) and surface_id not in known:
            connection.execute(SURFACES.insert(), {"surface_id": surface_id, **_read_manifest(path, surface_id)})
            known.add(surface_id)
    pointer = home / OLD_POINTER
    if pointer.exists() and _pointer(connection, PUBLISHED) is None:
        with explain_os_error(pointer, "read"):
            published = pointer.read_bytes().decode("ascii", "replace").strip()
        if published not in known:
            message = f"{pointer} is damaged: it names no surface; remove it and publish one with `norrsyn score`."
            raise StoreError(message)
        move_pointer(connection, PUBLISHED, surface_id=published)


def _read_manifest(path: Path, surface_id: str) -> dict[str, Any]:
    """What the table says of a surface; format 0, which lists it with a problem, where its manifest cannot be read."""
    try:
        document = json.loads(path.read_bytes())
        if document["id"] != surface_id or not isinstance(document["manifest"], dict):
            raise ValueError
        sum(int(raster["size"]) for raster in document["rasters"].values())
        return {name: document[name] for name in ("format", "saved_at", "rasters", "manifest")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"format": 0, "saved_at": "", "rasters": {}, "manifest": {}}


def _remove(home: Path) -> None:
    """Remove what is in the database now; what names the rest goes last, so that a killed process can begin again."""
    with explain_os_error(home, "tidied"):
        for path in (home / "surfaces").glob(f"*/{_MANIFEST}"):
            path.unlink(missing_ok=True)
        if (home / "layers").is_dir():
            hidden = home / ".part-layers"
            (home / "layers").rename(hidden)
            sync_folder(home)
            shutil.rmtree(hidden, ignore_errors=True)
        (home / OLD_POINTER).unlink(missing_ok=True)
