"""What stands in an exported file: one line for each thing to know of it, and one for each of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from types import MappingProxyType
from typing import Any

import pandera.pandas as pa

from geo.layers.base import Layer
from geo.reading.exports import AS_IT_IS, ESCAPED, EXPORT_MARK
from geo.reading.records import can_make_ids
from geo.store.files import Provenance, StoredImport

__all__ = ["FIELDS", "UNITS", "Entry", "describe_columns", "describe_sources", "say_sources"]

# column to its unit, for every column of numbers
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "employees": "employees",
        "workplaces": "workplaces",
        "beds": "beds",
        "workforce": "workers",
        "population": "inhabitants",
        "spread_m": "m",
        "extent_m": "m",
        "speed_kmh": "km/h",
    }
)
_KINDS = {"datetime": "date (YYYY-MM-DD)", "float": "number", "bool": "true or false"}
_METRES = {
    "easting": "Easting of the place, SWEREF 99 TM (EPSG:3006)",
    "northing": "Northing of the place, SWEREF 99 TM (EPSG:3006)",
}


@dataclass(frozen=True)
class Entry:
    """A line of a dictionary.

    Attributes
    ----------
    entry : str, name of a column, or of something to know of the file
    kind : str, what the column holds; ``about`` for what is to know of the file
    unit : str, empty where there is none
    meaning : str
    codes : str, values that are allowed, parted by blanks; empty where any are
    where_missing : str, what an empty cell is taken for when the file is read
    """

    entry: str
    kind: str
    unit: str = ""
    meaning: str = ""
    codes: str = ""
    where_missing: str = ""

    def cells(self) -> tuple[str, ...]:
        """The line's cells, in the order of `FIELDS`."""
        return astuple(self)


FIELDS = tuple(each.name for each in fields(Entry))


def describe_columns(layer: Layer, places: Iterable[str], mark: str) -> tuple[Entry, ...]:
    """A line for each column of a file.

    Parameters
    ----------
    layer : Layer
    places : columns that say where the rows are: ``geometry``, or ``easting`` and ``northing``
    mark : value of the column by which the file is recognised

    Returns
    -------
    tuple of Entry, in the order of the file's columns
    """
    shapes = " or ".join(sorted(layer.geometry_types))
    geometry = Entry("geometry", shapes, "m", "The place, SWEREF 99 TM (EPSG:3006)", where_missing="refused")
    return (
        *(_describe(layer, name, column) for name, column in layer.schema.columns.items()),
        Entry(EXPORT_MARK, "text", "", _say_mark(mark), mark, "text is taken as it stands"),
        *(
            geometry if name == "geometry" else Entry(name, "number", "m", _METRES[name], where_missing="refused")
            for name in places
        ),
    )


def describe_sources(imports: Iterable[StoredImport]) -> tuple[Entry, ...]:
    """A line for each source that rows may come from, with its licence and legal basis."""
    lines = []
    for one in imports:
        source = one.provenance
        parts = {
            "SHA-256": source.source_sha256,
            "licence": source.licence or "not stated",
            "legal basis": source.legal_basis or "not stated",
            "may be kept until": source.retain_until,
            "note": source.note,
        }
        told = "; ".join(f"{name} {value}" for name, value in parts.items() if value)
        lines.append(Entry("source", "about", "", f"{source.source_name}; {told}"))
    return tuple(dict.fromkeys(lines))


def say_sources(provenances: Iterable[Provenance]) -> str:
    """Attribution: the sources and their licences in one sentence."""
    named = (f"{one.source_name} ({one.licence or 'no licence stated'})" for one in provenances)
    return f"Source: {', '.join(dict.fromkeys(named))}; compiled with Norrsyn."


def _describe(layer: Layer, name: str, column: pa.Column) -> Entry:
    kind = next((kind for start, kind in _KINDS.items() if str(column.dtype).startswith(start)), "text")
    codes = next(filter(None, map(_list_codes, column.checks)), ())
    return Entry(
        name,
        kind,
        UNITS[name] if kind == "number" else "",
        str(column.description),
        " ".join(map(str, codes)),
        _say_missing(layer, name, column),
    )


def _list_codes(check: pa.Check) -> tuple[str, ...]:
    return tuple((check.statistics or {}).get("allowed_values", ()))


def _say_missing(layer: Layer, name: str, column: pa.Column) -> str:
    if column.default is not None:
        default: Any = column.default
        return f"{default:g}" if isinstance(default, float) else str(default).lower() if default is False else default
    if column.required and not column.nullable:
        # of a column that is there, no cell may be empty; ids are made for files that have no such column
        made = name == layer.id_columns[0] and can_make_ids(layer)
        return "refused; made from the row where the whole column is missing" if made else "refused"
    return "left empty"


def _say_mark(mark: str) -> str:
    told = {
        ESCAPED: "an apostrophe was put in front of text that a spreadsheet would run, and is taken off again",
        AS_IT_IS: "text stands as it is in the layer",
    }
    return f"By this column Norrsyn recognises its own file: {told[mark]}"
