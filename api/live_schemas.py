"""Answers of the year and of the spread of scores."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schemas import Answer, ClassCount, StateCounts

__all__ = ["DistributionAnswer", "SeasonAnswer"]


class SectorSeason(Answer):
    """How much of its yearly peak a sector group has in each month."""

    sector: str
    title: str
    factors: list[float] = Field(description="January to December, 0 to 1", min_length=12, max_length=12)


class MonthOfYear(Answer):
    """What the map shows in a month."""

    month: int = Field(ge=1, le=12)
    at: date = Field(description="The day that was scored")
    highest: float | None = Field(description="Highest score; null where nothing is ranked")
    n_ranked: int
    classes: list[ClassCount]
    states: StateCounts


class SeasonAnswer(Answer):
    """A year of scores."""

    surface: str = Field(description="Id of the surface whose model and weights were used")
    year: int
    cell_m: float = Field(description="Cell size that was counted on: 1 km where the surface's cells are smaller")
    sectors: list[SectorSeason]
    months: list[MonthOfYear] = Field(min_length=12, max_length=12)


class ScoreBin(Answer):
    """Ranked cells with a score from `low` up to, but not including, `high`; the last bin includes 100."""

    low: float
    high: float
    class_code: str
    n_cells: int


class CellPosition(Answer):
    """Where a cell stands among those shown."""

    cell_id: str
    score: float
    share_below: float | None = Field(description="Share of the ranked cells with a lower score; null where unranked")


class DistributionAnswer(Answer):
    """How the scores of an area are spread."""

    surface: str
    county: str | None
    municipality: str | None
    n_ranked: int
    bins: list[ScoreBin]
    classes: list[ClassCount]
    states: StateCounts
    cell: CellPosition | None
