"""Rows into a layer: what is new, what has changed, what is gone, in one step and with its history.

Rows stream into a table of their own first, so that memory does not grow with them; the rest is set operations of the
database. The transaction ends with a new snapshot and the layer's pointer on it, or leaves no trace.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

import geopandas as gpd
import sqlalchemy as sa

from geo.errors import ParameterError, SchemaError
from geo.layers import findings, visits
from geo.layers.base import Layer
from geo.layers.hashes import hash_sorted
from geo.layers.registry import get_layer
from geo.planning.plan.layers import RECORDED_BY_PLAN
from geo.store.database import has_postgis, is_postgres, write_store
from geo.store.home import StrPath
from geo.store.ledger import describe_source, find_importer, read_provenance, write_import
from geo.store.provenance import Provenance
from geo.store.records import check_canonical, column_names, fill_table
from geo.store.tables import CURRENT, IMPORTS, RECORDS, SNAPSHOTS, visible

__all__ = [
    "Imported",
    "Mode",
    "hash_visible",
    "import_frames",
    "import_into",
    "move_pointer",
]

Mode = Literal["replace", "add"]
_SHOWN_IDS = 5
_BATCH = 5_000
_BATCH_KEYS = 500
# layers that outcomes of plans are written to, where only the plan takes them back
_WITH_OUTCOMES = frozenset({visits.LAYER.name, findings.LAYER.name})
# what two imports agree in when the second is the first once more
_IDENTITY = (
    "source_name", "source_sha256", "source_size", "licence", "legal_basis", "retain_until", "note", "rows_in",
    "options", "quarantine_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    layer : str
    import_id : int, what `geo.store.ledger.load_quarantine` asks for
    snapshot : int, number of the layer's snapshot that holds the rows now; 0 where the layer has none
    is_new : bool, whether the import made that snapshot; False where the rows are the same as before
    is_known : bool, whether rows, source and quarantine were there already, and nothing was written
    added, changed, gone, unchanged : int, records, against what was current before
    repeated : int, rows that stood in the import more than once, equal in every column, and count once
    kept : int, records that are among the unchanged only because their rows wait in quarantine
    of_plans : int, records that are among the unchanged only because plans recorded them
    quarantined : int, rows kept aside
    provenance : Provenance, complete
    """

    layer: str
    import_id: int
    snapshot: int
    is_new: bool
    is_known: bool
    added: int
    changed: int
    gone: int
    unchanged: int
    repeated: int
    kept: int
    of_plans: int
    quarantined: int
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """The outcome as text and numbers, ready for JSON."""
        names = (
            "layer",
            "import_id",
            "snapshot",
            "is_new",
            "is_known",
            "added",
            "changed",
            "gone",
            "unchanged",
            "repeated",
        )
        return {**{name: getattr(self, name) for name in names}, "quarantined": self.quarantined}


@dataclass(frozen=True)
class _Incoming:
    """What an import brings, in a table of its own, beside the records that stay although they have not come."""

    layer: Layer
    table: sa.Table
    mode: Mode
    rows_in: int
    repeated: int
    kept: int = 0
    of_plans: int = 0
    gone: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        return self.rows_in - self.repeated + self.kept + self.of_plans


