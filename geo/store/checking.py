"""Whether a store is still what was written: the database's own check, every row's hash, every raster's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from geo.layers.base import Layer
from geo.layers.hashes import HASH_BYTES, hash_rows, hash_sorted
from geo.layers.registry import LAYERS
from geo.store.database import find_store, is_postgres, read_store
from geo.store.home import StrPath
from geo.store.records import decode_rows, stream_versions
from geo.store.surfaces import find_problems
from geo.store.tables import CURRENT, RECORDS, SNAPSHOTS

__all__ = ["Checked", "check", "check_layer"]

_SHOWN = 5


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    problems : tuple of str, empty where all is well; each says what and where
    versions : mapping of layer name to rows that were hashed anew, all snapshots together
    snapshots, surfaces : int, how many were compared with their hashes
    """

    problems: tuple[str, ...]
    versions: Mapping[str, int]
    snapshots: int
    surfaces: int


def check(home: StrPath | None = None) -> Checked:
    """Read everything in a store and compare it with its hashes.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`

    Returns
    -------
    Checked

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read at all.
    """
    path = find_store(home)
    with read_store(path) as connection:
        if connection is None:
            return Checked((), {}, 0, 0)
        problems = list(_ask_database(connection))
        versions: dict[str, int] = {}
        for layer in LAYERS.values():
            found, versions[layer.name] = check_layer(connection, layer)
            problems += found
        n_snapshots = connection.execute(sa.select(sa.func.count()).select_from(SNAPSHOTS)).scalar_one()
        broken, n_surfaces = find_problems(connection, path)
    return Checked((*problems, *broken), versions, n_snapshots, n_surfaces)


def check_layer(connection: sa.Connection, layer: Layer) -> tuple[list[str], int]:
    """Hash every version of a layer's rows anew, and every snapshot of them.

    Returns
    -------
    problems : list of str
    n_versions : int
    """
    names = ("version_id", "record_key", "first_seq", "last_seq", "row_hash", *layer.columns)
    table = RECORDS[layer.name]
    hashes, spans, wrong = [], [], []
    for rows in stream_versions(connection, table, names):
        frame = decode_rows(layer, layer.columns, [row[5:] for row in rows])
        made = hash_rows(frame)
        wrong += [row[1] for row, digest in zip(rows, made, strict=True) if bytes(row[4]) != digest]
        hashes.append(np.frombuffer(b"".join(made), dtype=">u8").reshape(-1, HASH_BYTES // 8))
        spans.append(np.array([(row[2], np.iinfo(np.int64).max if row[3] is None else row[3]) for row in rows]))
    problems = []
    if wrong:
        shown = ", ".join(wrong[:_SHOWN]) + (" and more" if len(wrong) > _SHOWN else "")
        problems.append(f"{layer.name}: {len(wrong)} row(s) are not what was written: {shown}")
    every = np.concatenate(hashes) if hashes else np.empty((0, HASH_BYTES // 8), dtype=">u8")
    span = np.concatenate(spans) if spans else np.empty((0, 2), dtype=np.int64)
    query = sa.select(SNAPSHOTS).where(SNAPSHOTS.c.layer == layer.name).order_by(SNAPSHOTS.c.seq)
    there = set()
    for snapshot in connection.execute(query):
        there.add(snapshot.seq)
        stands = (span[:, 0] <= snapshot.seq) & (span[:, 1] >= snapshot.seq)
        if (int(stands.sum()), _hash(every[stands])) != (snapshot.rows, snapshot.content_sha256):
            problems.append(f"{layer.name}: snapshot {snapshot.seq} does not hold what its hash says")
    current = connection.execute(sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer.name)).scalar_one_or_none()
    if current is not None and current not in there:
        problems.append(f"{layer.name}: the current snapshot {current} is not there")
    return problems, len(every)


def _hash(hashes: NDArray[Any]) -> str:
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    # joining arrays has put their bytes in the machine's order
    return hash_sorted([hashes[order].astype(">u8").tobytes()])


def _ask_database(connection: sa.Connection) -> Iterator[str]:
    if is_postgres(connection):
        return
    for (words,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if words != "ok":
            yield f"the database file: {words}"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"the database file: row {row[1]} of {row[0]} names something in {row[2]} that is not there"
