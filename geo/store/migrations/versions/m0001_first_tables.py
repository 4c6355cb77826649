"""The first tables: records of every layer, snapshots, imports, quarantine, surfaces, pointers, erasures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from geo.store.geometry import PostgisGeometry

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "imports",
        sa.Column("import_id", sa.Integer, primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
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
        sa.Column("options", sa.JSON),
        sa.Column("report", sa.JSON),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("legal_basis", sa.Text, nullable=False),
        sa.Column("retain_until", sa.Date),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("ix_imports_layer", "imports", ["layer", "seq"])
    op.create_table(
        "snapshots",
        sa.Column("layer", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("rows", _BIG, nullable=False),
        sa.Column("synthetic", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.import_id"), nullable=False),
    )
    op.create_table(
        "quarantined_rows",
        sa.Column("quarantined_id", _BIG, primary_key=True),
        sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.import_id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("row_number", _BIG, nullable=False),
        sa.Column("failures", sa.JSON, nullable=False),
        sa.Column("cells", sa.JSON, nullable=False),
    )
    op.create_index("ix_quarantined_rows_import", "quarantined_rows", ["import_id", "row_number"])
    op.create_table(
        "surfaces",
        sa.Column("surface_id", sa.Text, primary_key=True),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("saved_at", sa.Text, nullable=False),
        sa.Column("rasters", sa.JSON, nullable=False),
        sa.Column("manifest", sa.JSON, nullable=False),
    )
    op.create_table(
        "current",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer),
        sa.Column("surface_id", sa.Text, sa.ForeignKey("surfaces.surface_id")),
        sa.Column("token", sa.Text, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Integer, primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("erased_at", sa.Text, nullable=False),
        sa.Column("expired_before", sa.Date, nullable=False),
        sa.Column("versions", _BIG, nullable=False),
        sa.Column("quarantined", _BIG, nullable=False),
        sa.Column("imports", sa.Integer, nullable=False),
        sa.Column("snapshots", sa.JSON, nullable=False),
    )
    _make_records()


def _make_records() -> None:
    _records(
        "workplaces",
        *map(_text, ("workplace_id", "name", "employer_id", "kind", "sni", "sni_version")),
        _number("employees"),
        *_period(),
        *_position(),
        *_common(),
    )
    _records(
        "accommodation",
        *map(_text, ("accommodation_id", "name", "housing_type")),
        _number("beds"),
        *_period(),
        *_position(),
        *_common(),
    )
    _records(
        "sectors",
        *map(_text, ("area_id", "level", "sector")),
        *map(_number, ("employees", "workplaces")),
        _text("year"),
        *_common(),
    )
    _records(
        "visits",
        _text("visit_id"),
        _day("visited_on"),
        *map(_text, ("site_id", "agencies", "persons_met", "outcome")),
        *_position(),
        *_common(),
    )
    _records(
        "findings",
        *map(_text, ("finding_id", "visit_id")),
        _day("observed_on"),
        *map(_text, ("agency", "indicator", "framework", "grade", "source", "verification", "persons_band", "sector")),
        _day("retain_until"),
        *_position(),
        *_common(),
    )
    _records(
        "reported",
        _text("report_id"),
        _day("reported_on"),
        *map(_text, ("site_id", "source", "indicator", "verification", "sector")),
        _day("retain_until"),
        *_position(),
        *_common(),
    )
    _records(
        "establishments",
        *map(_text, ("establishment_id", "name", "sector", "phase")),
        *_period(),
        *map(_number, ("workforce", "beds")),
        *_common(),
    )
    _records("borders", *map(_text, ("municipality", "name")), *_common())
    _records("localities", *map(_text, ("locality_id", "name")), _number("population"), *_common())
    _records(
        "gazetteer",
        *map(_text, ("place_id", "place_kind", "key", "municipality_code")),
        _number("extent_m"),
        *_common(),
    )
    _records("roads", *map(_text, ("road_id", "name", "road_class")), _number("speed_kmh"), *_common())
    _records("events", _text("event_id"), _day("happened_on"), _text("kind"), *_position(), *_common())


def _common() -> tuple[sa.Column[Any], ...]:
    return _text("circle"), _flag("synthetic")


def _position() -> tuple[sa.Column[Any], ...]:
    return _text("precision"), _number("spread_m")


def _period() -> tuple[sa.Column[Any], ...]:
    return _day("active_from"), _day("active_to")


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double)


def _day(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean)


def _records(layer: str, *columns: sa.Column[Any]) -> None:
    """A layer's table; on PostGIS also an index over its shapes, and a view of the rows that are current."""
    name = f"records_{layer}"
    with_postgis = bool(op.get_context().config.attributes["postgis"])  # type: ignore[union-attr]
    op.create_table(
        name,
        sa.Column("version_id", _BIG, primary_key=True),
        sa.Column("first_seq", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer),
        sa.Column("keep_until", sa.Date),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("row_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("easting", sa.Double),
        sa.Column("northing", sa.Double),
        *columns,
        sa.Column("geometry", PostgisGeometry() if with_postgis else sa.LargeBinary(), nullable=False),
    )
    is_open = sa.text("last_seq IS NULL")
    op.create_index(
        f"uq_{name}_open", name, ["record_key"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    if with_postgis:
        op.create_index(f"gist_{name}_geometry", name, ["geometry"], postgresql_using="gist")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE VIEW current_{layer} AS SELECT r.* FROM {name} r JOIN current c ON c.name = '{layer}' "  # noqa: S608
            "AND r.first_seq <= c.seq AND (r.last_seq IS NULL OR r.last_seq >= c.seq)"
        )
