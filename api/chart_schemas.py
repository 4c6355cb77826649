"""What the charts' route answers, as types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from api.schemas import Answer

__all__ = ["ChartAnswer"]


class ChartColumn(Answer):
    """A column of a chart's table: its name in the rows, and what it is called."""

    name: str
    title: str


class ChartAnswer(Answer):
    """A chart in words and numbers."""

    name: Literal["season", "activity", "distribution", "establishments"]
    surface: str
    at: date = Field(description="Scoring date")
    county: str | None = Field(description="Code; null for all four, and where the chart is the same everywhere")
    title: str
    summary: str
    notes: list[str]
    columns: list[ChartColumn]
    rows: list[dict[str, str | float | int | None]]