def import_frames(  # noqa: PLR0913  every option is one
    home: StrPath | None,
    layer: Layer | str,
    frames: Iterable[gpd.GeoDataFrame],
    provenance: Provenance,
    *,
    mode: Mode = "replace",
    quarantine: Iterable[Mapping[str, Any]] = (),
    waiting: Iterable[str] = (),
    gone: Iterable[str] = (),
    report: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    check_counts: Callable[[Mapping[str, int]], None] | None = None,
) -> Imported:
    """Import rows into a layer; records are matched by their id.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name
    frames : iterable of GeoDataFrame, EPSG:3006, each in the layer's canonical form (`geo.layers.validate.validate`)
    provenance : Provenance; rows, content hash and time are filled in
    mode : ``replace``: records that do not come are gone, with their history kept, but for visits and findings that
        plans recorded; ``add``: they stay
    quarantine : iterable of mappings with ``source`` (text, optional), ``row`` (int), ``failures`` (list) and ``cells``
        (mapping), ready for JSON
    waiting : iterable of str, keys of records whose rows wait in quarantine: they are not gone, and stay as they are
    gone : iterable of str, keys of records that are taken out where `mode` is ``add``, unless they come
    report : mapping ready for JSON, what the reader said; kept with the counts of what changed, as ``changes``
    options : mapping ready for JSON, how the file was read
    check_counts : told how many records would be added, changed, gone, unchanged, kept, and kept because plans
        recorded them; what it raises ends the import

    Returns
    -------
    Imported
        Importing the same again changes nothing and says so (`Imported.is_known`).

    Raises
    ------
    InputError
        Two rows have one id and differ, or a frame is not canonical; nothing is changed.
    NotFoundError
        There is no such layer.
    StoreError
        The store cannot be written to; nothing is changed.
    """
    found = get_layer(layer if isinstance(layer, str) else layer.name)
    with write_store(home) as connection:
        return import_into(
            connection,
            found,
            frames,
            provenance,
            mode=mode,
            quarantine=quarantine,
            waiting=waiting,
            gone=gone,
            report=report,
            options=options,
            check_counts=check_counts,
        )


def import_into(  # noqa: PLR0913  every option is one
    connection: sa.Connection,
    layer: Layer,
    frames: Iterable[gpd.GeoDataFrame],
    provenance: Provenance,
    *,
    mode: Mode = "replace",
    quarantine: Iterable[Mapping[str, Any]] = (),
    waiting: Iterable[str] = (),
    gone: Iterable[str] = (),
    report: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    check_counts: Callable[[Mapping[str, int]], None] | None = None,
) -> Imported:
    """`import_frames` within the transaction of `geo.store.database.write_store`."""
    if mode not in {"replace", "add"}:
        message = f"mode must be replace or add, got {mode!r}."
        raise ParameterError(message)
    started = datetime.now(UTC)
    complete = replace(
        provenance,
        importer=provenance.importer or find_importer(),
        added_at=provenance.added_at or started.isoformat(timespec="seconds"),
    )
    incoming = _receive(connection, layer, frames, mode, complete)
    current, newest = _find_seqs(connection, layer)
    # a file without a sound row changes nothing, so nothing needs to be held back
    if mode == "replace" and current is not None and incoming.rows_in:
        incoming = replace(incoming, kept=_hold_back(connection, incoming, current, waiting))
        incoming = replace(incoming, of_plans=_hold_back_outcomes(connection, incoming, current))
    if mode == "add":
        incoming = replace(incoming, gone=_find_gone(connection, incoming, current, gone))
    counts = _count(connection, incoming, current, newest)
    if check_counts is not None:
        check_counts({**counts, "kept": incoming.kept, "of_plans": incoming.of_plans})
    has_rows = incoming.rows_in > 0 or bool(incoming.gone)
    is_new = has_rows and (current is None or any(counts[name] for name in ("added", "changed", "gone")))
    entry = {
        **describe_source(complete),
        "layer": layer.name,
        "mode": mode,
        "seq": newest + 1 if is_new else current,
        "started_at": started.isoformat(timespec="microseconds"),
        "rows_in": incoming.rows_in,
        "options": None if options is None else dict(options),
        "report": None if report is None else {**report, "changes": {**counts, "is_new": is_new}},
    }
    if is_new:
        _write_versions(connection, incoming, current, newest)
        import_id, quarantined = write_import(connection, entry, quarantine)
        complete = _make_snapshot(connection, layer, newest + 1, import_id, complete)
        move_pointer(connection, layer.name, seq=newest + 1)
        is_known = False
    else:
        import_id, quarantined, is_known = _confirm(connection, incoming, entry, quarantine)
        complete = read_provenance(connection, import_id)
    incoming.table.drop(connection)
    return Imported(
        layer.name, import_id, entry["seq"] or 0, is_new, is_known, **counts,
        repeated=incoming.repeated, kept=incoming.kept, of_plans=incoming.of_plans, quarantined=quarantined,
        provenance=complete,
    )  # fmt: skip


