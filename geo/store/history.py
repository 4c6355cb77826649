"""A layer's past: its snapshots and imports, what differs between two of them, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa

from geo.errors import NotFoundError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.store.database import find_store, read_store, write_store
from geo.store.home import StrPath
from geo.store.importing import move_pointer
from geo.store.ledger import read_provenance
from geo.store.provenance import Provenance
from geo.store.records import read_frame, record_keys
from geo.store.tables import CURRENT, IMPORTS, QUARANTINED_ROWS, RECORDS, SNAPSHOTS, visible

__all__ = [
    "Changed",
    "Difference",
    "Snapshot",
    "StoredImport",
    "diff",
    "find_import",
    "find_quarantine",
    "list_imports",
    "list_snapshots",
    "load_snapshot",
    "rollback",
]


@dataclass(frozen=True)
class Snapshot:
    """One state that a layer was in.

    Attributes
    ----------
    layer : str
    number : int, 1 for the layer's first
    rows : int
    content_sha256 : str
    created_at : str, ISO 8601 in UTC
    is_current : bool, whether it is the one that is served and scored
    provenance : Provenance of the import that made it
    """

    layer: str
    number: int
    rows: int
    content_sha256: str
    created_at: str
    is_current: bool
    provenance: Provenance


@dataclass(frozen=True)
class StoredImport:
    """One import into a layer, whether it changed anything or not.

    Attributes
    ----------
    import_id : int
    layer : str
    mode : str, ``replace`` or ``add``
    snapshot : int, number of the snapshot that it made or confirmed; None where no row was accepted
    rows_in, quarantined : int
    started_at : str, ISO 8601 in UTC
    provenance : Provenance
    options, report : mapping, as they were handed over; None where there were none, or they had to be erased
    """

    import_id: int
    layer: str
    mode: str
    snapshot: int | None
    rows_in: int
    quarantined: int
    started_at: str
    provenance: Provenance
    options: Mapping[str, Any] | None
    report: Mapping[str, Any] | None


@dataclass(frozen=True)
class Changed:
    """A record that stands in both snapshots and differs.

    Attributes
    ----------
    key : str
    columns : name to value before and after; text as it is, dates as YYYY-MM-DD, shapes as well-known text, None empty
    """

    key: str
    columns: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Difference:
    """What differs between two snapshots of a layer.

    Attributes
    ----------
    layer : str
    old, new : int, numbers of the snapshots
    added, gone : tuple of str, keys of records that only one of them has, in order
    changed : tuple of Changed, in order of their keys
    """

    layer: str
    old: int
    new: int
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = field(default=())


def list_snapshots(home: StrPath | None, layer: Layer | str) -> tuple[Snapshot, ...]:
    """Every state that a layer was in, newest first.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name

    Raises
    ------
    NotFoundError
        There is no such layer, or no data folder.
    StoreError
        The store cannot be read.
    """
    name = get_layer(layer if isinstance(layer, str) else layer.name).name
    with read_store(home) as connection:
        if connection is None:
            return ()
        current = _current_number(connection, name)
        query = sa.select(SNAPSHOTS).where(SNAPSHOTS.c.layer == name).order_by(SNAPSHOTS.c.seq.desc())
        return tuple(
            Snapshot(
                name,
                row.seq,
                row.rows,
                row.content_sha256,
                row.created_at,
                row.seq == current,
                read_provenance(connection, row.import_id),
            )
            for row in connection.execute(query).all()
        )


def list_imports(home: StrPath | None, layer: Layer | str) -> tuple[StoredImport, ...]:
    """Every import into a layer, newest first, also those that changed nothing.

    Raises
    ------
    NotFoundError
        There is no such layer, or no data folder.
    StoreError
        The store cannot be read.
    """
    name = get_layer(layer if isinstance(layer, str) else layer.name).name
    with read_store(home) as connection:
        if connection is None:
            return ()
        query = sa.select(IMPORTS).where(IMPORTS.c.layer == name).order_by(IMPORTS.c.import_id.desc())
        return tuple(_read_import(connection, row) for row in connection.execute(query).all())


def find_import(home: StrPath | None, import_id: int) -> StoredImport:
    """One import.

    Raises
    ------
    NotFoundError
        There is no such import, or no data folder.
    StoreError
        The store cannot be read.
    """
    with read_store(home) as connection:
        query = sa.select(IMPORTS).where(IMPORTS.c.import_id == import_id)
        row = None if connection is None else connection.execute(query).first()
        if connection is not None and row is not None:
            return _read_import(connection, row)
    message = f"There is no import {import_id}; `norrsyn layers history LAYER` lists the imports."
    raise NotFoundError(message)


def find_quarantine(
    home: StrPath | None, import_id: int, offset: int = 0, limit: int = 100
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows an import keeps aside, and some of them in the order of its files.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    import_id : int
    offset, limit : int, how many to pass over, and how many to give at most

    Returns
    -------
    int, and list of dict with ``source``, ``row``, ``failures`` and ``cells``

    Raises
    ------
    NotFoundError
        There is no such import, or no data folder.
    StoreError
        The store cannot be read.
    """
    find_import(home, import_id)
    with read_store(home) as connection:
        assert connection is not None  # noqa: S101  for mypy: it holds the import
        rows = QUARANTINED_ROWS.c
        chosen = rows.import_id == import_id
        total = connection.execute(sa.select(sa.func.count()).where(chosen)).scalar_one()
        query = sa.select(QUARANTINED_ROWS).where(chosen).order_by(rows.quarantined_id).offset(offset).limit(limit)
        return total, [
            {"source": row.source, "row": row.row_number, "failures": row.failures, "cells": row.cells}
            for row in connection.execute(query)
        ]


