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
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa

from geo.crs import SWEREF99_TM_EPSG
from geo.errors import NotFoundError, StoreError
from geo.layers.registry import LAYERS
from geo.store.atomic import explain_os_error, replace_folder, write_file
from geo.store.checking import check_layer
from geo.store.database import HEAD, find_store, has_postgis, is_postgres, write_store
from geo.store.geometry import Geometry
from geo.store.home import StrPath, open_home
from geo.store.people.appending import (
    NewEvent,
    append_events,
    find_head,
    find_last,
    guard_events,
    set_head,
    unguard_events,
)
from geo.store.people.chain import GENESIS, Content, Head
from geo.store.people.database import PEOPLE_CHAIN, PEOPLE_HEAD, read_people, write_people
from geo.store.people.heads import forget_kept_head
from geo.store.people.tables import EVENTS, KEPT_IN_BACKUPS, NOT_IN_BACKUPS
from geo.store.people.verifying import TAKEN_IN, read_rows
from geo.store.tables import CURRENT, IMPORTS, METADATA, SNAPSHOTS, SURFACES

__all__ = ["Backup", "backup", "restore"]

FORMAT = 1
_INDEX = "norrsyn-backup.json"
_BATCH = 20_000
# of an event in backups of before there was a chain
_BEFORE_CHAIN = ("at", "user_id", "user_name", "what", "about")
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
                # who owns a row goes after it, and comes back before it
                owned = [table for table in KEPT_IN_BACKUPS if table is not EVENTS]
                for table in reversed(owned):
                    _refuse_others(people, table, archive, index, path)
                for table in owned:
                    _read_table(people, table, archive, index)
                is_replaced = _restore_events(people, archive, index)
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


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    kinds: list[tuple[type[Any], pa.DataType]] = [
        (Geometry, pa.large_binary()),
        (sa.LargeBinary, pa.large_binary()),
        (sa.JSON, pa.large_string()),
        (sa.Boolean, pa.bool_()),
        (sa.Date, pa.date32()),
        (sa.Double, pa.float64()),
        (sa.Integer, pa.int64()),
    ]
    return next((arrow for kind, arrow in kinds if isinstance(column.type, kind)), pa.large_string())


def _schema(table: sa.Table) -> pa.Schema:
    return pa.schema([(column.name, _arrow_type(column)) for column in table.columns])


def _member_name(table: sa.Table) -> str:
    return f"tables/{table.name}.parquet"