def move_pointer(
    connection: sa.Connection, name: str, *, seq: int | None = None, surface_id: str | None = None
) -> None:
    """Make a snapshot or a surface the current one; with neither, there is none any more."""
    connection.execute(CURRENT.delete().where(CURRENT.c.name == name))
    if seq is not None or surface_id is not None:
        row = {"name": name, "seq": seq, "surface_id": surface_id, "token": uuid.uuid4().hex}
        connection.execute(CURRENT.insert(), row)


def hash_visible(connection: sa.Connection, records: sa.Table, condition: sa.ColumnElement[bool]) -> tuple[str, int]:
    """Content hash of versions, and how many they are; in bounded memory."""
    n_rows = 0

    def hashes() -> Iterator[bytes]:
        nonlocal n_rows
        query = sa.select(records.c.row_hash).where(condition).order_by(records.c.row_hash)
        found = connection.execute(query, execution_options={"yield_per": _BATCH}).scalars()
        for batch in found.partitions(_BATCH):
            n_rows += len(batch)
            yield b"".join(batch)

    digest = hash_sorted(hashes())
    return digest, n_rows


def _receive(
    connection: sa.Connection, layer: Layer, frames: Iterable[gpd.GeoDataFrame], mode: Mode, provenance: Provenance
) -> _Incoming:
    """Stream the frames into a table of their own; rows that came twice, equal in every column, count once."""
    records = RECORDS[layer.name]
    table = sa.Table(
        f"incoming_{layer.name}",
        sa.MetaData(),
        sa.Column("row_id", sa.Integer, sa.Identity(), primary_key=True),
        *(sa.Column(name, _type_here(connection, records.c[name])) for name in column_names(layer)),
        sa.Column("keep_until", sa.Date),
        prefixes=["TEMPORARY"],
    )
    table.create(connection)
    rows_in = 0
    for frame in frames:
        rows_in += len(frame)
        if len(frame):
            fill_table(connection, table, layer, check_canonical(layer, frame))
    sa.Index(f"ix_{table.name}_key", table.c.record_key, table.c.row_hash).create(connection)
    if is_postgres(connection):
        connection.execute(sa.text(f"ANALYZE {table.name}"))
    repeated = _drop_repeated(connection, layer, table)
    if provenance.last_day is not None:
        connection.execute(table.update().values(keep_until=provenance.last_day))
    return _Incoming(layer, table, mode, rows_in, repeated)


def _type_here(connection: sa.Connection, column: sa.Column[Any]) -> Any:
    """The column's type; shapes are bytes where PostGIS is not there."""
    plain = column.name == "geometry" and not has_postgis(connection)
    return sa.LargeBinary() if plain else column.type


def _drop_repeated(connection: sa.Connection, layer: Layer, table: sa.Table) -> int:
    keys, hashes = table.c.record_key, table.c.row_hash
    repeated = sa.select(keys).group_by(keys).having(sa.func.count() > 1)
    if connection.execute(repeated.limit(1)).first() is None:
        return 0
    torn = repeated.having(sa.func.count(sa.distinct(hashes)) > 1).order_by(keys).limit(_SHOWN_IDS + 1)
    bad = list(connection.execute(torn).scalars())
    if bad:
        shown = ", ".join(bad[:_SHOWN_IDS]) + (" and more" if len(bad) > _SHOWN_IDS else "")
        rule = f"{' + '.join(layer.id_columns)}: rows that differ have the same id ({shown}); give each record its own"
        message = f"Layer {layer.name} cannot be stored.\n  - {rule}"
        raise SchemaError(message, (rule,))
    first = sa.select(sa.func.min(table.c.row_id)).group_by(keys)
    return int(connection.execute(table.delete().where(table.c.row_id.not_in(first))).rowcount)


def _hold_back(connection: sa.Connection, incoming: _Incoming, current: int, keys: Iterable[str]) -> int:
    """Put current records with these keys beside what has come, unless they have come too; how many they are."""
    record_key, kept, left = RECORDS[incoming.layer.name].c.record_key, 0, iter(keys)
    while batch := list(islice(left, _BATCH_KEYS)):
        kept += _put_beside(connection, incoming, current, record_key.in_(batch))
    return kept


