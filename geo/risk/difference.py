"""Two surfaces of one grid, cell by cell: what changed its class, what rose and fell most, and by which component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.polygons import row_bands
from geo.reference import difference_classes, score_classes
from geo.risk.compare import compare_surfaces
from geo.risk.naming import name_place
from geo.risk.scored import NEVER_INSPECTED, ScoredSurface
from geo.risk.words import Sentence

__all__ = ["NOT_RANKED", "CellDifference", "SurfaceDifference", "compare_cells"]

# Code of the class of cells that one of the two surfaces does not rank.
NOT_RANKED = "none"


@dataclass(frozen=True)
class CellDifference:
    """A cell that one surface scores otherwise than the other.

    Attributes
    ----------
    cell_id : str
    name : where it lies
    easting, northing : float, m, EPSG:3006, its centre
    before, after, delta : float, points
    component : name of the component that changed most in the direction of the score
    component_delta : float, points
    """

    cell_id: str
    name: Sentence
    easting: float
    northing: float
    before: float
    after: float
    delta: float
    component: str
    component_delta: float


@dataclass(frozen=True, eq=False)
class SurfaceDifference:
    """How one surface differs from another of the same grid, over the cells that either ranks.

    Attributes
    ----------
    before, after : ScoredSurface
    """

    before: ScoredSurface
    after: ScoredSurface

    def __post_init__(self) -> None:
        if self.before.grid != self.after.grid:
            mine, other = (f"{one.grid.cell_m:g} m" for one in (self.before, self.after))
            message = (
                f"Two surfaces compare on one grid only; these have cells of {mine} and {other}, or another corner. "
                "Score both with the same cell size."
            )
            raise ParameterError(message)

    @cached_property
    def likeness(self) -> Mapping[str, float | None]:
        """``rank_correlation`` and ``top20_overlap``, see `geo.risk.compare.compare_surfaces`."""
        return compare_surfaces(self.before, self.after)

    @cached_property
    def classes(self) -> NDArray[np.uint8]:
        """(n_rows, n_cols) uint8: position in ``difference_classes`` from 1, 0 where neither is ranked."""
        breaks = np.array([each.low for each in difference_classes()[1:]])
        classed = np.zeros(self.before.grid.shape, dtype=np.uint8)
        for band in self._bands():
            at = np.nonzero(self._is_ranked(band))
            classed[band][at] = np.searchsorted(breaks, self._delta(band)[at], side="right") + 1
        classed.flags.writeable = False
        return classed

    @cached_property
    def class_counts(self) -> Mapping[str, int]:
        """Cells by class of difference, every class."""
        counts = sum(np.bincount(self.classes[band].reshape(-1), minlength=256) for band in self._bands())
        return {each.code: int(np.asarray(counts)[at]) for at, each in enumerate(difference_classes(), start=1)}

    @cached_property
    def matrix(self) -> Mapping[tuple[str, str], int]:
        """Cells by score class before and after, `NOT_RANKED` where one of the two has none; only pairs that occur."""
        codes = [NOT_RANKED, *(each.code for each in score_classes())]
        n = len(codes)
        counts = np.zeros(n * n, dtype=np.int64)
        for band in self._bands():
            first, second = (_classify(one, band) for one in (self.before, self.after))
            counts += np.bincount((first * n + second)[self._is_ranked(band)], minlength=n * n)
        return {(codes[at // n], codes[at % n]): int(counts[at]) for at in np.flatnonzero(counts)}

    def rises(self, n: int) -> tuple[CellDifference, ...]:
        """The n cells that rise most, of equals the northmost, then the westmost; only those that rise."""
        return self._find_largest(n, 1)

    def falls(self, n: int) -> tuple[CellDifference, ...]:
        """The n cells that fall most, likewise."""
        return self._find_largest(n, -1)

    def _find_largest(self, n: int, sign: int) -> tuple[CellDifference, ...]:
        cells, sizes = np.empty(0, dtype=np.int64), np.empty(0)
        for band in self._bands():
            size = sign * self._delta(band)
            chosen = np.flatnonzero(self._is_ranked(band) & (size > (sizes[-1] if len(sizes) == n else 0)))
            cells = np.concatenate([cells, chosen + band.start * self.before.grid.n_cols])
            sizes = np.concatenate([sizes, size.reshape(-1)[chosen]])
            best = np.argsort(-sizes, kind="stable")[:n]
            cells, sizes = cells[best], sizes[best]
        rows, cols = np.divmod(cells, self.before.grid.n_cols)
        return tuple(self._describe(int(row), int(col), sign) for row, col in zip(rows, cols, strict=True))

    def _describe(self, row: int, col: int, sign: int) -> CellDifference:
        before, after = (float(one.score[row, col]) for one in (self.before, self.after))
        names = dict.fromkeys([*self.before.model.weights, *self.after.model.weights])
        deltas = {name: _points(self.after, name, row, col) - _points(self.before, name, row, col) for name in names}
        component = max(deltas, key=lambda name: sign * deltas[name])
        easting, northing = self.before.grid.centre(row, col)
        return CellDifference(
            cell_id=self.before.grid.cell_id(row, col),
            name=name_place(self.after.region.localities, easting, northing),
            easting=easting,
            northing=northing,
            before=before,
            after=after,
            delta=after - before,
            component=component,
            component_delta=deltas[component],
        )

    def _bands(self) -> list[slice]:
        return list(row_bands(slice(0, self.before.grid.n_rows), self.before.grid.n_cols))

    def _is_ranked(self, band: slice) -> NDArray[np.bool_]:
        ranked: NDArray[np.bool_] = self.before.state[band] >= NEVER_INSPECTED
        ranked |= self.after.state[band] >= NEVER_INSPECTED
        return ranked & np.isfinite(self._delta(band))

    def _delta(self, band: slice) -> NDArray[np.float64]:
        return self.after.score[band].astype(np.float64) - self.before.score[band].astype(np.float64)


def compare_cells(before: ScoredSurface, after: ScoredSurface) -> SurfaceDifference:
    """How one surface differs from another.

    Raises
    ------
    ParameterError
        The grids differ.
    """
    return SurfaceDifference(before, after)


def _classify(surface: ScoredSurface, band: slice) -> NDArray[np.int64]:
    """Position in ``score_classes`` from 1; 0 where not ranked."""
    breaks = np.array([each.low for each in score_classes()[1:]])
    classes = np.searchsorted(breaks, surface.score[band].astype(np.float64), side="right") + 1
    return np.where(surface.state[band] >= NEVER_INSPECTED, classes, 0)


def _points(surface: ScoredSurface, component: str, row: int, col: int) -> float:
    return surface.rasters.value(component, row, col) if component in surface.model.weights else 0.0
