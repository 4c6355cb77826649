"""Targets as values: what a planner sees of each site, and what a plan keeps of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.planning.targets.sites import SiteKey
from geo.risk.words import Sentence

__all__ = ["Candidates", "Exclusion", "Target", "TargetPoints", "Targets"]


@dataclass(frozen=True)
class TargetPoints:
    """One component of one site's priority.

    Attributes
    ----------
    name, title, unit : str
    value : float, component unit
    reference_level : float, component unit; the value at which half of `max_points` is reached
    points, max_points : float, what it adds to the priority and the most it could add
    reasons : in words
    """

    name: str
    title: str
    unit: str
    value: float
    reference_level: float
    points: float
    max_points: float
    reasons: tuple[Sentence, ...]


@dataclass(frozen=True)
class Target:
    """A site to visit.

    Attributes
    ----------
    layer, record_id, title : str; the id where the site has no name
    group : sector group of a workplace, kind of housing of accommodation
    employees, beds : float, None where the site has none of the kind
    municipality_code, municipality, county : str, codes and name
    easting, northing : float, m, EPSG:3006
    precision : code of ``precisions``
    spread_m : float, m, radius within which the site lies; 0 where its position is known
    circle : sharing circle that may see the record
    cell_id, state, score_class : cell of the site, its state, code of ``score_classes``; None without a scored cell
    score : float, points of the cell; None without one
    certainty : code of ``certainty_classes`` of the cell; None where none is given or the cell was not drawn
    priority : float, 0 to 100 points
    components : what the points are made of; they add up to the priority
    reasons : in words, what gives most points first
    days_since_visit : days since the last visit at the site itself, None where none is known
    days_since_near_visit : days since the last visit within ``near_visit_m``, at the site or beside it; None likewise
    n_visits, n_nothing_found, n_findings, n_reports : int, on record at the site
    last_visit, last_finding : date, None where there is none
    agencies : codes of the agencies with a power there that attend on site
    is_pinned : whether it is there because it must be
    find_chance : chance that a visit there finds something
    """

    layer: str
    record_id: str
    title: str
    group: str
    employees: float | None
    beds: float | None
    municipality_code: str
    municipality: str
    county: str
    easting: float
    northing: float
    precision: str
    spread_m: float
    circle: str
    cell_id: str | None
    score: float | None
    state: str | None
    score_class: str | None
    certainty: str | None
    priority: float
    components: tuple[TargetPoints, ...]
    reasons: tuple[Sentence, ...]
    days_since_visit: int | None
    days_since_near_visit: int | None
    n_visits: int
    n_nothing_found: int
    n_findings: int
    n_reports: int
    last_visit: date | None
    last_finding: date | None
    agencies: tuple[str, ...]
    is_pinned: bool
    find_chance: float

    @property
    def key(self) -> SiteKey:
        """Layer and record id."""
        return self.layer, self.record_id

    @property
    def contributions(self) -> dict[str, float]:
        """Points by component."""
        return {component.name: component.points for component in self.components}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, sentences in English."""
        plain = {name: value for name, value in vars(self).items() if name not in {"components", "reasons"}}
        for name in ("last_visit", "last_finding"):
            plain[name] = None if plain[name] is None else plain[name].isoformat()
        return {
            **plain,
            "agencies": list(self.agencies),
            "contributions": self.contributions,
            "reasons": [str(reason) for reason in self.reasons],
            "components": [
                {**vars(component), "reasons": [str(reason) for reason in component.reasons]}
                for component in self.components
            ],
        }


@dataclass(frozen=True)
class Exclusion:
    """A site that was left out, and why.

    Attributes
    ----------
    layer, record_id, title : str
    reason : code of ``exclusion_reasons``
    says : the reason in words
    """

    layer: str
    record_id: str
    title: str
    reason: str
    says: Sentence


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every site that could have been chosen, by key: those that meet the filter or are pinned, without the excluded.

    Attributes
    ----------
    layer, record_id : (n,) str objects
    easting, northing : (n,) float64, m, EPSG:3006
    priority : (n,) float64, points
    exposure : (n,) float64, >= 0, weighted employees or beds on the scoring date; 0 where nothing is exposed
    is_pinned : (n,) bool
    """

    layer: NDArray[np.object_]
    record_id: NDArray[np.object_]
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    priority: NDArray[np.float64]
    exposure: NDArray[np.float64]
    is_pinned: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.record_id)

    def key(self, position: int) -> SiteKey:
        """Layer and record id of one of them."""
        return str(self.layer[position]), str(self.record_id[position])


@dataclass(frozen=True, eq=False)
class Targets:
    """The sites to visit, pinned ones first, then by priority.

    Attributes
    ----------
    at : date, scoring date
    targets : tuple of Target
    exclusions : tuple of Exclusion, in the order given
    candidates : Candidates
    notes : what must be known beside the list
    """

    at: date
    targets: tuple[Target, ...]
    exclusions: tuple[Exclusion, ...]
    candidates: Candidates
    notes: tuple[Sentence, ...]

    def __len__(self) -> int:
        return len(self.targets)

    def to_frame(self) -> pd.DataFrame:
        """One row per target, with a column of points per component and the agencies joined by ``+``."""
        rows = []
        for rank, target in enumerate(self.targets, start=1):
            plain = {name: value for name, value in vars(target).items() if name not in {"components", "reasons"}}
            rows.append({"rank": rank, **plain, "agencies": "+".join(target.agencies), **target.contributions})
        return pd.DataFrame(rows)
