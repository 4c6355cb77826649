"""Geometry columns: well-known binary on SQLite, PostGIS geometry on PostgreSQL where the extension is there."""

from __future__ import annotations

from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import TypeDecorator, UserDefinedType

from geo.crs import SWEREF99_TM_EPSG

__all__ = ["Geometry", "PostgisGeometry"]


class PostgisGeometry(UserDefinedType[Any]):
    """A PostGIS column of any shape in EPSG:3006; QGIS finds it by itself."""

    cache_ok = True

    def __init__(self, *_: Any) -> None:
        """Nothing is kept of what a schema that is read back says of shape and reference system."""

    def get_col_spec(self, **_: Any) -> str:
        """The column's type as PostGIS writes it."""
        return f"geometry(Geometry,{SWEREF99_TM_EPSG})"


# so that a schema that is read back is recognised
ischema_names["geometry"] = PostgisGeometry


class Geometry(TypeDecorator[Any]):
    """A shapely geometry in EPSG:3006."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """PostGIS geometry on PostgreSQL, bytes elsewhere."""
        return dialect.type_descriptor(PostgisGeometry() if dialect.name == "postgresql" else sa.LargeBinary())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Well-known binary; as hexadecimal digits that carry the reference system for PostgreSQL."""
        if value is None or dialect.name != "postgresql":
            return None if value is None else shapely.to_wkb(value)
        return shapely.to_wkb(shapely.set_srid(value, SWEREF99_TM_EPSG), hex=True, include_srid=True)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002  SQLAlchemy's signature
        """A geometry from bytes, or from the hexadecimal digits that PostGIS answers with."""
        return None if value is None else shapely.from_wkb(value)
