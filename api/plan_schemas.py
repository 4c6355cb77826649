"""What the API says of plans, as types; what it takes stands in `api.plan_requests`."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from api.schemas import Answer, CodeName, Lat, Lon

__all__ = ["PlanAnswer", "PlansAnswer", "RequestAnswer"]


class PlanInfo(Answer):
    """A plan in a list."""

    plan_id: str
    name: str
    state: str
    state_title: str
    days: list[date]
    n_stops: int
    n_crews: int
    n_outcomes: int = Field(description="Stops with an outcome")
    version: int
    changed_at: str = Field(description="ISO 8601 in UTC")


class PlansAnswer(Answer):
    """Plans of your circle, the one whose first day comes last first."""

    n_plans: int = Field(description="How many there are, also beyond `limit`")
    plans: list[PlanInfo]


class AgencyTitle(Answer):
    """An agency."""

    agency: str
    title: str


class CrewMember(AgencyTitle):
    """An agency that rides along."""

    n: int


class DepotInfo(Answer):
    """Where a crew's days begin and end."""

    lon: Lon
    lat: Lat
    easting: float
    northing: float


class CrewInfo(Answer):
    """A crew."""

    name: str
    people: list[CrewMember]
    n_people: int
    car_seats: list[int]
    n_seats: int
    depot: DepotInfo
    on_call: list[AgencyTitle]
    remote: list[AgencyTitle]


class CheckInfo(Answer):
    """A check."""

    check: str
    title: str


class StopAgency(AgencyTitle):
    """An agency of the crew, and what it may check at the stop."""

    attendance: Literal["on_site", "on_call", "remote"]
    attendance_title: str
    checks: list[CheckInfo]


class ObservationInfo(Answer):
    """A coded indicator that was seen."""

    indicator: str
    indicator_title: str
    grade: str
    source: str
    verification: str
    persons_band: str


class AgencyOutcomeInfo(AgencyTitle):
    """What one agency did and saw."""

    checks: list[CheckInfo]
    observations: list[ObservationInfo]


class OutcomeInfo(Answer):
    """What came of a stop, as it was recorded last."""

    on: date
    result: str
    result_title: str
    outcome: str
    outcome_title: str
    persons_met: str
    agencies: list[AgencyOutcomeInfo]


class SiteInfo(Answer):
    """A site by its key."""

    layer: str
    record_id: str


class RecordedInfo(OutcomeInfo):
    """What came of a stop, as somebody recorded it."""

    at: str = Field(description="ISO 8601 in UTC")
    by: str


class StopInfo(SiteInfo):
    """A stop of a crew on a day. Minutes are after local midnight."""

    title: str
    sector: str = Field(description="Sector group; empty for accommodation")
    lon: Lon
    lat: Lat
    easting: float
    northing: float
    crew: str
    on: date
    order: int
    arrive_minute: int
    start_minute: int
    end_minute: int
    drive_minutes: int = Field(description="From the place before")
    how: str = Field(description="`chosen`, `pinned` or `exploration`")
    how_title: str
    priority: float
    propensity: float | None = Field(description="Chance with which it was drawn, where it was")
    expected: float | None = Field(description="Chance that a visit finds something, as estimated when it was planned")
    days_since_visit: int | None = Field(
        description="Up to the day of the plan's surface, by the visits known now until the plan is approved"
    )
    visited_since: date | None = Field(description="Last visit, where it came after that day")
    is_on_record: bool = Field(description="Whether its site is among the records; not looked at after approval")
    needs_reason: bool = Field(
        description="Whether a reason is needed, or given: visited lately, no longer on record, or excluded"
    )
    revisit_reason: str
    revisit_reason_title: str
    reasons: list[str]
    agencies: list[StopAgency]
    layer_title: str
    sector_title: str
    place: str = Field(description="Municipality")
    is_locked: bool
    outcome: OutcomeInfo | None
    outcomes: list[RecordedInfo] = Field(description="All records, the first one first")
    n_corrections: int
    synthetic: bool


class LightInfo(Answer):
    """When it is light at the depot, by civil twilight; minutes after local midnight."""

    start_minute: int
    end_minute: int
    is_never: bool


class RouteInfo(Answer):
    """A crew's day; without stops it stays."""

    crew: str
    on: date
    depart_minute: int | None
    return_minute: int | None
    return_is_estimate: bool = Field(description="Whether the way back, and so `return_minute`, is an estimate")
    drive_minutes: int
    light: LightInfo
    stops: list[StopInfo]


