"""A release as a value: rows that may be shared, the squares they tell of, and what was left out, in counts only.

A row tells of its square *less the finer squares of the same sector and layer in the release*: `list_areas` gives that
area. Rows of one sector and layer never overlap.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

import shapely

from geo.errors import ParameterError

__all__ = [
    "ALL_SECTORS",
    "BASE_M",
    "LAYERS",
    "Release",
    "ReleaseCell",
    "ReleaseRow",
    "Withheld",
    "digest_rows",
    "list_areas",
    "parse_cell_id",
    "read_release",
    "write_release",
]

ALL_SECTORS = "all"
LAYERS = ("workplaces", "accommodation")
# side of the smallest square of any release, m; every other is it times a power of two
BASE_M = 1_000
_CELL_ID = re.compile(r"RES(?P<size>[1-9]\d{3,7})mN(?P<northing>-?\d{1,8})E(?P<easting>-?\d{1,8})", re.ASCII)


@dataclass(frozen=True, order=True)
class ReleaseCell:
    """A square of the SWEREF 99 TM grid (EPSG:3006), whose corners are multiples of its side.

    Attributes
    ----------
    size_m : int, m, 1000 times a power of two
    northing, easting : int, m, lower left corner
    """

    size_m: int
    northing: int
    easting: int

    @property
    def cell_id(self) -> str:
        """Its name, as INSPIRE writes it, without the reference system."""
        return f"RES{self.size_m}mN{self.northing}E{self.easting}"

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """``(x_min, y_min, x_max, y_max)``, m."""
        return self.easting, self.northing, self.easting + self.size_m, self.northing + self.size_m

    def cover(self, size_m: int) -> ReleaseCell:
        """The square of another size that it lies in, or itself where it is as large or larger."""
        if size_m <= self.size_m:
            return self
        return ReleaseCell(size_m, self.northing // size_m * size_m, self.easting // size_m * size_m)


def parse_cell_id(cell_id: str) -> ReleaseCell:
    """The square of a name.

    Raises
    ------
    ParameterError
        The text is no name of such a square.
    """
    match = _CELL_ID.fullmatch(cell_id)
    if match is not None:
        size, northing, easting = (int(match[name]) for name in ("size", "northing", "easting"))
        times, rest = divmod(size, BASE_M)
        if not rest and not times & (times - 1) and not northing % size and not easting % size:
            return ReleaseCell(size, northing, easting)
    message = f"{cell_id[:60]!r} is no cell of a release; one looks like 'RES4000mN7072000E756000'."
    raise ParameterError(message)


@dataclass(frozen=True)
class ReleaseRow:
    """What is shared of a square, a sector and a layer.

    Attributes
    ----------
    cell : ReleaseCell
    sector : str, code of ``sectors``, or ``all``; always ``all`` for accommodation, which belongs to no sector
    layer : str, ``workplaces`` or ``accommodation``
    n_employers : int, distinct employers of the row's area with cell-key noise, never below ``min_firms``
    score_class : int, 1 to 5, code of ``score_classes``; None where there is none, and on every row but those of all
        workplaces
    """

    cell: ReleaseCell
    sector: str
    layer: str
    n_employers: int
    score_class: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Layer, sector and cell id."""
        return self.layer, self.sector, self.cell.cell_id


@dataclass(frozen=True)
class Withheld:
    """What a release does not tell, in counts, for coordinators; never for recipients.

    Attributes
    ----------
    n_employers : layer to distinct employers that the circle may see
    n_in_no_cell : layer to those of them that no row of all sectors counts
    refused : layer to reason to squares that are no rows of their own: ``too_few`` employers, ``dominance`` by one or
        two, ``audit`` (others would follow from them), ``earlier`` (they were none before, and fewer than ``min_firms``
        employers changed). What they hold is counted in a larger one, where there is one.
    n_kept : rows that keep the value of an earlier release, since fewer than ``min_firms`` employers changed
    """

    n_employers: Mapping[str, int] = field(default_factory=dict)
    n_in_no_cell: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    n_kept: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "n_employers": dict(self.n_employers),
            "n_in_no_cell": dict(self.n_in_no_cell),
            "refused": {layer: dict(counts) for layer, counts in self.refused.items()},
            "n_kept": self.n_kept,
        }