def _write_table(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, members: dict[str, Any]) -> int:
    n_rows = 0

    def write(sink: _Sink) -> None:
        nonlocal n_rows
        schema = _schema(table)
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for rows in _stream(connection, table):
                columns = zip(*rows, strict=True)
                arrays = [pa.array(values, each.type) for values, each in zip(columns, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                n_rows += len(rows)

    _write_member(archive, members, _member_name(table), write)
    return n_rows


def _stream(connection: sa.Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    left_out = NOT_IN_BACKUPS.get(table.name, frozenset())
    chosen = [
        sa.null().label(column.name) if column.name in left_out else _plain_column(connection, column)
        for column in table.columns
    ]
    is_json = [isinstance(column.type, sa.JSON) for column in table.columns]
    query = sa.select(*chosen).order_by(*table.primary_key.columns)
    for batch in connection.execute(query, execution_options={"yield_per": _BATCH}).partitions(_BATCH):
        yield [
            tuple(
                json.dumps(value, ensure_ascii=False) if packed and value is not None else value
                for value, packed in zip(row, is_json, strict=True)
            )
            for row in batch
        ]


def _plain_column(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    if not isinstance(column.type, Geometry):
        return column
    if has_postgis(connection):
        return sa.func.ST_AsBinary(column, type_=sa.LargeBinary)
    return sa.type_coerce(column, sa.LargeBinary)


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


def _refuse_others(
    people: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, index: dict[str, Any], home: Path
) -> None:
    """Clear a table of people that holds nothing but what comes back, and refuse one that holds anybody else."""
    (key,) = table.primary_key.columns
    there = set(people.execute(sa.select(key)).scalars())
    name = _member_name(table)
    if name in index["members"]:
        with archive.open(name) as member:
            there -= set(pq.read_table(member, columns=[key.name])[key.name].to_pylist())
        if not there:
            people.execute(table.delete())
    if there:
        message = (
            f"{home} has users who are not in the backup, or saved views or shortlists of theirs, and a backup is "
            "restored into an empty store only; choose another data folder or database."
        )
        raise StoreError(message)


def _restore_events(people: sa.Connection, archive: zipfile.ZipFile, index: dict[str, Any]) -> bool:
    """The log that was backed up, and after it what was noted here; whether the log that was here is another now.

    No event is lost, and an event tells which of them were noted here, with the head that they had. A log that goes on
    from the backup's stays as it is.
    """
    name = _member_name(EVENTS)
    if name not in index["members"]:
        return False
    head = find_last(people)
    with archive.open(name) as member:
        rows = pq.ParquetFile(member)
        is_chained = "hash" in rows.schema_arrow.names
        columns = ["hash"] if is_chained else list(_BEFORE_CHAIN)
        known = [tuple(row.values()) for row in rows.read(columns).to_pylist()]
        if is_chained and known and people.scalar(sa.select(EVENTS.c.hash).where(EVENTS.c.hash == known[-1][0])):
            return False
        there = set(known)
        here = [row for row in read_rows(people) if tuple(row._asdict()[each] for each in columns) not in there]
        if head.number:
            unguard_events(people)
            people.execute(EVENTS.delete())
            guard_events(people)
        set_head(people, Head(0, GENESIS))
        if is_chained:
            _read_table(people, EVENTS, archive, index)
            set_head(people, _read_head(index) or find_last(people))
        elif known:
            old = (row for batch in rows.iter_batches(_BATCH) for row in batch.to_pylist())
            _tell(people, TAKEN_IN, f"1–{append_events(people, (_take_in(row, '') for row in old)).number}")
    if here:
        last = append_events(people, (_take_in(row._asdict(), row.basis) for row in here)).number
        _tell(people, "log-restored", f"{last - len(here) + 1}–{last}; {head.number} {head.hash}")
    return bool(head.number)


def _read_head(index: dict[str, Any]) -> Head | None:
    try:
        number, digest = index["event_head"]
        return Head(int(number), str(digest))
    except (KeyError, TypeError, ValueError):
        return None


def _take_in(row: dict[str, Any], basis: str) -> NewEvent:
    return NewEvent(row["at"], row["what"], Content(row["user_id"], row["user_name"], row["about"], basis))


def _tell(people: sa.Connection, what: str, about: str) -> None:
    append_events(people, [NewEvent(time.time(), what, Content(None, "norrsyn", about, ""))])


def _read_table(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, index: dict[str, Any]) -> None:
    name = _member_name(table)
    if name not in index["members"]:
        # a table that is younger than the backup
        return
    with archive.open(name) as member:
        rows = pq.ParquetFile(member)
        for batch in rows.iter_batches(_BATCH):
            _insert(connection, table, pa.Table.from_batches([batch]))
    if is_postgres(connection):
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer) and column.autoincrement is not False:
                connection.execute(
                    sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608
                        f"(SELECT max({column.name}) FROM {table.name}))"
                    )
                )


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    names = rows.column_names
    cursor = connection.connection.cursor()
    try:
        if not is_postgres(connection):
            marks = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  our own names
            plain = [_as_sqlite(rows[name]).to_pylist() for name in names]
            values: Any = zip(*plain, strict=True)
            cursor.executemany(statement, values)
            return
        texts = [_as_copied(connection, table.columns[name], rows[name]) for name in names]
        buffer = io.BytesIO()
        options = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
        pa_csv.write_csv(pa.table(texts, names=names), buffer, options)
        with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(buffer.getbuffer())
    finally:
        cursor.close()


def _as_sqlite(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date32(values.type):
        return values.cast(pa.large_string())
    return values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values


def _as_copied(connection: sa.Connection, column: sa.Column[Any], values: pa.ChunkedArray) -> Any:
    if isinstance(column.type, Geometry) and has_postgis(connection):
        shapes = shapely.from_wkb(np.array(values.to_pylist(), dtype=object))
        return shapely.to_wkb(shapely.set_srid(shapes, SWEREF99_TM_EPSG), hex=True, include_srid=True)
    if pa.types.is_large_binary(values.type):
        return [None if each is None else "\\x" + each.hex() for each in values.to_pylist()]
    return values


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
