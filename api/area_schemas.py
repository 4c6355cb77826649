"""What the API takes and says of drawn areas, as types."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Answer, ClassName, CodeName, Lat, Lon, StateCounts

__all__ = ["AreaAnswer", "AreaRequest"]


class AreaRequest(BaseModel):
    """A GeoJSON Polygon or MultiPolygon, or a Feature that has one, in WGS84 degrees: [lon, lat]."""

    # what else a drawing tool writes (bbox, properties, id) is not looked at
    model_config = ConfigDict(extra="ignore")

    type: str = Field(max_length=50, description="`Polygon`, `MultiPolygon` or `Feature`")
    coordinates: Any = Field(default=None, description="Rings of [lon, lat]; closed, and at most 2 000 positions")
    geometry: dict[str, Any] | None = Field(default=None, description="Of a Feature: its Polygon or MultiPolygon")


class ClassCells(ClassName):
    """A class and how many cells have it."""

    n_cells: int


class HighestCellInfo(Answer):
    """The highest cell of an area."""

    cell_id: str
    score: float
    name: str
    lon: Lon
    lat: Lat


class GroupTotals(CodeName):
    """Records of a group."""

    n: int
    size: float = Field(description="Employees, beds or workers")


class SiteTotals(Answer):
    """Records of a layer that are active on the scoring date."""

    n: int
    size: float = Field(description="Employees, beds or workers")
    groups: list[GroupTotals] = Field(description="The most records first")


class SitesTotals(Answer):
    """Sites by layer: workplaces by sector group, accommodation by housing type, establishments by phase."""

    workplaces: SiteTotals
    accommodation: SiteTotals
    establishments: SiteTotals


class OutcomeCount(CodeName):
    """Visits with an outcome."""

    n: int


class VisitTotals(Answer):
    """Visits up to the scoring date."""

    n: int
    with_findings: int
    nothing_found: int
    outcomes: list[OutcomeCount]


class MonthCount(Answer):
    """A month of the last 24."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    findings: int = Field(description="Discovered by inspections; tips are none")
    visits: int


class MunicipalityShare(CodeName):
    """A municipality and its share of the area's cells."""

    share: float = Field(ge=0, le=1)


class AreaAnswer(Answer):
    """A drawn area in numbers."""

    surface: str
    km2: float = Field(description="Of the area as drawn")
    n_cells: int = Field(description="Cells of the region that belong to it")
    cells_by: Literal["centre", "reach"] = Field(
        description="`centre`: cells whose centre lies in it; `reach`: it holds none, and those it reaches into count"
    )
    classes: list[ClassCells]
    states: StateCounts
    mean_score: float | None = Field(description="Over ranked cells; null where none is ranked")
    highest: HighestCellInfo | None
    sites: SitesTotals
    establishment_sectors: list[GroupTotals] = Field(description="Establishments by the sector group that dominates")
    visits: VisitTotals
    months: list[MonthCount] = Field(description="The last 24 months, the scoring date's being the last")
    municipalities: list[MunicipalityShare] = Field(description="The largest share first; they add up to 1")
