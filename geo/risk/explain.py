"""Why a cell has its score: components in points, the records behind them, and the same in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.errors import NotFoundError
from geo.reference import municipality_names
from geo.risk.components import COMPONENTS
from geo.risk.components.base import Driver
from geo.risk.model import ComponentModel, saturate
from geo.risk.naming import name_place
from geo.risk.scored import NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, STATE_NAMES, ScoredSurface
from geo.risk.words import Sentence

__all__ = ["NEVER", "NOT_LATELY", "ComponentExplanation", "Explanation", "explain_cell"]

# The first reason of a cell that was never inspected.
NEVER = Sentence(
    "Never inspected: no recent inspection has reached this place, so the absence of findings proves nothing."
)
# In its place where a visit is known that is too old or too far away to count.
NOT_LATELY = Sentence(
    "Not inspected lately: visits near here are too old, or too far away, for the absence of findings to prove "
    "anything."
)
_N_DRIVERS = 5


@dataclass(frozen=True)
class ComponentExplanation:
    """One component of one cell.

    Attributes
    ----------
    name, title, unit : str
    value : float, component unit
    reference_level, weight : float
    points, max_points : float, what it adds to the score and the most it could add
    known_share : float, 0 to 1, part of the value that records make; the rest is assumed of every place
    reasons : in words
    drivers : the records that weigh most, at most five
    """

    name: str
    title: str
    unit: str
    value: float
    reference_level: float
    weight: float
    points: float
    max_points: float
    reasons: tuple[Sentence, ...]
    drivers: tuple[Driver, ...]
    known_share: float = 1.0


@dataclass(frozen=True)
class Explanation:
    """Everything behind one cell's score.

    ``sum(contributions.values())`` is the score, to 1e-9.
    """

    cell_id: str
    scb_id: str | None
    easting: float
    northing: float
    municipality_code: str
    municipality: str
    county: str
    place: Sentence
    score: float
    state: str
    rank: int | None
    n_ranked: int
    components: tuple[ComponentExplanation, ...]
    reasons: tuple[Sentence, ...]

    @property
    def contributions(self) -> dict[str, float]:
        """Points by component."""
        return {component.name: component.points for component in self.components}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""
        return {
            "cell_id": self.cell_id,
            "scb_id": self.scb_id,
            "easting": self.easting,
            "northing": self.northing,
            "municipality": self.municipality,
            "municipality_code": self.municipality_code,
            "county": self.county,
            "place": str(self.place),
            "score": self.score,
            "state": self.state,
            "rank": self.rank,
            "n_ranked": self.n_ranked,
            "contributions": self.contributions,
            "reasons": [str(reason) for reason in self.reasons],
            "components": [
                {
                    "name": component.name,
                    "title": component.title,
                    "unit": component.unit,
                    "value": component.value,
                    "reference_level": component.reference_level,
                    "weight": component.weight,
                    "points": component.points,
                    "max_points": component.max_points,
                    "reasons": [str(reason) for reason in component.reasons],
                    "drivers": [driver.__dict__ for driver in component.drivers],
                }
                for component in self.components
            ],
        }


def explain_cell(surface: ScoredSurface, row: int, col: int, *, with_rank: bool = True) -> Explanation:
    """Explain one cell, recomputed in float64 from the records; see `RiskSurface.explain`.

    Counting the rank reads the whole raster: whoever explains many cells and does not need it leaves it out.
    """
    state = int(surface.state[row, col])
    cell_id = surface.grid.cell_id(row, col)
    if state == OUTSIDE:
        message = f"Cell {cell_id} lies outside Region Nord; choose a cell on land in the four counties."
        raise NotFoundError(message)
    stale = bool(surface.stale_layers)
    models = surface.model.components
    components = tuple(_explain_component(surface, model, row, col, stale=stale) for model in models)
    score = math.fsum(component.points for component in components)
    easting, northing = surface.grid.centre(row, col)
    code = surface.municipality_codes(np.array([row]), np.array([col]))[0]
    return Explanation(
        cell_id=cell_id,
        scb_id=surface.grid.scb_id(row, col),
        easting=easting,
        northing=northing,
        municipality_code=code,
        municipality=municipality_names().get(code, code),
        county=code[:2],
        place=name_place(surface.region.localities, easting, northing),
        score=score,
        state=STATE_NAMES[state],
        rank=surface.rank_at(row, col) if with_rank and state >= NEVER_INSPECTED else None,
        n_ranked=surface.n_ranked,
        components=components,
        reasons=_reasons(components, state, stale=stale),
    )


def _explain_component(
    surface: ScoredSurface, model: ComponentModel, row: int, col: int, *, stale: bool
) -> ComponentExplanation:
    value = surface.value_at(model.name, row, col)
    drivers = () if stale else surface.sources[model.name].drivers_at(surface.grid, row, col)
    max_points = surface.model.max_points[model.name]
    component = COMPONENTS[model.name]
    describe = component.describe
    if surface.sectors is not None and component.describe_in_sectors is not None:
        describe = component.describe_in_sectors
    return ComponentExplanation(
        name=model.name,
        title=model.title,
        unit=model.unit,
        value=value,
        reference_level=model.reference_level,
        weight=model.weight,
        points=max_points * saturate(value, model.reference_level),
        max_points=max_points,
        reasons=() if stale else describe(value, drivers, surface.model.parameters),
        # what only divides, as visits do, has no share of the value
        drivers=tuple(driver for driver in drivers[:_N_DRIVERS] if driver.share > 0),
        known_share=min(1.0, math.fsum(driver.share for driver in drivers)),
    )


def _reasons(components: tuple[ComponentExplanation, ...], state: int, *, stale: bool) -> tuple[Sentence, ...]:
    if stale:
        return (Sentence("The layers have changed since this surface was scored; score again to see the records."),)
    if state == NOTHING_KNOWN:
        nothing = Sentence(
            "Nothing is known here: no workplace in a risk sector, no housing, no finding or report within reach. What "
            "points there are are assumed of every place."
        )
        return (nothing,)
    # what is assumed of every place is no reason to go to this one
    by_points = sorted(components, key=lambda component: -component.points * component.known_share)
    reasons = [reason for component in by_points for reason in component.reasons]
    if state == NEVER_INSPECTED:
        reasons.insert(0, NEVER)
    return tuple(reasons)
