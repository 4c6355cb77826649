"""A store in one file, and back, from either kind of database to either.

The file is a zip archive: a Parquet file per table (of people the users with the hashes of their passwords, what they
keep, share links without what opens them, and the log of what was done), the surfaces' rasters, the demo region's
truth, and a list with the SHA-256 of each. Nothing is restored from a file that is not whole, and what was restored is
hashed anew before it counts.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from geo.errors import NotFoundError, StoreError
from geo.layers.registry import LAYERS
from geo.store.atomic import explain_os_error, replace_folder, write_file
from geo.store.checking import check_layer
from geo.store.database import HEAD, find_store, write_store
from geo.store.home import StrPath, open_home
from geo.store.people.appending import find_head
from geo.store.people.database import PEOPLE_CHAIN, PEOPLE_HEAD, read_people, write_people
from geo.store.people.heads import forget_kept_head
from geo.store.people.restoring import restore_people
from geo.store.people.tables import KEPT_IN_BACKUPS, NOT_IN_BACKUPS
from geo.store.table_files import read_table, write_table
from geo.store.tables import CURRENT, IMPORTS, METADATA, SNAPSHOTS, SURFACES

__all__ = ["Backup", "backup", "restore"]

FORMAT = 1
_INDEX = "norrsyn-backup.json"
_READ_BYTES = 2**20
_TRUTH = "demo-truth"


@dataclass(frozen=True)
class Backup:
    """What is in a backup.

    Attributes
    ----------
    file : Path
    size : int, bytes
    created_at : str, ISO 8601 in UTC
    rows : dict of table to number of rows
    surfaces : int
    """

    file: Path
    size: int
    created_at: str
    rows: dict[str, int]
    surfaces: int


def backup(home: StrPath | None, file: StrPath) -> Backup:
    """Write everything in a store into one file, all of it from one moment; writers wait meanwhile.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    file : path; one that is there is replaced when the new one is complete

    Returns
    -------
    Backup

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read, or the file cannot be written.
    """
    path, out = find_store(home), Path(file)
    index: dict[str, Any] = {
        "format": FORMAT,
        "step": HEAD,
        "people_step": PEOPLE_HEAD,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "members": {},
        "rows": {},
    }

    def write(target: IO[bytes]) -> None:
        with zipfile.ZipFile(target, "w") as archive, write_store(path) as connection:
            for table in METADATA.sorted_tables:
                index["rows"][table.name] = _write_table(connection, table, archive, index["members"])
            with read_people(path) as people:
                if people is not None:
                    # not that of its last row: events that are missing at the end stay missing
                    index["event_head"] = list(find_head(people))
                    for table in KEPT_IN_BACKUPS:
                        index["rows"][table.name] = _write_table(people, table, archive, index["members"])
            for name in _list_files(connection, path):
                _write_member(archive, index["members"], name, partial(_copy_file, path / name))
            archive.writestr(_INDEX, json.dumps(index, ensure_ascii=False, indent=1))

    if not out.absolute().parent.is_dir():
        message = f"{out} cannot be written: there is no folder {out.parent}; make it, or choose another."
        raise StoreError(message)
    write_file(out.absolute(), write)
    return _describe(out, index)


def restore(file: StrPath, home: StrPath | None = None) -> Backup:
    """Put a backup into an empty store, and prove that it is what was backed up.

    Parameters
    ----------
    file : path of the backup
    home : path; None for `geo.store.home.default_home`

    Returns
    -------
    Backup

    Raises
    ------
    NotFoundError
        There is no such file.
    StoreError
        The file is damaged (the message names the member), was written by a newer Norrsyn, the store is not empty, or
        what was restored does not hash to what was backed up; nothing is changed.
    """
    source = Path(file)
    if not source.is_file():
        message = f"There is no backup {source}."
        raise NotFoundError(message)
    path = open_home(home)
    try:
        with explain_os_error(source, "read"), zipfile.ZipFile(source) as archive:
            index = _check_members(source, archive)
            with write_store(path) as connection, write_people(path) as people:
                _refuse_full(connection, path)
                for table in METADATA.sorted_tables:
                    _read_table(connection, table, archive, index)
                is_replaced = restore_people(
                    people, partial(_open_member, archive, index), path, index.get("event_head")
                )
                _renew_tokens(connection)
                _prove(connection, source)
                _restore_files(archive, index, path)
            if is_replaced:
                # the head of a log that is another now; an event tells it
                forget_kept_head(path)
    except zipfile.BadZipFile as error:
        message = f"{source} is damaged, or no backup ({error}); use another backup."
        raise StoreError(message) from error
    return _describe(source, index)


def _describe(file: Path, index: dict[str, Any]) -> Backup:
    return Backup(file, file.stat().st_size, index["created_at"], dict(index["rows"]), index["rows"][SURFACES.name])


class _Sink(io.RawIOBase):
    """A member that is being written, with its hash."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._member.write(content)
        self.digest.update(content)
        self.size += len(content)
        return len(content)

    def tell(self) -> int:
        return self.size


