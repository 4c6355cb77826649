"""What is published, and where it lies: all that the attacker has.

A published square is the square less the finer squares of the same release, layer and sector within it. Places are told
apart only where some row tells them apart: a *part* is all that the same rows count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

FINEST_M = 1000
LARGEST_M = FINEST_M * 2**12
ALL = "all"
# circle to those whose records it sees, as docs/accounts.md and the law have it
SEES: Mapping[str, tuple[str, ...]] = {
    "joint-inspection": ("joint-inspection", "municipality", "public"),
    "municipality": ("municipality", "public"),
    "public": ("public",),
}

# side and lower left corner, m
Square = tuple[int, int, int]
Place = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """A published number: of a square, a sector and a layer, in one release."""

    release: int
    layer: str
    sector: str
    square: Square
    n: int
    score_class: int | None = None

    @property
    def key(self) -> tuple[str, str, Square]:
        return self.layer, self.sector, self.square


@dataclass(frozen=True)
class Published:
    """A release: the circle it was made for, and its rows."""

    circle: str
    rows: tuple[Row, ...]

    @cached_property
    def squares(self) -> Mapping[tuple[str, str], frozenset[Square]]:
        """Layer and sector to squares."""
        found = defaultdict(set)
        for row in self.rows:
            found[row.layer, row.sector].add(row.square)
        return {key: frozenset(squares) for key, squares in found.items()}

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str, Square], Row]:
        return {row.key: row for row in self.rows}

    def find_square(self, layer: str, sector: str, place: Place) -> Square | None:
        """The square that a place is counted in: the smallest there is."""
        squares = self.squares.get((layer, sector))
        if squares is None:
            return None
        return next((square for square in squares_over(place) if square in squares), None)

    def list_finer(self, row: Row) -> frozenset[Square]:
        """Squares that are taken out of a row's own."""
        return frozenset(other for other in self.squares[row.layer, row.sector] if lies_within(other, row.square))


# a smallest square that rows tell apart, of one layer, sector and circle of the records: layer, sector, circle, square
Atom = tuple[str, str, str, Square]


def squares_over(place: Place) -> Iterator[Square]:
    """Squares that hold a place, the smallest first."""
    size = FINEST_M
    while size <= LARGEST_M:
        yield size, place[0] // size * size, place[1] // size * size
        size *= 2


def lies_within(inner: Square, outer: Square) -> bool:
    """Whether a square is smaller than another and lies in it."""
    size = outer[0]
    return inner[0] < size and (inner[1] // size * size, inner[2] // size * size) == outer[1:]


def read_rows(number: int, circle: str, rows: Iterable[object]) -> Published:
    """A release as whoever has a link to all of it sees it."""
    return Published(
        circle,
        tuple(
            Row(
                number,
                row.layer,  # type: ignore[attr-defined]
                row.sector,  # type: ignore[attr-defined]
                (row.cell.size_m, row.cell.easting, row.cell.northing),  # type: ignore[attr-defined]
                row.n_employers,  # type: ignore[attr-defined]
                row.score_class,  # type: ignore[attr-defined]
            )
            for row in rows
        ),
    )


def list_leaves(squares: Iterable[Square]) -> list[Square]:
    """Smallest squares that any of these tells apart: each treats all of a leaf alike."""
    wanted = set(squares)
    divided: set[Square] = set()
    for size, easting, northing in wanted:
        divided.update(square for square in squares_over((easting, northing)) if square[0] > size)
    leaves = {square for square in wanted if square not in divided}
    for size, easting, northing in divided:
        half = size // 2
        for corner in ((easting, northing), (easting + half, northing), (easting, northing + half)):
            leaves.add((half, *corner))
        leaves.add((half, easting + half, northing + half))
    return sorted(leaf for leaf in leaves if leaf not in divided)


def find_parts(releases: Sequence[Published], sectors: Sequence[str]) -> dict[frozenset[int], list[Atom]]:
    """What the same rows count, by those rows, which are numbered through all releases."""
    numbers = {(row.release, row.key): place for place, row in enumerate(list_rows(releases))}
    parts: dict[frozenset[int], list[Atom]] = defaultdict(list)
    for layer in sorted({row.layer for row in list_rows(releases)}):
        leaves = list_leaves(row.square for row in list_rows(releases) if row.layer == layer)
        for sector in sectors if layer == "workplaces" else [ALL]:
            for leaf in leaves:
                for circle, found in _find_rows(releases, numbers, layer, sector, leaf).items():
                    if found:
                        parts[found].append((layer, sector, circle, leaf))
    return dict(parts)


def _find_rows(
    releases: Sequence[Published],
    numbers: Mapping[tuple[int, tuple[str, str, Square]], int],
    layer: str,
    sector: str,
    leaf: Square,
) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {circle: set() for circle in SEES}
    for release in releases:
        for asked in {sector, ALL}:
            # no published square is smaller than the leaf within it
            square = release.find_square(layer, asked, leaf[1:])
            if square is None or square[0] < leaf[0]:
                continue
            for circle in SEES[release.circle]:
                found[circle].add(numbers[release.rows[0].release, (layer, asked, square)])
    return {circle: frozenset(rows) for circle, rows in found.items()}


def list_rows(releases: Sequence[Published]) -> list[Row]:
    """Rows of all releases, in their order."""
    return [row for release in releases for row in release.rows]
