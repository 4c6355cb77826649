"""What the API takes and says of share links, as types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas import Answer

__all__ = [
    "ApproveRequest",
    "ExtendRequest",
    "IssuedAnswer",
    "LinkAnswer",
    "LinkRequest",
    "LinksAnswer",
    "RevokeRequest",
    "RevokedAnswer",
]

# strict: a number is no text. How long each may be is said where the link is made, without repeating it.
Text = Annotated[str, StringConstraints(strict=True, max_length=10_000)]
Code = Annotated[str, StringConstraints(strict=True, max_length=100)]
Flag = Annotated[bool, Field(strict=True)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LinkRequest(_Request):
    """A share link to be made."""

    release_id: Code = Field(description="A release of a circle that yours may see; `norrsyn release list`")
    area: Literal["all", "counties", "municipality", "drawn"] = "all"
    counties: list[Code] = Field(default_factory=list, max_length=10, description="Where `area` is `counties`")
    municipality: Code = Field(default="", description="Where `area` is `municipality`")
    polygon: dict[str, Any] | None = Field(
        default=None, description="Where `area` is `drawn`: GeoJSON in WGS84 degrees; it snaps to squares"
    )
    sectors: list[Code] = Field(default_factory=lambda: ["all"], max_length=50, description="`all`: all together")
    layers: list[Code] = Field(default_factory=lambda: ["workplaces", "accommodation"], max_length=10)
    finest_m: Annotated[int, Field(strict=True, ge=0, le=10**6)] = Field(
        default=4000, description="Side of the smallest squares, m: 1000 times a power of two, at most 256 000"
    )
    recipient: Text = Field(description="Whom it is for: a person by name, and their agency")
    purpose: Text
    basis: Code = Field(description="Legal basis: code of the reference table `sharing_bases`, of the release's circle")
    contact: Text = Field(description="Whom the recipient may ask: name, and telephone or e-mail")
    lang: Code = Field(default="sv", description="The recipient's language: sv or en")
    expires_on: Code | None = Field(
        default=None, description="Last day in Sweden, YYYY-MM-DD, at most 90 days from now; 14 days when left out"
    )
    password: Text = Field(default="", description="What the recipient must type; told to them another way")
    is_single_use: Flag = Field(default=False, description="Opens once, with a code that the answer tells")
    max_openings: Annotated[int, Field(strict=True, ge=-(10**9), le=10**9)] | None = None
    replaces: Flag = Field(default=False, description="Whether the recipient's links until now are revoked")


class ApproveRequest(_Request):
    """What whoever approves a link answers for."""

    has_looked: Flag = Field(default=False, description="Must be true: that you have looked at every row it shows")


class ExtendRequest(_Request):
    """Another last day for a link."""

    expires_on: Code = Field(description="Last day in Sweden, YYYY-MM-DD, at most 90 days from now")


class RevokeRequest(_Request):
    """Whose links are all to end."""

    recipient: Text


class MomentInfo(Answer):
    """When something was done, and who did it."""

    at: str = Field(description="ISO 8601 in UTC")
    by: str = Field(description="Name of the user")


class LinkAnswer(Answer):
    """A share link, without anything that opens it."""

    link_id: str
    state: Literal["awaiting", "ready", "issued", "opened", "used-up", "expired", "revoked", "restored"]
    recipient: str
    purpose: str
    basis: str
    circle: str
    release_id: str
    n_cells: int | None = Field(description="Squares of its area; null for all of the release")
    sectors: list[str]
    layers: list[str]
    finest_m: int
    lang: str
    contact: str
    has_password: bool
    is_single_use: bool
    needs_approval: bool
    max_openings: int | None
    openings: int
    views: int
    opened_at: str | None = Field(description="ISO 8601 in UTC")
    expires_at: str = Field(description="ISO 8601 in UTC")
    created: MomentInfo
    approved: MomentInfo | None
    issued: MomentInfo | None
    extended: MomentInfo | None
    revoked: MomentInfo | None


class LinksAnswer(Answer):
    """Links that you may see, newest first."""

    links: list[LinkAnswer]
    unreadable: list[str] = Field(
        description="Ids of links that cannot be read, since their rows were changed in the database by hand"
    )


class IssuedAnswer(Answer):
    """A link, and what opens it: told now and never again."""

    link: LinkAnswer
    address: str | None = Field(description="null where somebody else must approve the link first")
    code: str | None = Field(description="Of a single-use link; tell it another way than the address")


class RevokedAnswer(Answer):
    """Links that were ended."""

    links: list[LinkAnswer]
