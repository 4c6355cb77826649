"""What a link shows, as words and as a file: rows, the watermark, and what it is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from geo.disclosure.release.rows import ALL_SECTORS, ReleaseCell, ReleaseRow
from geo.reading.formulas import escape_formula
from geo.reference import municipality_names, score_classes
from geo.region import load_region
from maps.degrees import to_degrees
from maps.i18n import format_number, translate
from maps.pages.accounts import say_moment
from maps.pages.links import say_layer, say_sector, say_size

__all__ = [
    "CSV_COLUMNS",
    "SORTS",
    "SharedTable",
    "View",
    "find_views",
    "list_municipalities",
    "say_class",
    "say_middle",
    "say_municipalities",
    "say_row",
    "say_what_it_is_not",
    "sort_rows",
    "write_shared_csv",
    "write_watermark",
]

CSV_COLUMNS = ("cell_id", "size_m", "northing", "easting", "layer", "sector", "n_employers", "score_class")
# What the table can be sorted by; the first is how it begins.
SORTS = ("class", "employers", "place", "size", "layer", "sector")
# of a square that reaches over many
_MOST_NAMES = 3

View = tuple[str, str]


@dataclass(frozen=True)
class SharedTable:
    """What a page of a link shows, and for whom.

    Attributes
    ----------
    recipient, link_id, purpose, contact : str
    circle : str
    expires_at, at : float, s, when the link ends, and now
    rows : sequence of ReleaseRow, those of the link's scope and no others
    scored_for : date
    data_from : str, ISO 8601, when the newest of the data came in; empty where that is not known
    finest_m : int, m
    is_synthetic : bool
    keep_days : int, how long it is kept what the recipient did
    """

    recipient: str
    link_id: str
    purpose: str
    contact: str
    circle: str
    expires_at: float
    at: float
    rows: Sequence[ReleaseRow]
    scored_for: date
    data_from: str
    finest_m: int
    is_synthetic: bool
    keep_days: int


def find_views(rows: Sequence[ReleaseRow]) -> tuple[View, ...]:
    """Layer and sector of what can be drawn, one at a time: all sectors first, as rows are ordered besides."""
    found = dict.fromkeys((row.layer, row.sector) for row in rows)
    return tuple(sorted(found, key=lambda view: (view[1] != ALL_SECTORS, view[0] != "workplaces")))


def write_watermark(lang: str, table: SharedTable) -> str:
    """Who looks, when, and by which link: on every page and every print."""
    return translate(
        lang,
        "For {recipient} · {moment} · link {link}",
        recipient=table.recipient,
        moment=say_moment(lang, table.at),
        link=table.link_id,
    )


def say_row(lang: str, row: ReleaseRow) -> dict[str, Any]:
    """A row in words."""
    return {
        "cell": row.cell.cell_id,
        "size": say_size(lang, row.cell.size_m),
        "place": " · ".join(filter(None, [say_municipalities(lang, row.cell), say_middle(lang, row.cell)])),
        "layer": say_layer(lang, row.layer),
        "sector": say_sector(lang, row.sector),
        "n": row.n_employers,
        "class": say_class(lang, row.score_class),
        "code": row.score_class or 0,
    }


def say_class(lang: str, code: int | None) -> str:
    """Name of a class; empty for none."""
    return {int(one.code): translate(lang, one.name) for one in score_classes()}.get(code or 0, "")


def say_middle(lang: str, cell: ReleaseCell) -> str:
    """Where the middle of a square is, in degrees."""
    half = cell.size_m / 2
    lon, lat = to_degrees(cell.easting + half, cell.northing + half)
    return f"{format_number(lang, lat, 2)}°\N{NO-BREAK SPACE}N, {format_number(lang, lon, 2)}°\N{NO-BREAK SPACE}E"


def say_municipalities(lang: str, cell: ReleaseCell) -> str:
    """Names of the municipalities that a square lies in; of many, the first few and how many more."""
    names = list_municipalities(cell)
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return translate(lang, "{names} and {n} more", names=", ".join(names[:_MOST_NAMES]), n=len(names) - _MOST_NAMES)


@lru_cache(maxsize=8192)
def list_municipalities(cell: ReleaseCell) -> tuple[str, ...]:
    """Municipalities that a square lies in by borders that anybody can look up, the one with most of it first."""
    frame = load_region().municipalities
    square = shapely.box(*cell.bounds)
    touched = frame.sindex.query(square, predicate="intersects")
    if len(touched) > 1:
        parts = shapely.area(shapely.intersection(frame.geometry.to_numpy()[touched], square))
        touched = touched[np.lexsort((touched, -parts))]
    names, codes = municipality_names(), frame["municipality"].astype(str).to_numpy()
    return tuple(names.get(codes[at], codes[at]) for at in touched)


def sort_rows(lang: str, rows: Sequence[ReleaseRow], by: str = "") -> list[ReleaseRow]:
    """Rows in the order that is asked for, ``class`` or ``-class``: the highest class with most employers first."""
    name = by.removeprefix("-")
    keys: Mapping[str, Any] = {
        "class": lambda row: (-(row.score_class or 0), -row.n_employers),
        "employers": lambda row: -row.n_employers,
        "place": lambda row: list_municipalities(row.cell),
        "size": lambda row: -row.cell.size_m,
        "layer": lambda row: say_layer(lang, row.layer),
        "sector": lambda row: say_sector(lang, row.sector),
    }
    ordered = sorted(rows, key=keys[SORTS[0]])
    return sorted(ordered, key=keys.get(name, keys[SORTS[0]]), reverse=by.startswith("-"))


def write_shared_csv(lang: str, table: SharedTable) -> bytes:
    """Rows as CSV (UTF-8 with a mark); the first two lines say whom it is for and what it is not."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([escape_formula(write_watermark(lang, table))])
    writer.writerow([escape_formula(say_what_it_is_not(lang, table))])
    writer.writerow(CSV_COLUMNS)
    for row in table.rows:
        cell = row.cell
        where = (cell.cell_id, cell.size_m, cell.northing, cell.easting)
        writer.writerow([*where, row.layer, row.sector, row.n_employers, row.score_class or ""])
    return stream.getvalue().encode("utf-8-sig")


def say_what_it_is_not(lang: str, table: SharedTable) -> str:
    """In one sentence, for files."""
    said = translate(
        lang,
        "Places are ranked for inspections here. It is no finding about any firm or person, and a place that is not "
        "listed is not cleared.",
    )
    return f"{translate(lang, 'Synthetic data')}. {said}" if table.is_synthetic else said
