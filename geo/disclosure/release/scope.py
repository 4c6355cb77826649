"""What a link shows of a release: some of its rows, or rows added up; never anything that the release does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from geo.disclosure.release.rows import (
    ALL_SECTORS,
    BASE_M,
    LAYERS,
    Release,
    ReleaseCell,
    ReleaseRow,
    list_areas,
    parse_cell_id,
)
from geo.errors import ParameterError

__all__ = ["Scope", "check_scope", "select_rows", "snap_area"]


@dataclass(frozen=True)
class Scope:
    """A part of a release.

    Attributes
    ----------
    area : tuple of cell ids, as `snap_area` gives them; None for the whole release
    sectors : codes, ``all`` among them for the rows of all sectors; None for every one
    layers : names
    finest_m : int, m, 1000 times a power of two; finer rows are added up into squares of this side
    """

    area: tuple[str, ...] | None = None
    sectors: tuple[str, ...] | None = None
    layers: tuple[str, ...] = LAYERS
    finest_m: int = BASE_M

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; ``Scope.from_dict`` reads it."""
        return {
            "area": None if self.area is None else list(self.area),
            "sectors": None if self.sectors is None else list(self.sectors),
            "layers": list(self.layers),
            "finest_m": self.finest_m,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Scope:
        """The scope that `to_dict` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
        """
        area, sectors = document["area"], document["sectors"]
        return cls(
            None if area is None else tuple(map(str, area)),
            None if sectors is None else tuple(map(str, sectors)),
            tuple(map(str, document["layers"])),
            int(document["finest_m"]),
        )


def check_scope(release: Release, scope: Scope) -> None:
    """Say what a scope asks for that the release does not have.

    Raises
    ------
    ParameterError
        All failures at once.
    """
    failures = []
    unknown = [] if scope.area is None else [cell for cell in scope.area if cell not in release.cells]
    if unknown:
        failures.append(f"area: {len(unknown)} cell(s) are not of this release, such as {unknown[0][:60]!r}")
    if scope.area == ():
        failures.append("area: it holds no cell")
    sectors = {row.sector for row in release.rows} | {ALL_SECTORS}
    strange = [] if scope.sectors is None else [code for code in scope.sectors if code not in sectors]
    if strange or scope.sectors == ():
        failures.append(f"sectors: {', '.join(map(repr, strange)) or 'none'} of {', '.join(sorted(sectors))}")
    others = [name for name in scope.layers if name not in LAYERS]
    if others or not scope.layers:
        failures.append(f"layers: {', '.join(map(repr, others)) or 'none'} of {', '.join(LAYERS)}")
    times, rest = divmod(scope.finest_m, BASE_M)
    if times < 1 or rest or times & (times - 1):
        failures.append(f"finest_m: {scope.finest_m} is not {BASE_M} m times a power of two")
    elif scope.finest_m < release.finest_m:
        failures.append(f"finest_m: circle {release.circle} gets cells of {release.finest_m} m or more")
    if failures:
        message = f"Release {release.release_id} cannot be shared so: {'; '.join(failures)}."
        raise ParameterError(message)


def snap_area(release: Release, polygon: shapely.Geometry) -> tuple[str, ...]:
    """Cells of which a row tells something of a drawn area: more than it rather than less.

    Parameters
    ----------
    release : Release
    polygon : Geometry, EPSG:3006

    Returns
    -------
    tuple of cell ids, sorted

    Raises
    ------
    ParameterError
        The polygon is empty or broken, or touches no cell.
    """
    if polygon.is_empty or not polygon.is_valid:
        message = "The area drawn is empty or crosses itself; draw it anew."
        raise ParameterError(message)
    areas = list_areas(release)
    keys, shapes = list(areas), list(areas.values())
    shapely.prepare(polygon)
    touched = shapely.intersects(polygon, shapes) if shapes else []
    found = sorted({key[2] for key, is_touched in zip(keys, touched, strict=True) if is_touched})
    if not found:
        message = "The area drawn touches no cell of the release; draw it where there are cells."
        raise ParameterError(message)
    return tuple(found)


def select_rows(release: Release, scope: Scope) -> tuple[ReleaseRow, ...]:
    """The rows of a scope; finer ones are added up from what is published, never counted anew.

    An area is taken in whole squares of ``finest_m``.

    A sum counts an employer in each of the cells added that it has a site in. Its class is the mean of theirs, weighted
    by employers and rounded. A sum covers what is published within its square, which may be less than the square.

    Returns
    -------
    tuple of ReleaseRow, ordered by layer, sector, size, northing and easting

    Raises
    ------
    ParameterError
        The scope asks for what the release does not have.
    """
    check_scope(release, scope)
    # whole squares: of one that is added up, no part is shown by itself
    squares = None if scope.area is None else {parse_cell_id(cell).cover(scope.finest_m) for cell in scope.area}
    together: dict[tuple[str, str, ReleaseCell], list[ReleaseRow]] = {}
    for row in release.rows:
        is_asked = row.layer in scope.layers and (scope.sectors is None or row.sector in scope.sectors)
        square = row.cell.cover(scope.finest_m)
        if is_asked and (squares is None or square in squares):
            together.setdefault((row.layer, row.sector, square), []).append(row)
    found = [_add(layer, sector, cell, rows) for (layer, sector, cell), rows in together.items()]
    return tuple(sorted(found, key=lambda row: (LAYERS.index(row.layer), row.sector, row.cell)))


def _add(layer: str, sector: str, cell: ReleaseCell, rows: list[ReleaseRow]) -> ReleaseRow:
    if len(rows) == 1 and rows[0].cell == cell:
        return rows[0]
    classes = [(row.score_class, row.n_employers) for row in rows if row.score_class is not None]
    weight = sum(n for _, n in classes)
    # half goes up, as at school
    klass = (2 * sum(code * n for code, n in classes) + weight) // (2 * weight) if weight else None
    return ReleaseRow(cell, sector, layer, sum(row.n_employers for row in rows), klass)