def load_snapshot(home: StrPath | None, layer: Layer | str, number: int) -> gpd.GeoDataFrame:
    """A layer's rows as they stood in a snapshot.

    Returns
    -------
    GeoDataFrame, EPSG:3006, in the layer's canonical form

    Raises
    ------
    NotFoundError
        There is no such layer or snapshot.
    StoreError
        The store cannot be read.
    """
    found = get_layer(layer if isinstance(layer, str) else layer.name)
    with read_store(home) as connection:
        _check_numbers(connection, found.name, number)
        assert connection is not None  # noqa: S101  for mypy: it holds the snapshot
        return read_frame(connection, found, visible(RECORDS[found.name], number))


def diff(home: StrPath | None, layer: Layer | str, old: int, new: int) -> Difference:
    """What differs between two snapshots of a layer, record by record.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name
    old, new : int, numbers of the snapshots, in either order

    Returns
    -------
    Difference

    Raises
    ------
    NotFoundError
        There is no such layer or snapshot.
    StoreError
        The store cannot be read.
    """
    found = get_layer(layer if isinstance(layer, str) else layer.name)
    records = RECORDS[found.name]
    with read_store(home) as connection:
        _check_numbers(connection, found.name, old, new)
        assert connection is not None  # noqa: S101  for mypy: it holds the snapshots
        # a version that stands in both snapshots differs in nothing
        only_old = visible(records, old) & ~visible(records, new)
        only_new = visible(records, new) & ~visible(records, old)
        before = _by_key(found, read_frame(connection, found, only_old))
        after = _by_key(found, read_frame(connection, found, only_new))
    both = sorted(before.index.intersection(after.index))
    changed = (Changed(key, _compare(found, before.loc[key], after.loc[key])) for key in both)
    return Difference(
        found.name,
        old,
        new,
        added=tuple(sorted(after.index.difference(before.index))),
        gone=tuple(sorted(before.index.difference(after.index))),
        # a record that went and came back as it was is another version of the same
        changed=tuple(each for each in changed if each.columns),
    )


def rollback(home: StrPath | None, layer: Layer | str, number: int) -> Snapshot:
    """Make an older snapshot of a layer the current one; nothing is lost, and the way forward is the same.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name
    number : int, of the snapshot

    Returns
    -------
    Snapshot, now current

    Raises
    ------
    NotFoundError
        There is no such layer or snapshot; the current one stays.
    StoreError
        The store cannot be written to.
    """
    name = get_layer(layer if isinstance(layer, str) else layer.name).name
    path = find_store(home)
    with write_store(path) as connection:
        _check_numbers(connection, name, number)
        if _current_number(connection, name) != number:
            move_pointer(connection, name, seq=number)
    return next(each for each in list_snapshots(path, name) if each.number == number)


def _read_import(connection: sa.Connection, row: sa.Row[Any]) -> StoredImport:
    return StoredImport(
        row.import_id,
        row.layer,
        row.mode,
        row.seq,
        row.rows_in,
        row.quarantined,
        row.started_at,
        read_provenance(connection, row.import_id),
        _frozen(row.options),
        _frozen(row.report),
    )


def _current_number(connection: sa.Connection, layer: str) -> int | None:
    return connection.execute(sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer)).scalar_one_or_none()


def _check_numbers(connection: sa.Connection | None, layer: str, *numbers: int) -> None:
    query = sa.select(SNAPSHOTS.c.seq).where(SNAPSHOTS.c.layer == layer).order_by(SNAPSHOTS.c.seq)
    there = [] if connection is None else list(connection.execute(query).scalars())
    unknown = [str(number) for number in dict.fromkeys(numbers) if number not in there]
    if unknown:
        words = f"1 to {len(there)}" if there == list(range(1, len(there) + 1)) and there else "none"
        message = f"Layer {layer} has no snapshot {' and no '.join(unknown)}; there are: {words}."
        raise NotFoundError(message)


def _by_key(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_axis(pd.Index(record_keys(layer, frame), dtype=object))


def _compare(layer: Layer, before: pd.Series, after: pd.Series) -> dict[str, tuple[Any, Any]]:
    pairs = ((name, _plain(before[name]), _plain(after[name])) for name in layer.columns)
    return {name: (one, other) for name, one, other in pairs if one != other}


def _plain(value: Any) -> Any:
    """A cell as text, number, truth or None."""
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkt(value, rounding_precision=-1)
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):  # noqa: PLR0124  NaN
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value


def _frozen(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if value is None else MappingProxyType(value)
