"""How little would have to be different for a cell not to be among the highest: the counterpart of "why so high"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.errors import ParameterError
from geo.risk.components.base import Driver
from geo.risk.explain import Explanation, explain_cell
from geo.risk.model import saturate
from geo.risk.ranking import top_cells
from geo.risk.scored import NEVER_INSPECTED
from geo.risk.surface import RiskSurface
from geo.risk.words import Sentence

__all__ = ["LowerComponent", "SmallestChange", "find_smallest_change"]

_MOST_RECORDS = 10


@dataclass(frozen=True)
class LowerComponent:
    """One component so much lower that the cell would no longer be among the highest, all else alike.

    Attributes
    ----------
    name, title, unit : str
    value, needed : float, component unit, as it is and as it would have to be at most
    cut : float, 0 to 1, the part of `value` that would have to go
    """

    name: str
    title: str
    unit: str
    value: float
    needed: float
    cut: float


@dataclass(frozen=True)
class SmallestChange:
    """What would take a cell out of the k highest.

    Attributes
    ----------
    cell_id : str
    rank, k : int
    score, threshold : float, of the cell, and of the highest cell that is not among the k
    components : the components that could do it alone, the one that has to fall least first; empty where none can
    records : the records without which the cell leaves the k highest, found one by one, the weightiest first, and so as
        few as that finds; empty where more than ten would be needed
    rank_without : int, rank of the cell once the surface is scored without them; None where there are none, or where
        nothing is left to visit
    """

    cell_id: str
    rank: int
    k: int
    score: float
    threshold: float
    components: tuple[LowerComponent, ...]
    records: tuple[Driver, ...]
    rank_without: int | None

    @property
    def reasons(self) -> tuple[Sentence, ...]:
        """The same in words."""
        sentences = [
            Sentence(
                "It is number {rank} and leaves the {k} highest if it loses {points} points.",
                {"rank": self.rank, "k": self.k, "points": round(self.score - self.threshold, 1)},
            )
        ]
        for each in self.components[:1]:
            values = {"component": Sentence(each.title), "percent": math.ceil(100 * each.cut)}
            sentences.append(Sentence("That takes {percent} % less of: {component}.", values))
        if self.records:
            values = {"n": len(self.records), "ids": ", ".join(each.record_id for each in self.records)}
            sentences.append(Sentence("Or these records would have to be gone: {n} ({ids}).", values))
        else:
            sentences.append(Sentence("To take away {n} records would not be enough.", {"n": _MOST_RECORDS}))
        return tuple(sentences)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""
        return {
            "cell_id": self.cell_id,
            "rank": self.rank,
            "k": self.k,
            "score": self.score,
            "threshold": self.threshold,
            "components": [dict(vars(each)) for each in self.components],
            "records": [dict(vars(each)) for each in self.records],
            "rank_without": self.rank_without,
            "reasons": [str(reason) for reason in self.reasons],
        }


def find_smallest_change(surface: RiskSurface, cell_id: str, k: int = 20) -> SmallestChange:
    """The smallest change that would move a cell out of the k highest.

    Records are taken away one by one, each time the one whose loss costs the cell most, until it is out; what is found
    is then scored anew, since neighbours lose with it. Sites, findings and reports count, not visits, without which a
    cell would only look worse, and not statistics of areas.

    Parameters
    ----------
    surface : RiskSurface
    cell_id : str
    k : int, >= 1, below the number of ranked cells

    Returns
    -------
    SmallestChange

    Raises
    ------
    ParameterError, NotFoundError
        The id is no cell of this grid or lies outside the region; the cell is not among the k highest; k does not fit;
        or the layers have changed since.
    """
    row, col = surface.grid.parse_cell_id(cell_id)
    explanation = explain_cell(surface, row, col)
    _check(surface, explanation, k)
    highest = top_cells(surface, k + 1, None)
    others = highest[highest["cell_id"] != explanation.cell_id]
    place = highest.index[highest["cell_id"] == explanation.cell_id]
    if not len(place) or place[0] >= k:
        message = f"Cell {explanation.cell_id} is not among the {k} highest; it is number {explanation.rank}."
        raise ParameterError(message)
    threshold = float(others["score"].iloc[k - 1])
    records, rank_without = _take_away(surface, row, col, explanation, threshold, k)
    return SmallestChange(
        cell_id=explanation.cell_id,
        rank=int(place[0]) + 1,
        k=k,
        score=explanation.score,
        threshold=threshold,
        components=_lower_components(explanation, explanation.score - threshold),
        records=records,
        rank_without=rank_without,
    )


def _check(surface: RiskSurface, explanation: Explanation, k: int) -> None:
    failures = []
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k < max(surface.n_ranked, 2):
        failures.append(f"k must be a whole number from 1 to {max(surface.n_ranked - 1, 1)}, got {k!r}")
    if explanation.rank is None:
        failures.append(f"cell {explanation.cell_id} has nothing to visit and no rank")
    if surface.stale_layers:
        failures.append(f"layers have changed since this was scored ({', '.join(surface.stale_layers)}); score again")
    if failures:
        message = f"What would take the cell out of the highest cannot be told: {'; '.join(failures)}."
        raise ParameterError(message)


def _lower_components(explanation: Explanation, points: float) -> tuple[LowerComponent, ...]:
    """The components that hold at least so many points, and what they would have to be without them."""
    found = []
    for each in explanation.components:
        left = each.points - points
        if left < 0 or each.value <= 0:
            continue
        share = left / each.max_points if points > 0 else 1.0
        # nothing has to go where two cells are level, nor can a share of 1 be told from one just below it
        needed = min(each.reference_level * share / (1 - share), each.value) if share < 1 else each.value
        cut = 1 - needed / each.value
        found.append(LowerComponent(each.name, each.title, each.unit, each.value, needed, cut))
    return tuple(sorted(found, key=lambda each: (each.cut, each.name)))


def _take_away(
    surface: RiskSurface, row: int, col: int, explanation: Explanation, threshold: float, k: int
) -> tuple[tuple[Driver, ...], int | None]:
    """Records whose loss puts the cell below the k highest, the weightiest first; scored anew to be sure."""
    shares = _list_records(surface, row, col)
    gone: list[Driver] = []
    lost = dict.fromkeys(surface.model.weights, 0.0)
    while shares and len(gone) < _MOST_RECORDS:
        heights = {key: _height(explanation, _add(lost, of_record)) for key, (_, of_record) in shares.items()}
        key = min(heights, key=lambda each: (heights[each], each))
        driver, of_record = shares.pop(key)
        lost = _add(lost, of_record)
        gone.append(driver)
        if heights[key] >= threshold:
            continue
        after = surface.update(removed=_ids_of(gone))
        if after.state[row, col] < NEVER_INSPECTED:
            return tuple(gone), None
        rank = explain_cell(after, row, col).rank
        # neighbours that stand on the same records fall too: one more has to go
        if rank is not None and rank > k:
            return tuple(gone), rank
    return (), None


def _list_records(surface: RiskSurface, row: int, col: int) -> dict[tuple[str, str], tuple[Driver, dict[str, float]]]:
    """Every record that can be taken away, and its share of each component."""
    found: dict[tuple[str, str], tuple[Driver, dict[str, float]]] = {}
    for name, source in surface.sources.items():
        for driver in source.drivers_at(surface.grid, row, col):
            if driver.share <= 0 or driver.layer == "sectors":
                continue
            first, shares = found.setdefault((driver.layer, driver.record_id), (driver, {}))
            shares[name] = shares.get(name, 0.0) + driver.share
            found[driver.layer, driver.record_id] = (first, shares)
    return found


def _add(lost: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    return {name: share + more.get(name, 0.0) for name, share in lost.items()}


def _height(explanation: Explanation, lost: Mapping[str, float]) -> float:
    """The cell's score once a share of each component is gone."""
    return math.fsum(
        each.max_points * saturate(each.value * max(1.0 - lost[each.name], 0.0), each.reference_level)
        for each in explanation.components
    )


def _ids_of(drivers: list[Driver]) -> dict[str, list[str | tuple[str, ...]]]:
    removed: dict[str, list[str | tuple[str, ...]]] = {}
    for driver in drivers:
        # an establishment goes with all of its periods
        removed.setdefault(driver.layer, []).append(driver.record_id)
    return removed
