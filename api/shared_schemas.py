"""What a share link's recipient is told as JSON: these keys, and no others."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SharedAnswer", "SharedSquare", "SharedSquareAnswer"]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SharedCount(_Exact):
    """What is told of a square, a sector and a layer."""

    layer: str = Field(description="workplaces or accommodation")
    sector: str = Field(description="A sector, or all")
    n_employers: int = Field(description="Distinct employers, blurred a little, never few")
    score_class: int | None = Field(description="1 to 5; null where there is none")


class SharedSquare(_Exact):
    """A square of the SWEREF 99 TM grid; finer ones of the same sector and layer within it are told by themselves."""

    cell_id: str
    size_m: int
    northing: int = Field(description="Of the lower left corner, m")
    easting: int = Field(description="Of the lower left corner, m")
    rows: list[SharedCount]


class SharedAnswer(_Exact):
    """Everything that a link shows."""

    watermark: str = Field(description="Who asked, when, by which link")
    scored_for: str
    data_from: str = Field(description="When the newest of the data came in; empty where that is not known")
    finest_m: int
    synthetic: bool
    cells: list[SharedSquare]


class SharedCountInWords(SharedCount):
    """The same with names in the reader's language."""

    layer_name: str
    sector_name: str
    class_name: str


class SharedSquareAnswer(_Exact):
    """A square, for whoever clicked it."""

    cell_id: str
    size_m: int
    northing: int
    easting: int
    size: str
    middle: str
    municipalities: str
    has_finer: bool = Field(description="Whether smaller squares within it are told by themselves")
    rows: list[SharedCountInWords]
