"""A plan, its stops, and what was done to it by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geo.layers.circles import INNER_CIRCLE
from geo.planning.crews import Crew
from geo.planning.plan.checklist import Answer
from geo.risk.words import Sentence

if TYPE_CHECKING:
    from geo.planning.plan.outcomes import StopOutcome

__all__ = [
    "APPROVED",
    "CANCELLED",
    "CHOSEN",
    "CLOSED",
    "DRAFT",
    "EXPLORATION",
    "PINNED",
    "READY",
    "UNDER_WAY",
    "Change",
    "Plan",
    "PlannedStop",
    "StopKey",
]

StopKey = tuple[str, str]
DRAFT, READY, APPROVED, UNDER_WAY, CLOSED = "draft", "ready", "approved", "under_way", "closed"
CANCELLED = "cancelled"
# How a stop came into the plan: by its priority, by a planner's word, or by lot.
CHOSEN, PINNED, EXPLORATION = "chosen", "pinned", "exploration"


@dataclass(frozen=True)
class PlannedStop:
    """A stop of a crew on a day.

    Attributes
    ----------
    layer, record_id : of the site
    title : the site's name
    sector : sector group, empty for accommodation
    easting, northing : float, m, EPSG:3006, of the site
    crew : name of the crew
    on : date
    order : int, from 1, among the crew's stops of that day
    arrive_minute, start_minute, end_minute : int, after local midnight
    drive_minutes : int, from the place before
    how : `CHOSEN`, `PINNED` or `EXPLORATION`
    priority : float, points
    propensity : chance with which it was drawn, where it was
    days_since_visit : int, at the site, on the day of the plan's surface; None where no visit is known
    revisit_reason : code of ``plan_reasons`` that says why a site visited lately is visited again; empty for none
    reasons : why, in words
    synthetic : whether the site is made up for demonstration
    expected : chance that a visit there finds something, as it was estimated when the stop was planned; None in plans
        that were stored before it was
    """

    layer: str
    record_id: str
    title: str
    sector: str
    easting: float
    northing: float
    crew: str
    on: date
    order: int
    arrive_minute: int
    start_minute: int
    end_minute: int
    drive_minutes: int
    how: str = CHOSEN
    priority: float = 0.0
    propensity: float | None = None
    days_since_visit: int | None = None
    revisit_reason: str = ""
    reasons: tuple[Sentence, ...] = ()
    synthetic: bool = False
    expected: float | None = None

    @property
    def key(self) -> StopKey:
        """What tells sites apart."""
        return self.layer, self.record_id


@dataclass(frozen=True)
class Change:
    """Something done to a plan.

    Attributes
    ----------
    at : str, ISO 8601 in UTC
    by : str, name of the user
    what : ``made``, ``moved``, ``redrafted``, ``optimised``, ``arranged``, ``checklist``, ``justified``, ``comment``,
        ``outcome``, ``corrected`` or ``erased``; ``stops`` where nothing says whether they were planned anew or put in
        order by hand
    about : what it was done to: a state, an item of the checklist, layer and id of a stop
    reason : code of ``plan_reasons``, empty for none
    """

    at: str
    by: str
    what: str
    about: str = ""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan. It is never changed: what is done to it gives another one.

    Attributes
    ----------
    plan_id, name : str
    days : in order, at least one
    crews : at least one
    stops : by crew, day and order
    state : code of ``plan_states``
    checklist : item of ``support_checklist`` to what was answered
    manifest : JSON-able, enough to say why these sites on these days: the surface's manifest, candidates with
        priorities, propensities and reasons, exclusions, seed, drive times' source, problem and solution
    outcomes : site to what was recorded of it, corrections last
    history : what was done, first first
    circle : sharing circle whose records it rests on
    """

    plan_id: str
    name: str
    days: tuple[date, ...]
    crews: tuple[Crew, ...]
    stops: tuple[PlannedStop, ...] = ()
    state: str = DRAFT
    checklist: Mapping[str, Answer] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[StopKey, tuple[StopOutcome, ...]] = field(default_factory=dict)
    history: tuple[Change, ...] = ()
    circle: str = INNER_CIRCLE

    def __post_init__(self) -> None:
        for name in ("checklist", "manifest", "outcomes"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def is_synthetic(self) -> bool:
        """Whether the sites that it was chosen from are made up for demonstration, also where it has no stops."""
        scored = self.manifest.get("surface_manifest") or {}
        return bool(scored.get("synthetic")) or any(stop.synthetic for stop in self.stops)

    def find_crew(self, name: str) -> Crew | None:
        """The crew of a name, if the plan has one."""
        return next((crew for crew in self.crews if crew.name == name), None)

    def find_stop(self, key: StopKey) -> PlannedStop | None:
        """The stop at a site, if the plan has one."""
        return next((stop for stop in self.stops if stop.key == key), None)
