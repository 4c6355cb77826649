"""GeoPackage: looked through as a plain SQLite file first, then one table of it read by the restricted GDAL.

A database is also a program: views, generated columns and virtual tables run SQL functions and modules when they are
read. Only plain tables are.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from geo.errors import InputError
from geo.layers.base import Layer
from geo.reading.source import Source
from geo.reading.table import RawTable
from geo.reading.vector import read_gdal_chunks

__all__ = ["read_geopackage_chunks"]

# comments, quoted names, words and all else: names may hold what looks like a comment or a keyword
_TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)|--[^\n]*|"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|[^\s\w]""", re.DOTALL
)
# tables that readers look into by themselves, whichever table is asked for
_BOOKKEEPING = re.compile(r"(?:gpkg|rtree|sqlite|ogr)_.*", re.IGNORECASE | re.DOTALL)
_HARMLESS_MODULES = {"rtree", "fts3", "fts4", "fts5"}
_GENERATED = {2, 3}


def read_geopackage_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of a GeoPackage's only feature table, or of the one that has the layer's name.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0

    Yields
    ------
    RawTable, at least one

    Raises
    ------
    InputError
        Damaged, without a feature table, with several, or with parts that run code.
    """
    content = _without_log(source.content)
    table = _choose_table(source, layer, content)
    return read_gdal_chunks(source, layer, rows_per_chunk, content, table)


def _without_log(content: bytes) -> bytes:
    # A database that was last written with a write-ahead log says so in its header, and an in-memory copy of it cannot
    # be opened; its log was checked to be empty.
    return content[:18] + b"\x01\x01" + content[20:]


def _choose_table(source: Source, layer: Layer, content: bytes) -> str:
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(content)
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            database.execute("PRAGMA trusted_schema = OFF")
            _check_schema(source, database)
            rows = database.execute(
                "SELECT contents.table_name, objects.type FROM gpkg_contents AS contents "
                "LEFT JOIN sqlite_master AS objects ON objects.name = contents.table_name "
                "WHERE contents.data_type = 'features' ORDER BY contents.table_name"
            ).fetchall()
            tables = [str(name) for name, kind in rows if kind == "table"]
            table = _only_table(source, layer, tables, {str(name) for name, kind in rows} - set(tables))
            computed = [
                row[1]
                for row in database.execute("SELECT * FROM pragma_table_xinfo(?)", (table,))
                if row[6] in _GENERATED
            ]
            _check_pages(source, database, table)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # the second where even SQLite's message about a damaged name is no text
        message = f"{source.name}: is damaged, or no GeoPackage ({error}); copy or export it again."
        raise InputError(message) from error
    if computed:
        message = (
            f"{source.name}: columns of {table!r} are computed when read ({', '.join(map(str, computed))}), which is "
            "not allowed from outside; export the table with plain columns."
        )
        raise InputError(message)
    return table


def _check_pages(source: Source, database: sqlite3.Connection, table: str) -> None:
    """Refuse a table with a damaged page: GDAL reads the rows before it and says nothing of those behind."""
    # they are expressions out of the file, and no damage
    database.execute("PRAGMA ignore_check_constraints = ON")
    quoted = table.replace('"', '""')
    (said,) = database.execute(f'PRAGMA quick_check("{quoted}")').fetchone()
    if said != "ok":
        # the first line names the table, those below it the pages
        message = f"{source.name}: table {table!r} is damaged, so that rows may be lost; copy or export it again."
        raise InputError(message)


def _check_schema(source: Source, database: sqlite3.Connection) -> None:
    objects = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    modules = {module for *_, statement in objects if (module := _find_module(statement))}
    if unknown := modules - _HARMLESS_MODULES:
        message = (
            f"{source.name}: holds virtual tables ({', '.join(sorted(unknown))}), which can open other files; "
            "export the table to a new GeoPackage."
        )
        raise InputError(message)
    if views := sorted(name for kind, name, _ in objects if kind == "view" and _BOOKKEEPING.fullmatch(name)):
        message = (
            f"{source.name}: has views in place of the format's own tables ({', '.join(views)}), which run code; "
            "export the table to a new GeoPackage."
        )
        raise InputError(message)


def _find_module(statement: str) -> str:
    """Module of a virtual table in lower case; empty for whatever else a statement creates."""
    tokens = [token for token in _TOKEN.findall(statement) if not token.startswith(("--", "/*"))]
    words = [token.upper() for token in tokens]
    if words[:3] != ["CREATE", "VIRTUAL", "TABLE"]:
        return ""
    after = words.index("USING") + 1 if "USING" in words else len(words)
    return tokens[after].strip("\"'`[]").lower() if after < len(tokens) else "unnamed"


def _only_table(source: Source, layer: Layer, tables: list[str], views: set[str]) -> str:
    if layer.name in tables:
        return layer.name
    if len(tables) == 1:
        return tables[0]
    if tables:
        what = f"holds {len(tables)} tables ({', '.join(tables)}); name the right one {layer.name!r}"
    elif views:
        what = f"holds views only ({', '.join(sorted(views))}), which run code; export the rows as a plain table"
    else:
        what = "holds no table with places; export one as a feature table"
    message = f"{source.name}: {what}, or export it to a file of its own."
    raise InputError(message)
