"""Somebody outside who holds every row and eliminates in fractions, place by place; slow, and all by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

from geo.disclosure.release.audit import Shown
from geo.disclosure.release.sites import CIRCLES, Sites

# km north, km east, sector, circle
Atom = tuple[int, int, str, str]


def list_atoms(sites: Sites, layer: int) -> list[Atom]:
    """Of each record, in their order."""
    return [
        (int(sites.northing[i]), int(sites.easting[i]), sites.sectors[sites.sector[i]], CIRCLES[sites.circle[i]])
        for i in range(len(sites))
        if sites.layer[i] == layer
    ]


def in_square(atom: Atom, size: int, north: int, east: int) -> bool:
    return north <= atom[0] < north + size and east <= atom[1] < east + size


def list_rows(shown: Shown, layer: str, atoms: set[Atom]) -> list[set[Atom]]:
    """What each row is the sum of: its square's atoms less those of the finer squares of its sector and layer."""
    visible = CIRCLES[: CIRCLES.index(shown.circle) + 1]
    rows = []
    for name, sector, cell in shown.keys:
        # what an earlier release said is among its rows, as the square was then
        if name != layer or (name, sector, cell) in shown.repeated:
            continue
        inside = {
            atom
            for atom in atoms
            if in_square(atom, cell.size_m // 1000, cell.northing // 1000, cell.easting // 1000)
            and atom[3] in visible
            and sector in {"all", atom[2]}
        }
        for other_name, other_sector, other in shown.keys:
            if (other_name, other_sector) == (name, sector) and other.size_m < cell.size_m:
                inside -= {
                    atom
                    for atom in inside
                    if in_square(atom, other.size_m // 1000, other.northing // 1000, other.easting // 1000)
                }
        rows.append(inside)
    return rows


def is_unsafe(sites: Sites, layer: int, group: set[Atom], k: int, max_share: float) -> bool:
    """Whether a group has records, and few employers or one or two with nearly all of it."""
    here = [i for i in range(len(sites)) if sites.layer[i] == layer]
    count: dict[int, int] = {}
    size: dict[int, float] = {}
    for i, atom in zip(here, list_atoms(sites, layer), strict=True):
        if atom in group:
            whose = int(sites.employer[i])
            count[whose] = count.get(whose, 0) + 1
            size[whose] = size.get(whose, 0.0) + float(sites.size[i])
    if not count:
        return False
    return len(count) < k or any(
        sum(sorted(measure.values())[-2:]) > max_share * sum(measure.values()) + 1e-9 for measure in (count, size)
    )


class Eliminated:
    """Rows in echelon form, in fractions."""

    def __init__(self, rows: Sequence[set[Atom]], atoms: Sequence[Atom]) -> None:
        self.atoms = atoms
        self.pivots: list[tuple[int, list[Fraction]]] = []
        for row in rows:
            left = self.reduce(row)
            at = next((k for k, value in enumerate(left) if value), None)
            if at is not None:
                self.pivots.append((at, [value / left[at] for value in left]))

    def reduce(self, group: set[Atom]) -> list[Fraction]:
        left = [Fraction(int(atom in group)) for atom in self.atoms]
        for at, pivot in self.pivots:
            if left[at]:
                factor = left[at]
                left = [a - factor * b for a, b in zip(left, pivot, strict=True)]
        return left

    def __contains__(self, group: set[Atom]) -> bool:
        return not any(self.reduce(group))


def list_groups(atoms: set[Atom], new: list[set[Atom]], old: list[set[Atom]]) -> Iterator[frozenset[Atom]]:
    """Every square of every size by sector or in all and by circles; what two rows differ in or share; rows."""
    circles = sorted({atom[3] for atom in atoms})
    sectors = sorted({atom[2] for atom in atoms})
    squares = {(size, a[0] // size * size, a[1] // size * size) for a in atoms for size in (1, 2, 4, 8, 16, 1024)}
    for square in squares:
        inside = {atom for atom in atoms if in_square(atom, *square)}
        for n in range(1, len(circles) + 1):
            for some in combinations(circles, n):
                for sector in (None, *sectors):
                    yield frozenset(a for a in inside if a[3] in some and sector in {None, a[2]})
    for at, row in enumerate(new):
        yield frozenset(row)
        for other in (*new[at + 1 :], *old):
            yield from (frozenset(row - other), frozenset(other - row), frozenset(row & other))


def find_derivable(
    sites: Sites, new: Shown, earlier: Sequence[Shown], k: int, max_share: float, past: Sequence[Sites] = ()
) -> dict[str, set[frozenset[Atom]]]:
    """By layer, groups that may not be told of and follow from all rows, and not from the earlier ones alone."""
    found = {}
    for at, layer in enumerate(("workplaces", "accommodation")):
        atoms = {atom for one in (sites, *past) for atom in list_atoms(one, at)}
        rows = list_rows(new, layer, atoms)
        old = [row for one in earlier for row in list_rows(one, layer, atoms)]
        ordered = sorted(atoms)
        both, before = Eliminated([*old, *rows], ordered), Eliminated(old, ordered)
        found[layer] = {
            group
            for group in set(list_groups(atoms, rows, old))
            if any(is_unsafe(one, at, set(group), k, max_share) for one in (sites, *past))
            and set(group) in both
            and set(group) not in before
        }
    return found


def find_any_shape(
    sites: Sites, new: Shown, earlier: Sequence[Shown], k: int, max_share: float, past: Sequence[Sites] = ()
) -> set[frozenset[Atom]]:
    """Workplaces' groups of any shape that may not be told of and follow, and not from the earlier rows alone.

    Whatever follows is told by its value in the columns that elimination pivots on: all choices of those are tried.
    """
    atoms = sorted({atom for one in (sites, *past) for atom in list_atoms(one, 0)})
    rows = list_rows(new, "workplaces", set(atoms))
    old = [row for one in earlier for row in list_rows(one, "workplaces", set(atoms))]
    # atoms that the same rows count are one column
    columns: dict[tuple[bool, ...], set[Atom]] = {}
    for atom in atoms:
        columns.setdefault(tuple(atom in row for row in (*old, *rows)), set()).add(atom)
    named = {min(some): some for signature, some in columns.items() if any(signature)}
    both, before = (Eliminated([row & set(named) for row in some], sorted(named)) for some in ([*old, *rows], old))
    found = set()
    for chosen in product((0, 1), repeat=len(both.pivots)):
        total = [Fraction(0)] * len(named)
        # later pivots are 0 in the columns of those before them, not the other way round
        for (at, pivot), wanted in zip(both.pivots, chosen, strict=True):
            factor = wanted - total[at]
            total = [a + factor * b for a, b in zip(total, pivot, strict=True)]
        if set(total) <= {0, 1}:
            some = {atom for atom, value in zip(sorted(named), total, strict=True) if value}
            group = frozenset(atom for name in some for atom in named[name])
            if any(is_unsafe(one, 0, set(group), k, max_share) for one in (sites, *past)) and some not in before:
                found.add(group)
    return found
