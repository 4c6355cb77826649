"""Erasing what may not be kept any longer, from every snapshot and from the disk, with proof.

A row goes when the import that last brought it says so, or when its own column ``retain_until`` does (findings): then
the record's whole history goes. What came of a plan's stops goes from the plan as well, so that it outlives no visit
and no finding that it made. What stays is a line in ``erasures``: how much went, when, and the content hashes of the
snapshots before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geo.layers.base import Layer
from geo.layers.registry import LAYERS
from geo.planning.plan import drop_expired, read_plan, write_plan
from geo.store.database import find_store, reach_engine, read_store, write_store
from geo.store.decisions import forget_decisions
from geo.store.forgetting import forget_pages
from geo.store.home import StrPath, lock_home, open_home
from geo.store.importing import hash_visible, move_pointer
from geo.store.tables import (
    CURRENT,
    DUPLICATE_DECISIONS,
    ERASURES,
    IMPORTS,
    PLANS,
    QUARANTINED_ROWS,
    RECORDS,
    RELEASES,
    SNAPSHOTS,
    visible,
)

__all__ = ["Erasure", "erase_expired", "list_erasures"]

_OWN_DAY = "retain_until"
# stands for plans where a layer's name does, and in their history for whoever erased
_PLANS, _BY = "plans", "retention"


@dataclass(frozen=True)
class Erasure:
    """What was erased from a layer at once, or from all plans.

    Attributes
    ----------
    layer : str, ``plans`` for outcomes in plans
    erased_at : str, ISO 8601 in UTC
    expired_before : str, YYYY-MM-DD; what was to be kept until an earlier day is gone
    versions : int, rows that went, each state of a record counting for itself; of plans, outcomes and corrections
    quarantined : int, quarantined rows that went
    imports : int, imports whose reports went
    snapshots : tuple of dict: number, rows and content_sha256 before and after
    """

    layer: str
    erased_at: str
    expired_before: str
    versions: int
    quarantined: int
    imports: int
    snapshots: tuple[dict[str, Any], ...]


def erase_expired(home: StrPath | None, today: date) -> tuple[Erasure, ...]:
    """Erase every row that had to be erased before a day, wherever it stands.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    today : date; the last day of keeping belongs to the period, so what ends today stays

    Returns
    -------
    tuple of Erasure, one for each layer that lost something, and one for plans where they did

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be written to, or a reader keeps the old pages; ask again then.
    """
    path = find_store(home)
    with write_store(path) as connection:
        found = [_erase_from(connection, layer, today) for layer in LAYERS.values()]
        found.append(_erase_from_plans(connection, today))
        done = tuple(each for each in found if each is not None)
        if done:
            forget_decisions(connection)
    # also where nothing was found: an earlier run may have been killed before it came to this
    _forget_pages(home=open_home(path))
    for each in done:
        # files for mending hold the rows in clear; what is still in quarantine can be written again
        for written in (path / "quarantine").glob(f"{each.layer}-*.csv"):
            written.unlink(missing_ok=True)
    return done


def list_erasures(home: StrPath | None = None) -> tuple[Erasure, ...]:
    """What was ever erased, newest first.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read.
    """
    with read_store(home) as connection:
        query = sa.select(ERASURES).order_by(ERASURES.c.erasure_id.desc())
        rows = [] if connection is None else connection.execute(query).all()
    return tuple(
        Erasure(
            row.layer,
            row.erased_at,
            row.expired_before.isoformat(),
            row.versions,
            row.quarantined,
            row.imports,
            tuple(row.snapshots),
        )
        for row in rows
    )


def _erase_from(connection: sa.Connection, layer: Layer, today: date) -> Erasure | None:
    records = RECORDS[layer.name]
    expired = _expired_versions(records, today)
    touched = _touched_snapshots(connection, layer, expired)
    n_versions = connection.execute(records.delete().where(records.c.version_id.in_(expired))).rowcount
    n_quarantined = _erase_quarantine(connection, layer, today)
    n_imports = _erase_reports(connection, layer, today)
    if not n_versions + n_quarantined + n_imports:
        return None
    snapshots = [_hash_again(connection, layer, row) for row in touched]
    erased_at = datetime.now(UTC).isoformat(timespec="seconds")
    row = {
        "layer": layer.name,
        "erased_at": erased_at,
        "expired_before": today,
        "versions": n_versions,
        "quarantined": n_quarantined,
        "imports": n_imports,
        "snapshots": snapshots,
    }
    connection.execute(ERASURES.insert(), row)
    current = connection.execute(sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer.name)).scalar_one_or_none()
    if current is not None:
        # readers that hold the layer have to read it again
        move_pointer(connection, layer.name, seq=current)
    return Erasure(layer.name, erased_at, today.isoformat(), n_versions, n_quarantined, n_imports, tuple(snapshots))


def _erase_from_plans(connection: sa.Connection, today: date) -> Erasure | None:
    """Outcomes out of plans; a plan that lost some has another version, so that nobody writes the old one back."""
    n_gone, erased_at = 0, datetime.now(UTC).isoformat(timespec="seconds")
    for row in connection.execute(sa.select(PLANS.c.plan_id, PLANS.c.version, PLANS.c.document)).all():
        plan = read_plan(row.document)
        left = drop_expired(plan, today, by=_BY, at=erased_at)
        if left is plan:
            continue
        n_gone += sum(map(len, plan.outcomes.values())) - sum(map(len, left.outcomes.values()))
        values = {"document": write_plan(left), "version": row.version + 1, "changed_at": erased_at}
        connection.execute(PLANS.update().where(PLANS.c.plan_id == row.plan_id).values(values))
    if not n_gone:
        return None
    counts = {"versions": n_gone, "quarantined": 0, "imports": 0, "snapshots": []}
    told = {"layer": _PLANS, "erased_at": erased_at, "expired_before": today, **counts}
    connection.execute(ERASURES.insert(), told)
    return Erasure(_PLANS, erased_at, today.isoformat(), n_gone, 0, 0, ())


def _expired_versions(records: sa.Table, today: date) -> sa.Select[Any]:
    """Numbers of the versions that must go."""
    expired: sa.ColumnElement[bool] = records.c.keep_until < today
    if _OWN_DAY in records.c:
        # what a record's newest version says holds for all its past
        newest = sa.select(sa.func.max(records.c.version_id)).group_by(records.c.record_key)
        keys = sa.select(records.c.record_key).where(records.c.version_id.in_(newest), records.c[_OWN_DAY] < today)
        expired = expired | records.c.record_key.in_(keys)
    return sa.select(records.c.version_id).where(expired)


def _touched_snapshots(connection: sa.Connection, layer: Layer, expired: sa.Select[Any]) -> list[sa.Row[Any]]:
    records = RECORDS[layer.name]
    stands = (records.c.first_seq <= SNAPSHOTS.c.seq) & (
        records.c.last_seq.is_(None) | (records.c.last_seq >= SNAPSHOTS.c.seq)
    )
    holds = sa.exists().where(records.c.version_id.in_(expired), stands)
    query = sa.select(SNAPSHOTS).where(SNAPSHOTS.c.layer == layer.name, holds).order_by(SNAPSHOTS.c.seq)
    return list(connection.execute(query).all())


def _hash_again(connection: sa.Connection, layer: Layer, before: sa.Row[Any]) -> dict[str, Any]:
    records = RECORDS[layer.name]
    digest, n_rows = hash_visible(connection, records, visible(records, before.seq))
    connection.execute(
        SNAPSHOTS.update()
        .where(SNAPSHOTS.c.layer == layer.name, SNAPSHOTS.c.seq == before.seq)
        .values(content_sha256=digest, rows=n_rows)
    )
    return {
        "number": before.seq,
        "rows_before": before.rows,
        "rows_after": n_rows,
        "content_sha256_before": before.content_sha256,
        "content_sha256_after": digest,
    }


def _erase_quarantine(connection: sa.Connection, layer: Layer, today: date) -> int:
    """Quarantined rows whose import has expired, or whose own cell says that they have."""
    rows = QUARANTINED_ROWS
    of_layer = sa.select(IMPORTS.c.import_id).where(IMPORTS.c.layer == layer.name)
    old = of_layer.where(IMPORTS.c.retain_until < today)
    n_erased = connection.execute(rows.delete().where(rows.c.import_id.in_(old))).rowcount
    if _OWN_DAY in layer.schema.columns:
        query = sa.select(rows.c.quarantined_id, rows.c.cells).where(rows.c.import_id.in_(of_layer))
        gone = [row.quarantined_id for row in connection.execute(query) if _has_expired(row.cells, today)]
        for number in gone:
            connection.execute(rows.delete().where(rows.c.quarantined_id == number))
        n_erased += len(gone)
    return int(n_erased)


def _has_expired(cells: Any, today: date) -> bool:
    try:
        return date.fromisoformat(str(cells[_OWN_DAY]).strip()[:10]) < today
    except (KeyError, TypeError, ValueError):
        return False


def _erase_reports(connection: sa.Connection, layer: Layer, today: date) -> int:
    """What imports that have expired say of their rows; that they took place stays."""
    expired = (IMPORTS.c.layer == layer.name) & (IMPORTS.c.retain_until < today)
    speaks = IMPORTS.c.report.is_not(None) | IMPORTS.c.options.is_not(None) | (IMPORTS.c.note != "")
    done = connection.execute(
        IMPORTS.update().where(expired, speaks).values(report=sa.null(), options=sa.null(), note="")
    )
    return int(done.rowcount)


def _forget_pages(home: Path) -> None:
    """Take what was deleted out of the database's files as well."""
    engine = reach_engine(home, create=True)
    assert engine is not None  # noqa: S101  for mypy: it was asked to be made
    with lock_home(home):
        forget_pages(engine, (*RECORDS.values(), QUARANTINED_ROWS, IMPORTS, DUPLICATE_DECISIONS, PLANS, RELEASES))
