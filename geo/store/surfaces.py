"""Scored surfaces in the data folder: a folder each, one of them published.

``surfaces/<id>/`` holds the manifest and one ``.npy`` file per raster, written once and never changed;
``surfaces/current`` names the published one, and replacing that file is all that publishing does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFoundError, StoreError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.risk.model import Model, load_model
from geo.risk.rasters import Rasters
from geo.risk.surface import RiskSurface
from geo.store.atomic import explain_os_error, replace_folder, write_file
from geo.store.home import StrPath, find_home, lock_home, open_home
from geo.store.layers import load_layers

__all__ = ["StoredSurface", "find_current", "list_surfaces", "load_surface", "publish", "save_surface"]

# 1 kept the components' values too, 2 only what cannot be computed from the layers in a moment
FORMAT = 2
KEPT_SURFACES = 20
KEPT_BYTES = 8 * 2**30
_INDEX = "manifest.json"
_CURRENT = "current"
_CONTRIBUTION = "contribution-"
_ID = re.compile(r"[0-9a-f]{16}")
# Rasters up to this size are read and checked against their hashes; larger ones (100 m cells) are mapped into memory,
# where reading them all would take longer than drawing them.
_READ_BYTES = 128 * 2**20

Raster = NDArray[Any]


@dataclass(frozen=True)
class StoredSurface:
    """A surface in the data folder, without its rasters.

    Attributes
    ----------
    id : str, 16 hexadecimal digits
    saved_at : str, ISO 8601 in UTC
    size : int, bytes of the rasters
    is_current : bool, whether it is the published one
    manifest : the surface's own manifest; empty where it cannot be read
    problem : str, why the surface cannot be used; empty if it can
    """

    id: str
    saved_at: str
    size: int
    is_current: bool
    manifest: Mapping[str, Any]
    problem: str = ""


def save_surface(
    home: StrPath | None, surface: RiskSurface, *, keep: int = KEPT_SURFACES, keep_bytes: int = KEPT_BYTES
) -> str:
    """Put a surface in the data folder; one that is there already, whole, is left as it is.

    Parameters
    ----------
    home : path; None for `default_home`
    surface : RiskSurface
    keep : int, number of surfaces to keep besides the published one; the oldest others are removed
    keep_bytes : int, bytes that the kept surfaces may take together

    Returns
    -------
    str, the surface's id

    Raises
    ------
    StoreError
        The folder cannot be written to.
    """
    path = open_home(home)
    folder = path / "surfaces" / surface.id
    with lock_home(path):
        if not _is_whole(folder):
            _write_surface(folder, surface)
        _prune(path / "surfaces", surface.id, keep, keep_bytes)
    return surface.id


def load_surface(
    home: StrPath | None = None, surface_id: str | None = None, layers: Layers | None = None
) -> RiskSurface:
    """A surface from the data folder.

    Parameters
    ----------
    home : path; None for `default_home`
    surface_id : str; None for the published one
    layers : Layers of the same data folder, if the caller has them already

    Returns
    -------
    RiskSurface
        With the model it was scored with. Where the layers have changed since, it draws all the same, names them in
        ``stale_layers``, and explains without them.

    Raises
    ------
    NotFoundError
        There is no such surface, or none is published.
    StoreError
        Its files are damaged, or of another version of Norrsyn that kept or scored something else.
    """
    path = find_home(home)
    document, rasters = _read_current(path) if surface_id is None else _read_named(path, surface_id)
    return _restore(path, document, rasters, load_layers(path) if layers is None else layers)


def list_surfaces(home: StrPath | None = None) -> tuple[StoredSurface, ...]:
    """Surfaces of the data folder, newest first; damaged ones too, with their problem.

    Raises
    ------
    NotFoundError
        There is no data folder.
    """
    path = find_home(home)
    current = find_current(path)
    found = [_describe(folder, current) for folder in _surface_folders(path / "surfaces")]
    return tuple(sorted(found, key=lambda each: (each.saved_at, each.id), reverse=True))


def publish(home: StrPath | None, surface_id: str) -> None:
    """Make a surface the one that maps show, in one step.

    Raises
    ------
    NotFoundError
        There is no such surface.
    StoreError
        It is damaged, or the folder cannot be written to; the one published before stays.
    """
    path = open_home(find_home(home))
    with lock_home(path):
        _read_named(path, surface_id)
        write_file(path / "surfaces" / _CURRENT, f"{surface_id}\n".encode())


def find_current(home: StrPath | None = None) -> str | None:
    """Id of the published surface, or None.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The file that names it is damaged.
    """
    path = find_home(home) / "surfaces" / _CURRENT
    with explain_os_error(path, "read"):
        try:
            text = path.read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
    if not _ID.fullmatch(text):
        message = f"{path} is damaged: it names no surface; publish one again with `norrsyn score`."
        raise StoreError(message)
    return text


def _read_current(home: Path) -> tuple[dict[str, Any], dict[str, Raster]]:
    while True:
        found = find_current(home)
        if found is None:
            message = f"No surface is published in {home}; score one with `norrsyn score`."
            raise NotFoundError(message)
        try:
            return _read_named(home, found)
        except NotFoundError:
            # if another surface was published meanwhile, this one may have been removed since its name was read here
            if find_current(home) == found:
                raise


def _read_named(home: Path, surface_id: str) -> tuple[dict[str, Any], dict[str, Raster]]:
    try:
        # ids come with requests: joined to a path, "../x/0123456789abcdef" would name a folder outside this one
        if not _ID.fullmatch(surface_id):
            raise FileNotFoundError(surface_id)
        return _read_surface(home / "surfaces" / surface_id)
    except FileNotFoundError:
        there = ", ".join(folder.name for folder in sorted(_surface_folders(home / "surfaces"))) or "none"
        message = f"There is no surface {surface_id!r} in {home}; there are: {there}."
        raise NotFoundError(message) from None


def _write_surface(folder: Path, surface: RiskSurface) -> None:
    with replace_folder(folder) as temporary:
        rasters = {name: _write_raster(temporary, name, raster) for name, raster in _list_rasters(surface)}
        document = {
            "format": FORMAT,
            "id": surface.id,
            "saved_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "rasters": rasters,
            "manifest": dict(surface.manifest),
        }
        write_file(temporary / _INDEX, json.dumps(document, ensure_ascii=False, indent=1).encode())


def _list_rasters(surface: RiskSurface) -> Iterator[tuple[str, Raster]]:
    yield "score", surface.score
    yield "state", surface.state
    for name, raster in surface.contributions.items():
        yield f"{_CONTRIBUTION}{name}", raster


def _write_raster(folder: Path, name: str, raster: Raster) -> dict[str, Any]:
    path = folder / f"{name}.npy"
    values = np.ascontiguousarray(raster)
    write_file(path, lambda file: np.save(file, values, allow_pickle=False))
    return {
        "dtype": values.dtype.str,
        "shape": list(values.shape),
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(values.data).hexdigest(),
    }


def _read_surface(folder: Path) -> tuple[dict[str, Any], dict[str, Raster]]:
    document = _read_document(folder)
    in_memory = _total_size(document) <= _READ_BYTES
    rasters = {
        name: _read_raster(folder / f"{name}.npy", entry, in_memory=in_memory)
        for name, entry in document["rasters"].items()
    }
    return document, rasters


def _read_document(folder: Path) -> dict[str, Any]:
    if not _ID.fullmatch(folder.name) or not folder.is_dir():
        raise FileNotFoundError(folder)
    path = folder / _INDEX
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise StoreError(_say_format(path, document["format"]))
        if document["id"] != folder.name or not isinstance(document["manifest"], dict):
            message = f"it belongs to {document['id']!r}"
            raise ValueError(message)
        _total_size(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, FileNotFoundError) and not folder.exists():
            raise
        message = f"{path} is damaged ({type(error).__name__}: {error}); remove {folder} and score again."
        raise StoreError(message) from error
    return dict(document)


def _say_format(path: Path, found: object) -> str:
    if isinstance(found, int) and found < FORMAT:
        return f"{path} was written by an older version of Norrsyn (format {found}); score again with `norrsyn score`."
    return f"{path} was written by another version of Norrsyn (format {found}); update Norrsyn."


def _total_size(document: Mapping[str, Any]) -> int:
    return sum(int(entry["size"]) for entry in document["rasters"].values())


def _read_raster(path: Path, entry: Mapping[str, Any], *, in_memory: bool) -> Raster:
    try:
        if path.stat().st_size != entry["size"]:
            message = f"{path.stat().st_size} of {entry['size']} bytes are there"
            raise ValueError(message)
        raster = np.load(path, mmap_mode=None if in_memory else "r", allow_pickle=False)
        if raster.dtype.str != entry["dtype"] or list(raster.shape) != entry["shape"]:
            message = f"it holds {raster.shape} {raster.dtype}"
            raise ValueError(message)
        if in_memory and hashlib.sha256(raster.data).hexdigest() != entry["sha256"]:
            message = "its content is not what was saved"
            raise ValueError(message)
    except (OSError, ValueError, EOFError, KeyError) as error:
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            raise
        message = f"{path} is damaged ({error}); remove {path.parent} and score again."
        raise StoreError(message) from error
    raster.flags.writeable = False
    return np.asarray(raster)


def _restore(home: Path, document: Mapping[str, Any], rasters: Mapping[str, Raster], layers: Layers) -> RiskSurface:
    manifest = document["manifest"]
    folder = home / "surfaces" / document["id"]
    try:
        surface = RiskSurface(
            grid=Grid(**manifest["grid"]),
            at=date.fromisoformat(manifest["at"]),
            sectors=None if manifest["sectors"] is None else frozenset(manifest["sectors"]),
            model=_restore_model(manifest),
            layers=layers,
            rasters=Rasters(
                {
                    "score": rasters["score"],
                    "state": rasters["state"],
                    **{name: rasters[f"{_CONTRIBUTION}{name}"] for name in manifest["weights"]},
                }
            ),
            recorded=MappingProxyType(manifest),
        )
        if surface.id != document["id"]:
            message = f"the manifest is that of {surface.id}"
            raise ValueError(message)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{folder} does not fit this version of Norrsyn ({type(error).__name__}: {error}); score again."
        raise StoreError(message) from error
    return surface


def _restore_model(manifest: Mapping[str, Any]) -> Model:
    """The model as it was when the surface was scored, whatever the reference tables say today."""
    known = {component.name: component for component in load_model().components}
    components = tuple(
        replace(known[name], weight=weight, reference_level=manifest["reference_levels"][name])
        for name, weight in manifest["weights"].items()
    )
    return Model(manifest["model_version"], components, MappingProxyType(dict(manifest["parameters"])))


def _is_whole(folder: Path) -> bool:
    try:
        _read_surface(folder)
    except (StoreError, FileNotFoundError):
        return False
    return True


def _prune(folder: Path, newest: str, keep: int, keep_bytes: int) -> None:
    kept_bytes = 0
    others = [each for each in list_surfaces(folder.parent) if not each.is_current]
    # the one just saved counts first, whatever the clock said when the others were
    others.sort(key=lambda each: each.id != newest)
    for position, each in enumerate(others):
        kept_bytes += each.size
        if each.id != newest and (position >= keep or kept_bytes > keep_bytes):
            # out of sight in one step, then gone: a reader never finds half of it
            hidden = folder / f".part-{each.id}"
            with explain_os_error(folder / each.id, "removed"):
                (folder / each.id).rename(hidden)
            shutil.rmtree(hidden, ignore_errors=True)


def _surface_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    with explain_os_error(folder, "read"):
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir() and _ID.fullmatch(entry.name)]


def _describe(folder: Path, current: str | None) -> StoredSurface:
    is_current = folder.name == current
    try:
        document = _read_document(folder)
    except (StoreError, FileNotFoundError) as error:
        return StoredSurface(folder.name, "", 0, is_current, MappingProxyType({}), problem=str(error))
    manifest = MappingProxyType(document["manifest"])
    return StoredSurface(folder.name, str(document["saved_at"]), _total_size(document), is_current, manifest)
