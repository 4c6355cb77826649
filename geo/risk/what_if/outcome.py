"""Two surfaces, before and after a change, and what a planner asks of the pair."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.reference import municipality_names
from geo.risk.explain import Explanation
from geo.risk.scored import NEVER_INSPECTED, STATE_NAMES
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import DeltaUncertainty, compare_uncertainty
from geo.risk.what_if.changes import Change
from geo.risk.words import Sentence, Tenths

__all__ = ["CellDifference", "WhatIf"]

_MAX_TOP = 10_000
# rasters are float32: differences closer than this may change order when recomputed in float64
_FLOAT32_SLACK = 1e-4
_LEAST_TOLD = 0.05


@dataclass(frozen=True)
class CellDifference:
    """What a change does to one cell, recomputed in float64.

    Attributes
    ----------
    before, after : Explanation
    """

    before: Explanation
    after: Explanation

    @property
    def delta(self) -> float:
        """Points that the score rises by."""
        return math.fsum([self.after.score, -self.before.score])

    @property
    def contributions(self) -> dict[str, float]:
        """Points that each component rises by; they add up to `delta`."""
        old = self.before.contributions
        return {name: points - old[name] for name, points in self.after.contributions.items()}

    @property
    def reasons(self) -> tuple[Sentence, ...]:
        """In words: from where to where, and by which components."""
        sentences = [self._tell_score()]
        titles = {component.name: component.title for component in self.after.components}
        moved = sorted(self.contributions.items(), key=lambda item: (-abs(item[1]), item[0]))
        sentences += [
            _tell_points(Sentence(titles[name]), points) for name, points in moved if abs(points) >= _LEAST_TOLD
        ]
        if self.before.rank != self.after.rank and None not in {self.before.rank, self.after.rank}:
            ranks = {"before": self.before.rank, "after": self.after.rank}
            sentences.append(Sentence("Its rank goes from {before} to {after}.", ranks))
        return tuple(sentences)

    def _tell_score(self) -> Sentence:
        before, after = Tenths(self.before.score), Tenths(self.after.score)
        if abs(self.delta) < _LEAST_TOLD:
            return Sentence("The score stays at {after}.", {"after": after})
        values = {"points": Tenths(abs(self.delta)), "before": before, "after": after}
        if self.delta > 0:
            return Sentence("The score rises by {points}, from {before} to {after}.", values)
        return Sentence("The score falls by {points}, from {before} to {after}.", values)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""
        return {
            "cell_id": self.before.cell_id,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "delta": self.delta,
            "contributions": self.contributions,
            "reasons": [str(reason) for reason in self.reasons],
        }


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A surface and the same after some changes, on one scale.

    Attributes
    ----------
    before, after : RiskSurface of one grid, date and model
    changes : in the order in which they were made
    """

    before: RiskSurface
    after: RiskSurface
    changes: tuple[Change, ...]

    @cached_property
    def delta(self) -> NDArray[np.float32]:
        """(n_rows, n_cols) float32, points that the score rises by, 0 where nothing reaches, NaN outside; read-only."""
        difference: NDArray[np.float32] = self.after.score - self.before.score
        difference.flags.writeable = False
        return difference

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells whose score or state is another."""
        moved: NDArray[np.bool_] = (np.nan_to_num(self.delta) != 0) | (self.before.state != self.after.state)
        return moved

    def explain(self, cell_id: str) -> CellDifference:
        """What the changes do to a cell.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or lies outside the region.
        """
        return CellDifference(self.before.explain(cell_id), self.after.explain(cell_id))

    def uncertainty(self, n_draws: int = 500, top_k: int = 20, seed: int = 0) -> DeltaUncertainty:
        """The 90 % interval of every cell's difference: both surfaces drawn with the same weights, shifts and noise.

        See `geo.risk.uncertainty.compare_uncertainty`.
        """
        return compare_uncertainty(self.before, self.after, n_draws, top_k, seed)

    def top(self, n: int = 20) -> pd.DataFrame:
        """The cells that move most, up or down.

        Returns
        -------
        DataFrame
            ``cell_id, municipality, municipality_code, easting, northing, before, after, delta, state_before,
            state_after`` and one column of points per component; scores in float64.

        Raises
        ------
        ParameterError
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= _MAX_TOP:
            message = f"n must be a whole number from 1 to {_MAX_TOP}, got {n!r}."
            raise ParameterError(message)
        rows, cols = self._most_moved(int(n))
        records = [self._record(int(row), int(col)) for row, col in zip(rows, cols, strict=True)]
        names = municipality_names()
        for record, code in zip(records, self.after.municipality_codes(rows, cols), strict=True):
            record["municipality_code"], record["municipality"] = code, names.get(code, code)
        columns = ["cell_id", "municipality", "municipality_code", "easting", "northing", "before", "after", "delta"]
        columns += ["state_before", "state_after", *self.after.model.weights]
        frame = pd.DataFrame(records, columns=columns)
        order = np.lexsort((frame["cell_id"], -frame["delta"].abs().to_numpy(dtype=np.float64)))
        return frame.iloc[order[:n]].reset_index(drop=True)

    def describe(self, k: int = 20) -> Mapping[str, Any]:
        """The changes and their reach in figures, JSON-able: cells that move, and who enters and leaves the top k."""
        moved = self.changed
        delta = self.delta[moved]
        old, new = (set(one.top(k)["cell_id"]) for one in (self.before, self.after))
        return {
            "at": self.after.at.isoformat(),
            "changes": [str(change.describe()) for change in self.changes],
            "cells_changed": int(np.count_nonzero(moved)),
            "most_up": float(max(delta.max(initial=0.0), 0.0)),
            "most_down": float(min(delta.min(initial=0.0), 0.0)),
            "newly_ranked": int(np.count_nonzero(moved & (self.before.state < NEVER_INSPECTED) & self.after.ranked)),
            "no_longer_ranked": int(
                np.count_nonzero(moved & self.before.ranked & (self.after.state < NEVER_INSPECTED))
            ),
            "enter_top": sorted(new - old),
            "leave_top": sorted(old - new),
        }

    def _most_moved(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        size = np.abs(np.nan_to_num(self.delta))
        size[~self.changed] = -1.0
        flat = size.ravel()
        n = min(n, int(np.count_nonzero(flat >= 0)))
        if n == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        least = np.partition(flat, flat.size - n)[flat.size - n]
        row, col = np.unravel_index(np.flatnonzero((flat >= least - _FLOAT32_SLACK) & (flat >= 0)), size.shape)
        # of many that are alike, such as new cells of one value, the first few are enough
        keep = np.argsort(-size[row, col], kind="stable")[: n + _MAX_TOP]
        return row[keep].astype(np.int64), col[keep].astype(np.int64)

    def _record(self, row: int, col: int) -> dict[str, Any]:
        before, after = (
            {one.name: surface.points_at(one, row, col) for one in surface.model.components}
            for surface in (self.before, self.after)
        )
        old, new = math.fsum(before.values()), math.fsum(after.values())
        easting, northing = self.after.grid.centre(row, col)
        return {
            "cell_id": self.after.grid.cell_id(row, col),
            "easting": easting,
            "northing": northing,
            "before": old,
            "after": new,
            "delta": math.fsum([*after.values(), *(-points for points in before.values())]),
            "state_before": STATE_NAMES[int(self.before.state[row, col])],
            "state_after": STATE_NAMES[int(self.after.state[row, col])],
            **{name: after[name] - before[name] for name in after},
        }


def _tell_points(component: Sentence, points: float) -> Sentence:
    values = {"component": component, "points": Tenths(abs(points))}
    if points > 0:
        return Sentence("{component}: {points} points more.", values)
    return Sentence("{component}: {points} points less.", values)
