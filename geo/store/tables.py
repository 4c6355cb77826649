"""The tables of the store, one set for SQLite and PostgreSQL.

A layer's rows are kept as versions: each says in which snapshots it stands. Snapshot k of a layer is every version with
``first_seq <= k`` and ``last_seq`` empty or ``>= k``, so history costs what changed, and nothing that was once seen is
ever altered (docs/adr/0008-database-store.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandera.pandas as pa
import sqlalchemy as sa

from geo.layers.base import Layer
from geo.layers.hashes import HASH_BYTES
from geo.layers.registry import LAYERS
from geo.store.geometry import Geometry

__all__ = [
    "BOOKKEEPING",
    "CURRENT",
    "DUPLICATE_DECISIONS",
    "ERASURES",
    "IMPORTS",
    "METADATA",
    "MODELS",
    "PLANS",
    "PUBLISHED",
    "QUARANTINED_ROWS",
    "RECORDS",
    "RELEASES",
    "SNAPSHOTS",
    "SURFACES",
    "column_kind",
    "visible",
]

METADATA = sa.MetaData()
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON(none_as_null=True)

# Name in `current` of the pointer to the published surface; no layer is called that.
PUBLISHED = "published-surface"

# Columns of a version that are not the layer's own.
BOOKKEEPING = ("version_id", "first_seq", "last_seq", "keep_until", "record_key", "row_hash", "easting", "northing")

_KINDS = {"datetime64": "date", "float": "number", "bool": "flag"}
_TYPES: Mapping[str, Any] = {
    "date": sa.Date,
    "number": sa.Double,
    "flag": sa.Boolean,
    "text": sa.Text,
}

IMPORTS = sa.Table(
    "imports",
    METADATA,
    sa.Column("import_id", sa.Integer, primary_key=True),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    # the snapshot that this import made or confirmed; empty where no row was accepted
    sa.Column("seq", sa.Integer),
    sa.Column("source_name", sa.Text, nullable=False),
    sa.Column("source_sha256", sa.Text, nullable=False),
    sa.Column("source_size", _BIG, nullable=False),
    sa.Column("importer", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("finished_at", sa.Text, nullable=False),
    sa.Column("rows_in", _BIG, nullable=False),
    sa.Column("quarantined", _BIG, nullable=False),
    sa.Column("quarantine_sha256", sa.Text, nullable=False),
    sa.Column("options", _JSON),
    sa.Column("report", _JSON),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("retain_until", sa.Date),
    sa.Column("note", sa.Text, nullable=False),
    sa.Index("ix_imports_layer", "layer", "seq"),
)

SNAPSHOTS = sa.Table(
    "snapshots",
    METADATA,
    sa.Column("layer", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content_sha256", sa.Text, nullable=False),
    sa.Column("rows", _BIG, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.import_id"), nullable=False),
)

QUARANTINED_ROWS = sa.Table(
    "quarantined_rows",
    METADATA,
    sa.Column("quarantined_id", _BIG, primary_key=True),
    sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.import_id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("row_number", _BIG, nullable=False),
    sa.Column("failures", _JSON, nullable=False),
    sa.Column("cells", _JSON, nullable=False),
    sa.Index("ix_quarantined_rows_import", "import_id", "row_number"),
)

SURFACES = sa.Table(
    "surfaces",
    METADATA,
    sa.Column("surface_id", sa.Text, primary_key=True),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("saved_at", sa.Text, nullable=False),
    sa.Column("rasters", _JSON, nullable=False),
    sa.Column("manifest", _JSON, nullable=False),
)

CURRENT = sa.Table(
    "current",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer),
    sa.Column("surface_id", sa.Text, sa.ForeignKey("surfaces.surface_id")),
    # new at each move, so that a pointer that went and came back is seen to have moved
    sa.Column("token", sa.Text, nullable=False),
)

ERASURES = sa.Table(
    "erasures",
    METADATA,
    sa.Column("erasure_id", sa.Integer, primary_key=True),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("erased_at", sa.Text, nullable=False),
    sa.Column("expired_before", sa.Date, nullable=False),
    sa.Column("versions", _BIG, nullable=False),
    sa.Column("quarantined", _BIG, nullable=False),
    sa.Column("imports", sa.Integer, nullable=False),
    sa.Column("snapshots", _JSON, nullable=False),
)

# Frozen versions of the model beside that of the reference tables; none is ever changed.
MODELS = sa.Table(
    "models",
    METADATA,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("frozen_at", sa.Text, nullable=False),
    sa.Column("frozen_by", sa.Text, nullable=False),
    sa.Column("document", _JSON, nullable=False),
)

# A plan with its manifest and history; what is done to it counts its version up.
PLANS = sa.Table(
    "plans",
    METADATA,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("circle", sa.Text, nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("changed_at", sa.Text, nullable=False),
    sa.Column("document", _JSON, nullable=False),
)

# What may be shared. Nothing of a release is ever changed; where one is deleted its document goes, and what later ones
# are audited with stays until it would have expired.
RELEASES = sa.Table(
    "releases",
    METADATA,
    sa.Column("release_id", sa.Text, primary_key=True),
    sa.Column("circle", sa.Text, nullable=False),
    sa.Column("surface_id", sa.Text, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("deleted_at", sa.Text),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("document", _JSON),
    sa.Column("memory", sa.LargeBinary, nullable=False),
    sa.Column("memory_sha256", sa.Text, nullable=False),
)

# Each is one thing that a person said of two records; of one pair, the last counts.
DUPLICATE_DECISIONS = sa.Table(
    "duplicate_decisions",
    METADATA,
    sa.Column("decision_id", sa.Integer, primary_key=True),
    sa.Column("layer", sa.Text, nullable=False),
    sa.Column("record_key", sa.Text, nullable=False),
    sa.Column("other_layer", sa.Text, nullable=False),
    sa.Column("other_key", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.Text, nullable=False),
    sa.Index("ix_duplicate_decisions_pair", "layer", "record_key", "other_layer", "other_key"),
)


def column_kind(column: pa.Column) -> str:
    """What a schema's column holds: ``text``, ``number``, ``date`` or ``flag``."""
    dtype = str(column.dtype)
    return next((kind for start, kind in _KINDS.items() if dtype.startswith(start)), "text")


def visible(records: sa.Table, seq: int) -> sa.ColumnElement[bool]:
    """Which versions stand in a snapshot."""
    return (records.c.first_seq <= seq) & (records.c.last_seq.is_(None) | (records.c.last_seq >= seq))


def _records_table(layer: Layer) -> sa.Table:
    name = f"records_{layer.name}"
    table = sa.Table(
        name,
        METADATA,
        sa.Column("version_id", _BIG, primary_key=True),
        sa.Column("first_seq", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer),
        sa.Column("keep_until", sa.Date),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("row_hash", sa.LargeBinary(HASH_BYTES), nullable=False),
        sa.Column("easting", sa.Double),
        sa.Column("northing", sa.Double),
        *(sa.Column(each, _TYPES[column_kind(column)]()) for each, column in layer.schema.columns.items()),
        sa.Column("geometry", Geometry, nullable=False),
    )
    is_open = table.c.last_seq.is_(None)
    # an open version per record, and the way to find it
    sa.Index(f"uq_{name}_open", table.c.record_key, unique=True, sqlite_where=is_open, postgresql_where=is_open)
    return table


RECORDS: Mapping[str, sa.Table] = MappingProxyType({name: _records_table(layer) for name, layer in LAYERS.items()})
