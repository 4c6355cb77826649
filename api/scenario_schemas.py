"""What the API takes and says of certainty and of what-ifs, as types."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas import Answer, CellAnswer, DriverInfo, Points
from geo.risk.what_if import AddAccommodation, AddEstablishment, Change, CloseSite, SetPhase, WithdrawSector

__all__ = [
    "CertaintyAnswer",
    "SmallestChangeAnswer",
    "WhatIfAnswer",
    "WhatIfRequest",
]

MAX_CHANGES = 20


def _refuse_numbers(value: object) -> object:
    """A day is text: a number would count as seconds since 1970."""
    if isinstance(value, (int, float)):
        message = "must be a day as text, YYYY-MM-DD"
        raise ValueError(message)
    return value


# strict: neither true nor "1" is a number
Metres = Annotated[float, Field(strict=True, allow_inf_nan=False, description="m, EPSG:3006")]
Amount = Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)]
Day = Annotated[date, BeforeValidator(_refuse_numbers)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=50)]


class _ChangeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AddAccommodationRequest(_ChangeRequest):
    """Housing is added."""

    kind: Literal["add_accommodation"]
    easting: Metres
    northing: Metres
    beds: Amount
    housing_type: Code = "work_camp"
    active_from: Day | None = None
    active_to: Day | None = None

    def make(self) -> Change:
        """The change of the library."""
        return AddAccommodation(**self.model_dump(exclude={"kind"}))


class AddEstablishmentRequest(_ChangeRequest):
    """A large establishment opens."""

    kind: Literal["add_establishment"]
    easting: Metres
    northing: Metres
    workforce: Amount
    phase: Code = "construction_peak"
    sector: Code = "construction"
    beds: Amount = 0.0
    active_from: Day | None = None
    active_to: Day | None = None

    def make(self) -> Change:
        """The change of the library."""
        return AddEstablishment(**self.model_dump(exclude={"kind"}))


class SetPhaseRequest(_ChangeRequest):
    """An establishment goes into a phase, such as `suspended`."""

    kind: Literal["set_phase"]
    establishment_id: Id
    phase: Code
    starts: Day | None = None
    ends: Day | None = None
    workforce: Amount | None = None

    def make(self) -> Change:
        """The change of the library."""
        return SetPhase(**self.model_dump(exclude={"kind"}))


class CloseSiteRequest(_ChangeRequest):
    """A workplace, a housing site or an establishment closes."""

    kind: Literal["close_site"]
    layer: Literal["workplaces", "accommodation", "establishments"]
    record_id: Id

    def make(self) -> Change:
        """The change of the library."""
        return CloseSite(self.layer, self.record_id)


class WithdrawSectorRequest(_ChangeRequest):
    """A sector's people leave, all or a share of them."""

    kind: Literal["withdraw_sector"]
    sector: Code
    share: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] = 1.0

    def make(self) -> Change:
        """The change of the library."""
        return WithdrawSector(self.sector, self.share)


ChangeRequest = Annotated[
    AddAccommodationRequest | AddEstablishmentRequest | SetPhaseRequest | CloseSiteRequest | WithdrawSectorRequest,
    Field(discriminator="kind"),
]


class WhatIfRequest(BaseModel):
    """Changes to try; nothing is written."""

    model_config = ConfigDict(extra="forbid")

    changes: Annotated[list[ChangeRequest], Field(min_length=1, max_length=MAX_CHANGES)]
    cell_id: Id | None = Field(default=None, description="A cell to explain; the one that moves most when left out")
    n: Annotated[int, Field(ge=1, le=500)] = 20
    interval: bool = Field(default=False, description="Draw the interval of the difference too; takes a while")


class CertaintyAnswer(Answer):
    """How sure a cell's score and its place among the highest are."""

    cell_id: str
    surface: str
    score: float
    low: float = Field(description="Lower end of a 90 % interval of the score")
    median: float
    high: float
    p_top: float = Field(ge=0, le=1, description="Probability of being among the k highest cells")
    k: int
    n_draws: int
    seed: int
    certainty: str = Field(description="Code of `certainty_classes`")
    certainty_name: str
    reasons: list[str]


class LowerComponentInfo(Answer):
    """A component that would take the cell out of the highest if it alone were lower."""

    name: str
    title: str
    unit: str
    value: float
    needed: float
    cut: float = Field(ge=0, le=1, description="Part of the value that would have to go")


class SmallestChangeAnswer(Answer):
    """What would take a cell out of the k highest."""

    cell_id: str
    surface: str
    rank: int
    k: int
    score: float
    threshold: float = Field(description="Score of the highest cell that is not among the k")
    components: list[LowerComponentInfo]
    records: list[DriverInfo]
    rank_without: int | None = Field(description="Rank once it is scored without these records")
    reasons: list[str]


class MovedCell(Answer):
    """A cell that a change moves."""

    cell_id: str
    place: str
    municipality: str
    municipality_code: str
    easting: float
    northing: float
    before: float
    after: float
    delta: float
    state_before: str
    state_after: str
    contributions: Points


class CellDifferenceInfo(Answer):
    """What changes do to one cell."""

    before: CellAnswer
    after: CellAnswer
    delta: float
    interval: list[float] | None = Field(description="Low, median and high of the difference; null if not asked for")
    contributions: Points
    reasons: list[str]


class WhatIfAnswer(Answer):
    """The surface after some changes, beside what it is."""

    surface: str
    at: date
    changes: list[str]
    cells_changed: int
    most_up: float
    most_down: float
    newly_ranked: int
    no_longer_ranked: int
    enter_top: list[str]
    leave_top: list[str]
    cells: list[MovedCell]
    cell: CellDifferenceInfo | None = Field(description="null where nothing moves and no cell is named")
