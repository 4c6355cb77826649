"""What the API takes and says of saved views and the shortlist, as types."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.schemas import Answer, ClassName, Lat, Lon, State

__all__ = [
    "EntryAnswer",
    "EntryChange",
    "EntryRequest",
    "ShortlistAnswer",
    "ViewAnswer",
    "ViewChange",
    "ViewRequest",
    "ViewsAnswer",
]

# strict: a number is no text. How long each may be is said by the store, without repeating it.
Text = Annotated[str, StringConstraints(strict=True)]
Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500)]
Flag = Annotated[bool, Field(strict=True)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ViewRequest(_Request):
    """A view to be saved."""

    name: Text = Field(description="1 to 200 characters of any script")
    query: Text = Field(description="The map's address after the question mark; its language is left out")
    is_shared: Flag = Field(default=False, description="Whether everybody of your sharing circle may open it")


class ViewChange(_Request):
    """What changes in a saved view; what is left out stays."""

    name: Text | None = None
    query: Text | None = None
    is_shared: Flag | None = None
    version: Version | None = Field(
        default=None, description="Of the view that is changed: another by now is 409; left out, any is changed"
    )


class ViewAnswer(Answer):
    """A saved view."""

    view_id: str
    name: str
    query: str = Field(description="The map's address after the question mark, without its language")
    is_shared: bool
    is_own: bool = Field(description="Whether it is yours to change")
    owner: str = Field(description="Name of the user who saved it")
    created_at: str = Field(description="ISO 8601 in UTC")
    changed_at: str = Field(description="ISO 8601 in UTC")
    version: int = Field(description="Counts the changes; to be sent with the next one")


class ViewsAnswer(Answer):
    """Your own views, the last changed first, then those that others of your circle share."""

    views: list[ViewAnswer]


class EntryRequest(_Request):
    """A cell (`cell_id`) or a site (`layer` and `record_id`) for the shortlist."""

    kind: Literal["cell", "site"]
    cell_id: Id | None = None
    layer: Literal["workplaces", "accommodation", "establishments"] | None = None
    record_id: Id | None = None
    note: Text = Field(default="", description="At most 1 000 characters")

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        cell, site = self.cell_id is not None, (self.layer is not None, self.record_id is not None)
        if (self.kind == "cell") != cell or site != ((self.kind == "site"),) * 2:
            message = "give `cell_id` for a cell, `layer` and `record_id` for a site, and nothing of the other"
            raise ValueError(message)
        return self


class EntryChange(_Request):
    """What changes in an entry of the shortlist; what is left out stays."""

    position: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = Field(
        default=None, description="Where it is to stand, from 1; beyond the end is the end"
    )
    note: Text | None = Field(default=None, description="At most 1 000 characters")
    version: Version | None = Field(
        default=None, description="Of the note that is changed: another by now is 409; left out, any is changed"
    )


class EntryAnswer(Answer):
    """A cell or site on the shortlist, as it is on the surface that was asked for.

    Where `is_there` is false, the cell or record is gone, or not for your circle, and all that is known of it is null.
    """

    entry_id: str
    kind: Literal["cell", "site"]
    note: str
    added_at: str = Field(description="ISO 8601 in UTC")
    version: int = Field(description="Counts the changes of the note; to be sent with the next one")
    is_there: bool
    cell_id: str | None = Field(description="The cell, or the one around the site")
    layer: str | None
    record_id: str | None
    title: str | None = Field(description="Name of the site or of the place")
    layer_title: str | None = Field(description="What kind of site it is; null for a cell")
    place: str | None = Field(description="Where the cell lies, in words")
    municipality: str | None
    lon: Lon | None
    lat: Lat | None
    easting: float | None
    northing: float | None
    score: float | None = Field(description="Of the cell; null where nothing is known there")
    score_class: ClassName | None
    state: State | None
    reason: str | None = Field(description="What weighs most in the cell's score")


class ShortlistAnswer(Answer):
    """The shortlist in its order."""

    entries: list[EntryAnswer]
