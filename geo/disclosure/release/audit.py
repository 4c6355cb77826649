"""What somebody outside can work out from a release and all that count beside it, of groups that may not be told of.

They know the squares, and so which places, sectors and circles each row is the sum of: a linear system. A group follows
from it exactly where its own row lies in the span of the rows. Groups are every square of every size, by sector or in
all, by circles whose records are in it; what two rows differ in or share; and what is left of a row of all sectors
where rows of sectors are taken from it.

This sees rows as recipients do, and knows nothing of how they were chosen. Places where no record is are left out, as
if everybody knew that nothing is there: more follows so than from the squares alone.

Source: Cox (1980), JASA 75, for sums that follow from others
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise, product

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.dominated_sums import find_dominated_sums
from geo.disclosure.release.labels import UNCOVERED, label_places
from geo.disclosure.release.rows import ALL_SECTORS, BASE_M, LAYERS, ReleaseCell
from geo.disclosure.release.safety import is_harmless
from geo.disclosure.release.sites import CIRCLES, Sites
from geo.disclosure.release.small_sums import SmallSum, find_small_sums
from geo.disclosure.release.span import Span
from geo.disclosure.tables.cells import Rule

__all__ = ["Leak", "RowKey", "Shown", "find_leaks"]

# side of the largest square that is looked at: the region lies in two of them
_LARGEST_M = BASE_M << 10
_REPEATED = -2
_WIDE = 1 << 24

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Group = frozenset[int]
RowKey = tuple[str, str, ReleaseCell]


@dataclass(frozen=True)
class Shown:
    """Rows that somebody may hold together, without their numbers.

    Attributes
    ----------
    circle : str, whose records they count
    keys : layer, sector and square of each row
    repeated : those of them whose number is that of an earlier release: it stands for what the square was then, which
        that release's own rows say
    """

    circle: str
    keys: tuple[RowKey, ...]
    repeated: frozenset[RowKey] = frozenset()


@dataclass(frozen=True)
class Leak:
    """A group that may not be told of, and follows.

    Attributes
    ----------
    layer : str
    n_employers : int, distinct employers in the group; 0 where it is not known whether one follows, and has to be taken
        for granted
    rows : positions in the new release of rows that it follows from; empty where it follows from earlier ones alone
    """

    layer: str
    n_employers: int
    rows: tuple[int, ...]


def find_leaks(
    sites: Sites, new: Shown, earlier: Sequence[Shown], rule: Rule, past: Sequence[Sites] = ()
) -> tuple[Leak, ...]:
    """Groups that may not be told of and follow from a release together with earlier ones, but not from those alone.

    Where some do, there may be more of them than are found.

    Parameters
    ----------
    sites : Sites of every circle, as they are now
    new : Shown
    earlier : Shown, of all circles
    rule : Rule
    past : Sites of earlier releases, of which nothing small may be told either

    Returns
    -------
    tuple of Leak, each group once
    """
    # releases that show the same rows, or were made of the same records, say nothing more together
    distinct = tuple(dict.fromkeys(earlier))
    different = {_identify(one): one for one in past}
    different.pop(_identify(sites), None)
    return tuple(
        leak
        for at, layer in enumerate(LAYERS)
        for leak in _Layer(layer, at, sites, (new, *distinct), tuple(different.values())).find_leaks(rule)
    )


def _identify(sites: Sites) -> str:
    columns = (sites.layer, sites.sector, sites.circle, sites.northing, sites.easting, sites.size, sites.employer)
    order = np.lexsort(columns)
    return hashlib.sha256(b"".join(column[order].tobytes() for column in columns)).hexdigest()


def _measure(sites: Sites, inside: Ints) -> tuple[float, ...]:
    """Employers; sites of the largest one, the largest two, and all; employees or beds of those."""
    employers, whose = np.unique(sites.employer[inside], return_inverse=True)
    measured = []
    for amounts in (np.bincount(whose), np.bincount(whose, sites.size[inside])):
        largest = np.sort(amounts)[-2:].astype(np.float64)
        measured += [float(largest.max(initial=0)), float(largest.sum()), float(amounts.sum())]
    return float(len(employers)), *measured


class _Layer:
    """The linear system of one layer; the first set of rows is the new one."""

    def __init__(self, layer: str, at: int, sites: Sites, shown: Sequence[Shown], past: Sequence[Sites]) -> None:
        self.layer, self.sites = layer, sites
        tables = [
            np.stack([one.northing, one.easting, one.sector, one.circle])[:, one.layer == at] for one in (sites, *past)
        ]
        atoms, which = np.unique(np.concatenate(tables, axis=1), axis=1, return_inverse=True)
        self.northing, self.easting, self.sector, self.circle = atoms
        self.row_numbers: list[tuple[int, int]] = []
        self.of_set: list[range] = []
        self.in_all: list[bool] = []
        self.family: list[tuple[int, str]] = []
        columns = [column for which_set, one in enumerate(shown) for column in self._label(which_set, one)]
        signature = np.stack(columns, axis=1) if columns else np.empty((len(self.sector), 0), dtype=np.int64)
        classes, self.class_of = np.unique(signature, axis=0, return_inverse=True)
        self.n_atoms = np.bincount(self.class_of, minlength=len(classes))
        self.is_covered = (classes != UNCOVERED).any(axis=1)
        members: list[list[int]] = [[] for _ in self.row_numbers]
        self.rows_of_class: list[list[int]] = []
        for number, labels in enumerate(classes.tolist()):
            self.rows_of_class.append([label for label in labels if label != UNCOVERED])
            for label in self.rows_of_class[-1]:
                members[label].append(number)
        self.rows = [np.array(one, dtype=np.int64) for one in members]
        self.sets = [frozenset(one) for one in members]
        # positions of each table's records, by class
        self.tables = [sites, *past]
        self.sites_of_class: list[list[Ints]] = []
        first = 0
        for table in self.tables:
            there = np.flatnonzero(table.layer == at)
            class_of_site = self.class_of[which[first : first + len(there)]]
            order = np.argsort(class_of_site, kind="stable")
            starts = np.searchsorted(class_of_site[order], np.arange(len(classes) + 1))
            self.sites_of_class.append([there[order[a:b]] for a, b in pairwise(starts.tolist())])
            first += len(there)

        self.states = self._number_states()
        pairs = zip(self.tables, self.sites_of_class, strict=True)
        self.measures = (
            np.array([[_measure(*one) for one in product([table], some)] for table, some in pairs])
            .reshape(len(self.tables), len(classes), 7)
            .transpose(0, 2, 1)
        )

    def _number_states(self) -> Ints:
        """A number for what each class holds in each table, equal where it is the same, (n_tables, n_classes)."""
        numbers: dict[bytes, int] = {}
        states = np.zeros((len(self.tables), len(self.n_atoms)), dtype=np.int64)
        for at, (table, classes) in enumerate(zip(self.tables, self.sites_of_class, strict=True)):
            for number, inside in enumerate(classes):
                order = np.lexsort((table.size[inside], table.employer[inside]))
                held = table.employer[inside][order].tobytes() + table.size[inside][order].tobytes()
                states[at, number] = numbers.setdefault(held, len(numbers))
        return states

    def _label(self, which_set: int, shown: Shown) -> Iterator[Ints]:
        """Which row of all sectors, and which of its own sector, each atom is counted in."""
        first = len(self.row_numbers)
        by_sector: dict[str, dict[ReleaseCell, int]] = {}
        for position, (layer, sector, cell) in enumerate(shown.keys):
            if layer == self.layer:
                if (layer, sector, cell) in shown.repeated:
                    # larger squares tell of what is around it, but it says nothing that is new
                    by_sector.setdefault(sector, {})[cell] = _REPEATED
                    continue
                by_sector.setdefault(sector, {})[cell] = len(self.row_numbers)
                self.row_numbers.append((which_set, position))
                self.in_all.append(sector == ALL_SECTORS)
                self.family.append((which_set, sector))
        self.of_set.append(range(first, len(self.row_numbers)))
        visible = self.circle <= CIRCLES.index(shown.circle)
        every = label_places(by_sector.pop(ALL_SECTORS, {}), self.northing, self.easting)
        yield np.where(visible, np.maximum(every, UNCOVERED), UNCOVERED)
        own = np.full(len(self.sector), UNCOVERED, dtype=np.int64)
        for sector, cells in by_sector.items():
            inside = visible & (self.sector == self.sites.sectors.index(sector))
            own[inside] = label_places(cells, self.northing[inside], self.easting[inside])
        yield np.maximum(own, UNCOVERED)

    def find_leaks(self, rule: Rule) -> Iterator[Leak]:
        """Unsafe groups that lie in the span of all rows and not in that of the earlier ones.

        Larger groups of any shape, which one or two may dominate, only where nothing else is found.
        """
        if not self.of_set[0]:
            return
        old = list(chain.from_iterable(self.of_set[1:]))
        span = Span(self.rows, len(self.n_atoms))
        earlier = Span([self.rows[number] for number in old], len(self.n_atoms))
        employers = self._list_employers()
        looked_at: set[Group] = set()
        few = 2 * rule.min_firms
        for search in (
            self._search(employers, rule.min_firms),
            self._search(employers, few),
            self._search_dominated(few, rule),
        ):
            found = list(search)
            groups = chain(
                *(() if looked_at else (self._list_squares(), self._list_overlaps(), self._list_remainders())),
                (frozenset(one.row) for one in found if not one.is_unknown),
            )
            new = [group for group in dict.fromkeys(groups) if group not in looked_at]
            looked_at.update(new)
            leaks = [*self._check_groups(new, span, earlier, rule), *self._check_unknown(found, span)]
            yield from leaks
            if leaks:
                return

    def _check_groups(self, groups: Iterable[Group], span: Span, earlier: Span, rule: Rule) -> Iterator[Leak]:
        for group in groups:
            fewest = self._count_unsafe(group, rule)
            factors = span.express(group) if fewest else None
            if factors is not None and group not in earlier:
                yield Leak(self.layer, fewest, self._list_new(factors))

    def _check_unknown(self, found: Iterable[SmallSum], span: Span) -> Iterator[Leak]:
        for one in found:
            made_of = self._list_new(span.express_row(one.row) or ()) if one.is_unknown else ()
            if made_of:
                yield Leak(self.layer, 0, made_of)

    def _list_new(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Rows of the new release among some, by their positions in it."""
        return tuple(sorted(self.row_numbers[number][1] for number in numbers if number in self.of_set[0]))

    def _count_unsafe(self, group: Group, rule: Rule) -> int:
        """Employers of a group that may not be told of by today's records, or those of a release that counts; else 0.

        What is told of today's group may be what was true of it then, where all around it is as it was.
        """
        if not group:
            return 0
        classes = np.fromiter(group, dtype=np.int64, count=len(group))
        done: set[bytes] = set()
        for at in np.flatnonzero(~self._is_surely_safe(classes, rule)).tolist():
            # tables that have the same records there need no second look
            state = self.states[at, classes].tobytes()
            if state not in done:
                done.add(state)
                table, inside = self.tables[at], self.sites_of_class[at]
                chosen = np.concatenate([inside[one] for one in classes.tolist()])
                if not is_harmless(table, chosen, rule):
                    return len(np.unique(table.employer[chosen]))
        return 0

    def _is_surely_safe(self, classes: Ints, rule: Rule) -> Bools:
        """Tables, (n_tables,), in which one class has employers enough, and no two can have too much of all.

        Whoever are the largest two of a group have no more of any class than that class's own two.
        """
        some = self.measures[:, :, classes]
        totals = some.sum(axis=2)
        surely: Bools = some[:, 0].max(axis=1, initial=0) >= rule.min_firms
        for largest, total in ((2, 3), (5, 6)):
            surely &= totals[:, largest] <= rule.max_share * totals[:, total]
        return surely

    def _search(self, employers: Sequence[frozenset[int]], fewest: int) -> Iterator[SmallSum]:
        """Groups of any shape of fewer employers."""
        has_many = np.array([len(one) >= fewest for one in employers], dtype=np.bool_)
        rows = Span(self.rows, len(self.n_atoms), (~has_many).astype(np.float64)).reduce_rows()
        yield from find_small_sums([(pivot, row) for pivot, row in rows if not has_many[pivot]], employers, fewest)

    def _search_dominated(self, few: int, rule: Rule) -> Iterator[SmallSum]:
        """Groups of any shape of so many employers or more, of which one or two have nearly all."""
        done: set[bytes] = set()
        for measures, states in zip(self.measures, self.states, strict=True):
            if states.tobytes() not in done:
                done.add(states.tobytes())
                for first in (1, 4):
                    yield from find_dominated_sums(self.rows, measures[[0, first, first + 1, first + 2]], few, rule)

    def _list_employers(self) -> list[frozenset[int]]:
        """Of each class, the employers that it had in every table: as few as any of them tells of."""
        found = [
            [frozenset(table.employer[some].tolist()) for some in inside]
            for table, inside in zip(self.tables, self.sites_of_class, strict=True)
        ]
        return [frozenset.intersection(*some) for some in zip(*found, strict=True)]

    def _list_squares(self) -> Iterator[Group]:
        """Squares of every size, by sector or in all, by circles: those that are whole classes, all of them told of."""
        levels = np.unique(self.circle).tolist()
        for circles in chain.from_iterable(combinations(levels, n) for n in range(1, len(levels) + 1)):
            within = np.isin(self.circle, circles)
            for sector in (None, *np.unique(self.sector).tolist()):
                chosen = np.flatnonzero(within if sector is None else within & (self.sector == sector))
                side = 1
                while side * BASE_M <= _LARGEST_M:
                    code = (self.northing[chosen] // side) * _WIDE + self.easting[chosen] // side
                    yield from self._keep_whole(np.unique(code, return_inverse=True)[1], self.class_of[chosen])
                    side *= 2

    def _keep_whole(self, group: Ints, of_class: Ints) -> Iterator[Group]:
        """Groups of atoms that hold every atom of each class that they touch, and nothing that no row tells of."""
        n = len(self.n_atoms)
        pairs, counts = np.unique(group * n + of_class, return_counts=True)
        groups, classes = pairs // n, pairs % n
        is_whole = (counts == self.n_atoms[classes]) & self.is_covered[classes]
        broken = np.zeros(int(groups.max(initial=-1)) + 1, dtype=bool)
        broken[groups[~is_whole]] = True
        starts = np.searchsorted(groups, np.arange(len(broken) + 1))
        for one in np.flatnonzero(~broken).tolist():
            yield frozenset(classes[starts[one] : starts[one + 1]].tolist())

    def _list_overlaps(self) -> Iterator[Group]:
        """What a new row and any other differ in, and what they share; and the new rows themselves."""
        yield from (self.sets[number] for number in self.of_set[0])
        pairs = {
            pair
            for rows in self.rows_of_class
            for pair in combinations(sorted(rows), 2)
            # the new ones stand first
            if pair[0] in self.of_set[0]
        }
        for first, second in sorted(pairs):
            one, other = self.sets[first], self.sets[second]
            yield from (one - other, other - one, one & other)

    def _list_remainders(self) -> Iterator[Group]:
        """What is left of a row, or of rows side by side, where rows within it are taken away, in several orders."""
        for base, family in self._list_unions():
            touching = sorted({number for one in base for number in self.rows_of_class[one]})
            inside = [number for number in touching if self.sets[number] < base]
            others = [number for number in inside if self.family[number] != family]
            by_family: dict[tuple[int, str], list[int]] = {}
            for number in others:
                by_family.setdefault(self.family[number], []).append(number)
            yield from (base.difference(*(self.sets[one] for one in some)) for some in by_family.values())
            for some in (others, inside):
                yield self._take_away(base, sorted(some, key=lambda one: (-len(self.sets[one]), one)))
                yield self._take_away(base, sorted(some, key=lambda one: (len(self.sets[one]), one)))
                yield self._take_away(base, sorted(some, key=lambda one: (not self.in_all[one], one)))

    def _list_unions(self) -> Iterator[tuple[Group, tuple[int, str]]]:
        """Rows, and the fewest rows of one release and sector that cover a row of another."""
        found: dict[Group, tuple[int, str]] = {one: self.family[at] for at, one in enumerate(self.sets)}
        around: dict[tuple[int, str], dict[int, int]] = {}
        for number, family in enumerate(self.family):
            around.setdefault(family, {}).update(dict.fromkeys(self.sets[number], number))
        for number, classes in enumerate(self.sets):
            for family, whose in around.items():
                if family != self.family[number]:
                    outer = {whose.get(one, UNCOVERED) for one in classes}
                    if UNCOVERED not in outer:
                        found.setdefault(frozenset().union(*(self.sets[one] for one in outer)), family)
        yield from found.items()

    def _take_away(self, base: Group, rows: Iterable[int]) -> Group:
        left = set(base)
        for number in rows:
            if self.sets[number] <= left:
                left -= self.sets[number]
        return frozenset(left)