@dataclass(frozen=True, eq=False)
class Release:
    """An immutable set of rows that were audited together, made of one surface for one circle.

    Attributes
    ----------
    release_id : str, 16 hexadecimal digits, from circle, surface, time of making and rows
    circle : str, sharing circle whose records were counted
    surface_id : str, the surface that was published then
    scored_for : date, the surface's day
    data_from : str, ISO 8601 in UTC, when the newest of the layers counted came in; empty where that is not known
    made_at, expires_at : datetime, UTC
    finest_m : int, m, side of the smallest square that may be a row
    rows : tuple of ReleaseRow, ordered by layer, sector, size, northing and easting
    withheld : Withheld
    manifest : JSON-able: parameters, model, hashes of the layers, digest of the rows
    """

    release_id: str
    circle: str
    surface_id: str
    scored_for: date
    data_from: str
    made_at: datetime
    expires_at: datetime
    finest_m: int
    rows: tuple[ReleaseRow, ...]
    withheld: Withheld
    manifest: Mapping[str, Any]

    @cached_property
    def cells(self) -> Mapping[str, ReleaseCell]:
        """Cell id to square, of every row."""
        return MappingProxyType({row.cell.cell_id: row.cell for row in self.rows})

    @property
    def digest(self) -> str:
        """SHA-256 of the rows."""
        return digest_rows(self.rows)

    @property
    def is_synthetic(self) -> bool:
        """Whether any record behind it is made up for demonstration."""
        return bool(self.manifest.get("synthetic", False))


def digest_rows(rows: tuple[ReleaseRow, ...]) -> str:
    """SHA-256 of rows, whatever their order."""
    lines = sorted(f"{'|'.join(row.key)}|{row.n_employers}|{row.score_class or '-'}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def list_areas(release: Release) -> Mapping[tuple[str, str, str], shapely.Geometry]:
    """The area that each row tells of: its square less the finer ones of the same sector and layer.

    Returns
    -------
    mapping of row key to polygon or multipolygon, EPSG:3006; empty where finer squares fill the whole
    """
    groups: dict[tuple[str, str], list[ReleaseCell]] = {}
    for row in release.rows:
        groups.setdefault((row.layer, row.sector), []).append(row.cell)
    areas = {}
    for (layer, sector), cells in groups.items():
        inner = _find_finer(cells)
        for cell in cells:
            square = shapely.box(*cell.bounds)
            if inner[cell]:
                square = square.difference(shapely.unary_union([shapely.box(*each.bounds) for each in inner[cell]]))
            areas[layer, sector, cell.cell_id] = square
    return MappingProxyType(areas)


def _find_finer(cells: list[ReleaseCell]) -> dict[ReleaseCell, list[ReleaseCell]]:
    """Each square's largest squares within it: those that lie in no other one of them that is smaller than it."""
    there = set(cells)
    sizes = sorted({cell.size_m for cell in cells})
    inner: dict[ReleaseCell, list[ReleaseCell]] = {cell: [] for cell in cells}
    for cell in cells:
        # the next larger one alone: those beyond lose it with that one's whole square
        around = (cell.cover(size) for size in sizes if size > cell.size_m)
        outer = next((each for each in around if each in there), None)
        if outer is not None:
            inner[outer].append(cell)
    return inner


def write_release(release: Release) -> dict[str, Any]:
    """JSON-able; `read_release` reads it."""
    return {
        "release_id": release.release_id,
        "circle": release.circle,
        "surface_id": release.surface_id,
        "scored_for": release.scored_for.isoformat(),
        "data_from": release.data_from,
        "made_at": release.made_at.isoformat(),
        "expires_at": release.expires_at.isoformat(),
        "finest_m": release.finest_m,
        "rows": [[row.layer, row.sector, row.cell.cell_id, row.n_employers, row.score_class] for row in release.rows],
        "withheld": release.withheld.to_dict(),
        "manifest": dict(release.manifest),
    }


def read_release(document: Mapping[str, Any]) -> Release:
    """The release that `write_release` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        The document is no release.
    """
    return Release(
        release_id=str(document["release_id"]),
        circle=str(document["circle"]),
        surface_id=str(document["surface_id"]),
        scored_for=date.fromisoformat(document["scored_for"]),
        data_from=str(document["data_from"]),
        made_at=datetime.fromisoformat(document["made_at"]),
        expires_at=datetime.fromisoformat(document["expires_at"]),
        finest_m=int(document["finest_m"]),
        rows=tuple(
            ReleaseRow(parse_cell_id(cell), sector, layer, int(n), None if klass is None else int(klass))
            for layer, sector, cell, n, klass in document["rows"]
        ),
        withheld=Withheld(**document["withheld"]),
        manifest=MappingProxyType(dict(document["manifest"])),
    )
