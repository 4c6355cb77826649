"""What the API says of how two surfaces differ, as types."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schemas import Answer, ClassCount, CodeName, Comparison, Lat, Lon

__all__ = ["CompareAnswer"]


class ClassMove(Answer):
    """Cells by class before and after."""

    before: str
    after: str
    n_cells: int


class CellChange(Answer):
    """A cell whose score differs."""

    cell_id: str
    name: str
    lon: Lon
    lat: Lat
    before: float
    after: float
    delta: float
    component: CodeName = Field(description="The component that changed most in the direction of the score")
    component_delta: float = Field(description="Points")


class DifferenceClass(ClassCount):
    """A class of the difference tiles; `low` and `high` are points."""

    striped: bool = Field(description="Falls are striped, so that they differ from rises without colour too")


class CompareAnswer(Comparison):
    """How the other surface differs from the first one, over the cells that either ranks."""

    surface: str
    other: str
    at: date
    other_at: date
    rank_correlation: float | None = Field(description="Spearman's rank correlation of the two; null for too few cells")
    top20_overlap: float | None = Field(description="Share of the 20 highest cells that both have in common")
    classes: list[CodeName] = Field(description="Codes in `matrix`; `none` is a cell that one of the two does not rank")
    matrix: list[ClassMove] = Field(description="Only pairs that occur")
    rises: list[CellChange] = Field(description="The largest first")
    falls: list[CellChange] = Field(description="The deepest first")
    legend: list[DifferenceClass] = Field(description="Of the difference tiles, the deepest fall first")
