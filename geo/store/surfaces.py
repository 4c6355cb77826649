"""Scored surfaces: their manifests in the store, their rasters in the data folder, one of them published.

``surfaces/<id>/`` holds one ``.npy`` file per raster, on the disk before the store knows of them, and never changed.
Publishing moves a pointer of the store and nothing else.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from geo.errors import NotFoundError, StoreError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.risk.model import Model
from geo.risk.rasters import Rasters
from geo.risk.surface import RiskSurface
from geo.store.atomic import explain_os_error, replace_folder, write_file
from geo.store.database import find_store, read_store, write_store
from geo.store.home import StrPath, open_home
from geo.store.importing import move_pointer
from geo.store.layers import load_layers
from geo.store.tables import CURRENT, PUBLISHED, SURFACES

__all__ = ["StoredSurface", "find_current", "find_problems", "list_surfaces", "load_surface", "publish", "save_surface"]

# 1 kept the components' values too, 2 only what cannot be computed from the layers in a moment; 3 counts findings per
# visit, for which the models of 2 lack parameters
FORMAT = 3
KEPT_SURFACES = 20
KEPT_BYTES = 8 * 2**30
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
    removals: list[Callable[[], object]] = []
    with write_store(path, afterwards=removals) as connection:
        entry = _find_entry(connection, surface.id)
        if entry is None or not _is_whole(folder, entry):
            rasters = _write_rasters(folder, surface)
            _write_entry(connection, surface, rasters, is_new=entry is None)
        gone = _choose_old(_list_entries(connection), surface.id, keep, keep_bytes)
        for surface_id in gone:
            connection.execute(SURFACES.delete().where(SURFACES.c.surface_id == surface_id))
        known = {entry.id for entry in _list_entries(connection)}
        removals.append(lambda: _remove_unknown(path / "surfaces", known))
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
    path = find_store(home)
    entry, rasters = _read_current(path) if surface_id is None else _read_named(path, surface_id)
    return _restore(path, entry, rasters, load_layers(path) if layers is None else layers)


def list_surfaces(home: StrPath | None = None) -> tuple[StoredSurface, ...]:
    """Surfaces of the data folder, newest first; damaged ones too, with their problem.

    Raises
    ------
    NotFoundError
        There is no data folder.
    """
    with read_store(home) as connection:
        return () if connection is None else tuple(map(_describe, _list_entries(connection)))


def publish(home: StrPath | None, surface_id: str) -> None:
    """Make a surface the one that maps show, in one step.

    Raises
    ------
    NotFoundError
        There is no such surface.
    StoreError
        It is damaged, or the folder cannot be written to; the one published before stays.
    """
    path = find_store(home)
    with write_store(path) as connection:
        entry = _find_entry(connection, surface_id)
        if entry is None:
            raise _no_surface(path, surface_id, connection)
        try:
            _read_surface(path / "surfaces" / surface_id, entry)
        except FileNotFoundError as error:
            message = f"{path / 'surfaces' / surface_id} is missing; score again with `norrsyn score`."
            raise StoreError(message) from error
        move_pointer(connection, PUBLISHED, surface_id=surface_id)


def find_current(home: StrPath | None = None) -> str | None:
    """Id of the published surface, or None.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read.
    """
    with read_store(home) as connection:
        if connection is None:
            return None
        return connection.execute(
            sa.select(CURRENT.c.surface_id).where(CURRENT.c.name == PUBLISHED)
        ).scalar_one_or_none()


@dataclass(frozen=True)
class _Entry:
    """A surface as the store's table knows it."""

    id: str
    format: int
    saved_at: str
    rasters: Mapping[str, Any]
    manifest: Mapping[str, Any]
    is_current: bool

    @property
    def size(self) -> int:
        """Bytes of the rasters' files."""
        return sum(int(raster["size"]) for raster in self.rasters.values())


def _list_entries(connection: sa.Connection, surface_id: str | None = None) -> list[_Entry]:
    """Surfaces, newest first."""
    query = sa.select(SURFACES, CURRENT.c.name.is_not(None).label("is_current")).outerjoin(
        CURRENT, (CURRENT.c.surface_id == SURFACES.c.surface_id) & (CURRENT.c.name == PUBLISHED)
    )
    if surface_id is not None:
        query = query.where(SURFACES.c.surface_id == surface_id)
    rows = connection.execute(query.order_by(SURFACES.c.saved_at.desc(), SURFACES.c.surface_id.desc()))
    return [_Entry(r.surface_id, r.format, r.saved_at, r.rasters, r.manifest, bool(r.is_current)) for r in rows]


def _find_entry(connection: sa.Connection, surface_id: str) -> _Entry | None:
    # ids come with requests: joined to a path, "../x/0123456789abcdef" would name a folder outside this one
    found = _list_entries(connection, surface_id) if _ID.fullmatch(surface_id) else []
    return found[0] if found else None


def _write_entry(connection: sa.Connection, surface: RiskSurface, rasters: dict[str, Any], *, is_new: bool) -> None:
    values = {
        "format": FORMAT,
        "saved_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "rasters": rasters,
        "manifest": dict(surface.manifest),
    }
    if is_new:
        connection.execute(SURFACES.insert(), {"surface_id": surface.id, **values})
    else:
        connection.execute(SURFACES.update().where(SURFACES.c.surface_id == surface.id).values(values))


