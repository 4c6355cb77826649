"""What is noted of an import: where its rows come from, and the rows that it keeps aside."""

from __future__ import annotations

import getpass
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from geo.errors import NotFoundError
from geo.store.database import read_store
from geo.store.home import StrPath
from geo.store.provenance import Provenance
from geo.store.tables import IMPORTS, QUARANTINED_ROWS, SNAPSHOTS

__all__ = ["describe_source", "find_importer", "load_quarantine", "read_provenance", "write_import"]

_BATCH = 5_000


def load_quarantine(home: StrPath | None, import_id: int) -> list[dict[str, Any]]:
    """Rows that an import kept aside, in the order of its files.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    import_id : int

    Returns
    -------
    list of dict with ``source``, ``row``, ``failures`` and ``cells``

    Raises
    ------
    NotFoundError
        There is no such import.
    StoreError
        The store cannot be read.
    """
    with read_store(home) as connection:
        if connection is not None:
            where = IMPORTS.c.import_id == import_id
            if connection.execute(sa.select(IMPORTS.c.import_id).where(where)).first() is not None:
                return list(_read_quarantine(connection, import_id))
    message = f"There is no import {import_id}; `norrsyn layers history LAYER` lists the imports."
    raise NotFoundError(message)


def read_provenance(connection: sa.Connection, import_id: int) -> Provenance:
    """Where an import's rows come from, with what is known of the snapshot that they stand in."""
    row = connection.execute(
        sa.select(IMPORTS, SNAPSHOTS.c.rows, SNAPSHOTS.c.content_sha256, SNAPSHOTS.c.synthetic)
        .outerjoin(SNAPSHOTS, (SNAPSHOTS.c.layer == IMPORTS.c.layer) & (SNAPSHOTS.c.seq == IMPORTS.c.seq))
        .where(IMPORTS.c.import_id == import_id)
    ).one()
    return Provenance(
        source_name=row.source_name,
        source_sha256=row.source_sha256,
        source_size=row.source_size,
        note=row.note,
        rows=row.rows or 0,
        content_sha256=row.content_sha256 or "",
        added_at=row.finished_at,
        synthetic=bool(row.synthetic),
        importer=row.importer,
        licence=row.licence,
        legal_basis=row.legal_basis,
        retain_until=row.retain_until.isoformat() if row.retain_until else "",
    )


def write_import(
    connection: sa.Connection, entry: Mapping[str, Any], quarantine: Iterable[Mapping[str, Any]]
) -> tuple[int, int]:
    """Write an import and the rows that it keeps aside; its number and theirs."""
    row = {**entry, "quarantined": 0, "quarantine_sha256": ""}
    import_id = int(connection.execute(IMPORTS.insert().returning(IMPORTS.c.import_id), row).scalar_one())
    digest, n_rows = hashlib.sha256(), 0
    for batch in _in_batches(quarantine):
        rows = [
            {
                "source": each.get("source", ""),
                "row": int(each["row"]),
                "failures": each["failures"],
                "cells": each["cells"],
            }
            for each in batch
        ]
        digest.update(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode())
        n_rows += len(rows)
        values = [{"import_id": import_id, "row_number": each.pop("row"), **each} for each in rows]
        connection.execute(QUARANTINED_ROWS.insert(), values)
    counted = {"quarantined": n_rows, "quarantine_sha256": digest.hexdigest()}
    connection.execute(IMPORTS.update().where(IMPORTS.c.import_id == import_id).values(counted))
    return import_id, n_rows


def describe_source(provenance: Provenance) -> dict[str, Any]:
    """The columns of `imports` that say where the rows come from."""
    return {
        "source_name": provenance.source_name,
        "source_sha256": provenance.source_sha256,
        "source_size": provenance.source_size,
        "importer": provenance.importer,
        "finished_at": provenance.added_at,
        "licence": provenance.licence,
        "legal_basis": provenance.legal_basis,
        "retain_until": provenance.last_day,
        "note": provenance.note,
    }


def find_importer() -> str:
    """Name of whoever runs this on this machine; empty where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a machine that has no name for whoever runs this
        return ""


def _read_quarantine(connection: sa.Connection, import_id: int) -> Iterator[dict[str, Any]]:
    rows = connection.execute(
        sa.select(QUARANTINED_ROWS)
        .where(QUARANTINED_ROWS.c.import_id == import_id)
        .order_by(QUARANTINED_ROWS.c.quarantined_id)
    )
    for each in rows:
        yield {"source": each.source, "row": each.row_number, "failures": each.failures, "cells": each.cells}


def _in_batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(rows)
    while batch := list(itertools.islice(left, _BATCH)):
        yield batch
