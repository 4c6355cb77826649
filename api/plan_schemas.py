"""What the API takes and says of plans, as types.

What a planner may have typed is taken as it is, within wide bounds: what cannot be planned is told by the library, all
of it at once and in the reader's language.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from api.schemas import Answer, CodeName, Lat, Lon

__all__ = [
    "AnswerRequest",
    "CommentRequest",
    "JustifyRequest",
    "MoveRequest",
    "OptimiseRequest",
    "OutcomeRequest",
    "PlanAnswer",
    "PlanRequest",
    "PlansAnswer",
    "RoutesRequest",
]

_MOST_SITES = 1_000


def _refuse_numbers(value: object) -> object:
    """A day is text: a number would count as seconds since 1970."""
    if not isinstance(value, (str, date)):
        message = "must be a day as text, YYYY-MM-DD"
        raise ValueError(message)
    return value


# strict: neither true nor "1" is a number
Code = Annotated[str, StringConstraints(strict=True, max_length=100)]
Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(strict=True, max_length=1_000)]
Whole = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Day = Annotated[date, BeforeValidator(_refuse_numbers)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1, description="Of the plan that is changed")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SiteRequest(_Request):
    """A site, by the layer that it stands in and its id there."""

    layer: Code
    record_id: Id

    @property
    def key(self) -> tuple[str, str]:
        """What tells sites apart."""
        return self.layer, self.record_id


class ExclusionRequest(SiteRequest):
    """A site to leave out."""

    reason: Code = Field(description="Code of `exclusion_reasons`")


class LockRequest(SiteRequest):
    """A site that is fixed to a crew and a day."""

    crew: Text
    on: Day


class DepotRequest(_Request):
    """A place in degrees."""

    lon: Number
    lat: Number


class CrewRequest(_Request):
    """A joint team, its cars, and where its days begin and end."""

    name: Text
    people: dict[Code, Whole] = Field(
        default={}, max_length=50, description="Agency to how many of its people ride along"
    )
    car_seats: list[Whole] = Field(default=[], max_length=50, description="Of each car, the driver's included")
    depot: Annotated[list[Number], Field(min_length=2, max_length=2)] | DepotRequest | None = Field(
        default=None, description="[easting, northing] in metres, EPSG:3006, or `lon` and `lat`"
    )
    on_call: list[Code] = Field(default=[], max_length=50, description="Agencies within reach by telephone")
    remote: list[Code] = Field(default=[], max_length=50, description="Agencies that take part from their desks")


class FilterRequest(_Request):
    """Which sites may be chosen: those that meet every condition given."""

    sectors: list[Code] = Field(default=[], max_length=100)
    counties: list[Code] = Field(default=[], max_length=100)
    municipalities: list[Code] = Field(default=[], max_length=300)
    layers: list[Code] = Field(default=[], max_length=10)
    min_days_since_visit: Whole | None = None
    area: dict[str, Any] | None = Field(default=None, description="GeoJSON Polygon or MultiPolygon, degrees")
    agencies: list[Code] = Field(default=[], max_length=50)
    min_certainty: Code | None = Field(default=None, description="`certain`, `likely` or `could_be`")


class PlanRequest(_Request):
    """A plan as it is asked for."""

    name: Text = Field(description="1 to 200 characters")
    days: list[Day] = Field(default=[], max_length=100)
    crews: list[CrewRequest] = Field(default=[], max_length=100)
    filter: FilterRequest = FilterRequest()
    pinned: list[SiteRequest] = Field(default=[], max_length=_MOST_SITES, description="Sites that must be visited")
    excluded: list[ExclusionRequest] = Field(default=[], max_length=_MOST_SITES)
    n_candidates: Whole = Field(default=40, description="Routes are planned among so many of the highest targets")
    hours: Annotated[list[Whole], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="Minutes after midnight when crews may leave and must be back"
    )
    explores: Flag = Field(default=True, description="Whether some stops are drawn by lot")
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="Of that draw; drawn itself when left out"
    )


class OptimiseRequest(_Request):
    """What changes before the routes are planned anew; what is left out stays."""

    version: Version
    pinned: list[SiteRequest] | None = Field(default=None, max_length=_MOST_SITES)
    locks: list[LockRequest] | None = Field(default=None, max_length=_MOST_SITES)
    excluded: list[ExclusionRequest] | None = Field(default=None, max_length=_MOST_SITES)


class RouteRequest(_Request):
    """The stops of a crew on a day, in the order wanted."""

    crew: Text
    on: Day
    stops: list[SiteRequest] = Field(max_length=100)


class RoutesRequest(_Request):
    """All routes of the plan as the planner wants them; a crew and day that is left out has no stops."""

    version: Version
    routes: list[RouteRequest] = Field(max_length=1_000)


class MoveRequest(_Request):
    """Another state."""

    version: Version
    to_state: Code
    reason: Code = Field(default="", description="Code of `plan_reasons`, where the move needs one")


class AnswerRequest(_Request):
    """What is said of an item of the checklist."""

    version: Version
    is_ready: Flag
    languages: list[Code] = Field(
        default=[], max_length=100, description="Codes of `interpreter_languages`: the plan's need, never a person's"
    )


class JustifyRequest(SiteRequest):
    """Why a site that was visited lately is visited again."""

    version: Version
    reason: Code = Field(description="Code of `plan_reasons`")


class CommentRequest(_Request):
    """A coded comment."""

    version: Version
    reason: Code = Field(description="Code of `plan_reasons`")
    about: Text = Field(default="", description="`layer/record_id` of a stop; empty for the whole plan")


class ObservationRequest(_Request):
    """A coded indicator that was seen."""

    indicator: Code
    grade: Code
    source: Code = "observed"
    verification: Code = "unverified"
    persons_band: Code = "0"


class AgencyOutcomeRequest(_Request):
    """What one agency did and saw."""

    agency: Code
    checks: list[Code] = Field(default=[], max_length=50)
    observations: list[ObservationRequest] = Field(default=[], max_length=100)


class OutcomeRequest(SiteRequest):
    """What came of a stop; a later one corrects an earlier one."""

    version: Version
    on: Day
    result: Code = Field(default="visited", description="`visited`, `not_reached` or `closed`")
    outcome: Code | None = Field(
        default=None, description="Code of `visit_outcomes`; for a visit `nothing_found` when left out"
    )
    persons_met: Code = "0"
    agencies: list[AgencyOutcomeRequest] = Field(default=[], max_length=50)


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
    reasons: dict[str, list[CodeName]] = Field(description="Coded reasons: of a `move`, of a `revisit`")
    may_change: bool
