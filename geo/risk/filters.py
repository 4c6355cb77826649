"""Which cells are shown and ranked: one choice, asked alike by tiles, rankings, distributions and exports.

A choice is asked of some rows or of single cells, so that nothing as large as the grid is made for it: at 100 m a mask
takes 51 MB, and there are as many as people have questions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.polygons import window_slices
from geo.reference import certainty_classes, county_names, municipality_names, score_classes
from geo.risk.powers import agencies_on_site
from geo.risk.scored import ScoredSurface
from geo.risk.states import INSPECTED, NEVER_INSPECTED, STATE_NAMES

__all__ = ["FILTER_STATES", "CellFilter", "Cells", "Shown", "Window", "show_cells", "show_county"]

# Rows and columns of single cells, or of a block; either, or some rows.
Single = tuple[NDArray[np.intp], NDArray[np.intp]]
Window = tuple[slice, slice]
Cells = slice | Window | Single
Test = Callable[[Cells], NDArray[np.bool_]]
FILTER_STATES = (STATE_NAMES[NEVER_INSPECTED], STATE_NAMES[INSPECTED])


@dataclass(frozen=True)
class CellFilter:
    """Cells to show: those that meet every condition given; without any, all that are ranked.

    Attributes
    ----------
    counties, municipalities : codes; a cell lies in one of them. Where both are given, in one of each
    state : ``never_inspected`` or ``inspected``, None for both
    agencies : codes; each of them has a power at a site in or within 1 km of the cell, see `geo.risk.powers`
    certainty : code of ``certainty_classes``: at least so sure to be among the highest; None for all
    min_class : code of ``score_classes``: at least this class; None for all

    Raises
    ------
    ParameterError
        Names every value that is none.
    """

    counties: frozenset[str] = frozenset()
    municipalities: frozenset[str] = frozenset()
    state: str | None = None
    agencies: frozenset[str] = frozenset()
    certainty: str | None = None
    min_class: str | None = None

    def __post_init__(self) -> None:
        failures = [
            *_find_unknown("county", self.counties, county_names()),
            *_find_unknown("municipality", self.municipalities, municipality_names()),
            *_find_unknown("state", _given(self.state), FILTER_STATES),
            *_find_unknown("agency with powers on site", self.agencies, agencies_on_site()),
            *_find_unknown("certainty", _given(self.certainty), (each.code for each in certainty_classes()[:-1])),
            *_find_unknown("class", _given(self.min_class), (each.code for each in score_classes())),
        ]
        if failures:
            message = "; ".join(failures) + "."
            raise ParameterError(message)

    @property
    def is_open(self) -> bool:
        """Whether it leaves out nothing."""
        return self == CellFilter()


class Shown(NamedTuple):
    """The cells that a filter shows on one surface.

    Attributes
    ----------
    key : equal for equal cells, to remember by what was made of them
    includes : of some rows, of a block, or of single cells: whether each is ranked and shown, bool
    keeps : the same of single cells of which one knows that they are ranked, without looking that up
    window : rows and columns outside of which it shows nothing
    """

    key: Hashable
    includes: Test
    keeps: Callable[[Single], NDArray[np.bool_]]
    window: Window


def show_cells(
    surface: ScoredSurface,
    chosen: CellFilter,
    *,
    powers: NDArray[np.unsignedinteger] | None = None,
    certainty: NDArray[np.uint8] | None = None,
    key: Hashable = None,
) -> Shown:
    """The cells of a surface that a filter shows.

    Parameters
    ----------
    surface : ScoredSurface
    chosen : CellFilter
    powers : (n_rows, n_cols) unsigned, as `geo.risk.powers.map_powers` gives it; needed for `chosen.agencies`
    certainty : (n_rows, n_cols) uint8, as `Uncertainty.certainty`; needed for `chosen.certainty`
    key : what the cells depend on beside the surface and the filter

    Raises
    ------
    ParameterError
        A raster is needed and not given.
    """
    tests: list[Test] = []
    areas = set(surface.region.codes)
    if chosen.state is not None:
        state = next(code for code, name in STATE_NAMES.items() if name == chosen.state)
        tests.append(lambda cells: surface.state[cells] == state)
    for codes, length in ((chosen.counties, 2), (chosen.municipalities, 4)):
        if codes:
            tests.append(partial(_lies_in, surface, _find_runs(surface, codes, length)))
            areas &= {code for code in areas if code[:length] in codes}
    if chosen.min_class is not None:
        # float64 as everywhere else, so that a score exactly on a break has one class
        low = np.float64(next(each.low for each in score_classes() if each.code == chosen.min_class))
        tests.append(lambda cells: surface.score[cells] >= low)
    if chosen.agencies:
        raster = _require(powers, "powers")
        wanted = raster.dtype.type(sum(1 << agencies_on_site().index(agency) for agency in chosen.agencies))
        tests.append(lambda cells: (raster[cells] & wanted) == wanted)
    if chosen.certainty is not None:
        sure = _require(certainty, "certainty")
        least = 1 + [each.code for each in certainty_classes()].index(chosen.certainty)
        tests.append(lambda cells: (sure[cells] > 0) & (sure[cells] <= least))
    return _show((chosen, key), surface, tests, areas)


def show_county(surface: ScoredSurface, county: str) -> Shown:
    """The ranked cells of a county.

    Raises
    ------
    ParameterError
        Region Nord has no such county.
    """
    first, end = surface.county_codes(county)
    tests: list[Test] = [partial(_lies_in, surface, ((first, end),))]
    return _show(("county", county), surface, tests, set(surface.region.codes[first:end]))


def _show(key: Hashable, surface: ScoredSurface, tests: list[Test], areas: set[str]) -> Shown:
    def includes(cells: Cells) -> NDArray[np.bool_]:
        return _meet_all(surface.state[cells] >= NEVER_INSPECTED, tests, cells)

    def keeps(cells: Single) -> NDArray[np.bool_]:
        return _meet_all(np.ones(len(cells[0]), dtype=np.bool_), tests, cells)

    return Shown(key, includes, keeps, _find_window(surface, areas))


def _find_window(surface: ScoredSurface, areas: set[str]) -> Window:
    """The rows and columns that some municipalities reach."""
    if len(areas) == len(surface.region.codes):
        return window_slices(surface.grid)
    reached = surface.region.reach(areas)
    return (slice(0, 0), slice(0, 0)) if reached is None else surface.grid.window(reached)


def _meet_all(met: NDArray[np.bool_], tests: list[Test], cells: Cells) -> NDArray[np.bool_]:
    for test in tests:
        met &= test(cells)
    return met


def _lies_in(surface: ScoredSurface, runs: tuple[tuple[int, int], ...], cells: Cells) -> NDArray[np.bool_]:
    """Whether cells lie in municipalities whose positions are in some runs, each its first and last + 1."""
    position = surface.region.municipality_raster(surface.grid)[cells]
    inside = np.zeros(position.shape, dtype=bool)
    for first, end in runs:
        inside |= (position >= first) & (position < end)
    return inside


def _find_runs(surface: ScoredSurface, codes: frozenset[str], length: int) -> tuple[tuple[int, int], ...]:
    """Positions of the municipalities whose code begins with one of some codes, as runs of neighbours."""
    chosen = np.array([False, *(code[:length] in codes for code in surface.region.codes), False])
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8)))
    return tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _require(raster: NDArray[np.unsignedinteger] | None, name: str) -> NDArray[np.unsignedinteger]:
    if raster is None:
        message = f"This filter asks for a raster of {name}; give it."
        raise ParameterError(message)
    return raster


def _given(code: str | None) -> tuple[str, ...]:
    return () if code is None else (code,)


def _find_unknown(what: str, codes: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    known = list(known)
    unknown = sorted(str(code) for code in codes if code not in known)
    if unknown:
        yield f"unknown {what} {', '.join(map(repr, unknown))}; use one of {', '.join(known)}"