def _no_surface(home: Path, surface_id: str, connection: sa.Connection | None) -> NotFoundError:
    entries = [] if connection is None else _list_entries(connection)
    there = ", ".join(sorted(entry.id for entry in entries)) or "none"
    return NotFoundError(f"There is no surface {surface_id!r} in {home}; there are: {there}.")


def _read_current(home: Path) -> tuple[_Entry, dict[str, Raster]]:
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


def _read_named(home: Path, surface_id: str) -> tuple[_Entry, dict[str, Raster]]:
    with read_store(home) as connection:
        entry = None if connection is None else _find_entry(connection, surface_id)
        if entry is None:
            raise _no_surface(home, surface_id, connection)
    try:
        return entry, _read_surface(home / "surfaces" / surface_id, entry)
    except FileNotFoundError as error:
        with read_store(home) as connection:
            if connection is None or _find_entry(connection, surface_id) is None:
                # removed since its entry was read here
                raise _no_surface(home, surface_id, connection) from None
        message = f"{home / 'surfaces' / surface_id} is missing; score again with `norrsyn score`."
        raise StoreError(message) from error


def _write_rasters(folder: Path, surface: RiskSurface) -> dict[str, Any]:
    with replace_folder(folder) as temporary:
        return {name: _write_raster(temporary, name, raster) for name, raster in _list_rasters(surface)}


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


def _read_surface(folder: Path, entry: _Entry, *, in_memory: bool | None = None) -> dict[str, Raster]:
    if entry.format != FORMAT:
        raise StoreError(_say_format(folder, entry.format))
    if in_memory is None:
        in_memory = entry.size <= _READ_BYTES
    return {
        name: _read_raster(folder / f"{name}.npy", raster, in_memory=in_memory)
        for name, raster in entry.rasters.items()
    }


def _say_format(folder: Path, found: int) -> str:
    if found < FORMAT:
        return (
            f"{folder} was written by an older version of Norrsyn (format {found}); score again with `norrsyn score`."
        )
    return f"{folder} was written by another version of Norrsyn (format {found}); update Norrsyn."


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


def _restore(home: Path, entry: _Entry, rasters: Mapping[str, Raster], layers: Layers) -> RiskSurface:
    manifest = entry.manifest
    folder = home / "surfaces" / entry.id
    try:
        surface = RiskSurface(
            grid=Grid(**manifest["grid"]),
            at=date.fromisoformat(manifest["at"]),
            sectors=None if manifest["sectors"] is None else frozenset(manifest["sectors"]),
            model=Model.from_dict(
                {**manifest, "version": manifest["model_version"], "origin": manifest.get("model_origin", {})}
            ),
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
        if surface.id != entry.id:
            message = f"the manifest is that of {surface.id}"
            raise ValueError(message)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{folder} does not fit this version of Norrsyn ({type(error).__name__}: {error}); score again."
        raise StoreError(message) from error
    return surface


def _is_whole(folder: Path, entry: _Entry) -> bool:
    try:
        _read_surface(folder, entry)
    except (StoreError, FileNotFoundError):
        return False
    return True


def _choose_old(entries: list[_Entry], newest: str, keep: int, keep_bytes: int) -> list[str]:
    """Surfaces that go to make room."""
    kept_bytes = 0
    others = [entry for entry in entries if not entry.is_current]
    # the one just saved counts first, whatever the clock said when the others were
    others.sort(key=lambda entry: entry.id != newest)
    gone = []
    for position, entry in enumerate(others):
        kept_bytes += entry.size
        if entry.id != newest and (position >= keep or kept_bytes > keep_bytes):
            gone.append(entry.id)
    return gone


def _remove_unknown(folder: Path, known: set[str]) -> None:
    """Take rasters away that the store does not name: those that made room, and those of a writer that died."""
    with explain_os_error(folder, "tidied"):
        for path in [each for each in folder.iterdir() if _ID.fullmatch(each.name) and each.name not in known]:
            # out of sight in one step, then gone: a reader never finds half of it
            hidden = folder / f".part-{path.name}"
            path.rename(hidden)
            shutil.rmtree(hidden, ignore_errors=True)


def _describe(entry: _Entry) -> StoredSurface:
    folder = Path("surfaces", entry.id)
    problem = "" if entry.format == FORMAT else _say_format(folder, entry.format)
    manifest = MappingProxyType(dict(entry.manifest))
    return StoredSurface(entry.id, entry.saved_at, entry.size, entry.is_current, manifest, problem)


def find_problems(connection: sa.Connection, home: Path) -> tuple[list[str], int]:
    """Compare every surface's rasters with their hashes, also those that are otherwise only mapped.

    Returns
    -------
    problems : list of str
    n_surfaces : int
    """
    problems = []
    entries = _list_entries(connection)
    for entry in entries:
        folder = home / "surfaces" / entry.id
        try:
            _read_surface(folder, entry, in_memory=True)
        except StoreError as error:
            problems.append(str(error))
        except FileNotFoundError:
            problems.append(f"{folder} is missing; score again with `norrsyn score`.")
    return problems, len(entries)