def _write_member(archive: zipfile.ZipFile, members: dict[str, Any], name: str, write: Callable[[Any], object]) -> None:
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
        sink = _Sink(member)
        write(sink)
    members[name] = {"sha256": sink.digest.hexdigest(), "size": sink.size}


def _copy_file(path: Path, sink: _Sink) -> None:
    with explain_os_error(path, "read"), path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            sink.write(chunk)


def _list_files(connection: sa.Connection, home: Path) -> list[str]:
    """Files beside the database that belong to the store."""
    rasters = connection.execute(sa.select(SURFACES.c.surface_id, SURFACES.c.rasters)).all()
    names = [f"surfaces/{row.surface_id}/{name}.npy" for row in rasters for name in sorted(row.rasters)]
    truth = home / _TRUTH
    if truth.is_dir():
        names += [f"{_TRUTH}/{path.name}" for path in sorted(truth.iterdir()) if not path.name.startswith(".")]
    return names


def _member_name(table: sa.Table) -> str:
    return f"tables/{table.name}.parquet"


def _write_table(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, members: dict[str, Any]) -> int:
    n_rows = 0

    def write(sink: _Sink) -> None:
        nonlocal n_rows
        n_rows = write_table(connection, table, sink, NOT_IN_BACKUPS.get(table.name, frozenset()))

    _write_member(archive, members, _member_name(table), write)
    return n_rows


def _check_members(source: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """The list of what is in a backup, once everything in it was read and is what the list says."""
    try:
        index: dict[str, Any] = json.loads(archive.read(_INDEX))
        members, step = index["members"], index["step"]
        if index["format"] != FORMAT or not isinstance(index["rows"], dict) or not isinstance(members, dict):
            raise ValueError  # a list that this version cannot follow
    except (KeyError, ValueError, TypeError, zlib.error) as error:
        message = f"{source}: {_INDEX} is missing, damaged or of another version; use another backup."
        raise StoreError(message) from error
    from geo.store.migrate import find_steps  # noqa: PLC0415  alembic is slow to load

    people_step = index.get("people_step", PEOPLE_HEAD)
    if step not in find_steps() or people_step not in find_steps(PEOPLE_CHAIN):
        message = f"{source} was written by a newer version of Norrsyn (step {step}, {people_step}); update Norrsyn."
        raise StoreError(message)
    bad = [name for name, entry in members.items() if _hash_member(archive, name) != entry["sha256"]]
    bad += [name for name in archive.namelist() if name not in members and name != _INDEX]
    bad += [name for name in members if not _is_ours(name)]
    if bad:
        message = f"{source} is damaged: {', '.join(bad)} is not what was backed up; use another backup."
        raise StoreError(message)
    return index


def _open_member(archive: zipfile.ZipFile, index: dict[str, Any], table: sa.Table) -> IO[bytes] | None:
    """The file of a table; None where the table is younger than the backup."""
    name = _member_name(table)
    return archive.open(name) if name in index["members"] else None


def _is_ours(name: str) -> bool:
    """Whether a member's name leads to where such a file belongs, and nowhere else."""
    parts = name.split("/")
    return parts[0] in {"tables", "surfaces", _TRUTH} and not {"", ".", ".."} & set(parts) and "\\" not in name


def _hash_member(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as member:
            while chunk := member.read(_READ_BYTES):
                digest.update(chunk)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        return ""
    return digest.hexdigest()


def _refuse_full(connection: sa.Connection, home: Path) -> None:
    for table in (SNAPSHOTS, IMPORTS, SURFACES):
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None:
            message = (
                f"{home} holds layers or surfaces already, and a backup is restored into an empty store only; choose "
                "another data folder or database, or move this one away."
            )
            raise StoreError(message)


def _read_table(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, index: dict[str, Any]) -> None:
    member = _open_member(archive, index, table)
    if member is not None:
        with member:
            read_table(connection, table, member)


def _renew_tokens(connection: sa.Connection) -> None:
    """Whoever has read the store before must see that its pointers have moved."""
    for name in connection.execute(sa.select(CURRENT.c.name)).scalars().all():
        connection.execute(CURRENT.update().where(CURRENT.c.name == name).values(token=uuid.uuid4().hex))


def _prove(connection: sa.Connection, source: Path) -> None:
    """Hash every restored row and snapshot anew."""
    problems = [problem for layer in LAYERS.values() for problem in check_layer(connection, layer)[0]]
    if problems:
        message = "\n".join([f"{source} does not hold what was backed up.", *(f"  - {each}" for each in problems)])
        raise StoreError(message)


def _restore_files(archive: zipfile.ZipFile, index: dict[str, Any], home: Path) -> None:
    folders: dict[str, list[str]] = {}
    for name in index["members"]:
        folder, _, _ = name.rpartition("/")
        if folder != "tables":
            folders.setdefault(folder, []).append(name)
    for folder, names in folders.items():
        with replace_folder(home / folder) as temporary:
            for name in names:
                write_file(temporary / name.rpartition("/")[2], partial(_unpack, archive, name))


def _unpack(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> None:
    with archive.open(name) as member:
        while chunk := member.read(_READ_BYTES):
            file.write(chunk)