class OptimisedInfo(Answer):
    """How good the routes are, where the optimiser made them."""

    objective: float
    bound: float
    gap: float = Field(description="Share of the bound by which a plan may be better")
    method: str
    stopped_by: str | None = Field(description="`clock` where it may come out otherwise next time")


class DriveInfo(Answer):
    """Where drive times come from."""

    provider: str
    is_estimate: bool
    notes: list[str]


class ChecklistItem(Answer):
    """An item of the checklist for victims' support."""

    item: str
    title: str
    detail: str = Field(description="`languages` where it asks for them, else `none`")
    is_ready: bool
    languages: list[str]


class MoveInfo(Answer):
    """A state that the plan may go to."""

    to_state: str
    title: str
    needs_reason: bool


class HistoryInfo(Answer):
    """Something that was done to the plan."""

    at: str
    by: str
    what: str
    what_text: str
    about: str
    about_title: str
    reason_title: str


class CandidateInfo(SiteInfo):
    """A site that the stops were chosen from and that is none of them."""

    title: str
    layer_title: str
    sector: str
    sector_title: str
    place: str = Field(description="Its municipality")
    lon: Lon
    lat: Lat
    easting: float
    northing: float
    priority: float


class ExclusionInfo(SiteInfo):
    """A site that was left out, and why."""

    title: str
    reason: str
    reason_title: str


class LockInfo(SiteInfo):
    """A site that is fixed to a crew and a day."""

    crew: str
    on: date


class AskedCrew(Answer):
    """A crew, as it is asked for."""

    name: str
    people: dict[str, int] = Field(description="Agency to how many of its people ride along")
    car_seats: list[int]
    depot: DepotInfo
    on_call: list[str]
    remote: list[str]


class AskedFilter(Answer):
    """Which sites may be chosen."""

    sectors: list[str]
    counties: list[str]
    municipalities: list[str]
    layers: list[str]
    min_days_since_visit: int | None
    area: dict[str, Any] | None = Field(description="GeoJSON Polygon or MultiPolygon, degrees")
    agencies: list[str]
    min_certainty: str | None


class AskedExclusion(SiteInfo):
    """A site that is left out."""

    reason: str = Field(description="Code of `exclusion_reasons`")


class RequestAnswer(Answer):
    """What a plan was drafted from, as `POST /api/plans` takes it; `pinned` also has what was put in by hand."""

    plan_id: str
    version: int
    state: str
    name: str
    days: list[date]
    hours: list[int]
    crews: list[AskedCrew]
    filter: AskedFilter
    pinned: list[SiteInfo]
    excluded: list[AskedExclusion]
    n_candidates: int
    explores: bool
    seed: int


class PlanAnswer(Answer):
    """A plan."""

    plan_id: str
    version: int = Field(description="Counts the changes; to be sent with the next one")
    name: str
    state: str
    state_title: str
    changed_at: str = Field(description="ISO 8601 in UTC")
    days: list[date]
    hours: list[int] = Field(description="Minutes after midnight when crews may leave and must be back")
    crews: list[CrewInfo]
    routes: list[RouteInfo]
    problems: list[str] = Field(description="What does not hold in the order that a planner has chosen")
    notes: list[str]
    optimised: OptimisedInfo | None = Field(description="null where a planner has chosen the order")
    drive: DriveInfo
    checklist: list[ChecklistItem]
    blocks: dict[str, list[str]] = Field(description="State to what keeps the plan from it")
    moves: list[MoveInfo]
    history: list[HistoryInfo]
    expected_finds: float | None = Field(description="Of the stops visited, or of all before any is")
    actual_finds: int | None = Field(description="Visits that found something; null before any visit")
    followup: list[str] = Field(description="Expected beside found, in words, with the range of chance")
    pinned: list[SiteInfo]
    locks: list[LockInfo]
    exclusions: list[ExclusionInfo]
    candidates: list[CandidateInfo] = Field(description="The highest 40 of those that are no stops")
    synthetic: bool
    surface: str
    scored_for: date | None = Field(description="Day that the scores are of which its sites were chosen by")
    reasons: dict[str, list[CodeName]] = Field(description="Coded reasons: of a `move`, of a `revisit`")
    may_change: bool