def _hold_back_outcomes(connection: sa.Connection, incoming: _Incoming, current: int) -> int:
    """Put what plans recorded beside what has come: no register knows of it, and it is the plan's to take back."""
    if incoming.layer.name not in _WITH_OUTCOMES:
        return 0
    of_plan = RECORDS[incoming.layer.name].c.record_key.startswith(RECORDED_BY_PLAN, autoescape=True)
    return _put_beside(connection, incoming, current, of_plan)


def _put_beside(connection: sa.Connection, incoming: _Incoming, current: int, chosen: sa.ColumnElement[bool]) -> int:
    table, records = incoming.table, RECORDS[incoming.layer.name]
    names = [*column_names(incoming.layer), "keep_until"]
    has_come = sa.exists().where(table.c.record_key == records.c.record_key)
    stays = sa.select(*(records.c[name] for name in names)).where(visible(records, current), ~has_come, chosen)
    # an insert's number of rows is not kept unless asked for
    done = connection.execute(table.insert().from_select(names, stays), execution_options={"preserve_rowcount": True})
    return int(done.rowcount)


def _find_gone(
    connection: sa.Connection, incoming: _Incoming, current: int | None, keys: Iterable[str]
) -> tuple[str, ...]:
    """Those of the keys that have a record in the current snapshot and have not come."""
    wanted = sorted(set(keys))
    if current is None or not wanted:
        return ()
    table, records = incoming.table, RECORDS[incoming.layer.name]
    has_come = sa.exists().where(table.c.record_key == records.c.record_key)
    there = sa.select(records.c.record_key).where(visible(records, current), ~has_come)
    found = connection.execute(there.where(records.c.record_key.in_(wanted)).order_by(records.c.record_key))
    return tuple(found.scalars())


def _find_seqs(connection: sa.Connection, layer: Layer) -> tuple[int | None, int]:
    """Number of the current snapshot and of the newest; None and 0 where there is none."""
    current = connection.execute(sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer.name)).scalar_one_or_none()
    newest = connection.execute(
        sa.select(sa.func.max(SNAPSHOTS.c.seq)).where(SNAPSHOTS.c.layer == layer.name)
    ).scalar_one_or_none()
    return current, newest or 0


def _count(connection: sa.Connection, incoming: _Incoming, current: int | None, newest: int) -> dict[str, int]:
    """Records added, changed, gone and unchanged against the current snapshot."""
    table, records = incoming.table, RECORDS[incoming.layer.name]
    n_rows = incoming.n_rows
    if current is None:
        return {"added": n_rows, "changed": 0, "gone": 0, "unchanged": 0}
    stands = records.c.last_seq.is_(None) if current == newest else visible(records, current)
    before = connection.execute(sa.select(sa.func.count()).select_from(records).where(stands)).scalar_one()
    same = sa.func.sum(sa.case((records.c.row_hash == table.c.row_hash, 1), else_=0))
    matched, unchanged = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(same, 0))
        .select_from(table.join(records, records.c.record_key == table.c.record_key))
        .where(stands)
    ).one()
    return {
        "added": n_rows - matched,
        "changed": matched - unchanged,
        "gone": before - matched if incoming.mode == "replace" and n_rows else len(incoming.gone),
        "unchanged": unchanged,
    }


