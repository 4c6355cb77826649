"""What the API takes of plans, as types.

What a planner may have typed is taken as it is, within wide bounds: what cannot be planned is told by the library, all
of it at once and in the reader's language.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

__all__ = [
    "AnswerRequest",
    "CommentRequest",
    "CrewRequest",
    "DepotRequest",
    "ExclusionRequest",
    "FilterRequest",
    "JustifyRequest",
    "LockRequest",
    "MoveRequest",
    "OptimiseRequest",
    "OutcomeRequest",
    "PlanRequest",
    "RedraftRequest",
    "RoutesRequest",
    "SiteRequest",
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


class RedraftRequest(PlanRequest):
    """What a draft is to be made from instead; all of it, as for a new plan."""

    version: Version


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