def _write_versions(connection: sa.Connection, incoming: _Incoming, current: int | None, newest: int) -> None:
    """End the versions that the new snapshot does not hold, and write those that it holds anew."""
    table, records = incoming.table, RECORDS[incoming.layer.name]
    names = [*column_names(incoming.layer), "keep_until"]
    is_gone = records.c.record_key.in_(incoming.gone)
    if incoming.mode == "add" and current is not None and current != newest:
        # the pointer was rolled back: what stays of the older snapshot has to come forward again
        known = sa.exists().where(table.c.record_key == records.c.record_key)
        older = sa.select(*(records.c[name] for name in names)).where(visible(records, current), ~known, ~is_gone)
        connection.execute(table.insert().from_select(names, older))
    is_open = records.c.last_seq.is_(None)
    same_key = table.c.record_key == records.c.record_key
    if incoming.mode == "add" and current == newest:
        ends: sa.ColumnElement[bool] = is_gone | sa.exists().where(same_key, table.c.row_hash != records.c.row_hash)
    else:
        ends = ~sa.exists().where(same_key, table.c.row_hash == records.c.row_hash)
    connection.execute(records.update().where(is_open, ends).values(last_seq=newest))
    _keep_until(connection, incoming)
    stays = sa.exists().where(same_key, is_open)
    fresh = sa.select(*(table.c[name] for name in names), sa.literal(newest + 1)).where(~stays)
    # in the order of the index, which then grows at its end
    fresh = fresh.order_by(table.c.record_key)
    connection.execute(records.insert().from_select([*names, "first_seq"], fresh))
    if is_postgres(connection):
        connection.execute(sa.text(f"ANALYZE {records.name}"))


def _keep_until(connection: sa.Connection, incoming: _Incoming) -> int:
    """Let the newest import that brings a row say how long it may be kept."""
    table, records = incoming.table, RECORDS[incoming.layer.name]
    limited = sa.exists().where(table.c.keep_until.is_not(None)) | sa.exists().where(
        records.c.last_seq.is_(None), records.c.keep_until.is_not(None)
    )
    if not connection.execute(sa.select(limited)).scalar_one():
        # most sources have no limit
        return 0
    same_row = (table.c.record_key == records.c.record_key) & (table.c.row_hash == records.c.row_hash)
    differs = sa.exists().where(same_row, table.c.keep_until.is_distinct_from(records.c.keep_until))
    day = sa.select(table.c.keep_until).where(same_row).scalar_subquery()
    done = connection.execute(records.update().where(records.c.last_seq.is_(None), differs).values(keep_until=day))
    return int(done.rowcount)


def _confirm(
    connection: sa.Connection, incoming: _Incoming, entry: Mapping[str, Any], quarantine: Iterable[Mapping[str, Any]]
) -> tuple[int, int, bool]:
    """Note an import whose rows are there already; one that is known in every respect leaves no trace."""
    attempt = connection.begin_nested()
    last = connection.execute(
        sa.select(IMPORTS)
        .where(IMPORTS.c.layer == entry["layer"], IMPORTS.c.seq.is_not_distinct_from(entry["seq"]))
        .order_by(IMPORTS.c.import_id.desc())
        .limit(1)
    ).first()
    n_moved = _keep_until(connection, incoming)
    import_id, quarantined = write_import(connection, entry, quarantine)
    if last is not None and not n_moved:
        new = connection.execute(sa.select(IMPORTS).where(IMPORTS.c.import_id == import_id)).one()
        if all(getattr(new, name) == getattr(last, name) for name in _IDENTITY):
            attempt.rollback()
            return last.import_id, quarantined, True
    attempt.commit()
    if entry["seq"] is not None:
        # what is told of the layer's source has changed
        move_pointer(connection, entry["layer"], seq=entry["seq"])
    return import_id, quarantined, False


def _make_snapshot(
    connection: sa.Connection, layer: Layer, seq: int, import_id: int, provenance: Provenance
) -> Provenance:
    records = RECORDS[layer.name]
    is_open = records.c.last_seq.is_(None)
    digest, n_rows = hash_visible(connection, records, is_open)
    synthetic = sa.select(sa.exists().where(is_open, records.c.synthetic.is_(True)))
    made = replace(
        provenance,
        rows=n_rows,
        content_sha256=digest,
        synthetic=bool(connection.execute(synthetic).scalar_one()),
    )
    row = {
        "layer": layer.name,
        "seq": seq,
        "content_sha256": digest,
        "rows": n_rows,
        "synthetic": made.synthetic,
        "created_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "import_id": import_id,
    }
    connection.execute(SNAPSHOTS.insert(), row)
    return made
